package matchmaking_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
	"partyline/pass"
)

// fleet gives one server to whoever asks.
type fleet struct {
	runtime.FleetManager
	creates chan map[string]any
	answers chan runtime.FmCreateCallbackFn
	deleted chan string
	joined  chan []string
	results chan string // of orders
}

func (f *fleet) GetFleetManager() runtime.FleetManager { return f }

func (f *fleet) MetricsTimerRecord(_ string, tags map[string]string, _ time.Duration) {
	f.results <- tags["queue"] + " " + tags["result"]
}

func (f *fleet) Create(_ context.Context, _ int, _ []string, _ []runtime.FleetUserLatencies, metadata map[string]any, callback runtime.FmCreateCallbackFn) (map[string]string, error) {
	f.creates <- metadata
	f.answers <- callback
	return nil, nil
}

func (f *fleet) Join(_ context.Context, id string, users []string, _ map[string]string) (*runtime.JoinInfo, error) {
	f.joined <- users
	return &runtime.JoinInfo{InstanceInfo: &runtime.InstanceInfo{Id: id}}, nil
}

func (f *fleet) Delete(_ context.Context, id string) error {
	f.deleted <- id
	return nil
}

// served is a seat match whose players have been told of its server.
type served struct {
	*stage
	*fleet
	matches      *matchmaking.Matches
	token, party string
}

func newServed(t *testing.T) *served {
	t.Helper()
	h := newHouse(t)
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	public := key.Public().(ed25519.PublicKey)
	f := &fleet{creates: make(chan map[string]any, 4), answers: make(chan runtime.FmCreateCallbackFn, 4), deleted: make(chan string, 4), joined: make(chan []string, 4), results: make(chan string, 4)}
	logger := &stage{house: h}
	fleets := matchmaking.NewFleets(f, logger)
	m := matchmaking.NewMatches(h, h, h, fleets, pass.Keys{pass.KeyID(public): public}, h.clock.Now)
	h.handlers[matchmaking.SeatMatch] = matchmaking.WithServer(h.clock.Now, m, key)
	red := h.partyOf("ann", "bob")
	claims := []seats.Claim{claim(red, 0, "ann", "bob")}
	id, order, err := m.OrderServer(t.Context(), matchmaking.Launch{
		Queue: "arena", Teams: 2, TeamSize: 2, MaxParty: 2, Claims: claims, SeatHold: 10 * time.Minute, SeatHoldMax: time.Hour, Grace: 20 * time.Second,
	}, rules.Fleet{ReadyWithin: time.Minute}, []string{"ann", "bob"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var info matchmaking.ServerInfo
	text, _ := (<-f.creates)["partyline"].(string)
	if err := json.Unmarshal([]byte(text), &info); err != nil || info.MatchID != id || info.Token == "" {
		t.Fatalf("the server is told %q, error %v", text, err)
	}
	(<-f.answers)(runtime.CreateSuccess, &runtime.InstanceInfo{Id: "one", ConnectionInfo: &runtime.ConnectionInfo{IpAddress: "192.0.2.1", Port: 7000}}, nil, nil, nil)
	if state, err := order.State(); state != matchmaking.OrderReady {
		t.Fatalf("the order is in state %v, error %v", state, err)
	}
	if err := m.Commit(t.Context(), id, claims); err != nil {
		t.Fatal(err)
	}
	s := h.match(id)
	s.loop()
	return &served{s, f, m, info.Token, red}
}

func (s *served) pass(user string) string {
	s.t.Helper()
	m, err := s.matches.Seats(context.Background(), s.id, user)
	if err != nil || m.Server == nil {
		s.t.Fatalf("no pass for %s: error %v", user, err)
	}
	return m.Server.Pass
}

// TestServer_Silent: a match lives while its server reports, with the slots of those who are
// on the way renewed, ends when it is silent, and gives the server back. Who does not have its token cannot keep it alive.
func TestServer_Silent(t *testing.T) {
	s := newServed(t)
	s.after(80 * time.Second)
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
}

// TestServer_Passes: a pass works once, in time, at its own match, and only while its player
// has the seat.
func TestServer_Passes(t *testing.T) {
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
	if err := s.matches.ServerLeave(t.Context(), s.id, s.token, "bob", false); err != nil {
		t.Fatal(err)
	}
	refused("a pass for a seat that is lost", gone)
	s.clock.Advance(2*time.Minute + time.Second)
	refused("an expired pass", late)
	if got := s.seat("ann"); !strings.HasPrefix(got, "taken") {
		t.Errorf("the seat of a player who is there is %q", got)
	}
}

// TestServer_CancelledOrder: a server that comes after its order was given up is ended.
func TestServer_CancelledOrder(t *testing.T) {
	s := newServed(t)
	_, order, err := s.matches.OrderServer(t.Context(), matchmaking.Launch{
		Queue: "arena", Teams: 2, TeamSize: 2, MaxParty: 2, Claims: []seats.Claim{claim("", 0, "cat")}, SeatHold: time.Minute, SeatHoldMax: time.Hour, Grace: time.Second,
	}, rules.Fleet{ReadyWithin: time.Minute}, []string{"cat"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("nobody waits")
	order.Cancel(cause)
	<-s.creates
	(<-s.answers)(runtime.CreateSuccess, &runtime.InstanceInfo{Id: "two", ConnectionInfo: &runtime.ConnectionInfo{IpAddress: "192.0.2.1", Port: 7000}}, nil, nil, nil)
	if id := <-s.deleted; id != "two" {
		t.Errorf("given back: %s", id)
	}
	if state, err := order.State(); state != matchmaking.OrderFailed || !errors.Is(err, cause) {
		t.Errorf("state %v, error %v", state, err)
	}
}
