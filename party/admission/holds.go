package admission

import (
	"context"

	"partyline/party"
	"partyline/party/reserve"
)

// Hold adds a hold or refuses with PartyFull if it needs more seats than are free. The
// caller then writes the invite to storage, and ends with Stored or Release.
func (a *Admission) Hold(ctx context.Context, id party.ID, h reserve.Hold) error {
	return a.current(ctx, id, func(v *visit) error {
		if err := v.look(); err != nil {
			return err
		}
		h.Unstored = true
		if !v.book.Hold(v.last.View, h) {
			return party.Refuse(party.PartyFull, "There are not enough free seats to hold.")
		}
		v.changed()
		return nil
	})
}

// Stored says that storage has the hold now.
func (a *Admission) Stored(id party.ID, inviteID string) {
	a.briefly(a.moves.of(id), func(v *visit) {
		if h, ok := v.book.Holds[inviteID]; ok {
			h.Unstored = false
			v.book.Holds[inviteID] = h
		}
		v.holdsChanged()
	})
}

// HoldsChanged has the other nodes read the party's holds again. The caller has written
// the change to storage; where that write may have been done although storage said that
// it was not, unsure has this node read them again, too.
func (a *Admission) HoldsChanged(id party.ID, unsure bool) {
	a.briefly(a.moves.of(id), func(v *visit) {
		v.holdsChanged()
		if unsure {
			v.state = -1 // older than whatever the mirror says
		}
	})
}

func (v *visit) holdsChanged() {
	v.announce()
	v.out.Add(party.Change{Kind: party.SeatsChanged, ID: v.id})
}

// Release ends what the invite holds for these users, or all of it if none are named.
func (a *Admission) Release(id party.ID, inviteID string, userIDs ...string) {
	a.briefly(a.moves.of(id), func(v *visit) {
		v.book.Release(inviteID, userIDs...)
		v.changed()
	})
}
