package realtime_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/engine/parties"
	"partyline/local/engine/presence"
	"partyline/local/engine/realtime"
)

// These tests run on the embedded engine only, because they use its internals or a module.

// user opens a socket of a new user, without a status.
func (e *engine) user(t testing.TB, query string) (*socket, uuid.UUID) {
	t.Helper()
	id := uuid.New()
	return dial(t, e.address(), "token="+id.String()+"+someone"+query), id
}

func contains(text string) func([]byte) bool {
	// The JSON encoder varies the spaces between tokens.
	return func(data []byte) bool {
		return strings.Contains(strings.ReplaceAll(string(data), " ", ""), strings.ReplaceAll(text, " ", ""))
	}
}

// hooks implements Hooks with functions. A nil function changes nothing.
type hooks struct {
	before  func(s *realtime.Session, name string, in *rtapi.Envelope) (*rtapi.Envelope, error)
	mu      sync.Mutex
	log     []string
	started chan struct{}
	ended   chan string
}

func newHooks() *hooks { return &hooks{started: make(chan struct{}, 64), ended: make(chan string, 8)} }

func (h *hooks) record(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

func (h *hooks) recorded() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.log, "; ")
}

func (h *hooks) BeforeRt(_ context.Context, s *realtime.Session, name string, in *rtapi.Envelope) (*rtapi.Envelope, error) {
	h.record("before %s", name)
	if h.before == nil {
		return in, nil
	}
	return h.before(s, name, in)
}

func (h *hooks) AfterRt(_ context.Context, _ *realtime.Session, name string, out, in *rtapi.Envelope) {
	h.record("after %s %T %T", name, out.GetMessage(), in.GetMessage())
}

func (h *hooks) SessionStart(s *realtime.Session) {
	h.record("start %s", s.Lang())
	h.started <- struct{}{}
}

func (h *hooks) SessionEnd(s *realtime.Session, reason string) {
	h.record("end")
	h.ended <- reason
}

func withHooks(h *hooks) func(*realtime.Options, *parties.Options) {
	return func(o *realtime.Options, _ *parties.Options) { o.Hooks = h }
}

func TestHooks_Order(t *testing.T) {
	t.Parallel()
	h := newHooks()
	e := newEngine(t, withHooks(h))
	s, _ := e.user(t, "&lang=de")
	s.sendText(`{"cid":"1","party_create":{"max_size":1}}`)
	s.take("party", contains(`"cid":"1"`))
	s.sendText(`{"cid":"2","party_create":{"max_size":999}}`)
	s.take("error", contains(`"cid":"2"`))
	s.sendText(`{"cid":"3","rpc":{"id":"probe","payload":"{\"op\":\"count\"}"}}`)
	s.take("result", contains(`"cid":"3"`))
	s.sendText(`{"cid":"4","party_leave":{"party_id":"` + uuid.NewString() + `.x"}}`)
	s.take("ack", contains(`"cid":"4"`))
	s.leave()
	if reason := <-h.ended; reason != "" {
		t.Errorf("reason %q; want none", reason)
	}
	want := "start de; before PartyCreate; after PartyCreate *rtapi.Envelope_Party *rtapi.Envelope_PartyCreate; before PartyCreate; " +
		"before PartyLeave; after PartyLeave <nil> *rtapi.Envelope_PartyLeave; end"
	if got := h.recorded(); got != want {
		t.Errorf("calls:\n%s\nwant:\n%s", got, want)
	}
}

func TestHooks_BeforeChangesMessage(t *testing.T) {
	t.Parallel()
	h := newHooks()
	h.before = func(_ *realtime.Session, _ string, in *rtapi.Envelope) (*rtapi.Envelope, error) {
		in.GetPartyCreate().MaxSize = 3
		return in, nil
	}
	e := newEngine(t, withHooks(h))
	s, _ := e.user(t, "")
	s.sendText(`{"cid":"1","party_create":{}}`)
	s.take("party of 3", contains(`"max_size":3`))
}

