package fleet_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/pass"
)

// Two parties queue, a server starts, both join. A friend joins late by link. One player drops and
// returns. The server ends the match with a result.
func TestStory(t *testing.T) {
	w := start(t, ready)
	p := []*player{w.player(), w.player(), w.player(), w.player(), w.player()}
	red, blue := w.party(p[0], p[1]), w.party(p[2], p[3])
	p[0].queue(red)
	p[2].queue(blue)
	g := w.server(0)
	keys := w.keys()
	passes := map[string]event{}
	for _, m := range p[:4] {
		e := m.told(-4, "server_ready")
		if e.Address != "192.0.2.1" || e.DNSName != "one.example.com" || e.Port != 7001 || e.UserID != m.UserID || e.PlayerSession != "psess-"+m.UserID || e.MatchID != g.info.MatchID {
			t.Errorf("server_ready = %+v", e)
		}
		claims, err := keys.Verify(e.Pass, g.info.MatchID, time.Now())
		if err != nil || claims.UserID != m.UserID {
			t.Errorf("the pass says %+v, error %v", claims, err)
		}
		passes[m.UserID] = e
	}
	for _, m := range p[:4] { // nobody has seen the pass of another player
		for _, other := range m.Drain() {
			if data := other.Envelope.GetPartyData(); strings.Contains(string(data.GetData()), "server_ready") {
				t.Errorf("%s hears %s", m.UserID, data.GetData())
			}
		}
	}
	for _, m := range p[:4] {
		g.must("party_server_join", map[string]any{"pass": passes[m.UserID].Pass})
	}
	if got := g.states(); len(got) != 4 || got[p[0].UserID] != "taken" {
		t.Errorf("seats = %v", got)
	}

	g.refused("invalid_request: pass", "party_server_join", map[string]any{"pass": passes[p[0].UserID].Pass}) // used already
	_, forger, _ := ed25519.GenerateKey(nil)
	forged, err := pass.Sign(forger, pass.Claims{ID: "x", MatchID: g.info.MatchID, UserID: p[4].UserID, Expires: time.Now().Add(time.Minute).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	g.refused("invalid_request: pass", "party_server_join", map[string]any{"pass": forged})
	g.refused("unauthenticated", "party_server_seats", map[string]any{"server_token": "guessed"})
	g.refused("unauthenticated", "party_server_end", map[string]any{"server_token": ""})
	g.refused("invalid_request: match_id", "party_server_seats", map[string]any{"match_id": uuid.NewString() + ".nakama1"})
	g.refused("invalid_request: reason", "party_server_leave", map[string]any{"user_id": p[0].UserID, "reason": "bored"})
	g.refused("invalid_request: user_id", "party_server_leave", map[string]any{"user_id": p[4].UserID, "reason": "left"})
	if _, err := w.client.RPC(w.ctx, p[0].Session, "party_server_end", `{"match_id":"`+g.info.MatchID+`","server_token":"`+g.info.Token+`"}`); err == nil {
		t.Error("a player has ended the match")
	}
	if _, err := p[4].Call(w.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_MatchId{MatchId: g.info.MatchID}}}}); err == nil {
		t.Error("a stranger has joined the match of the seats")
	}

	// A friend joins late, by link.
	var redeemed struct {
		MatchID string `json:"match_id"`
	}
	if err := p[4].rpc("party_invite_redeem", map[string]any{"code": p[0].invite(red)}, &redeemed); err != nil || redeemed.MatchID != g.info.MatchID {
		t.Fatalf("redeemed into match %q, error %v", redeemed.MatchID, err)
	}
	late := p[4].told(-4, "server_ready")
	if late.PlayerSession != "psess-late" {
		t.Errorf("the late friend is told %+v", late)
	}
	g.must("party_server_join", map[string]any{"pass": late.Pass})

	// One player drops and returns with a new pass.
	g.must("party_server_leave", map[string]any{"user_id": p[1].UserID, "reason": "dropped"})
	if got := g.states()[p[1].UserID]; got != "held" {
		t.Errorf("the seat of the player who has dropped is %q", got)
	}
	back := p[1].told(-4, "server_ready")
	var again struct{ Server event }
	if err := p[1].rpc("party_match", map[string]any{"party_id": red}, &again); err != nil || again.Server.Pass == "" || again.Server.Pass == back.Pass {
		t.Errorf("party_match gives %+v, error %v", again.Server, err)
	}
	g.must("party_server_join", map[string]any{"pass": back.Pass})

	g.must("party_server_end", map[string]any{"result": map[string]any{"winner": 1}})
	if e := p[3].told(-4, "ended"); string(e.Result) != `{"winner":1}` {
		t.Errorf("ended = %+v", e)
	}
	w.until("the server is given back", func() bool {
		return w.fleet.is(func() bool { return slices.Equal(w.fleet.deleted, []string{"server-1"}) })
	})
	g.refused("invalid_request: match_id", "party_server_seats", nil)
}

