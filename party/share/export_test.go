package share

import "time"

// Settle waits for all background work.
func (s *Service) Settle() {
	for s.alarms.Len() > 0 {
		time.Sleep(time.Millisecond)
	}
}

// Kept counts what this process remembers of parties.
func (s *Service) Kept() int { return s.codes.Len() + s.Watched() }

// Watched counts the parties with a shared status.
func (s *Service) Watched() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.statuses) + s.alarms.Len()
}
