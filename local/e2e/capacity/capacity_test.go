// Package capacity_test measures the figures of the capacity guide in docs/operators.md: the memory
// of a party, a member, an invite, a status and a held seat, and the processor time of each thing
// players do.
//
//	go test ./local/e2e/capacity -run Memory -v -parties 1000
//	go test ./local/e2e/capacity -run '^$' -bench . -benchtime 2000x
//
// Server and clients are one process here, so every figure includes the client's part.
package capacity_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/engine"
	"partyline/module/wiring"
	"partyline/party"
)

var size = flag.Int("parties", 60, "parties, each of which gets one more member")

const rulesFile = `version: 1
parties: {reconnect_grace: 60s}
status: {rate: 100/s}
limits: {party_create: none, invite_create: none, invite_guess: {per_user: none, per_ip: none}, page_per_ip: none, data: {rate: none}}
`

type object = map[string]any

// world is an engine, with the module or as a stock server, and its players.
type world struct {
	testing.TB
	ctx    context.Context
	server *engine.Server
	api    *client.Client
}

func start(tb testing.TB, module bool) *world {
	tb.Helper()
	var o engine.Options
	if module {
		path := filepath.Join(tb.TempDir(), "rules.yml")
		if err := os.WriteFile(path, []byte(rulesFile), 0o600); err != nil {
			tb.Fatal(err)
		}
		o.Init, o.Env = wiring.Register, map[string]string{wiring.EnvRules: path}
	}
	server, err := engine.Start(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Close)
	return &world{TB: tb, ctx: tb.Context(), server: server, api: client.New(server.Addr())}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) games(n int) []*player.Game {
	w.Helper()
	games := make([]*player.Game, n)
	for i := range games {
		p, err := player.SignIn(w.ctx, w.api, "capacity")
		w.must(err)
		games[i], err = p.Play(w.ctx)
		w.must(err)
		w.Cleanup(games[i].Abort)
	}
	return games
}

func (w *world) invite(by *player.Game, id string, with object) (made party.CreatedInvite) {
	w.Helper()
	request := object{"party_id": id}
	for k, v := range with {
		request[k] = v
	}
	w.must(by.Call(w.ctx, "party_invite_create", request, &made))
	return made
}

// heapInUse returns the memory in use after all clients have received everything.
func (w *world) heapInUse(games ...[]*player.Game) uint64 {
	w.Helper()
	w.server.WaitForEvents()
	for _, list := range games {
		for _, g := range list {
			w.must(g.Barrier(w.ctx))
			g.Drain()
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// memoryPerThing returns the memory in bytes that each added thing takes.
func memoryPerThing(t *testing.T, module bool) map[string]float64 {
	t.Helper()
	w, n := start(t, module), *size
	leaders, friends := w.games(n), w.games(n)
	ids := make([]string, n)
	used := w.heapInUse(leaders, friends)
	each := map[string]float64{}
	stage := func(name string, add func(i int)) {
		for i := range n {
			add(i)
		}
		now := w.heapInUse(leaders, friends)
		each[name] = (float64(now) - float64(used)) / float64(n)
		used = now
	}
	stage("party", func(i int) {
		var err error
		ids[i], err = leaders[i].CreateParty(w.ctx, true, 8)
		w.must(err)
	})
	stage("member", func(i int) { w.must(friends[i].JoinParty(w.ctx, ids[i])) })
	if !module {
		return each
	}
	stage("status", func(i int) {
		w.must(leaders[i].Call(w.ctx, "party_status_set", object{"party_id": ids[i], "stage": "downloading", "progress": 0.5, "text": "level 2"}, nil))
	})
	stage("invite", func(i int) { w.invite(leaders[i], ids[i], object{"message": "Come and play!"}) })
	stage("held seat", func(i int) {
		w.invite(leaders[i], ids[i], object{"hold_seat": true, "for_user_ids": []string{friends[(i+1)%n].Player.ID()}})
	})
	return each
}

// The test logs the figures. It only asserts that nothing takes more memory than is plausible.
func TestMemory(t *testing.T) {
	stock, with := memoryPerThing(t, false), memoryPerThing(t, true)
	for _, name := range []string{"party", "member", "status", "invite", "held seat"} {
		t.Logf("%-10s %8.0f bytes, of which a stock server's %8.0f", name, with[name], stock[name])
		if with[name] > 64<<10 {
			t.Errorf("a %s weighs %.0f bytes", name, with[name])
		}
	}
}

// cpuTime returns the processor time of this process.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure runs an operation b.N times and reports its mean processor time.
func measure(b *testing.B, do func(i int)) {
	b.Helper()
	b.ResetTimer()
	before := cpuTime()
	for i := range b.N {
		do(i)
	}
	cpu := cpuTime() - before
	b.StopTimer()
	b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-us/op")
}

// BenchmarkOperation runs every operation over real sockets, so it includes the client's half. The
// first two also run on a stock server, for comparison.
func BenchmarkOperation(b *testing.B) {
	for _, module := range []bool{false, true} {
		b.Run(fmt.Sprintf("create-and-close/module=%v", module), func(b *testing.B) {
			w := start(b, module)
			g := w.games(1)[0]
			measure(b, func(int) {
				id, err := g.CreateParty(w.ctx, true, 4)
				w.must(err)
				w.must(g.CloseParty(w.ctx, id))
				g.Drain()
			})
		})
		b.Run(fmt.Sprintf("data-message/module=%v", module), func(b *testing.B) {
			w := start(b, module)
			g := w.games(1)[0]
			id, err := g.CreateParty(w.ctx, true, 4)
			w.must(err)
			measure(b, func(int) { w.must(g.SendData(w.ctx, id, 1, []byte("hello"))) })
		})
	}
	for name, op := range map[string]func(w *world, leader, friend *player.Game, id, code string) func(int){
		"invite": func(w *world, leader, _ *player.Game, id, _ string) func(int) {
			return func(int) { w.invite(leader, id, nil) }
		},
		"redeem-and-leave": func(w *world, _, friend *player.Game, id, code string) func(int) {
			return func(int) {
				w.must(friend.Call(w.ctx, "party_invite_redeem", object{"code": code}, nil))
				w.must(friend.LeaveParty(w.ctx, id))
				w.must(friend.Barrier(w.ctx)) // after the hooks
				friend.Drain()
			}
		},
		"status": func(w *world, leader, _ *player.Game, id, _ string) func(int) {
			return func(i int) {
				w.must(leader.Call(w.ctx, "party_status_set", object{"party_id": id, "stage": "downloading", "progress": float64(i%100) / 100}, nil))
				leader.Drain()
			}
		},
		"preview": func(w *world, leader, _ *player.Game, _, code string) func(int) {
			return func(int) { w.must(leader.Call(w.ctx, "party_invite_preview", object{"code": code}, nil)) }
		},
		"page-state": func(w *world, _, _ *player.Game, _, code string) func(int) {
			return func(int) {
				answer, err := w.api.Do(w.ctx, http.MethodGet, "/party/join/"+code+"/state", "", nil)
				w.must(err)
				if answer.Status != http.StatusOK {
					w.Fatal(answer.Status)
				}
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			w := start(b, true)
			games := w.games(2)
			id, err := games[0].CreateParty(w.ctx, false, 4)
			w.must(err)
			measure(b, op(w, games[0], games[1], id, w.invite(games[0], id, nil).Code))
		})
	}
}
