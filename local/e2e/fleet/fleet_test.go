// Package fleet_test plays matches on dedicated game servers: queue, server, seats, end.
package fleet_test

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/e2e/client"
	"partyline/local/engine"
	"partyline/module/wiring"
	"partyline/pass"
)

const fleetRules = `version: 1
queues:
  arena:
    teams: 2
    max_party: 3
    seat_hold: 30s
    match: fleet
    fleet: {ready_within: 3s, metadata: {GameSessionData: "{partyline}"}}
    backfill: true
    team_size: {max: 3, min: 2, after: 0s}
`

// asked is one call of Create.
type asked struct {
	players  int
	users    []string
	metadata map[string]any
	callback runtime.FmCreateCallbackFn
}

// fleetManager is scripted by the test; it keeps what it is asked.
type fleetManager struct {
	mu      sync.Mutex
	creates []asked
	joins   [][]string
	deleted []string
	create  func(n int, a asked) error // what Create does
	join    func(users []string) error // nil: takes everybody
}

var _ runtime.FleetManagerInitializer = (*fleetManager)(nil)

func (f *fleetManager) Init(runtime.NakamaModule, runtime.FmCallbackHandler) error { return nil }
func (f *fleetManager) Get(context.Context, string) (*runtime.InstanceInfo, error) {
	return nil, errors.New("not asked for")
}
func (f *fleetManager) List(context.Context, string, int, string) ([]*runtime.InstanceInfo, string, error) {
	return nil, "", errors.New("not asked for")
}
func (f *fleetManager) Update(context.Context, string, int, map[string]any) error { return nil }

func (f *fleetManager) Create(_ context.Context, players int, users []string, _ []runtime.FleetUserLatencies, metadata map[string]any, callback runtime.FmCreateCallbackFn) (map[string]string, error) {
	a := asked{players, users, metadata, callback}
	f.mu.Lock()
	f.creates = append(f.creates, a)
	n, create := len(f.creates), f.create
	f.mu.Unlock()
	return nil, create(n, a)
}

func (f *fleetManager) Join(_ context.Context, id string, users []string, _ map[string]string) (*runtime.JoinInfo, error) {
	f.mu.Lock()
	f.joins = append(f.joins, users)
	join := f.join
	f.mu.Unlock()
	if join != nil {
		if err := join(users); err != nil {
			return nil, err
		}
	}
	return &runtime.JoinInfo{InstanceInfo: &runtime.InstanceInfo{Id: id}, SessionInfo: []*runtime.SessionInfo{{UserId: users[0], SessionId: "psess-late"}}}, nil
}

func (f *fleetManager) Delete(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deleted = append(f.deleted, id)
	return nil
}

func (f *fleetManager) is(what func() bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return what()
}

func instance(n int) *runtime.InstanceInfo {
	return &runtime.InstanceInfo{Id: fmt.Sprintf("server-%d", n), ConnectionInfo: &runtime.ConnectionInfo{IpAddress: "192.0.2.1", DnsName: "one.example.com", Port: 7000 + n}}
}

// ready answers as a manager does that has a session for every player, later and twice.
func ready(n int, a asked) error {
	var sessions []*runtime.SessionInfo
	for _, u := range a.users {
		sessions = append(sessions, &runtime.SessionInfo{UserId: u, SessionId: "psess-" + u})
	}
	go func() {
		a.callback(runtime.CreateSuccess, instance(n), sessions, nil, nil)
		a.callback(runtime.CreateSuccess, instance(n), sessions, nil, nil)
	}()
	return nil
}

type world struct {
	t      *testing.T
	ctx    context.Context
	client *client.Client
	fleet  *fleetManager
}

