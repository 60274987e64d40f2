package queue

import "partyline/party"

// Aged counts the queues in which a party's age is kept.
func (s *Service) Aged(id party.ID) int {
	s.tickets.book.mu.Lock()
	defer s.tickets.book.mu.Unlock()
	return len(s.tickets.book.ages[id.String()])
}

// Remembers counts all entries that a book has in memory.
func (b *Book) Remembers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.rows) + len(b.ages) + len(b.live)
}

// BlocksRead waits until the blocks of all tickets have been read.
func (s *Service) BlocksRead() { s.follower.blocks.reading.Wait() }

// AskedTwice returns a user who has seats in two proposals; "" if there is none.
func AskedTwice(s *Service) string {
	seen := map[string]bool{}
	for _, p := range s.tickets.proposals.list("") {
		for _, user := range p.users() {
			if seen[user] {
				return user
			}
			seen[user] = true
		}
	}
	return ""
}