func TestHooks_BeforeRefuses(t *testing.T) {
	t.Parallel()
	h := newHooks()
	h.before = func(_ *realtime.Session, name string, in *rtapi.Envelope) (*rtapi.Envelope, error) {
		if name == "Ping" {
			return in, nil
		}
		return nil, errors.New("rule_denied/x: Not today.")
	}
	e := newEngine(t, withHooks(h))
	s, _ := e.user(t, "")
	s.sendText(`{"cid":"1","party_create":{"max_size":2}}`)
	s.take("error", contains(`{"cid":"1","error":{"code":7,"message":"rule_denied/x: Not today."}}`))
	s.sendText(`{"cid":"2","ping":{}}`)
	s.take("pong", contains(`"cid":"2"`))
	if got := h.recorded(); strings.Contains(got, "after PartyCreate") {
		t.Errorf("after-hook of a refused message: %s", got)
	}
	if e.parties.Count() != 0 {
		t.Error("the party exists")
	}
}

func TestHooks_BeforeClosesSocket(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(*realtime.Session, string, *rtapi.Envelope) (*rtapi.Envelope, error){
		"nil":   func(*realtime.Session, string, *rtapi.Envelope) (*rtapi.Envelope, error) { return nil, nil },
		"panic": func(*realtime.Session, string, *rtapi.Envelope) (*rtapi.Envelope, error) { panic("oh") },
		"another_type": func(*realtime.Session, string, *rtapi.Envelope) (*rtapi.Envelope, error) {
			return &rtapi.Envelope{}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHooks()
			h.before = before
			e := newEngine(t, withHooks(h))
			other, _ := e.user(t, "")
			s, _ := e.user(t, "")
			for range 2 {
				<-h.started // the open socket may not be counted yet
			}
			s.sendText(`{"cid":"1","ping":{}}`)
			if name == "nil" {
				s.take("error", contains(`{"cid":"1","error":{"code":1,"message":"Requested resource was not found."}}`))
			}
			if code, text := s.end(); code != 1000 || text != "error processing message" {
				t.Errorf("closed with %d %q", code, text)
			}
			if reason := <-h.ended; reason != "error processing message" {
				t.Errorf("reason %q", reason)
			}
			if e.server.Count() != 1 || other.ended {
				t.Error("the other socket is gone")
			}
		})
	}
}

// The server's last messages come before the close frame.
func TestServer_LastWords(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	for message, want := range map[string]string{
		`{"cid":"1"}`:            `{"cid":"1","error":{"code":2,"message":"Missing message."}}`,
		`{"cid":"1","party":{}}`: `{"cid":"1","error":{"code":1,"message":"Unrecognized message."}}`,
	} {
		s, _ := e.user(t, "")
		s.sendText(message)
		s.take("error", contains(want))
		s.end()
	}
}

func TestServer_UnsupportedMessage(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	s, _ := e.user(t, "")
	s.sendText(`{"cid":"1","channel_join":{}}`)
	s.take("error", contains(`{"cid":"1","error":{"message":"not supported by the embedded engine: channel_join"}}`))
	s.sendText(`{"cid":"2","ping":{}}`)
	s.take("pong", contains(`"cid":"2"`))
}

func TestServer_Handle(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	h := func(context.Context, *realtime.Session, *rtapi.Envelope) (*rtapi.Envelope, bool) { return nil, true }
	for _, name := range []string{"PartyCreate", "Ping", "Party", "party_create", "ChannelMessage"} {
		if e.server.Handle(name, h) == nil {
			t.Errorf("Handle(%q) succeeded", name)
		}
	}
	if err := e.server.Handle("MatchJoin", h); err != nil {
		t.Error(err)
	}
}

