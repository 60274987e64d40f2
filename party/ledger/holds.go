package ledger

import (
	"context"

	"partyline/internal/alarm"
	"partyline/party"
	"partyline/party/reserve"
)

// heldSeats are the seats that invites hold, in all parties.
type heldSeats struct {
	ledger *Ledger
	ends   *alarm.Alarms[party.ID] // of parties in which a hold ends by time
	Held   *Index                  // those for whom an invite holds a seat, though its time may be over
}

// Hold adds a hold or refuses with PartyFull if it needs more seats than are free. The
// caller then writes the invite to storage, and ends with Stored or Release.
func (h *heldSeats) Hold(ctx context.Context, id party.ID, hold reserve.Hold) error {
	return h.ledger.Visit(ctx, id, func(v *Visit) error {
		if err := v.Look(); err != nil {
			return err
		}
		hold.Unstored = true
		if !v.Book.Hold(v.Last.View, hold) {
			return party.Refuse(party.PartyFull, "There are not enough free seats to hold.")
		}
		v.watchHolds()
		v.turn++
		return nil
	})
}

// holdOver tells that a hold has ended by time.
func (h *heldSeats) holdOver(id party.ID) {
	h.ledger.Briefly(id, func(v *Visit) {
		if v.known {
			v.Book.Purge(h.ledger.Now())
			v.Changed()
			v.Report(party.Change{Kind: party.SeatsChanged, ID: id})
			v.watchHolds()
		}
	})
}

// Stored says that storage has the hold now.
func (h *heldSeats) Stored(id party.ID, inviteID string) {
	h.ledger.Briefly(h.ledger.Current(id), func(v *Visit) {
		if hold, ok := v.Book.Holds[inviteID]; ok {
			hold.Unstored = false
			v.Book.Holds[inviteID] = hold
		}
		v.seatsChanged()
	})
}

// HoldsChanged has the other nodes read the party's holds again. The caller has written
// the change to storage; where that write may have been done although storage said that
// it was not, unsure has this node read them again, too.
func (h *heldSeats) HoldsChanged(id party.ID, unsure bool) {
	h.ledger.Briefly(h.ledger.Current(id), func(v *Visit) {
		v.seatsChanged()
		if unsure {
			v.state = -1 // older than whatever the mirror says
		}
	})
}

// Release ends what the invite holds for these users, or all of it if none are named.
func (h *heldSeats) Release(id party.ID, inviteID string, userIDs ...string) {
	h.ledger.Briefly(h.ledger.Current(id), func(v *Visit) {
		v.Book.Release(inviteID, userIDs...)
		v.turn++
	})
}
