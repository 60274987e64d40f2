package model_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"partyline/local/e2e/client"
	"partyline/local/e2e/model"
	"partyline/party"
)

func playCreate(t *rapid.T, r *run) {
	by := r.anyGame(t)
	open, size := rapid.Bool().Draw(t, "open"), rapid.IntRange(1, 4).Draw(t, "size")
	var id string
	before := len(r.state.Parties)
	r.play(t, &step{
		text:   fmt.Sprintf("session %d creates party %d, open %t, size %d", by, before, open, size),
		expect: func(m *model.State) string { return m.Create(by, open, size) },
		record: func() { r.parties = append(r.parties, id) },
		do: func(ctx context.Context) (err error) {
			id, err = r.games[by].CreateParty(ctx, open, size)
			return err
		},
	})
}

func playInvite(t *rapid.T, r *run) {
	number := r.anyParty(t, anyState)
	by := r.inviter(t, number)
	r.invite(t, by, number, r.drawOptions(t, by))
}

// inviter draws a user, mostly one who is in the party.
func (r *run) inviter(t *rapid.T, number int) int {
	if p := r.state.Parties[number]; drawSensible(t) && !p.Over() {
		return r.state.Sessions[rapid.SampledFrom(p.Members).Draw(t, "member")].User
	}
	return rapid.IntRange(0, userCount-1).Draw(t, "user")
}

// playExpire makes an invite expire before its party ends.
func playExpire(t *rapid.T, r *run) {
	number := r.anyParty(t, anyState)
	by := r.inviter(t, number)
	o := r.drawOptions(t, by)
	o.TTL = time.Second
	if !r.invite(t, by, number, o) {
		return
	}
	ctx, cancel := r.context()
	defer cancel()
	if r.server.clock != nil {
		r.server.clock.Jump(o.TTL)
	}
	code := codeRequest{r.invites[len(r.invites)-1].Code}
	r.must(t, eventually(ctx, func() bool {
		var shown party.Preview
		return r.players[by].Call(ctx, "party_invite_preview", code, &shown) == nil && shown.State == party.StateExpired
	}))
	r.note("invite %d expires", len(r.invites)-1)
}

// invite makes an invite and reports whether it succeeded.
func (r *run) invite(t *rapid.T, by, number int, o model.InviteOptions) bool {
	ttl := int64(o.TTL / time.Second)
	request := party.InviteRequest{
		PartyID: r.parties[number], Kind: party.LinkInvite, TTLSec: &ttl, HoldSeat: o.Hold, FollowInviter: o.Follow,
		Message: "hello", Launch: []byte(`{"map":"arena"}`),
	}
	if o.Code {
		request.Kind = party.CodeInvite
	}
	if o.MaxUses >= 0 {
		request.MaxUses = &o.MaxUses
	}
	for _, user := range o.For {
		request.ForUserIDs = append(request.ForUserIDs, r.players[user].ID())
	}
	var made party.CreatedInvite
	created := r.play(t, &step{
		text:   fmt.Sprintf("user %d creates invite %d to party %d: %+v", by, len(r.invites), number, o),
		expect: func(m *model.State) string { return m.CreateInvite(by, number, o) },
		record: func() { r.invites = append(r.invites, made) },
		do: func(ctx context.Context) error {
			return r.players[by].Call(ctx, "party_invite_create", request, &made)
		},
	})
	if !created {
		return false
	}
	for _, m := range r.states {
		v := m.Invites[len(m.Invites)-1]
		ends := time.Unix(made.ExpiresAt, 0)
		if r.server.clock == nil && ends.Sub(v.ExpiresAt).Abs() <= time.Second {
			v.ExpiresAt = ends // by the server's clock
		}
		if made.MaxUses != v.MaxUses || !ends.Equal(v.ExpiresAt) {
			r.must(t, fmt.Errorf("invite %d: %+v; want %+v", len(r.invites)-1, made, v))
		}
	}
	return true
}

