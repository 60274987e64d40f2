// Package model says in few words what parties and invites do: who is a member, who
// leads, which seats are taken and kept, what an invite is still good for. Its tests play
// random games against a server and compare every answer and everything that players
// hear with what the model expects.
//
// A [State] knows no server: users, sessions, parties and invites are numbers in the
// order in which they came up. Each method is one thing a client can do; it changes the
// state and answers what the client is told, "" for success, a reason for a refusal of
// Partyline's, a text for one of the server's own. A new action is one method here and one
// entry in the tests' table.
package model

import (
	"maps"
	"slices"
	"time"

	"partyline/party/rules"
)

// State is a moment. It is not safe for concurrent use; [State.Clone] makes another.
type State struct {
	Now   time.Time
	Rules *rules.Config // the same for every state of a game

	Sessions []Session
	Parties  []*Party
	Invites  []*Invite

	// LateBans puts off the bans of those who are kicked until BeginBans: a ban begins a
	// moment after the kick, which matters to a user who acts in that very moment.
	LateBans bool
	late     []seat
	// LateMoves puts off the end of the socket whose seat moves to another until EndLeaves: for
	// a moment both are in.
	LateMoves bool
	// LateLeaves puts off that a user who comes into a party leaves the one before, until
	// EndLeaves: for a moment they are in both.
	LateLeaves bool
	leaving    []seat // which both put off
	// ClaimsAfter lets an invite be used by a user who has come in after that entry by another way:
	// at the same moment, as Partyline looks before it claims. 0 is never.
	ClaimsAfter int
	// PicksEarly has a call that names no session choose it as if nobody had come in at that moment.
	PicksEarly bool
	// Passed has Partyline let the next message through whatever it would say now, because
	// it looked at another moment: the server alone decides.
	Passed bool

	// Stays are parties of two that move no seat to another socket while their leader removes the
	// only other member: the party would end with the older one.
	Stays []int

	entries int         // counts who came in, so that it can be told who came last
	moment  int         // counts the moments, so that it can be told who came in at the same one
	asked   map[int]ask // by the session that asked

	chosen, choices int // which of the heirs to take, and of how many there was a choice; see Outcomes
}

// Session is one socket of a user.
type Session struct {
	User int
	Live bool
}

// Party is a party. One without members is over, for good.
type Party struct {
	Open     bool
	MaxSize  int
	Leader   int   // session
	Members  []int // sessions, in the order in which they came
	Requests []int // sessions that asked to come in; they may have ended
	entered  map[int]entry
	kicks    map[int]kick
	flights  map[int]flight    // by the session that joins
	noted    map[int]time.Time // Partyline's own list of Requests; until when, zero once the server has it too
}

// entry is when a session came in: as which of all, and at which moment.
type entry struct{ number, moment int }

// kick bans a user.
type kick struct{ at, until time.Time }

// seat is one session in one party.
type seat struct{ party, session int }

// flight is a seat kept for a join that the server then refused: it is free again with
// the next message of the user who asked for it, or some seconds later. So is the user, who may
// be on the way into one party only where that is the rule.
type flight struct {
	by    int
	until time.Time
}

// ask is the same from the other side.
type ask struct {
	party, joiner int
	until         time.Time
}

const flightTime = 5 * time.Second

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

// InviteOptions is what an invite is made with. MaxUses 0 is without limit, -1 leaves it
// to the rules.
type InviteOptions struct {
	Code    bool // to be read aloud
	TTL     time.Duration
	MaxUses int
	For     []int // users; empty: for everybody
	Hold    bool
	Follow  bool
}

// Clone gives an independent copy.
func (s *State) Clone() *State {
	c := *s
	c.asked, c.late, c.leaving = maps.Clone(s.asked), slices.Clone(s.late), slices.Clone(s.leaving)
	c.Sessions = slices.Clone(s.Sessions)
	c.Parties = make([]*Party, len(s.Parties))
	for i, p := range s.Parties {
		q := *p
		q.Members, q.Requests = slices.Clone(p.Members), slices.Clone(p.Requests)
		q.entered, q.kicks = maps.Clone(p.entered), maps.Clone(p.kicks)
		q.flights, q.noted = maps.Clone(p.flights), maps.Clone(p.noted)
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

// Tick begins a moment, at this time. What is done before the next one is done at once.
func (s *State) Tick(now time.Time) {
	s.Now = now
	s.moment++
}

// Outcomes are what may become of the state by what play does to a copy, and what play finds wrong
// with the others. There is one, but where a leader leaves who is followed by members that came in
// at the same moment: the server has them in the order in which it heard of them, which no answer
// tells.
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

// Over reports whether nobody is in the party any more.
func (p *Party) Over() bool { return len(p.Members) == 0 }

// Live are the user's live sessions.
func (s *State) Live(user int) []int {
	var live []int
	for i, session := range s.Sessions {
		if session.User == user && session.Live {
			live = append(live, i)
		}
	}
	return live
}

// Member is the user's session in the party; false if it has none.
func (s *State) Member(p *Party, user int) (session int, ok bool) {
	for _, m := range p.Members {
		if s.Sessions[m].User == user {
			return m, true
		}
	}
	return 0, false
}

// Connect starts a session and gives its number.
func (s *State) Connect(user int) int {
	s.Sessions = append(s.Sessions, Session{User: user, Live: true})
	return len(s.Sessions) - 1
}

// Disconnect ends a session: it is out of all parties.
func (s *State) Disconnect(session int) {
	s.Settle(session)
	s.Sessions[session].Live = false
	for _, p := range s.Parties {
		s.leave(p, session)
	}
}

// leave takes a session out of a party. The member who has been there longest follows a
// leader.
func (s *State) leave(p *Party, session int) {
	i := slices.Index(p.Members, session)
	if i < 0 {
		return
	}
	p.Members = slices.Delete(p.Members, i, i+1)
	delete(p.entered, session)
	if p.Leader == session && len(p.Members) > 0 {
		p.Leader = s.heir(p)
	}
}

// heir is the member who has been there longest, or one of those.
func (s *State) heir(p *Party) int {
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
				v.Hold = false // they have left before, and what they held has ended with that
			}
		}
	}
	s.entries++
	p.Members = append(p.Members, session)
	p.entered[session] = entry{s.entries, s.moment}
}

