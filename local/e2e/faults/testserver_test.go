package faults_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
	"partyline/local/engine"
	"partyline/local/engine/fault"
)

// matchmakerInterval is the interval of an engine whose players look for matches.
const matchmakerInterval = 20 * time.Millisecond

// attack is one way to hit a server while players act.
type attack struct {
	// arm makes it strike by itself, at the n-th call from the module to its server. It is nil if
	// the calls cannot be counted. The returned channel is closed at the strike.
	arm func(n int) (struck <-chan struct{})
	// strike strikes now, unless the attack has struck by itself.
	strike func() error
	// heal makes the server work again.
	heal func(ctx context.Context) error
}

// testServer is a server that can be hit.
type testServer struct {
	t        *testing.T
	api      *client.Client
	world    *world // nil for a real server
	process  attack // kills the whole server, and starts it again with the same data
	database attack // kills the database of the running server
}

// newTestServer returns the real server of the environment if the environment has the commands for the
// test's attack. Otherwise it returns an engine.
func newTestServer(t *testing.T, hit ...string) *testServer {
	t.Helper()
	if target.Real() && !slices.Contains(hit, killDBVariable) {
		return realTestServer(t)
	}
	addr := os.Getenv(target.QueuesVariable)
	for _, variable := range hit {
		if os.Getenv(variable) == "" {
			addr = ""
		}
	}
	if addr == "" {
		return engineTestServer(t)
	}
	v := &testServer{t: t, api: client.New(addr)}
	answers := func(ctx context.Context) error { return v.eventually(ctx, v.checkAlive) }
	v.process = commands(killVariable, startVariable, answers)
	v.database = commands(killDBVariable, startDBVariable, answers)
	return v
}

// Environment variables with the commands for a real server.
const (
	killVariable    = "NAKAMA_KILL"
	startVariable   = "NAKAMA_START"
	killDBVariable  = "NAKAMA_DB_KILL"
	startDBVariable = "NAKAMA_DB_START"
)

func commands(kill, start string, answers func(context.Context) error) attack {
	run := func(ctx context.Context, variable string) error {
		command := exec.CommandContext(ctx, "sh", "-c", os.Getenv(variable))
		command.Stderr = os.Stderr
		return command.Run()
	}
	return attack{
		strike: func() error { return run(context.Background(), kill) },
		heal: func(ctx context.Context) error {
			if err := run(ctx, start); err != nil {
				return err
			}
			return answers(ctx)
		},
	}
}

// checkAlive reports whether the server and its database work.
func (v *testServer) checkAlive(ctx context.Context) error {
	if _, err := v.api.Do(ctx, http.MethodGet, "/healthcheck", "", nil); err != nil {
		return err
	}
	_, err := player.SignIn(ctx, v.api, "first")
	return err
}

// eventually limits each attempt to two seconds, so that it does not wait forever on a dying
// connection.
func (v *testServer) eventually(ctx context.Context, is func(context.Context) error) error {
	return eventually(ctx, func() error {
		look, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return is(look)
	})
}

// realTestServer starts a real server whose process can be killed.
func realTestServer(t *testing.T) *testServer {
	t.Helper()
	path, err := filepath.Abs(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	server := target.StartReal(t, path)
	v := &testServer{t: t, api: client.New(server.Addr)}
	v.process = attack{strike: server.Kill, heal: server.Start}
	return v
}

func engineTestServer(t *testing.T) *testServer {
	t.Helper()
	rules, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	w := prepareWorld(t, string(rules))
	w.start(t, engine.Options{MatchmakerInterval: matchmakerInterval})
	v := &testServer{t: t, api: w.api, world: w}
	v.process = attack{
		arm: func(n int) <-chan struct{} {
			layer, struck := w.layer, make(chan struct{})
			layer.Arm(fault.Fault{When: isServerCall, Skip: n, Times: 1, Before: func(fault.Call) error {
				layer.Cut()
				close(struck)
				return nil
			}})
			return struck
		},
		strike: func() error { w.layer.Cut(); return nil },
		heal: func(context.Context) error {
			http.DefaultClient.CloseIdleConnections() // an unused connection would keep the closing server waiting
			w.engine.Close()
			w.start(t, engine.Options{MatchmakerInterval: matchmakerInterval, Data: w.engine.Data()})
			v.api = w.api
			return nil
		},
	}
	d := &database{}
	v.database = attack{
		arm:    func(n int) <-chan struct{} { return d.arm(w.layer, n) },
		strike: func() error { d.strike(); return nil },
		heal:   func(context.Context) error { d.armed.Disarm(); return nil },
	}
	return v
}

// database is an engine's database, as the module sees it, when it may be killed.
type database struct {
	mu     sync.Mutex
	left   int // calls until it dies
	down   bool
	struck chan struct{} // closed once it is down
	armed  *fault.Armed
}

var errDown = errors.New("the database is down")

func (d *database) arm(layer *fault.Layer, n int) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.down, d.struck = n, false, make(chan struct{})
	d.armed = layer.Arm(fault.Fault{When: isDatabaseCall, Before: d.before, After: d.after})
	return d.struck
}

