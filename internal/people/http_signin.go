package people

import (
	"errors"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/web"
)

func (h handler) signIn(c *fiber.Ctx) error {
	if token, err := sessionToken(c, h.server); err == nil {
		if _, err := h.people.PersonOf(c.UserContext(), token); err == nil {
			return web.Redirect(c, back(c))
		}
	}
	return web.Render(c, "people/sign-in", h.signInPage(c))
}

func (h handler) signInPage(c *fiber.Ctx) *signInPage {
	p := &signInPage{Base: h.server.NewBase(c, "sign-in.title"), Query: query(c), ShowsCodes: h.people.cfg.Mail == nil}
	if h.server.Demo() {
		for _, in := range h.people.Institutions() {
			p.Demos = append(p.Demos, demo{ID: in.ID, Name: in.Name.In(p.Lang), Roles: Roles()})
		}
	}
	var here []*Institution
	for i := range h.people.Institutions() {
		in := &h.people.Institutions()[i]
		if p.Site != nil && p.Site.ID != in.ID {
			continue
		}
		p.Own = append(p.Own, ownSignIns(in, p.Lang)...)
		if in.SignIn.Codes != CodesNobody {
			here = append(here, in)
		}
	}
	p.Codes, p.Passkeys = len(here) > 0, h.people.TakesPasskeys()
	p.Hint = p.T("sign-in.domains") + " " + endings(here...)
	return p
}

// ownSignIns lists the universities' own ways to sign in.
func ownSignIns(in *Institution, lang string) []own {
	var all []own
	if in.OIDC != nil {
		all = append(all, own{Path: "/app/sign-in/oidc/" + in.ID, Name: in.Name.In(lang)})
	}
	if in.SAML != nil {
		all = append(all, own{Path: samlPath(in.ID), Name: in.Name.In(lang)})
	}
	return all
}

// endings lists how the addresses of institutions end.
func endings(list ...*Institution) string {
	var all []string
	for _, in := range list {
		for _, d := range in.EmailDomains {
			all = append(all, "@"+d)
		}
	}
	return strings.Join(all, ", ")
}

func (h handler) sendCode(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err == nil {
		var ch Challenge
		ch, err = h.people.SendCode(c.UserContext(), f.Text("email"), language(c), h.server.Network(c))
		if err == nil {
			h.server.SetCookie(c, challengeCookie(), ch.ID)
			return web.Redirect(c, "/app/sign-in/code"+query(c))
		}
	}
	p := h.signInPage(c)
	if p.Email = f.Text("email"); !p.Refuse(err) {
		return err
	}
	return web.Render(c, "people/sign-in", p)
}

func (h handler) code(c *fiber.Ctx) error {
	ch, err := h.people.Challenge(c.UserContext(), h.server.Cookie(c, challengeCookie()))
	if isGone(err) {
		return web.Redirect(c, "/app/sign-in"+withSaid(query(c), "code-gone"))
	}
	if err != nil {
		return err
	}
	return web.Render(c, "people/code", h.codePage(c, ch))
}

func (h handler) codePage(c *fiber.Ctx, ch Challenge) *codePage {
	return &codePage{Base: h.server.NewBase(c, "sign-in.code-title"), Query: query(c), Email: ch.Email, Code: ch.Code, Minutes: int(CodeLife.Minutes())}
}

func (h handler) redeem(c *fiber.Ctx) error {
	id := h.server.Cookie(c, challengeCookie())
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	ch, err := h.people.Challenge(c.UserContext(), id)
	var person Person
	var by Way
	if err == nil {
		person, by, err = h.people.Redeem(c.UserContext(), id, f.Text("code"), h.server.Network(c))
	}
	switch {
	case isGone(err):
		return web.Redirect(c, "/app/sign-in"+withSaid(query(c), "code-gone"))
	case errors.Is(err, fault.Conflict):
		return web.Redirect(c, "/app/sign-in"+withSaid(query(c), "sso-taken"))
	case err != nil:
		p := h.codePage(c, ch)
		if !p.Refuse(err) {
			return err
		}
		return web.Render(c, "people/code", p)
	}
	h.server.ClearCookie(c, challengeCookie())
	h.server.ClearCookie(c, claimCookie())
	return h.enter(c, person, by, back(c))
}

