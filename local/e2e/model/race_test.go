package model_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"pgregory.net/rapid"

	"partyline/local/e2e/client"
	"partyline/local/e2e/model"
	"partyline/party/rules"
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
	strays := r.listen()
	seen := r.observe(t)
	w := ways{been: map[seat]bool{}, entered: map[seat]bool{}}
	possible := variants(r.state.Rules.Parties.OnePerUser, steps)
	err := r.become(func(m *model.State) (ends []*model.State, problems []error) {
		for _, order := range orders(len(steps)) {
			for _, v := range possible {
				some, wrong := m.Outcomes(func(m *model.State) (*model.State, error) { return replay(m, order, v, steps, got, w) })
				ends, problems = append(ends, some...), append(problems, wrong...)
			}
		}
		return ends, problems
	})
	if err == nil {
		err = r.only(func(m *model.State) error { return errors.Join(r.heard(m, w.entered, steps...), r.agrees(m, seen)) })
	}
	if err != nil {
		t.Fatalf("no order explains what came of it:\n%v\n%s", err, r.history())
	}
	// The server looks up who is in a party, and sends a moment later: a member who leaves in between
	// hears it after the end. A session that was never in it hears nothing.
	r.must(t, r.strangers(strays, func(s seat, m client.Message) bool { return w.been[s] || r.mayHear(w.been, s, m) }))
	r.lately = w.been
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
	settled    bool // a refused join keeps its seat only until the next step, not until all are done
	lateBans   bool // bans begin when all are done; for a member who leaves or comes while being kicked, not at all
	lateMoves  bool // a socket whose seat moves to another is in until all are done
	lateLeaves bool // who comes into a party is in the one before until all are done
	picks      bool // the session of a redemption is chosen before anybody comes in
	claims     bool // an invite is used by a user who comes in by another way at the same moment
	stays      bool // a party whose only other member is being removed moves no seat
}

// variants are all that can make a difference to these steps.
func variants(rule rules.OnePerUser, steps []*step) []variant {
	turns := slices.ContainsFunc(steps, func(s *step) bool { return s.turns != nil })
	redeems := slices.ContainsFunc(steps, func(s *step) bool { return s.redeems })
	all := []variant{{}}
	either := func(possible bool, set func(*variant)) {
		if !possible {
			return
		}
		for _, v := range all {
			set(&v)
			all = append(all, v)
		}
	}
	either(true, func(v *variant) { v.settled = true })
	either(turns, func(v *variant) { v.lateBans = true })
	either(true, func(v *variant) { v.lateMoves = true })
	either(rule.Enabled(), func(v *variant) { v.lateLeaves = true })
	either(redeems, func(v *variant) { v.claims = true })
	either(redeems, func(v *variant) { v.picks = true })
	either(turns, func(v *variant) { v.stays = true })
	return all
}

// ways are who was in which party, and who came in, on any of the ways that explain a race.
type ways struct{ been, entered map[seat]bool }

// note adds what there is between two steps.
func (w ways) note(before, after *model.State) {
	for number, p := range after.Parties {
		for _, session := range p.Members {
			w.been[seat{session, number}] = true
			if !slices.Contains(before.Parties[number].Members, session) {
				w.entered[seat{session, number}] = true
			}
		}
	}
}

// replay plays the steps in this order on a state, and adds to w what there is on the way. It gives
// what the state has become, and fails where an answer is another.
func replay(m *model.State, order []int, v variant, steps []*step, got []string, w ways) (*model.State, error) {
	m.LateBans, m.LateMoves, m.LateLeaves, m.PicksEarly = v.lateBans, v.lateMoves, v.lateLeaves, v.picks
	if v.claims {
		m.ClaimsAfter = m.Entries()
	}
	for _, s := range steps {
		if v.stays && s.turns != nil {
			m.Stays = append(m.Stays, s.turns.party)
		}
	}
	settle := func() {
		for by := range m.Sessions {
			m.Settle(by)
		}
	}
	w.note(m, m)
	var moments []*model.State
	for place, i := range order {
		moments = append(moments, m.Clone())
		want := steps[i].expect(m)
		if alike(want) != alike(got[i]) && !twoLooks(&m, moments, steps, got, order[place:]) {
			return m, fmt.Errorf("order %s: %s = %q; the model says %q", text(order), steps[i].text, got[i], want)
		}
		if v.settled {
			settle()
		}
		w.note(moments[len(moments)-1], m)
	}
	settle()
	m.EndLeaves()
	m.ClaimsAfter, m.Stays, m.PicksEarly = 0, nil, false
	m.BeginBans(func(session int) bool {
		is := func(who *seat) bool { return who != nil && who.session == session }
		return slices.ContainsFunc(steps, func(s *step) bool { return is(s.leaves) || is(s.enters) })
	})
	return m, nil
}

// twoLooks explains the answer to the first of the steps to come by there being two who
// look, Partyline and the server, each at a moment of its own. moments are what there was
// before each step so far. It leaves behind in m what the answer means.
func twoLooks(m **model.State, moments []*model.State, steps []*step, answers []string, toCome []int) bool {
	s, got, now := steps[toCome[0]], answers[toCome[0]], moments[len(moments)-1]
	if alike(got) == partyFull {
		// A seat may be taken for a moment by somebody who then does not come in, or who has
		// just gone: the server counts those who leave a little later.
		*m = now
		return true
	}
	// A member who leaves is gone for Partyline a moment before the server's own list says so.
	ahead := now.Clone()
	for _, i := range toCome[1:] {
		if l := steps[i].leaves; l != nil {
			ahead.Leave(l.session, l.party)
		}
	}
	if refusedByPartyline(got) {
		*m = now
		return slices.ContainsFunc([]*model.State{ahead, underWay(now, s, steps, answers), underWay(ahead, s, steps, answers)},
			func(seen *model.State) bool { return alike(s.expect(seen)) == alike(got) })
	}
	passes := func(then *model.State) bool { return !refusedByPartyline(s.expect(then.Clone())) }
	if !slices.ContainsFunc(append(moments, ahead), passes) {
		return false
	}
	passed := now.Clone()
	passed.Passed = true
	want := s.expect(passed)
	passed.Passed = false
	*m = passed
	return alike(want) == alike(got)
}

// underWay is what Partyline sees while everybody else who was let through is on the way
// in: between its look and the server's answer.
func underWay(now *model.State, seenBy *step, steps []*step, answers []string) *model.State {
	m := now.Clone()
	for i, s := range steps {
		if s != seenBy && s.enters != nil && !refusedByPartyline(answers[i]) {
			m.UnderWay(s.enters.party, s.enters.session, s.by)
		}
	}
	return m
}

// refusedByPartyline tells Partyline's refusals from the server's own, which begin with
// what went wrong.
func refusedByPartyline(outcome string) bool {
	return outcome != "" && !strings.HasPrefix(outcome, "Error ")
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
