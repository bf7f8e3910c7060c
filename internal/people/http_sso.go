package people

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/web"
)

// singleSignOnRoutes registers the ways through a university's own sign-in. What starts one is a link, for form-action 'self' forbids a post that
// ends in a redirect elsewhere.
func singleSignOnRoutes(d Doors, h handler) {
	d.Guest.Get("/sign-in/oidc/:institution", h.startOIDC)
	d.Guest.Get("/sign-in/oidc/:institution/callback", h.finishOIDC)
	d.Guest.Get("/sign-in/saml/:institution", h.startSAML)
	d.Guest.Get("/sign-in/saml/:institution/metadata", h.samlMetadata)
	d.Guest.Post("/sign-in/saml/:institution/acs", h.takeSAML)
	d.Guest.Get("/sign-in/saml/:institution/finish", h.finishSAML)
	for _, in := range h.people.Institutions() {
		if in.SAML != nil {
			d.Server.TakesPostsFromElsewhere(SAMLAnswerPath(in.ID))
		}
	}
	d.Guest.Get("/sign-in/claim", h.claim)
	d.Guest.Post("/sign-in/claim", h.sendClaimCode)
}

func (h handler) startOIDC(c *fiber.Ctx) error {
	if to, away := h.elsewhere(c); away {
		return web.Redirect(c, to)
	}
	departure, err := h.people.StartOIDC(c.UserContext(), c.Params("institution"), back(c), language(c), h.server.Network(c))
	return h.depart(c, departure, err)
}

// depart sends a browser to the university's own sign-in.
func (h handler) depart(c *fiber.Ctx, d Departure, err error) error {
	if errors.Is(err, fault.Unavailable) {
		return h.turnedAway(c, Entered{To: back(c), Lang: language(c)}, err)
	}
	if err != nil {
		return err
	}
	h.server.SetCookie(c, flowCookie(), d.Secret)
	return web.Redirect(c, d.URL)
}

func (h handler) finishOIDC(c *fiber.Ctx) error {
	r := Returned{State: c.Query("state"), Code: c.Query("code"), Error: c.Query("error"), Issuer: c.Query("iss")}
	e, err := h.people.FinishOIDC(c.UserContext(), c.Params("institution"), r, h.server.Cookie(c, flowCookie()))
	return h.arrive(c, e, err)
}

func (h handler) startSAML(c *fiber.Ctx) error {
	if to, away := h.elsewhere(c); away {
		return web.Redirect(c, to)
	}
	departure, err := h.people.StartSAML(c.UserContext(), c.Params("institution"), back(c), language(c), h.server.Network(c))
	return h.depart(c, departure, err)
}

func (h handler) samlMetadata(c *fiber.Ctx) error {
	text, err := h.people.SAMLMetadata(c.Params("institution"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/samlmetadata+xml; charset=utf-8")
	return c.Send(text)
}

// takeSAML takes what the university's page posts. The browser sends no cookie of ours with it, so it is sent round by a GET, with which it does.
func (h handler) takeSAML(c *fiber.Ctx) error {
	f, err := web.ReadLongForm(c, samlAnswer)
	if err != nil {
		return h.turnedAway(c, Entered{}, err)
	}
	id, err := h.people.TakeSAML(c.UserContext(), c.Params("institution"), f.Text("SAMLResponse"), h.server.Network(c))
	if err != nil {
		return h.turnedAway(c, Entered{}, err)
	}
	return web.Redirect(c, samlPath(c.Params("institution"))+"/finish?answer="+id)
}

func (h handler) finishSAML(c *fiber.Ctx) error {
	e, err := h.people.FinishSAML(c.UserContext(), c.Params("institution"), c.Query("answer"), h.server.Cookie(c, flowCookie()))
	return h.arrive(c, e, err)
}

// arrive lets in whoever the university's own sign-in has named, or asks for the e-mail address of whoever it has not.
func (h handler) arrive(c *fiber.Ctx, e Entered, err error) error {
	h.server.ClearCookie(c, flowCookie())
	switch {
	case err != nil:
		return h.turnedAway(c, e, err)
	case e.Claim != "":
		h.server.SetCookie(c, claimCookie(), e.Claim)
		return web.Redirect(c, "/app/sign-in/claim"+h.passOn(c, e, ""))
	}
	return h.enter(c, e.Person, BySSO, e.To)
}

// turnedAway goes back to the sign-in page and says what to do. What went wrong is for the log.
func (h handler) turnedAway(c *fiber.Ctx, e Entered, err error) error {
	said := ""
	switch {
	case errors.Is(err, fault.NotFound):
		said = "sso-gone"
	case errors.Is(err, fault.Denied):
		said = "sso-refused"
	case errors.Is(err, fault.Conflict):
		said = "sso-taken"
	case errors.Is(err, fault.Unavailable):
		said = "sso-away"
	case errors.Is(err, fault.Invalid):
		said = "sso-failed"
	default:
		return err
	}
	if said != "sso-gone" {
		h.people.cfg.Log.Warn("single sign-on", "institution", c.Params("institution"), "error", err.Error())
	}
	return web.Redirect(c, "/app/sign-in"+h.passOn(c, e, said))
}

// passOn keeps for the sign-in pages what came along: the address itself no longer says it.
func (h handler) passOn(c *fiber.Ctx, e Entered, said string) string {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	if in, err := h.people.Institution(c.Params("institution")); err == nil {
		set("at", in.ID)
	}
	if e.Lang != locale.Source {
		set("lang", e.Lang)
	}
	if web.Inside(e.To) && e.To != "/app" {
		set("to", e.To)
	}
	set("said", said)
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func (h handler) claim(c *fiber.Ctx) error {
	p, err := h.claimPage(c)
	if isGone(err) {
		return web.Redirect(c, "/app/sign-in"+withSaid(query(c), "sso-gone"))
	}
	if err != nil {
		return err
	}
	return web.Render(c, "people/claim", p)
}

func (h handler) claimPage(c *fiber.Ctx) (*claimPage, error) {
	in, err := h.people.ClaimOf(c.UserContext(), h.server.Cookie(c, claimCookie()))
	if err != nil {
		return nil, err
	}
	p := &claimPage{Base: h.server.NewBase(c, "sign-in.claim-title"), Query: query(c)}
	p.Institution, p.Hint = in.Name.In(p.Lang), p.T("sign-in.domains")+" "+endings(in)
	return p, nil
}

func (h handler) sendClaimCode(c *fiber.Ctx) error {
	p, err := h.claimPage(c)
	if isGone(err) {
		return web.Redirect(c, "/app/sign-in"+withSaid(query(c), "sso-gone"))
	}
	if err != nil {
		return err
	}
	f, err := web.ReadForm(c)
	if err == nil {
		var ch Challenge
		ch, err = h.people.SendClaimCode(c.UserContext(), h.server.Cookie(c, claimCookie()), f.Text("email"), language(c), h.server.Network(c))
		if err == nil {
			h.server.SetCookie(c, challengeCookie(), ch.ID)
			return web.Redirect(c, "/app/sign-in/code"+query(c))
		}
	}
	if p.Email = f.Text("email"); !p.Refuse(err) {
		return err
	}
	return web.Render(c, "people/claim", p)
}

// language is the language of a page for whoever is not signed in.
func language(c *fiber.Ctx) string {
	if _, lang := web.SiteOf(c); lang != "" {
		return lang
	}
	return locale.Source
}