func TestServer_MissingOptions(t *testing.T) {
	t.Parallel()
	if _, err := realtime.New(realtime.Options{}); err == nil {
		t.Error("a server without a tracker")
	}
	if _, err := realtime.New(realtime.Options{Tracker: presence.NewTracker()}); err == nil {
		t.Error("a server without authentication")
	}
}

func TestServer_SingleSocket(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(o *realtime.Options, _ *parties.Options) { o.SingleSocket = true })
	id := uuid.NewString()
	older := dial(t, e.address(), "token="+id+"+someone")
	older.sendText(`{"cid":"1","ping":{}}`)
	older.take("pong", contains(`"cid":"1"`))
	newer := dial(t, e.address(), "token="+id+"+someone")
	older.take("notification", contains(`"subject":"single_socket","content":"{}","code":-7`))
	if code, text := older.end(); code != 1000 || text != "server-side session disconnect" {
		t.Errorf("closed with %d %q", code, text)
	}
	newer.sendText(`{"cid":"2","ping":{}}`)
	newer.take("pong", contains(`"cid":"2"`))
}

func TestServer_Notifications(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	s, id := e.user(t, "")
	s.sendText(`{"cid":"1","ping":{}}`)
	s.take("pong", contains(`"cid":"1"`))
	list, err := e.module.StreamUserList(0, id.String(), "", "", true, false)
	if err != nil || len(list) != 1 || !list[0].GetHidden() || list[0].GetUsername() != "someone" {
		t.Fatalf("live sockets: %v %v", list, err)
	}
	e.server.Router().Notify(id, []*api.Notification{{Id: "n1", Subject: "party_invite", Code: 1001}})
	e.server.Router().Notify(uuid.New(), []*api.Notification{{Id: "n2"}})
	e.server.Router().Notify(id, nil)
	if err := e.module.StreamSend(0, id.String(), "", "", "last", nil, true); err != nil {
		t.Fatal(err)
	}
	got := s.take("data", contains("last"))
	if len(got) != 2 || !contains(`{"notifications":{"notifications":[{"id":"n1","subject":"party_invite","code":1001}]}}`)(got[0]) {
		t.Errorf("got %q", got)
	}
	if e.server.Online(id) {
		t.Error("online without a status")
	}
	s.sendText(`{"cid":"2","status_update":{"status":"x"}}`)
	s.take("ack", contains(`"cid":"2"`))
	if !e.server.Online(id) {
		t.Error("not online with a status")
	}
}

func TestServer_FollowByName(t *testing.T) {
	t.Parallel()
	known := map[string]uuid.UUID{"anna": uuid.New(), "ben": uuid.New()}
	e := newEngine(t, func(o *realtime.Options, _ *parties.Options) {
		o.Users = func(_ context.Context, ids []uuid.UUID, names []string) (users []realtime.User, err error) {
			for name, id := range known {
				for _, want := range ids {
					if want == id {
						users = append(users, realtime.User{ID: id, Username: name})
					}
				}
				for _, want := range names {
					if want == "broken" {
						return nil, errors.New("no database")
					}
					if want == name {
						users = append(users, realtime.User{ID: id, Username: name})
					}
				}
			}
			return users, nil
		}
	})
	anna := dial(t, e.address(), "status=true&token="+known["anna"].String()+"+anna")
	s, _ := e.user(t, "")
	anna.take("own status", contains("status_presence_event"))
	s.sendText(`{"cid":"1","status_follow":{"usernames":["anna","someone","nobody"],"user_ids":["` + known["anna"].String() + `","` + uuid.NewString() + `"]}}`)
	got := s.take("status", contains(`"cid":"1"`))
	if text := string(got[0]); strings.Count(text, "session_id") != 1 || !strings.Contains(text, `"anna"`) {
		t.Errorf("got %s", text)
	}
	s.sendText(`{"cid":"2","status_follow":{"usernames":["broken"]}}`)
	s.take("error", contains(`{"cid":"2","error":{"message":"Could not check users"}}`))
	anna.sendText(`{"status_update":{"status":"new"}}`)
	s.take("event", contains("status_presence_event"))
}

