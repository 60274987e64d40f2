package fleet_test

import (
	"testing"
	"time"
	"sort"

	"partyline/local/e2e/client"
)

func TestTmpTimes(t *testing.T) {
	w := startServers(t)
	create := w.fleet.create
	asked0 := make(chan time.Time, 100)
	w.fleet.create = func(n int, a asked) error {
		asked0 <- time.Now()
		return create(n, a)
	}
	var commit, ask, all []time.Duration
	for i := 0; i < 15; i++ {
		p := []*player{w.player(), w.player(), w.player(), w.player()}
		red, blue := w.party(p[0], p[1]), w.party(p[2], p[3])
		began := time.Now()
		p[0].queue(red)
		p[2].queue(blue)
		type at struct{ m, r time.Time }
		if _, err := p[3].Take(w.ctx, func(m client.Message) bool { return m.Envelope.GetMatchmakerMatched() != nil || func() bool { return false }() }); err != nil {
			t.Fatal(err)
		}
		matched := time.Now()
		p[3].told(-4, "server_ready")
		ready := time.Now()
		commit = append(commit, ready.Sub(matched))
		ask = append(ask, ready.Sub(<-asked0))
		all = append(all, ready.Sub(began))
	}
	for _, d := range [][]time.Duration{commit, ask, all} {
		sort.Slice(d, func(i, j int) bool { return d[i] < d[j] })
		t.Logf("min %v median %v max %v", d[0], d[len(d)/2], d[len(d)-1])
	}
}

// server silent: dies; 90 s later the match ends
func TestTmpSilence(t *testing.T) {
	w := startServers(t)
	p := []*player{w.player(), w.player()}
	red := w.party(p[0], p[1])
	q := []*player{w.player(), w.player()}
	blue := w.party(q[0], q[1])
	p[0].queue(red)
	q[0].queue(blue)
	for _, m := range append(p, q...) {
		if w.connect(m.told(-4, "server_ready")) == nil {
			t.Fatal("refused")
		}
	}
	running, _, _ := w.fleet.servers.List(w.ctx, "", 0, "")
	if len(running) != 1 {
		t.Fatal(running)
	}
	// stop Nakama, the process must end by itself
	w.restart()
	began := time.Now()
	for {
		running, _, _ = w.fleet.servers.List(w.ctx, "", 0, "")
		if len(running) == 0 {
			break
		}
		if time.Since(began) > 40*time.Second {
			t.Fatal("the process goes on")
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("the process has ended %v after the restart", time.Since(began))
	for _, m := range append(p, q...) {
		m.connect()
	}
	red, blue = w.party(p[0], p[1]), w.party(q[0], q[1])
	p[0].queue(red)
	q[0].queue(blue)
	for _, m := range append(p, q...) {
		if w.connect(m.told(-4, "server_ready")) == nil {
			t.Fatal("refused")
		}
	}
	w.fleet.servers.Close() // the servers die, nobody tells
	began = time.Now()
	for {
		var now struct {
			MatchID string `json:"match_id"`
		}
		if err := p[0].rpc("party_match", map[string]any{"party_id": red}, &now); err != nil {
			t.Fatal(err)
		}
		if now.MatchID == "" {
			break
		}
		if time.Since(began) > 120*time.Second {
			t.Fatal("the match goes on")
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Logf("the match has ended %v after the server's death", time.Since(began))
	p[1].told(-4, "ended")
}