func start(t *testing.T, create func(int, asked) error) *world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(path, []byte(fleetRules), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &fleetManager{create: create}
	server, err := engine.Start(t.Context(), engine.Options{
		MatchmakerInterval: 200 * time.Millisecond, HTTPKey: "serverskey", Env: map[string]string{wiring.EnvRules: path},
		Init: func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, initializer runtime.Initializer) error {
			if err := wiring.Register(ctx, logger, db, nk, initializer); err != nil {
				return err
			}
			return initializer.RegisterFleetManager(f) // after the module, as an operator's own may be
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return &world{t: t, ctx: ctx, client: client.New(server.Addr()), fleet: f}
}

func (w *world) until(what string, done func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain: %s", what)
		}
	}
}

type player struct {
	*client.Socket
	client.Session
	w *world
}

func (w *world) player() *player {
	w.t.Helper()
	session, err := w.client.AuthenticateDevice(w.ctx, uuid.NewString(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	socket, err := w.client.Connect(w.ctx, session, client.SocketOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(socket.Abort)
	if err := socket.Barrier(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	return &player{Socket: socket, Session: session, w: w}
}

func (p *player) call(e *rtapi.Envelope) *rtapi.Envelope {
	p.w.t.Helper()
	reply, err := p.Call(p.w.ctx, e)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return reply
}

func (w *world) party(members ...*player) string {
	w.t.Helper()
	id := members[0].call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: 4}}}).GetParty().GetPartyId()
	for _, m := range members[1:] {
		m.call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: id}}})
		if err := m.Barrier(w.ctx); err != nil {
			w.t.Fatal(err)
		}
	}
	return id
}

func (p *player) queue(partyID string) {
	p.w.t.Helper()
	texts := map[string]string{"queue": "arena"}
	if partyID == "" {
		p.call(&rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: &rtapi.MatchmakerAdd{Query: "*", MinCount: 2, MaxCount: 2, StringProperties: texts}}})
		return
	}
	p.call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{PartyId: partyID, Query: "*", MinCount: 2, MaxCount: 2, StringProperties: texts}}})
}

type event struct {
	Event         string          `json:"event"`
	Reason        string          `json:"reason"`
	MatchID       string          `json:"match_id"`
	UserID        string          `json:"user_id"`
	Address       string          `json:"address"`
	DNSName       string          `json:"dns_name"`
	Port          int             `json:"port"`
	Pass          string          `json:"pass"`
	PlayerSession string          `json:"player_session"`
	Result        json.RawMessage `json:"result"`
}

// told waits for an event that the party hears.
func (p *player) told(opCode int64, name string) (e event) {
	p.w.t.Helper()
	ctx, cancel := context.WithTimeout(p.w.ctx, 30*time.Second)
	defer cancel()
	_, err := p.Take(ctx, func(m client.Message) bool {
		data := m.Envelope.GetPartyData()
		e = event{}
		return data.GetOpCode() == opCode && json.Unmarshal(data.GetData(), &e) == nil && e.Event == name
	})
	if err != nil {
		p.w.t.Fatalf("waiting for %s: %v", name, err)
	}
	return e
}

func (p *player) rpc(id string, payload, answer any) error {
	text, err := json.Marshal(payload)
	if err != nil {
		p.w.t.Fatal(err)
	}
	said, err := p.w.client.RPC(p.w.ctx, p.Session, id, string(text))
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(said), answer)
}

// gameServer is what runs on a server: it knows what it was told at its creation.
type gameServer struct {
	w    *world
	info struct {
		MatchID string `json:"match_id"`
		Token   string `json:"server_token"`
	}
}

func (w *world) server(n int) *gameServer {
	w.t.Helper()
	g := &gameServer{w: w}
	w.until("a server is asked for", func() bool { return w.fleet.is(func() bool { return len(w.fleet.creates) > n }) })
	text, _ := w.fleet.creates[n].metadata["GameSessionData"].(string)
	if err := json.Unmarshal([]byte(text), &g.info); err != nil || g.info.MatchID == "" || g.info.Token == "" {
		w.t.Fatalf("the server is told %q (error %v)", text, err)
	}
	return g
}

