package model

import (
	"maps"
	"slices"

	"partyline/party/rules"
)

// Reasons that the model expects, as clients read them.
const (
	partyNotFound    = "party_not_found"
	partyFull        = "party_full"
	alreadyMember    = "already_member"
	alreadyInParty   = "already_in_party"
	banned           = "banned"
	notMember        = "not_member"
	notLeader        = "not_leader"
	invalidRequest   = "invalid_request"
	inviteNotFound   = "invite_not_found"
	inviteExpired    = "invite_expired"
	inviteRevoked    = "invite_revoked"
	inviteExhausted  = "invite_exhausted"
	inviteNotForYou  = "invite_not_for_you"
	noLiveSession    = "no_live_session"
	sessionAmbiguous = "session_ambiguous"
)

// Texts of the server's own, behind what each message puts before them.
const (
	leaderOnly       = "party leader only"
	memberNotFound   = "party member not found"
	removeSelf       = "party cannot remove self"
	requestNotFound  = "party join request not found"
	requestFailed    = "party could not accept request"
	requestDuplicate = "party join request duplicate"
	requestsFull     = "party join requests full"
	nativeNotFound   = "party not found"

	joining   = "Error joining party: "
	promoting = "Error promoting new party leader: "
	accepting = "Error accepting party join request: "
	removing  = "Error removing party member or join request: "
	closing   = "Error closing party: "
	listing   = "Error listing party join requests: "
	sending   = "Error sending party data: "
	updating  = "Error updating party: "
)

// Create makes a party. On success it is the last of Parties.
func (s *State) Create(session int, open bool, maxSize int) string {
	s.Settle(session)
	leaving, refusal := s.elsewhere(-1, s.Sessions[session].User)
	if refusal != "" {
		return refusal
	}
	s.Parties = append(s.Parties, &Party{
		Open: open, MaxSize: maxSize, Leader: session,
		entered: map[int]int{}, kicks: map[int]kick{}, flights: map[int]flight{},
	})
	s.enter(s.Parties[len(s.Parties)-1], session)
	s.leaveAll(leaving)
	return ""
}

// membership is one session in one party.
type membership struct{ party, session int }

// elsewhere applies the rule of one party per user to a user about to enter a party: it
// refuses, or gives what the user leaves by entering.
func (s *State) elsewhere(party, user int) (leaving []membership, refusal string) {
	rule := s.Rules.Parties.OnePerUser
	if rule != rules.OnePartyOnly && rule != rules.LeavePrevious {
		return nil, ""
	}
	for i, p := range s.Parties {
		if i == party {
			continue
		}
		for _, m := range p.Members {
			if s.Sessions[m].User == user {
				leaving = append(leaving, membership{i, m})
			}
		}
	}
	for _, a := range s.asked {
		if rule == rules.OnePartyOnly && a.party != party && s.Sessions[a.joiner].User == user && s.Now.Before(a.until) {
			return nil, alreadyInParty
		}
	}
	if rule == rules.OnePartyOnly && len(leaving) > 0 {
		return nil, alreadyInParty
	}
	return leaving, ""
}

func (s *State) leaveAll(leaving []membership) {
	for _, m := range leaving {
		s.Parties[m.party].leave(m.session)
	}
}

// mayEnter says why a session that is not in the party cannot come in now. by is the
// invite it comes with, nil for none.
func (s *State) mayEnter(party, session int, by *Invite) string {
	p, user := s.Parties[party], s.Sessions[session].User
	if _, member := s.Member(p, user); member {
		return alreadyMember
	}
	own := false
	for joiner, f := range p.flights {
		switch {
		case !s.Now.Before(f.until):
		case joiner == session:
			own = true
		case s.Sessions[joiner].User == user:
			return alreadyMember
		}
	}
	if k, ok := p.kicks[user]; ok && s.Now.Before(k.until) && (by == nil || !by.CreatedAt.After(k.at)) {
		return banned
	}
	taken, held := s.Seats(party, user)
	if own {
		taken--
	}
	if taken+held+1 > p.MaxSize {
		return partyFull
	}
	return ""
}

// begin is what Partyline says before the server decides on a join or an accept.
func (s *State) begin(party, session, by int) (leaving []membership, refusal string) {
	s.Settle(by)
	leaving, refusal = s.elsewhere(party, s.Sessions[session].User)
	if refusal != "" {
		return nil, refusal
	}
	if slices.Contains(s.Parties[party].Members, session) {
		return nil, alreadyMember
	}
	return leaving, s.mayEnter(party, session, nil)
}

