package matchmaking_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
	"partyline/pass"
)

// managers is a host with a default fleet manager and named ones.
type managers struct {
	byName  map[string]runtime.FleetManager
	results chan string // results of orders
}

func (m managers) GetFleetManager() runtime.FleetManager                  { return m.byName[""] }
func (m managers) GetFleetManagerByName(name string) runtime.FleetManager { return m.byName[name] }

func (m managers) MetricsTimerRecord(_ string, tags map[string]string, _ time.Duration) {
	m.results <- tags["queue"] + " " + tags["result"]
}

// fleet is a fleet manager that does what the test says.
type fleet struct {
	runtime.FleetManager
	creates chan map[string]any
	answers chan runtime.FmCreateCallbackFn
	deleted chan string
	joined  chan []string
	full    error         // error of Join
	without string        // a user whom Join leaves out
	slow    chan struct{} // Join waits for this; nil = no wait
}

func newFleet() *fleet {
	return &fleet{creates: make(chan map[string]any, 4), answers: make(chan runtime.FmCreateCallbackFn, 4), deleted: make(chan string, 4), joined: make(chan []string, 4)}
}

func (f *fleet) Create(_ context.Context, _ int, _ []string, _ []runtime.FleetUserLatencies, metadata map[string]any, callback runtime.FmCreateCallbackFn) (map[string]string, error) {
	f.creates <- metadata
	f.answers <- callback
	return nil, nil
}

func (f *fleet) Join(_ context.Context, id string, users []string, _ map[string]string) (*runtime.JoinInfo, error) {
	f.joined <- users
	if f.slow != nil {
		<-f.slow
	}
	info := &runtime.JoinInfo{InstanceInfo: &runtime.InstanceInfo{Id: id}}
	for _, user := range users {
		if f.without != "" && user != f.without {
			info.SessionInfo = append(info.SessionInfo, &runtime.SessionInfo{UserId: user, SessionId: "session of " + user})
		}
	}
	return info, f.full
}

func (f *fleet) Delete(_ context.Context, id string) error {
	f.deleted <- id
	return nil
}

func reachable(id string) *runtime.InstanceInfo {
	return &runtime.InstanceInfo{Id: id, ConnectionInfo: &runtime.ConnectionInfo{IpAddress: "192.0.2.1", Port: 7000}}
}

// served is a host with fleet managers and the seat match of a queue.
type served struct {
	*fakeMatch
	*fleet
	managers     managers
	matches      *matchmaking.Matches
	claims       []seats.Claim
	token, party string
}

// hosted makes a host without a match.
func hosted(t *testing.T, byName map[string]runtime.FleetManager) *served {
	t.Helper()
	t.Cleanup(func() { time.Sleep(time.Hour) }) // in the bubble: every creation is over then
	h := newFakeHost(t)
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	public := key.Public().(ed25519.PublicKey)
	s := &served{fakeMatch: &fakeMatch{fakeHost: h}, managers: managers{byName, make(chan string, 8)}, party: h.partyOf("ann", "bob", "cat", "dan", "eve")}
	s.claims = []seats.Claim{claim(s.party, 0, "ann", "bob")}
	s.matches = matchmaking.NewMatches(h, h, matchmaking.NewFleets(s.managers, &fakeMatch{fakeHost: h}), pass.Keys{pass.KeyID(public): public}, h.clock.Now)
	h.handlers[matchmaking.SeatMatchName] = matchmaking.GameServerMatch(h.clock.Now, s.matches, key)
	return s
}

// order orders a game server.
func (s *served) order(fleet rules.Fleet) (matchID string, o *matchmaking.Order) {
	s.t.Helper()
	fleet.ReadyWithin = time.Minute
	id, o, err := s.matches.OrderServer(context.Background(), matchmaking.Launch{
		Queue: "arena", Teams: 2, TeamSize: 4, MaxParty: 4, Claims: s.claims, SeatHold: 10 * time.Minute, SeatHoldMax: time.Hour, Grace: 5 * time.Minute,
	}, fleet, []string{"ann", "bob"}, nil)
	if err != nil {
		s.t.Fatalf("OrderServer: %v", err)
	}
	return id, o
}

