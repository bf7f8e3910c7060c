package workshop

import (
	"context"

	"github.com/upstander/upstander/internal/store"
)

// endedBefore returns some of an institution's workshops that ended, from before a civil day.
func (s *roomStore) endedBefore(ctx context.Context, institution, day string) ([]Room, error) {
	page, err := s.rooms.Find(ctx, store.Where("institution", institution).Where("state", Ended).Range("day", nil, day).Limit(100))
	return page.Items, err
}

// forgetRoom deletes a room and who was there, the room last: it is found again where this stops halfway.
func (s *roomStore) forgetRoom(ctx context.Context, id string) error {
	if err := s.eraseAll(ctx, id); err != nil {
		return err
	}
	if _, err := s.attended.DeleteWhere(ctx, store.Where("room", id)); err != nil {
		return err
	}
	return absent(s.rooms.Delete(ctx, id))
}