// A late friend gets no seat if the server has no slot.
func TestNoSlotForALateFriend(t *testing.T) {
	w := start(t, ready)
	w.fleet.join = func([]string) error { return errors.New("full") }
	_, friend, red, code := w.lateFriend()
	var redeemed struct {
		PartyID string `json:"party_id"`
		MatchID string `json:"match_id"`
	}
	if err := friend.rpc("party_invite_redeem", map[string]any{"code": code}, &redeemed); err != nil || redeemed.PartyID != red || redeemed.MatchID != "" {
		t.Errorf("redeemed %+v, error %v; want the party without the match", redeemed, err)
	}
	if _, seated := w.server(0).states()[friend.UserID]; seated {
		t.Error("the friend has a seat without a slot")
	}
}

// Players of the queue fill free seats of a running match, once the server has slots.
func TestBackfill(t *testing.T) {
	w := start(t, ready)
	p := []*player{w.player(), w.player(), w.player(), w.player(), w.player()}
	p[0].queue(w.party(p[0], p[1]))
	p[2].queue(w.party(p[2], p[3]))
	first := p[0].told(-4, "server_ready")
	p[4].queue("")
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	var got event
	_, err := p[4].Take(ctx, func(m client.Message) bool {
		for _, n := range m.Envelope.GetNotifications().GetNotifications() {
			if n.Code == 1007 && n.Subject == "server_ready" {
				return json.Unmarshal([]byte(n.Content), &got) == nil
			}
		}
		return false
	})
	if err != nil || got.MatchID != first.MatchID || got.PlayerSession != "psess-late" {
		t.Fatalf("the player alone is told %+v, error %v", got, err)
	}
	var own struct {
		MatchID string `json:"match_id"`
		Server  event
	}
	if err := p[4].rpc("party_match", map[string]any{"match_id": first.MatchID}, &own); err != nil || own.Server.Pass == "" {
		t.Errorf("party_match gives %+v, error %v", own, err)
	}
	if err := w.player().rpc("party_match", map[string]any{"match_id": first.MatchID}, &own); err == nil || !strings.Contains(err.Error(), "not_member") {
		t.Errorf("a stranger reads the match: error %v", err)
	}
	w.server(0).must("party_server_join", map[string]any{"pass": got.Pass})
}

// A crowd that asks for one match at the same moment gets answers. It is nine times as many calls as
// the host takes at once, and no more, because a server drops calls that take longer than 10 s.
func TestCrowd(t *testing.T) {
	w := start(t, ready)
	p := []*player{w.player(), w.player(), w.player(), w.player()}
	red := w.party(p[0], p[1])
	p[0].queue(red)
	p[2].queue(w.party(p[2], p[3]))
	g := w.server(0)
	p[0].told(-4, "server_ready")
	var crowd sync.WaitGroup
	for range 60 {
		crowd.Go(func() {
			if _, err := g.call("party_server_seats", nil); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range 30 {
		crowd.Go(func() {
			if _, err := w.client.RPC(w.ctx, p[i%2].Session, "party_match", `{"party_id":"`+red+`"}`); err != nil {
				t.Error(err)
			}
		})
	}
	crowd.Wait()
}
