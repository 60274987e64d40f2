package party

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Hold is the seats one invite keeps: one for each of these users who is not in the
// party yet. A user with several holds needs one seat. The truth is the invite in
// storage; a gate holds a copy.
type Hold struct {
	InviteID  string
	UserIDs   []string
	ExpiresAt time.Time

	unstored bool // storage may not have it yet, so its not being there does not end it
}

// Keep adds a hold or refuses with PartyFull if it needs more seats than are free. The
// caller then writes the invite to storage, and ends with Kept or Release.
func (a *Admission) Keep(ctx context.Context, id ID, h Hold) error {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	v, err := a.roster.snapshot(ctx, id)
	if err != nil {
		return err
	}
	if err := a.open(ctx, g, v); err != nil {
		return err
	}
	g.holds[h.InviteID] = Hold{h.InviteID, slices.Clone(h.UserIDs), h.ExpiresAt, true}
	if taken, held := g.seats(v.View, ""); taken+held > v.MaxSize {
		delete(g.holds, h.InviteID)
		return Refuse(PartyFull, "There are not enough free seats to hold.")
	}
	return nil
}

// Kept says that storage has the hold now.
func (a *Admission) Kept(id ID, inviteID string) {
	a.withGate(id, func(g *gate) {
		if h, ok := g.holds[inviteID]; ok {
			h.unstored = false
			g.holds[inviteID] = h
		}
		a.announce(g)
	})
	a.roster.listener(Change{Kind: SeatsChanged, ID: id})
}

// HoldsChanged has the other nodes read the party's holds again. The caller has
// written the change to storage.
func (a *Admission) HoldsChanged(id ID) {
	a.withGate(id, a.announce)
	a.roster.listener(Change{Kind: SeatsChanged, ID: id})
}

func (a *Admission) withGate(id ID, do func(*gate)) {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	do(g)
}

// HoldsUnsure has all nodes read the party's holds again, this one too: a write that
// changed them may have been done although storage said that it was not.
func (a *Admission) HoldsUnsure(id ID) {
	a.withGate(id, func(g *gate) {
		a.announce(g)
		g.state = -1 // older than whatever the mirror says
	})
	a.roster.listener(Change{Kind: SeatsChanged, ID: id})
}

// Release ends what the invite holds for these users, or all of it if none are named.
func (a *Admission) Release(id ID, inviteID string, userIDs ...string) {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	h, ok := g.holds[inviteID]
	switch {
	case !ok:
		return
	case len(userIDs) == 0:
		delete(g.holds, inviteID)
	default:
		g.dropHolders(h, userIDs...)
	}
}

func (g *gate) dropHolders(h Hold, userIDs ...string) {
	h.UserIDs = slices.DeleteFunc(slices.Clone(h.UserIDs), func(u string) bool { return slices.Contains(userIDs, u) })
	if len(h.UserIDs) == 0 {
		delete(g.holds, h.InviteID)
		return
	}
	g.holds[h.InviteID] = h
}

// Held is the number of seats kept for users who are not in the party yet.
func (a *Admission) Held(ctx context.Context, id ID) (int, error) {
	_, held, err := a.Seats(ctx, id, "")
	return held, err
}

// Seats reads the party and counts the seats kept for users other than userID.
func (a *Admission) Seats(ctx context.Context, id ID, userID string) (v View, held int, err error) {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	s, err := a.roster.snapshot(ctx, id)
	if err != nil {
		return View{}, 0, err
	}
	if err := a.open(ctx, g, s); err != nil {
		return View{}, 0, err
	}
	_, held = g.seats(s.View, userID)
	return s.View, held, nil
}

// Expected reads the party and the users other than its members who have a seat kept for
// them or are joining, in no order.
func (a *Admission) Expected(ctx context.Context, id ID) (v View, userIDs []string, err error) {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	s, err := a.roster.snapshot(ctx, id)
	if err != nil {
		return View{}, nil, err
	}
	if err := a.open(ctx, g, s); err != nil {
		return View{}, nil, err
	}
	expected := map[string]struct{}{}
	for _, h := range g.holds {
		for _, u := range h.UserIDs {
			expected[u] = struct{}{}
		}
	}
	for u := range g.kept {
		if g.keeps(u) {
			expected[u] = struct{}{}
		}
	}
	for _, f := range g.flights {
		expected[f.session.UserID] = struct{}{}
	}
	for _, m := range s.Members {
		delete(expected, m.UserID)
	}
	return s.View, slices.Collect(maps.Keys(expected)), nil
}
