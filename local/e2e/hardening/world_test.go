package hardening_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
)

// world is a server with every feature on and without rate limits.
type world struct {
	t   *testing.T
	ctx context.Context
	api *client.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	rules, err := filepath.Abs("testdata/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	addr := target.Address()
	if addr == "" {
		addr = target.WithRules(t, rules)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return &world{t: t, ctx: ctx, api: client.New(addr)}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// player creates an account.
func (w *world) player(name string) *player.Player {
	w.t.Helper()
	p, err := player.SignIn(w.ctx, w.api, name)
	w.must(err)
	return p
}

// game creates an account and connects its game.
func (w *world) game(name string) *player.Game {
	w.t.Helper()
	return w.play(w.player(name))
}

func (w *world) play(p *player.Player) *player.Game {
	w.t.Helper()
	g, err := p.Play(w.ctx)
	w.must(err)
	w.t.Cleanup(g.Abort)
	return g
}

// party creates a party of leader, with the others as members.
func (w *world) party(leader *player.Game, open bool, size int, others ...*player.Game) string {
	w.t.Helper()
	id, err := leader.CreateParty(w.ctx, open, size)
	w.must(err)
	for _, other := range others {
		w.must(other.JoinParty(w.ctx, id))
	}
	return id
}

type invite struct {
	ID   string `json:"id"`
	Code string `json:"code"`
	Uses int    `json:"uses"`
}

// invite creates an invite to a party. more has further fields of the request.
func (w *world) invite(by *player.Game, id string, more map[string]any) (made invite) {
	w.t.Helper()
	request := map[string]any{"party_id": id}
	for k, v := range more {
		request[k] = v
	}
	w.must(by.Call(w.ctx, "party_invite_create", request, &made))
	return made
}

// members returns the user IDs of a party's members as the module lists them.
func (w *world) members(asked *player.Game, id string) map[string]bool {
	w.t.Helper()
	var l listing
	w.must(asked.Call(w.ctx, "party_status_list", map[string]any{"party_id": id}, &l))
	users := map[string]bool{}
	for _, m := range l.Members {
		users[m.UserID] = true
	}
	return users
}

// eventually polls until the condition holds.
func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			w.t.Fatalf("never: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// eventuallySays polls until there is no problem left.
func (w *world) eventuallySays(what string, problem func() string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	for text := problem(); text != ""; text = problem() {
		select {
		case <-ctx.Done():
			w.t.Fatalf("never: %s: %s", what, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
