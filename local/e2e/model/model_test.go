package model_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"pgregory.net/rapid"

	"partyline/local/e2e/target"
)

type presence = *rtapi.UserPresence

// defaultChecks is how many games one test plays without -rapid.checks.
const defaultChecks = 8

func TestMain(m *testing.M) {
	// A failure prints its seed, which is enough to play the game again. A fail file would be left
	// in the source tree.
	usual := map[string]string{"rapid.checks": strconv.Itoa(defaultChecks), "rapid.nofailfile": "true"}
	flag.Parse()
	flag.Visit(func(f *flag.Flag) { delete(usual, f.Name) })
	for name, value := range usual {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// ruleSets are the rules of the engine's games. A real server has its own rules.
var ruleSets = map[string]string{
	"defaults":       "",
	"one-per-user":   "version: 1\nparties: {one_per_user: true}\ninvites: {who: leader}\n",
	"devices":        "version: 1\nparties: {second_socket: move}\ninvites: {several_sessions: newest}\n",
	"leave-previous": "version: 1\nparties: {one_per_user: leave_previous, kick_ban: 30s}\n",
}

// Whatever clients do, in any order, the model predicts every answer, every message that a game
// hears, and everything that the server can be asked. rapid shrinks a failure and prints its seed.
func TestGames(t *testing.T) { playAll(t, actions()) }

// The same with several clients that act at the same moment. The result differs between runs, so a
// failure cannot be shrunk. Its text has the game so far.
func TestRaces(t *testing.T) { playAll(t, append([]action{race}, actions()...)) }

func playAll(t *testing.T, actions []action) {
	sets := ruleSets
	if target.Address() != "" {
		sets = map[string]string{"server": ""}
	}
	for name, source := range sets {
		t.Run(name, func(t *testing.T) {
			if target.Address() == "" {
				t.Parallel() // each on its own server
			}
			s := start(t, source)
			rapid.Check(t, func(t *rapid.T) { playGame(t, s, actions) })
		})
	}
}

func playGame(t *rapid.T, s *server, actions []action) {
	r := newRun(t, s)
	defer r.finish(t)
	table := map[string]func(*rapid.T){"": r.check}
	for place, a := range actions {
		do := a.play
		if a.draw != nil {
			do = func(t *rapid.T, r *run) { r.play(t, a.draw(t, r)) }
		}
		for i := range a.weight {
			table[fmt.Sprintf("%02d %s %d", place, a.name, i)] = func(t *rapid.T) {
				if r.canRun(a.needs) {
					do(t, r)
					return
				}
				playCreate(t, r) // there is nothing to do the action with
			}
		}
	}
	t.Repeat(table)
}

// eventually waits until a condition of the server becomes true.
func eventually(ctx context.Context, is func() bool) error {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