// begin commits the match of an order that is ready, and reads what the server was told.
func (s *served) begin(id string, o *matchmaking.Order, told string) {
	s.t.Helper()
	var info matchmaking.ServerInfo
	if err := json.Unmarshal([]byte(told), &info); err != nil || info.MatchID != id || info.Token == "" {
		s.t.Fatalf("the server is told %q, error %v", told, err)
	}
	if state, err := o.State(); state != matchmaking.OrderReady {
		s.t.Fatalf("the order is in state %v, error %v", state, err)
	}
	if err := s.matches.Commit(context.Background(), id, s.claims); err != nil {
		s.t.Fatalf("Commit: %v", err)
	}
	s.fakeMatch, s.token = s.match(id), info.Token
	s.loop()
}

// inBubble runs a test in a bubble, where it can wait for background work.
func inBubble(test func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) { synctest.Test(t, test) }
}

// readyServed makes a host with a match whose server is ready. told is what the server was told, and answer the callback
// that said so.
func readyServed(t *testing.T) (s *served, id string, o *matchmaking.Order, told string, answer runtime.FmCreateCallbackFn) {
	t.Helper()
	f := newFleet()
	s = hosted(t, map[string]runtime.FleetManager{"": f})
	s.fleet = f
	id, o = s.order(rules.Fleet{})
	told, _ = (<-f.creates)["partyline"].(string)
	answer = <-f.answers
	answer(runtime.CreateSuccess, reachable("one"), nil, nil, nil)
	return s, id, o, told, answer
}

func newServed(t *testing.T) *served {
	t.Helper()
	s, id, o, told, _ := readyServed(t)
	s.begin(id, o, told)
	return s
}

func (s *served) pass(user string) string {
	s.t.Helper()
	m, err := s.matches.Seats(context.Background(), s.id, user)
	if err != nil || m.Server == nil {
		s.t.Fatalf("no pass for %s: error %v", user, err)
	}
	return m.Server.Pass
}

// TestServer_Silent: a match continues while its server reports, and the slots of players on the way are renewed.
// If the server is silent, the match ends and the server is ended. A caller without the token cannot keep it alive.
func TestServer_Silent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.after(64 * time.Second)
		s.after(2 * time.Second) // the fleet's minute is over
		if users := <-s.joined; !slices.Equal(users, []string{"ann", "bob"}) {
			t.Errorf("slots renewed for %v", users)
		}
		if _, err := s.matches.ServerSeats(t.Context(), s.id, s.token); err != nil {
			t.Fatal(err)
		}
		s.after(80 * time.Second)
		if s.over() {
			t.Fatal("the match of a server that reports has ended")
		}
		if _, err := s.matches.ServerSeats(t.Context(), s.id, "guessed"); party.ReasonOf(err) != party.Unauthenticated {
			t.Errorf("a guessed token: %v", err)
		}
		s.after(11 * time.Second)
		if !s.over() {
			t.Fatal("the match of a silent server goes on")
		}
		if id := <-s.deleted; id != "one" {
			t.Errorf("given back: %s", id)
		}
	})
}

// TestServer_Passes: a pass works once, before its expiry, for its own match, and only while its player has the
// seat.
func TestServer_Passes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := newServed(t), newServed(t)
		refused := func(what, text string) {
			t.Helper()
			if _, err := s.matches.ServerJoin(t.Context(), s.id, s.token, text); party.ReasonOf(err) != party.InvalidRequest {
				t.Errorf("%s: %v", what, err)
			}
		}
		refused("a pass of another match", other.pass("ann"))
		ann, late, gone := s.pass("ann"), s.pass("ann"), s.pass("bob")
		if got, err := s.matches.ServerJoin(t.Context(), s.id, s.token, ann); err != nil || got.UserID != "ann" || got.PartyID != s.party {
			t.Errorf("joined %+v, error %v", got, err)
		}
		refused("a used pass", ann)
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "bob", party.ServerLeft); err != nil {
			t.Fatal(err)
		}
		refused("a pass for a seat that is lost", gone)
		s.clock.Advance(2*time.Minute - time.Second)
		s.transit = 2 * time.Second
		refused("a used pass that expires on its way", ann)
		refused("an expired pass", late)
		if got := s.seat("ann"); !strings.HasPrefix(got, "taken") {
			t.Errorf("the seat of a player who is there is %q", got)
		}
	})
}

