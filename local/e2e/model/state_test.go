// Package model describes in few words what parties and invites do: who is a member, who leads, which
// seats are taken and held, and what an invite can still do. Its tests play random games on a server.
// They compare every answer and every message to players with the model.
//
// A [State] knows no server: users, sessions, parties and invites are numbers in the order of their
// creation. Each method is one client action. It changes the state and returns what the client is
// told: "" for success, a reason for a refusal of Partyline, a text for a refusal of the server. To add
// an action, add a method here and an entry in the tests' table.
package model

import (
	"maps"
	"slices"
	"time"

	"partyline/party/rules"
)

// State is the state at one moment. It is not safe for concurrent use; [State.Clone] copies it.
type State struct {
	Now   time.Time
	Rules *rules.Config // the same for all states of a game

	Sessions []Session
	Parties  []*Party
	Invites  []*Invite

	// LateBans delays the bans of kicked users until BeginBans. A ban starts a moment after the kick,
	// which matters to a user who acts in that moment.
	LateBans bool
	late     []seat
	// LateMoves delays the leave of a socket whose seat moves to another socket until EndLeaves: for a
	// moment both are in.
	LateMoves bool
	// LateLeaves delays the leave of the earlier party when a user joins another one, until
	// EndLeaves: for a moment they are in both.
	LateLeaves bool
	leaving    []seat // seats that LateMoves and LateLeaves keep until EndLeaves
	// ClaimsAfter lets a user use an invite although they joined in another way, if they joined after
	// this entry: at the same moment, as Partyline checks before it claims. 0 is never.
	ClaimsAfter int
	// PicksEarly makes a call without a session choose it as if nobody had joined at that moment.
	PicksEarly bool
	// Passed makes Partyline admit the next message whatever it would decide now, because it checked
	// at another moment: the server alone decides.
	Passed bool

	// Stays are parties of two that move no seat to another socket while their leader removes the
	// only other member: the party would end with the older socket.
	Stays []int

	entries int         // counts the joins, to know who joined last
	moment  int         // counts the moments, to know who joined at the same one
	asked   map[int]ask // by the session that asked

	chosen, choices int // index of the heir to take, and the number of possible heirs; see Outcomes
}

// Session is one socket of a user.
type Session struct {
	User int
	Live bool
}

// Party is a party. Without members it is over, forever.
type Party struct {
	Open         bool
	MaxSize      int
	Leader       int   // session
	Members      []int // sessions, in join order
	Requests     []int // sessions that asked to join; they may have ended
	entered      map[int]entry
	kicks        map[int]kick
	reservations map[int]reservation // by the session that joins
	ownRequests  map[int]time.Time   // Partyline's own list of Requests, with an end; zero once the server has it too
}

// entry is when a session joined: its number among all joins, and the moment.
type entry struct{ number, moment int }

// kick bans a user.
type kick struct{ at, until time.Time }

// seat is one session in one party.
type seat struct{ party, session int }

// reservation is a seat reserved for a join that the server then refused. It is free again with the next
// message of the user who asked for it, or some seconds later. The same holds for the user: under the
// rule of one party per user, they may be joining only one party.
type reservation struct {
	by    int
	until time.Time
}

// ask is the same from the side of the session that asked.
type ask struct {
	party, joiner int
	until         time.Time
}

const reservationTime = 5 * time.Second

// Invite is an invite.
type Invite struct {
	InviteOptions
	Party     int
	By        int // user
	CreatedAt time.Time
	ExpiresAt time.Time
	Uses      int
	Claims    []int // users who have used it
	Declined  []int // users
	Revoked   bool
}

// InviteOptions are the options of a new invite. MaxUses 0 is without limit, -1 uses the default of
// the rules.
type InviteOptions struct {
	Code    bool // a short code to read aloud
	TTL     time.Duration
	MaxUses int
	For     []int // users; empty: for everybody
	Hold    bool
	Follow  bool
}

