package workshop

import "context"

// breatherID is under another secret than the phone's votes.
func breatherID(room, token string) string { return room + ":" + derive(token, "breather") }

// Breathe notes that somebody needs a moment, and whether they would like to be found outside. The cockpit sees how many, and nothing else.
func (s *Service) Breathe(ctx context.Context, id, token string, outside bool) error {
	if token == "" {
		return nil // a phone that keeps no cookies still turns neutral
	}
	if _, err := s.live(ctx, id, func(*Room) error { return nil }); err != nil {
		return err
	}
	err := s.store.keepBreather(ctx, breather{ID: breatherID(id, token), Room: id, Outside: outside})
	s.hub.tell(id)
	return err
}

// Return notes that somebody is back.
func (s *Service) Return(ctx context.Context, id, token string) error {
	err := s.store.dropBreather(ctx, breatherID(id, token))
	s.hub.tell(id)
	return err
}

// Breathing says whether a phone needs a moment.
func (s *Service) Breathing(ctx context.Context, id, token string) (breathing, outside bool, err error) {
	b, found, err := s.store.breatherOf(ctx, breatherID(id, token))
	return found, b.Outside, err
}
