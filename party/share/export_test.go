package share

// Settle waits until nothing runs in the background.
func (s *Service) Settle() { s.running.Wait() }

// Kept counts what this process remembers of parties.
func (s *Service) Kept() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.codes) + len(s.statuses) + len(s.renewing)
}
