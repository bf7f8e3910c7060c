package people

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/web"
)

// Doors are who may enter a route: every feature registers its routes on these.
type Doors struct {
	Server      *web.Server
	Public      web.Door // anybody, without a session
	Guest       web.Door // below /app, whoever has not signed in yet
	Anybody     web.Door // below /app, signed in or not
	Member      web.Door // whoever has signed in
	Facilitator web.Door
	Aggregates  web.Door // whoever may see how many, if not who
	Staff       web.Door
	Office      web.Door // staff of the whole institution
	Responder   web.Door
	Admin       web.Door
}

// NewDoors makes the doors of the whole site.
func NewDoors(server *web.Server, s *Service) Doors {
	g := guard{server, s}
	role := func(name string) web.Door {
		return server.NewDoor(name, web.App, g.member, g.role(name))
	}
	return Doors{
		Server:      server,
		Public:      server.NewDoor("public", web.Public),
		Guest:       server.NewDoor("guest", web.App, g.guest),
		Anybody:     server.NewDoor("anybody", web.App),
		Member:      server.NewDoor("member", web.App, g.member),
		Facilitator: role("facilitator"),
		Aggregates:  role("aggregates"),
		Staff:       role("staff"),
		Office:      role("office"),
		Responder:   role("responder"),
		Admin:       role("admin"),
	}
}

// Current returns the person who has passed the door; nobody on a door that asks for none.
func Current(c *fiber.Ctx) Person {
	p, _ := c.Locals(personKey{}).(Person)
	return p
}

type personKey struct{}

// guard is what the doors check.
type guard struct {
	server *web.Server
	people *Service
}

// member lets in whoever has a session.
func (g guard) member(c *fiber.Ctx) error {
	token, err := sessionToken(c, g.server)
	var p Person
	if err == nil {
		p, err = g.people.PersonOf(c.UserContext(), token)
	}
	if err != nil {
		if errors.Is(err, fault.SignIn) {
			g.hold(c)
		}
		return err
	}
	if g.strays(c, p) {
		return fmt.Errorf("form of another person: %w", fault.Conflict)
	}
	c.Locals(personKey{}, p)
	g.server.SignedIn(c, p.Institution, p.Language, g.people.Owner(p.ID))
	g.server.Opens(c, opens(p))
	return c.Next()
}

// strays says whether a posted form names another owner: it stood on a page from before somebody else signed in on this device, and waited there,
// perhaps for the network.
func (g guard) strays(c *fiber.Ctx, p Person) bool {
	if c.Method() != fiber.MethodPost {
		return false
	}
	f, err := web.ReadForm(c)
	owner := f.Text(web.OwnerField)
	return err == nil && owner != "" && !g.people.owns(p.ID, owner)
}

// hold keeps a posted form that names its owner for after the sign-in.
func (g guard) hold(c *fiber.Ctx) {
	if c.Method() != fiber.MethodPost {
		return
	}
	f, err := web.ReadForm(c)
	if err != nil || f.Text(web.OwnerField) == "" {
		return
	}
	if sealed, ok := g.people.seal(held{Path: c.Path(), Form: f.Values(), Owner: f.Text(web.OwnerField)}); ok {
		g.server.SetCookie(c, heldCookie(), sealed)
		web.Resumes(c)
	}
}

// Held returns the form that the current person sent to this path on a session which had run out, once.
func (s *Service) Held(c *fiber.Ctx, server *web.Server) (web.Form, bool) {
	sealed := server.Cookie(c, heldCookie())
	if sealed == "" {
		return web.Form{}, false
	}
	values, ok := s.unseal(sealed, Current(c).ID, c.Path())
	if ok {
		server.ClearCookie(c, heldCookie())
	}
	return web.FormOf(values), ok
}

// role lets in whoever has one of the roles.
func (g guard) role(door string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if !mayEnter(door, Current(c)) {
			return fmt.Errorf("%s: %w", c.Route().Path, fault.Denied)
		}
		return c.Next()
	}
}

// guest reads language and institution from the address: there is no person to ask yet.
func (g guard) guest(c *fiber.Ctx) error {
	if lang := c.Query("lang"); g.server.Catalogue().Has(lang) {
		web.UseLanguage(c, lang)
	}
	g.server.UseSite(c, c.Query("at"))
	return c.Next()
}

// sessionToken returns the session's token. A cookie that is there twice is refused: somebody on a neighbouring host may have set one.
func sessionToken(c *fiber.Ctx, s *web.Server) (string, error) {
	name, found, n := sessionCookie().NameOn(s.URL("")), "", 0
	for _, header := range c.Request().Header.PeekAll(fiber.HeaderCookie) {
		for _, part := range strings.Split(string(header), ";") {
			if k, v, _ := strings.Cut(strings.TrimSpace(part), "="); k == name {
				found, n = v, n+1
			}
		}
	}
	if n != 1 {
		return "", fmt.Errorf("session cookie stands %d times: %w", n, fault.SignIn)
	}
	return found, nil
}

