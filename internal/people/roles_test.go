package people_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
)

func recorded(t *testing.T, s *peopletest.Site, institution string) []string {
	t.Helper()
	page, err := s.Audit.Entries(t.Context(), audit.Filter{Institution: institution}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range page.Items {
		all = append(all, fmt.Sprintf("%s %s %s %s", e.Actor, e.Verb, e.Subject, e.Detail))
	}
	return all
}

func TestAdminGivesAndTakesRoles(t *testing.T) {
	s, _ := newSite(t)
	admin := s.SignIn("admin@north.example", people.Admin)
	a := admin.Post("/app/roles", "email", "Kim@north.example", "role", "staff")
	if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location, "/app/roles/") {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	kim := s.SignIn("kim@north.example")
	path := "/app/roles/" + kim.Person.ID
	if a.Location != path+"?said=saved" {
		t.Errorf("it leads to %s", a.Location)
	}
	if a := kim.Get("/app/staff"); a.Status != http.StatusOK {
		t.Errorf("staff: %d", a.Status)
	}
	if list := admin.Get("/app/roles"); !strings.Contains(list.Body, "kim@north.example") || !strings.Contains(list.Body, "The whole university") {
		t.Error("the list does not show it")
	}
	if a := admin.Post(path, "roles", "staff", "roles", "facilitator", "scope", " 2026/arts \n/2026/law/llb/\n\n2026/arts"); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	p, err := s.People.Person(t.Context(), kim.Person.ID)
	if err != nil || strings.Join(p.Scope, " ") != "north/2026/arts/ north/2026/law/llb/" {
		t.Errorf("scope %q, %v", p.Scope, err)
	}
	for place, want := range map[string]bool{"north/2026/arts/history/ug/": true, "north/2026/arts-and-law/": false, "north/2026/law/llb/": true, "north/2026/law/": false, "south/2026/arts/": false} {
		if p.Sees(place) != want {
			t.Errorf("sees %s: %v", place, !want)
		}
	}
	if page := admin.Get(path); !strings.Contains(page.Body, "2026/arts\n2026/law/llb</textarea>") {
		t.Errorf("the scope on the page: %s", page.Body)
	}
	admin.Post(path, "roles", "facilitator")
	if a := kim.Get("/app/staff"); a.Status != http.StatusForbidden {
		t.Errorf("staff after it was taken: %d", a.Status)
	}
	me, him := admin.Person.ID, kim.Person.ID
	want := []string{
		me + " scope-change " + him + " ", me + " role-revoke " + him + " staff", me + " role-grant " + him + " facilitator",
		me + " scope-change " + him + " north/2026/arts/ north/2026/law/llb/", me + " role-grant " + him + " staff",
	}
	if got := recorded(t, s, "north"); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the audit log:\n%s", strings.Join(got, "\n"))
	}
	admin.Post(path)
	if list := admin.Get("/app/roles"); strings.Contains(list.Body, "kim@north.example") {
		t.Error("somebody without a role is on the list")
	}
}

func TestRolesStayWithinTheInstitution(t *testing.T) {
	s, _ := newSite(t)
	north, south := s.SignIn("admin@north.example", people.Admin), s.SignIn("admin@south.example", people.Admin)
	student := s.SignIn("sam@south.example")
	for _, id := range []string{south.Person.ID, student.Person.ID, "nobody"} {
		if a := north.Get("/app/roles/" + id); a.Status != http.StatusNotFound {
			t.Errorf("a person of another university: %d", a.Status)
		}
		if a := north.Post("/app/roles/"+id, "roles", "admin"); a.Status != http.StatusNotFound {
			t.Errorf("changing a person of another university: %d", a.Status)
		}
	}
	if a := north.Post("/app/roles", "email", "sam@south.example", "role", "admin"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "your own university") {
		t.Errorf("an address of another university: %d", a.Status)
	}
	if list := north.Get("/app/roles"); strings.Contains(list.Body, "south.example") {
		t.Error("the list shows another university's people")
	}
	if got := recorded(t, s, "north"); len(got) > 0 {
		t.Errorf("recorded: %v", got)
	}
	for _, role := range []people.Role{people.Student, people.Facilitator, people.Staff, people.Responder} {
		v := s.SignIn(string(role)+"@north.example", role)
		if a := v.Get("/app/roles"); a.Status != http.StatusForbidden {
			t.Errorf("%s: %d", role, a.Status)
		}
		if a := v.Post("/app/roles", "email", string(role)+"@north.example", "role", "admin"); a.Status != http.StatusForbidden {
			t.Errorf("%s makes admins: %d", role, a.Status)
		}
	}
}

