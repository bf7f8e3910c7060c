package requirement

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// Engine is where rosters, requirements and standings are kept.
type Engine = store.Engine

// Page is one page of standings.
type Page = store.Page[Standing]

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

// Members.

func (s *requirementStore) member(ctx context.Context, person string) (Member, error) {
	return s.members.Get(ctx, person)
}

func (s *requirementStore) memberByExternalID(ctx context.Context, institution, id string) (Member, error) {
	return s.members.One(ctx, store.Where("institution", institution).Where("external_id", id))
}

// eachMember walks an institution's roster.
func (s *requirementStore) eachMember(ctx context.Context, institution string) iter.Seq2[Member, error] {
	return s.members.Each(ctx, store.Where("institution", institution).By("place"))
}

func (s *requirementStore) membersOf(ctx context.Context, institution, cursor string) (store.Page[Member], error) {
	return s.members.Find(ctx, store.Where("institution", institution).By("place").After(cursor).Limit(500))
}

func (s *requirementStore) insertMembers(ctx context.Context, list []Member) (refused []string, err error) {
	if refused, err = s.members.InsertMany(ctx, list); err != nil {
		return nil, err
	}
	return refused, s.insertWords(ctx, list)
}

func (s *requirementStore) insertWords(ctx context.Context, list []Member) error {
	var all []word
	for _, m := range list {
		for _, w := range words(m) {
			all = append(all, word{wordID(m, w)})
		}
	}
	slices.SortFunc(all, func(a, b word) int { return strings.Compare(a.ID, b.ID) }) // neighbours are written side by side
	_, err := s.words.InsertMany(ctx, all)
	return err
}

func wordID(m Member, w string) string { return m.Institution + ":" + w + ":" + m.ID }

// replaceMember writes a member whose row has changed, with the words that it is found by.
func (s *requirementStore) replaceMember(ctx context.Context, had, now Member) error {
	same := slices.Equal(words(had), words(now))
	if !same {
		if err := s.insertWords(ctx, []Member{now}); err != nil {
			return err
		}
	}
	_, err := s.members.Update(ctx, now.ID, func(m *Member) error { *m = now; return nil })
	if err != nil || same {
		return err
	}
	keep := map[string]bool{}
	for _, w := range words(now) {
		keep[w] = true
	}
	for _, w := range words(had) {
		if !keep[w] {
			if err := s.words.Delete(ctx, wordID(had, w)); err != nil && !isGone(err) {
				return err
			}
		}
	}
	return nil
}

// leftBefore returns members whose day of leaving is before one. Those who are enrolled have none, and an empty text comes before any day.
func (s *requirementStore) leftBefore(ctx context.Context, day string, limit int) ([]Member, error) {
	page, err := s.members.Find(ctx, store.All().Range("left", "0", day).Limit(limit))
	return page.Items, err
}

// erase removes a person's entry, completions and exceptions.
func (s *requirementStore) erase(ctx context.Context, person string) error {
	m, err := s.members.Get(ctx, person)
	if err != nil && !isGone(err) {
		return err
	}
	if err == nil {
		for _, w := range words(m) {
			if err := s.words.Delete(ctx, wordID(m, w)); err != nil && !isGone(err) {
				return err
			}
		}
		if err := s.members.Delete(ctx, person); err != nil && !isGone(err) {
			return err
		}
	}
	own := store.All().Prefix(store.IDField, person+":")
	if _, err := s.completed.DeleteWhere(ctx, own); err != nil {
		return err
	}
	_, err = s.decided.DeleteWhere(ctx, own)
	return err
}

// find returns persons that have a word with this beginning.
func (s *requirementStore) find(ctx context.Context, institution, beginning string) ([]string, error) {
	page, err := s.words.Find(ctx, store.All().Prefix(store.IDField, institution+":"+short(beginning, maxSlug)).Limit(maxFound))
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var persons []string
	for _, w := range page.Items {
		if person := w.ID[strings.LastIndexByte(w.ID, ':')+1:]; !seen[person] {
			seen[person] = true
			persons = append(persons, person)
		}
	}
	return persons, nil
}

// insertValues adds those that are not there yet; how a value was first written stays.
func (s *requirementStore) insertValues(ctx context.Context, list []Value) error {
	_, err := s.named.InsertMany(ctx, list)
	return err
}

