package model

import (
	"slices"
	"time"

	"partyline/party/rules"
)

// CreateInvite makes an invite. On success it is the last of Invites.
func (s *State) CreateInvite(by, party int, o InviteOptions) string {
	p := s.Parties[party]
	if o.MaxUses < 0 {
		usual := s.Rules.Invites.Link.MaxUses
		if o.Code {
			usual = s.Rules.Invites.Code.MaxUses
		}
		if o.MaxUses = usual; usual > 0 {
			o.MaxUses = max(usual, len(o.For))
		}
	}
	if o.Hold && (len(o.For) == 0 || o.MaxUses > 0 && o.MaxUses < len(o.For)) || slices.Contains(o.For, by) {
		return invalidRequest
	}
	if p.Over() {
		return partyNotFound
	}
	if _, member := s.Member(p, by); !member {
		return notMember
	}
	if s.Rules.Invites.Who == rules.InviteLeader && s.Sessions[p.Leader].User != by {
		return notLeader
	}
	v := &Invite{
		InviteOptions: o, Party: party, By: by,
		CreatedAt: s.Now, ExpiresAt: s.Now.Truncate(time.Second).Add(o.TTL),
	}
	s.Invites = append(s.Invites, v)
	if o.Hold {
		if taken, held := s.Seats(party, -1); taken+held > p.MaxSize {
			s.Invites = s.Invites[:len(s.Invites)-1]
			return partyFull
		}
	}
	return ""
}

// destination returns the party that an invite leads to now; -1 for none.
func (s *State) destination(v *Invite) int {
	if !v.Follow {
		if s.Parties[v.Party].Over() {
			return -1
		}
		return v.Party
	}
	latest, in := 0, -1
	for i, p := range s.Parties {
		if i != v.Party && !p.Over() && s.Rules.Invites.Who == rules.InviteLeader && s.Sessions[p.Leader].User != v.By {
			continue // the inviter may not invite there
		}
		for session, entry := range p.entered {
			if s.Sessions[session].User == v.By && entry.number > latest {
				latest, in = entry.number, i
			}
		}
	}
	return in
}

// refusal returns why the user cannot use the invite now.
func (s *State) refusal(v *Invite, user int) string {
	switch {
	case len(v.For) > 0 && !slices.Contains(v.For, user):
		return inviteNotForYou
	case v.Revoked:
		return inviteRevoked
	case s.ended(v):
		return inviteExpired
	case v.exhausted() && !slices.Contains(v.Claims, user):
		return inviteExhausted
	}
	return ""
}

// claim uses an invite, once for each user.
func (v *Invite) claim(user int) {
	if !slices.Contains(v.Claims, user) {
		v.Uses++
		v.Claims = append(v.Claims, user)
	}
}

// Which of a user's sessions a redeem is for.
const (
	OverHTTP = -1 // any live session
)

// Redeem makes a session a member by an invite. session is the one that calls, or the one that a call
// over HTTP names. [OverHTTP] is a call over HTTP that names none.
func (s *State) Redeem(user, session, invite int) string {
	v := s.Invites[invite]
	if len(v.For) > 0 && !slices.Contains(v.For, user) {
		return inviteNotForYou
	}
	to := s.destination(v)
	session, sessionRefusal := s.pick(user, session, to)
	if sessionRefusal == "" && to >= 0 {
		if member, ok := s.Member(s.Parties[to], user); ok {
			since := s.ClaimsAfter
			claims := since > 0 && s.Parties[to].entered[member].number > since && s.refusal(v, user) == ""
			switch {
			case member == session && claims:
				v.claim(user)
				fallthrough
			case member == session:
				return ""
			case !claims:
				refusal := s.moveSeat(to, session)
				if refusal == "" && slices.Contains(v.pending(), user) && s.refusal(v, user) == "" {
					v.claim(user) // the invite holds no seat for them any more
				}
				return refusal
			}
		}
	}
	if refusal := s.refusal(v, user); refusal != "" {
		return refusal
	}
	if to < 0 {
		return partyNotFound
	}
	if sessionRefusal != "" {
		return sessionRefusal
	}
	leaving, refusal := s.elsewhere(to, user)
	if refusal != "" {
		return refusal
	}
	if refusal := s.mayEnter(to, session, v); refusal != "" {
		return refusal
	}
	v.claim(user)
	older, moves := s.Member(s.Parties[to], user)
	s.enter(s.Parties[to], session)
	if moves {
		s.move(s.Parties[to], older)
	}
	s.Parties[to].unban(user)
	s.leaveAll(leaving)
	return ""
}

