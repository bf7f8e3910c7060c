package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Routes registers a person's own data, and for admins the requests of others and the audit log.
func Routes(d people.Doors, s *Service) error {
	london, err := locale.London()
	if err != nil {
		return err
	}
	h := handler{d.Server, s, london}
	d.Member.Get("/my-data", h.mine)
	d.Member.Get("/my-data/file", h.mineFile)
	d.Admin.Get("/records", h.find)
	d.Admin.Post("/records", h.found)
	d.Admin.Get("/records/:person", h.person)
	d.Admin.Post("/records/:person/file", h.personFile)
	d.Admin.Get("/records/:person/erase", h.ask)
	d.Admin.Post("/records/:person/erase", h.erase)
	d.Admin.Get("/audit", h.audit)
	d.Admin.Post("/audit", h.auditFile)
	return nil
}

type handler struct {
	server  *web.Server
	records *Service
	london  *time.Location
}

func (h handler) mine(c *fiber.Ctx) error {
	return web.Render(c, "records/mine", &minePage{h.server.NewBase(c, "records.mine-title")})
}

func (h handler) mineFile(c *fiber.Ctx) error {
	f, err := h.records.Export(c.UserContext(), people.Current(c), true)
	if err != nil {
		return err
	}
	return sendJSON(c, f)
}

// sendJSON answers with a file to keep, written for people to read.
func sendJSON(c *fiber.Ctx, f File) error {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("write the file: %w", err)
	}
	c.Attachment("upstander-" + f.Made.Format(time.DateOnly) + ".json")
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(append(b, '\n'))
}

func (h handler) find(c *fiber.Ctx) error {
	return web.Render(c, "records/find", &findPage{Base: h.server.NewBase(c, "records.find-title")})
}

// found leads on to the person. The address is posted, so that it stands in no history.
func (h handler) found(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	p, err := h.records.Find(c.UserContext(), people.Current(c).Institution, f.Text("who"))
	if errors.Is(err, fault.NotFound) {
		return web.Render(c, "records/find", &findPage{Base: h.server.NewBase(c, "records.find-title"), Who: f.Text("who"), Nobody: true})
	}
	if err != nil {
		return err
	}
	return web.Redirect(c, "/app/records/"+p.ID)
}

// named returns the person in the address, of the admin's own institution.
func (h handler) named(c *fiber.Ctx) (people.Person, error) {
	p, err := h.records.cfg.People.Person(c.UserContext(), c.Params("person"))
	if err == nil && p.Institution != people.Current(c).Institution {
		err = fmt.Errorf("person of another institution: %w", fault.NotFound)
	}
	return p, err
}

func (h handler) person(c *fiber.Ctx) error {
	p, err := h.named(c)
	if err != nil {
		return err
	}
	why, err := whyKept(h.records.mayErase(c.UserContext(), p))
	if err != nil {
		return err
	}
	page := &personPage{Base: h.server.NewBase(c, "records.person-title"), Person: p}
	if len(why) > 0 {
		page.Kept = page.T(why[0].Key)
	}
	return web.Render(c, "records/person", page)
}

// whyKept turns the reason why a person is not erased into a problem with the form; nothing where there is no reason.
func whyKept(err error) (fault.Problems, error) {
	switch {
	case errors.Is(err, ErrLastAdmin):
		return fault.Problems{{Field: "email", Key: "records.erase-last-admin"}}, nil
	case errors.Is(err, ErrAdmin):
		return fault.Problems{{Field: "email", Key: "records.erase-admin"}}, nil
	}
	return nil, err
}

func (h handler) personFile(c *fiber.Ctx) error {
	p, err := h.named(c)
	if err != nil {
		return err
	}
	f, err := h.records.ExportFor(c.UserContext(), people.Current(c).ID, p, false)
	if err != nil {
		return err
	}
	return sendJSON(c, f)
}

func (h handler) ask(c *fiber.Ctx) error {
	p, err := h.named(c)
	if err != nil {
		return err
	}
	if p.Is(people.Admin) { // the page before says why not
		return web.Redirect(c, "/app/records/"+p.ID)
	}
	return web.Render(c, "records/erase", &erasePage{Base: h.server.NewBase(c, "records.erase-title"), Person: p})
}