// Clone returns an independent copy.
func (s *State) Clone() *State {
	c := *s
	c.asked, c.late, c.leaving = maps.Clone(s.asked), slices.Clone(s.late), slices.Clone(s.leaving)
	c.Sessions = slices.Clone(s.Sessions)
	c.Parties = make([]*Party, len(s.Parties))
	for i, p := range s.Parties {
		q := *p
		q.Members, q.Requests = slices.Clone(p.Members), slices.Clone(p.Requests)
		q.entered, q.kicks = maps.Clone(p.entered), maps.Clone(p.kicks)
		q.reservations, q.ownRequests = maps.Clone(p.reservations), maps.Clone(p.ownRequests)
		c.Parties[i] = &q
	}
	c.Invites = make([]*Invite, len(s.Invites))
	for i, v := range s.Invites {
		w := *v
		w.Claims, w.Declined = slices.Clone(v.Claims), slices.Clone(v.Declined)
		c.Invites[i] = &w
	}
	return &c
}

// Tick starts a new moment at this time. All actions before the next Tick happen at the same moment.
func (s *State) Tick(now time.Time) {
	s.Now = now
	s.moment++
}

// Outcomes returns the possible results of play on copies of the state, and the problems that play
// finds. There is one result, with one exception: a leader leaves and the next members joined at the
// same moment. The server has them in the order in which it processed them, which no answer shows.
func (s *State) Outcomes(play func(m *State) (*State, error)) (ends []*State, problems []error) {
	for chosen, choices := 0, 1; chosen < choices; chosen++ {
		m := s.Clone()
		m.chosen, m.choices = chosen, 1
		m, err := play(m)
		choices = max(choices, m.choices)
		m.chosen, m.choices = 0, 0
		if err != nil {
			problems = append(problems, err)
		} else {
			ends = append(ends, m)
		}
	}
	return ends, problems
}

// Over reports whether the party has no members any more.
func (p *Party) Over() bool { return len(p.Members) == 0 }

// Live returns the user's live sessions.
func (s *State) Live(user int) []int {
	var live []int
	for i, session := range s.Sessions {
		if session.User == user && session.Live {
			live = append(live, i)
		}
	}
	return live
}

// Member returns the user's session in the party; false if it has none.
func (s *State) Member(p *Party, user int) (session int, ok bool) {
	for _, m := range p.Members {
		if s.Sessions[m].User == user {
			return m, true
		}
	}
	return 0, false
}

// Connect starts a session and returns its number.
func (s *State) Connect(user int) int {
	s.Sessions = append(s.Sessions, Session{User: user, Live: true})
	return len(s.Sessions) - 1
}

// Disconnect ends a session: it leaves all parties.
func (s *State) Disconnect(session int) {
	s.Settle(session)
	s.Sessions[session].Live = false
	for _, p := range s.Parties {
		s.leave(p, session)
	}
}

// leave removes a session from a party. If it was the leader, the member who has been there longest
// becomes the leader.
func (s *State) leave(p *Party, session int) {
	i := slices.Index(p.Members, session)
	if i < 0 {
		return
	}
	p.Members = slices.Delete(p.Members, i, i+1)
	delete(p.entered, session)
	if p.Leader == session && len(p.Members) > 0 {
		p.Leader = s.nextLeader(p)
	}
}

// nextLeader returns the member who has been there longest, or one of several.
func (s *State) nextLeader(p *Party) int {
	first := p.entered[p.Members[0]].moment
	n := 1
	for n < len(p.Members) && p.entered[p.Members[n]].moment == first {
		n++
	}
	heir := p.Members[s.chosen%n]
	s.chosen, s.choices = s.chosen/n, s.choices*n
	return heir
}

func (s *State) enter(p *Party, session int) {
	user := s.Sessions[session].User
	if _, member := s.Member(p, user); !member {
		for _, v := range s.Invites {
			if s.Parties[v.Party] == p && v.By == user {
				v.Hold = false // they have left before, which ended the seats that they held
			}
		}
	}
	s.entries++
	p.Members = append(p.Members, session)
	p.entered[session] = entry{s.entries, s.moment}
}

// move removes the socket whose seat has moved to another socket.
func (s *State) move(party *Party, older int) {
	if s.LateMoves {
		s.leaving = append(s.leaving, seat{slices.Index(s.Parties, party), older})
		return
	}
	s.leave(party, older)
}

// EndLeaves makes the leaves that LateMoves and LateLeaves delayed.
func (s *State) EndLeaves() {
	s.LateMoves, s.LateLeaves = false, false
	s.leaveAll(s.leaving)
	s.leaving = nil
}

