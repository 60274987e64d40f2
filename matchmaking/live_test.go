package matchmaking_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/e2e/client"
	"partyline/local/engine"
	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/module/wiring"
	"partyline/party"
	"partyline/party/roster"
)

// patience limits every wait for an answer of the server.
const patience = 20 * time.Second

// liveServer is an embedded server with the module and one more match handler of a game.
type liveServer struct {
	t      *testing.T
	ctx    context.Context
	server *engine.Server
	client *client.Client
	// matches is not the module's own, but another one as in a game's code.
	matches *matchmaking.Matches
}

func newLiveServer(t *testing.T, rulesFile string) *liveServer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte("version: 1\n"+rulesFile), 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := engine.Start(ctx, engine.Options{
		Env: map[string]string{wiring.EnvRules: file}, MatchmakerInterval: 200 * time.Millisecond,
		Init: func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, init runtime.Initializer) error {
			if err := wiring.Register(ctx, logger, db, nk, init); err != nil {
				return err
			}
			return init.RegisterMatch("arena", func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
				return matchmaking.WithSeats(arena{matchmaking.Relay()}), nil
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	roster := roster.New(server.Module(), server.Module(), time.Now)
	return &liveServer{t: t, ctx: ctx, server: server, client: client.New(server.Addr()), matches: matchmaking.NewMatches(server.Module(), roster, nil, nil, time.Now)}
}

// livePlayer is one player with a socket.
type livePlayer struct {
	*liveServer
	name    string
	id      string
	session client.Session
	socket  *client.Socket
}

func (w *liveServer) citizen(name string) *livePlayer {
	w.t.Helper()
	session, err := w.client.AuthenticateDevice(w.ctx, uuid.NewString(), name+"-"+uuid.NewString()[:8])
	if err != nil {
		w.t.Fatal(err)
	}
	return (&livePlayer{liveServer: w, name: name, id: session.UserID, session: session}).secondSocket()
}

func (w *liveServer) citizens(names ...string) []*livePlayer {
	w.t.Helper()
	all := make([]*livePlayer, len(names))
	for i, name := range names {
		all[i] = w.citizen(name)
	}
	return all
}

// secondSocket is the same player on another socket.
func (c *livePlayer) secondSocket() *livePlayer {
	c.t.Helper()
	socket, err := c.client.Connect(c.ctx, c.session, client.SocketOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(socket.Abort)
	other := *c
	other.socket = socket
	return &other
}

// within returns a context for one wait.
func (c *livePlayer) within() context.Context {
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	c.t.Cleanup(cancel)
	return ctx
}

// partyWith makes an open party with friends as members.
func (c *livePlayer) partyWith(size int32, friends ...*livePlayer) party.ID {
	c.t.Helper()
	out, err := c.socket.Call(c.within(), &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: size}}})
	if err != nil {
		c.t.Fatal(err)
	}
	id := parse(c.t, out.GetParty().GetPartyId())
	for _, f := range friends {
		f.enterParty(id)
	}
	return id
}

func (c *livePlayer) enterParty(id party.ID) {
	c.t.Helper()
	if _, err := c.socket.Call(c.within(), &rtapi.Envelope{Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: id.String()}}}); err != nil {
		c.t.Fatal(err)
	}
}

// join asks to join a match.
func (c *livePlayer) join(matchID string) error {
	_, err := c.socket.Call(c.within(), &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_MatchId{MatchId: matchID}}}})
	return err
}

func (c *livePlayer) mustJoin(matchID string) {
	c.t.Helper()
	if err := c.join(matchID); err != nil {
		c.t.Fatalf("%s may not join: %v", c.name, err)
	}
}

// mustBeRefused tries to join and must be refused. The text for stock clients must begin with the reason.
func (c *livePlayer) mustBeRefused(matchID string, want party.Reason) {
	c.t.Helper()
	err, ok := c.join(matchID).(*client.ReplyError)
	if !ok || err.Code != int32(rtapi.Error_MATCH_JOIN_REJECTED) || !strings.HasPrefix(err.Message, string(want)+": ") {
		c.t.Errorf("join of %s = %v; want %s", c.name, err, want)
	}
}