// move takes out the socket whose seat has moved to another.
func (s *State) move(party *Party, older int) {
	if s.LateMoves {
		s.leaving = append(s.leaving, seat{slices.Index(s.Parties, party), older})
		return
	}
	s.leave(party, older)
}

// EndLeaves takes out those whom LateMoves and LateLeaves have left in.
func (s *State) EndLeaves() {
	s.LateMoves, s.LateLeaves = false, false
	s.leaveAll(s.leaving)
	s.leaving = nil
}

// Entries is how often somebody has come into a party so far.
func (s *State) Entries() int { return s.entries }

// ended reports whether nobody can use the invite any more.
func (s *State) ended(v *Invite) bool { return v.Revoked || !s.Now.Before(v.ExpiresAt) }

func (v *Invite) exhausted() bool { return v.MaxUses > 0 && v.Uses >= v.MaxUses }

// pending are the users an invite is for who have neither come nor declined.
func (v *Invite) pending() []int {
	return slices.DeleteFunc(slices.Clone(v.For), func(user int) bool {
		return slices.Contains(v.Claims, user) || slices.Contains(v.Declined, user)
	})
}

// holders are the users for whom invites of members keep a seat in the party, whether or
// not they need it.
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

// holds reports whether an invite keeps seats in the party for those who have not come yet.
func (s *State) holds(v *Invite, party int) bool {
	_, member := s.Member(s.Parties[party], v.By)
	return v.Party == party && v.Hold && member && !s.ended(v)
}

// Seats counts a party's seats as the user sees them: taken by members and by joins
// under way, and kept for other users. User -1 is nobody.
func (s *State) Seats(party, user int) (taken, held int) {
	p := s.Parties[party]
	taken = len(p.Members)
	users := s.holders(party)
	delete(users, user)
	for _, m := range p.Members {
		delete(users, s.Sessions[m].User)
	}
	for session, f := range p.flights {
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

// Moving counts the joins under way of users who are in the party by another session.
func (s *State) Moving(party int) (n int) {
	p := s.Parties[party]
	for session, f := range p.flights {
		_, member := s.Member(p, s.Sessions[session].User)
		if member && s.Now.Before(f.until) && !slices.Contains(p.Members, session) {
			n++
		}
	}
	return n
}

// Expected counts the users other than members who have a seat kept or are joining.
func (s *State) Expected(party int) int {
	p, users := s.Parties[party], s.holders(party)
	for session, f := range p.flights {
		if s.Now.Before(f.until) {
			users[s.Sessions[session].User] = true
		}
	}
	for _, m := range p.Members {
		delete(users, s.Sessions[m].User)
	}
	return len(users)
}

// ask notes what a session has begun and the server refused: it keeps a seat, or a place
// on the list of requests, for a moment.
func (s *State) ask(party, joiner, by int) (until time.Time) {
	if s.asked == nil {
		s.asked = map[int]ask{}
	}
	until = s.Now.Add(flightTime)
	s.asked[by] = ask{party, joiner, until}
	return until
}

// Settle ends whatever the session's earlier message left under way.
func (s *State) Settle(by int) {
	a, ok := s.asked[by]
	if !ok {
		return
	}
	delete(s.asked, by)
	p := s.Parties[a.party]
	if p.flights[a.joiner].by == by {
		delete(p.flights, a.joiner)
	}
	if until := p.noted[by]; !until.IsZero() {
		delete(p.noted, by)
	}
}

// UnderWay has a session be on the way into a party by what by sends, -1 for nobody's
// socket: Partyline has let it through, and the server has not answered yet.
func (s *State) UnderWay(party, joiner, by int) {
	if by < 0 {
		by -= joiner // so that each has a place of its own
	}
	s.Parties[party].flights[joiner] = flight{by: by, until: s.ask(party, joiner, by)}
}

// Unsettled reports whether something of the session's is still under way.
func (s *State) Unsettled(by int) bool {
	_, ok := s.asked[by]
	return ok
}

// purge forgets what time has ended.
func (s *State) purge(p *Party) {
	maps.DeleteFunc(p.flights, func(_ int, f flight) bool { return !s.Now.Before(f.until) })
	maps.DeleteFunc(p.noted, func(_ int, until time.Time) bool { return !until.IsZero() && !s.Now.Before(until) })
}
