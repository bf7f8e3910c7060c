package requirement

import (
	"context"
	"io"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

func (h handler) roster(c *fiber.Ctx) error {
	p, err := h.rosterPage(c)
	if err != nil {
		return err
	}
	return web.Render(c, "requirement/roster", p)
}

func (h handler) rosterPage(c *fiber.Ctx) (*rosterPage, error) {
	p := &rosterPage{Base: h.server.NewBase(c, "roster.title"), Columns: Columns(), Most: MaxUpload >> 20}
	list, err := h.requirements.Uploads(c.UserContext(), people.Current(c).Institution)
	for _, u := range list {
		p.Uploads = append(p.Uploads, uploadRow{ID: u.ID, Name: u.Name, Day: u.Day, State: u.State, Outcome: u.Report.Outcome})
	}
	return p, err
}

func (h handler) upload(c *fiber.Ctx) error {
	f, file, err := web.ReadUpload(c, "file")
	if err != nil {
		return err
	}
	if err := h.record(c, audit.RosterCheck, "", ""); err != nil {
		return err
	}
	u, err := h.requirements.Upload(c.UserContext(), people.Current(c), file.Name, f.Text("complete") != "", file.Content)
	if err != nil {
		p, perr := h.rosterPage(c)
		if perr != nil {
			return perr
		}
		if p.Complete = f.Text("complete") != ""; !p.Refuse(err) {
			return err
		}
		return web.Render(c, "requirement/roster", p)
	}
	return web.Redirect(c, "/app/staff/roster/"+u.ID)
}

func (h handler) template(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="roster.csv"`)
	return c.SendString(Template())
}

func (h handler) uploaded(c *fiber.Ctx) error {
	u, err := h.requirements.UploadOf(c.UserContext(), people.Current(c).Institution, c.Params("upload"))
	if err != nil {
		return err
	}
	p := &uploadPage{Base: h.server.NewBase(c, "roster.upload-title"), Upload: u}
	for _, f := range u.Report.Faults {
		p.Faults = append(p.Faults, faultRow{Row: f.Row, Column: f.Column, Reason: p.T(f.Key, "Other", f.Other)})
	}
	return web.Render(c, "requirement/upload", p)
}

func (h handler) decideUpload(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	u, err := h.requirements.UploadOf(c.UserContext(), people.Current(c).Institution, c.Params("upload"))
	if err != nil {
		return err
	}
	if f.Text("do") == "discard" {
		if err := h.record(c, audit.RosterDiscard, u.ID, ""); err != nil {
			return err
		}
		if err := h.requirements.Discard(c.UserContext(), u); err != nil {
			return err
		}
		return web.Redirect(c, "/app/staff/roster?said=roster-discarded")
	}
	if f.Text("do") != "import" {
		return fault.Problems{{Field: "do", Key: "form.choose"}}
	}
	if err := h.record(c, audit.RosterImport, u.ID, ""); err != nil {
		return err
	}
	if _, err := h.requirements.Confirm(c.UserContext(), u); err != nil {
		return err
	}
	return web.Redirect(c, "/app/staff/roster/"+u.ID)
}

// problems hands out everything that is wrong with a file that waits for its import.
func (h handler) problems(c *fiber.Ctx) error {
	u, err := h.requirements.UploadOf(c.UserContext(), people.Current(c).Institution, c.Params("upload"))
	if err == nil && !u.Kept() {
		err = fault.NotFound
	}
	if err != nil {
		return err
	}
	b := h.server.NewBase(c, "roster.upload-title")
	return h.server.Download(c, "problems.csv", "text/csv; charset=utf-8", func(ctx context.Context, w io.Writer) error {
		return h.requirements.WriteProblems(ctx, u, w, b.T)
	})
}
