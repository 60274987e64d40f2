package queue

import (
	"maps"
	"time"

	"partyline/party"
)

// age is how long a lost ticket had waited. The owner's next ticket takes it over.
type age struct {
	waited time.Duration
	until  time.Time
}

// KeepAge stores how long a lost ticket has waited, for the given time. The next ticket of the same party or player in
// its queue carries it on.
func (b *Book) KeepAge(t Ticket, within time.Duration) {
	if within <= 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ages[t.owner()] == nil {
		b.ages[t.owner()] = map[string]age{}
	}
	b.ages[t.owner()][t.Queue] = age{waited: max(0, b.now().Sub(t.Since)), until: b.now().Add(within)}
}

// KeptAge returns how long the owner, a party's or a player's ID, had waited in the queue before the ticket was lost.
// It is 0 if nothing is kept. The next ticket uses it up.
func (b *Book) KeptAge(owner, queue string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.ages[owner][queue]
	if !b.now().Before(a.until) {
		return 0
	}
	return a.waited
}

// Ages returns how long a party has waited in each queue: with its waiting ticket, or before it lost one.
func (b *Book) Ages(id party.ID) map[string]party.Age {
	b.mu.Lock()
	defer b.mu.Unlock()
	ages := map[string]party.Age{}
	for queue, a := range b.ages[id.String()] {
		if b.now().Before(a.until) {
			ages[queue] = party.Age{Waited: a.waited}
		}
	}
	for _, r := range b.live[id.String()] {
		ages[r.Queue] = party.Age{Since: r.Since}
	}
	return ages
}

// ForgetAges ends the owner's ages after the given time.
func (b *Book) ForgetAges(owner string, within time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	latest := b.now().Add(within)
	for queue, a := range b.ages[owner] {
		if a.until.After(latest) {
			b.ages[owner][queue] = age{a.waited, latest}
		}
	}
}

// Rename moves the ages of one owner to another.
func (b *Book) Rename(from, to string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if of, kept := b.ages[from]; kept {
		b.ages[to] = of
		delete(b.ages, from)
	}
}

func (b *Book) sweepAges(now time.Time) {
	for owner, of := range b.ages {
		maps.DeleteFunc(of, func(_ string, a age) bool { return !now.Before(a.until) })
		if len(of) == 0 {
			delete(b.ages, owner)
		}
	}
}
