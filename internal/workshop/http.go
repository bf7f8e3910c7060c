package workshop

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Routes registers joining, the three sides of a room, and what belongs to it in the signed-in half. A room's own routes know no session: a phone's token,
// a host's key and a projector's key are cookies of that room alone.
func Routes(d people.Doors, s *Service) {
	h := handler{d.Server, s}
	anybody := d.Server.NewDoor("room", web.Live, h.enter)
	host := d.Server.NewDoor("host", web.Live, h.enter, h.leads)
	screen := d.Server.NewDoor("projector", web.Live, h.enter, h.shows)
	d.Public.Get("/join", h.join)
	d.Public.Post("/join", h.find)
	d.Public.Get("/join/:code", h.scan)
	anybody.Get("/:room", h.phone)
	anybody.Post("/:room", h.act)
	anybody.Post("/:room/here", h.here)
	anybody.Get("/:room/events", h.phoneEvents)
	anybody.Get("/:room/screen", h.screen)
	anybody.Post("/:room/screen", h.openScreen)
	screen.Get("/:room/screen/events", h.screenEvents)
	anybody.Get("/:room/invitation/:token", h.invitation)
	anybody.Post("/:room/invitation/:token", h.accept)
	host.Get("/:room/host", h.host)
	host.Post("/:room/host", h.lead)
	host.Post("/:room/host/screen", h.ownScreen)
	host.Get("/:room/host/events", h.hostEvents)
	d.Member.Get("/workshops", h.list)
	d.Member.Post("/workshops/attendance", h.attend)
	d.Member.Post("/workshops/session/:session", h.book)
	d.Member.Get("/workshops/session/:session/calendar.ics", h.calendar)
	d.Aggregates.Get("/workshops/plan", h.fresh)
	d.Aggregates.Post("/workshops/plan", h.schedule)
	d.Aggregates.Get("/workshops/plan/:session", h.planned)
	d.Aggregates.Post("/workshops/plan/:session", h.reschedule)
	d.Staff.Get("/workshops/plan/:session/names", h.names)
	d.Facilitator.Post("/workshops/plan/:session/begin", h.begin)
	d.Staff.Get("/workshops/held", h.held)
	d.Staff.Get("/workshops/held/:room", h.summary)
	d.Facilitator.Post("/workshops", h.start)
	d.Facilitator.Get("/workshops/:room", h.summary)
	d.Facilitator.Post("/workshops/:room/lead", h.recover)
}

type handler struct {
	server    *web.Server
	workshops *Service
}

// Cookies of a room travel to it alone and live as long as a room can.
func roomCookie(name, room string) web.Cookie {
	return web.Cookie{Name: name, Path: roomPath(room), Life: longest}
}

// A phone's own: it ties what a phone sends together, and to nobody.
func phoneCookie(room string) web.Cookie { return roomCookie("upstander-phone", room) }

// The host's holds a key of the room.
func hostCookie(room string) web.Cookie { return roomCookie("upstander-host", room) }

// The projector's holds a key that opens what the wall shows.
func screenCookie(room string) web.Cookie { return roomCookie("upstander-screen", room) }

// The language that this browser has chosen in the room.
func langCookie(room string) web.Cookie { return roomCookie("upstander-lang", room) }

// Cookies lists every cookie of the package.
func Cookies() []web.Cookie {
	const room = "*"
	return []web.Cookie{phoneCookie(room), hostCookie(room), screenCookie(room), langCookie(room)}
}

type roomKey struct{}

// room returns the room of the address.
func room(c *fiber.Ctx) Room { r, _ := c.Locals(roomKey{}).(Room); return r }

func roomPath(id string) string { return "/room/" + id }

// enter finds the room. Institution and language are the room's, unless this browser has chosen another language in it.
func (h handler) enter(c *fiber.Ctx) error {
	r, err := h.workshops.Room(c.UserContext(), c.Params("room"))
	if err != nil {
		return err
	}
	c.Locals(roomKey{}, r)
	h.server.UseSite(c, r.Institution)
	lang := r.Language
	if kept := h.server.Cookie(c, langCookie(r.ID)); h.server.Catalogue().Has(kept) {
		lang = kept
	}
	if wanted := c.Query("lang"); h.server.Catalogue().Has(wanted) && c.Method() != fiber.MethodPost {
		h.server.SetCookie(c, langCookie(r.ID), wanted)
		return web.Redirect(c, c.Path())
	}
	web.UseLanguage(c, lang)
	return c.Next()
}

