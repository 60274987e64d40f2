// Package player provides players with connected games for end-to-end tests. Party messages and
// Partyline's calls are methods that block until the answer. It also tracks what a game has heard of
// its parties.
//
// Every method sees the server as a stock client does. An error that the server answered has an
// [Outcome]; any other is about the connection. Only tests import it. Use a [Game] from one goroutine
// at a time, and a [Player] from any number.
package player

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/local/e2e/client"
)

// Player is a signed-in user.
type Player struct {
	API     *client.Client
	Session client.Session
}

// SignIn makes an account with a unique device ID and username, which both start with name.
func SignIn(ctx context.Context, c *client.Client, name string) (*Player, error) {
	unique := name + "-" + strings.ReplaceAll(uuid.NewString(), "-", "")
	session, err := c.AuthenticateDevice(ctx, unique, unique)
	if err != nil {
		return nil, err
	}
	return &Player{API: c, Session: session}, nil
}

// ID returns the player's user ID.
func (p *Player) ID() string { return p.Session.UserID }

// Call calls a function of the module over HTTP. in and out are JSON objects; out may be nil.
func (p *Player) Call(ctx context.Context, id string, in, out any) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := p.API.RPC(ctx, p.Session, id, string(payload))
	return decode(id, answer, err, out)
}

// null matches a null field. Only a few numbers of the API may be null; clients use lists and objects unchecked.
var null = regexp.MustCompile(`"([a-z_]+)":null`)

func decode(id, answer string, err error, out any) error {
	for _, field := range null.FindAllStringSubmatch(answer, -1) {
		if !slices.Contains([]string{"eta_sec", "skill", "latency_ms"}, field[1]) {
			return fmt.Errorf("%s answered %s, where %s is null", id, answer, field[1])
		}
	}
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal([]byte(answer), out); err != nil {
		return fmt.Errorf("%s answered %q: %w", id, answer, err)
	}
	return nil
}

// Game is one connected game of a player: a live socket.
type Game struct {
	*client.Socket
	Player *Player
	ID     string // of the session
}

// Play connects a game.
func (p *Player) Play(ctx context.Context) (*Game, error) {
	socket, err := p.API.Connect(ctx, p.Session, client.SocketOptions{})
	if err != nil {
		return nil, err
	}
	// The server does not tell a socket its session's ID. The socket sets a unique status, and the
	// presence of that status has the ID.
	status := uuid.NewString()
	g := &Game{Socket: socket, Player: p}
	if err := g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_StatusUpdate{
		StatusUpdate: &rtapi.StatusUpdate{Status: wrapperspb.String(status)}}}); err != nil {
		return nil, err
	}
	m, err := socket.Take(ctx, func(m client.Message) bool {
		joins := m.Envelope.GetStatusPresenceEvent().GetJoins()
		return len(joins) == 1 && joins[0].GetStatus().GetValue() == status
	})
	if err != nil {
		return nil, err
	}
	g.ID = m.Envelope.GetStatusPresenceEvent().GetJoins()[0].GetSessionId()
	return g, nil
}

// Presence returns the presence by which others name the game.
func (g *Game) Presence() *rtapi.UserPresence {
	return &rtapi.UserPresence{UserId: g.Player.ID(), SessionId: g.ID, Username: g.Player.Session.Username}
}

// Call calls a function of the module over the socket.
func (g *Game) Call(ctx context.Context, id string, in, out any) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return err
	}
	reply, err := g.Socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_Rpc{Rpc: &api.Rpc{Id: id, Payload: string(payload)}}})
	return decode(id, reply.GetRpc().GetPayload(), err, out)
}

func (g *Game) act(ctx context.Context, e *rtapi.Envelope) error {
	_, err := g.Socket.Call(ctx, e)
	return err
}

// CreateParty makes a party and returns its ID.
func (g *Game) CreateParty(ctx context.Context, open bool, maxSize int) (string, error) {
	reply, err := g.Socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{
		PartyCreate: &rtapi.PartyCreate{Open: open, MaxSize: int32(maxSize)}}})
	return reply.GetParty().GetPartyId(), err
}

// JoinParty joins an open party, or asks to join a closed one.
func (g *Game) JoinParty(ctx context.Context, id string) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: id}}})
}

// LeaveParty leaves a party.
func (g *Game) LeaveParty(ctx context.Context, id string) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: id}}})
}

// Promote makes another member the leader.
func (g *Game) Promote(ctx context.Context, id string, who *rtapi.UserPresence) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyPromote{PartyPromote: &rtapi.PartyPromote{PartyId: id, Presence: who}}})
}

// Accept lets in a player who has asked.
func (g *Game) Accept(ctx context.Context, id string, who *rtapi.UserPresence) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyAccept{PartyAccept: &rtapi.PartyAccept{PartyId: id, Presence: who}}})
}

// Remove kicks a member, or declines a request.
func (g *Game) Remove(ctx context.Context, id string, who *rtapi.UserPresence) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyRemove{PartyRemove: &rtapi.PartyRemove{PartyId: id, Presence: who}}})
}

// CloseParty ends a party.
func (g *Game) CloseParty(ctx context.Context, id string) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyClose{PartyClose: &rtapi.PartyClose{PartyId: id}}})
}

// UpdateParty sets whether a party is open, and its label.
func (g *Game) UpdateParty(ctx context.Context, id string, open bool, label string) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyUpdate{PartyUpdate: &rtapi.PartyUpdate{PartyId: id, Open: open, Label: label}}})
}

// Requests lists the players who ask to join.
func (g *Game) Requests(ctx context.Context, id string) ([]*rtapi.UserPresence, error) {
	reply, err := g.Socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyJoinRequestList{
		PartyJoinRequestList: &rtapi.PartyJoinRequestList{PartyId: id}}})
	return reply.GetPartyJoinRequest().GetPresences(), err
}

// SendData sends a message to the other members.
func (g *Game) SendData(ctx context.Context, id string, opCode int64, data []byte) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyDataSend{PartyDataSend: &rtapi.PartyDataSend{PartyId: id, OpCode: opCode, Data: data}}})
}

var reason = regexp.MustCompile(`^([a-z_]+(?:/[^:]+)?): `)

// Outcome returns the server's answer to a call: "" for success, the reason for a refusal of
// Partyline, or the complete text for a refusal of the server. answered is false if the error is not
// an answer.
func Outcome(err error) (outcome string, answered bool) {
	var text string
	var reply *client.ReplyError
	var refused *client.APIError
	switch {
	case err == nil:
		return "", true
	case errors.As(err, &reply):
		text = reply.Message
	case errors.As(err, &refused):
		text = refused.Message
	default:
		return err.Error(), false
	}
	if found := reason.FindStringSubmatch(text); found != nil {
		return found[1], true
	}
	return text, true
}