func (g *gameServer) call(id string, more map[string]any) (string, error) {
	payload := map[string]any{"match_id": g.info.MatchID, "server_token": g.info.Token}
	for key, value := range more {
		payload[key] = value
	}
	text, err := json.Marshal(payload)
	if err != nil {
		g.w.t.Fatal(err)
	}
	return g.w.client.RPCWithKey(g.w.ctx, "serverskey", id, string(text))
}

func (g *gameServer) must(id string, more map[string]any) string {
	g.w.t.Helper()
	said, err := g.call(id, more)
	if err != nil {
		g.w.t.Fatalf("%s: %v", id, err)
	}
	return said
}

func (g *gameServer) refused(reason, id string, more map[string]any) {
	g.w.t.Helper()
	if said, err := g.call(id, more); err == nil || !strings.Contains(err.Error(), reason) {
		g.w.t.Errorf("%s %v: %q, error %v; want %s", id, more, said, err, reason)
	}
}

func (g *gameServer) states() (states map[string]string) {
	g.w.t.Helper()
	var all struct {
		Seats []struct {
			UserID string `json:"user_id"`
			State  string
		}
	}
	if err := json.Unmarshal([]byte(g.must("party_server_seats", nil)), &all); err != nil {
		g.w.t.Fatal(err)
	}
	states = map[string]string{}
	for _, s := range all.Seats {
		if s.UserID != "" {
			states[s.UserID] = s.State
		}
	}
	return states
}

// Two parties queue, a server starts, both come in; a friend comes late by link; one drops
// and returns; the server ends the match with a result.
func TestStory(t *testing.T) {
	w := start(t, ready)
	p := []*player{w.player(), w.player(), w.player(), w.player(), w.player()}
	red, blue := w.party(p[0], p[1]), w.party(p[2], p[3])
	p[0].queue(red)
	p[2].queue(blue)
	g := w.server(0)
	keys := w.keys()
	passes := map[string]event{}
	for _, m := range p[:4] {
		e := m.told(-4, "server_ready")
		if e.Address != "192.0.2.1" || e.DNSName != "one.example.com" || e.Port != 7001 || e.UserID != m.UserID || e.PlayerSession != "psess-"+m.UserID || e.MatchID != g.info.MatchID {
			t.Errorf("server_ready = %+v", e)
		}
		claims, err := keys.Verify(e.Pass, g.info.MatchID, time.Now())
		if err != nil || claims.UserID != m.UserID {
			t.Errorf("the pass says %+v, error %v", claims, err)
		}
		passes[m.UserID] = e
	}
	for _, m := range p[:4] { // nobody has seen the pass of another
		for _, other := range m.Drain() {
			if data := other.Envelope.GetPartyData(); strings.Contains(string(data.GetData()), "server_ready") {
				t.Errorf("%s hears %s", m.UserID, data.GetData())
			}
		}
	}
	for _, m := range p[:4] {
		g.must("party_server_join", map[string]any{"pass": passes[m.UserID].Pass})
	}
	if got := g.states(); len(got) != 4 || got[p[0].UserID] != "taken" {
		t.Errorf("seats = %v", got)
	}

	g.refused("invalid_request: pass", "party_server_join", map[string]any{"pass": passes[p[0].UserID].Pass}) // used
	_, forger, _ := ed25519.GenerateKey(nil)
	forged, err := pass.Sign(forger, pass.Claims{ID: "x", MatchID: g.info.MatchID, UserID: p[4].UserID, Expires: time.Now().Add(time.Minute).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	g.refused("invalid_request: pass", "party_server_join", map[string]any{"pass": forged})
	g.refused("unauthenticated", "party_server_seats", map[string]any{"server_token": "guessed"})
	g.refused("unauthenticated", "party_server_end", map[string]any{"server_token": ""})
	g.refused("invalid_request: match_id", "party_server_seats", map[string]any{"match_id": uuid.NewString() + ".nakama1"})
	g.refused("invalid_request: reason", "party_server_leave", map[string]any{"user_id": p[0].UserID, "reason": "bored"})
	g.refused("invalid_request", "party_server_leave", map[string]any{"user_id": p[4].UserID, "reason": "left"})
	if _, err := w.client.RPC(w.ctx, p[0].Session, "party_server_end", `{"match_id":"`+g.info.MatchID+`","server_token":"`+g.info.Token+`"}`); err == nil {
		t.Error("a player has ended the match")
	}
	if _, err := p[4].Call(w.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_MatchId{MatchId: g.info.MatchID}}}}); err == nil {
		t.Error("a stranger has joined the match of the seats")
	}

	// A friend comes late, by link.
	var invite struct{ Code string }
	if err := p[0].rpc("party_invite_create", map[string]any{"party_id": red}, &invite); err != nil {
		t.Fatal(err)
	}
	var redeemed struct {
		MatchID string `json:"match_id"`
	}
	if err := p[4].rpc("party_invite_redeem", map[string]any{"code": invite.Code}, &redeemed); err != nil || redeemed.MatchID != g.info.MatchID {
		t.Fatalf("redeemed into match %q, error %v", redeemed.MatchID, err)
	}
	late := p[4].told(-4, "server_ready")
	if late.PlayerSession != "psess-late" {
		t.Errorf("the late friend is told %+v", late)
	}
	g.must("party_server_join", map[string]any{"pass": late.Pass})

	// One drops and returns with a new pass.
	g.must("party_server_leave", map[string]any{"user_id": p[1].UserID, "reason": "dropped"})
	if got := g.states()[p[1].UserID]; got != "held" {
		t.Errorf("the seat of who has dropped is %q", got)
	}
	back := p[1].told(-4, "server_ready")
	var again struct{ Server event }
	if err := p[1].rpc("party_match", map[string]any{"party_id": red}, &again); err != nil || again.Server.Pass == "" || again.Server.Pass == back.Pass {
		t.Errorf("party_match gives %+v, error %v", again.Server, err)
	}
	g.must("party_server_join", map[string]any{"pass": back.Pass})

	g.must("party_server_end", map[string]any{"result": map[string]any{"winner": 1}})
	if e := p[3].told(-4, "ended"); string(e.Result) != `{"winner":1}` {
		t.Errorf("ended = %+v", e)
	}
	w.until("the server is given back", func() bool {
		return w.fleet.is(func() bool { return slices.Equal(w.fleet.deleted, []string{"server-1"}) })
	})
	g.refused("invalid_request: match_id", "party_server_seats", nil)
}