func TestWrongRoleForms(t *testing.T) {
	s, _ := newSite(t)
	admin := s.SignIn("admin@north.example", people.Admin)
	for says, fields := range map[string][]string{
		"Choose one of the list":  {"email", "kim@north.example", "role", "student"},
		"Type an e-mail address":  {"email", "kim", "role", "staff"},
		"Give an address of your": {"email", "kim@elsewhere.example", "role", "staff"},
	} {
		if a := admin.Post("/app/roles", fields...); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, says) {
			t.Errorf("%v: %d", fields, a.Status)
		}
	}
	path := "/app/roles/" + s.SignIn("kim@north.example").Person.ID
	for _, scope := range []string{"Science", "a//b", "../x", "a b", strings.Repeat("x", 300), "a\nb\n@"} {
		if a := admin.Post(path, "roles", "staff", "scope", scope); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#scope"`) {
			t.Errorf("scope %q: %d", scope, a.Status)
		}
	}
	if a := admin.Post(path, "roles", "emperor"); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("a role that is none: %d", a.Status)
	}
}

func TestTheLastAdminStays(t *testing.T) {
	s, _ := newSite(t)
	one := s.SignIn("one@north.example", people.Admin)
	s.SignIn("admin@south.example", people.Admin) // counts for south only
	path := "/app/roles/" + one.Person.ID
	if a := one.Post(path, "roles", "staff"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "last administrator") {
		t.Errorf("the only admin: %d", a.Status)
	}
	if got := recorded(t, s, "north"); len(got) > 0 {
		t.Errorf("what was refused is recorded: %v", got)
	}
	two := s.SignIn("two@north.example", people.Admin)
	if a := one.Post(path); a.Location != "/app/me?said=saved" {
		t.Errorf("one of two leaves: %d %s", a.Status, a.Location)
	}
	if a := one.Get("/app/roles"); a.Status != http.StatusForbidden {
		t.Errorf("who has left: %d", a.Status)
	}
	if a := two.Post("/app/roles/" + two.Person.ID); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("the other one: %d", a.Status)
	}
}

// TestAdminsWhoRemoveEachOther lets a crowd of admins remove each other all at once, again and again: one always stays.
func TestAdminsWhoRemoveEachOther(t *testing.T) {
	for _, crowd := range []int{2, 3} {
		s, _ := newSite(t)
		for range 6 {
			removeEachOther(t, s, crowd)
		}
	}
}

func removeEachOther(t *testing.T, s *peopletest.Site, crowd int) {
	t.Helper()
	var admins []people.Person
	for i := range crowd {
		admins = append(admins, s.SignIn(fmt.Sprintf("admin%d@north.example", i), people.Admin).Person)
	}
	var wg sync.WaitGroup
	errs := make([]error, len(admins))
	for i, actor := range admins {
		wg.Go(func() {
			_, errs[i] = s.People.ChangeRoles(t.Context(), actor, admins[(i+1)%len(admins)].ID, nil, "")
		})
	}
	wg.Wait()
	left, refused := 0, 0
	for i := range admins {
		p, err := s.People.Person(t.Context(), admins[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		if p.Is(people.Admin) {
			left++
		}
		if errors.Is(errs[i], fault.Invalid) {
			refused++
		} else if errs[i] != nil {
			t.Error(errs[i])
		}
	}
	if left != 1 || refused != 1 {
		t.Errorf("of %d admins %d are left, %d refused", len(admins), left, refused)
	}
}

func TestWhatAnOperatorGrantsIsRecorded(t *testing.T) {
	s, _ := newSite(t)
	p, err := s.People.GrantBy(t.Context(), audit.Operator, "Kim@north.example", people.Staff)
	if err != nil || !p.Is(people.Staff) {
		t.Fatalf("%+v, %v", p, err)
	}
	if got, want := recorded(t, s, "north"), []string{"operator role-grant " + p.ID + " staff"}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	if _, err := s.People.GrantBy(t.Context(), audit.Operator, "kim@north.example", "queen"); !errors.Is(err, fault.Invalid) {
		t.Errorf("a role that does not exist: %v", err)
	}
}

func TestNothingIsDoneThatCannotBeRecorded(t *testing.T) {
	s, _ := newSite(t)
	admin := s.SignIn("admin@north.example", people.Admin)
	kim := s.SignIn("kim@north.example")
	s = s.Unrecorded()
	routes(s)
	admin.Site = s
	if a := admin.Post("/app/roles/"+kim.Person.ID, "roles", "admin", "scope", "2026"); a.Status != http.StatusServiceUnavailable {
		t.Errorf("%d", a.Status)
	}
	if a := admin.Post("/app/roles", "email", "kim@north.example", "role", "staff"); a.Status != http.StatusServiceUnavailable {
		t.Errorf("%d", a.Status)
	}
	if _, err := s.People.GrantBy(t.Context(), audit.Operator, "kim@north.example", people.Admin); !errors.Is(err, fault.Unavailable) {
		t.Errorf("an operator: %v", err)
	}
	p, err := s.People.Person(t.Context(), kim.Person.ID)
	if err != nil || len(p.Roles) > 0 || len(p.Scope) > 0 {
		t.Errorf("%+v, %v", p, err)
	}
}