// TestServer_CancelledOrder: after an order was cancelled, its match ends, and so does its server, once, whenever
// it comes.
func TestServer_CancelledOrder(t *testing.T) {
	cause := errors.New("nobody waits")
	for name, when := range map[string]func(callback runtime.FmCreateCallbackFn, o *matchmaking.Order){
		"before the server": func(callback runtime.FmCreateCallbackFn, o *matchmaking.Order) {
			o.Cancel(cause)
			o.Cancel(errors.New("again"))
			callback(runtime.CreateSuccess, reachable("two"), nil, nil, nil)
		},
		"after the server": func(callback runtime.FmCreateCallbackFn, o *matchmaking.Order) {
			callback(runtime.CreateSuccess, reachable("two"), nil, nil, nil)
			o.Cancel(cause)
		},
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			f := newFleet()
			s := hosted(t, map[string]runtime.FleetManager{"": f})
			id, o := s.order(rules.Fleet{})
			<-f.creates
			when(<-f.answers, o)
			if state, err := o.State(); state != matchmaking.OrderFailed || !errors.Is(err, cause) {
				t.Errorf("state %v, error %v", state, err)
			}
			synctest.Wait()
			match := s.match(id)
			if match.loop(); !match.over() {
				t.Error("the match goes on")
			}
			synctest.Wait()
			if got := <-f.deleted; got != "two" || len(f.deleted) > 0 {
				t.Errorf("given back: %s and %d more", got, len(f.deleted))
			}
			if err := s.matches.Commit(t.Context(), id, s.claims); !errors.Is(err, matchmaking.ErrGone) {
				t.Errorf("committed all the same: %v", err)
			}
		}))
	}
}

// TestServer_FirstAnswerCounts: later callbacks of a fleet manager change nothing, except that an additional server
// is ended.
func TestServer_FirstAnswerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		s := hosted(t, map[string]runtime.FleetManager{"": f})
		id, o := s.order(rules.Fleet{})
		told, _ := (<-f.creates)["partyline"].(string)
		callback := <-f.answers
		callback(runtime.CreateSuccess, reachable("one"), nil, nil, nil)
		callback(runtime.CreateSuccess, reachable("one"), nil, nil, nil)
		callback(runtime.CreateSuccess, reachable("two"), nil, nil, nil)
		callback(runtime.CreateTimeout, nil, nil, nil, errors.New("too late"))
		s.begin(id, o, told)
		synctest.Wait()
		if got := <-f.deleted; got != "two" || len(f.deleted) > 0 {
			t.Errorf("given back: %s and %d more", got, len(f.deleted))
		}
		if got := <-s.managers.results; got != "arena ready" || len(s.managers.results) > 0 {
			t.Errorf("measured %s and %d more", got, len(s.managers.results))
		}
		for what, answer := range map[string]*runtime.InstanceInfo{"nothing": nil, "no ID": {}, "no address": {Id: "three"}, "no port": {Id: "four", ConnectionInfo: &runtime.ConnectionInfo{IpAddress: "192.0.2.1"}}} {
			_, o := s.order(rules.Fleet{})
			<-f.creates
			(<-f.answers)(runtime.CreateSuccess, answer, nil, nil, nil)
			if state, err := o.State(); state != matchmaking.OrderFailed || err == nil {
				t.Errorf("%s: state %v, error %v", what, state, err)
			}
			if got := <-s.managers.results; got != "arena failed" {
				t.Errorf("%s: measured %s", what, got)
			}
			if answer != nil && answer.Id != "" {
				if got := <-f.deleted; got != answer.Id {
					t.Errorf("%s: given back: %s", what, got)
				}
			}
		}
	})
}

// TestServer_Named: a queue's servers come from the fleet manager that the queue names.
func TestServer_Named(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		s := hosted(t, map[string]runtime.FleetManager{"west": f})
		if _, o := s.order(rules.Fleet{Manager: "west", Metadata: map[string]string{"GameSessionData": "v1 {partyline}"}}); o == nil {
			t.Fatal("no order")
		}
		metadata := <-f.creates
		told, _ := metadata["partyline"].(string)
		if text := metadata["GameSessionData"]; told == "" || text != "v1 "+told {
			t.Errorf("metadata %v", metadata)
		}
		for _, name := range []string{"", "east"} {
			_, o := s.order(rules.Fleet{Manager: name})
			synctest.Wait()
			if state, err := o.State(); state != matchmaking.OrderFailed || !strings.Contains(err.Error(), strconv.Quote(name)) {
				t.Errorf("manager %q: state %v, error %v", name, state, err)
			}
		}
	})
}

