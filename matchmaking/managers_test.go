package matchmaking_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/rules"
)

// The public fleet managers for Nakama handle a call differently. Each type here behaves as one of them and reports
// calls that break its contract.

// platform is the common part: one server, with as many slots as its match has seats.
type platform struct {
	runtime.FleetManager
	t     *testing.T
	clock *partytest.Time
	id    string
	told  string // what the server knows of its match
	max   int
	slots map[string]time.Time // by user, until when; zero for a player who is there
	gone  []string             // calls of Delete
}

// full reports whether there are no slots for more users.
func (p *platform) full(more int) bool {
	used := 0
	for _, until := range p.slots {
		if until.IsZero() || p.clock.Now().Before(until) {
			used++
		}
	}
	return used+more > p.max
}

func (p *platform) reserve(users ...string) {
	for _, user := range users {
		p.slots[user] = p.clock.Now().Add(time.Minute)
	}
}

func (p *platform) created(players int, users []string, metadata map[string]any) {
	p.max, p.slots = players, map[string]time.Time{}
	p.reserve(users...)
	if len(users) == 0 || len(users) > players {
		p.t.Errorf("%d players, users %v", players, users)
	}
	for key, value := range metadata {
		if _, text := value.(string); !text {
			p.t.Errorf("metadata %q is %T", key, value)
		}
	}
}

// gamelift is heroiclabs/nakama-gamelift. The server reads the text GameSessionData. Every player has a session. A
// reservation is refused while an older one of the same player is valid. Delete only forgets the server. The
// server's ID is a path.
type gamelift struct {
	platform
	sessions int
}

func (g *gamelift) session(user string) *runtime.SessionInfo {
	g.sessions++
	return &runtime.SessionInfo{UserId: user, SessionId: fmt.Sprintf("psess-%s-%d", user, g.sessions)}
}

func (g *gamelift) Create(_ context.Context, players int, users []string, _ []runtime.FleetUserLatencies, metadata map[string]any, callback runtime.FmCreateCallbackFn) (map[string]string, error) {
	if properties, given := metadata["GameProperties"]; given {
		if _, ok := properties.(map[string]string); !ok {
			return nil, errors.New("GameProperties is no map of texts")
		}
	}
	g.told, _ = metadata["GameSessionData"].(string)
	g.created(players, users, metadata)
	var sessions []*runtime.SessionInfo
	for _, user := range users {
		sessions = append(sessions, g.session(user))
	}
	go callback(runtime.CreateSuccess, reachable(g.id), sessions, map[string]any{"event": "fulfilled"}, nil)
	return map[string]string{"PlacementId": "1"}, nil
}

func (g *gamelift) Join(_ context.Context, id string, users []string, _ map[string]string) (*runtime.JoinInfo, error) {
	switch {
	case id != g.id || len(users) < 1 || len(users) > 25:
		g.t.Errorf("Join(%q, %d users)", id, len(users))
		return nil, errors.New("invalid request")
	case g.full(len(users)):
		return nil, errors.New("the game session is full")
	}
	g.reserve(users...)
	var sessions []*runtime.SessionInfo
	for _, user := range users {
		sessions = append(sessions, g.session(user))
	}
	return &runtime.JoinInfo{InstanceInfo: reachable(id), SessionInfo: sessions}, nil
}

// edgegap is edgegap/nakama-edgegap. The server reads all metadata as JSON, with fields of the manager added. The
// callback comes from a request of the server. There are no sessions. Delete stops the server and works once.
type edgegap struct{ platform }

func (e *edgegap) Create(_ context.Context, players int, users []string, _ []runtime.FleetUserLatencies, metadata map[string]any, callback runtime.FmCreateCallbackFn) (map[string]string, error) {
	e.created(players, users, metadata)
	text, err := json.Marshal(metadata)
	if err != nil {
		return nil, err
	}
	var read struct{ Partyline string }
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, err
	}
	e.told, metadata["edgegap"] = read.Partyline, struct{ MaxPlayers int }{players}
	go callback(runtime.CreateSuccess, reachable(e.id), nil, nil, nil)
	return map[string]string{"deployment_id": e.id}, nil
}

func (e *edgegap) Join(_ context.Context, id string, users []string, _ map[string]string) (*runtime.JoinInfo, error) {
	if id != e.id || len(users) < 1 {
		e.t.Errorf("Join(%q, %v)", id, users)
	}
	if e.full(len(users)) {
		return nil, errors.New("max players reservation limit reached")
	}
	e.reserve(users...)
	return &runtime.JoinInfo{InstanceInfo: reachable(id)}, nil
}

// i3d is i3dnet/nakama-i3d. Create uses its context after it has returned. Sessions have no ID. Join leaves out
// users for whom it has no slot, without an error.
type i3d struct{ platform }

