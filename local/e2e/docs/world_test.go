package docs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/party"
)

// stepTimeout is how long one step may take.
const stepTimeout = 30 * time.Second

// player is a user with a connected game.
type player struct {
	client.Session
	socket    *client.Socket
	sessionID string // set once in a party
}

// world is a closed party with its leader, and a friend outside it. Each snippet gets its own, so
// that no call sees the effects of another.
type world struct {
	t       *testing.T
	ctx     context.Context
	client  *client.Client
	leader  *player
	friend  *player
	partyID string
}

func newWorld(t *testing.T, addr string) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), client: client.New(addr)}
	w.leader, w.friend = w.join("mira"), w.join("jonas")
	ctx, cancel := w.deadline()
	defer cancel()
	reply, err := w.leader.socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{MaxSize: 4}}})
	if err != nil {
		t.Fatal(err)
	}
	w.partyID, w.leader.sessionID = reply.GetParty().GetPartyId(), reply.GetParty().GetSelf().GetSessionId()
	return w
}

func (w *world) deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(w.ctx, stepTimeout, fmt.Errorf("nothing for %v", stepTimeout))
}

// join logs in a new user and connects the game.
func (w *world) join(name string) *player {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	id := uuid.NewString()
	session, err := w.client.AuthenticateDevice(ctx, id, name+"-"+id[:13])
	if err != nil {
		w.t.Fatal(err)
	}
	return w.connect(session)
}

// reconnect drops a player's connection and makes a new one.
func (w *world) reconnect(p *player) *player {
	w.t.Helper()
	p.socket.Abort()
	return w.connect(p.Session)
}

func (w *world) connect(session client.Session) *player {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	p := &player{Session: session}
	var err error
	if p.socket, err = w.client.Connect(ctx, session, client.SocketOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(p.socket.Abort)
	if err := p.socket.Barrier(ctx); err != nil { // from now on the server knows that the game is connected
		w.t.Fatal(err)
	}
	return p
}

// call makes a call of the module, over the player's socket or over HTTP.
func (w *world) call(p *player, overHTTP bool, id, payload string) (string, error) {
	ctx, cancel := w.deadline()
	defer cancel()
	if overHTTP {
		return w.client.RPC(ctx, p.Session, id, payload)
	}
	reply, err := p.socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_Rpc{Rpc: &api.Rpc{Id: id, Payload: payload}}})
	return reply.GetRpc().GetPayload(), err
}

// mustCall is call for the preparation of a test; a refusal fails the test.
func (w *world) mustCall(p *player, id string, request, answer any) json.RawMessage {
	w.t.Helper()
	payload, err := json.Marshal(request)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := w.call(p, false, id, string(payload))
	if err != nil {
		w.t.Fatalf("%s %s: %v", id, payload, err)
	}
	if answer != nil {
		if err := json.Unmarshal([]byte(text), answer); err != nil {
			w.t.Fatal(err)
		}
	}
	return json.RawMessage(text)
}

// invite makes an invite to the party with every field that an invite can have.
func (w *world) invite(forUserIDs ...string) party.CreatedInvite {
	w.t.Helper()
	var made party.CreatedInvite
	w.mustCall(w.leader, "party_invite_create", party.InviteRequest{
		PartyID: w.partyID, ForUserIDs: forUserIDs, Message: "Come and play!",
		Info: []party.InfoField{{Label: "Mode", Value: "Co-op"}}, Launch: json.RawMessage(`{"map":"harbour","difficulty":3}`),
	}, &made)
	return made
}

// reportStatuses makes the leader, and the friend on the way, report their status.
func (w *world) reportStatuses() {
	w.t.Helper()
	w.mustCall(w.leader, "party_status_set", map[string]any{"party_id": w.partyID, "stage": "downloading", "progress": 0.42, "text": "World map"}, nil)
	w.mustCall(w.friend, "party_status_set", map[string]any{"code": w.invite().Code, "stage": "installing", "progress": 0.07}, nil)
}

// status returns a player's own status, which is JSON, as followers see it.
func (w *world) status(p *player) json.RawMessage {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	reply, err := w.friend.socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_StatusFollow{StatusFollow: &rtapi.StatusFollow{UserIds: []string{p.UserID}}}})
	if err != nil || len(reply.GetStatus().GetPresences()) != 1 {
		w.t.Fatalf("status of %s: %v, %v", p.Username, reply, err)
	}
	return json.RawMessage(reply.GetStatus().GetPresences()[0].GetStatus().GetValue())
}

// leave makes a player leave the party.
func (w *world) leave(ctx context.Context, p *player) error {
	_, err := p.socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: w.partyID}}})
	return err
}

// serverMessage waits for a message of the server to the party and returns its JSON.
func (w *world) serverMessage(p *player, opCode int64, event string) json.RawMessage {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	m, err := p.socket.Take(ctx, func(m client.Message) bool {
		d := m.Envelope.GetPartyData()
		return d.GetOpCode() == opCode && strings.Contains(string(d.GetData()), `"`+event+`"`)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return m.Envelope.GetPartyData().GetData()
}

// notification waits for a notification and returns its content.
func (w *world) notification(p *player, code int32) json.RawMessage {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	var content string
	_, err := p.socket.Take(ctx, func(m client.Message) bool {
		for _, n := range m.Envelope.GetNotifications().GetNotifications() {
			if n.GetCode() == code {
				content = n.GetContent()
				return true
			}
		}
		return false
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return json.RawMessage(content)
}
