package people

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
)

// Admins lists who administers an institution: one document, so that the last one cannot be removed by two requests at once. Everybody on the list
// holds the role; somebody who holds it may be missing, after a crash between two writes, and is then not counted.
type Admins struct {
	Institution string   `bson:"_id"`
	Persons     []string `bson:"persons"`
}

// errChanged says that a document is no longer what a decision was based on.
var errChanged = errors.New("changed meanwhile")

// GrantedRoles are the roles that an admin can give: all but the one that everybody has.
func GrantedRoles() []Role { return Roles()[1:] }

// Helpers returns one page of the people of an institution who have been granted roles, by address.
func (s *Service) Helpers(ctx context.Context, institution, after, before string) (Page, error) {
	return s.store.helpers(ctx, institution, after, before)
}

// Colleague returns a person of the actor's own institution; anybody else is fault.NotFound.
func (s *Service) Colleague(ctx context.Context, actor Person, id string) (Person, error) {
	p, err := s.store.get(ctx, id)
	if err == nil && p.Institution != actor.Institution {
		err = fmt.Errorf("person of another institution: %w", fault.NotFound)
	}
	if err != nil {
		return Person{}, err
	}
	return p, nil
}

// Appoint gives a role to whoever has an address at the actor's institution, and makes the person known where nobody has signed in with it yet.
// fault.Problems on "email" and "role".
func (s *Service) Appoint(ctx context.Context, actor Person, email string, role Role) (Person, error) {
	email, err := CleanEmail(email)
	if err != nil {
		return Person{}, err
	}
	if !slices.Contains(GrantedRoles(), role) {
		return Person{}, fault.Problems{{Field: "role", Key: "form.choose"}}
	}
	if in, err := s.InstitutionOf(email); err != nil || in.ID != actor.Institution {
		return Person{}, fault.Problems{{Field: "email", Key: "roles.email-elsewhere"}}
	}
	p, err := s.findOrAdd(ctx, email, actor.Language)
	if err != nil {
		return Person{}, err
	}
	if p.Institution != actor.Institution {
		return Person{}, fault.Problems{{Field: "email", Key: "roles.email-elsewhere"}}
	}
	return p, s.give(ctx, actor.ID, p, role)
}

// ChangeRoles makes these the roles that a colleague has been granted, and these the places whose people staff may see, one a line; none means the
// whole institution. Each change is recorded. fault.Problems on "roles" where the institution would lose its last admin, and on "scope".
func (s *Service) ChangeRoles(ctx context.Context, actor Person, id string, roles []Role, places string) (Person, error) {
	p, err := s.Colleague(ctx, actor, id)
	if err != nil {
		return Person{}, err
	}
	scope, err := readScope(p.Institution, places)
	if err != nil {
		return Person{}, err
	}
	for _, r := range roles {
		if !slices.Contains(GrantedRoles(), r) {
			return Person{}, fault.Problems{{Field: "roles", Key: "form.choose"}}
		}
	}
	for _, r := range GrantedRoles() { // what can be refused comes first: the last admin
		if slices.Contains(p.Roles, r) && !slices.Contains(roles, r) {
			if err := s.take(ctx, actor.ID, p, r); err != nil {
				return Person{}, err
			}
		}
	}
	if !slices.Equal(scope, p.Scope) {
		if err := s.record(ctx, actor.ID, audit.ScopeChange, p, inShort(scope)); err != nil {
			return Person{}, err
		}
		if _, err := s.store.update(ctx, p.ID, func(p *Person) error { p.Scope = scope; return nil }); err != nil {
			return Person{}, err
		}
	}
	for _, r := range roles {
		if !slices.Contains(p.Roles, r) {
			if err := s.give(ctx, actor.ID, p, r); err != nil {
				return Person{}, err
			}
		}
	}
	return s.store.get(ctx, p.ID)
}

// record writes down what an actor is about to do to a person. It comes first: what cannot be written down is not done.
func (s *Service) record(ctx context.Context, actor string, verb audit.Verb, p Person, detail string) error {
	return s.cfg.Audit.Record(ctx, audit.Entry{Institution: p.Institution, Actor: actor, Verb: verb, Subject: p.ID, Detail: detail})
}

// give records and grants a role. An admin is one before the list says so: the list never names somebody who is none.
func (s *Service) give(ctx context.Context, actor string, p Person, role Role) error {
	if err := s.record(ctx, actor, audit.RoleGrant, p, string(role)); err != nil {
		return err
	}
	_, err := s.grant(ctx, p, role)
	return err
}

func (s *Service) grant(ctx context.Context, p Person, role Role) (Person, error) {
	p, err := s.store.update(ctx, p.ID, func(p *Person) error {
		if role != Student && !slices.Contains(p.Roles, role) {
			p.Roles = append(p.Roles, role)
		}
		return nil
	})
	if err != nil || role != Admin {
		return p, err
	}
	if err := s.listAdmins(ctx, p.Institution); err != nil {
		return p, err
	}
	return p, s.store.updateAdmins(ctx, p.Institution, func(a *Admins) error {
		if !slices.Contains(a.Persons, p.ID) {
			a.Persons = append(a.Persons, p.ID)
		}
		return nil
	})
}

