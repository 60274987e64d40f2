package share

import "time"

// Settle waits until nothing runs in the background.
func (s *Service) Settle() {
	for s.alarms.Len() > 0 {
		time.Sleep(time.Millisecond)
	}
}

// Kept counts what this process remembers of parties.
func (s *Service) Kept() int { return s.codes.Len() + s.Watched() }

// Watched counts the parties of which a status is shared.
func (s *Service) Watched() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.statuses) + s.alarms.Len()
}
