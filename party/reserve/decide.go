package reserve

import (
	"slices"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// Kind is how somebody comes into a party.
type Kind int

const (
	Admit  Kind = iota // the module puts the session on the party's stream: an invite, a kept seat
	Join               // the session's own PartyJoin: into an open party, or a request to a closed one
	Accept             // a leader's PartyAccept of a session that asked
)

// Intent is what somebody wants.
type Intent struct {
	Kind    Kind
	Session party.Session // that is to become a member
	By      string        // the session whose message it is; only of Accept another than Session
	Client  party.Client  // of Session, where the message is its own
	Grant   party.Grant   // of Admit
}

// Facts are what a decision depends on besides the view and the book, and which cost a
// look to find out. [Needs] says which of them will be read.
type Facts struct {
	Locked       error              // the refusal while nobody new may enter; nil where the party is not locked
	Elsewhere    []party.Membership // of the user, in other parties
	LiveRequests int                // entries on the list somebody still waits for
	Friend       bool               // the user is a friend of a member
}

// Needed says which facts a decision will read.
type Needed struct{ Locked, Requests, Friend bool }

// Effects is what follows from a decision, at most one of them. None means that the session is a
// member already, or that the engine will refuse by itself.
type Effects struct {
	Take *Take        // put the session on the party's stream
	Pend *PendingJoin // count a seat for the native join that follows
	Ask  *Request     // count a place on the list for the request that follows
}

// Take is a session to be put on the party's stream, and the session of the same user
// whose seat it takes, if any.
type Take struct {
	Session party.Session
	Older   party.Member
	Moves   bool
	First   bool // the older one has to leave before, as the engine would not take one more
	Answer  error
}

// Decide says what an intent leads to, or refuses it with AlreadyMember, Banned,
// PartyNotFound (no seat is kept for the player who asks for one), PartyLocked, PartyFull,
// AlreadyInParty or RateLimited. It changes nothing. The book has been purged.
func Decide(v party.View, b Book, p rules.Parties, f Facts, now time.Time, in Intent) (Effects, error) {
	s := in.Session
	if _, member := v.Session(s.SessionID); member {
		if in.Kind == Admit {
			return Effects{}, nil
		}
		// The engine would take it for a join and cancel the party's tickets.
		return Effects{}, alreadyMember(in)
	}
	if err := mayEnter(v, b, p, f, in); err != nil {
		return Effects{}, err
	}
	older, moves := v.Member(s.UserID)
	if in.Kind == Admit {
		return Effects{Take: take(v, s, older, moves)}, nil
	}
	joins := in.Kind == Accept || v.Open // with a seat of its own, where others only ask
	if !joins && !moves {
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
		// The engine takes nobody into a full party, and into a closed one only through
		// the leader. So the module moves the seat, and the engine must not see the message.
		t := take(v, s, older, moves)
		t.Answer = party.Refuse(party.AlreadyMember, "Your seat has moved to this device.")
		return Effects{Take: t}, nil
	case in.Kind == Accept && (v.Leader().SessionID != in.By || b.Requests[s.SessionID].Session != s):
		// The engine is about to refuse a member who does not lead, and one who names somebody
		// who has not asked. It must not keep a seat until then, nor stand in the way of whom it names.
		return Effects{}, nil
	case joins:
		pend := &PendingJoin{Session: s, By: in.By, Until: until}
		if moves {
			pend.Leaving = []party.Membership{{ID: v.ID, Session: older.Session}}
		}
		return Effects{Pend: pend}, nil
	}
	return Effects{Ask: &Request{Session: s, Client: in.Client, Until: until}}, nil
}

func take(v party.View, s party.Session, older party.Member, moves bool) *Take {
	return &Take{Session: s, Older: older, Moves: moves, First: moves && v.Full()}
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
	seat := b.Kept[user] // of who has come in again since a kick, and lost the connection
	if k, kicked := b.Kicked(user); kicked && bans(k, p, in.Grant, member || seat != nil && k.outlived(seat.Joined)) {
		return in.refuse(party.Banned, "You were removed from this party a short while ago.", "This player was removed from the party a short while ago.")
	}
	if older.SessionID != "" {
		return nil // the seat is the user's own, so neither a lock nor a full party is in the way
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
		taken-- // its own seat
	}
	if taken+held+1 > v.MaxSize {
		return party.Full()
	}
	return nil
}

// bans reports whether a kick keeps out a user who comes with the grant. The host itself knows
// no bans, so it has none for its own joins unless the rules ask for them. A member, whose seat moves, was let in since.
func bans(k Kick, p rules.Parties, grant party.Grant, member bool) bool {
	switch free := grant == (party.Grant{}) || grant.Back && member; {
	case free && k.Joins != nil:
		return *k.Joins
	case free:
		return p.KickBanJoins
	}
	return !grant.Lifts(k.At)
}

// mayMove reports whether a member's seat may go to another device of the same user. A
// party of one seat, and a full one in which nobody else stays, have to refuse: the engine takes
// nobody while the older device is in, and closes the party once it is not.
func mayMove(v party.View, b Book, p rules.Parties, userID string) bool {
	if p.SecondSocket != rules.SecondSocketMove || v.MaxSize <= 1 {
		return false
	}
	stays := func(m party.Member) bool { return m.UserID != userID && !b.removing(m.UserID) }
	return !v.Full() || slices.ContainsFunc(v.Members, stays)
}

// refuse words a refusal for the sender of the message: the player who comes in or, with an
// accept, the leader.
func (in Intent) refuse(reason party.Reason, player, leader string) error {
	if in.Kind == Accept {
		return party.Refuse(reason, "%s", leader)
	}
	return party.Refuse(reason, "%s", player)
}

func alreadyMember(in Intent) error {
	return in.refuse(party.AlreadyMember, "You are in this party already.", "This player is in the party already.")
}

// Elsewhere refuses an intent whose player is in another party, where they may be in one only.
func Elsewhere(in Intent) error {
	return in.refuse(party.AlreadyInParty, "You are in another party; leave it first.", "This player is in another party.")
}

// RequestRetry is when somebody who found the list full should ask again.
const RequestRetry = 30 * time.Second

// mayAsk refuses users who may not get onto the party's list of requests.
func mayAsk(v party.View, b Book, p rules.Parties, f Facts, in Intent) error {
	if !p.Requests.WhileInParty && len(f.Elsewhere) > 0 {
		return Elsewhere(in)
	}
	if b.Asks(in.Session.UserID) {
		return nil // the engine will say so
	}
	// What strangers leave behind stays on the list. The rest of it is for friends.
	if !f.Friend && (f.LiveRequests >= p.Requests.Cap || b.listReserved(v)) {
		return party.RefuseFor(RequestRetry, party.RateLimited, "Too many players are asking to join")
	}
	return nil
}

// Needs says which facts Decide will read. It may say too much, never too little.
func Needs(v party.View, b Book, p rules.Parties, in Intent) Needed {
	if _, member := v.Member(in.Session.UserID); member {
		return Needed{}
	}
	requests := in.Kind == Join && !v.Open && !b.Asks(in.Session.UserID)
	return Needed{
		Locked:   !b.Keeps(in.Session.UserID),
		Requests: requests,
		Friend:   requests && (len(b.Requests) >= p.Requests.Cap || b.listReserved(v)),
	}
}
