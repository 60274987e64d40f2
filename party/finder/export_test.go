package finder

// Stale returns how many parties are to be read again.
func (s *Service) Stale() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.stale)
}
