package finder

// Kept returns how many parties the finder remembers.
func (s *Service) Kept() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.stale) + len(s.index.byID)
}
