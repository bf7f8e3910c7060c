package people

import (
	"context"
	"errors"
	"iter"
	"reflect"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// Engine is where persons are kept.
type Engine = store.Engine

type personStore struct {
	persons    *store.Collection[Person]
	identities *store.Collection[Identity]
	lists      *store.Collection[Admins]
	passkeys   *store.Collection[Passkey]
	recoveries *store.Collection[Recovery]
}

// Page is one page of persons.
type Page = store.Page[Person]

func openStore(ctx context.Context, e store.Engine) (*personStore, error) {
	persons, err := store.Open[Person](ctx, e, store.Schema{
		Name: "people", Indexes: []store.Index{store.Unique("institution", "email"), store.On("institution", "helps", "email")},
		Version: 2, Migrations: []store.Migration{{To: 2, Change: addScope}},
	})
	if err != nil {
		return nil, err
	}
	identities, err := store.Open[Identity](ctx, e, store.Schema{Name: "identities", Indexes: []store.Index{store.On("person")}})
	if err != nil {
		return nil, err
	}
	lists, err := store.Open[Admins](ctx, e, store.Schema{Name: "admins"})
	if err != nil {
		return nil, err
	}
	passkeys, err := store.Open[Passkey](ctx, e, store.Schema{Name: "passkeys", Indexes: []store.Index{store.On("person", "since")}})
	if err != nil {
		return nil, err
	}
	recoveries, err := store.Open[Recovery](ctx, e, store.Schema{Name: "recoveries"})
	if err != nil {
		return nil, err
	}
	return &personStore{persons: persons, identities: identities, lists: lists, passkeys: passkeys, recoveries: recoveries}, nil
}

// addScope brings persons from before roles had a scope up to date.
func addScope(f store.Fields) error {
	roles := reflect.ValueOf(f["roles"])
	f["helps"] = roles.Kind() == reflect.Slice && roles.Len() > 0
	f["group_roles"], f["scope"] = []string{}, []string{}
	return nil
}

func (s *personStore) get(ctx context.Context, id string) (Person, error) {
	return s.persons.Get(ctx, id)
}

func (s *personStore) byEmail(ctx context.Context, institution, email string) (Person, error) {
	return s.persons.One(ctx, store.Where("institution", institution).Where("email", email))
}

func (s *personStore) insert(ctx context.Context, p Person) error {
	p.Helps = len(p.Roles) > 0
	return s.persons.Insert(ctx, p)
}

func (s *personStore) update(ctx context.Context, id string, change func(*Person) error) (Person, error) {
	return s.persons.Update(ctx, id, func(p *Person) error {
		err := change(p)
		p.Helps = len(p.Roles) > 0
		return err
	})
}

func (s *personStore) identity(ctx context.Context, id string) (Identity, error) {
	return s.identities.Get(ctx, id)
}

// identitiesOf lists the identities of a person: one for each of the university's own ways to sign in, so a page holds them all.
func (s *personStore) identitiesOf(ctx context.Context, person string) ([]Identity, error) {
	page, err := s.identities.Find(ctx, store.Where("person", person).Limit(store.MaxPage))
	return page.Items, err
}

func (s *personStore) insertIdentity(ctx context.Context, i Identity) error {
	return s.identities.Insert(ctx, i)
}

// insertMany adds those whose id and address are free and returns the ids of the others, sorted.
func (s *personStore) insertMany(ctx context.Context, list []Person) ([]string, error) {
	return s.persons.InsertMany(ctx, list)
}

func (s *personStore) delete(ctx context.Context, id string) error { return s.persons.Delete(ctx, id) }

func (s *personStore) helpers(ctx context.Context, institution, after, before string) (Page, error) {
	return s.persons.Find(ctx, store.Where("institution", institution).Where("helps", true).By("email").After(after).Before(before))
}

func (s *personStore) eachHelper(ctx context.Context, institution string) iter.Seq2[Person, error] {
	return s.persons.Each(ctx, store.Where("institution", institution).Where("helps", true).By("email"))
}

func (s *personStore) admins(ctx context.Context, institution string) (Admins, error) {
	return s.lists.Get(ctx, institution)
}

func (s *personStore) insertAdmins(ctx context.Context, a Admins) error {
	return s.lists.Insert(ctx, a)
}

func (s *personStore) updateAdmins(ctx context.Context, institution string, change func(*Admins) error) error {
	_, err := s.lists.Update(ctx, institution, change)
	return err
}

// passkeysOf lists a person's keys, the oldest first: never more than maxPasskeys.
func (s *personStore) passkeysOf(ctx context.Context, person string) ([]Passkey, error) {
	page, err := s.passkeys.Find(ctx, store.Where("person", person).Limit(store.MaxPage))
	return page.Items, err
}

func (s *personStore) passkey(ctx context.Context, id string) (Passkey, error) {
	return s.passkeys.Get(ctx, id)
}

func (s *personStore) insertPasskey(ctx context.Context, k Passkey) error {
	return s.passkeys.Insert(ctx, k)
}

func (s *personStore) updatePasskey(ctx context.Context, id string, change func(*Passkey) error) error {
	_, err := s.passkeys.Update(ctx, id, change)
	return err
}

func (s *personStore) deletePasskey(ctx context.Context, id string) error {
	return s.passkeys.Delete(ctx, id)
}

func (s *personStore) recovery(ctx context.Context, person string) (Recovery, error) {
	return s.recoveries.Get(ctx, person)
}

func (s *personStore) putRecovery(ctx context.Context, r Recovery) error {
	_, err := s.recoveries.Upsert(ctx, r.Person, func(kept *Recovery, _ bool) error { *kept = r; return nil })
	return err
}

func (s *personStore) updateRecovery(ctx context.Context, person string, change func(*Recovery) error) error {
	_, err := s.recoveries.Update(ctx, person, change)
	return err
}

// deleteRecovery forgets a person's codes; that there are none is no error.
func (s *personStore) deleteRecovery(ctx context.Context, person string) error {
	if err := s.recoveries.Delete(ctx, person); !errors.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

// forgetWays erases how a person signs in.
func (s *personStore) forgetWays(ctx context.Context, person string) error {
	if _, err := s.identities.DeleteWhere(ctx, store.Where("person", person)); err != nil {
		return err
	}
	if _, err := s.passkeys.DeleteWhere(ctx, store.Where("person", person)); err != nil {
		return err
	}
	return s.deleteRecovery(ctx, person)
}