// erase wants the address typed: there is no way back.
func (h handler) erase(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	p, err := h.named(c)
	if err != nil {
		return err
	}
	var refused fault.Problems
	if email, err := people.CleanEmail(f.Text("email")); err != nil || email != p.Email {
		refused.Add("email", "records.erase-differs")
	} else if refused, err = whyKept(h.records.Erase(c.UserContext(), people.Current(c).ID, p)); err != nil {
		return err
	}
	if len(refused) == 0 {
		return web.Redirect(c, "/app/records?said=erased")
	}
	page := &erasePage{Base: h.server.NewBase(c, "records.erase-title"), Person: p, Email: f.Text("email")}
	page.Refuse(refused)
	return web.Render(c, "records/erase", page)
}

func (h handler) audit(c *fiber.Ctx) error {
	p := &auditPage{Base: h.server.NewBase(c, "audit.title")}
	p.Form = auditForm{Actor: c.Query("actor"), Verb: c.Query("verb"), Subject: c.Query("subject"), From: c.Query("from"), To: c.Query("to")}
	filter, err := h.filter(c, p.Form)
	if err != nil {
		if !p.Refuse(err) {
			return err
		}
		return web.Render(c, "records/audit", p)
	}
	page, err := h.records.cfg.Audit.Entries(c.UserContext(), filter, c.Query("after"), c.Query("before"))
	if err != nil {
		return err
	}
	names := map[string]string{audit.Operator: p.T("audit.operator"), audit.System: p.T("audit.system")}
	for _, e := range page.Items {
		one := auditEntry{Entry: e, Time: p.CivilDay(e.Day(h.london)) + ", " + e.At.In(h.london).Format("15:04")}
		if one.Who, err = h.name(c, names, e.Actor); err != nil {
			return err
		}
		if one.OnWhom, err = h.name(c, names, e.Subject); err != nil {
			return err
		}
		p.Entries = append(p.Entries, one)
	}
	p.Next, p.Prev = page.Next, page.Prev
	return web.Render(c, "records/audit", p)
}

// name returns what a person is called today; an id stays what it is where it names a thing, or nobody any more.
func (h handler) name(c *fiber.Ctx, names map[string]string, id string) (string, error) {
	if name, ok := names[id]; ok || id == "" {
		return name, nil
	}
	p, err := h.records.cfg.People.Person(c.UserContext(), id)
	name := id
	switch {
	case errors.Is(err, fault.NotFound):
	case err != nil:
		return "", err
	case p.Institution == people.Current(c).Institution:
		name = p.Email
	}
	names[id] = name
	return name, nil
}

// filter reads what was typed: people by id or address, days as they are counted in London.
func (h handler) filter(c *fiber.Ctx, f auditForm) (audit.Filter, error) {
	var p fault.Problems
	institution := people.Current(c).Institution
	out := audit.Filter{Institution: institution, Verb: audit.Verb(f.Verb), Actor: f.Actor, Subject: f.Subject}
	for field, id := range map[string]*string{"actor": &out.Actor, "subject": &out.Subject} {
		if *id == "" || *id == audit.Operator || *id == audit.System {
			continue
		}
		found, err := h.records.Find(c.UserContext(), institution, *id)
		switch {
		case err == nil:
			*id = found.ID
		case !errors.Is(err, fault.NotFound):
			return out, err
		case len(*id) > 200: // else it may be the id of a thing, or of somebody who has been erased
			p.Add(field, "form.too-long")
		}
	}
	var err error
	if out.From, err = h.day(f.From); err != nil {
		p.Add("from", "audit.day-wrong")
	}
	if out.To, err = h.day(f.To); err != nil {
		p.Add("to", "audit.day-wrong")
	}
	if !out.To.IsZero() {
		out.To = out.To.AddDate(0, 0, 1) // the day that is typed counts
	}
	return out, p.Err()
}

func (h handler) day(typed string) (time.Time, error) {
	if typed == "" {
		return time.Time{}, nil
	}
	return time.ParseInLocation(time.DateOnly, typed, h.london)
}

// auditFile streams the log with the filter of the page. That it was taken is recorded first.
func (h handler) auditFile(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	form := auditForm{Actor: f.Text("actor"), Verb: f.Text("verb"), Subject: f.Text("subject"), From: f.Text("from"), To: f.Text("to")}
	filter, err := h.filter(c, form)
	if err != nil {
		return err
	}
	by := people.Current(c)
	if err := h.records.cfg.Audit.Record(c.UserContext(), audit.Entry{Institution: by.Institution, Actor: by.ID, Verb: audit.AuditExport}); err != nil {
		return err
	}
	return h.server.Download(c, "upstander-audit.csv", "text/csv; charset=utf-8", func(ctx context.Context, w io.Writer) error {
		return h.records.cfg.Audit.Export(ctx, w, filter)
	})
}