func (i *i3d) Create(ctx context.Context, players int, users []string, _ []runtime.FleetUserLatencies, metadata map[string]any, callback runtime.FmCreateCallbackFn) (map[string]string, error) {
	i.told, _ = metadata["partyline"].(string)
	i.created(players, users, metadata)
	go func() {
		select {
		case <-time.After(20 * time.Second): // in the bubble's time
			callback(runtime.CreateSuccess, reachable(i.id), i.sessions(users), metadata, nil)
		case <-ctx.Done():
			callback(runtime.CreateError, nil, nil, metadata, ctx.Err())
		}
	}()
	return nil, nil
}

func (i *i3d) Join(_ context.Context, id string, users []string, _ map[string]string) (*runtime.JoinInfo, error) {
	taken := []string{}
	for _, user := range users {
		if !i.full(1) {
			i.reserve(user)
			taken = append(taken, user)
		}
	}
	return &runtime.JoinInfo{InstanceInfo: reachable(id), SessionInfo: i.sessions(taken)}, nil
}

func (*i3d) sessions(users []string) []*runtime.SessionInfo {
	list := make([]*runtime.SessionInfo, 0, len(users))
	for _, user := range users {
		list = append(list, &runtime.SessionInfo{UserId: user})
	}
	return list
}

func (p *platform) Delete(_ context.Context, id string) error {
	if p.gone = append(p.gone, id); id != p.id || len(p.gone) > 1 {
		p.t.Errorf("Delete(%q) after %v", id, p.gone)
	}
	return nil
}

// TestManagers checks, with each fleet manager: parties join; a late friend gets a slot or no seat; slots of
// players on the way are renewed after the fleet has dropped them; the server is ended once.
func TestManagers(t *testing.T) {
	for name, newManager := range map[string]func(platform) (runtime.FleetManager, *platform){
		"gamelift": func(p platform) (runtime.FleetManager, *platform) {
			g := &gamelift{platform: p}
			return g, &g.platform
		},
		"edgegap": func(p platform) (runtime.FleetManager, *platform) { e := &edgegap{p}; return e, &e.platform },
		"i3d":     func(p platform) (runtime.FleetManager, *platform) { i := &i3d{p}; return i, &i.platform },
	} {
		t.Run(name, inBubble(func(t *testing.T) {
			byName := map[string]runtime.FleetManager{}
			s := hosted(t, byName)
			manager, p := newManager(platform{t: t, clock: s.clock, id: "arn:aws:gamesession/one"})
			byName[""] = manager
			sessions := name == "gamelift"
			id, err := party.ParseID(s.party)
			if err != nil {
				t.Fatal(err)
			}
			told := func(who string) (last string) {
				for _, line := range s.events(s.party) {
					if strings.HasPrefix(line, "server_ready "+who+"@0") {
						last = line
					}
				}
				return last
			}

			match, o := s.order(rules.Fleet{Metadata: map[string]string{"GameSessionData": "{partyline}"}})
			time.Sleep(30 * time.Second) // in the bubble's time
			synctest.Wait()
			s.begin(match, o, p.told)
			if line := told("ann"); line == "" || strings.Contains(line, "psess-ann") != sessions {
				t.Errorf("ann is told %q", line)
			}

			s.clock.Advance(30 * time.Second)
			if late, err := s.matches.HoldLateSeat(t.Context(), id, "cat", false); err != nil || late != match || told("cat") == "" {
				t.Errorf("the late friend gets match %q, error %v", late, err)
			}
			p.max = 3 // others have the other slots
			if late, err := s.matches.HoldLateSeat(t.Context(), id, "dan", false); err == nil || late != "" || s.seat("dan") != "" {
				t.Errorf("a friend without a slot gets match %q, seat %q, error %v", late, s.seat("dan"), err)
			}

			s.after(36 * time.Second)
			synctest.Wait()
			live := func(user string) bool { return s.clock.Now().Before(p.slots[user]) }
			if !live("ann") || !live("bob") || live("cat") && p.slots["cat"].After(s.clock.Now().Add(30*time.Second)) {
				t.Errorf("slots after the minute: %v", p.slots)
			}
			if line := told("bob"); strings.Contains(line, "psess-bob") != sessions {
				t.Errorf("bob is told %q of the new slot", line)
			}

			if _, err := s.matches.ServerJoin(t.Context(), match, s.token, s.pass("ann")); err != nil {
				t.Fatal(err)
			}
			if err := s.matches.ServerLeave(t.Context(), match, s.token, "ann", party.ServerDropped); err != nil {
				t.Fatal(err)
			}
			delete(p.slots, "ann") // the player has used up the slot
			s.events(s.party)
			s.after(time.Second)
			synctest.Wait()
			s.loop()
			if line := told("ann"); !live("ann") || strings.Contains(line, "psess-ann") != sessions {
				t.Errorf("a player whose connection is lost is told %q and has of the slots %v", line, p.slots)
			}

			if err := s.matches.ServerEnd(t.Context(), match, s.token, nil); err != nil {
				t.Fatal(err)
			}
			s.after(time.Second)
			synctest.Wait()
			if !slices.Equal(p.gone, []string{p.id}) {
				t.Errorf("given back: %v", p.gone)
			}
		}))
	}
}