// take records and revokes a role. An admin leaves the list first, and the list is never left empty.
func (s *Service) take(ctx context.Context, actor string, p Person, role Role) error {
	if role == Admin {
		if _, _, err := s.otherAdmins(ctx, p); err != nil { // before it is written down as done
			return err
		}
	}
	if err := s.record(ctx, actor, audit.RoleRevoke, p, string(role)); err != nil {
		return err
	}
	if role == Admin {
		if err := s.leaveAdmins(ctx, p); err != nil {
			return err
		}
	}
	_, err := s.store.update(ctx, p.ID, func(p *Person) error {
		p.Roles = slices.DeleteFunc(p.Roles, func(r Role) bool { return r == role })
		return nil
	})
	return err
}

// leaveAdmins takes a person off the list of admins, by compare and swap on the list that the decision was based on: of two admins who remove each
// other at once, the second finds a list that has changed, looks again, and is refused.
func (s *Service) leaveAdmins(ctx context.Context, p Person) error {
	for {
		list, others, err := s.otherAdmins(ctx, p)
		if err != nil {
			return err
		}
		err = s.store.updateAdmins(ctx, p.Institution, func(a *Admins) error {
			if !slices.Equal(a.Persons, list) {
				return errChanged
			}
			a.Persons = others
			return nil
		})
		if !errors.Is(err, errChanged) {
			return err
		}
	}
}

// otherAdmins returns the list of an institution's admins, and those on it who are not this person and still hold the role. fault.Problems on
// "roles" when there is nobody else.
func (s *Service) otherAdmins(ctx context.Context, p Person) (list, others []string, err error) {
	if err := s.listAdmins(ctx, p.Institution); err != nil {
		return nil, nil, err
	}
	a, err := s.store.admins(ctx, p.Institution)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range a.Persons {
		if id == p.ID {
			continue
		}
		other, err := s.store.get(ctx, id)
		switch {
		case errors.Is(err, fault.NotFound): // erased
		case err != nil:
			return nil, nil, err
		case slices.Contains(other.Roles, Admin):
			others = append(others, id)
		}
	}
	if len(others) == 0 {
		return nil, nil, fault.Problems{{Field: "roles", Key: "roles.last-admin"}}
	}
	return a.Persons, others, nil
}

// IsLastAdmin says whether somebody is an admin and their institution has no other.
func (s *Service) IsLastAdmin(ctx context.Context, p Person) (bool, error) {
	if !p.Is(Admin) {
		return false, nil
	}
	_, _, err := s.otherAdmins(ctx, p)
	if errors.Is(err, fault.Invalid) {
		return true, nil
	}
	return false, err
}

// listAdmins makes sure that there is a list of an institution's admins, which institutions from before it do not have.
func (s *Service) listAdmins(ctx context.Context, institution string) error {
	_, err := s.store.admins(ctx, institution)
	if !errors.Is(err, fault.NotFound) {
		return err
	}
	a := Admins{Institution: institution, Persons: []string{}}
	for p, err := range s.store.eachHelper(ctx, institution) {
		if err != nil {
			return err
		}
		if slices.Contains(p.Roles, Admin) {
			a.Persons = append(a.Persons, p.ID)
		}
	}
	if err := s.store.insertAdmins(ctx, a); err != nil && !errors.Is(err, fault.Conflict) {
		return err
	}
	return nil
}

// maxScope is how many places one member of staff can be limited to.
const maxScope = 50

var placeRule = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)*/?$`)

// readScope reads places as an admin types them, one a line and without the institution, into the beginnings of paths.
func readScope(institution, places string) ([]string, error) {
	scope := []string{}
	for _, line := range strings.Split(places, "\n") {
		line = strings.Trim(strings.TrimSpace(line), "/")
		if line == "" {
			continue
		}
		if !placeRule.MatchString(line) || len(line) > 200 || len(scope) == maxScope {
			return nil, fault.Problems{{Field: "scope", Key: "roles.scope-wrong"}}
		}
		if place := institution + "/" + line + "/"; !slices.Contains(scope, place) {
			scope = append(scope, place)
		}
	}
	return scope, nil
}

// writeScope is the reverse of readScope.
func writeScope(institution string, scope []string) string {
	lines := make([]string, len(scope))
	for i, place := range scope {
		lines[i] = strings.TrimSuffix(strings.TrimPrefix(place, institution+"/"), "/")
	}
	return strings.Join(lines, "\n")
}

// inShort fits places into a line of the audit log.
func inShort(scope []string) string {
	all := strings.Join(scope, " ")
	if len(all) > 250 {
		return fmt.Sprintf("%.250s… (%d)", all, len(scope))
	}
	return all
}
