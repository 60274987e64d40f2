package ledger

import (
	"context"

	"partyline/internal/alarm"
	"partyline/party"
	"partyline/party/reserve"
)

// heldSeats manages the seats that invites hold, in all parties.
type heldSeats struct {
	ledger   *Ledger
	expiries *alarm.Alarms[party.ID] // when the next hold of each party expires
	Held     *Index                  // users for whom an invite holds a seat, perhaps one that has expired
}

// Hold adds a hold. It refuses with PartyFull if the hold needs more seats than are free. The caller then writes the
// invite to storage, and calls Stored or Release.
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
		v.changeCount++
		return nil
	})
}

// holdExpired reports that a hold has expired.
func (h *heldSeats) holdExpired(id party.ID) {
	h.ledger.Briefly(id, func(v *Visit) {
		if v.loaded {
			v.Book.Purge(h.ledger.Now())
			v.Changed()
			v.Report(party.Change{Kind: party.SeatsChanged, ID: id})
			v.watchHolds()
		}
	})
}

// Stored records that storage now has the hold.
func (h *heldSeats) Stored(id party.ID, inviteID string) {
	h.ledger.Briefly(h.ledger.Current(id), func(v *Visit) {
		if hold, ok := v.Book.Holds[inviteID]; ok {
			hold.Unstored = false
			v.Book.Holds[inviteID] = hold
		}
		v.announceSeats()
	})
}

// HoldsChanged makes the other nodes read the party's holds again. The caller has written the change to storage. unsure
// says that the write may have succeeded although storage reported an error: then this node reads them again, too.
func (h *heldSeats) HoldsChanged(id party.ID, unsure bool) {
	h.ledger.Briefly(h.ledger.Current(id), func(v *Visit) {
		v.announceSeats()
		if unsure {
			v.knownRevision = -1 // older than every revision of the mirror
		}
	})
}

// Release removes the invite's hold for these users. Without users it removes the whole hold.
func (h *heldSeats) Release(id party.ID, inviteID string, userIDs ...string) {
	h.ledger.Briefly(h.ledger.Current(id), func(v *Visit) {
		v.Book.Release(inviteID, userIDs...)
		v.changeCount++
	})
}
