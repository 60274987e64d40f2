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

// place is what came of an attempt to get one of few places.
type place int

const (
	unknown place = iota // no answer, or one that says nothing of the places: it may have got one
	got
	none // there was none left
)

// history is who tried to get a place, from when to when, and what came of it.
type history struct {
	mu    sync.Mutex
	start time.Time
	all   []porcupine.Operation
}

// record has a contender try, and notes what is answered. none is the refusal that says that
// there is no place left.
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

// places is the model: so many places, each for one contender, who keeps it. Its state is
// the set of those who have one. What had no answer may have got a place at any time after the
// call; where it never did, that stands at the end, when nothing depends on it any more.
func places(n int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return uint64(0) },
		Step: func(state, input, output any) (bool, any) {
			taken, me := state.(uint64), uint64(1)<<input.(int)
			room := taken&me != 0 || bits.OnesCount64(taken) < n
			switch {
			case room && output != none:
				return true, taken | me
			case room: // and yet refused
				return false, taken
			default:
				return output != got, taken
			}
		},
	}
}

// check fails the test unless the attempts could have happened one after another, and
// unless it would have noticed an answer that is wrong: each refusal for want of a place,
// planted as a place that somebody got.
func (h *history) check(t *testing.T, n int) {
	t.Helper()
	model := places(n)
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

// searched is how many redeem at once: the search grows with the orders of what had no answer.
const searched = 8

// Uses of an invite are linearizable, also over the death of the server: whatever was
// answered before and after it can have happened one after another.
func TestLinear_UsesOverAKill(t *testing.T) {
	v := newVictim(t, killVariable, startVariable)
	inRounds(t, v, v.process, searched, func(ctx context.Context, n int) {
		c := v.newCrowd(ctx)
		h := &history{start: time.Now()}
		redeem := func(ctx context.Context) []func() error {
			acts := c.redeeming(ctx)[:searched]
			for i, act := range acts {
				acts[i] = func() error { return h.record(i, party.InviteExhausted, act) }
			}
			return acts
		}
		v.storm(ctx, v.process, n, redeem(ctx))
		c.gather(ctx)
		for _, act := range redeem(ctx) { // one after another, for the same reason
			act()
		}
		h.check(v.t, uses)
		c.end(ctx, c.all()...)
	})
}

// So are the seats of a party that players join natively and by an invite at once.
func TestLinear_Seats(t *testing.T) {
	v := newVictim(t)
	ctx, cancel := context.WithTimeout(t.Context(), outage)
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
	h.check(t, roomFor-2) // the leader's is taken, the friend's is held
	c.end(ctx, c.all()...)
}
