package reserve

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"partyline/party"
)

// Hold has the seats that one invite holds: one for each of its users who is not in the party yet. A user with several
// holds needs only one seat. The book has a copy; the invite in storage is the original.
type Hold struct {
	InviteID  string
	By        string // the member who made the hold, and whose leaving ends it; "" for nobody
	UserIDs   []string
	ExpiresAt time.Time
	Made      time.Time // when the invite was made
	Unstored  bool      // storage may not have it yet, so its absence there does not end it
}

// Holds are the holds of one party, by invite.
type Holds map[string]Hold

// Hold adds a hold. It returns false and changes nothing if the hold needs more seats than are neither taken nor
// promised to other players on the wait list.
func (b Book) Hold(v party.View, h Hold) bool {
	promised := slices.DeleteFunc(b.Promised(v), func(u string) bool { return slices.Contains(h.UserIDs, u) })
	b.Holds[h.InviteID] = h
	if taken, held, _ := b.seats(v, ""); taken+held+len(promised) > v.MaxSize {
		delete(b.Holds, h.InviteID)
		return false
	}
	return true
}

// Release removes the invite's hold for these users. Without users it removes the whole hold.
func (hs Holds) Release(inviteID string, userIDs ...string) {
	h, ok := hs[inviteID]
	if !ok {
		return
	}
	h.UserIDs = slices.DeleteFunc(slices.Clone(h.UserIDs), func(u string) bool { return slices.Contains(userIDs, u) })
	if len(userIDs) == 0 || len(h.UserIDs) == 0 {
		delete(hs, inviteID)
		return
	}
	hs[inviteID] = h
}

// Forfeit removes the user from the holds of invites made before a kick. It returns the invites' IDs.
func (hs Holds) Forfeit(userID string, kick time.Time) (invites []string) {
	for id, h := range hs {
		if slices.Contains(h.UserIDs, userID) && !h.Made.After(kick) {
			hs.Release(id, userID)
			invites = append(invites, id)
		}
	}
	return invites
}

// EndOrphanedHolds ends the holds of users who are not in the party any more and have no kept seat there. It returns
// the invites' IDs.
func (b Book) EndOrphanedHolds(v party.View) (invites []string) {
	maps.DeleteFunc(b.Holds, func(id string, h Hold) bool {
		_, in := v.Member(h.By)
		gone := h.By != "" && !in && b.Kept[h.By] == nil
		if gone {
			invites = append(invites, id)
		}
		return gone
	})
	return invites
}

// SetHolds replaces the holds by those in storage. Holds that storage may not have yet stay. In that case it returns
// false: this read may have been too early to find them.
func (hs Holds) SetHolds(stored []Hold) (settled bool) {
	maps.DeleteFunc(hs, func(_ string, h Hold) bool { return !h.Unstored })
	settled = len(hs) == 0
	for _, h := range stored {
		hs[h.InviteID] = h
	}
	return settled
}

// KeptSeat is a seat kept for a member whose connection ended. The host may report the end of the session ten seconds
// after the member was missed. Until then the seat is kept but not reported.
type KeptSeat struct {
	party.Seat
	Told    bool
	Stored  bool // as far as this process knows
	Overdue bool // past Until; the node that reported the member away is about to report the seat lost
}

// Kept has the kept seats of one party, by user.
type Kept map[string]*KeptSeat

// KeepSeat keeps the seat of a member who lost the connection. led is the user who led the party then. It returns false
// and changes nothing if the user was kicked and has not come in again, or has a kept seat already.
func (b Book) KeepSeat(id party.ID, m party.Member, led string, now time.Time, grace time.Duration) bool {
	if kick, kicked := b.Kicked(m.UserID); kicked && !kick.before(m.JoinedAt) || b.Kept[m.UserID] != nil {
		return false
	}
	b.Kept[m.UserID] = &KeptSeat{Seat: party.Seat{ID: id, Member: m.Session, Joined: m.JoinedAt, Since: now, Until: now.Add(grace), Led: led}}
	return true
}

// Keeps reports whether the user has a kept seat that is not overdue.
func (kept Kept) Keeps(userID string) bool {
	k, ok := kept[userID]
	return ok && !k.Overdue
}

// KeepsAny reports whether any user has a kept seat that is not overdue.
func (kept Kept) KeepsAny() bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(kept)), kept.Keeps)
}

// Unstored returns the kept seats that storage does not have: fresh in the order in which they were found, and those
// whose time is over.
func (kept Kept) Unstored() (fresh, overdue []*KeptSeat) {
	for _, k := range kept {
		switch {
		case k.Stored:
		case k.Overdue:
			overdue = append(overdue, k)
		default:
			fresh = append(fresh, k)
		}
	}
	slices.SortFunc(fresh, func(x, y *KeptSeat) int {
		return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.Member.UserID, y.Member.UserID))
	})
	return fresh, overdue
}
