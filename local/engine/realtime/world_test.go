package realtime_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/parties"
	"partyline/local/engine/presence"
	"partyline/local/engine/realtime"
	"partyline/local/engine/realtime/probe"
)

// engine is the embedded engine with only this package and the parties.
type engine struct {
	tracker *presence.Tracker
	server  *realtime.Server
	parties *parties.Registry
	module  *realtime.Module
	tickets *tickets
	http    *httptest.Server
}

// newEngine starts an engine on a free port. Each change may adjust its options.
func newEngine(t testing.TB, changes ...func(*realtime.Options, *parties.Options)) *engine {
	t.Helper()
	e := &engine{tracker: presence.NewTracker(), tickets: &tickets{byID: map[string]string{}}}
	opts := realtime.Options{
		Tracker: e.tracker,
		// A token is "<user ID> <username>".
		Authenticate: func(token string) (realtime.Identity, error) {
			id, name, found := strings.Cut(token, " ")
			if !found {
				return realtime.Identity{}, errors.New("bad token")
			}
			return realtime.Identity{UserID: uuid.MustParse(id), Username: name, Expiry: 1 << 40}, nil
		},
		RPC: func(ctx context.Context, _ *realtime.Session, id, payload string) (string, bool, error) {
			if id != probe.ID {
				return "", false, nil
			}
			result, err := probe.Call(ctx, e.module, payload)
			return result, true, err
		},
	}
	partyOpts := parties.Options{Tracker: e.tracker, Tickets: e.tickets}
	for _, change := range changes {
		change(&opts, &partyOpts)
	}
	var err error
	if e.server, err = realtime.New(opts); err != nil {
		t.Fatal(err)
	}
	partyOpts.Router = e.server.Router()
	if e.parties, err = parties.New(partyOpts); err != nil {
		t.Fatal(err)
	}
	e.module = realtime.NewModule(e.server, e.parties)
	for name, handle := range e.parties.Handlers() {
		adapted := func(ctx context.Context, s *realtime.Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
			return handle(ctx, s, in)
		}
		if err := e.server.Handle(name, adapted); err != nil {
			t.Fatal(err)
		}
	}
	e.http = httptest.NewServer(e.server)
	t.Cleanup(e.close)
	return e
}

func (e *engine) close() {
	e.server.Close()
	e.http.Close()
	_ = e.parties.Close()
	e.tracker.Close()
}

func (e *engine) address() string { return e.http.Listener.Addr().String() }

// tickets is a matchmaker that never makes a match.
type tickets struct {
	mu   sync.Mutex
	byID map[string]string // ticket to party
}

func (m *tickets) AddParty(_ context.Context, partyID string, _ []presence.Presence, _ parties.TicketRequest) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := uuid.NewString()
	m.byID[id] = partyID
	return id, nil
}

func (m *tickets) RemoveParty(partyID, ticket string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byID[ticket] != partyID {
		return runtime.ErrMatchmakerTicketNotFound
	}
	delete(m.byID, ticket)
	return nil
}

func (m *tickets) RemovePartyAll(partyID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ticket, party := range m.byID {
		if party == partyID {
			delete(m.byID, ticket)
		}
	}
}

// world is a server with players, who see each other under short names. The server is the embedded engine, or a real
// one at the address in NAKAMA.
type world struct {
	t        *testing.T
	engine   *engine // nil on a real server
	address  string
	observer *player // changes its status to find out when events have been delivered
	players  []*player
	ids      map[string]string // short names to IDs
	parties  int
	tickets  int
	rounds   int
}

type player struct {
	name      string
	userID    string
	username  string
	sessionID string
	token     string
	*socket
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, address: os.Getenv("NAKAMA"), ids: map[string]string{}}
	if w.address == "" {
		w.engine = newEngine(t)
		w.address = w.engine.address()
	}
	w.observer = w.player("watch")
	return w
}

// player logs a new user in and opens a socket.
func (w *world) player(name string) *player {
	w.t.Helper()
	p := &player{name: name, username: name + strings.ReplaceAll(uuid.NewString(), "-", "")[:12]}
	if w.engine != nil {
		p.userID = uuid.NewString()
		p.token = p.userID + " " + p.username
	} else {
		w.login(p)
	}
	w.ids[name+".user"] = p.userID
	w.ids[name] = p.username
	return w.connect(p)
}

