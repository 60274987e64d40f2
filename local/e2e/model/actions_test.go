package model_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"partyline/local/e2e/model"
	"partyline/local/e2e/player"
	"partyline/party"
)

// action is one kind of client action.
type action struct {
	name   string
	weight int // how often it is drawn, relative to the others
	needs  requirement
	draw   func(t *rapid.T, r *run) *step // makes a step that may also run at the same time as others
	play   func(t *rapid.T, r *run)       // plays any other action; exactly one of draw and play is set
}

// requirement is what must exist for an action to make sense.
type requirement int

const (
	aSocket       requirement = 1 << iota
	anotherSocket             // besides the last one
	aParty                    // that is not over
	anInvite
	aClock
)

// race runs several of the other actions at the same moment.
var race = action{name: "race", weight: 10, needs: aSocket | aParty, play: playRace}

// actions returns the actions of a game. rapid draws the first ones more often.
func actions() []action {
	return []action{
		{name: "create", weight: 3, needs: aSocket, play: playCreate},
		{name: "redeem", weight: 8, needs: anInvite, draw: drawRedeem},
		{name: "accept", weight: 5, needs: aSocket | aParty, draw: drawAccept},
		{name: "join", weight: 6, needs: aSocket | aParty, draw: drawJoin},
		{name: "invite", weight: 6, needs: aParty, play: playInvite},
		{name: "remove", weight: 3, needs: aSocket | aParty, draw: drawRemove},
		{name: "update", weight: 2, needs: aSocket | aParty, draw: drawUpdate},
		{name: "revoke", weight: 2, needs: anInvite, draw: drawRevoke},
		{name: "decline", weight: 3, needs: anInvite, draw: drawDecline},
		{name: "promote", weight: 2, needs: aSocket | aParty, draw: drawPromote},
		{name: "send", weight: 2, needs: aSocket | aParty, play: playSend},
		{name: "expire", weight: 1, needs: aParty, play: playExpire},
		{name: "wait", weight: 2, needs: aClock, play: playWait},
		{name: "open", weight: 2, play: playOpen},
		{name: "drop", weight: 2, needs: anotherSocket, play: playDrop},
		{name: "leave", weight: 2, needs: aSocket | aParty, draw: drawLeave},
		{name: "close", weight: 1, needs: aSocket | aParty, draw: drawClose},
	}
}

// canRun reports whether everything that an action needs exists.
func (r *run) canRun(n requirement) bool {
	return (n&aSocket == 0 || len(r.live()) > 0) &&
		(n&anotherSocket == 0 || len(r.live()) > 1) &&
		(n&aParty == 0 || slices.ContainsFunc(r.state.Parties, func(p *model.Party) bool { return !p.Over() })) &&
		(n&anInvite == 0 || len(r.invites) > 0) &&
		(n&aClock == 0 || r.server.clock != nil)
}

// drawSensible reports whether a draw should make sense. Mostly it does; sometimes it does not.
func drawSensible(t *rapid.T) bool {
	return rapid.Bool().Draw(t, "sense") || rapid.Bool().Draw(t, "good sense")
}

// anyParty draws a party, mostly one that is not over and that liked accepts, if there is one.
func (r *run) anyParty(t *rapid.T, liked func(*model.Party) bool) int {
	var all, living, best []int
	for i, p := range r.state.Parties {
		all = append(all, i)
		if p.Over() {
			continue
		}
		living = append(living, i)
		if liked(p) {
			best = append(best, i)
		}
	}
	if drawSensible(t) {
		for _, some := range [][]int{best, living} {
			if len(some) > 0 {
				return rapid.SampledFrom(some).Draw(t, "party")
			}
		}
	}
	return rapid.SampledFrom(all).Draw(t, "party")
}

func anyState(*model.Party) bool { return true }

// anyGame draws an open socket.
func (r *run) anyGame(t *rapid.T) int {
	var live []int
	for i, s := range r.state.Sessions {
		if s.Live {
			live = append(live, i)
		}
	}
	return rapid.SampledFrom(live).Draw(t, "session")
}

// leading draws a socket and a party, mostly a party that the socket leads.
func (r *run) leading(t *rapid.T, liked func(*model.Party) bool) (by, party int) {
	party = r.anyParty(t, liked)
	if p := r.state.Parties[party]; drawSensible(t) && !p.Over() {
		return p.Leader, party
	}
	return r.anyGame(t), party
}

// member draws an open socket, mostly a member's.
func (r *run) member(t *rapid.T, party int) int {
	if members := r.state.Parties[party].Members; drawSensible(t) && len(members) > 0 {
		return rapid.SampledFrom(members).Draw(t, "member")
	}
	return r.anyGame(t)
}

// target draws any session, mostly a likely one.
func (r *run) target(t *rapid.T, likely []int) int {
	if drawSensible(t) && len(likely) > 0 {
		return rapid.SampledFrom(likely).Draw(t, "target")
	}
	return rapid.IntRange(0, len(r.games)-1).Draw(t, "target")
}

