// Package state_test tests attributes, wait lists and the finder with the stock client, on the
// embedded engine or on a real server.
package state_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
)

// testTimeout is how long one test may wait for anything.
const testTimeout = 2 * time.Minute

type object = map[string]any

// scene is one server with the rules file, and the players of one test on it.
type scene struct {
	t    *testing.T
	ctx  context.Context
	api  *client.Client
	addr string
}

// start starts a server, or uses the one that the environment names.
func start(t *testing.T, rules string) *scene {
	t.Helper()
	addr := target.Address()
	if addr == "" {
		file := filepath.Join(t.TempDir(), "rules.yml")
		if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		addr = target.WithRules(t, file)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), testTimeout, fmt.Errorf("nothing for %v", testTimeout))
	t.Cleanup(cancel)
	return &scene{t: t, ctx: ctx, api: client.New(addr), addr: addr}
}

// play signs in a new player and connects their game.
func (s *scene) play(name string) *player.Game {
	s.t.Helper()
	return s.again(s.signIn(name))
}

func (s *scene) signIn(name string) *player.Player {
	s.t.Helper()
	one, err := player.SignIn(s.ctx, s.api, name)
	s.must(err)
	return one
}

// again connects one more game of a player.
func (s *scene) again(one *player.Player) *player.Game {
	s.t.Helper()
	game, err := one.Play(s.ctx)
	s.must(err)
	s.t.Cleanup(game.Abort)
	return game
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) party(g *player.Game, open bool, size int) string {
	s.t.Helper()
	id, err := g.CreateParty(s.ctx, open, size)
	s.must(err)
	s.barrier(g)
	return id
}

// barrier waits until the hooks of the game's earlier messages have finished.
func (s *scene) barrier(g *player.Game) {
	s.t.Helper()
	s.must(g.Barrier(s.ctx))
}

func (s *scene) call(g *player.Game, id string, in any, out any) {
	s.t.Helper()
	s.must(g.Call(s.ctx, id, in, out))
}

// refused checks that an error is a refusal with this reason.
func (s *scene) refused(what string, err error, want string) {
	s.t.Helper()
	if outcome, answered := player.Outcome(err); !answered || outcome != want {
		s.t.Errorf("%s: %v; want %s", what, err, want)
	}
}

// awaitData waits for a message of the server to the party that contains a text.
func (s *scene) awaitData(g *player.Game, opCode int64, part string) json.RawMessage {
	s.t.Helper()
	m, err := g.Take(s.ctx, func(m client.Message) bool {
		d := m.Envelope.GetPartyData()
		return d.GetOpCode() == opCode && strings.Contains(string(d.GetData()), part)
	})
	if err != nil {
		s.t.Fatalf("message %d with %q: %v", opCode, part, err)
	}
	return m.Envelope.GetPartyData().GetData()
}

// eventually asks again until the answer is true.
func (s *scene) eventually(what string, ask func() bool) {
	s.t.Helper()
	for !ask() {
		select {
		case <-s.ctx.Done():
			s.t.Fatalf("%s: %v", what, context.Cause(s.ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}
