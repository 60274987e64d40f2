package model

import (
	"maps"
	"slices"
	"time"

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
	rateLimited      = "rate_limited"
	noLiveSession    = "no_live_session"
	sessionAmbiguous = "session_ambiguous"
)

// Texts of the server itself. Each message puts its own prefix before them.
const (
	leaderOnly       = "party leader only"
	memberNotFound   = "party member not found"
	removeSelf       = "party cannot remove self"
	requestNotFound  = "party join request not found"
	requestFailed    = "party could not accept request"
	requestDuplicate = "party join request duplicate"
	requestsFull     = "party join requests full"
	nativeNotFound   = "party not found"
	nativeFull       = "party full"

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
		entered: map[int]entry{}, kicks: map[int]kick{}, reservations: map[int]reservation{}, ownRequests: map[int]time.Time{},
	})
	s.enter(s.Parties[len(s.Parties)-1], session)
	s.leaveAll(leaving)
	return ""
}

// elsewhere applies the rule of one party per user to a user who is about to join a party. It refuses,
// or returns the seats that the user leaves by joining.
func (s *State) elsewhere(party, user int) (leaving []seat, refusal string) {
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
				leaving = append(leaving, seat{i, m})
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

func (s *State) leaveAll(leaving []seat) {
	if s.LateLeaves {
		s.leaving = append(s.leaving, leaving...)
		return
	}
	for _, m := range leaving {
		s.leave(s.Parties[m.party], m.session)
	}
}

// mayEnter returns why a session that is not in the party cannot join now. by is the invite that it
// uses, nil for none.
func (s *State) mayEnter(party, session int, by *Invite) string {
	p, user := s.Parties[party], s.Sessions[session].User
	s.purge(p)
	_, member := s.Member(p, user)
	if member && !s.mayMove(party) {
		return alreadyMember
	}
	_, own := p.reservations[session]
	for joiner := range p.reservations {
		if joiner != session && s.Sessions[joiner].User == user {
			return alreadyMember
		}
	}
	if k, ok := p.kicks[user]; ok && s.Now.Before(k.until) {
		switch {
		case by == nil && s.Rules.Parties.KickBanJoins, by != nil && !(by.CreatedAt.After(k.at) && slices.Contains(by.For, user)):
			return banned
		}
	}
	if member {
		return "" // the seat belongs to the user
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

// mayMove reports whether a user's seat may move to another socket of the same user.
func (s *State) mayMove(party int) bool {
	size := s.Parties[party].MaxSize
	stays := size == 2 && len(s.Parties[party].Members) == 2 && slices.Contains(s.Stays, party)
	return s.Rules.Parties.SecondSocket == rules.SecondSocketMove && size > 1 && !stays
}

// movesSeat reports whether the session is another socket of a member and Partyline itself moves the
// seat, because the server would not admit that socket.
func (s *State) movesSeat(p *Party, session int) bool {
	_, member := s.Member(p, s.Sessions[session].User)
	return member && (!p.Open || len(p.Members) >= p.MaxSize)
}

// beginJoin is Partyline's decision before the server decides about a join or an accept.
func (s *State) beginJoin(party, session, by int) (leaving []seat, refusal string) {
	s.Settle(by)
	leaving, refusal = s.elsewhere(party, s.Sessions[session].User)
	if s.Passed {
		return leaving, ""
	}
	switch p := s.Parties[party]; {
	case p.Over():
		return nil, partyNotFound
	case refusal != "":
		return nil, refusal
	case slices.Contains(p.Members, session):
		return nil, alreadyMember
	}
	return leaving, s.mayEnter(party, session, nil)
}

// mayAsk returns why a session cannot get onto the list of requests. Nobody has friends here, so
// nobody uses the places for members' friends.
func (s *State) mayAsk(p *Party, session int) string {
	if s.hasAsked(p, s.Sessions[session].User) {
		return "" // the server will refuse it
	}
	live := 0
	for asker := range p.ownRequests {
		if _, member := s.Member(p, s.Sessions[asker].User); !member && s.Sessions[asker].Live {
			live++
		}
	}
	if live >= s.Rules.Parties.Requests.Cap || len(p.ownRequests) >= p.MaxSize-p.MaxSize/4 {
		return rateLimited
	}
	return ""
}

// Join joins an open party, or asks to join a closed one.
func (s *State) Join(session, party int) string {
	p := s.Parties[party]
	leaving, refusal := s.beginJoin(party, session, session)
	if refusal != "" {
		return refusal
	}
	switch {
	case p.Over():
		return joining + nativeNotFound
	case !s.Passed && s.movesSeat(p, session):
		s.admit(p, session, nil)
		return alreadyMember
	case len(p.Members) >= p.MaxSize:
		return joining + nativeFull
	case p.Open:
		s.admit(p, session, leaving)
		return ""
	}
	return s.request(party, session)
}

// request asks to join a closed party.
func (s *State) request(party, session int) string {
	p := s.Parties[party]
	if refusal := s.mayAsk(p, session); refusal != "" && !s.Passed {
		return refusal
	}
	if !s.hasAsked(p, s.Sessions[session].User) {
		p.ownRequests[session] = s.ask(party, session, session)
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
	// If a leader's accept of the session is under way from before, this ends it.
	if f, ok := p.reservations[session]; ok {
		delete(p.reservations, session)
		delete(s.asked, f.by)
		return ""
	}
	delete(s.asked, session)
	if _, noted := p.ownRequests[session]; noted {
		p.ownRequests[session] = time.Time{}
	}
	return ""
}

// hasAsked reports whether the user is on Partyline's own list of requests, with any session.
func (s *State) hasAsked(p *Party, user int) bool {
	for asker := range p.ownRequests {
		if s.Sessions[asker].User == user {
			return true
		}
	}
	return false
}

// admit makes a session that the server has admitted a member. If the user is in the party with
// another socket, that socket leaves.
func (s *State) admit(p *Party, session int, leaving []seat) {
	delete(p.reservations, session)
	if slices.Contains(p.Members, session) {
		return
	}
	older, moves := s.Member(p, s.Sessions[session].User)
	s.enter(p, session)
	if moves {
		s.move(p, older)
	}
	s.leaveAll(leaving)
}

// Accept lets in a session that has asked. If Partyline knows the request and the server refuses it,
// a seat stays reserved for a moment.
func (s *State) Accept(by, party, session int) string {
	p := s.Parties[party]
	s.Settle(by)
	if !s.Passed {
		if p.Over() {
			return partyNotFound
		}
		if !slices.Contains(p.Members, by) {
			return notMember
		}
	}
	leaving, refusal := s.beginJoin(party, session, by)
	if refusal != "" {
		return refusal
	}
	if !s.Passed && s.movesSeat(p, session) {
		return alreadyMember
	}
	if refusal := s.asLeader(by, party, accepting); refusal != "" {
		return refusal
	}
	if len(p.Members) >= p.MaxSize {
		return accepting + nativeFull
	}
	if by != session && !s.Sessions[session].Live {
		delete(p.ownRequests, session)
	}
	_, noted := p.ownRequests[session]
	asked := slices.Index(p.Requests, session)
	switch {
	case asked < 0:
		refusal = requestNotFound
	default:
		p.Requests = slices.Delete(p.Requests, asked, asked+1)
		if s.Sessions[session].Live {
			delete(p.ownRequests, session)
			s.admit(p, session, leaving)
			return ""
		}
		refusal = requestFailed
	}
	if noted {
		p.reservations[session] = reservation{by: by, until: s.ask(party, session, by)}
	}
	return accepting + refusal
}

// Leave leaves a party. It never fails.
func (s *State) Leave(session, party int) string {
	s.leave(s.Parties[party], session)
	return ""
}

// asLeader is the server's first check of every message that only the leader may send.
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

// Remove kicks a member, which bans the user for a while, or declines a request.
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
		s.leave(p, session)
		s.ban(party, session)
		return ""
	}
	if asked := slices.Index(p.Requests, session); asked >= 0 {
		p.Requests = slices.Delete(p.Requests, asked, asked+1)
		delete(p.ownRequests, session)
		return ""
	}
	return removing + memberNotFound
}

// ban keeps a kicked user out for a while.
func (s *State) ban(party, session int) {
	if s.LateBans {
		s.late = append(s.late, seat{party, session})
		return
	}
	user := s.Sessions[session].User
	if ban := s.Rules.Parties.KickBan; ban > 0 {
		s.Parties[party].kicks[user] = kick{at: s.Now, until: s.Now.Add(ban)}
	}
	for _, v := range s.Invites {
		if s.holds(v, party) && slices.Contains(v.pending(), user) { // no seat is held for them any more
			v.Declined = append(v.Declined, user)
		}
	}
}

// BeginBans starts the bans that LateBans delayed, except those of spared sessions.
func (s *State) BeginBans(spared func(session int) bool) {
	late := s.late
	s.late, s.LateBans = nil, false
	for _, l := range late {
		if !spared(l.session) {
			s.ban(l.party, l.session)
		}
	}
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

// Update opens or closes a party.
func (s *State) Update(by, party int, open bool) string {
	s.Settle(by)
	if refusal := s.asLeader(by, party, updating); refusal != "" {
		return refusal
	}
	s.Parties[party].Open = open
	return ""
}

// RequestList returns the sessions that ask to join.
func (s *State) RequestList(by, party int) (sessions []int, outcome string) {
	if refusal := s.asLeader(by, party, listing); refusal != "" {
		return nil, refusal
	}
	return slices.Clone(s.Parties[party].Requests), ""
}

// SendData sends a message to the other members. hear are the sessions that hear it.
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

// unban ends a ban.
func (p *Party) unban(user int) {
	maps.DeleteFunc(p.kicks, func(u int, _ kick) bool { return u == user })
}
