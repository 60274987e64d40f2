package reserve

import (
	"slices"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// Kind is the way in which a user comes into a party.
type Kind int

const (
	Admit  Kind = iota // the module puts the session on the party's stream, for an invite or a kept seat
	Join               // the session's own PartyJoin: it enters an open party, or asks to enter a closed one
	Accept             // a leader's PartyAccept of a session that asked
)

// Intent is an attempt to come into a party.
type Intent struct {
	Kind    Kind
	Session party.Session // the session that joins
	By      string        // the session that sent the message; differs from Session only for Accept
	Client  party.Client  // of Session, if it sent the message
	Grant   party.Grant   // for Admit
}

// Facts are what a decision depends on besides the view and the book. They cost a read, so [Needs] says which of them
// are needed.
type Facts struct {
	Locked       error              // the refusal for new members; nil if the party is not locked
	Elsewhere    []party.Membership // the user's memberships in other parties
	LiveRequests int                // requests on the list whose sessions still live
	Friend       bool               // the user is a friend of a member
}

// Needed says which facts a decision reads.
type Needed struct{ Locked, Requests, Friend bool }

// Effects is the result of a decision, with at most one field set. None is set if the session is a member already, or
// if the host will refuse by itself.
type Effects struct {
	Take *Take        // put the session on the party's stream
	Pend *PendingJoin // count a seat for the native join that follows
	Ask  *Request     // count a place on the list for the request that follows
}

// Take names a session to put on the party's stream. Older is the member of the same user whose seat it takes, if any.
type Take struct {
	Session          party.Session
	Older            party.Member
	Moves            bool
	OlderLeavesFirst bool // the older session has to leave first, because the host takes no more members than seats
	Answer           error
}

// Decide returns what an intent leads to, or refuses it. It refuses with AlreadyMember, Banned, PartyNotFound (the
// player asks for a kept seat and has none), PartyLocked, PartyFull, AlreadyInParty or RateLimited. It changes nothing.
// The caller has purged the book.
func Decide(v party.View, b Book, p rules.Parties, f Facts, now time.Time, in Intent) (Effects, error) {
	s := in.Session
	if _, member := v.Session(s.SessionID); member {
		if in.Kind == Admit {
			return Effects{}, nil
		}
		// The host would take it for a join and cancel the party's tickets.
		return Effects{}, alreadyMember(in)
	}
	if err := mayEnter(v, b, p, f, in); err != nil {
		return Effects{}, err
	}
	older, moves := v.Member(s.UserID)
	if in.Kind == Admit {
		return Effects{Take: take(v, s, older, moves)}, nil
	}
	takesSeat := in.Kind == Accept || v.Open // other messages only ask for one
	if !takesSeat && !moves {
		if err := mayAsk(v, b, p, f, in); err != nil {
			return Effects{}, err
		}
	}
	until := now.Add(PendingTTL)
	switch {
	case moves && (!v.Open || v.Full()):
		if in.Kind == Accept {
			return Effects{}, alreadyMember(in)
		}
		// The host takes nobody into a full party, and into a closed party only through the leader. So the module moves
		// the seat, and the host must not get the message.
		t := take(v, s, older, moves)
		t.Answer = party.Refuse(party.AlreadyMember, "Your seat has moved to this device.")
		return Effects{Take: t}, nil
	case in.Kind == Accept && (v.Leader().SessionID != in.By || b.Requests[s.SessionID].Session != s):
		// The host refuses a sender who does not lead, and a target that has not asked. So this message must not
		// reserve a seat, nor block the target.
		return Effects{}, nil
	case takesSeat:
		pend := &PendingJoin{Session: s, By: in.By, Until: until}
		if moves {
			pend.Leaving = []party.Membership{{ID: v.ID, Session: older.Session}}
		}
		return Effects{Pend: pend}, nil
	}
	return Effects{Ask: &Request{Session: s, Client: in.Client, Until: until}}, nil
}

func take(v party.View, s party.Session, older party.Member, moves bool) *Take {
	return &Take{Session: s, Older: older, Moves: moves, OlderLeavesFirst: moves && v.Full()}
}

// mayEnter refuses users who may not become members.
func mayEnter(v party.View, b Book, p rules.Parties, f Facts, in Intent) error {
	user := in.Session.UserID
	older, member := v.Member(user)
	if member && !mayMove(v, b, p, user) {
		return alreadyMember(in)
	}
	for _, pending := range b.Pending {
		if pending.Session.UserID == user && pending.Session.SessionID != in.Session.SessionID {
			return in.refuse(party.AlreadyMember, "You are joining this party already.", "This player is joining the party already.")
		}
	}
	seat := b.Kept[user] // set if the user came in again after a kick and then lost the connection
	if k, kicked := b.Kicked(user); kicked && bans(k, p, in.Grant, member || seat != nil && k.before(seat.Joined)) {
		return in.refuse(party.Banned, "You were removed from this party a short while ago.", "This player was removed from the party a short while ago.")
	}
	if older.SessionID != "" {
		return nil // the seat is the user's own, so a lock or a full party does not matter
	}
	if !b.Keeps(user) { // a player who comes back is not new
		if in.Grant.Back {
			return party.Refuse(party.PartyNotFound, "No seat is kept for you any more.")
		}
		if f.Locked != nil {
			return f.Locked
		}
	}
	taken, held := b.Seats(v, user)
	if _, pending := b.Pending[in.Session.SessionID]; pending {
		taken-- // do not count the session's own seat
	}
	if taken+held+1 > v.MaxSize {
		return party.RefuseFull()
	}
	return nil
}

// bans reports whether a kick keeps out a user who comes with the grant. The host has no bans, so for its own joins a
// kick counts only if the rules say so. member says that the user was let in after the kick.
func bans(k Kick, p rules.Parties, grant party.Grant, member bool) bool {
	switch free := grant == (party.Grant{}) || grant.Back && member; {
	case free && k.Joins != nil:
		return *k.Joins
	case free:
		return p.KickBanJoins
	}
	return !grant.Lifts(k.At)
}

// mayMove reports whether a member's seat may move to another device of the same user. It may not in a party of one
// seat, nor in a full one in which nobody else stays. The host takes nobody while the older device is in, and closes
// the party when it leaves.
func mayMove(v party.View, b Book, p rules.Parties, userID string) bool {
	if p.SecondSocket != rules.SecondSocketMove || v.MaxSize <= 1 {
		return false
	}
	stays := func(m party.Member) bool { return m.UserID != userID && !b.isRemoving(m.UserID) }
	return !v.Full() || slices.ContainsFunc(v.Members, stays)
}

// refuse picks the text for the sender of the message: the player who comes in or, with an accept, the leader.
func (in Intent) refuse(reason party.Reason, player, leader string) error {
	if in.Kind == Accept {
		return party.Refuse(reason, "%s", leader)
	}
	return party.Refuse(reason, "%s", player)
}

func alreadyMember(in Intent) error {
	return in.refuse(party.AlreadyMember, "You are in this party already.", "This player is in the party already.")
}

// Elsewhere refuses an intent of a player who is in another party, if players may be in one party only.
func Elsewhere(in Intent) error {
	return in.refuse(party.AlreadyInParty, "You are in another party; leave it first.", "This player is in another party.")
}

// RequestRetry is the time after which a player who found the list full should ask again.
const RequestRetry = 30 * time.Second

// mayAsk refuses users who may not get onto the party's list of requests.
func mayAsk(v party.View, b Book, p rules.Parties, f Facts, in Intent) error {
	if !p.Requests.WhileInParty && len(f.Elsewhere) > 0 {
		return Elsewhere(in)
	}
	if b.Asks(in.Session.UserID) {
		return nil // the host refuses it
	}
	// Requests of strangers stay on the list, so the rest of the list is for friends.
	if !f.Friend && (f.LiveRequests >= p.Requests.Cap || b.onlyFriendsMayAsk(v)) {
		return party.RefuseFor(RequestRetry, party.RateLimited, "Too many players are asking to join")
	}
	return nil
}

// Needs returns which facts Decide reads. It may name too many, never too few.
func Needs(v party.View, b Book, p rules.Parties, in Intent) Needed {
	if _, member := v.Member(in.Session.UserID); member {
		return Needed{}
	}
	requests := in.Kind == Join && !v.Open && !b.Asks(in.Session.UserID)
	return Needed{
		Locked:   !b.Keeps(in.Session.UserID),
		Requests: requests,
		Friend:   requests && (len(b.Requests) >= p.Requests.Cap || b.onlyFriendsMayAsk(v)),
	}
}
