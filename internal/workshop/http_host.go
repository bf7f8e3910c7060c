package workshop

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/web"
)

// invitation asks first: programs that open links lead no room.
func (h handler) invitation(c *fiber.Ctx) error {
	r := room(c)
	if r.Leads(h.server.Cookie(c, hostCookie(r.ID))) {
		return web.Redirect(c, roomPath(r.ID)+"/host")
	}
	p := &invitePage{Base: h.server.NewBase(c, "invite.title"), Room: r.ID, Token: c.Params("token")}
	if r.Invitation == "" || r.Invitation != hash(p.Token) {
		return fmt.Errorf("invitation: %w", fault.NotFound)
	}
	p.Workshop, p.Lang = h.workshops.title(r, p.Base.Lang)
	return web.Render(c, "workshop/invite", p)
}

func (h handler) accept(c *fiber.Ctx) error {
	r := room(c)
	key, err := h.workshops.Accept(c.UserContext(), r.ID, c.Params("token"))
	if err != nil {
		return err
	}
	h.server.SetCookie(c, hostCookie(r.ID), key)
	return web.Redirect(c, roomPath(r.ID)+"/host")
}

func (h handler) host(c *fiber.Ctx) error {
	p, err := h.hostPage(c)
	if err != nil {
		return err
	}
	return web.Render(c, "workshop/host", p)
}

func (h handler) hostPage(c *fiber.Ctx) (*hostPage, error) {
	r := room(c)
	b := h.server.NewBase(c, "cockpit.title")
	h.workshops.heed(c.UserContext(), r.ID)
	pulse, err := h.workshops.pulse(c.UserContext(), r)
	if err != nil {
		return nil, err
	}
	p := h.workshops.hostView(b, r)
	p.Pulse = pulse
	return p, nil
}

// lead does what a button of the cockpit says. at is where the room was when the button was drawn.
func (h handler) lead(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, s, id, at := c.UserContext(), h.workshops, room(c).ID, f.Text("at")
	made := ""
	switch do := f.Text("do"); do {
	case "next":
		_, err = s.Next(ctx, id, at)
	case "back":
		_, err = s.Back(ctx, id, at)
	case "skip":
		_, err = s.Skip(ctx, id, at)
	case "ask":
		_, err = s.Ask(ctx, id, at)
	case "groups":
		_, err = s.AskGroups(ctx, id, at)
	case "close":
		_, err = s.Close(ctx, id, at)
	case "reveal":
		_, err = s.Reveal(ctx, id, at)
	case "further":
		_, err = s.ShowExample(ctx, id, at, 1)
	case "nearer":
		_, err = s.ShowExample(ctx, id, at, -1)
	case "step":
		_, err = s.Step(ctx, id, at, f.Text("step"))
	case "hands":
		_, err = s.Hands(ctx, id, at, hands(f))
	case "pause":
		_, err = s.Pause(ctx, id)
	case "resume":
		_, err = s.Resume(ctx, id)
	case "credit", "no-credit":
		_, err = s.ShowCredit(ctx, id, do == "credit")
	case "let", "refuse":
		err = s.Moderate(ctx, id, f.Text("word"), do == "let")
	case "end":
		_, err = s.End(ctx, id)
	case "invite":
		made, err = s.Invite(ctx, id)
	case "offer":
		made, err = s.OfferScreen(ctx, id)
	}
	return h.led(c, f.Text("do"), made, err)
}

// led answers a button of the cockpit.
func (h handler) led(c *fiber.Ctx, do, made string, err error) error {
	r := room(c)
	switch {
	case errors.Is(err, ErrMoved), errors.Is(err, fault.Conflict), errors.Is(err, fault.NotFound):
		return web.Redirect(c, roomPath(r.ID)+"/host?said=room-moved")
	case err != nil && !errors.Is(err, fault.Invalid):
		return err
	case err == nil && made == "":
		return web.Redirect(c, roomPath(r.ID)+"/host")
	}
	p, perr := h.hostPage(c)
	if perr != nil {
		return perr
	}
	if err != nil && !p.Refuse(err) {
		return err
	}
	switch do { // shown once: only its hash is kept
	case "invite":
		p.Invite = h.server.URL(roomPath(r.ID) + "/invitation/" + made)
	case "offer":
		p.Screen, p.Address = made, h.server.URL(roomPath(r.ID)+"/screen")
	}
	return web.Render(c, "workshop/host", p)
}

// hands reads counted hands; what is no number counts as one that is refused.
func hands(f web.Form) map[string]int {
	counted := map[string]int{}
	for name, values := range f.Values() {
		option, ok := strings.CutPrefix(name, "hands-")
		if !ok || values[0] == "" {
			continue
		}
		n, err := strconv.Atoi(values[0])
		if err != nil {
			n = -1
		}
		counted[option] = n
	}
	return counted
}

// screen is the projector, or asks a browser that holds no key for a code.
func (h handler) screen(c *fiber.Ctx) error {
	r := room(c)
	if !r.Shows(h.server.Cookie(c, screenCookie(r.ID))) {
		return web.Render(c, "workshop/screen-ask", &screenAskPage{Base: h.server.NewBase(c, "screen.title"), Room: r.ID})
	}
	p, err := h.screenPage(h.server.NewBase(c, "screen.title"), r)
	if err != nil {
		return err
	}
	return web.Render(c, "workshop/screen", p)
}

func (h handler) screenPage(b web.Base, r Room) (*screenPage, error) {
	p := &screenPage{Base: b, Now: h.workshops.look(b, r, ""), Code: r.Code, Lobby: r.Slide == 0 && !r.Paused}
	p.arrange()
	if r.State != Open {
		p.Code = ""
		return p, nil
	}
	p.Direct = h.server.FullLink(r.Institution, b.Lang, "/join/"+r.Code)
	p.Address = strings.TrimPrefix(strings.TrimPrefix(h.server.FullLink(r.Institution, b.Lang, "/join"), "https://"), "http://")
	if r.Credit {
		p.Credit = r.CreditCode(h.workshops.cfg.Now())
	}
	var err error
	p.QR, err = drawQR(p.Direct, b.T("screen.qr"))
	return p, err
}

func (h handler) openScreen(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	r := room(c)
	key, err := h.workshops.OpenScreen(c.UserContext(), r.ID, f.Text("code"))
	if err != nil {
		p := &screenAskPage{Base: h.server.NewBase(c, "screen.title"), Room: r.ID}
		if !p.Refuse(err) {
			return err
		}
		return web.Render(c, "workshop/screen-ask", p)
	}
	h.server.SetCookie(c, screenCookie(r.ID), key)
	return web.Redirect(c, roomPath(r.ID)+"/screen")
}

// ownScreen opens the projector on the host's own device.
func (h handler) ownScreen(c *fiber.Ctx) error {
	r := room(c)
	if !r.Shows(h.server.Cookie(c, screenCookie(r.ID))) {
		key, err := h.workshops.OwnScreen(c.UserContext(), r.ID)
		if err != nil {
			return err
		}
		h.server.SetCookie(c, screenCookie(r.ID), key)
	}
	return web.Redirect(c, roomPath(r.ID)+"/screen")
}
