package requirement

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

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
			if err := s.words.Delete(ctx, wordID(had, w)); err != nil && !errors.Is(err, fault.NotFound) {
				return err
			}
		}
	}
	return nil
}

// erase removes a person's entry, completions and exceptions.
func (s *requirementStore) erase(ctx context.Context, person string) error {
	m, err := s.members.Get(ctx, person)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	if err == nil {
		for _, w := range words(m) {
			if err := s.words.Delete(ctx, wordID(m, w)); err != nil && !errors.Is(err, fault.NotFound) {
				return err
			}
		}
		if err := s.members.Delete(ctx, person); err != nil && !errors.Is(err, fault.NotFound) {
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

// find returns at most maxFound persons that have a word with one of these beginnings; more says that there are others.
func (s *requirementStore) find(ctx context.Context, institution string, beginnings []string) (persons []string, more bool, err error) {
	seen := map[string]bool{}
	for _, beginning := range beginnings {
		for w, err := range s.words.Each(ctx, store.All().Prefix(store.IDField, institution+":"+beginning)) {
			if err != nil {
				return nil, false, err
			}
			person := w.ID[strings.LastIndexByte(w.ID, ':')+1:]
			if seen[person] {
				continue
			}
			if len(persons) == maxFound {
				return persons, true, nil
			}
			seen[person] = true
			persons = append(persons, person)
		}
	}
	return persons, false, nil
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