func others(sessions []int, but int) []int {
	return slices.DeleteFunc(slices.Clone(sessions), func(s int) bool { return s == but })
}

func drawJoin(t *rapid.T, r *run) *step {
	party, by := r.anyParty(t, anyState), r.anyGame(t)
	const mostRequests = 8 // of one user: the server allows ten a minute
	if user := r.state.Sessions[by].User; !r.state.Parties[party].Open {
		if r.asked[user] >= mostRequests {
			return drawLeave(t, r)
		}
		r.asked[user]++
	}
	return &step{
		text: fmt.Sprintf("session %d joins party %d", by, party), by: by,
		enters: &seat{by, party},
		expect: func(m *model.State) string { return m.Join(by, party) },
		do:     func(ctx context.Context) error { return r.games[by].JoinParty(ctx, r.parties[party]) },
	}
}

func drawLeave(t *rapid.T, r *run) *step {
	party := r.anyParty(t, anyState)
	by := r.member(t, party)
	return &step{
		text: fmt.Sprintf("session %d leaves party %d", by, party), by: by,
		leaves: &seat{by, party},
		expect: func(m *model.State) string { return m.Leave(by, party) },
		do:     func(ctx context.Context) error { return r.games[by].LeaveParty(ctx, r.parties[party]) },
	}
}

func drawPromote(t *rapid.T, r *run) *step {
	by, party := r.leading(t, anyState)
	target := r.target(t, others(r.state.Parties[party].Members, by))
	return &step{
		text: fmt.Sprintf("session %d promotes %d in party %d", by, target, party), by: by, promotes: &seat{target, party},
		expect: func(m *model.State) string { return m.Promote(by, party, target) },
		do: func(ctx context.Context) error {
			return r.games[by].Promote(ctx, r.parties[party], r.games[target].Presence())
		},
	}
}

func drawAccept(t *rapid.T, r *run) *step {
	by, party := r.leading(t, func(p *model.Party) bool { return len(p.Requests) > 0 })
	target := r.target(t, r.state.Parties[party].Requests)
	return &step{
		text: fmt.Sprintf("session %d accepts %d into party %d", by, target, party), by: by,
		enters: &seat{target, party},
		expect: func(m *model.State) string { return m.Accept(by, party, target) },
		do: func(ctx context.Context) error {
			return r.games[by].Accept(ctx, r.parties[party], r.games[target].Presence())
		},
	}
}

func drawRemove(t *rapid.T, r *run) *step {
	by, party := r.leading(t, anyState)
	p := r.state.Parties[party]
	target := r.target(t, others(slices.Concat(p.Members, p.Requests), by))
	return &step{
		text: fmt.Sprintf("session %d removes %d from party %d", by, target, party), by: by, either: true,
		removes: &seat{target, party},
		expect:  func(m *model.State) string { return m.Remove(by, party, target) },
		do: func(ctx context.Context) error {
			return r.games[by].Remove(ctx, r.parties[party], r.games[target].Presence())
		},
	}
}

func drawClose(t *rapid.T, r *run) *step {
	by, party := r.leading(t, anyState)
	return &step{
		text: fmt.Sprintf("session %d closes party %d", by, party), by: by,
		expect: func(m *model.State) string { return m.Close(by, party) },
		do:     func(ctx context.Context) error { return r.games[by].CloseParty(ctx, r.parties[party]) },
	}
}

func drawUpdate(t *rapid.T, r *run) *step {
	by, party := r.leading(t, anyState)
	open := rapid.Bool().Draw(t, "open")
	return &step{
		text: fmt.Sprintf("session %d sets party %d open %t", by, party, open), by: by,
		expect: func(m *model.State) string { return m.Update(by, party, open) },
		do:     func(ctx context.Context) error { return r.games[by].UpdateParty(ctx, r.parties[party], open, "") },
	}
}

// redeemRequest and the next types are the JSON of the calls.
type (
	redeemRequest struct {
		Code      string `json:"code"`
		SessionID string `json:"session_id,omitempty"`
	}
	codeRequest struct {
		Code string `json:"code"`
	}
	partyRequest struct {
		PartyID string `json:"party_id"`
	}
	revokeRequest struct {
		ID   string `json:"id,omitempty"`
		Code string `json:"code,omitempty"`
	}
)

// anyInvite draws an invite, mostly one that can still be used.
func (r *run) anyInvite(t *rapid.T) int {
	var living []int
	for i := range r.invites {
		if v := r.state.Invites[i]; !v.Revoked && r.state.Now.Before(v.ExpiresAt) {
			living = append(living, i)
		}
	}
	if drawSensible(t) && len(living) > 0 {
		return rapid.SampledFrom(living).Draw(t, "invite")
	}
	return rapid.IntRange(0, len(r.invites)-1).Draw(t, "invite")
}