func (d *database) strike() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.die()
}

func (d *database) die() {
	if !d.down {
		d.down = true
		close(d.struck)
	}
}

// before lets the last call reach the database, which dies before it answers.
func (d *database) before(fault.Call) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down {
		return errDown
	}
	if d.left--; d.left < 0 {
		d.die()
	}
	return nil
}

func (d *database) after(_ fault.Call, err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down {
		return errDown
	}
	return err
}

// isDatabaseCall accepts the calls that the server passes to its database.
func isDatabaseCall(c fault.Call) bool {
	for _, prefix := range []string{"Storage", "Account", "User", "Friend", "Group", "Notification"} {
		if strings.HasPrefix(c.Name, prefix) {
			return true
		}
	}
	return false
}

// actAndStrike makes all players act at once and strikes meanwhile: at the module's n-th call, or, if calls
// cannot be counted, after n acts. Then it heals the server. It returns the errors of the acts once
// all have ended.
func (v *testServer) actAndStrike(ctx context.Context, b attack, n int, acts []func() error) []error {
	v.t.Helper()
	errs := make([]error, len(acts))
	done := make(chan struct{}, len(acts))
	start := make(chan struct{})
	for i, act := range acts {
		go func() {
			<-start
			errs[i] = act()
			done <- struct{}{}
		}()
	}
	var struck <-chan struct{}
	most := n // acts to wait for
	if b.arm != nil {
		struck, most = b.arm(n), len(acts)
	}
	close(start)
	over := 0
	for hit := false; over < most && !hit; {
		select {
		case <-done:
			over++
		case <-struck:
			hit = true
		}
	}
	v.must(b.strike())
	v.must(b.heal(ctx))
	for ; over < len(acts); over++ {
		<-done
	}
	return errs
}

// withTest makes the server fail a subtest until the returned function is called.
func (v *testServer) withTest(t *testing.T) (out func()) {
	outer := v.t
	v.t = t
	return func() { v.t = outer }
}

func (v *testServer) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

// settle waits until all effects of the answers so far have arrived.
func (v *testServer) settle(ctx context.Context, games ...*player.Game) {
	v.t.Helper()
	s, err := client.NewSentinel(ctx, v.api, "sentinel-"+uuid.NewString()) // a new one, because a sentinel does not outlive its server
	v.must(err)
	for _, g := range games {
		v.must(s.WaitForEvents(ctx, g.Socket))
	}
	v.must(s.Close(ctx))
}

// signIn signs in new players.
func (v *testServer) signIn(ctx context.Context, name string, n int) []*player.Player {
	v.t.Helper()
	all := make([]*player.Player, n)
	for i := range all {
		var err error
		all[i], err = player.SignIn(ctx, v.api, name)
		v.must(err)
	}
	return all
}

// play connects all players, also after a restart of the server.
func (v *testServer) play(ctx context.Context, people ...*player.Player) []*player.Game {
	v.t.Helper()
	games := make([]*player.Game, len(people))
	for i, p := range people {
		p.API = v.api
		var err error
		games[i], err = p.Play(ctx)
		v.must(err)
		v.t.Cleanup(games[i].Abort)
	}
	return games
}

// end closes the games; on an engine nothing may be left.
func (v *testServer) end(ctx context.Context, games ...*player.Game) {
	v.t.Helper()
	for _, g := range games {
		v.must(g.Close(ctx))
	}
	if v.world != nil {
		v.must(v.world.awaitEmpty(ctx))
	}
}
