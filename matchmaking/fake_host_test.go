package matchmaking_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/local/partytest"
	"partyline/matchmaking"
	"partyline/party"
)

// failer is implemented by *testing.T and *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// fakeHost is a host with matches. It calls them as the server does, one call at a time, and has lists and labels. Its
// lists are as current as its labels; end-to-end tests cover the delay of real lists.
type fakeHost struct {
	runtime.NakamaModule // a method that the code under test must not use panics
	t                    failer
	calls                sync.Mutex // of matches; background work also makes calls
	clock                *partytest.Time
	handlers             map[string]runtime.Match
	matches              []*fakeMatch
	members              map[string][]string          // users by party ID
	marks                map[string]map[string]string // match by member's session, by party ID
	heard                []partyMessage               // party data, oldest first
	notified             []string                     // users and codes
	created, lists       int
	transit              time.Duration       // how long a signal takes to arrive
	late                 bool                // lists show nothing yet
	blocked              map[string][]string // users whom each user blocks
	friendsErr           error
}

func (h *fakeHost) FriendsList(_ context.Context, userID string, _ int, state *int, _ string) ([]*api.Friend, string, error) {
	if state == nil || *state != int(api.Friend_BLOCKED) {
		h.t.Errorf("friends of all states are listed")
	}
	var list []*api.Friend
	for _, of := range h.blocked[userID] {
		list = append(list, &api.Friend{User: &api.User{Id: of}, State: wrapperspb.Int32(int32(api.Friend_BLOCKED))})
	}
	return list, "", h.friendsErr
}

// partyMessage is one message to a party.
type partyMessage struct {
	Party string
	Event struct {
		Event     string `json:"event"`
		MatchID   string `json:"match_id"`
		UserID    string `json:"user_id"`
		Team      *int   `json:"team"`
		ExpiresAt int64  `json:"expires_at"`
		Session   string `json:"player_session"`

		Result json.RawMessage `json:"result"`
	}
}

func newFakeHost(t failer) *fakeHost {
	h := &fakeHost{t: t, clock: partytest.NewTime(), members: map[string][]string{}, marks: map[string]map[string]string{}}
	h.handlers = map[string]runtime.Match{matchmaking.PartyMatchName: h.seated(matchmaking.Relay())}
	return h
}

func (h *fakeHost) seated(inner runtime.Match) runtime.Match {
	return matchmaking.WithSeatsAt(inner, h.clock.Now)
}

// launch makes a match and runs one tick.
func (h *fakeHost) launch(l matchmaking.Launch) *fakeMatch {
	h.t.Helper()
	if l.SeatHold == 0 {
		l.SeatHold, l.SeatHoldMax, l.Grace = 45*time.Second, 10*time.Minute, 20*time.Second
	}
	id, err := h.client().Launch(context.Background(), l)
	if err != nil {
		h.t.Fatalf("Launch(%+v): %v", l, err)
	}
	s := h.match(id)
	s.loop()
	return s
}

// client is a new Matches, like one on another node.
func (h *fakeHost) client() *matchmaking.Matches {
	return matchmaking.NewMatches(h, h, nil, nil, h.clock.Now)
}

func (h *fakeHost) match(id string) *fakeMatch {
	for _, s := range h.matches {
		if s.id == id {
			return s
		}
	}
	return nil
}

// partyOf makes a party with these members and returns its ID.
func (h *fakeHost) partyOf(users ...string) string {
	id := party.ID{UUID: uuid.New(), Node: "node1"}.String()
	h.members[id] = users
	return id
}

