package faults_test

import (
	"context"
	"math"
	"math/bits"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"partyline/local/e2e/player"
	"partyline/party"
)

// attemptResult is the outcome of an attempt to get one of a limited number of places.
type attemptResult int

const (
	unknown attemptResult = iota // no answer, or one that says nothing about the places: the attempt may have got one
	got
	none // no place was left
)

// history records the attempts to get a place, with their times and outcomes.
type history struct {
	mu    sync.Mutex
	start time.Time
	all   []porcupine.Operation
}

// record makes a contender try, and records the outcome. left is the reason of the refusal that says
// that no place is left.
func (h *history) record(contender int, left party.Reason, try func() error) error {
	called := time.Since(h.start)
	err := try()
	op := porcupine.Operation{ClientId: contender, Input: contender, Call: called.Nanoseconds(), Output: unknown, Return: math.MaxInt64}
	switch outcome, answered := player.Outcome(err); {
	case answered && outcome == "":
		op.Output, op.Return = got, time.Since(h.start).Nanoseconds()
	case answered && outcome == string(left):
		op.Output, op.Return = none, time.Since(h.start).Nanoseconds()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, op)
	return err
}

// placesModel is the model: n places, each for one contender, who keeps it. Its state is the set of
// contenders with a place. An attempt without an answer may have got a place at any time after the
// call. If it never did, the model puts it at the end, when nothing depends on it any more.
func placesModel(n int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return uint64(0) },
		Step: func(state, input, output any) (bool, any) {
			taken, me := state.(uint64), uint64(1)<<input.(int)
			room := taken&me != 0 || bits.OnesCount64(taken) < n
			switch {
			case room && output != none:
				return true, taken | me
			case room: // there is room, but the answer is none
				return false, taken
			default:
				return output != got, taken
			}
		},
	}
}

// check fails the test unless some order of the attempts explains all answers. It also fails if the
// checker is too weak: when a refusal is changed into a success, the checker must find no order.
func (h *history) check(t *testing.T, n int) {
	t.Helper()
	model := placesModel(n)
	if !porcupine.CheckOperations(model, h.all) {
		t.Errorf("no order of these explains what was answered: %+v", h.all)
	}
	for i, op := range h.all {
		if op.Output == none {
			planted := slices.Clone(h.all)
			planted[i].Output = got
			if porcupine.CheckOperations(model, planted) {
				t.Errorf("a place too many, planted at %+v, goes unnoticed", op)
			}
			return
		}
	}
	t.Error("nobody was refused, so nothing is shown")
}

// linearContenders is how many contenders redeem at once. The search grows with the orders of unanswered attempts.
const linearContenders = 8

// Uses of an invite are linearizable, even if the server dies: some order of the attempts explains
// all answers before and after the kill.
func TestLinear_UsesOverAKill(t *testing.T) {
	v := newTestServer(t, killVariable, startVariable)
	inRounds(t, v, v.process, linearContenders, func(ctx context.Context, n int) {
		c := v.newCrowd(ctx)
		h := &history{start: time.Now()}
		redeem := func(ctx context.Context) []func() error {
			acts := c.redeemActs(ctx)[:linearContenders]
			for i, act := range acts {
				acts[i] = func() error { return h.record(i, party.InviteExhausted, act) }
			}
			return acts
		}
		v.actAndStrike(ctx, v.process, n, redeem(ctx))
		c.connectAll(ctx)
		for _, act := range redeem(ctx) { // one after another, for the same reason
			act()
		}
		h.check(v.t, uses)
		c.end(ctx, c.all()...)
	})
}

// Seats of a party are linearizable when players join natively and by an invite at the same time.
func TestLinear_Seats(t *testing.T) {
	v := newTestServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), roundTimeout)
	defer cancel()
	c := v.newCrowd(ctx)
	c.must(c.leader.UpdateParty(ctx, c.party, true, ""))
	var link party.CreatedInvite
	c.must(c.leader.Call(ctx, "party_invite_create", inviteRequest{PartyID: c.party}, &link))
	h := &history{start: time.Now()}
	come := func(i int) {
		h.record(i, party.PartyFull, func() error {
			if i%2 == 0 {
				return c.games[i].JoinParty(ctx, c.party)
			}
			return c.games[i].Call(ctx, "party_invite_redeem", codeRequest{link.Code}, nil)
		})
	}
	var all sync.WaitGroup
	for i := range c.games {
		all.Go(func() { come(i) })
	}
	all.Wait()
	for i := range c.games {
		come(i)
	}
	h.check(t, roomFor-2) // one is the leader's, one is held for the friend
	c.end(ctx, c.all()...)
}