// secondSocket opens another socket for a player's user.
func (w *world) secondSocket(p *player, name string) *player {
	w.t.Helper()
	return w.connect(&player{name: name, username: p.username, userID: p.userID, token: p.token})
}

func (w *world) connect(p *player) *player {
	w.t.Helper()
	p.socket = dial(w.t, w.address, url.Values{"token": {p.token}, "status": {"true"}}.Encode())
	// A client learns its own session ID from the status that it shows.
	var event struct {
		Status struct {
			Joins []struct {
				SessionID string `json:"session_id"`
			} `json:"joins"`
		} `json:"status_presence_event"`
	}
	p.take("own status", func(data []byte) bool {
		return json.Unmarshal(data, &event) == nil && len(event.Status.Joins) == 1
	})
	p.sessionID = event.Status.Joins[0].SessionID
	w.ids[p.name+".session"] = p.sessionID
	w.players = append(w.players, p)
	if w.observer != nil {
		w.settle() // events that an older socket of the same user gets about this one
	}
	return p
}

func (w *world) login(p *player) {
	w.t.Helper()
	body := fmt.Sprintf(`{"id":"%s"}`, uuid.NewString())
	req, err := http.NewRequest(http.MethodPost, "http://"+w.address+"/v2/account/authenticate/device?create=true&username="+p.username, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.SetBasicAuth("defaultkey", "")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	var session struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&session); err != nil || res.StatusCode != http.StatusOK {
		w.t.Fatalf("login: %d %v", res.StatusCode, err)
	}
	p.token = session.Token
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(p.token, ".")[1])
	var user struct{ UID string }
	if err = errors.Join(err, json.Unmarshal(claims, &user)); err != nil {
		w.t.Fatal(err)
	}
	p.userID = user.UID
}

// step sends a message of a player and checks everything that all players then receive. A line "alice = {...}" is the
// reply to alice, "alice : {...}" another envelope for alice. The order of each player's lines must match, and there
// must be no other lines.
//
// In messages and lines, $P1 is the first party seen, $P1.id its UUID, $T1 the first ticket, $alice a user name,
// $alice.user and $alice.session IDs, "@alice" a presence.
func (w *world) step(p *player, message string, want ...string) {
	w.t.Helper()
	p.sendText(w.expand(`{"cid":"step",` + strings.TrimPrefix(message, "{")))
	w.compare(w.settle(), want)
}

// probe makes a player call the server's runtime. The reply is shown as the RPC's plain result.
func (w *world) probe(p *player, request string, want ...string) {
	w.t.Helper()
	payload, err := json.Marshal(w.expand(request))
	if err != nil {
		w.t.Fatal(err)
	}
	w.step(p, fmt.Sprintf(`{"rpc":{"id":"probe","payload":%s}}`, payload), want...)
}

// drop closes a player's client and checks what the others receive.
func (w *world) drop(p *player, want ...string) {
	w.t.Helper()
	p.leave()
	w.forget(p)
	w.compare(w.settle(), want)
}

// cutOff sends a message of one player that makes the server close another player's socket.
func (w *world) cutOff(by, p *player, message, reason string, want ...string) {
	w.t.Helper()
	by.sendText(w.expand(`{"cid":"step",` + strings.TrimPrefix(message, "{")))
	if code, text := p.end(); code != 1000 || text != reason {
		w.t.Fatalf("%s was closed with %d %q; want 1000 %q", p.name, code, text, reason)
	}
	w.forget(p)
	w.compare(w.settle(), want)
}

func (w *world) forget(p *player) {
	w.players = slices.DeleteFunc(w.players, func(q *player) bool { return q == p })
}

// settle waits until everything that follows from the sent messages has arrived, and returns it as lines. First every
// socket makes a round trip, so that its requests are done. Then the player observer changes its status and waits for
// that event, because it comes after all earlier events. It does so twice, because an event may cause another one.
// After a last round trip everything has been received.
func (w *world) settle() []string {
	w.t.Helper()
	var lines []string
	pings := func() {
		w.rounds++
		cid := fmt.Sprintf(`"ping-%d"`, w.rounds)
		for _, p := range w.players {
			p.sendText(`{"cid":` + cid + `,"ping":{}}`)
		}
		for _, p := range w.players {
			messages := p.take("pong", func(data []byte) bool { return strings.Contains(string(data), cid) })
			if p == w.observer {
				continue
			}
			for _, m := range messages[:len(messages)-1] {
				lines = append(lines, w.render(p, m))
			}
		}
	}
	pings()
	for range 2 {
		w.rounds++
		status := fmt.Sprintf(`"round-%d"`, w.rounds)
		w.observer.sendText(`{"status_update":{"status":` + status + `}}`)
		w.observer.take("own status", func(data []byte) bool { return strings.Contains(string(data), status) })
	}
	pings()
	return lines
}

