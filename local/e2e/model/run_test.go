package model_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"partyline/local/e2e/client"
	"partyline/local/e2e/model"
	"partyline/local/e2e/player"
	"partyline/party"
	"partyline/party/rules"
)

const (
	userCount   = 5
	perUser     = 2 // most sockets of one user
	stepTimeout = 2 * time.Minute
)

// run is one random game: the model, and the matching objects of the server with the same numbers.
type run struct {
	server *server
	// states are all states of the model that explain what was seen so far. There is one, except
	// after several clients acted at the same moment. state is the first of them.
	states []*model.State
	state  *model.State

	players []*player.Player
	games   []*player.Game
	views   []*player.PartyView
	parties []string
	invites []party.CreatedInvite

	asked    [userCount]int // join requests of each user, to stay below the server's limit
	nonces   int64
	memberAt map[seat]time.Time // when each session was last seen in each party
	log      []string
}

func newRun(t *rapid.T, s *server) *run {
	r := &run{server: s, memberAt: map[seat]time.Time{}}
	r.setStates(&model.State{Rules: &s.rules, Now: s.now()})
	ctx, cancel := r.context()
	defer cancel()
	for i := range userCount {
		p, err := player.SignIn(ctx, s.api, fmt.Sprintf("player%d", i))
		if err != nil {
			t.Fatal(err)
		}
		r.players = append(r.players, p)
		r.connect(ctx, t, i)
	}
	return r
}

func (r *run) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), stepTimeout)
}