func (s *requirementStore) values(ctx context.Context, institution string) ([]Value, error) {
	var all []Value
	for v, err := range s.named.Each(ctx, store.All().Prefix(store.IDField, institution+"/")) {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// Uploads.

// part is a piece of an uploaded file: upload:number.
type part struct {
	ID      string `bson:"_id"`
	Content []byte `bson:"content"`
}

const partSize = 1 << 20

// insertUpload keeps the file first: an upload that is there is whole.
func (s *requirementStore) insertUpload(ctx context.Context, u Upload, content []byte) error {
	for i := 0; i*partSize < len(content); i++ {
		p := part{fmt.Sprintf("%s:%05d", u.ID, i), content[i*partSize : min(len(content), (i+1)*partSize)]}
		if err := s.parts.Insert(ctx, p); err != nil {
			return err
		}
	}
	return s.uploads.Insert(ctx, u)
}

func (s *requirementStore) upload(ctx context.Context, id string) (Upload, error) {
	return s.uploads.Get(ctx, id)
}

func (s *requirementStore) updateUpload(ctx context.Context, id string, change func(*Upload) error) (Upload, error) {
	return s.uploads.Update(ctx, id, change)
}

// uploadsOf returns an institution's latest uploads.
func (s *requirementStore) uploadsOf(ctx context.Context, institution string) ([]Upload, error) {
	page, err := s.uploads.Find(ctx, store.Where("institution", institution).By("at").Desc().Limit(20))
	return page.Items, err
}

func (s *requirementStore) pendingUploads(ctx context.Context, now time.Time) ([]Upload, error) {
	page, err := s.uploads.Find(ctx, due(PendingWork, now))
	return page.Items, err
}

func (s *requirementStore) oldUploads(ctx context.Context, before time.Time) ([]Upload, error) {
	page, err := s.uploads.Find(ctx, store.All().Range("at", nil, before).By("at").Limit(store.MaxPage))
	return page.Items, err
}

// uploaded returns a reader of an upload's file, part by part.
func (s *requirementStore) uploaded(ctx context.Context, id string) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		for p, err := range s.parts.Each(ctx, store.All().Prefix(store.IDField, id+":")) {
			if err == nil {
				_, err = w.Write(p.Content)
			}
			if err != nil {
				w.CloseWithError(err)
				return
			}
		}
		w.Close()
	}()
	return r
}

// forgetFile removes what was uploaded; its report stays.
func (s *requirementStore) forgetFile(ctx context.Context, id string) error {
	_, err := s.parts.DeleteWhere(ctx, store.All().Prefix(store.IDField, id+":"))
	return err
}

