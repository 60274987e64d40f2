package fleet_test

import (
	"testing"
	"time"

	"partyline/pass"
)

// A pass admits the player it was made for, to its match, once, while they have the seat. This also
// holds for a pass signed with the server's own key.
func TestPasses(t *testing.T) {
	w := start(t, ready)
	p := make([]*player, 8)
	for i := range p {
		p[i] = w.player()
	}
	red := w.party(p[0], p[1])
	p[0].queue(red)
	p[2].queue(w.party(p[2], p[3]))
	g := w.server(0)
	told := make([]event, len(p))
	for i, m := range p[:4] {
		told[i] = m.told(-4, "server_ready")
	}
	p[4].queue(w.party(p[4], p[5]))
	p[6].queue(w.party(p[6], p[7]))
	elsewhere := w.server(1)
	for i, m := range p[4:] {
		told[4+i] = m.told(-4, "server_ready")
	}

	// The server of another match, and a pass of another match.
	for id, more := range map[string]map[string]any{
		"party_server_seats": {},
		"party_server_join":  {"pass": told[0].Pass},
		"party_server_leave": {"user_id": p[0].UserID, "reason": "left"},
		"party_server_end":   {},
	} {
		more["server_token"] = elsewhere.info.Token
		g.refused("unauthenticated", id, more)
	}
	elsewhere.refused("invalid_request: pass", "party_server_join", map[string]any{"pass": told[0].Pass})

	// A pass signed with the right key does not give a seat by itself.
	claims, err := w.keys().Verify(told[0].Pass, g.info.MatchID, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*pass.Claims){
		"of the last second": func(c *pass.Claims) { c.Expires = time.Now().Unix() - 1 },
		"of another match":   func(c *pass.Claims) { c.MatchID = elsewhere.info.MatchID },
		"of a stranger":      func(c *pass.Claims) { c.UserID = p[4].UserID },
		"for the other team": func(c *pass.Claims) { c.Team = 1 - c.Team },
		"without an ID":      func(c *pass.Claims) { c.ID = "" },
	} {
		forged := claims
		change(&forged)
		text, err := pass.Sign(passKey, forged)
		if err != nil {
			t.Fatal(err)
		}
		t.Log("a pass", name)
		g.refused("invalid_request: pass: ", "party_server_join", map[string]any{"pass": text})
	}
	for user, state := range g.states() {
		if state != "held" {
			t.Errorf("the seat of %s is %s", user, state)
		}
	}

	// A used pass again: while the player is in, after a drop, and when the seat is given up.
	again := func(why string, i int) {
		t.Helper()
		t.Log("again", why)
		g.refused("invalid_request: pass: ", "party_server_join", map[string]any{"pass": told[i].Pass})
	}
	g.must("party_server_join", map[string]any{"pass": told[0].Pass})
	again("twice", 0)
	g.must("party_server_leave", map[string]any{"user_id": p[0].UserID, "reason": "dropped"})
	again("who has dropped, with the old one", 0)
	g.must("party_server_leave", map[string]any{"user_id": p[2].UserID, "reason": "no_show"})
	again("who did not come in time", 2)

	// Kicked by the game server: no pass, and no seat by an invite.
	g.must("party_server_leave", map[string]any{"user_id": p[1].UserID, "reason": "kicked"})
	again("who was kicked", 1)
	var now struct{ Server event }
	if err := p[1].rpc("party_match", map[string]any{"party_id": red}, &now); err != nil || now.Server.Pass != "" {
		t.Errorf("who was kicked is given %+v, error %v", now.Server, err)
	}
	var redeemed struct {
		MatchID string `json:"match_id"`
	}
	if err := p[1].rpc("party_invite_redeem", map[string]any{"code": p[0].invite(red)}, &redeemed); err != nil || redeemed.MatchID != "" {
		t.Errorf("who was kicked is led into match %q, error %v", redeemed.MatchID, err)
	}
	states := g.states()
	for _, m := range p[1:3] {
		if state, seated := states[m.UserID]; seated {
			t.Errorf("%s, who is out, has a seat: %s", m.UserID, state)
		}
	}

	g.must("party_server_end", nil)
	g.refused("invalid_request: match_id", "party_server_join", map[string]any{"pass": told[3].Pass})
	elsewhere.must("party_server_join", map[string]any{"pass": told[4].Pass})
}