func (r *run) connect(ctx context.Context, t *rapid.T, user int) {
	g, err := r.players[user].Play(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r.games, r.views = append(r.games, g), append(r.views, player.NewPartyView(g.ID))
	for _, m := range r.states {
		m.Connect(user)
	}
}

// setStates sets the possible states.
func (r *run) setStates(states ...*model.State) { r.states, r.state = states, states[0] }

// tick sets the model's time to the server's, and starts a new moment.
func (r *run) tick() {
	now := r.server.now()
	for _, m := range r.states {
		m.Tick(now)
	}
}

// keepStates drops the states that do not agree with what was seen. It fails if none is left.
func (r *run) keepStates(agrees func(m *model.State) error) error {
	return r.replaceStates(func(m *model.State) ([]*model.State, []error) {
		if err := agrees(m); err != nil {
			return nil, []error{err}
		}
		return []*model.State{m}, nil
	})
}

// replaceStates replaces each state by what it may have become. It fails with the problems of all states if
// none is left.
func (r *run) replaceStates(what func(m *model.State) (ends []*model.State, problems []error)) error {
	var left []*model.State
	var wrong []string
	for _, m := range r.states {
		ends, problems := what(m)
		for _, end := range ends {
			if !slices.ContainsFunc(left, func(known *model.State) bool { return reflect.DeepEqual(known, end) }) {
				left = append(left, end)
			}
		}
		for _, err := range problems {
			wrong = append(wrong, err.Error())
		}
	}
	if len(left) == 0 {
		slices.Sort(wrong)
		return errors.New(strings.Join(slices.Compact(wrong), "\n"))
	}
	r.setStates(left...)
	return nil
}

// finish closes every socket. Afterwards nothing of the game may be left on an engine.
func (r *run) finish(t *rapid.T) {
	ctx, cancel := r.context()
	defer cancel()
	for i, g := range r.games {
		if !r.state.Sessions[i].Live {
			continue
		}
		if err := g.Close(ctx); err != nil {
			t.Error(err)
		}
	}
	if e := r.server.engine; e != nil {
		e.WaitForEvents()
		if e.Parties() != 0 || e.Sessions() != 1 {
			t.Errorf("%d parties and %d sockets are left; want 0 and the sentinel's", e.Parties(), e.Sessions())
		}
	}
}

// step is one action of one client.
type step struct {
	text     string
	expect   func(m *model.State) string     // what the model expects
	do       func(ctx context.Context) error // the same on the server
	by       int                             // the session that sends it, -1 for a call over HTTP
	enters   *seat                           // the session that joins by it, and the party; nil for none
	leaves   *seat                           // the session that leaves by it without being told; nil for none
	removes  *seat                           // the session that the leader removes by it; nil for none
	promotes *seat                           // the session that leads after it; nil for none
	redeems  bool                            // it redeems an invite
	either   bool                            // Partyline or the server may refuse it
	record   func()                          // records what the step has created
}

// seat is one session in one party.
type seat struct{ session, party int }

// play does a step on the server and in the model. It compares the answers and all states. It reports
// whether the step succeeded.
func (r *run) play(t *rapid.T, s *step) bool {
	ctx, cancel := r.context()
	defer cancel()
	r.tick()
	were := r.seats()
	got := r.answer(t, s.text, s.do(ctx))
	r.note("%s -> %q", s.text, got)
	r.must(t, r.replaceStates(func(m *model.State) ([]*model.State, []error) {
		return m.Outcomes(func(m *model.State) (*model.State, error) {
			if want := s.expect(m); got != want && !(s.either && sameMeaning(got) == sameMeaning(want)) {
				return m, fmt.Errorf("%s = %q; the model says %q", s.text, got, want)
			}
			return m, nil
		})
	}))
	r.must(t, r.settle(ctx))
	unexpected := r.listen()
	r.listenForCloses(unexpected, s)
	r.remember(were)
	r.must(t, r.checkUnexpected(unexpected, r.mayHear))
	if s.record != nil && got == "" {
		s.record()
	}
	r.must(t, r.keepStates(func(m *model.State) error { return r.heard(m, nil, s) }))
	r.forget()
	return got == ""
}

// must ends the game with its history if there is an error.
func (r *run) must(t *rapid.T, err error) {
	if err != nil {
		t.Fatalf("%v\n%s", err, r.history())
	}
}

func (r *run) answer(t *rapid.T, text string, err error) string {
	outcome, answered := player.Outcome(err)
	if !answered {
		r.must(t, fmt.Errorf("%s: %w", text, err))
	}
	return outcome
}

func (r *run) note(format string, args ...any) { r.log = append(r.log, fmt.Sprintf(format, args...)) }

func (r *run) history() string { return strings.Join(r.log, "\n") }

// live returns the open sockets.
func (r *run) live() []*client.Socket {
	var sockets []*client.Socket
	for i, g := range r.games {
		if r.state.Sessions[i].Live {
			sockets = append(sockets, g.Socket)
		}
	}
	return sockets
}

// settle waits until all effects of the answers so far have arrived. The barrier comes first, because
// a server runs its after hooks after the answer, before the socket's next message.
func (r *run) settle(ctx context.Context) error {
	for _, socket := range r.live() {
		if err := socket.Barrier(ctx); err != nil {
			return err
		}
	}
	return r.server.sentinel.WaitForEvents(ctx, r.live()...)
}

// seats returns who is in which party, in any of the states.
func (r *run) seats() map[seat]bool {
	taken := map[seat]bool{}
	for _, m := range r.states {
		for number, p := range m.Parties {
			for _, session := range p.Members {
				taken[seat{session, number}] = true
			}
		}
	}
	return taken
}

// lateMessage is how long after a session left a party a message of it may come.
const lateMessage = time.Second

// remember records who was in which party until now.
func (r *run) remember(were map[seat]bool) {
	for s := range were {
		r.memberAt[s] = time.Now()
	}
}

// mayHear reports whether a session that has left a party may hear this message of it. The message about
// a redeem comes a moment later, and the server looks up the members before it sends. So a member who
// leaves in between may hear it after the end, perhaps some steps later. The close for a session whose
// seat has moved comes a moment later as well.
func (r *run) mayHear(s seat, m client.Message) bool {
	late := m.Envelope.GetPartyData().GetOpCode() == party.OpInvite || m.Envelope.GetPartyClose() != nil
	return late && time.Since(r.memberAt[s]) < lateMessage
}

// checkUnexpected fails if a session has heard a message of a party that it may not hear.
func (r *run) checkUnexpected(unexpected map[int][]player.Unexpected, may func(s seat, m client.Message) bool) error {
	var problems []error
	for i, heard := range unexpected {
		for _, u := range heard {
			if !may(seat{i, slices.Index(r.parties, u.Party)}, u.Message) {
				problems = append(problems, fmt.Errorf("session %d: %w", i, u))
			}
		}
	}
	return errors.Join(problems...)
}

// listen makes every game process what it has received. It returns what each has heard of parties that
// it does not know to be in.
func (r *run) listen() map[int][]player.Unexpected {
	unexpected := map[int][]player.Unexpected{}
	for i, g := range r.games {
		if r.state.Sessions[i].Live {
			unexpected[i] = r.views[i].Process(g.Drain())
		}
	}
	return unexpected
}

// listenForCloses waits, a second at most, for the closes of sessions that are out of a party and were not told: the
// server sends them a moment after the seat has moved to another session of the user. The party may have changed again
// or ended since. Nothing comes to a session that left by one of the steps. It adds to what [run.listen] returned.
func (r *run) listenForCloses(unexpected map[int][]player.Unexpected, steps ...*step) {
	ctx, cancel := context.WithTimeout(context.Background(), lateMessage)
	defer cancel()
	taken := r.seats()
	for i, view := range r.views {
		for number, id := range r.parties {
			at := seat{i, number}
			if view.Parties[id] != nil && !taken[at] && r.state.Sessions[i].Live && !r.left(at, steps) {
				_, _ = r.games[i].Await(ctx, func(m client.Message) bool { return m.Envelope.GetPartyClose().GetPartyId() == id })
			}
		}
	}
	for i, heard := range r.listen() {
		unexpected[i] = append(unexpected[i], heard...)
	}
}

// heard compares what every game has heard with the model: each must know exactly its parties, in their
// current state. The server does not tell sessions that left by their own action. It also may not tell
// those that joined at the same moment, which are in entered: it may send the end before the start,
// which it sends a little later.
func (r *run) heard(m *model.State, entered map[seat]bool, steps ...*step) error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for i, view := range r.views {
		if !m.Sessions[i].Live {
			continue
		}
		for number, id := range r.parties {
			p, heard := m.Parties[number], view.Parties[id]
			switch member := slices.Contains(p.Members, i); {
			case member && heard == nil:
				problem("session %d is in party %d and was not told", i, number)
			case member:
				if r.promotedAndGone(p, number, heard, steps) {
					heard = &player.PartyState{Members: heard.Members, Leader: r.games[p.Leader].ID, Open: heard.Open}
				}
				if err := r.sameAsHeard(p, heard); err != nil {
					problem("session %d, party %d: %w", i, number, err)
				}
			case heard != nil && !entered[seat{i, number}] && !r.left(seat{i, number}, steps):
				problem("session %d is out of party %d and was not told", i, number)
			}
		}
	}
	return errors.Join(problems...)
}

