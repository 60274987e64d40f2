package fleet_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
	"partyline/local/engine"
	"partyline/local/engine/host"
	"partyline/local/engine/store"
	"partyline/module/wiring"
	"partyline/pass"
)

// queueRules is a queue of two teams on game servers; %s is its name.
const queueRules = `
  %s:
    teams: 2
    max_party: 3
    seat_hold: 30s
    match: fleet
    fleet: {ready_within: 3s, metadata: {GameSessionData: "{partyline}"}}
    backfill: true
    hold_invited: true
    team_size: {max: 3, min: 2, after: 0s}
`

const (
	arena       = "arena"
	acceptQueue = "asking" // a queue with accept
)

// passKey signs the passes of every server here, and the passes that tests forge.
var passKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func passKeys() string { return base64.StdEncoding.EncodeToString(passKey.Seed()) }

// FleetVariable names the environment variable with the module in testdata/manager, built for the
// real servers.
const FleetVariable = "NAKAMA_FLEET"

// world is a server whose fleet manager the test plays.
type world struct {
	t       *testing.T
	ctx     context.Context
	client  *client.Client
	fleet   *fleetManager
	restart func() // as after kill -9, with the same address and data
}

// start starts a server with these queues, or with arena, and a fleet manager that calls create.
func start(t *testing.T, create func(n int, a asked) error, queues ...string) *world {
	t.Helper()
	if !target.Real() {
		return startEngine(t, wiring.Register, create, queues...)
	}
	w := newWorld(t, create)
	at := httptest.NewServer(w.fleet)
	t.Cleanup(at.Close)
	p := target.StartBeside(t, rulesFile(t, queues), []string{os.Getenv(FleetVariable)}, "--runtime.env", "FLEET_URL="+at.URL, "--runtime.env", wiring.EnvPasses+"="+passKeys())
	w.fleet.at("http://" + p.Addr)
	w.client = client.New(p.Addr)
	w.restart = func() {
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(w.ctx); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func newWorld(t *testing.T, create func(n int, a asked) error) *world {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	return &world{t: t, ctx: ctx, fleet: &fleetManager{create: create}}
}

func rulesFile(t *testing.T, queues []string) string {
	t.Helper()
	text := "version: 1\nqueues:"
	if len(queues) == 0 {
		queues = []string{arena}
	}
	for _, name := range queues {
		text += fmt.Sprintf(queueRules, name)
		if name == acceptQueue {
			text += "    accept: {within: 30s}\n"
		}
	}
	rules := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return rules
}

// startEngine is start on an embedded engine, whatever the environment says.
func startEngine(t *testing.T, init host.InitModule, create func(n int, a asked) error, queues ...string) *world {
	t.Helper()
	w, rules := newWorld(t, create), rulesFile(t, queues)
	var server *engine.Server
	boot := func(addr string, data *store.Store) {
		var err error
		server, err = engine.Start(t.Context(), engine.Options{
			Addr: addr, Data: data, MatchmakerInterval: 200 * time.Millisecond, Env: map[string]string{wiring.EnvRules: rules, wiring.EnvPasses: passKeys()}, Init: init,
			Fleets: func(string) (map[string]runtime.FleetManager, error) {
				return map[string]runtime.FleetManager{"": w.fleet}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	boot("", nil)
	t.Cleanup(func() { server.Close() })
	w.client = client.New(server.Addr())
	w.restart = func() {
		server.Close()
		boot(server.Addr(), server.Data())
	}
	return w
}

// withTest returns the same world for a subtest.
func (w *world) withTest(t *testing.T) *world {
	own := *w
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	own.t, own.ctx = t, ctx
	return &own
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
	p := &player{Session: session, w: w}
	p.connect()
	return p
}

func (p *player) connect() {
	p.w.t.Helper()
	var err error
	if p.Socket, err = p.w.client.Connect(p.w.ctx, p.Session, client.SocketOptions{}); err != nil {
		p.w.t.Fatal(err)
	}
	p.w.t.Cleanup(p.Abort)
	if err := p.Barrier(p.w.ctx); err != nil {
		p.w.t.Fatal(err)
	}
}

func (p *player) call(e *rtapi.Envelope) *rtapi.Envelope {
	p.w.t.Helper()
	reply, err := p.Call(p.w.ctx, e)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return reply
}

func (p *player) createParty() (id string, err error) {
	reply, err := p.Call(p.w.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: 4}}})
	return reply.GetParty().GetPartyId(), err
}

func (p *player) joinParty(id string) error {
	if _, err := p.Call(p.w.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: id}}}); err != nil {
		return err
	}
	return p.Barrier(p.w.ctx)
}

func (w *world) party(members ...*player) string {
	w.t.Helper()
	id, err := members[0].createParty()
	for _, m := range members[1:] {
		if err == nil {
			err = m.joinParty(id)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// invite returns the code of an invite to the party.
func (p *player) invite(partyID string) string {
	p.w.t.Helper()
	var made struct{ Code string }
	if err := p.rpc("party_invite_create", map[string]any{"party_id": partyID}, &made); err != nil {
		p.w.t.Fatal(err)
	}
	return made.Code
}

// lateFriend makes a match of two parties of two that has its server. It returns the first party and its leader,
// a friend without a party, and the code of an invite to the first party.
func (w *world) lateFriend() (leader, friend *player, party, code string) {
	w.t.Helper()
	p := []*player{w.player(), w.player(), w.player(), w.player(), w.player()}
	party = w.party(p[0], p[1])
	p[0].queue(party)
	p[2].queue(w.party(p[2], p[3]))
	p[0].told(-4, "server_ready")
	return p[0], p[4], party, p[0].invite(party)
}

func (p *player) queue(partyID string) { p.queueIn(arena, partyID) }

func (p *player) queueIn(queue, partyID string) {
	p.w.t.Helper()
	if partyID != "" {
		p.call(partyTicket(queue, partyID))
		return
	}
	p.call(&rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: &rtapi.MatchmakerAdd{
		Query: "*", MinCount: 2, MaxCount: 2, StringProperties: map[string]string{"queue": queue},
	}}})
}

func partyTicket(queue, partyID string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
		PartyId: partyID, Query: "*", MinCount: 2, MaxCount: 2, StringProperties: map[string]string{"queue": queue},
	}}}
}

type event struct {
	Event         string          `json:"event"`
	Ticket        string          `json:"ticket"`
	Reason        string          `json:"reason"`
	MatchID       string          `json:"match_id"`
	UserID        string          `json:"user_id"`
	Team          *int            `json:"team"`
	Address       string          `json:"address"`
	DNSName       string          `json:"dns_name"`
	Port          int             `json:"port"`
	Pass          string          `json:"pass"`
	PlayerSession string          `json:"player_session"`
	Result        json.RawMessage `json:"result"`
}

// told waits for an event that the player's party is told.
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

// gameServer is the program on a game server: it has the information of its creation.
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
	text, _ := w.fleet.asked(n).metadata["GameSessionData"].(string)
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
	return g.w.client.RPCWithKey(g.w.ctx, client.DefaultHTTPKey, id, string(text))
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

func (g *gameServer) states() map[string]string {
	g.w.t.Helper()
	return g.parseStates(g.must("party_server_seats", nil))
}

// parseStates reads the seats' states from an answer, by user ID.
func (g *gameServer) parseStates(answer string) (states map[string]string) {
	g.w.t.Helper()
	var all struct {
		Seats []struct {
			UserID string `json:"user_id"`
			State  string
		}
	}
	if err := json.Unmarshal([]byte(answer), &all); err != nil {
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
