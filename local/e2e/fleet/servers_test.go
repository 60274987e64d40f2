package fleet_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
	"partyline/local/fleet"
	"partyline/local/gameserver"
)

// TestMain also serves as the game server that the tests' fleet starts.
func TestMain(m *testing.M) {
	target.Main(m)
}

// startServers returns a world whose game servers are processes.
func startServers(t *testing.T) *world {
	t.Helper()
	w := start(t, nil)
	servers := fleet.New(fleet.Options{Nakama: "http://" + w.client.Addr(), HTTPKey: client.DefaultHTTPKey}, os.Args[0])
	t.Cleanup(servers.Close)
	w.fleet.mu.Lock()
	defer w.fleet.mu.Unlock()
	w.fleet.servers = servers
	w.fleet.create = func(_ int, a asked) error {
		_, err := servers.Create(w.ctx, a.players, a.users, nil, a.metadata, a.callback)
		return err
	}
	return w
}

// connection is a player's connection to a game server.
type connection struct {
	w      *world
	url    string // of the server, with the pass
	drop   context.CancelFunc
	states chan gameserver.State
}

// connect connects with the pass that a player was told of.
func (w *world) connect(e event) *connection {
	w.t.Helper()
	ctx, drop := context.WithCancel(w.ctx)
	w.t.Cleanup(drop)
	c := &connection{w: w, url: fmt.Sprintf("http://%s:%d/%%s?pass=%s", e.Address, e.Port, url.QueryEscape(e.Pass)), drop: drop, states: make(chan gameserver.State, 100)}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf(c.url, "play"), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		_ = answer.Body.Close()
		return nil
	}
	go func() {
		defer close(c.states)
		defer answer.Body.Close()
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			var state gameserver.State
			if text, is := strings.CutPrefix(lines.Text(), "data: "); is && json.Unmarshal([]byte(text), &state) == nil {
				c.states <- state
			}
		}
	}()
	return c
}

// until waits for a state of the game.
func (c *connection) until(what string, is func(gameserver.State) bool) {
	c.w.t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case state, more := <-c.states:
			if !more {
				c.w.t.Fatalf("the connection has ended before %s", what)
			}
			if is(state) {
				return
			}
		case <-late:
			c.w.t.Fatalf("waited in vain: %s", what)
		}
	}
}

func (c *connection) post(path string) int {
	c.w.t.Helper()
	answer, err := http.Post(fmt.Sprintf(c.url, path), "", nil)
	if err != nil {
		c.w.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func playing(n int) func(gameserver.State) bool {
	return func(s gameserver.State) bool { return len(s.Players) == n }
}

// Two parties play on a server process: a friend joins late by link, one player drops and returns,
// one leaves, a team wins.
func TestServers(t *testing.T) {
	w := startServers(t)
	p := []*player{w.player(), w.player(), w.player(), w.player(), w.player()}
	red := w.party(p[0], p[1])
	p[0].queue(red)
	p[2].queue(w.party(p[2], p[3]))
	games := make([]*connection, len(p))
	var first event
	for i, m := range p[:4] {
		e := m.told(-4, "server_ready")
		if games[i] = w.connect(e); games[i] == nil {
			t.Fatalf("the server refuses %s", m.UserID)
		}
		if i == 0 {
			first = e
		}
	}
	games[0].until("all are in", playing(4))
	if w.connect(first) != nil {
		t.Error("a used pass is good for another connection")
	}

	if err := p[4].rpc("party_invite_redeem", map[string]any{"code": p[0].invite(red)}, &struct{}{}); err != nil {
		t.Fatal(err)
	}
	if games[4] = w.connect(p[4].told(-4, "server_ready")); games[4] == nil {
		t.Fatal("the server refuses a late friend")
	}
	games[0].until("the friend is in", playing(5))

	games[1].drop()
	games[0].until("one has dropped", playing(4))
	var again struct{ Server event }
	if err := p[1].rpc("party_match", map[string]any{"party_id": red}, &again); err != nil {
		t.Fatal(err)
	}
	if games[1] = w.connect(again.Server); games[1] == nil {
		t.Fatal("the server refuses a player who returns")
	}
	games[0].until("the player is back", playing(5))
	if games[4].post("leave") != http.StatusOK {
		t.Error("the friend cannot leave")
	}
	games[0].until("the friend has left", playing(4))
	if games[4].post("score") == http.StatusOK {
		t.Error("a player who has left scores")
	}

	for range 3 {
		if games[3].post("score") != http.StatusOK {
			t.Fatal("a player cannot score")
		}
	}
	games[0].until("the game is over", func(s gameserver.State) bool { return s.Over })
	var result struct{ Winner int }
	if e := p[0].told(-4, "ended"); json.Unmarshal(e.Result, &result) != nil {
		t.Errorf("ended = %+v", e)
	}
	if e := p[3].told(-4, "seat_taken"); e.Team == nil || *e.Team != result.Winner {
		t.Errorf("team %d has won, and the one who has scored is told %+v", result.Winner, e)
	}
	w.until("the server has ended", func() bool {
		running, _, err := w.fleet.servers.List(w.ctx, "", 0, "")
		return err == nil && len(running) == 0
	})
}

// Players whose server dies queue again, and play on another one.
func TestServerDies(t *testing.T) {
	w := startServers(t)
	p := []*player{w.player(), w.player(), w.player(), w.player()}
	red, blue := w.party(p[0], p[1]), w.party(p[2], p[3])
	p[0].queue(red)
	p[2].queue(blue)
	var first event
	for _, m := range p {
		first = m.told(-4, "server_ready")
		if w.connect(first) == nil {
			t.Fatal("the server refuses a player")
		}
	}
	running, _, err := w.fleet.servers.List(w.ctx, "", 0, "")
	if err != nil || len(running) != 1 {
		t.Fatalf("servers %v, error %v", running, err)
	}
	pid, err := strconv.Atoi(strings.TrimPrefix(running[0].Id, "local-"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p[0].queue(red)
	p[2].queue(blue)
	var matches []string
	for _, m := range p {
		e := m.told(-4, "server_ready")
		if matches = append(matches, e.MatchID); e.MatchID == first.MatchID || w.connect(e) == nil {
			t.Errorf("after the server's death %s is told %+v", m.UserID, e)
		}
	}
	if len(slices.Compact(matches)) != 1 {
		t.Errorf("matches %v; want one for all", matches)
	}
	for _, m := range p { // the party is in the match that it plays
		party := red
		if m == p[2] || m == p[3] {
			party = blue
		}
		var now struct {
			MatchID string `json:"match_id"`
		}
		if err := m.rpc("party_match", map[string]any{"party_id": party}, &now); err != nil || now.MatchID != matches[0] {
			t.Errorf("party_match says %q, error %v; want %s", now.MatchID, err, matches[0])
		}
	}
}