// drawRedeem covers the ways to choose the session: the calling socket, another named session, and
// calls over HTTP with and without a session.
func drawRedeem(t *rapid.T, r *run) *step {
	invite := r.anyInvite(t)
	code := r.invites[invite].Code
	user := rapid.IntRange(0, userCount-1).Draw(t, "user")
	if likely := r.state.Invites[invite].For; drawSensible(t) && len(likely) > 0 {
		user = rapid.SampledFrom(likely).Draw(t, "invited")
	}
	var own []int
	for i, s := range r.state.Sessions {
		if s.User == user {
			own = append(own, i)
		}
	}
	session := model.OverHTTP
	if rapid.Bool().Draw(t, "named") {
		session = r.target(t, own)
	}
	request := redeemRequest{Code: code}
	if session != model.OverHTTP {
		request.SessionID = r.games[session].ID
	}
	s := &step{
		text: fmt.Sprintf("user %d redeems invite %d over HTTP for session %d", user, invite, session), by: -1,
		redeems: true,
		expect:  func(m *model.State) string { return m.Redeem(user, session, invite) },
		do: func(ctx context.Context) error {
			return r.players[user].Call(ctx, "party_invite_redeem", request, nil)
		},
	}
	live := r.state.Live(user)
	if len(live) > 0 && !r.state.Invites[invite].Follow {
		s.enters = &seat{live[0], r.state.Invites[invite].Party} // any of the user's sessions
	}
	if len(live) > 0 && rapid.Bool().Draw(t, "by socket") {
		by := rapid.SampledFrom(live).Draw(t, "socket")
		if session == model.OverHTTP {
			session = by
		}
		s.by = by
		s.expect = func(m *model.State) string {
			m.Settle(by)
			return m.Redeem(user, session, invite)
		}
		s.text = fmt.Sprintf("session %d redeems invite %d for session %d", by, invite, session)
		s.do = func(ctx context.Context) error { return r.games[by].Call(ctx, "party_invite_redeem", request, nil) }
	}
	return s
}

func drawRevoke(t *rapid.T, r *run) *step {
	invite := r.anyInvite(t)
	user := rapid.IntRange(0, userCount-1).Draw(t, "user")
	if drawSensible(t) {
		user = r.state.Invites[invite].By
	}
	byCode := revokeRequest{Code: r.invites[invite].Code}
	request := revokeRequest{ID: r.invites[invite].ID}
	if rapid.Bool().Draw(t, "by code") {
		request = byCode
	}
	made := r.state.Invites[invite]
	forgotten := r.state.Parties[made.Party].Over() && !made.Follow // the server forgets the ID some seconds after the party, but not the code
	return &step{
		text: fmt.Sprintf("user %d revokes invite %d", user, invite), by: -1,
		expect: func(m *model.State) string { return m.Revoke(user, invite) },
		do: func(ctx context.Context) error {
			err := r.players[user].Call(ctx, "party_invite_revoke", request, nil)
			if outcome, _ := player.Outcome(err); forgotten && outcome == string(party.InviteNotFound) {
				err = r.players[user].Call(ctx, "party_invite_revoke", byCode, nil)
			}
			return err
		},
	}
}

func drawDecline(t *rapid.T, r *run) *step {
	invite := r.anyInvite(t)
	user := rapid.IntRange(0, userCount-1).Draw(t, "user")
	if likely := r.state.Invites[invite].For; drawSensible(t) && len(likely) > 0 {
		user = rapid.SampledFrom(likely).Draw(t, "invited")
	}
	return &step{
		text: fmt.Sprintf("user %d declines invite %d", user, invite), by: -1,
		expect: func(m *model.State) string { return m.Decline(user, invite) },
		do: func(ctx context.Context) error {
			return r.players[user].Call(ctx, "party_invite_decline", codeRequest{r.invites[invite].Code}, nil)
		},
	}
}

// drawOptions draws an invite's options, in nearly every combination.
func (r *run) drawOptions(t *rapid.T, by int) model.InviteOptions {
	o := model.InviteOptions{
		Code:    rapid.Bool().Draw(t, "code"),
		TTL:     time.Duration(rapid.SampledFrom([]int{30, 90, 600}).Draw(t, "ttl")) * time.Second,
		MaxUses: rapid.IntRange(-1, 3).Draw(t, "max uses"),
		Follow:  rapid.IntRange(0, 3).Draw(t, "follow") == 0,
	}
	if r.server.clock == nil {
		o.TTL = 10 * time.Minute // longer than a game, because the model would not see an invite expire
	}
	for user := range userCount {
		if user != by && rapid.IntRange(0, 3).Draw(t, "for") == 0 {
			o.For = append(o.For, user)
		}
	}
	o.Hold = len(o.For) > 0 && rapid.Bool().Draw(t, "hold")
	return o
}