// compare checks the lines of each player.
func (w *world) compare(got, want []string) {
	w.t.Helper()
	for i, line := range want {
		want[i] = w.canonical(line)
	}
	if g, e := byRecipient(got), byRecipient(want); !equal(g, e) {
		w.t.Fatalf("got:\n\t\t`%s`\nwant:\n\t\t`%s`", strings.Join(got, "`,\n\t\t`"), strings.Join(want, "`,\n\t\t`"))
	}
}

func byRecipient(lines []string) map[string][]string {
	m := map[string][]string{}
	for _, line := range lines {
		who, _, _ := strings.Cut(line, " {")
		m[who] = append(m[who], line)
	}
	return m
}

func equal(a, b map[string][]string) bool {
	if len(a) != len(b) {
		return false
	}
	for who := range a {
		if !slices.Equal(a[who], b[who]) {
			return false
		}
	}
	return true
}

// canonical formats an expected line as render does.
func (w *world) canonical(line string) string {
	w.t.Helper()
	who, text, found := strings.Cut(line, " {")
	var v any
	if err := json.Unmarshal([]byte("{"+text), &v); err != nil || !found {
		w.t.Fatalf("bad line %s: %v", line, err)
	}
	return who + " {" + strings.TrimPrefix(encode(v), "{")
}

// render makes a line of an envelope.
func (w *world) render(p *player, data []byte) string {
	w.t.Helper()
	var envelope map[string]any
	if err := json.Unmarshal(data, &envelope); err != nil {
		w.t.Fatalf("%s got %q: %v", p.name, data, err)
	}
	sign := ":"
	if _, isReply := envelope["cid"]; isReply {
		sign = "="
		delete(envelope, "cid")
	}
	if rpc, ok := envelope["rpc"].(map[string]any); ok {
		var result any
		_ = json.Unmarshal([]byte(rpc["payload"].(string)), &result)
		envelope["rpc"] = result
	}
	text := encode(w.simplify(envelope))
	for _, short := range w.shortNames(func(short string) string { return w.ids[short] }) {
		text = strings.ReplaceAll(text, w.ids[short], short)
	}
	return p.name + " " + sign + " " + text
}

// shortNames returns the short names, sorted by the length of their texts, longest first. of returns the text of a
// name.
func (w *world) shortNames(of func(short string) string) []string {
	return slices.SortedFunc(maps.Keys(w.ids), func(a, b string) int { return len(of(b)) - len(of(a)) })
}

// simplify replaces presences and IDs with names, and makes names for new ones.
func (w *world) simplify(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if session, ok := v["session_id"].(string); ok {
			for short, id := range w.ids {
				if id == session {
					name := strings.TrimSuffix(short, ".session")
					if status, ok := v["status"].(string); ok {
						name += " " + status
					}
					return name
				}
			}
		}
		for key, inner := range v {
			switch id, _ := inner.(string); key {
			case "party_id":
				w.addShortName(&w.parties, "$P", id)
			case "ticket":
				w.addShortName(&w.tickets, "$T", id)
			}
			v[key] = w.simplify(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = w.simplify(inner)
		}
	}
	return v
}

// addShortName gives an ID the next short name of its kind, unless it has one.
func (w *world) addShortName(count *int, prefix, id string) {
	for _, seen := range w.ids {
		if seen == id {
			return
		}
	}
	*count++
	name := fmt.Sprintf("%s%d", prefix, *count)
	w.ids[name] = id
	if subject, label, found := strings.Cut(id, "."); found {
		w.ids[name+".id"] = subject
		w.ids["$node"] = label
	}
}

// expand replaces short names with IDs.
func (w *world) expand(text string) string {
	for _, p := range w.players {
		text = strings.ReplaceAll(text, `"@`+p.name+`"`,
			fmt.Sprintf(`{"user_id":%q,"session_id":%q,"username":%q}`, p.userID, p.sessionID, p.username))
	}
	for _, short := range w.shortNames(strings.Clone) {
		text = strings.ReplaceAll(text, "$"+strings.TrimPrefix(short, "$"), w.ids[short])
	}
	return text
}

func encode(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return strings.TrimSpace(b.String())
}
