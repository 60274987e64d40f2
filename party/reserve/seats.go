package reserve

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"partyline/party"
)

// Hold is the seats one invite keeps: one for each of these users who is not in the
// party yet. A user with several holds needs one seat. The truth is the invite in
// storage; a book has a copy.
type Hold struct {
	InviteID  string
	By        string // the member who keeps them, and with whom they go; "" is nobody in particular
	UserIDs   []string
	ExpiresAt time.Time
	Made      time.Time // when the invite was made
	Unstored  bool      // storage may not have it yet, so its absence there does not end it
}

// Holds are the holds of one party, by invite.
type Holds map[string]Hold

// Hold adds a hold, or reports false and changes nothing if it needs more seats than are
// free and not promised to others in line.
func (b Book) Hold(v party.View, h Hold) bool {
	promised := slices.DeleteFunc(b.Promised(v), func(u string) bool { return slices.Contains(h.UserIDs, u) })
	b.Holds[h.InviteID] = h
	if taken, held, _ := b.seats(v, ""); taken+held+len(promised) > v.MaxSize {
		delete(b.Holds, h.InviteID)
		return false
	}
	return true
}

// Release ends what the invite holds for these users, or all of it if none are named.
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

// Forfeit ends what invites made before a kick hold for the user. It names them.
func (hs Holds) Forfeit(userID string, kick time.Time) (invites []string) {
	for id, h := range hs {
		if slices.Contains(h.UserIDs, userID) && !h.Made.After(kick) {
			hs.Release(id, userID)
			invites = append(invites, id)
		}
	}
	return invites
}

// Abandon ends the holds of users who are not in the party any more and have no seat kept
// there. It names their invites.
func (b Book) Abandon(v party.View) (invites []string) {
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

// SetHolds makes the holds what storage says they are. Those that storage may not have
// yet stay, and false says that some do: then this may have been too early to find them.
func (hs Holds) SetHolds(stored []Hold) (settled bool) {
	maps.DeleteFunc(hs, func(_ string, h Hold) bool { return !h.Unstored })
	settled = len(hs) == 0
	for _, h := range stored {
		hs[h.InviteID] = h
	}
	return settled
}

// KeptSeat is a seat kept for a member whose connection ended. Between the moment the
// member is missed and the moment the host reports the end of its session, which may be
// ten seconds later, the seat is kept but nobody has been told.
type KeptSeat struct {
	party.Seat
	Told    bool
	Stored  bool // as far as this process knows
	Overdue bool // past Until; about to be reported lost, by the node that reported away
}

// Kept are the kept seats of one party, by user.
type Kept map[string]*KeptSeat

// KeepSeat keeps the seat of a member that was dropped. It reports false, and changes
// nothing, for a user who was kicked and has not come in again, or for whom a seat is kept already. led is the user
// who led the party then.
func (b Book) KeepSeat(id party.ID, m party.Member, led string, now time.Time, grace time.Duration) bool {
	if kick, kicked := b.Kicked(m.UserID); kicked && !kick.outlived(m.JoinedAt) || b.Kept[m.UserID] != nil {
		return false
	}
	b.Kept[m.UserID] = &KeptSeat{Seat: party.Seat{ID: id, Member: m.Session, Joined: m.JoinedAt, Since: now, Until: now.Add(grace), Led: led}}
	return true
}

// Keeps reports whether a seat of the party waits for the user.
func (kept Kept) Keeps(userID string) bool {
	k, ok := kept[userID]
	return ok && !k.Overdue
}

// KeepsAny reports whether a seat of the party waits for anybody.
func (kept Kept) KeepsAny() bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(kept)), kept.Keeps)
}

// Unstored lists the kept seats that storage does not have, in the order in which they were
// found, and those whose time is over.
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