// A client that does not read is disconnected. The others are not affected.
func TestServer_SlowClient(t *testing.T) {
	t.Parallel()
	h := newHooks()
	e := newEngine(t, withHooks(h), func(o *realtime.Options, _ *parties.Options) {
		o.OutgoingQueue, o.WriteWait, o.CloseWait = 4, 200*time.Millisecond, 100*time.Millisecond
	})
	id := uuid.New()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+e.address()+"/ws?token="+id.String()+"+slow", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	big := []*api.Notification{{Content: strings.Repeat("x", 1<<20)}}
	for len(h.ended) == 0 {
		e.server.Router().Notify(id, big)
	}
	if reason := <-h.ended; reason != "session outgoing queue full" && !strings.Contains(reason, "i/o timeout") {
		t.Errorf("reason %q", reason)
	}
}

// A client that sends nothing, not even pongs, is disconnected.
func TestServer_DeadClient(t *testing.T) {
	t.Parallel()
	h := newHooks()
	e := newEngine(t, withHooks(h), func(o *realtime.Options, _ *parties.Options) {
		o.PingPeriod, o.PongWait, o.CloseWait = 50*time.Millisecond, time.Second, 50*time.Millisecond
	})
	alive, _ := e.user(t, "")
	id := uuid.New()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+e.address()+"/ws?token="+id.String()+"+dead", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if reason := <-h.ended; !strings.Contains(reason, "i/o timeout") {
		t.Errorf("reason %q", reason)
	}
	alive.sendText(`{"cid":"1","ping":{}}`)
	alive.take("pong", contains(`"cid":"1"`))
}

// Ending is called before the session's presences go, so that its tickets can go first.
func TestServer_Ending(t *testing.T) {
	t.Parallel()
	seen := make(chan int, 1)
	var e *engine
	e = newEngine(t, func(o *realtime.Options, _ *parties.Options) {
		o.OnSessionEnd = func(s *realtime.Session) {
			if s.Context().Err() == nil {
				t.Error("the context is still alive")
			}
			seen <- e.tracker.Count(presence.Stream{Subject: s.UserID()})
		}
	})
	s, _ := e.user(t, "")
	s.leave()
	if n := <-seen; n != 1 {
		t.Errorf("%d presences at the time; want 1", n)
	}
	if n := e.tracker.Total(); n != 0 {
		t.Errorf("%d presences are left", n)
	}
}