// enter begins a session and goes on to where the person wanted to be.
func (h handler) enter(c *fiber.Ctx, p Person, by Way, to string) error {
	if err := h.begin(c, p, by); err != nil {
		return err
	}
	if !web.Inside(to) {
		to = "/app"
	}
	return web.Redirect(c, to)
}

// begin begins a session under a new token; whoever used this browser before is signed out.
func (h handler) begin(c *fiber.Ctx, p Person, by Way) error {
	if old, err := sessionToken(c, h.server); err == nil {
		if err := h.people.SignOut(c.UserContext(), old); err != nil {
			return err
		}
	}
	token, err := h.people.SignIn(c.UserContext(), p.ID, by)
	if err == nil {
		h.server.SetCookie(c, sessionCookie(), token)
	}
	return err
}

// signInAs is there in the demo only: one button a role.
func (h handler) signInAs(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	in, err := h.people.Institution(f.Text("at"))
	if err != nil {
		return err
	}
	role := Role(f.Text("role"))
	p, err := h.people.Grant(c.UserContext(), string(role)+"@"+in.EmailDomains[0], role)
	if err != nil {
		return err
	}
	if lang := c.Query("lang"); h.server.Catalogue().Has(lang) && p.Language != lang {
		if err := h.people.SetLanguage(c.UserContext(), p.ID, lang); err != nil {
			return err
		}
	}
	return h.enter(c, p, ByPasskey, back(c)) // whatever the institution asks of real people
}

// signOut always takes the cookie away. When Redis is away the session itself runs out by itself later; without its token nobody can use it.
func (h handler) signOut(c *fiber.Ctx) error {
	if token, err := sessionToken(c, h.server); err == nil {
		if err := h.people.SignOut(c.UserContext(), token); err != nil && !errors.Is(err, fault.Unavailable) {
			return err
		}
	}
	return h.signedOut(c)
}

func (h handler) signOutEverywhere(c *fiber.Ctx) error {
	if err := h.people.SignOutEverywhere(c.UserContext(), Current(c).ID); err != nil {
		return err
	}
	return h.signedOut(c)
}

// leaveSite is quick exit: it ends the session, if there is one, and leads away at once. Nothing that goes wrong may hold anybody up. A redirect
// would be stopped by form-action 'self'; a Refresh of nought seconds is none.
func (h handler) leaveSite(c *fiber.Ctx) error {
	if token, err := sessionToken(c, h.server); err == nil {
		_ = h.people.SignOut(c.UserContext(), token)
	}
	h.forget(c)
	h.server.ClearCookie(c, heldCookie())
	to := h.server.NewBase(c, "site.name").LeaveTo()
	if f, err := web.ReadForm(c); err == nil {
		for _, in := range h.people.Institutions() {
			if f.Text("to") == in.LeaveTo {
				to = in.LeaveTo
			}
		}
	}
	c.Set("Refresh", "0; url="+to)
	c.Set("Clear-Site-Data", `"cache"`)
	return c.SendString("")
}

// forget has the browser forget whose it was, and every sign-in that is under way in it: the next person at a shared computer must not finish one.
// What Redis keeps of them runs out by itself: their cookies travel to the sign-in pages only, and nobody else knows what is in them.
func (h handler) forget(c *fiber.Ctx) {
	for _, k := range []web.Cookie{sessionCookie(), challengeCookie(), flowCookie(), claimCookie(), ceremonyCookie()} {
		h.server.ClearCookie(c, k)
	}
}

func (h handler) signedOut(c *fiber.Ctx) error {
	h.forget(c)
	return web.Redirect(c, "/app/sign-in?said=signed-out")
}

// back is where the person wanted to be.
func back(c *fiber.Ctx) string {
	if to := c.Query("to"); web.Inside(to) {
		return to
	}
	return "/app"
}

// query keeps what the sign-in pages pass on to each other.
func query(c *fiber.Ctx) string {
	q := url.Values{}
	for _, name := range []string{"lang", "at", "to"} {
		if v := c.Query(name); v != "" && len(v) < 500 {
			q.Set(name, v)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func withSaid(query, said string) string {
	if query == "" {
		return "?said=" + said
	}
	return query + "&said=" + said
}
