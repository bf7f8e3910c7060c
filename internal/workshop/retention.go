package workshop

import (
	"context"
	"fmt"
)

// Forget deletes an institution's workshops that ended, from before a civil day, with what they came to and who was there, and returns how many. What an
// attendance was counted towards stays.
func (s *Service) Forget(ctx context.Context, institution, day string) (int, error) {
	for n := 0; ; {
		rooms, err := s.store.endedBefore(ctx, institution, day)
		if err != nil || len(rooms) == 0 {
			return n, err
		}
		for _, r := range rooms {
			if err := s.store.forgetRoom(ctx, r.ID); err != nil {
				return n, fmt.Errorf("forget workshop: %w", err)
			}
			n++
		}
	}
}