func (w *world) keys() pass.Keys {
	w.t.Helper()
	answer, err := http.Get("http://" + w.client.Addr() + "/party/keys.json")
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	keys, err := pass.ReadKeys(text)
	if err != nil || len(keys) != 1 {
		w.t.Fatalf("keys %v, error %v", keys, err)
	}
	return keys
}

// However creation fails, everybody keeps the ticket, is told, and plays on the next server.
func TestCreationFails(t *testing.T) {
	for name, fail := range map[string]func(n int, a asked) error{
		"error": func(int, asked) error { return errors.New("as asked") },
		"error, called back": func(_ int, a asked) error {
			a.callback(runtime.CreateError, nil, nil, nil, nil)
			return errors.New("as asked")
		},
		"time-out": func(_ int, a asked) error {
			go a.callback(runtime.CreateTimeout, nil, nil, nil, errors.New("as asked"))
			return nil
		},
		"no answer": func(int, asked) error { return nil },
		"no address": func(_ int, a asked) error {
			go a.callback(runtime.CreateSuccess, &runtime.InstanceInfo{Id: "x"}, nil, nil, nil)
			return nil
		},
		"panic": func(int, asked) error { panic("as asked") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, func(n int, a asked) error {
				if n == 1 {
					return fail(n, a)
				}
				return ready(n, a)
			})
			a, b := w.player(), w.player()
			c, d := w.player(), w.player()
			red, blue := w.party(a, b), w.party(c, d)
			a.queue(red)
			c.queue(blue)
			for _, m := range []*player{a, d} {
				if e := m.told(-3, "queued"); e.Reason == "" {
					e = m.told(-3, "queued") // the first is the ticket's own
					if e.Reason != "no_capacity" {
						t.Errorf("told %+v", e)
					}
				}
			}
			if e := b.told(-4, "server_ready"); e.Port != 7002 {
				t.Errorf("server_ready = %+v", e)
			}
		})
	}
}

