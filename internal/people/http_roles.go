package people

import (
	"errors"
	"net/url"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/web"
)

// roleRoutes registers who may do what at an institution, for its admins.
func roleRoutes(d Doors, h handler) {
	d.Admin.Get("/roles", h.roles)
	d.Admin.Post("/roles", h.appoint)
	d.Admin.Get("/roles/:person", h.rolesOf)
	d.Admin.Post("/roles/:person", h.changeRoles)
}

func (h handler) roles(c *fiber.Ctx) error {
	p, err := h.rolesPage(c)
	if err != nil {
		return err
	}
	return web.Render(c, "people/roles", p)
}

func (h handler) rolesPage(c *fiber.Ctx) (*rolesPage, error) {
	found, err := h.people.Helpers(c.UserContext(), Current(c).Institution, c.Query("after"), c.Query("before"))
	if err != nil {
		return nil, err
	}
	p := &rolesPage{Base: h.server.NewBase(c, "roles.title"), Prev: found.Prev, Next: found.Next, Role: Facilitator, Choices: GrantedRoles()}
	for _, one := range found.Items {
		p.Helpers = append(p.Helpers, helper{ID: one.ID, Name: one.Name, Email: one.Email, Roles: one.Roles, Places: len(one.Scope)})
	}
	return p, nil
}

func (h handler) appoint(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err == nil {
		var person Person
		if person, err = h.people.Appoint(c.UserContext(), Current(c), f.Text("email"), Role(f.Text("role"))); err == nil {
			return web.Redirect(c, "/app/roles/"+url.PathEscape(person.ID)+"?said=saved")
		}
	}
	p, perr := h.rolesPage(c)
	if perr != nil {
		return perr
	}
	if p.Email, p.Role = f.Text("email"), Role(f.Text("role")); !p.Refuse(err) {
		return err
	}
	return web.Render(c, "people/roles", p)
}

func (h handler) rolesOf(c *fiber.Ctx) error {
	person, err := h.people.Colleague(c.UserContext(), Current(c), c.Params("person"))
	if err != nil {
		return err
	}
	return web.Render(c, "people/roles-of", h.rolesOfPage(c, person, person.Roles, writeScope(person.Institution, person.Scope)))
}

func (h handler) rolesOfPage(c *fiber.Ctx, person Person, roles []Role, scope string) *rolesOfPage {
	p := &rolesOfPage{Base: h.server.NewBase(c, "roles.of-title"), ID: person.ID, Name: person.Name, Email: person.Email, Scope: scope, Own: person.ID == Current(c).ID}
	for _, r := range GrantedRoles() {
		p.Choices = append(p.Choices, roleChoice{Role: r, Chosen: slices.Contains(roles, r), ByGroup: slices.Contains(person.GroupRoles, r)})
	}
	return p
}

func (h handler) changeRoles(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	var roles []Role
	for _, r := range f.All("roles") {
		roles = append(roles, Role(r))
	}
	_, err = h.people.ChangeRoles(c.UserContext(), Current(c), c.Params("person"), roles, f.Text("scope"))
	if err == nil {
		if c.Params("person") == Current(c).ID && !slices.Contains(roles, Admin) {
			return web.Redirect(c, "/app/me?said=saved") // this page is closed to them now
		}
		return web.Redirect(c, c.Path()+"?said=saved")
	}
	if !errors.Is(err, fault.Invalid) {
		return err
	}
	person, perr := h.people.Colleague(c.UserContext(), Current(c), c.Params("person"))
	if perr != nil {
		return perr
	}
	p := h.rolesOfPage(c, person, roles, f.Text("scope"))
	if !p.Refuse(err) {
		return err
	}
	return web.Render(c, "people/roles-of", p)
}
