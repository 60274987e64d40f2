package ledger

import (
	"context"

	"partyline/party"
	"partyline/party/reserve"
)

// Hold adds a hold or refuses with PartyFull if it needs more seats than are free. The
// caller then writes the invite to storage, and ends with Stored or Release.
func (l *Ledger) Hold(ctx context.Context, id party.ID, h reserve.Hold) error {
	return l.Visit(ctx, id, func(v *Visit) error {
		if err := v.Look(); err != nil {
			return err
		}
		h.Unstored = true
		if !v.Book.Hold(v.Last.View, h) {
			return party.Refuse(party.PartyFull, "There are not enough free seats to hold.")
		}
		v.watchHolds()
		v.turn++
		return nil
	})
}

// watchHolds brings the index of those for whom seats are held up to date, and has the end of
// the hold that ends first told: nothing else happens then.
func (v *Visit) watchHolds() {
	var users []string
	for _, h := range v.Book.Holds {
		users = append(users, h.UserIDs...)
		v.ledger.holds.Sooner(v.ID, h.ExpiresAt)
	}
	v.ledger.Held.set(v.ID, users)
}

// holdOver tells that a hold has ended by time.
func (l *Ledger) holdOver(id party.ID) {
	l.Briefly(id, func(v *Visit) {
		if v.known {
			v.Book.Purge(l.Now())
			v.Changed()
			v.Report(party.Change{Kind: party.SeatsChanged, ID: id})
			v.watchHolds()
		}
	})
}

// Stored says that storage has the hold now.
func (l *Ledger) Stored(id party.ID, inviteID string) {
	l.Briefly(l.moves.of(id), func(v *Visit) {
		if h, ok := v.Book.Holds[inviteID]; ok {
			h.Unstored = false
			v.Book.Holds[inviteID] = h
		}
		v.seatsChanged()
	})
}

// HoldsChanged has the other nodes read the party's holds again. The caller has written
// the change to storage; where that write may have been done although storage said that
// it was not, unsure has this node read them again, too.
func (l *Ledger) HoldsChanged(id party.ID, unsure bool) {
	l.Briefly(l.moves.of(id), func(v *Visit) {
		v.seatsChanged()
		if unsure {
			v.state = -1 // older than whatever the mirror says
		}
	})
}

func (v *Visit) seatsChanged() {
	v.Announce()
	if v.known { // else it has ended, or nobody here has heard of it
		v.Report(party.Change{Kind: party.SeatsChanged, ID: v.ID})
	}
}

// Release ends what the invite holds for these users, or all of it if none are named.
func (l *Ledger) Release(id party.ID, inviteID string, userIDs ...string) {
	l.Briefly(l.moves.of(id), func(v *Visit) {
		v.Book.Release(inviteID, userIDs...)
		v.turn++
	})
}