// Entries returns how many joins there were so far.
func (s *State) Entries() int { return s.entries }

// ended reports whether nobody can use the invite any more.
func (s *State) ended(v *Invite) bool { return v.Revoked || !s.Now.Before(v.ExpiresAt) }

func (v *Invite) exhausted() bool { return v.MaxUses > 0 && v.Uses >= v.MaxUses }

// pending returns the invited users who have neither joined nor declined.
func (v *Invite) pending() []int {
	return slices.DeleteFunc(slices.Clone(v.For), func(user int) bool {
		return slices.Contains(v.Claims, user) || slices.Contains(v.Declined, user)
	})
}

// holders returns the users for whom members' invites hold a seat in the party, whether they need it
// or not.
func (s *State) holders(party int) map[int]bool {
	users := map[int]bool{}
	for _, v := range s.Invites {
		if s.holds(v, party) {
			for _, user := range v.pending() {
				users[user] = true
			}
		}
	}
	return users
}

// holds reports whether an invite holds seats in the party for users who have not joined yet.
func (s *State) holds(v *Invite, party int) bool {
	_, member := s.Member(s.Parties[party], v.By)
	return v.Party == party && v.Hold && member && !s.ended(v)
}

// Seats counts a party's seats as the user sees them: taken by members and joins under way, and held
// for other users. User -1 is nobody.
func (s *State) Seats(party, user int) (taken, held int) {
	p := s.Parties[party]
	taken = len(p.Members)
	users := s.holders(party)
	delete(users, user)
	for _, m := range p.Members {
		delete(users, s.Sessions[m].User)
	}
	for session, f := range p.reservations {
		if !s.Now.Before(f.until) {
			continue
		}
		if !slices.Contains(p.Members, session) {
			taken++
		}
		delete(users, s.Sessions[session].User)
	}
	return taken, len(users)
}

// Moving counts the joins under way of users who are in the party with another session.
func (s *State) Moving(party int) (n int) {
	p := s.Parties[party]
	for session, f := range p.reservations {
		_, member := s.Member(p, s.Sessions[session].User)
		if member && s.Now.Before(f.until) && !slices.Contains(p.Members, session) {
			n++
		}
	}
	return n
}

// Expected counts the users who are not members and who have a held seat or are joining.
func (s *State) Expected(party int) int {
	p, users := s.Parties[party], s.holders(party)
	for session, f := range p.reservations {
		if s.Now.Before(f.until) {
			users[s.Sessions[session].User] = true
		}
	}
	for _, m := range p.Members {
		delete(users, s.Sessions[m].User)
	}
	return len(users)
}

// ask records what a session has started and the server refused: it reserves a seat, or a place on the
// list of requests, for a moment.
func (s *State) ask(party, joiner, by int) (until time.Time) {
	if s.asked == nil {
		s.asked = map[int]ask{}
	}
	until = s.Now.Add(reservationTime)
	s.asked[by] = ask{party, joiner, until}
	return until
}

// Settle ends what the session's earlier message left under way.
func (s *State) Settle(by int) {
	a, ok := s.asked[by]
	if !ok {
		return
	}
	delete(s.asked, by)
	p := s.Parties[a.party]
	if p.reservations[a.joiner].by == by {
		delete(p.reservations, a.joiner)
	}
	if until := p.ownRequests[by]; !until.IsZero() {
		delete(p.ownRequests, by)
	}
}

// UnderWay puts a session on its way into a party by a message of by, -1 for no socket: Partyline has
// admitted it, and the server has not answered yet.
func (s *State) UnderWay(party, joiner, by int) {
	if by < 0 {
		by -= joiner // so that each has a different key
	}
	s.Parties[party].reservations[joiner] = reservation{by: by, until: s.ask(party, joiner, by)}
}

// Unsettled reports whether an action of the session is still under way.
func (s *State) Unsettled(by int) bool {
	_, ok := s.asked[by]
	return ok
}

// purge removes what has expired.
func (s *State) purge(p *Party) {
	maps.DeleteFunc(p.reservations, func(_ int, f reservation) bool { return !s.Now.Before(f.until) })
	maps.DeleteFunc(p.ownRequests, func(_ int, until time.Time) bool { return !until.IsZero() && !s.Now.Before(until) })
}