// Join enters an open party or asks a closed one.
func (s *State) Join(session, party int) string {
	p := s.Parties[party]
	if p.Over() {
		return partyNotFound
	}
	leaving, refusal := s.begin(party, session, session)
	if refusal != "" {
		return refusal
	}
	if p.Open {
		s.land(p, session, leaving)
		return ""
	}
	if len(p.Requests) >= p.MaxSize {
		return joining + requestsFull
	}
	for _, r := range p.Requests {
		if s.Sessions[r].User == s.Sessions[session].User {
			return joining + requestDuplicate
		}
	}
	p.Requests = append(p.Requests, session)
	// What a leader began for the session before it asked is over with this.
	if f, ok := p.flights[session]; ok {
		delete(p.flights, session)
		delete(s.asked, f.by)
	}
	return ""
}

// land makes a member of a session that the server has let in.
func (s *State) land(p *Party, session int, leaving []membership) {
	delete(p.flights, session)
	s.enter(p, session)
	s.leaveAll(leaving)
}

// Accept lets in a session that has asked. A refusal of the server's own leaves a seat
// kept for a moment.
func (s *State) Accept(by, party, session int) string {
	p := s.Parties[party]
	if p.Over() {
		return partyNotFound
	}
	if !slices.Contains(p.Members, by) {
		return notMember
	}
	leaving, refusal := s.begin(party, session, by)
	if refusal != "" {
		return refusal
	}
	asked := slices.Index(p.Requests, session)
	switch {
	case p.Leader != by:
		refusal = leaderOnly
	case asked < 0:
		refusal = requestNotFound
	default:
		p.Requests = slices.Delete(p.Requests, asked, asked+1)
		if s.Sessions[session].Live {
			s.land(p, session, leaving)
			return ""
		}
		refusal = requestFailed
	}
	s.keep(party, session, by)
	return accepting + refusal
}

// Leave leaves a party. It never fails.
func (s *State) Leave(session, party int) string {
	s.Parties[party].leave(session)
	return ""
}

// asLeader is what every message that only the leader may send begins with.
func (s *State) asLeader(by, party int, what string) string {
	switch p := s.Parties[party]; {
	case p.Over():
		return what + nativeNotFound
	case p.Leader != by:
		return what + leaderOnly
	}
	return ""
}

// Promote makes another member the leader.
func (s *State) Promote(by, party, session int) string {
	s.Settle(by)
	if refusal := s.asLeader(by, party, promoting); refusal != "" {
		return refusal
	}
	p := s.Parties[party]
	if !slices.Contains(p.Members, session) {
		return promoting + memberNotFound
	}
	p.Leader = session
	return ""
}

// Remove kicks a member, which bans the user for a while, or turns down a request.
func (s *State) Remove(by, party, session int) string {
	s.Settle(by)
	if refusal := s.asLeader(by, party, removing); refusal != "" {
		return refusal
	}
	p := s.Parties[party]
	if p.Leader == session {
		return removing + removeSelf
	}
	if slices.Contains(p.Members, session) {
		p.leave(session)
		if ban := s.Rules.Parties.KickBan; ban > 0 {
			p.kicks[s.Sessions[session].User] = kick{at: s.Now, until: s.Now.Add(ban)}
		}
		return ""
	}
	if asked := slices.Index(p.Requests, session); asked >= 0 {
		p.Requests = slices.Delete(p.Requests, asked, asked+1)
		return ""
	}
	return removing + memberNotFound
}

// Close ends a party.
func (s *State) Close(by, party int) string {
	s.Settle(by)
	if refusal := s.asLeader(by, party, closing); refusal != "" {
		return refusal
	}
	p := s.Parties[party]
	p.Members = nil
	clear(p.entered)
	return ""
}

// Update opens or closes the door of a party.
func (s *State) Update(by, party int, open bool) string {
	s.Settle(by)
	if refusal := s.asLeader(by, party, updating); refusal != "" {
		return refusal
	}
	s.Parties[party].Open = open
	return ""
}

// RequestList shows who asks to come in.
func (s *State) RequestList(by, party int) (sessions []int, outcome string) {
	if refusal := s.asLeader(by, party, listing); refusal != "" {
		return nil, refusal
	}
	return slices.Clone(s.Parties[party].Requests), ""
}

// SendData sends a message to the other members; hear are their sessions.
func (s *State) SendData(session, party int) (hear []int, outcome string) {
	s.Settle(session)
	p := s.Parties[party]
	switch i := slices.Index(p.Members, session); {
	case p.Over():
		return nil, sending + nativeNotFound
	case i < 0:
		return nil, sending + memberNotFound
	default:
		return slices.Delete(slices.Clone(p.Members), i, i+1), ""
	}
}

// lift ends a ban.
func (p *Party) lift(user int) {
	maps.DeleteFunc(p.kicks, func(u int, _ kick) bool { return u == user })
}