// Routes registers sign-in, sign-out and a person's own settings.
func Routes(d Doors, s *Service) {
	h := handler{d.Server, s}
	d.Guest.Get("/sign-in", h.signIn)
	d.Guest.Post("/sign-in", h.sendCode)
	d.Guest.Get("/sign-in/code", h.code)
	d.Guest.Post("/sign-in/code", h.redeem)
	if d.Server.Demo() {
		d.Guest.Post("/sign-in/as", h.signInAs)
	}
	d.Member.Get("/me", h.me)
	d.Member.Post("/me", h.saveMe)
	d.Member.Post("/language", h.language)
	d.Anybody.Post("/sign-out", h.signOut)
	d.Member.Post("/sign-out-everywhere", h.signOutEverywhere)
	d.Anybody.Quiet().Post("/leave", h.leaveSite)
	d.Server.NewDoor("system", web.System).Get("/brand/:file", h.brand)
	singleSignOnRoutes(d, h)
	passkeyRoutes(d, h)
	roleRoutes(d, h)
}

type handler struct {
	server *web.Server
	people *Service
}

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

// enter begins a session under a new token and goes on to where the person wanted to be.
func (h handler) enter(c *fiber.Ctx, p Person, by Way, to string) error {
	if old, err := sessionToken(c, h.server); err == nil { // whoever used this browser before is signed out
		if err := h.people.SignOut(c.UserContext(), old); err != nil {
			return err
		}
	}
	token, err := h.people.SignIn(c.UserContext(), p.ID, by)
	if err != nil {
		return err
	}
	h.server.SetCookie(c, sessionCookie(), token)
	if !web.Inside(to) {
		to = "/app"
	}
	return web.Redirect(c, to)
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

func (h handler) me(c *fiber.Ctx) error {
	p, err := h.mePage(c)
	if err != nil {
		return err
	}
	return web.Render(c, "people/me", p)
}

func (h handler) mePage(c *fiber.Ctx) (*mePage, error) {
	person := Current(c)
	n, err := h.people.Devices(c.UserContext(), person.ID)
	if err != nil {
		return nil, err
	}
	return &mePage{Base: h.server.NewBase(c, "me.title"), Email: person.Email, Name: person.Name, Devices: n, Admin: person.Is(Admin), Withheld: person.Withheld, Passkeys: h.people.TakesPasskeys()}, nil
}

func (h handler) saveMe(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err == nil {
		err = h.people.SetName(c.UserContext(), Current(c).ID, f.Text("name"))
	}
	if err == nil {
		return web.Redirect(c, "/app/me?said=saved")
	}
	p, perr := h.mePage(c)
	if perr != nil {
		return perr
	}
	if p.Name = f.Text("name"); !p.Refuse(err) {
		return err
	}
	return web.Render(c, "people/me", p)
}

func (h handler) language(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if err := h.people.SetLanguage(c.UserContext(), Current(c).ID, f.Text("language")); err != nil {
		return err
	}
	if to := f.Text("to"); web.Inside(to) {
		return web.Redirect(c, to)
	}
	return web.Redirect(c, "/app")
}

// Nowhere answers for every address below /app that no feature has, in the language of whoever asks. It is registered last.
func Nowhere(d Doors, s *Service) {
	d.Anybody.Get("/*", func(c *fiber.Ctx) error {
		if token, err := sessionToken(c, d.Server); err == nil {
			if p, err := s.PersonOf(c.UserContext(), token); err == nil {
				d.Server.SignedIn(c, p.Institution, p.Language, s.Owner(p.ID))
			}
		}
		return fmt.Errorf("page: %w", fault.NotFound)
	})
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
	h.server.ClearCookie(c, sessionCookie())
	h.server.ClearCookie(c, challengeCookie())
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

func (h handler) signedOut(c *fiber.Ctx) error {
	h.server.ClearCookie(c, sessionCookie())
	return web.Redirect(c, "/app/sign-in?said=signed-out")
}

// brand serves an institution's colours; the name carries a hash of them.
func (h handler) brand(c *fiber.Ctx) error {
	for _, in := range h.people.Institutions() {
		if in.brandPath() == "/brand/"+c.Params("file") {
			c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
			c.Set(fiber.HeaderContentType, "text/css; charset=utf-8")
			return c.SendString(in.brandCSS())
		}
	}
	return fmt.Errorf("colours: %w", fault.NotFound)
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