// events returns the events that a party has heard since the last call, as "event user@team".
func (h *fakeHost) events(partyID string) []string {
	h.calls.Lock()
	defer h.calls.Unlock()
	var out []string
	h.heard = slices.DeleteFunc(h.heard, func(m partyMessage) bool {
		if m.Party != partyID {
			return false
		}
		line := m.Event.Event
		if m.Event.UserID != "" {
			line += " " + m.Event.UserID
		}
		if m.Event.Team != nil {
			line += fmt.Sprintf("@%d", *m.Event.Team)
		}
		if m.Event.Session != "" {
			line += " " + m.Event.Session
		}
		if held, until := m.Event.Event == "seat_held", m.Event.ExpiresAt; m.Event.Event != "ended" && held != (until > 0) {
			h.t.Errorf("%s lasts until %d", line, until)
		}
		out = append(out, line)
		return true
	})
	return out
}

func (h *fakeHost) View(_ context.Context, id party.ID) (party.View, error) {
	users, ok := h.members[id.String()]
	if !ok {
		return party.View{}, party.Refuse(party.PartyNotFound, "gone")
	}
	v := party.View{ID: id}
	for _, u := range users {
		v.Members = append(v.Members, party.Member{Session: party.Session{UserID: u}})
	}
	return v, nil
}

func (h *fakeHost) Left(id party.ID, users []string) (left []string, err error) {
	for _, u := range users {
		if !slices.Contains(h.members[id.String()], u) {
			left = append(left, u)
		}
	}
	return left, nil
}

func (h *fakeHost) MatchCreate(ctx context.Context, handler string, params map[string]any) (string, error) {
	core := h.handlers[handler]
	if core == nil {
		return "", errors.New("error creating match: not found")
	}
	h.calls.Lock()
	defer h.calls.Unlock()
	h.created++
	s := &fakeMatch{fakeHost: h, core: core, id: fmt.Sprintf("%s.node1", uuid.NewString())}
	var key any = runtime.RUNTIME_CTX_MATCH_ID
	//lint:ignore SA1029 the host's own keys are texts
	s.ctx = context.WithValue(context.WithoutCancel(ctx), key, s.id)
	s.state, s.rate, s.label = core.MatchInit(s.ctx, s, nil, h, params)
	if s.state == nil {
		return "", errors.New("error creating match: Match initial state must not be nil")
	}
	if s.rate < 1 || len(s.label) > matchmaking.MaxLabel {
		h.t.Fatalf("MatchInit: rate %d, a label of %d bytes", s.rate, len(s.label))
	}
	h.matches = append(h.matches, s)
	return s.id, nil
}

func (h *fakeHost) MatchGet(_ context.Context, id string) (*api.Match, error) {
	h.calls.Lock()
	defer h.calls.Unlock()
	s := h.match(id)
	if s == nil || s.state == nil {
		return nil, nil
	}
	return &api.Match{MatchId: id, Authoritative: true, Label: wrapperspb.String(s.label), Size: int32(len(s.present))}, nil
}

// MatchList understands only the queries of this package.
func (h *fakeHost) MatchList(_ context.Context, limit int, _ bool, _ string, _, _ *int, query string) ([]*api.Match, error) {
	h.lists++
	var found []*api.Match
	for _, s := range slices.Backward(h.matches) {
		if s.over() || len(found) == limit || h.late {
			continue
		}
		var l struct {
			Queue     string   `json:"queue"`
			OpenSeats int      `json:"open_seats"`
			Parties   []string `json:"parties"`
			Backfill  bool     `json:"backfill"`
		}
		if err := json.Unmarshal([]byte(s.label), &l); err != nil {
			continue
		}
		fits := true
		for _, term := range strings.Fields(query) {
			field, value, _ := strings.Cut(strings.TrimPrefix(term, "+label."), ":")
			switch field {
			case "queue":
				fits = fits && l.Queue == value
			case "backfill":
				fits = fits && l.Backfill && value == "T"
			case "open_seats":
				least, ok := map[string]int{">0": 1, ">=0": 0}[value]
				fits = fits && ok && l.OpenSeats >= least
			case "parties":
				fits = fits && slices.Contains(l.Parties, value)
			default:
				return nil, fmt.Errorf("a query this host does not know: %s", query)
			}
		}
		if fits {
			found = append(found, &api.Match{MatchId: s.id, Label: wrapperspb.String(s.label)})
		}
	}
	return found, nil
}