// playOpen opens another socket for a user. If the user has too many, it closes the oldest.
func playOpen(t *rapid.T, r *run) {
	user := rapid.IntRange(0, userCount-1).Draw(t, "user")
	if live := r.state.Live(user); len(live) >= perUser {
		r.end(t, live[0], false)
	}
	ctx, cancel := r.context()
	defer cancel()
	r.connect(ctx, t, user)
	r.note("user %d opens session %d", user, len(r.games)-1)
}

func playDrop(t *rapid.T, r *run) {
	r.end(t, r.anyGame(t), rapid.Bool().Draw(t, "cut"))
}

// end ends a socket, by a close or by a cut connection.
func (r *run) end(t *rapid.T, by int, cut bool) {
	if r.state.Unsettled(by) {
		r.flush(t, by)
		for _, m := range r.states {
			m.Settle(by)
		} // the server reports the end to the module late, so the seat would become free at no certain time
	}
	r.play(t, &step{
		text:   fmt.Sprintf("session %d ends, cut %t", by, cut),
		expect: func(m *model.State) string { m.Disconnect(by); return "" },
		do: func(ctx context.Context) error {
			if cut {
				r.games[by].Abort()
				return r.awaitGone(ctx, by)
			}
			return r.games[by].Close(ctx)
		},
	})
}

// awaitGone waits until the server has noticed that a socket was cut. On a real server it asks with calls
// that name the session, until they are refused.
func (r *run) awaitGone(ctx context.Context, session int) error {
	if e := r.server.engine; e != nil {
		return eventually(ctx, func() bool { return e.Sessions() == 1+len(r.live())-1 })
	}
	user := r.state.Sessions[session].User
	watch, err := r.players[user].Play(ctx) // hears the presences of its own user
	if err != nil {
		return err
	}
	defer watch.Abort()
	return eventually(ctx, func() bool {
		return r.players[user].Call(ctx, "party_invite_redeem", redeemRequest{Code: "0000000000000000", SessionID: r.games[session].ID}, nil) != nil
	})
}

// flush makes a session send something that changes nothing. The answer means that the server has
// completely processed the message before.
func (r *run) flush(t *rapid.T, by int) {
	const nowhere = "00000000-0000-4000-8000-000000000000.nowhere"
	ctx, cancel := r.context()
	defer cancel()
	if r.answer(t, "closing no party", r.games[by].CloseParty(ctx, nowhere)) == "" {
		t.Fatal("a party that does not exist was closed")
	}
}

// playSend checks that exactly the other members hear a member's data.
func playSend(t *rapid.T, r *run) {
	number := r.anyParty(t, anyState)
	by := r.member(t, number)
	ctx, cancel := r.context()
	defer cancel()
	r.nonces++
	data := []byte(strconv.FormatInt(r.nonces, 10))
	r.tick()
	text := fmt.Sprintf("session %d sends data to party %d", by, number)
	got := r.answer(t, text, r.games[by].SendData(ctx, r.parties[number], 1, data))
	r.note("%s -> %q", text, got)
	r.must(t, r.settle(ctx))
	heard := make([]int, len(r.games)) // number of messages by session
	for i, g := range r.games {
		if r.state.Sessions[i].Live {
			heard[i] = len(g.TakeAll(func(m client.Message) bool { d := m.Envelope.GetPartyData(); return d != nil && d.OpCode == 1 }))
		}
	}
	r.must(t, r.keepStates(func(m *model.State) error {
		hear, want := m.SendData(by, number)
		if got != want {
			return fmt.Errorf("%s = %q; the model says %q", text, got, want)
		}
		for i, times := range heard {
			if times > 1 || (times == 1) != slices.Contains(hear, i) {
				return fmt.Errorf("%s: heard by %v times; want %v to hear", text, heard, hear)
			}
		}
		return r.heard(m, nil)
	}))
}

// playWait lets time pass, so that reserved seats, invites and bans end.
func playWait(t *rapid.T, r *run) {
	seconds := rapid.SampledFrom([]int{1, 5, 30, 90, 599, 600}).Draw(t, "seconds")
	r.server.clock.Jump(time.Duration(seconds) * time.Second)
	r.tick()
	r.asked = [userCount]int{}
	r.note("%d s pass", seconds)
}