// moveSeat moves a member's seat to another of their sessions, which needs no invite.
func (s *State) moveSeat(to, session int) string {
	user := s.Sessions[session].User
	leaving, refusal := s.elsewhere(to, user)
	if refusal != "" {
		return refusal
	}
	if refusal := s.mayEnter(to, session, nil); refusal != "" {
		return refusal
	}
	older, _ := s.Member(s.Parties[to], user)
	s.enter(s.Parties[to], session)
	s.move(s.Parties[to], older)
	s.leaveAll(leaving)
	return ""
}

// pick returns the session that a redeem is for.
func (s *State) pick(user, session, to int) (picked int, refusal string) {
	if session != OverHTTP {
		if s.Sessions[session].User != user || !s.Sessions[session].Live {
			return 0, invalidRequest
		}
		return session, ""
	}
	if to >= 0 {
		p := s.Parties[to]
		if member, ok := s.Member(p, user); ok && !(s.PicksEarly && p.entered[member].moment == s.moment) {
			return member, ""
		}
	}
	switch live := s.Live(user); {
	case len(live) == 0:
		return 0, noLiveSession
	case len(live) == 1, s.Rules.Invites.SeveralSessions == rules.SeveralSessionsNewest:
		return live[len(live)-1], ""
	}
	return 0, sessionAmbiguous
}

// Revoke ends an invite before its time.
func (s *State) Revoke(user, invite int) string {
	v := s.Invites[invite]
	if p := s.Parties[v.Party]; v.By != user && (p.Over() || s.Sessions[p.Leader].User != user) {
		return notLeader
	}
	if !s.ended(v) {
		v.Revoked = true
	}
	return ""
}

// Decline says that a user will not come.
func (s *State) Decline(user, invite int) string {
	v := s.Invites[invite]
	if !slices.Contains(v.For, user) {
		return inviteNotForYou
	}
	if !s.ended(v) && slices.Contains(v.pending(), user) {
		v.Declined = append(v.Declined, user)
	}
	return ""
}

// List returns a party's invites as its members see them: the numbers of the invites that can still
// be used.
func (s *State) List(user, party int) (invites []int, outcome string) {
	p := s.Parties[party]
	if p.Over() {
		return nil, partyNotFound
	}
	if _, member := s.Member(p, user); !member {
		return nil, notMember
	}
	for i, v := range s.Invites {
		if v.Party == party && !s.ended(v) {
			invites = append(invites, i)
		}
	}
	return invites, ""
}

// Preview is what an invite shows before it is used.
type Preview struct {
	State string
	Party int // -1 for none; the other fields are about it
	Size  int
	Held  int
}

// Preview returns what an invite shows to a user.
func (s *State) Preview(user, invite int) (shown Preview, outcome string) {
	v := s.Invites[invite]
	shown.Party = s.destination(v)
	member, room := false, false
	if shown.Party >= 0 {
		p := s.Parties[shown.Party]
		_, member = s.Member(p, user)
		_, others := s.Seats(shown.Party, user)
		room = member || len(p.Members)+others < p.MaxSize
		shown.Size = len(p.Members)
		shown.Held = s.Expected(shown.Party)
	}
	if !member && v.By != user && len(v.For) > 0 && !slices.Contains(v.For, user) {
		return Preview{}, inviteNotForYou
	}
	switch {
	case v.Revoked:
		shown.State = "revoked"
	case s.ended(v):
		shown.State = "expired"
	case v.exhausted() && !slices.Contains(v.Claims, user):
		shown.State = "exhausted"
	case shown.Party < 0 && v.Follow:
		shown.State = "between"
	case shown.Party < 0:
		shown.State = "party_gone"
	case !room:
		shown.State = "full"
	default:
		shown.State = "open"
	}
	return shown, ""
}
