package share

import "time"

// Settle waits until nothing runs in the background.
func (s *Service) Settle() {
	for s.alarms.Len() > 0 {
		time.Sleep(time.Millisecond)
	}
}

// Kept counts what this process remembers of parties.
func (s *Service) Kept() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.codes) + len(s.statuses) + s.alarms.Len()
}
