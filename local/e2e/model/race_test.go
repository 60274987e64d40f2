package model_test

import (
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

// playRace makes several clients act at the same moment. The result must be the result of the same
// steps in some order.
func playRace(t *rapid.T, r *run) {
	var able []action
	for _, a := range actions() {
		if a.draw != nil && r.canRun(a.needs) {
			able = append(able, a)
		}
	}
	var steps []*step
	for range rapid.IntRange(2, mostAtOnce).Draw(t, "at once") {
		s := able[rapid.IntRange(0, len(able)-1).Draw(t, "racer")].draw(t, r)
		// The server handles one socket's messages one after the other, and it answers a leave before
		// the leave has happened.
		taken := func(other *step) bool { return s.by >= 0 && other.by == s.by }
		if !slices.ContainsFunc(steps, taken) {
			steps = append(steps, s)
		}
	}
	got := r.atOnce(t, steps)
	unexpected := r.listen()
	seen := r.observe(t)
	w := raceLog{been: map[seat]bool{}, entered: map[seat]bool{}}
	possible := variants(r.state.Rules.Parties.OnePerUser, steps)
	err := r.replaceStates(func(m *model.State) (ends []*model.State, problems []error) {
		for _, order := range permutations(len(steps)) {
			for _, v := range possible {
				some, wrong := m.Outcomes(func(m *model.State) (*model.State, error) { return replay(m, order, v, steps, got, w) })
				ends, problems = append(ends, some...), append(problems, wrong...)
			}
		}
		return ends, problems
	})
	if err == nil {
		err = r.keepStates(func(m *model.State) error { return r.agrees(m, seen) })
	}
	if err == nil {
		r.listenForCloses(unexpected, steps...)
		err = r.keepStates(func(m *model.State) error { return r.heard(m, w.entered, steps...) })
	}
	if err != nil {
		t.Fatalf("no order explains what came of it:\n%v\n%s", err, r.history())
	}
	// The server looks up the members of a party, and sends a moment later. So a member who leaves in
	// between hears the message after the end. A session that was never a member hears nothing.
	r.must(t, r.checkUnexpected(unexpected, func(s seat, m client.Message) bool { return w.been[s] || r.mayHear(s, m) }))
	r.correctLeaders(steps)
	r.remember(w.been)
	r.forget()
}

// atOnce runs the steps at the same moment and returns the answers.
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

// settleRace makes every socket send something harmless, so that no refused join reserves a seat any
// more. Which of them refused which join depends on the order.
func (r *run) settleRace(t *rapid.T) {
	ctx, cancel := r.context()
	defer cancel()
	for i, s := range r.state.Sessions {
		if s.Live {
			r.flush(t, i)
		}
	}
	r.must(t, r.settle(ctx))
}

// variant is what the order of the answers leaves open.
type variant struct {
	settled    bool // a refused join reserves its seat only until the next step, not until all are done
	lateBans   bool // bans start when all are done; a member who leaves or joins while being kicked gets no ban
	lateMoves  bool // a socket whose seat moves to another socket stays in until all are done
	lateLeaves bool // a user who joins a party stays in the one before until all are done
	picks      bool // the session of a redeem is chosen before anybody joins
	claims     bool // a user who joins in another way at the same moment uses the invite
	stays      bool // a party moves no seat while its only other member is being removed
}

// variants returns all variants that can make a difference to these steps.
func variants(rule rules.OnePerUser, steps []*step) []variant {
	turns := slices.ContainsFunc(steps, func(s *step) bool { return s.removes != nil })
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

// raceLog records who was in which party, and who joined, in any order that explains a race.
type raceLog struct{ been, entered map[seat]bool }

// note adds the changes between two states.
func (w raceLog) note(before, after *model.State) {
	for number, p := range after.Parties {
		for _, session := range p.Members {
			w.been[seat{session, number}] = true
			if !slices.Contains(before.Parties[number].Members, session) {
				w.entered[seat{session, number}] = true
			}
		}
	}
}

// replay plays the steps in this order on a state, and adds what happens to w. It returns the resulting
// state, and fails if an answer differs.
func replay(m *model.State, order []int, v variant, steps []*step, got []string, w raceLog) (*model.State, error) {
	m.LateBans, m.LateMoves, m.LateLeaves, m.PicksEarly = v.lateBans, v.lateMoves, v.lateLeaves, v.picks
	if v.claims {
		m.ClaimsAfter = m.Entries()
	}
	for _, s := range steps {
		if v.stays && s.removes != nil {
			m.Stays = append(m.Stays, s.removes.party)
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
		if sameMeaning(want) != sameMeaning(got[i]) && !explainByTwoChecks(&m, moments, steps, got, order[place:]) {
			return m, fmt.Errorf("order %s: %s = %q; the model says %q", formatOrder(order), steps[i].text, got[i], want)
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

// explainByTwoChecks tries to explain the answer to the next step by two checks: Partyline and the server each
// check at a different moment. moments are the states before each step so far. On success it sets m to
// the state that the answer means.
func explainByTwoChecks(m **model.State, moments []*model.State, steps []*step, answers []string, toCome []int) bool {
	s, got, now := steps[toCome[0]], answers[toCome[0]], moments[len(moments)-1]
	if sameMeaning(got) == partyFull {
		// A session may take a seat for a moment and then not join. Or a member has just left: the
		// server counts them a little longer.
		*m = now
		return true
	}
	// For Partyline, a member who leaves is gone a moment before the server's own list shows it.
	ahead := now.Clone()
	for _, i := range toCome[1:] {
		if l := steps[i].leaves; l != nil {
			ahead.Leave(l.session, l.party)
		}
	}
	if refusedByPartyline(got) {
		*m = now
		return slices.ContainsFunc([]*model.State{ahead, underWay(now, s, steps, answers), underWay(ahead, s, steps, answers)},
			func(seen *model.State) bool { return sameMeaning(s.expect(seen)) == sameMeaning(got) })
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
	return sameMeaning(want) == sameMeaning(got)
}

// underWay is what Partyline sees while all other admitted sessions are joining, between its check and
// the server's answer.
func underWay(now *model.State, seenBy *step, steps []*step, answers []string) *model.State {
	m := now.Clone()
	for i, s := range steps {
		if s != seenBy && s.enters != nil && !refusedByPartyline(answers[i]) {
			m.UnderWay(s.enters.party, s.enters.session, s.by)
		}
	}
	return m
}

// refusedByPartyline tells Partyline's refusals from the server's own, which start with the step that
// failed.
func refusedByPartyline(outcome string) bool {
	return outcome != "" && !strings.HasPrefix(outcome, "Error ")
}

// sameMeaning maps refusals with the same meaning to one word. If a party changes between Partyline's check
// and the server's check, either of them may refuse.
func sameMeaning(outcome string) string {
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

func formatOrder(order []int) string {
	var b strings.Builder
	for _, i := range order {
		b.WriteByte(byte('1' + i))
	}
	return b.String()
}

// permutations returns all permutations of n things.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for place := range n {
			order := append(append(append([]int{}, shorter[:place]...), n-1), shorter[place:]...)
			all = append(all, order)
		}
	}
	return all
}