// leads lets in whoever holds a key of the room. Whoever holds none learns nothing.
func (h handler) leads(c *fiber.Ctx) error {
	if !room(c).Leads(h.server.Cookie(c, hostCookie(room(c).ID))) {
		return fmt.Errorf("cockpit: %w", fault.NotFound)
	}
	return c.Next()
}

func (h handler) shows(c *fiber.Ctx) error {
	if !room(c).Shows(h.server.Cookie(c, screenCookie(room(c).ID))) {
		return fmt.Errorf("projector: %w", fault.NotFound)
	}
	return c.Next()
}

func (h handler) join(c *fiber.Ctx) error {
	return web.Render(c, "workshop/join", &joinPage{Base: h.server.NewBase(c, "join.title")})
}

func (h handler) find(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	return h.findCode(c, f.Text("code"))
}

func (h handler) scan(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store") // the code is another room's tomorrow
	return h.findCode(c, c.Params("code"))
}

func (h handler) findCode(c *fiber.Ctx, code string) error {
	site, lang := web.SiteOf(c)
	r, err := h.workshops.Find(c.UserContext(), site.ID, code, h.server.Network(c))
	if err != nil {
		p := &joinPage{Base: h.server.NewBase(c, "join.title"), Code: code}
		if !p.Refuse(err) {
			return err
		}
		return web.Render(c, "workshop/join", p)
	}
	if lang != r.Language && lang != h.server.Catalogue().Languages()[0] { // came by the Welsh page
		return web.Redirect(c, roomPath(r.ID)+"?lang="+lang)
	}
	return web.Redirect(c, roomPath(r.ID))
}

// token returns the phone's token, and gives it one if it has none of this room. fault.TooMany when one network has been given too many.
func (h handler) token(c *fiber.Ctx) (token string, fresh bool, err error) {
	r := room(c)
	if token = h.server.Cookie(c, phoneCookie(r.ID)); r.Gave(token) {
		return token, false, nil
	}
	if token, err = h.workshops.Give(c.UserContext(), r, h.server.Network(c)); err != nil {
		return "", false, err
	}
	h.server.SetCookie(c, phoneCookie(r.ID), token)
	return token, true, nil
}

func (h handler) phone(c *fiber.Ctx) error {
	token, fresh, err := h.token(c)
	if err != nil {
		return err
	}
	if !fresh {
		h.hear(c, token)
	}
	p, err := h.phonePage(c, token, "")
	if err != nil {
		return err
	}
	p.Late, p.Waiting = c.Query("late") != "", h.alone(c)
	return web.Render(c, "workshop/phone", p)
}

// hear notes that the phone is there; a room does without.
func (h handler) hear(c *fiber.Ctx, token string) {
	_ = h.workshops.cfg.Presence.Hear(c.UserContext(), room(c).ID, token)
}

// phonePage shows a phone what is on, with its own answer or with what was typed.
func (h handler) phonePage(c *fiber.Ctx, token, typed string) (*phonePage, error) {
	ctx, r := c.UserContext(), room(c)
	p := &phonePage{Base: h.server.NewBase(c, "room.title")}
	mine, err := h.workshops.Mine(ctx, r, token)
	if err != nil {
		return nil, err
	}
	if p.Breathing, p.Outside, err = h.workshops.Breathing(ctx, r.ID, token); err != nil {
		return nil, err
	}
	if p.Breathing {
		p.Credit = r.CreditCode(h.workshops.cfg.Now())
	}
	p.Mine = mine != "" && typed == ""
	if typed != "" {
		mine = typed
	}
	p.Now = h.workshops.look(p.Base, r, mine)
	if p.Now.Kind == string(Word) {
		p.Word = mine
	}
	return p, nil
}

