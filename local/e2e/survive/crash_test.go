package survive_test

import (
	"context"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
	"partyline/local/engine"
	"partyline/local/engine/fault"
	"partyline/module/wiring"
	"partyline/party/overview"
)

const crashRules = `version: 1
parties:
  max_size: {default: 8, min: 1, max: 16}
  reconnect_grace: 2m
  resume_on_connect: true
  kick_ban: 10m
  survive: {everyone_away: true, restart: 2m}
limits: {party_create: none, invite_create: none, invite_guess: {per_user: none, per_ip: none}}
queues:
  ranked: {teams: 2, team_size: 8, match_on: [run]}
`

var (
	parties   = flag.Int("parties", 0, "parties that are there when the server ends; 0 is 24 of an engine, 200 of a real server")
	returning = flag.Duration("returning", 10*time.Second, "the time in which their players come back, in random order")
)

// restartableServer is a server that can be stopped and started again with the same data.
type restartableServer struct {
	addr              func() string
	kill, stop, start func(ctx context.Context) error
}

func newRestartableServer(t *testing.T) restartableServer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.yml")
	write(t, file, []byte(crashRules))
	if target.Real() {
		p := target.StartBeside(t, file, nil)
		return restartableServer{
			addr: func() string { return p.Addr }, start: p.Start,
			kill: func(context.Context) error { return p.Kill() }, stop: func(context.Context) error { return p.Stop() },
		}
	}
	var layer *fault.Layer
	var server *engine.Server
	options := engine.Options{Env: map[string]string{wiring.EnvRules: file}}
	start := func(context.Context) (err error) {
		if server != nil {
			options.Data = server.Data()
		}
		layer = &fault.Layer{}
		options.Init = layer.Init(wiring.Register)
		server, err = engine.Start(t.Context(), options)
		return err
	}
	if err := start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	end := func(context.Context) error {
		http.DefaultClient.CloseIdleConnections()
		server.Close()
		return nil
	}
	return restartableServer{
		addr: func() string { return server.Addr() }, start: start, stop: end,
		kill: func(ctx context.Context) error { layer.Cut(); return end(ctx) },
	}
}

// The server ends with parties of every kind and is started again. Their players come back in random
// order. Every party is complete, the first to return leads it, links lead to it, kicked players stay
// out, wait lists keep their order, tickets keep their age, and nothing exists twice.
func TestRestart(t *testing.T) {
	t.Run("kill", func(t *testing.T) {
		m := newRestartableServer(t)
		restart(t, m, m.kill)
	})
	t.Run("stop", func(t *testing.T) {
		m := newRestartableServer(t)
		restart(t, m, m.stop)
	})
}

func restart(t *testing.T, m restartableServer, end func(context.Context) error) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	w := &world{t: t, ctx: ctx, api: client.New(m.addr())}
	n := *parties
	if n == 0 {
		n = map[bool]int{false: 24, true: 200}[target.Real()]
	}
	crews := make([]*crew, n)
	w.each(n, func(i int) error {
		crews[i] = &crew{world: w, number: i}
		return crews[i].make()
	})
	time.Sleep(3 * time.Second) // so that tickets have an age, and members are stored
	ended := time.Now()
	w.must(end(ctx))
	w.must(m.start(ctx))
	started := time.Now()
	w.api = client.New(m.addr())
	w.each(n, func(i int) error { return crews[i].checkLinkWhileAway() })

	var back []func() error
	for _, c := range crews {
		back = append(back, c.returnActs()...)
	}
	var all sync.WaitGroup
	errs := make([]error, len(back))
	for i, come := range back {
		all.Go(func() {
			time.Sleep(rand.N(*returning)) // tests a random moment; it does not wait for anything
			errs[i] = come()
		})
	}
	all.Wait()
	for _, err := range errs {
		w.must(err)
	}
	seen := w.listed(n)
	w.each(n, func(i int) error { return crews[i].check(ended, seen) })
	var took []time.Duration
	for _, c := range crews {
		for _, m := range c.members {
			took = append(took, m.told.Sub(m.connects))
		}
	}
	slices.Sort(took)
	t.Logf("%d parties, %d members; down for %v; from connect to party: median %v, 99 %% %v, longest %v",
		n, len(took), started.Sub(ended).Round(time.Millisecond), took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
}

// each does n things, some at once, and then fails for each error.
func (w *world) each(n int, do func(i int) error) {
	w.t.Helper()
	errs := make([]error, n)
	slots := make(chan struct{}, 8)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = do(i)
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			w.t.Errorf("party %d: %v", i, err)
		}
	}
	if w.t.Failed() {
		w.t.FailNow()
	}
}

// listed waits until there are n parties, and returns them by ID. The server lists a party a moment
// after its creation.
func (w *world) listed(n int) map[string]overview.Party {
	w.t.Helper()
	for {
		all := w.list()
		if len(all) == n {
			return all
		}
		select {
		case <-w.ctx.Done():
			w.t.Fatalf("%d parties; want %d", len(all), n)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (w *world) list() map[string]overview.Party {
	w.t.Helper()
	all := map[string]overview.Party{}
	for cursor := ""; ; {
		in, _ := json.Marshal(object{"limit": 100, "cursor": cursor})
		text, err := w.api.RPCWithKey(w.ctx, client.DefaultHTTPKey, "party_admin_parties", string(in))
		w.must(err)
		var page overview.Parties
		w.must(json.Unmarshal([]byte(text), &page))
		for _, p := range page.Parties {
			all[p.PartyID] = p
		}
		if cursor = page.Cursor; cursor == "" {
			return all
		}
	}
}