func TestModule_PartyList(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	for _, limit := range []int{0, 101, -1} {
		if _, _, err := e.module.PartyList(t.Context(), limit, nil, false, "", ""); err == nil || err.Error() != "limit must be 1-100" {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
	s, _ := e.user(t, "")
	s.sendText(`{"cid":"1","party_create":{"open":true,"max_size":2,"label":"{\"a\":1}"}}`)
	s.take("party", contains(`"cid":"1"`))
	list, cursor, err := e.module.PartyList(t.Context(), 10, nil, false, "+label.a:1", "")
	if err != nil || len(list) != 1 || cursor != "" || list[0].Label != `{"a":1}` || !list[0].Open || list[0].MaxSize != 2 {
		t.Errorf("list %v %q %v", list, cursor, err)
	}
}

// A ticket of a party without members makes a real server hang. Here it is an error.
func TestParties_WedgeIsVisible(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	s, _ := e.user(t, "")
	s.sendText(`{"cid":"1","party_create":{}}`)
	created := s.take("party", contains(`"cid":"1"`))
	_, id, _ := strings.Cut(strings.ReplaceAll(string(created[len(created)-1]), " ", ""), `"party_id":"`)
	s.sendText(`{"cid":"2","party_matchmaker_add":{"min_count":2,"max_count":2,"party_id":"` + id[:strings.Index(id, `"`)] + `"}}`)
	s.take("error", contains(`"error":{"code":3,"message":"Error adding party to matchmaker: `+parties.ErrWouldHang.Error()+`"}`))
	s.sendText(`{"cid":"3","ping":{}}`)
	s.take("pong", contains(`"cid":"3"`))
}

func TestParties_SingleParty(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(_ *realtime.Options, o *parties.Options) { o.SingleParty = true })
	w := &world{t: t, engine: e, address: e.address(), ids: map[string]string{}}
	w.observer = w.player("watch")
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"open":true,"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(carol, `{"party_create":{"max_size":2}}`,
		`carol = {"party":{"leader":"carol","max_size":2,"party_id":"$P2","presences":["carol"],"self":"carol"}}`,
		`carol : {"party":{"leader":"carol","max_size":2,"party_id":"$P2","presences":["carol"],"self":"carol"}}`,
		`carol : {"party_presence_event":{"joins":["carol"],"party_id":"$P2"}}`)
	w.step(alice, `{"party_join":{"party_id":"$P2"}}`,
		`alice = {}`,
		`carol : {"party_join_request":{"party_id":"$P2","presences":["alice"]}}`)
	w.step(carol, `{"party_accept":{"party_id":"$P2","presence":"@alice"}}`,
		`carol = {}`,
		`carol : {"party_presence_event":{"joins":["alice"],"party_id":"$P2"}}`,
		`alice : {"party":{"leader":"carol","max_size":2,"party_id":"$P2","presences":["carol","alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P2"}}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`bob : {"party_presence_event":{"leaves":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P2"}}`,
		`bob = {"error":{"code":3,"message":"Error joining party: party full"}}`)
	w.step(bob, `{"party_create":{"max_size":1}}`,
		`bob = {"party":{"leader":"bob","max_size":1,"party_id":"$P3","presences":["bob"],"self":"bob"}}`,
		`bob : {"party":{"leader":"bob","max_size":1,"party_id":"$P3","presences":["bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P3"}}`)
	w.step(alice, `{"party_join":{"party_id":"$P1"}}`,
		`alice = {"error":{"code":3,"message":"Error joining party: party not found"}}`)
}

// Everything that the engine starts ends with it, even with sockets that hang.
func TestEngine_Shutdown(t *testing.T) {
	before := runtime.NumGoroutine()
	e := newEngine(t, func(o *realtime.Options, p *parties.Options) {
		o.CloseWait = 100 * time.Millisecond
		p.ListDelay = time.Millisecond
	})
	var sockets []*socket
	for range 50 {
		s, _ := e.user(t, "&status=true")
		s.sendText(`{"party_create":{"max_size":2}}`)
		sockets = append(sockets, s)
	}
	hanging, _, err := websocket.DefaultDialer.Dial("ws://"+e.address()+"/ws?token="+uuid.NewString()+"+x", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer hanging.Close()
	e.close()
	for _, s := range sockets {
		if code, text := s.end(); code != 1000 || text != "server is shutting down" {
			t.Errorf("closed with %d %q", code, text)
		}
	}
	if n := e.tracker.Total(); n != 0 {
		t.Errorf("%d presences are left", n)
	}
	_ = hanging.Close()
	awaitGoroutines(t, before)
}

// awaitGoroutines waits until at most as many goroutines run as before.
func awaitGoroutines(t *testing.T, before int) {
	t.Helper()
	for late := time.Now().Add(timeout); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(late) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// Many clients use a few parties at once. Nobody waits for anybody. In the end the remaining clients agree with the
// tracker.
func TestEngine_Race(t *testing.T) {
	t.Parallel()
	const clients, rounds = 200, 12
	e := newEngine(t, func(o *realtime.Options, _ *parties.Options) { o.OutgoingQueue = 1 << 16 })
	leader, leaderID := e.user(t, "")
	var ids []string
	for i := range 4 {
		leader.sendText(fmt.Sprintf(`{"cid":"p%d","party_create":{"open":%v,"max_size":100}}`, i, i%2 == 0))
		created := leader.take("party", contains(fmt.Sprintf(`"cid":"p%d"`, i)))
		_, id, _ := strings.Cut(strings.ReplaceAll(string(created[len(created)-1]), " ", ""), `"party_id":"`)
		ids = append(ids, id[:strings.Index(id, `"`)])
	}
	var all sync.WaitGroup
	for c := range clients {
		s, userID := e.user(t, "&status=true")
		all.Go(func() {
			for r := range rounds {
				id := ids[(c+r)%len(ids)]
				switch (c + r) % 6 {
				case 0, 1, 2:
					s.sendText(`{"party_join":{"party_id":"` + id + `"}}`)
				case 3:
					s.sendText(`{"party_data_send":{"party_id":"` + id + `","op_code":"1","data":"AA=="}}`)
				case 4:
					s.sendText(`{"party_leave":{"party_id":"` + id + `"}}`)
				case 5:
					s.sendText(`{"status_update":{"status":"` + userID.String() + `"}}`)
				}
			}
			s.sendText(`{"cid":"done","ping":{}}`)
			s.take("pong", contains(`"cid":"done"`))
			if c%3 == 0 {
				s.leave()
			}
		})
	}
	all.Go(func() {
		for r := range 100 {
			id := ids[r%len(ids)]
			leader.sendText(fmt.Sprintf(`{"party_update":{"party_id":%q,"open":%v}}`, id, r%3 != 0))
			leader.sendText(fmt.Sprintf(`{"cid":"r%d","party_join_request_list":{"party_id":%q}}`, r, id))
			list := leader.take("list", contains(fmt.Sprintf(`"cid":"r%d"`, r)))
			text := strings.ReplaceAll(string(list[len(list)-1]), " ", "")
			if _, p, found := strings.Cut(text, `"presences":[`); found {
				leader.sendText(`{"party_accept":{"party_id":"` + id + `","presence":` + p[:strings.Index(p, "}")+1] + `}}`)
			}
		}
	})
	all.Wait()
	e.tracker.WaitForEvents()
	for _, id := range ids {
		subject, label, _ := strings.Cut(id, ".")
		list, err := e.module.StreamUserList(7, subject, "", label, true, true)
		if err != nil || len(list) == 0 || len(list) > 100 {
			t.Errorf("party %s has %d presences, %v", id, len(list), err)
		}
		leader.sendText(`{"cid":"d","party_data_send":{"party_id":"` + id + `","op_code":"2"}}`)
		got := leader.take("ack", contains(`"cid":"d"`))
		if last := string(got[len(got)-1]); strings.Contains(last, "error") {
			t.Errorf("the creator %s is no member of %s: %s", leaderID, id, last)
		}
	}
}

func TestParties_SinglePartyOnJoin(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(_ *realtime.Options, o *parties.Options) { o.SingleParty = true })
	w := &world{t: t, engine: e, address: e.address(), ids: map[string]string{}}
	w.observer = w.player("watch")
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"open":true,"max_size":3}}`,
		`alice = {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_create":{"open":true,"max_size":3}}`,
		`bob = {"party":{"leader":"bob","max_size":3,"open":true,"party_id":"$P2","presences":["bob"],"self":"bob"}}`,
		`bob : {"party":{"leader":"bob","max_size":3,"open":true,"party_id":"$P2","presences":["bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P2"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P2"}}`,
		`bob : {"party_presence_event":{"joins":["carol"],"party_id":"$P2"}}`,
		`carol = {}`,
		`carol : {"party":{"leader":"bob","max_size":3,"open":true,"party_id":"$P2","presences":["bob","carol"],"self":"carol"}}`,
		`carol : {"party_presence_event":{"joins":["carol"],"party_id":"$P2"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`carol : {"party_leader":{"party_id":"$P2","presence":"carol"}}`,
		`carol : {"party_presence_event":{"leaves":["bob"],"party_id":"$P2"}}`)
}
