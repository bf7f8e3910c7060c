package campaign

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Routes registers the public pages, and the way to them from within the signed-in half, where content links to them without knowing whose
// institution it is read at.
func Routes(d people.Doors, s *Service) {
	h := handler{d.Server, s}
	d.Public.Get("/", h.front)
	d.Public.Get("/support", h.support)
	d.Public.Get("/policy", h.policy)
	d.Public.Get("/policy/:version", h.policy)
	d.Public.Get("/glossary", h.glossary)
	d.Public.Get("/leaving", h.leaving)
	d.Public.Get("/tips", h.tips)
	d.Public.Get("/accessibility", h.accessibility)
	d.Public.Get("/privacy", h.privacy)
	d.Public.Get("/cookies", h.cookies)
	d.Public.Get("/events/:id/calendar.ics", h.event)
	d.Member.Get("/to/:page", h.to)
	d.Server.NewDoor("public", web.System).Get("/", h.chooser)
}

type handler struct {
	server   *web.Server
	campaign *Service
}

// institution returns the one whose address was asked for.
func (h handler) institution(c *fiber.Ctx) (*people.Institution, error) {
	site, _ := web.SiteOf(c)
	return h.campaign.institutions.Institution(site.ID)
}

func (h handler) front(c *fiber.Ctx) error {
	in, err := h.institution(c)
	if err != nil {
		return err
	}
	p := &frontPage{Base: h.server.NewBase(c, "front.title")}
	p.About = p.T("front.lead")
	p.Campuses, p.Events = viewCampuses(in, p.Lang), viewEvents(h.campaign.upcoming(in), p.Base)
	return web.Render(c, "campaign/front", p)
}

func (h handler) event(c *fiber.Ctx) error {
	in, err := h.institution(c)
	if err != nil {
		return err
	}
	b := h.server.NewBase(c, "front.title")
	a, err := h.campaign.appointment(in, c.Params("id"), b.Lang, h.server.FullLink(in.ID, b.Lang, "/"))
	if err != nil {
		return err
	}
	return web.SendCalendar(c, a)
}

func (h handler) support(c *fiber.Ctx) error {
	in, err := h.institution(c)
	if err != nil {
		return err
	}
	p := &supportPage{Base: h.server.NewBase(c, "support.title")}
	p.Campuses, p.Helpers, p.Groups = viewCampuses(in, p.Lang), viewHelpers(in, p.Lang), viewGroups(h.campaign.For(in.Nation), p.Lang)
	return web.Render(c, "campaign/support", p)
}

func (h handler) policy(c *fiber.Ctx) error {
	site, _ := web.SiteOf(c)
	v, err := h.campaign.Policy(site.ID, c.Params("version"))
	if err != nil {
		return err
	}
	p := &policyPage{Base: h.server.NewBase(c, "policy.title"), Version: v.Version, From: v.From, Newest: v.Newest}
	title := v.Title.Phrase(p.Lang)
	p.Title, p.TitleLang = title.Text, title.Lang
	p.Text, p.TextLang = v.HTML(p.Lang)
	for _, one := range v.all {
		p.Versions = append(p.Versions, versionView{one.Version, one.From, one.Version == v.Version})
	}
	return web.Render(c, "campaign/policy", p)
}

func (h handler) glossary(c *fiber.Ctx) error {
	p := &glossaryPage{Base: h.server.NewBase(c, "glossary.title")}
	p.Terms = h.campaign.library().Terms(p.Lang)
	return web.Render(c, "campaign/glossary", p)
}

func (h handler) leaving(c *fiber.Ctx) error {
	return web.Render(c, "campaign/leaving", &leavingPage{Base: h.server.NewBase(c, "leaving.title")})
}

func (h handler) tips(c *fiber.Ctx) error {
	in, err := h.institution(c)
	if err != nil {
		return err
	}
	p := &tipsPage{Base: h.server.NewBase(c, "tips.title")}
	p.Campuses = viewCampuses(in, p.Lang)
	return web.Render(c, "campaign/tips", p)
}

// statement fills in what the pages share.
func (h handler) statement(c *fiber.Ctx, title string) (statementPage, *people.Institution, error) {
	in, err := h.institution(c)
	if err != nil {
		return statementPage{}, nil, err
	}
	p := statementPage{Base: h.server.NewBase(c, title), Prepared: in.Statements.Prepared}
	p.Name, p.Address = in.Name.In(p.Lang), h.server.FullLink(in.ID, p.Lang, "/")
	return p, in, nil
}

func (h handler) accessibility(c *fiber.Ctx) error {
	shared, in, err := h.statement(c, "accessibility.title")
	if err != nil {
		return err
	}
	p := &accessibilityPage{
		statementPage: shared, NorthernIreland: in.Nation == "northern-ireland", Checked: h.campaign.checked, Known: map[string]bool{},
		Audit: in.Statements.Audit.Phrase(shared.Lang),
	}
	p.Contact = viewContact(in.Statements.Accessibility, p.Lang)
	for _, id := range CheckIDs() {
		p.Known[id] = true
	}
	reviews, err := h.campaign.reviews()
	if err != nil {
		return err
	}
	for _, r := range reviews {
		p.Waiting, p.Texts = p.Waiting+r.Waiting(), p.Texts+len(r.Strings)
	}
	return web.Render(c, "campaign/accessibility", p)
}

func (h handler) privacy(c *fiber.Ctx) error {
	shared, in, err := h.statement(c, "privacy.title")
	if err != nil {
		return err
	}
	s := in.Statements
	p := &privacyPage{statementPage: shared, Kept: keptAt(in), Basis: s.Basis, Law: s.Law.Phrase(shared.Lang), HowLong: s.Kept.Phrase(shared.Lang)}
	p.Contact = viewContact(s.DataProtection, p.Lang)
	return web.Render(c, "campaign/privacy", p)
}

func (h handler) cookies(c *fiber.Ctx) error {
	shared, in, err := h.statement(c, "cookies.title")
	if err != nil {
		return err
	}
	p := &cookiesPage{statementPage: shared, Cookies: h.campaign.viewCookies(h.server.URL("")), Storage: Storage()}
	p.Contact = viewContact(in.Statements.DataProtection, p.Lang)
	return web.Render(c, "campaign/cookies", p)
}

// to leads from the signed-in half to a public page of the person's institution.
func (h handler) to(c *fiber.Ctx) error {
	switch page := c.Params("page"); page {
	case "support", "policy", "glossary", "pledges", "training":
		return web.Redirect(c, h.server.NewBase(c, "site.name").Link("/"+page))
	default:
		return fmt.Errorf("page %q: %w", page, fault.NotFound)
	}
}

func (h handler) chooser(c *fiber.Ctx) error {
	return web.Render(c, "campaign/chooser", &chooserPage{Base: h.server.NewBase(c, "chooser.title")})
}