// act takes what a phone sends: an answer, a word, the wish for a moment, or that it is back.
func (h handler) act(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, r := c.UserContext(), room(c)
	token, fresh, err := h.token(c)
	if err != nil {
		return err
	}
	proven := token
	if fresh { // without a cookie that comes back one phone could answer many times
		proven = ""
	}
	switch f.Text("do") {
	case "breathe":
		err = h.workshops.Breathe(ctx, r.ID, token, f.Text("outside") != "")
	case "back":
		err = h.workshops.Return(ctx, r.ID, token)
	case "word":
		err = h.workshops.Send(ctx, r.ID, f.Text("ballot"), proven, f.Text("word"))
	case "vote":
		err = h.workshops.Cast(ctx, r.ID, f.Text("ballot"), proven, f)
	}
	switch {
	case errors.Is(err, ErrClosed):
		return web.Redirect(c, roomPath(r.ID)+"?late=1")
	case errors.Is(err, fault.Invalid):
		return h.refuse(c, token, f, err)
	case err != nil:
		return err
	}
	return web.Redirect(c, roomPath(r.ID))
}

// refuse shows the question again with what was typed.
func (h handler) refuse(c *fiber.Ctx, token string, f web.Form, problem error) error {
	typed := f.Text("word")
	if q, open := h.workshops.Asked(room(c)); open && q.Kind != Word {
		typed, _ = q.typed(f)
	}
	p, err := h.phonePage(c, token, typed)
	if err != nil {
		return err
	}
	if !p.Refuse(problem) {
		return problem
	}
	return web.Render(c, "workshop/phone", p)
}

// here is a phone's heartbeat. The answer is "accepted" instead of "no content" while nobody leads the room.
func (h handler) here(c *fiber.Ctx) error {
	if token := h.server.Cookie(c, phoneCookie(room(c).ID)); room(c).Gave(token) {
		h.hear(c, token)
	}
	if h.alone(c) {
		return c.SendStatus(fiber.StatusAccepted)
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// alone says whether an open room waits for whoever leads it.
func (h handler) alone(c *fiber.Ctx) bool { return h.workshops.alone(c.UserContext(), room(c)) }

func (h handler) phoneEvents(c *fiber.Ctx) error  { return h.events(c, Phone) }
func (h handler) screenEvents(c *fiber.Ctx) error { return h.events(c, Screen) }
func (h handler) hostEvents(c *fiber.Ctx) error   { return h.events(c, Cockpit) }

func (h handler) events(c *fiber.Ctx, role Role) error {
	_, lang := web.SiteOf(c)
	st, leave := h.workshops.hub.watch(room(c).ID, view{role, lang}, c.Get("Last-Event-ID"), h.frame)
	return h.server.Stream(c, st.Frames, st.Done, leave)
}

// frame renders what everybody in one role and language sees.
func (h handler) frame(ctx context.Context, r Room, v view, mark string) (Frame, error) {
	version := strconv.FormatInt(r.Version, 10)
	b := h.server.BaseOf(r.Institution, v.lang)
	b.Live = true
	switch v.role {
	case Phone:
		if version == mark {
			return Frame{}, nil
		}
		html, err := h.server.Part("workshop/phone-now", &phonePage{Base: b, Now: h.workshops.look(b, r, "")})
		return newFrame(version, "now", html), err
	case Screen:
		p, err := h.screenPage(b, r)
		if is := version + "." + p.Credit; err == nil && is != mark {
			html, err := h.server.Part("workshop/screen-now", p)
			return newFrame(is, "now", html), err
		}
		return Frame{}, err
	}
	h.workshops.heed(ctx, r.ID)
	pulse, err := h.workshops.pulse(ctx, r)
	if is := version + "." + hash(fmt.Sprint(pulse))[:8]; err == nil && is != mark {
		p := h.workshops.hostView(b, r)
		p.Pulse = pulse
		now, err1 := h.server.Part("workshop/host-now", p)
		beat, err2 := h.server.Part("workshop/host-pulse", p)
		return newFrame(is, "now", now, "pulse", beat), errors.Join(err1, err2)
	}
	return Frame{}, err
}