func (h *fakeHost) MatchSignal(_ context.Context, id, data string) (string, error) {
	h.calls.Lock()
	defer h.calls.Unlock()
	h.clock.Advance(h.transit)
	s := h.match(id)
	if s == nil || s.state == nil {
		return "", runtime.ErrMatchNotFound
	}
	state, reply := s.core.MatchSignal(s.ctx, s, nil, h, s, s.tick, s.state, data)
	if !s.take(state) {
		return "", runtime.ErrMatchBusy
	}
	return reply, nil
}

func (h *fakeHost) StreamUserList(mode uint8, subject, subcontext, label string, hidden, shown bool) ([]runtime.Presence, error) {
	var list []runtime.Presence
	id := subject + "." + label
	switch {
	case mode == party.StreamMode && subcontext == "" && !hidden && shown:
		for _, u := range h.members[id] {
			list = append(list, player{user: u, session: partySession(u)})
		}
	case mode == party.PartyMatchMode && subcontext == "" && hidden:
		for session, match := range h.marks[id] {
			list = append(list, player{session: session, status: match})
		}
	default:
		h.t.Errorf("StreamUserList(%d, %q, %q, %q, %v, %v)", mode, subject, subcontext, label, hidden, shown)
	}
	return list, nil
}

// partySession is a member's session in their parties.
func partySession(user string) string { return "party session of " + user }

func (h *fakeHost) StreamUserUpdate(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) error {
	if mode != party.PartyMatchMode || subcontext != "" || sessionID != partySession(userID) || !hidden || persistence {
		h.t.Errorf("StreamUserUpdate(%d, %q, %q, %q, %q, %q, %v, %v, %q)", mode, subject, subcontext, label, userID, sessionID, hidden, persistence, status)
	}
	id := subject + "." + label
	if h.marks[id] == nil {
		h.marks[id] = map[string]string{}
	}
	h.marks[id][sessionID] = status
	return nil
}

func (h *fakeHost) StreamUserLeave(mode uint8, subject, _, label, _, sessionID string) error {
	if mode != party.PartyMatchMode {
		h.t.Errorf("StreamUserLeave of mode %d", mode)
	}
	delete(h.marks[subject+"."+label], sessionID)
	return nil
}

func (h *fakeHost) StreamSendRaw(mode uint8, subject, subcontext, label string, msg *rtapi.Envelope, presences []runtime.Presence, reliable bool) error {
	data := msg.GetPartyData()
	if mode != party.StreamMode || subcontext != "" || !reliable || data.GetOpCode() != party.OpMatch || data.GetPartyId() != subject+"."+label {
		h.t.Errorf("StreamSendRaw(%d, %q, %q, %q, %v)", mode, subject, subcontext, label, msg)
	}
	m := partyMessage{Party: data.GetPartyId()}
	if err := json.Unmarshal(data.GetData(), &m.Event); err != nil {
		h.t.Errorf("party data %q: %v", data.GetData(), err)
	}
	// The access to a game server goes to one player only, everything else to the party.
	others := slices.ContainsFunc(presences, func(p runtime.Presence) bool { return p.GetUserId() != m.Event.UserID })
	if private := m.Event.Event == "server_ready"; private == (len(presences) == 0) || others {
		h.t.Errorf("%s of %s is sent to %v", m.Event.Event, m.Event.UserID, presences)
	}
	h.heard = append(h.heard, m)
	return nil
}

func (h *fakeHost) NotificationsSend(_ context.Context, all []*runtime.NotificationSend) error {
	for _, n := range all {
		h.notified = append(h.notified, fmt.Sprintf("%s %d", n.UserID, n.Code))
	}
	return nil
}