// TestServer_SlotOfADrop: a player who dropped has used up the slot. A new slot is reserved for the seat.
func TestServer_SlotOfADrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		if _, err := s.matches.ServerJoin(t.Context(), s.id, s.token, s.pass("ann")); err != nil {
			t.Fatal(err)
		}
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "ann", party.ServerDropped); err != nil {
			t.Fatal(err)
		}
		s.full = errors.New("not yet")
		var asked []int
		for second := 1; second <= 60; second++ {
			if second == 7 {
				s.full = nil
			}
			s.after(time.Second)
			synctest.Wait()
			select {
			case users := <-s.joined:
				asked = append(asked, second)
				if !slices.Equal(users, []string{"ann"}) {
					t.Errorf("slots for %v; want another for ann alone", users)
				}
			default:
			}
		}
		if want := []int{1, 3, 7}; !slices.Equal(asked, want) { // until the slot is reserved
			t.Errorf("asked after %v seconds; want %v", asked, want)
		}
	})
}

// TestServer_SlotOfOneOfTwo: of two players who need a slot, one gets it even if the other gets none.
func TestServer_SlotOfOneOfTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		for _, user := range []string{"ann", "bob"} {
			if err := s.matches.ServerLeave(t.Context(), s.id, s.token, user, party.ServerDropped); err != nil {
				t.Fatal(err)
			}
		}
		s.without = "bob"
		s.after(time.Second)
		synctest.Wait()
		for user, want := range map[string]string{"ann": "session of ann", "bob": ""} {
			m, err := s.matches.Seats(t.Context(), s.id, user)
			if err != nil || m.Server == nil || m.Server.PlayerSession != want {
				t.Errorf("%s has %+v, error %v; want the session %q", user, m.Server, err, want)
			}
		}
	})
}

// TestServer_Out: a player who left the game server or did not come gets no new seat from party_match.
func TestServer_Out(t *testing.T) {
	for _, reason := range []string{party.ServerLeft, party.ServerNoShow} {
		synctest.Test(t, func(t *testing.T) {
			s := newServed(t)
			if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "ann", reason); err != nil {
				t.Fatal(err)
			}
			asks := func() *party.ServerAccess {
				m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: "ann"}, s.party, "")
				if err != nil || m.MatchID != s.id {
					t.Errorf("party_match = %+v, error %v; want where it is", m, err)
				}
				return m.Server
			}
			if asks() != nil || s.seat("ann") != "" {
				t.Errorf("%s: ann has seat %s for asking", reason, s.seat("ann"))
			}
			if _, err := s.matches.HoldLateSeat(t.Context(), parse(t, s.party), "ann", false); err != nil {
				t.Error(err)
			}
			if asks() == nil {
				t.Errorf("%s: ann has no seat, and has come into the party again", reason)
			}
		})
	}
}

// TestServer_EndsBeforeNakama: the parties hear the result even if they already know that the match ends with
// Nakama.
func TestServer_EndsBeforeNakama(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.take(s.core.MatchTerminate(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, 30))
		s.fakeHost.heard = nil
		const result = `{"winner":"R&D <b>"}`
		for range 2 {
			if err := s.matches.ServerEnd(t.Context(), s.id, s.token, json.RawMessage(result)); err != nil && s.fakeHost.heard == nil {
				t.Fatal(err)
			}
			s.after(time.Second)
		}
		if got := string(s.fakeHost.heard[0].Event.Result); got != result {
			t.Errorf("the party hears the result %s; want %s", got, result)
		}
		wantLines(t, "the party heard", s.events(s.party), "ended")
	})
}

// TestServer_KickedAtTheCommit: a player whom the server kicks just before the seats are held gets neither a seat nor a
// pass. The others play.
func TestServer_KickedAtTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, id, o, told, _ := readyServed(t)
		var info matchmaking.ServerInfo
		if err := json.Unmarshal([]byte(told), &info); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := s.matches.ServerLeave(t.Context(), id, info.Token, "ann", party.ServerKicked); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the commit may be asked for again
			s.begin(id, o, told)
			if ann, bob := s.seat("ann"), s.seat("bob"); ann != "" || bob != "held@0" {
				t.Errorf("ann has seat %q, bob %q; want none and a held one", ann, bob)
			}
		}
		if m, err := s.matches.Seats(t.Context(), id, "ann"); err != nil || m.Server != nil {
			t.Errorf("ann has %+v, error %v; want no pass", m.Server, err)
		}
		for _, e := range s.heard {
			if e.Event.Event == "server_ready" && e.Event.UserID == "ann" {
				t.Errorf("told of a pass for ann: %+v", e.Event)
			}
		}
	})
}

