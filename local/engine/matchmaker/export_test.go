package matchmaker

// Waiting returns the number of waiting tickets.
func (m *Matchmaker) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.pool.tickets)
}
