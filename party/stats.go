package party

import "context"

// Stats is what an Admission holds in memory, on this node alone.
type Stats struct {
	Parties  int `json:"parties"`  // it has dealt with and not yet forgotten
	Holds    int `json:"holds"`    // invites that keep seats
	Kicks    int `json:"kicks"`    // users who cannot come back yet
	Requests int `json:"requests"` // to join, on the lists of closed parties
	Joins    int `json:"joins"`    // under way
	Lost     int `json:"lost"`     // whom the server counts as members and who are not there
}

// Stats counts. What has expired meanwhile may still be in it.
func (a *Admission) Stats() Stats {
	s := Stats{Lost: a.roster.losses.count()}
	for _, id := range a.gates.ids() {
		g := a.gates.enter(id)
		s.Parties++
		s.Holds += len(g.holds)
		s.Kicks += len(g.kicks)
		s.Requests += len(g.requests)
		s.Joins += len(g.flights)
		a.gates.exit(g)
	}
	return s
}

// Waiting counts the requests of a party that somebody still waits for.
func (a *Admission) Waiting(ctx context.Context, id ID) (int, error) {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	v, err := a.roster.snapshot(ctx, id)
	if err != nil {
		return 0, err
	}
	return a.liveRequests(g, v.View)
}
