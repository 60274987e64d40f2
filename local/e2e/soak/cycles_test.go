package soak_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
)

var cycles = flag.Int("cycles", 40, "how often TestCycles does each thing")

// pair is two players who repeat the same action, in a party of the first.
type pair struct {
	ctx          context.Context
	host, friend *player.Game
	party        string
}

// actions are the actions, each with its undo. An action that needs no party makes its own.
var actions = []struct {
	name  string
	cycle func(p *pair) error
}{
	{"create, close", func(p *pair) error {
		id, err := p.host.CreateParty(p.ctx, true, 4)
		if err != nil {
			return err
		}
		return p.host.CloseParty(p.ctx, id)
	}},
	{"join, leave", func(p *pair) error {
		if err := p.join(p.party); err != nil {
			return err
		}
		return p.friend.LeaveParty(p.ctx, p.party)
	}},
	{"invite, redeem, revoke", func(p *pair) error {
		made, err := p.invite(nil)
		if err != nil {
			return err
		}
		if err := p.friend.Call(p.ctx, "party_invite_redeem", object{"code": made.Code}, nil); err != nil {
			return err
		}
		if err := entered(p.ctx, p.friend, p.party); err != nil {
			return err
		}
		if err := p.friend.LeaveParty(p.ctx, p.party); err != nil {
			return err
		}
		return p.revoke(made)
	}},
	{"kick", func(p *pair) error {
		id, err := p.host.CreateParty(p.ctx, true, 4)
		if err != nil {
			return err
		}
		if err := p.join(id); err != nil {
			return err
		}
		if err := p.host.Remove(p.ctx, id, p.friend.Presence()); err != nil {
			return err
		}
		return p.host.CloseParty(p.ctx, id)
	}},
	{"status", func(p *pair) error {
		return p.host.Call(p.ctx, "party_status_set", object{"party_id": p.party, "stage": "downloading", "progress": 0.5, "text": uuid.NewString()}, nil)
	}},
	{"hold", func(p *pair) error {
		made, err := p.invite(object{"for_user_ids": []string{p.friend.Player.ID()}, "hold_seat": true})
		if err != nil {
			return err
		}
		return p.revoke(made)
	}},
	{"queue, cancel", func(p *pair) error {
		ticket, err := p.host.QueueParty(p.ctx, p.party, map[string]string{"queue": "soak", "crew": p.party})
		if err != nil {
			return err
		}
		_, err = p.host.Socket.Call(p.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerRemove{
			PartyMatchmakerRemove: &rtapi.PartyMatchmakerRemove{PartyId: p.party, Ticket: ticket}}})
		return err
	}},
}

// join makes the friend join, and waits until the server has made them a member.
func (p *pair) join(id string) error {
	if err := p.friend.JoinParty(p.ctx, id); err != nil {
		return err
	}
	return entered(p.ctx, p.friend, id)
}

func (p *pair) invite(more object) (made madeInvite, err error) {
	request := object{"party_id": p.party}
	for field, value := range more {
		request[field] = value
	}
	return made, p.host.Call(p.ctx, "party_invite_create", request, &made)
}

func (p *pair) revoke(made madeInvite) error {
	return p.host.Call(p.ctx, "party_invite_revoke", object{"id": made.ID}, nil)
}

// TestCycles does and undoes each action very often, with several pairs of players at once. Afterwards
// the server must not hold more than after a quarter of the cycles.
func TestCycles(t *testing.T) {
	h := newHost(t)
	api := client.New(h.addr())
	for _, kind := range actions {
		t.Run(kind.name, func(t *testing.T) {
			const pairs = 4
			times := func(n int) gauge {
				t.Helper()
				results := make(chan error)
				for i := range pairs {
					go func() { results <- repeat(t.Context(), api, i, n/pairs, kind.cycle) }()
				}
				for range pairs {
					if err := <-results; err != nil {
						t.Error(err)
					}
				}
				if t.Failed() {
					t.FailNow()
				}
				return h.measureIdle(t)
			}
			began := time.Now()
			first := times(*cycles / 4)
			first.goroutines = h.baseGoroutines // rest waits until the number of goroutines is at most this
			t.Logf("%6d  %s", *cycles/4, first)
			last := times(*cycles - *cycles/4)
			t.Logf("%6d  %s  %v", *cycles, last, time.Since(began).Round(time.Second))
			if err := last.grownSince(first); err != nil {
				t.Error(err)
			}
		})
	}
}

// perParty is how often an action is done in one party, because a party has a limited number of invites.
const perParty = 50

// repeat makes a pair do an action n times.
func repeat(ctx context.Context, api *client.Client, number, n int, cycle func(*pair) error) (err error) {
	p := &pair{ctx: ctx}
	for i, game := range []**player.Game{&p.host, &p.friend} {
		who, err := player.SignIn(ctx, api, fmt.Sprintf("pair-%d-%d", number, i))
		if err != nil {
			return err
		}
		if *game, err = who.Play(ctx); err != nil {
			return err
		}
		defer (*game).Abort()
	}
	// Friends, because invites to strangers have a rate limit.
	for a, b := range map[*player.Player]*player.Player{p.host.Player: p.friend.Player, p.friend.Player: p.host.Player} {
		if err := api.Call(ctx, http.MethodPost, "/v2/friend?ids="+b.ID(), a.Session.Auth(), nil, nil); err != nil {
			return err
		}
	}
	if p.party, err = p.host.CreateParty(ctx, true, 4); err != nil {
		return err
	}
	for i := range n {
		if err := cycle(p); err != nil {
			return fmt.Errorf("cycle %d: %w", i, err)
		}
		if i%perParty == perParty-1 {
			if err := p.host.CloseParty(ctx, p.party); err != nil {
				return err
			}
			if p.party, err = p.host.CreateParty(ctx, true, 4); err != nil {
				return err
			}
		}
		if i%16 == 0 { // the server ends a connection that has too many messages waiting
			for _, g := range []*player.Game{p.host, p.friend} {
				if err := g.Barrier(ctx); err != nil {
					return err
				}
				g.Drain()
			}
		}
	}
	if err := p.host.CloseParty(ctx, p.party); err != nil {
		return err
	}
	for _, g := range []*player.Game{p.host, p.friend} {
		if err := g.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}