func (c *livePlayer) leaveMatch(matchID string) {
	c.t.Helper()
	if _, err := c.socket.Call(c.within(), &rtapi.Envelope{Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: matchID}}}); err != nil {
		c.t.Fatal(err)
	}
}

// send sends data to a match.
func (c *livePlayer) send(matchID string, opCode int64, data string) {
	c.t.Helper()
	if err := c.socket.Send(&rtapi.Envelope{Message: &rtapi.Envelope_MatchDataSend{MatchDataSend: &rtapi.MatchDataSend{MatchId: matchID, OpCode: opCode, Data: []byte(data), Reliable: true}}}); err != nil {
		c.t.Fatal(err)
	}
}

// waitData waits for data from a match.
func (c *livePlayer) waitData(opCode int64, what string) *rtapi.MatchData {
	c.t.Helper()
	m, err := c.socket.Take(c.within(), func(m client.Message) bool {
		d := m.Envelope.GetMatchData()
		return d != nil && d.GetOpCode() == opCode && strings.Contains(string(d.GetData()), what)
	})
	if err != nil {
		c.t.Fatalf("%s did not hear %q: %v", c.name, what, err)
	}
	return m.Envelope.GetMatchData()
}

// waitEvent waits until the party hears of an event about a user.
func (c *livePlayer) waitEvent(event string, about *livePlayer) {
	c.t.Helper()
	_, err := c.socket.Take(c.within(), func(m client.Message) bool {
		d := m.Envelope.GetPartyData()
		var e struct {
			Event  string `json:"event"`
			UserID string `json:"user_id"`
		}
		return d.GetOpCode() == party.OpMatch && d.GetPresence().GetUsername() == "partyline" && json.Unmarshal(d.GetData(), &e) == nil &&
			e.Event == event && (about == nil || e.UserID == about.id)
	})
	if err != nil {
		c.t.Fatalf("%s was not told %s: %v", c.name, event, err)
	}
}

// call makes an RPC over the socket and reads the answer into out.
func (c *livePlayer) call(id string, request map[string]any, out any) error {
	c.t.Helper()
	payload, err := json.Marshal(request)
	if err != nil {
		c.t.Fatal(err)
	}
	reply, err := c.socket.Call(c.within(), &rtapi.Envelope{Message: &rtapi.Envelope_Rpc{Rpc: rpcOf(id, string(payload))}})
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal([]byte(reply.GetRpc().GetPayload()), out); err != nil {
		c.t.Fatalf("%s answered %s: %v", id, reply.GetRpc().GetPayload(), err)
	}
	return nil
}

// seat returns a user's seat in a party's match, as "state@team"; "" if there is none.
func (c *livePlayer) seat(id party.ID, of *livePlayer) string {
	c.t.Helper()
	var m party.MatchSeats
	if err := c.call("party_match", map[string]any{"party_id": id.String()}, &m); err != nil {
		c.t.Fatal(err)
	}
	for _, s := range m.Seats {
		if s.UserID == of.id {
			return fmt.Sprintf("%s@%d", s.State, s.Team)
		}
	}
	return ""
}

// launch makes a match for claims, as a queue does.
func (w *liveServer) launch(l matchmaking.Launch) string {
	w.t.Helper()
	if l.SeatHold == 0 {
		l.SeatHold, l.Grace = time.Minute, time.Minute
	}
	id, err := w.matches.Launch(w.ctx, l)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func claimOf(id party.ID, team int, members ...*livePlayer) seats.Claim {
	c := seats.Claim{Team: team}
	if !id.IsZero() {
		c.PartyID = id.String()
	}
	for _, m := range members {
		c.UserIDs = append(c.UserIDs, m.id)
	}
	return c
}