func (s *requirementStore) removeUpload(ctx context.Context, id string) error {
	err := s.uploads.Delete(ctx, id)
	if isGone(err) {
		err = nil
	}
	return errors.Join(err, s.forgetFile(ctx, id))
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
	if isGone(err) {
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

// Standings.

func (s *requirementStore) standing(ctx context.Context, id string) (Standing, error) {
	return s.standings.Get(ctx, id)
}

// standingsOf returns all of a person's standings. There are as many as requirements and cycles: one page.
func (s *requirementStore) standingsOf(ctx context.Context, person string) ([]Standing, error) {
	page, err := s.standings.Find(ctx, store.All().Prefix(store.IDField, person+":").Limit(store.MaxPage))
	return page.Items, err
}

// insertStanding fails with errStale when there is one already.
func (s *requirementStore) insertStanding(ctx context.Context, st Standing) error {
	err := s.standings.Insert(ctx, st)
	if errors.Is(err, fault.Conflict) {
		return errStale
	}
	return err
}

// insertStandings adds those that are not there yet and returns the ids of the others.
func (s *requirementStore) insertStandings(ctx context.Context, list []Standing) (refused []string, err error) {
	return s.standings.InsertMany(ctx, list)
}

// replaceStanding fails with errStale when the standing is no longer what it had been.
func (s *requirementStore) replaceStanding(ctx context.Context, had, now Standing) error {
	_, err := s.standings.Update(ctx, had.ID, func(st *Standing) error {
		if *st != had {
			return errStale
		}
		*st = now
		return nil
	})
	if isGone(err) {
		return errStale
	}
	return err
}

func (s *requirementStore) removeStanding(ctx context.Context, had Standing) error {
	err := s.standings.Delete(ctx, had.ID)
	if isGone(err) {
		return errStale
	}
	return err
}

// walk returns some standings of one status behind a spot, in a leaf place, a cohort or a whole institution.
func (s *requirementStore) walk(ctx context.Context, q Query, place, status string, at spot, descending bool, n int) ([]Standing, error) {
	find := store.Where("requirement", q.Requirement).Where("cycle", q.Cycle).Where("status", status).Limit(n)
	switch {
	case leaf(place):
		find = find.Where("place", place)
	case cohort(place):
		find = find.Where("cohort", place)
	}
	if q.By == ByDay {
		find = find.By("day")
	} else {
		find = find.By("name_key")
	}
	if descending {
		find = find.Desc()
	}
	if at != nil {
		values := make([]any, len(at))
		for i := range at {
			values[i] = at[i]
		}
		cursor, err := store.CursorAt(values...)
		if err != nil {
			return nil, err
		}
		find = find.After(cursor)
	}
	page, err := s.standings.Find(ctx, find)
	return page.Items, err
}

// openOn returns a page of those who have not met a requirement and whose date is this one: an open standing has no day.
func (s *requirementStore) openOn(ctx context.Context, requirement, cycle, due, after string) (Page, error) {
	return s.standings.Find(ctx, store.Where("requirement", requirement).Where("cycle", cycle).Where("status", Open).Where("day", "").Where("due", due).
		After(after).Limit(500))
}

// eachStanding walks leaf place by leaf place; in each it goes by status, then by name.
func (s *requirementStore) eachStanding(ctx context.Context, q Query) iter.Seq2[Standing, error] {
	return func(yield func(Standing, error) bool) {
		find := store.Where("requirement", q.Requirement).Where("cycle", q.Cycle).Prefix("place", q.Place).By("place", "status", "name_key")
		for st, err := range s.standings.Each(ctx, find) {
			if err == nil && (q.Status != "" && st.Status != q.Status || q.Search != "" && !st.named(strings.Fields(fold(q.Search)))) {
				continue
			}
			if !yield(st, err) {
				return
			}
		}
	}
}

// Cells.

func (s *requirementStore) cell(ctx context.Context, id string) (Cell, error) {
	return s.counted.Get(ctx, id)
}

// cells returns all cells below a place.
func (s *requirementStore) cells(ctx context.Context, requirement, cycle, place string) ([]Cell, error) {
	var all []Cell
	for c, err := range s.counted.Each(ctx, store.All().Prefix(store.IDField, cellID(requirement, cycle, place))) {
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// putCell writes a cell if the one that is there has the given turn; nought is no cell. errStale otherwise.
func (s *requirementStore) putCell(ctx context.Context, turn int64, now Cell) error {
	_, err := s.counted.Upsert(ctx, now.ID, func(c *Cell, found bool) error {
		if found && c.Turn != turn || !found && turn != 0 {
			return errStale
		}
		*c = now
		return nil
	})
	return err
}

// insertCells adds those that are not there yet and returns the ids of the others.
func (s *requirementStore) insertCells(ctx context.Context, list []Cell) (refused []string, err error) {
	return s.counted.InsertMany(ctx, list)
}

// counts groups the standings of one leaf place, or of all when place is empty.
func (s *requirementStore) counts(ctx context.Context, requirement, cycle, place string) ([]count, error) {
	q, fields := store.Where("requirement", requirement).Where("cycle", cycle), []string{"place", "status", "day", "due"}
	if place != "" {
		q, fields = q.Where("place", place), fields[1:]
	}
	groups, err := s.standings.Tally(ctx, q, fields...)
	if err != nil {
		return nil, fmt.Errorf("count standings: %w", err)
	}
	all := make([]count, len(groups))
	for i, g := range groups {
		one := count{place: place, n: int(g.N)}
		if place == "" {
			one.place = g.Text(0)
			g.Values = g.Values[1:]
		}
		one.status, one.day, one.due = g.Text(0), g.Text(1), g.Text(2)
		all[i] = one
	}
	return all, nil
}

func isGone(err error) bool { return errors.Is(err, fault.NotFound) }
