package people

import (
	"errors"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/web"
)

// passkeyRoutes registers signing in with a passkey or a recovery code, and a person's own keys.
func passkeyRoutes(d Doors, h handler) {
	d.Guest.Get("/sign-in/passkey", h.passkeySignIn)
	d.Guest.Post("/sign-in/passkey", h.finishPasskeySignIn)
	d.Guest.Post("/sign-in/recovery", h.recover)
	d.Member.Get("/me/passkeys", h.passkeys)
	d.Member.Post("/me/passkeys", h.addPasskey)
	d.Member.Post("/me/passkeys/remove", h.removePasskey)
	d.Member.Post("/me/recovery", h.renewRecovery)
}

func (h handler) passkeySignIn(c *fiber.Ctx) error {
	if to, away := h.elsewhere(c); away {
		return web.Redirect(c, to)
	}
	p, err := h.passkeySignInPage(c)
	if err != nil {
		return err
	}
	return web.Render(c, "people/passkey", p)
}

func (h handler) passkeySignInPage(c *fiber.Ctx) (*passkeySignInPage, error) {
	ceremony, err := h.people.BeginSignIn(c.UserContext(), h.server.Network(c))
	if err != nil {
		return nil, err
	}
	h.server.SetCookie(c, ceremonyCookie(), ceremony.ID)
	return &passkeySignInPage{Base: h.server.NewBase(c, "passkey.sign-in-title"), Query: query(c), Options: ceremony.Options}, nil
}

func (h handler) finishPasskeySignIn(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	var person Person
	if err == nil {
		person, err = h.people.FinishSignIn(c.UserContext(), h.server.Cookie(c, ceremonyCookie()), f.Text("credential"))
	}
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Invalid) {
		h.people.cfg.Log.Warn("passkey", "error", err.Error())
		return web.Redirect(c, "/app/sign-in/passkey"+withSaid(query(c), "passkey-refused"))
	}
	if err != nil {
		return err
	}
	h.server.ClearCookie(c, ceremonyCookie())
	return h.enter(c, person, ByPasskey, back(c))
}

func (h handler) recover(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	var person Person
	if err == nil {
		person, err = h.people.Recover(c.UserContext(), f.Text("email"), f.Text("code"), h.server.Network(c))
	}
	if err == nil {
		return h.enter(c, person, ByRecovery, "/app/me/passkeys")
	}
	p, perr := h.passkeySignInPage(c)
	if perr != nil {
		return perr
	}
	if p.Email = f.Text("email"); !p.Refuse(err) {
		return err
	}
	return web.Render(c, "people/passkey", p)
}

func (h handler) passkeys(c *fiber.Ctx) error {
	if to, away := h.elsewhere(c); away {
		return web.Redirect(c, to)
	}
	person := Current(c)
	keys, err := h.people.Passkeys(c.UserContext(), person.ID)
	if err != nil {
		return err
	}
	left, err := h.people.RecoveryLeft(c.UserContext(), person.ID)
	if err != nil {
		return err
	}
	p := &passkeysPage{Base: h.server.NewBase(c, "passkey.title"), Left: left}
	for _, k := range keys {
		p.Keys = append(p.Keys, passkeyRow{ID: k.ID, Day: k.Since.In(h.people.london).Format(time.DateOnly)})
	}
	ceremony, err := h.people.BeginPasskey(c.UserContext(), person)
	switch {
	case errors.Is(err, fault.Denied):
		p.Closed = true
	case errors.Is(err, fault.TooMany):
	case err != nil:
		return err
	default:
		p.Options = ceremony.Options
		h.server.SetCookie(c, ceremonyCookie(), ceremony.ID)
	}
	return web.Render(c, "people/passkeys", p)
}

func (h handler) addPasskey(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	var codes []string
	if err == nil {
		codes, err = h.people.AddPasskey(c.UserContext(), Current(c), h.server.Cookie(c, ceremonyCookie()), f.Text("credential"))
	}
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Invalid) || errors.Is(err, fault.Conflict) {
		h.people.cfg.Log.Warn("passkey", "error", err.Error())
		return web.Redirect(c, "/app/me/passkeys?said=passkey-refused")
	}
	if err != nil {
		return err
	}
	h.server.ClearCookie(c, ceremonyCookie())
	if Current(c).Withheld { // the key has just been shown: the session is as good as one that began with it
		if err := h.begin(c, Current(c), ByPasskey); err != nil {
			return err
		}
	}
	if len(codes) == 0 {
		return web.Redirect(c, "/app/me/passkeys?said=saved")
	}
	return h.showRecovery(c, codes)
}

// showRecovery answers the post itself: the codes are nowhere to be had afterwards.
func (h handler) showRecovery(c *fiber.Ctx, codes []string) error {
	return web.Render(c, "people/recovery", &recoveryPage{Base: h.server.NewBase(c, "passkey.recovery-title"), Codes: codes})
}

func (h handler) removePasskey(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err == nil {
		err = h.people.RemovePasskey(c.UserContext(), Current(c), f.Text("id"))
	}
	if err != nil {
		return err
	}
	return web.Redirect(c, "/app/me/passkeys?said=saved")
}

func (h handler) renewRecovery(c *fiber.Ctx) error {
	person := Current(c)
	if person.Withheld {
		return fault.Denied
	}
	codes, err := h.people.RenewRecovery(c.UserContext(), person)
	if err != nil {
		return err
	}
	return h.showRecovery(c, codes)
}

// elsewhere says whether the page has been asked for at another host than the public address: passkeys and what universities' own sign-ins send back
// belong to that one. It returns the same page there.
func (h handler) elsewhere(c *fiber.Ctx) (string, bool) {
	u, err := url.Parse(h.server.URL(""))
	if err != nil || u.Host == string(c.Context().Host()) || !h.server.KnowsHost(string(c.Context().Host())) {
		return "", false
	}
	return h.server.URL(c.OriginalURL()), true
}