// TestServer_ReadyWithoutTheParty: a player who left the party keeps the seat and hears of the game server.
func TestServer_ReadyWithoutTheParty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		if _, err := s.matches.ServerJoin(t.Context(), s.id, s.token, s.pass("ann")); err != nil {
			t.Fatal(err)
		}
		s.members[s.party] = []string{"bob"}
		s.events(s.party)
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "ann", party.ServerDropped); err != nil {
			t.Fatal(err)
		}
		s.after(time.Second)
		wantLines(t, "notified", s.notified, "ann 1007")
	})
}

// TestServer_LateFriends: a slot is requested only if there is room. A player whom the server has kicked gets no
// seat of its match again.
func TestServer_LateFriends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		id, err := party.ParseID(s.party)
		if err != nil {
			t.Fatal(err)
		}
		late := func(user string, want string) {
			t.Helper()
			if match, err := s.matches.HoldLateSeat(t.Context(), id, user, false); err != nil || match != want {
				t.Errorf("%s gets match %q, error %v; want %q", user, match, err, want)
			}
		}
		late("cat", s.id)
		late("dan", s.id)
		late("eve", "") // the team is full
		if n := len(s.joined); n != 2 {
			t.Errorf("%d slots asked for; want one each for cat and dan", n)
		}
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "bob", party.ServerKicked); err != nil {
			t.Fatal(err)
		}
		late("bob", "")
		if users, misfits, err := s.matches.Reserve(t.Context(), s.id, []seats.Claim{claim("", 1, "gus"), claim("", 1, "bob")}); len(users) > 0 || !slices.Equal(misfits, []int{1}) || err != nil {
			t.Errorf("the queue reserves seats for %v, misfits %v, error %v; want none, for the kicked player alone", users, misfits, err)
		}
		if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "cat", party.ServerLeft); err != nil {
			t.Fatal(err)
		}
		late("cat", s.id)
		late("eve", s.id)
		if got := s.seat("bob"); got != "" {
			t.Errorf("the kicked player has seat %s", got)
		}
		for _, reason := range []string{party.ServerLeft, party.ServerKicked} { // a player may leave before they are kicked
			if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "eve", reason); err != nil {
				t.Fatalf("%s: %v", reason, err)
			}
		}
		late("eve", "")
	})
}

// TestServer_NoSlotForLateFriends: the fleet is asked at most once a second, even if a member without a seat asks
// more often.
func TestServer_NoSlotForLateFriends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		s.full = errors.New("no slot left")
		asks := func(user string, joins int) {
			t.Helper()
			for range 2 {
				m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: user}, s.party, "")
				if err != nil || m.MatchID != s.id || m.Server != nil {
					t.Errorf("party_match of %s = %+v, error %v; want the match alone", user, m, err)
				}
			}
			if got := len(s.joined); got != joins {
				t.Errorf("the fleet was asked %d times; want %d", got, joins)
			}
		}
		asks("cat", 1)
		asks("dan", 2)
		s.clock.Advance(time.Second)
		asks("cat", 3)
		s.clock.Advance(time.Second)
		s.full = nil
		m, err := s.matches.PartyMatch(t.Context(), party.Caller{UserID: "cat"}, s.party, "")
		if err != nil || m.Server == nil {
			t.Errorf("party_match = %+v, error %v; want a seat now that there is a slot", m, err)
		}
	})
}

// TestServer_PassOfARestoredParty: a pass made just before the party's ID changed works once, for the seat that
// followed the party.
func TestServer_PassOfARestoredParty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServed(t)
		ann := s.pass("ann")
		for range 2 {
			now := s.partyOf("ann")
			if err := s.matches.MoveParty(t.Context(), parse(t, s.party), parse(t, now)); err != nil {
				t.Fatal(err)
			}
			s.party = now
		}
		if m, err := s.matches.Seats(t.Context(), s.id, "ann"); err != nil || m.Seats[0].PartyID != s.party {
			t.Fatalf("seats %+v, error %v; want them to have followed", m.Seats, err)
		}
		if got, err := s.matches.ServerJoin(t.Context(), s.id, s.token, ann); err != nil || got.PartyID != s.party {
			t.Errorf("joined %+v, error %v; want the party %s", got, err, s.party)
		}
		if _, err := s.matches.ServerJoin(t.Context(), s.id, s.token, ann); party.ReasonOf(err) != party.InvalidRequest {
			t.Errorf("a used pass: %v", err)
		}
	})
}
