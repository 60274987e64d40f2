package matchmaker

// Waiting is how many tickets wait.
func (m *Matchmaker) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.pool.tickets)
}