// promotedAndGone reports whether a game takes a session for the leader that one of the steps has promoted and that is out
// of the party. If it left at the same moment, the server may send the promotion after the news of the next leader.
func (r *run) promotedAndGone(p *model.Party, number int, heard *player.PartyState, steps []*step) bool {
	return slices.ContainsFunc(steps, func(s *step) bool {
		return s.promotes != nil && s.promotes.party == number && !slices.Contains(p.Members, s.promotes.session) && heard.Leader == r.games[s.promotes.session].ID
	})
}

// correctLeaders gives games the leader that they did not hear of last: see promotedAndGone.
func (r *run) correctLeaders(steps []*step) {
	for _, view := range r.views {
		for number, id := range r.parties {
			p, heard := r.state.Parties[number], view.Parties[id]
			if heard != nil && len(p.Members) > 0 && r.promotedAndGone(p, number, heard, steps) {
				heard.Leader = r.games[p.Leader].ID
			}
		}
	}
}

// left reports whether one of the steps makes a session leave a party by its own action.
func (r *run) left(s seat, steps []*step) bool {
	return r.server.rules.Parties.OnePerUser == rules.LeavePrevious || // by entering another
		slices.ContainsFunc(steps, func(step *step) bool { return step.leaves != nil && *step.leaves == s })
}

// forget makes every game forget the parties it is not in any more. Whatever it hears of them from now
// on is an error.
func (r *run) forget() {
	for i, view := range r.views {
		for number, id := range r.parties {
			if !slices.Contains(r.state.Parties[number].Members, i) {
				view.Forget(id)
			}
		}
	}
}

// sameAsHeard compares a party with what a game has heard of it.
func (r *run) sameAsHeard(p *model.Party, heard *player.PartyState) error {
	want := map[string]bool{}
	for _, m := range p.Members {
		want[r.games[m].ID] = true
	}
	members := len(want) == len(heard.Members)
	for id := range heard.Members {
		members = members && want[id]
	}
	if leader := r.games[p.Leader].ID; !members || heard.Leader != leader || heard.Open != p.Open {
		return fmt.Errorf("heard %s; want members %v, leader %d, open %t", r.describe(heard), p.Members, p.Leader, p.Open)
	}
	return nil
}

func (r *run) describe(heard *player.PartyState) string {
	var members []int
	leader := -1
	for i, g := range r.games {
		if heard.Members[g.ID] {
			members = append(members, i)
		}
		if heard.Leader == g.ID {
			leader = i
		}
	}
	return fmt.Sprintf("members %v, leader %d, open %t", members, leader, heard.Open)
}
