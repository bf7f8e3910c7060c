package requirement

import (
	"context"
	"errors"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// Engine is where rosters, requirements and standings are kept.
type Engine = store.Engine

// word is a beginning by which a member is found: institution:word:person. The id is all there is to it.
type word struct {
	ID string `bson:"_id"`
}

type requirementStore struct {
	engine    store.Engine
	members   *store.Collection[Member]
	words     *store.Collection[word]
	named     *store.Collection[Value]
	uploads   *store.Collection[Upload]
	parts     *store.Collection[part]
	rules     *store.Collection[Requirement]
	completed *store.Collection[Completion]
	decided   *store.Collection[Exception]
	standings *store.Collection[Standing]
	counted   *store.Collection[Cell]
}

func openStore(ctx context.Context, e store.Engine) (*requirementStore, error) {
	s := &requirementStore{engine: e}
	pending := store.On("pending", "claimed_until")
	return s, errors.Join(
		open(ctx, e, &s.members, store.Schema{Name: "members", Indexes: []store.Index{
			store.Unique("institution", "external_id"), store.On("institution", "place", "name_key"), store.On("left"),
		}}),
		open(ctx, e, &s.words, store.Schema{Name: "member_words"}),
		open(ctx, e, &s.named, store.Schema{Name: "roster_values"}),
		open(ctx, e, &s.uploads, store.Schema{Name: "roster_uploads", Indexes: []store.Index{store.On("institution", "at"), store.On("at"), pending}}),
		open(ctx, e, &s.parts, store.Schema{Name: "roster_parts"}),
		open(ctx, e, &s.rules, store.Schema{Name: "requirements", Indexes: []store.Index{
			store.On("institution", "ended", "due"), store.On("ended", "swept"), pending,
		}}),
		open(ctx, e, &s.completed, store.Schema{Name: "completions", Indexes: []store.Index{pending}}),
		open(ctx, e, &s.decided, store.Schema{Name: "exceptions", Indexes: []store.Index{pending}}),
		open(ctx, e, &s.standings, standingSchema()),
		open(ctx, e, &s.counted, store.Schema{Name: "cells"}),
	)
}

func open[T any](ctx context.Context, e store.Engine, into **store.Collection[T], schema store.Schema) (err error) {
	*into, err = store.Open[T](ctx, e, schema)
	return err
}

// standingSchema has two indexes, one for each order of a list, for leaf places, cohorts and institutions. The first is for counting too. Where nobody
// has a day yet a place follows, so that those who come onto the roster together are written side by side.
func standingSchema() store.Schema {
	return store.Schema{
		Name: "standings", Version: 3,
		Indexes: []store.Index{
			store.On("requirement", "cycle", "place", "status", "day", "due"),
			store.On("requirement", "cycle", "place", "status", "name_key"),
			store.On("requirement", "cycle", "cohort", "status", "day", "place"),
			store.On("requirement", "cycle", "cohort", "status", "name_key"),
			store.On("requirement", "cycle", "status", "day", "due", "place"),
			store.On("requirement", "cycle", "status", "name_key"),
		},
		Migrations: []store.Migration{{To: 2, Change: fromCompletion}, {To: 3, Change: addCohort}},
	}
}

// fromCompletion: standings of the first version were completions.
func fromCompletion(f store.Fields) error {
	for _, name := range []string{"due", "place", "name_key", "name", "external_id"} {
		f[name] = ""
	}
	f["status"] = Met
	return nil
}

// addCohort names the cohort in standings from before lists of cohorts had indexes of their own.
func addCohort(f store.Fields) error {
	place, _ := f["place"].(string)
	f["cohort"] = cohortPath(place)
	return nil
}

// Requirements.

func (s *requirementStore) requirement(ctx context.Context, id string) (Requirement, error) {
	return s.rules.Get(ctx, id)
}

// requirements returns those of an institution that are in force, or those that ended, by due date. There are few: one page.
func (s *requirementStore) requirements(ctx context.Context, institution, ended string) ([]Requirement, error) {
	page, err := s.rules.Find(ctx, store.Where("institution", institution).Where("ended", ended).By("due").Limit(store.MaxPage))
	return page.Items, err
}

func (s *requirementStore) endedRequirements(ctx context.Context, institution string) ([]Requirement, error) {
	page, err := s.rules.Find(ctx, store.Where("institution", institution).Range("ended", "0", nil).Desc().Limit(store.MaxPage))
	return page.Items, err
}

func (s *requirementStore) insertRequirement(ctx context.Context, r Requirement) error {
	return s.rules.Insert(ctx, r)
}

func (s *requirementStore) updateRequirement(ctx context.Context, id string, change func(*Requirement) error) (Requirement, error) {
	return s.rules.Update(ctx, id, change)
}

func (s *requirementStore) pendingRequirements(ctx context.Context, now time.Time) ([]Requirement, error) {
	page, err := s.rules.Find(ctx, due(PendingStandings, now))
	return page.Items, err
}

func (s *requirementStore) unsweptRequirements(ctx context.Context, today string) ([]Requirement, error) {
	page, err := s.rules.Find(ctx, store.Where("ended", "").Range("swept", nil, today).Limit(store.MaxPage))
	return page.Items, err
}

// due wants what is pending and nobody is working on.
func due(pending string, now time.Time) store.Query {
	return store.Where("pending", pending).Range("claimed_until", nil, now.Add(time.Millisecond)).Limit(100)
}

// rosterLease is how long an import may show no sign of life before another one may begin.
const rosterLease = 2 * time.Minute

// held is the right to import one institution's roster.
type held struct{ lease *store.Lease }

func (h held) renew(ctx context.Context) error { return h.lease.Renew(ctx) }

func (h held) release(ctx context.Context) {
	_ = h.lease.Release(context.WithoutCancel(ctx)) // it would run out by itself
}

// holdRoster lets one import at a time work on an institution's roster; fault.Conflict for another.
func (s *requirementStore) holdRoster(ctx context.Context, institution string) (held, error) {
	lease, err := store.AcquireLease(ctx, s.engine, "roster "+institution, rosterLease)
	return held{lease}, err
}

// Completions and exceptions.

// completions returns all of a person's completions. There are few: one page.
func (s *requirementStore) completions(ctx context.Context, person string) ([]Completion, error) {
	page, err := s.completed.Find(ctx, store.All().Prefix(store.IDField, person+":").Limit(store.MaxPage))
	return page.Items, err
}

func (s *requirementStore) insertCompletion(ctx context.Context, c Completion) error {
	return s.completed.Insert(ctx, c)
}

// insertCompletions adds those that are not there yet.
func (s *requirementStore) insertCompletions(ctx context.Context, list []Completion) error {
	_, err := s.completed.InsertMany(ctx, list)
	return err
}

func (s *requirementStore) updateCompletion(ctx context.Context, id string, change func(*Completion)) error {
	_, err := s.completed.Update(ctx, id, func(c *Completion) error { change(c); return nil })
	return err
}

func (s *requirementStore) pendingCompletions(ctx context.Context, now time.Time) ([]Completion, error) {
	page, err := s.completed.Find(ctx, due(PendingStandings, now))
	return page.Items, err
}

// exception returns what staff decided, empty when they decided nothing.
func (s *requirementStore) exception(ctx context.Context, id string) (Exception, error) {
	ex, err := s.decided.Get(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return Exception{}, nil
	}
	return ex, err
}

func (s *requirementStore) exceptionsOf(ctx context.Context, person string) ([]Exception, error) {
	page, err := s.decided.Find(ctx, store.All().Prefix(store.IDField, person+":").Limit(store.MaxPage))
	return page.Items, err
}

func (s *requirementStore) upsertException(ctx context.Context, id string, change func(*Exception)) (Exception, error) {
	return s.decided.Upsert(ctx, id, func(ex *Exception, _ bool) error { change(ex); return nil })
}

func (s *requirementStore) updateException(ctx context.Context, id string, change func(*Exception)) error {
	_, err := s.decided.Update(ctx, id, func(ex *Exception) error { change(ex); return nil })
	return err
}

func (s *requirementStore) pendingExceptions(ctx context.Context, now time.Time) ([]Exception, error) {
	page, err := s.decided.Find(ctx, due(PendingStandings, now))
	return page.Items, err
}

// carryOver makes completions of what standings of the first version said.
func (s *requirementStore) carryOver(ctx context.Context, module string) error {
	old := store.Where("requirement", module).Where("cycle", Once).Where("place", "")
	for st, err := range s.standings.Each(ctx, old) {
		if err != nil {
			return err
		}
		c := Completion{
			ID: st.ID, Person: st.Person, Institution: st.Institution, Module: module, Cycle: Once, Day: st.Day, Edition: st.Edition, Pending: PendingStandings,
		}
		if err := s.completed.Insert(ctx, c); err != nil && !errors.Is(err, fault.Conflict) {
			return err
		}
	}
	_, err := s.standings.DeleteWhere(ctx, old)
	return err
}
