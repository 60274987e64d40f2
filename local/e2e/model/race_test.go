package model_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"pgregory.net/rapid"

	"partyline/local/e2e/model"
	"partyline/local/e2e/player"
)

const (
	mostAtOnce = 4
	partyFull  = "party_full"
)

// playRace has several clients act at the same moment. What comes of it must be what
// would come of some order of the same steps.
func playRace(t *rapid.T, r *run) {
	var able []action
	for _, a := range actions() {
		if a.draw != nil && r.has(a.needs) {
			able = append(able, a)
		}
	}
	var steps []*step
	for range rapid.IntRange(2, mostAtOnce).Draw(t, "at once") {
		s := able[rapid.IntRange(0, len(able)-1).Draw(t, "racer")].draw(t, r)
		// One socket's messages are handled one after the other, and the server answers a
		// leave before it has happened.
		taken := func(other *step) bool { return s.by >= 0 && other.by == s.by }
		if !slices.ContainsFunc(steps, taken) {
			steps = append(steps, s)
		}
	}
	got := r.atOnce(t, steps)
	r.must(t, r.hearBut(closedOn))
	seen := r.observe(t)
	var left []*model.State
	var problems []string
	for _, m := range r.states {
		for _, order := range orders(len(steps)) {
			for _, v := range variants {
				after, err := replay(m, order, v, steps, got)
				if err == nil {
					err = errors.Join(r.heard(after, steps...), r.agrees(after, seen))
				}
				switch {
				case err != nil:
					problems = append(problems, err.Error())
				case !slices.ContainsFunc(left, func(known *model.State) bool { return reflect.DeepEqual(known, after) }):
					left = append(left, after)
				}
			}
		}
	}
	if len(left) == 0 {
		slices.Sort(problems)
		t.Fatalf("no order explains what came of it:\n%s\n%s", strings.Join(slices.Compact(problems), "\n"), r.history())
	}
	r.believe(left...)
	r.forget()
}

// atOnce does the steps at the same moment and gives the answers.
func (r *run) atOnce(t *rapid.T, steps []*step) []string {
	ctx, cancel := r.context()
	defer cancel()
	r.tick()
	errs := make([]error, len(steps))
	start := make(chan struct{})
	var running sync.WaitGroup
	for i, s := range steps {
		running.Go(func() {
			<-start
			errs[i] = s.do(ctx)
		})
	}
	close(start)
	running.Wait()
	got := make([]string, len(steps))
	var texts []string
	for i, s := range steps {
		got[i] = r.answer(t, s.text, errs[i])
		texts = append(texts, s.text+" -> \""+got[i]+"\"")
	}
	r.note("at once: %s", strings.Join(texts, "; "))
	r.settleRace(t)
	return got
}

// closedOn tolerates what somebody hears of a party that closes on the way in: the server
// then tells of nothing but the end, and of what happened until then. It tolerates the
// server's own word to a party, too, that was said as the party ended or somebody left:
// on its way it may be overtaken by that news.
func closedOn(all []player.Stray, s player.Stray) bool {
	if s.Message.Envelope.GetPartyData().GetPresence().GetUsername() == "partyline" {
		return true
	}
	return slices.ContainsFunc(all, func(other player.Stray) bool {
		return other.Party == s.Party && other.Message.Kind() == "party_close"
	})
}

// settleRace has every socket send something harmless, so that no refused join keeps a
// seat for a moment: which one is refused by whom depends on the order.
func (r *run) settleRace(t *rapid.T) {
	ctx, cancel := r.context()
	defer cancel()
	for i, s := range r.state.Sessions {
		if s.Live {
			r.calm(t, i)
		}
	}
	r.must(t, r.settle(ctx))
}

// variant is what the order of the answers does not tell.
type variant struct {
	settled  bool // a refused join keeps its seat only until the next step, not until all are done
	lateBans bool // bans begin when all are done; for who leaves while being kicked, not at all
}

var variants = []variant{{true, false}, {false, false}, {true, true}, {false, true}}

// replay plays the steps in this order on a copy of a state. It fails where an answer is
// another.
func replay(from *model.State, order []int, v variant, steps []*step, got []string) (*model.State, error) {
	m := from.Clone()
	m.LateBans = v.lateBans
	settle := func() {
		for by := range m.Sessions {
			m.Settle(by)
		}
	}
	for _, i := range order {
		before := m.Clone()
		want := steps[i].expect(m)
		if want == "already_member" && got[i] == "" {
			want = "" // the session has come in by another way while the server decided
		}
		if alike(got[i]) == partyFull && alike(want) != partyFull {
			// A seat may be taken for a moment by somebody who then does not come in, or
			// who has just gone: the server counts those who leave a little later.
			m = before
		} else if alike(want) != alike(got[i]) {
			return nil, fmt.Errorf("order %s: %s = %q; the model says %q", text(order), steps[i].text, got[i], want)
		}
		if v.settled {
			settle()
		}
	}
	settle()
	m.BeginBans(func(session int) bool {
		return slices.ContainsFunc(steps, func(s *step) bool { return s.leaves != nil && s.leaves.session == session })
	})
	return m, nil
}

// alike is the same word for refusals that mean the same: where a party changes between
// Partyline's look and the server's, either may be the one that refuses.
func alike(outcome string) string {
	for _, same := range [][]string{
		{"party_not_found", "party not found", "party closed"},
		{"not_leader", "not_member", "party leader only", "party member not found"},
		{partyFull, "party full"},
	} {
		for _, text := range same {
			if outcome == text || strings.HasSuffix(outcome, ": "+text) {
				return same[0]
			}
		}
	}
	return outcome
}

func text(order []int) string {
	var b strings.Builder
	for _, i := range order {
		b.WriteByte(byte('1' + i))
	}
	return b.String()
}

// orders are all permutations of n things.
func orders(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range orders(n - 1) {
		for place := range n {
			order := append(append(append([]int{}, shorter[:place]...), n-1), shorter[place:]...)
			all = append(all, order)
		}
	}
	return all
}
