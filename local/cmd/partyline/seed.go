package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/party"
)

// demoParty is a live party of demo players. They use real sockets of stock clients, as all players do.
type demoParty struct {
	names     []string
	partyID   string
	inviteURL string
	sockets   []*client.Socket
}

var demoPlayers = []struct{ username, displayName, character string }{
	{"mira", "Mira", "mage"}, {"jonas", "Jonas", "guard"}, {"aiko", "Aiko", "scout"},
}

// seed logs the demo players in at addr. The first makes an open party, which the demo client
// lists, and the others join by its invite. The invite's link begins with url.
func seed(ctx context.Context, addr, url string) (*demoParty, error) {
	c := client.New(addr)
	players := &demoParty{}
	var invite party.CreatedInvite
	for i, p := range demoPlayers {
		session, err := c.AuthenticateDevice(ctx, "partyline-demo-"+p.username, p.username)
		if err != nil {
			return nil, err
		}
		if err := c.Call(ctx, "PUT", "/v2/account", session.Auth(), map[string]string{"display_name": p.displayName}, nil); err != nil {
			return nil, err
		}
		socket, err := c.Connect(ctx, session, client.SocketOptions{Status: true})
		if err != nil {
			return nil, err
		}
		players.names = append(players.names, p.displayName)
		players.sockets = append(players.sockets, socket)
		if i == 0 {
			created, cerr := createParty(ctx, socket)
			if cerr != nil {
				return nil, cerr
			}
			players.partyID = created.PartyId
			err = callRPC(ctx, socket, "party_invite_create", party.InviteRequest{
				PartyID: created.PartyId, Message: "Come and play!",
				Info: []party.InfoField{{Label: "Mode", Value: "Co-op"}, {Label: "Voice", Value: "On"}},
			}, &invite)
		} else {
			err = callRPC(ctx, socket, "party_invite_redeem", map[string]string{"code": invite.Code}, nil)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.displayName, err)
		}
		attributes := map[string]any{"party_id": players.partyID, "member": map[string]string{"character": p.character}}
		if i == 0 {
			attributes["party"] = map[string]string{"map": "Night market"}
		}
		if err := callRPC(ctx, socket, "party_attributes_set", attributes, nil); err != nil {
			return nil, fmt.Errorf("attributes of %s: %w", p.displayName, err)
		}
	}
	// public_url in the rules says where players reach the server; here that is this server.
	players.inviteURL = url + "/party/join/" + invite.Code
	return players, nil
}

func createParty(ctx context.Context, s *client.Socket) (*rtapi.Party, error) {
	reply, err := s.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: 6}}})
	if err != nil {
		return nil, err
	}
	if reply.GetParty() == nil {
		return nil, errors.New("the server answered party_create with something else")
	}
	return reply.GetParty(), nil
}

// callRPC calls an RPC over a socket; out may be nil.
func callRPC(ctx context.Context, s *client.Socket, id string, in, out any) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return err
	}
	reply, err := s.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_Rpc{Rpc: &api.Rpc{Id: id, Payload: string(payload)}}})
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal([]byte(reply.GetRpc().GetPayload()), out)
}

// leave closes the players' sockets.
func (c *demoParty) leave() {
	for _, s := range c.sockets {
		s.Abort()
	}
}