// A server that comes when nobody waits for it any more is given back.
func TestServerComesTooLate(t *testing.T) {
	w := start(t, func(n int, a asked) error {
		if n > 1 {
			return errors.New("as asked")
		}
		return nil
	})
	a, b := w.player(), w.player()
	c, d := w.player(), w.player()
	a.queue(w.party(a, b))
	c.queue(w.party(c, d))
	w.server(0)
	for e := a.told(-3, "queued"); e.Reason != "no_capacity"; {
		e = a.told(-3, "queued")
	}
	w.fleet.creates[0].callback(runtime.CreateSuccess, instance(1), nil, nil, nil)
	w.until("it is given back", func() bool {
		return w.fleet.is(func() bool { return slices.Equal(w.fleet.deleted, []string{"server-1"}) })
	})
}

// A late friend has no seat where the server has no slot.
func TestNoSlotForALateFriend(t *testing.T) {
	w := start(t, ready)
	w.fleet.join = func([]string) error { return errors.New("full") }
	p := []*player{w.player(), w.player(), w.player(), w.player(), w.player()}
	red := w.party(p[0], p[1])
	p[0].queue(red)
	p[2].queue(w.party(p[2], p[3]))
	p[0].told(-4, "server_ready")
	var invite struct{ Code string }
	if err := p[0].rpc("party_invite_create", map[string]any{"party_id": red}, &invite); err != nil {
		t.Fatal(err)
	}
	var redeemed struct {
		PartyID string `json:"party_id"`
		MatchID string `json:"match_id"`
	}
	if err := p[4].rpc("party_invite_redeem", map[string]any{"code": invite.Code}, &redeemed); err != nil || redeemed.PartyID != red || redeemed.MatchID != "" {
		t.Errorf("redeemed %+v, error %v; want the party without the match", redeemed, err)
	}
	if _, seated := w.server(0).states()[p[4].UserID]; seated {
		t.Error("the friend has a seat without a slot")
	}
}

// Players of the queue fill open seats of a running match, once the server has slots.
func TestBackfill(t *testing.T) {
	w := start(t, ready)
	p := []*player{w.player(), w.player(), w.player(), w.player(), w.player()}
	p[0].queue(w.party(p[0], p[1]))
	p[2].queue(w.party(p[2], p[3]))
	first := p[0].told(-4, "server_ready")
	p[4].queue("")
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	var got event
	_, err := p[4].Take(ctx, func(m client.Message) bool {
		for _, n := range m.Envelope.GetNotifications().GetNotifications() {
			if n.Code == 1007 && n.Subject == "server_ready" {
				return json.Unmarshal([]byte(n.Content), &got) == nil
			}
		}
		return false
	})
	if err != nil || got.MatchID != first.MatchID || got.PlayerSession != "psess-late" {
		t.Fatalf("the player alone is told %+v, error %v", got, err)
	}
	var own struct {
		MatchID string `json:"match_id"`
		Server  event
	}
	if err := p[4].rpc("party_match", map[string]any{"match_id": first.MatchID}, &own); err != nil || own.Server.Pass == "" {
		t.Errorf("party_match gives %+v, error %v", own, err)
	}
	if err := w.player().rpc("party_match", map[string]any{"match_id": first.MatchID}, &own); err == nil || !strings.Contains(err.Error(), "not_member") {
		t.Errorf("a stranger reads the match: error %v", err)
	}
	w.server(0).must("party_server_join", map[string]any{"pass": got.Pass})
}
