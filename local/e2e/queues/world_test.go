package queues_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
)

// rulesFile has the rules of servers named for the suites.
const rulesFile = "../testdata/queues.yml"

type world struct {
	t      testing.TB
	client *client.Client

	fives, duel map[string]string // properties of tickets in the queues of this test
}

// start uses the server with queues. Its queues match by the property run, so tests never share
// tickets.
func start(t testing.TB) *world {
	t.Helper()
	return playOn(t, target.Queues(t, rulesFile))
}

// startNative uses a server without queues that makes matches with seats.
func startNative(t *testing.T) *world {
	t.Helper()
	return startWith(t, "version: 1\nmatchmaking: {create_match: true}\n")
}

// startWith uses a server with these rules.
func startWith(t *testing.T, rules string) *world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(path, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	return playOn(t, target.WithRules(t, path))
}

func playOn(t testing.TB, addr string) *world {
	t.Helper()
	return &world{
		t: t, client: client.New(addr),
		fives: properties("queue", "e2e_5v5", "run", uuid.NewString()), duel: properties("queue", "e2e_duel", "run", uuid.NewString()),
	}
}

// answerDeadline returns the deadline of one answer. Each has its own, so a busy machine only makes tests slower.
func (w *world) answerDeadline() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	w.t.Cleanup(cancel)
	return ctx
}

// player is a user with a socket.
type player struct {
	*client.Socket
	client.Session
	w       *world
	partyID string
}

func (w *world) player() *player {
	w.t.Helper()
	session, err := w.client.AuthenticateDevice(w.answerDeadline(), uuid.NewString(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	socket, err := w.client.Connect(w.answerDeadline(), session, client.SocketOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(socket.Abort)
	if err := socket.Barrier(w.answerDeadline()); err != nil { // from now on the user is online
		w.t.Fatal(err)
	}
	return &player{Socket: socket, Session: session, w: w}
}

// players creates n players in parallel.
func (w *world) players(n int) []*player {
	w.t.Helper()
	all := make([]*player, n)
	var group sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i := range all {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			all[i] = w.player()
		})
	}
	group.Wait()
	return all
}

// party makes an open party of these members. The first one is the leader.
func (w *world) party(members ...*player) string {
	w.t.Helper()
	made := members[0].call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: 8}}})
	id := made.GetParty().GetPartyId()
	members[0].partyID = id
	for _, m := range members[1:] {
		m.call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: id}}})
		m.partyID = id
	}
	return id
}

// call sends a message that must succeed.
func (p *player) call(e *rtapi.Envelope) *rtapi.Envelope {
	p.w.t.Helper()
	reply, err := p.Call(p.w.answerDeadline(), e)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return reply
}

func properties(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// addParty returns the stock message of a leader, with the counts and query of the SDK.
func addParty(id string, texts map[string]string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
		PartyId: id, MinCount: 2, MaxCount: 2, Query: "*", StringProperties: texts,
	}}}
}

func addSolo(texts map[string]string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: &rtapi.MatchmakerAdd{
		MinCount: 2, MaxCount: 2, Query: "*", StringProperties: texts, CountMultiple: wrapperspb.Int32(1),
	}}}
}

func (p *player) queueParty(texts map[string]string) (ticket string) {
	p.w.t.Helper()
	return p.call(addParty(p.partyID, texts)).GetPartyMatchmakerTicket().GetTicket()
}

func (p *player) queueSolo(texts map[string]string) (ticket string) {
	p.w.t.Helper()
	return p.call(addSolo(texts)).GetMatchmakerTicket().GetTicket()
}

// matched waits for the match and returns it.
func (p *player) matched() *rtapi.MatchmakerMatched {
	p.w.t.Helper()
	m, err := p.Take(p.w.answerDeadline(), client.OfKind("matchmaker_matched"))
	if err != nil {
		p.w.t.Fatal(err)
	}
	return m.Envelope.GetMatchmakerMatched()
}

// event is a message of the server to the party, with any op code.
type event struct {
	Event, Queue, Ticket, Reason string
	MatchID                      string `json:"match_id"`
	UserID                       string `json:"user_id"`
}

// told waits for a message to the party and returns it.
func (p *player) told(opCode int64, name string) event {
	p.w.t.Helper()
	var e event
	_, err := p.Take(p.w.answerDeadline(), func(m client.Message) bool {
		data := m.Envelope.GetPartyData()
		if data.GetOpCode() != opCode || data.GetPresence().GetUsername() != "partyline" {
			return false
		}
		e = event{}
		return json.Unmarshal(data.GetData(), &e) == nil && e.Event == name
	})
	if err != nil {
		p.w.t.Fatalf("waiting for %s: %v", name, err)
	}
	return e
}

// refused sends a message that must be refused with the reason.
func (p *player) refused(e *rtapi.Envelope, reason string) {
	p.w.t.Helper()
	_, err := p.Call(p.w.answerDeadline(), e)
	if err == nil || !strings.Contains(err.Error(), reason+": ") {
		p.w.t.Errorf("%s = %v; want %s", client.Kind(e), err, reason)
	}
}

// reason sends a message and returns why it is refused, "" if it is not.
func (p *player) reason(e *rtapi.Envelope) string {
	p.w.t.Helper()
	_, err := p.Call(p.w.answerDeadline(), e)
	var refused *client.ReplyError
	if err != nil && !errors.As(err, &refused) {
		p.w.t.Fatal(err)
	}
	if err == nil {
		return ""
	}
	reason, _, _ := strings.Cut(refused.Message, ": ")
	return reason
}

func join(matchID string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_MatchId{MatchId: matchID}}}}
}

// rpc makes a call with the player's session, and decodes the answer.
func (p *player) rpc(id string, payload, answer any) {
	p.w.t.Helper()
	body, err := json.Marshal(payload)
	if err != nil {
		p.w.t.Fatal(err)
	}
	text, err := p.w.client.RPC(p.w.answerDeadline(), p.Session, id, string(body))
	if err != nil {
		p.w.t.Fatalf("%s: %v", id, err)
	}
	if err := json.Unmarshal([]byte(text), answer); err != nil {
		p.w.t.Fatalf("%s: %q: %v", id, text, err)
	}
}

// seat is one seat in the answer of party_match.
type seat struct {
	UserID  string `json:"user_id"`
	PartyID string `json:"party_id"`
	Team    int
	State   string
}

func (p *player) seats() (matchID string, seats []seat) {
	p.w.t.Helper()
	var answer struct {
		MatchID string `json:"match_id"`
		Seats   []seat
	}
	p.rpc("party_match", map[string]string{"party_id": p.partyID}, &answer)
	return answer.MatchID, answer.Seats
}

// checkTeams fails the test if a party is on two teams, or a team has more players than its size.
func checkTeams(t *testing.T, seats []seat, teams, teamSize int) {
	t.Helper()
	teamOf, size := map[string]int{}, make([]int, teams)
	for _, s := range seats {
		if s.State == "open" {
			continue
		}
		size[s.Team]++
		if s.PartyID == "" {
			continue
		}
		if team, known := teamOf[s.PartyID]; known && team != s.Team {
			t.Errorf("party %s is split over teams %d and %d", s.PartyID, team, s.Team)
		}
		teamOf[s.PartyID] = s.Team
	}
	for team, n := range size {
		if n > teamSize {
			t.Errorf("team %d has %d players in %d seats", team, n, teamSize)
		}
	}
	if len(seats) != teams*teamSize {
		t.Errorf("%s; want %d", fmt.Sprint(len(seats), " seats"), teams*teamSize)
	}
}
