package state_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/party"
	"partyline/party/waitlist"
)

// awaitSeatNotice waits for the notification that a seat is held for the game's player.
func (s *scene) awaitSeatNotice(g *player.Game) (content struct {
	PartyID   string `json:"party_id"`
	HeldUntil int64  `json:"held_until"`
}) {
	s.t.Helper()
	_, err := g.Take(s.ctx, func(m client.Message) bool {
		for _, n := range m.Envelope.GetNotifications().GetNotifications() {
			if party.Notice(n.GetCode()) == party.NoticeSeatFree && n.GetSubject() == party.NoticeSeatFree.Subject() {
				s.must(json.Unmarshal([]byte(n.GetContent()), &content))
				return true
			}
		}
		return false
	})
	s.must(err)
	return content
}

func (s *scene) waits(g *player.Game, in object) (at waitlist.Place) {
	s.t.Helper()
	s.call(g, "party_wait", in, &at)
	return at
}

// TestWait: a free seat goes to the first player on the wait list, who waits by an invite's code or
// the party's ID. Nobody can take it before them.
func TestWait(t *testing.T) {
	s := start(t, attributeRules)
	ann, bob, cem, dot, eve := s.play("ann"), s.play("bob"), s.play("cem"), s.play("dot"), s.play("eve")
	id := s.party(ann, true, 2)
	byID := object{"party_id": id}
	if at := s.waits(bob, byID); at != (waitlist.Place{}) {
		t.Errorf("with a free seat: %+v", at)
	}
	if _, err := bob.Take(s.ctx, client.OfKind("party")); err != nil {
		t.Fatalf("the seat at once: %v", err)
	}
	var invite struct{ Code string }
	s.call(ann, "party_invite_create", byID, &invite)
	byCode := object{"code": invite.Code}
	if at := s.waits(cem, byCode); at != (waitlist.Place{Place: 1, Of: 1}) {
		t.Errorf("first in line: %+v", at)
	}
	if at := s.waits(dot, byID); at != (waitlist.Place{Place: 2, Of: 2}) {
		t.Errorf("second: %+v", at)
	}
	var preview struct {
		State   string
		Waiting int
	}
	s.call(eve, "party_invite_preview", byCode, &preview)
	if preview.State != "full" || preview.Waiting != 2 {
		t.Errorf("preview %+v", preview)
	}
	page, err := s.api.Do(s.ctx, "GET", "/party/join/"+invite.Code, "", nil)
	s.must(err)
	if body := string(page.Body); !strings.Contains(body, "2 are waiting") {
		t.Errorf("the page does not say who waits: %s", body)
	}
	s.must(bob.LeaveParty(s.ctx, id))
	told := s.awaitSeatNotice(cem)
	if at := s.waits(cem, byCode); told.PartyID != id || at.Place != 1 || at.HeldUntil != told.HeldUntil || at.HeldUntil < time.Now().Unix()+30 {
		t.Errorf("told %+v; the call says %+v", told, at)
	}
	for name, g := range map[string]*player.Game{"a stranger": eve, "the second": dot, "who has just left": bob} {
		s.refused(name+" joins", g.JoinParty(s.ctx, id), "party_full")
		s.refused(name+" redeems", g.Call(s.ctx, "party_invite_redeem", byCode, nil), "party_full")
	}
	s.call(cem, "party_invite_redeem", byCode, nil)
	if at := s.waits(dot, byID); at != (waitlist.Place{Place: 1, Of: 1}) {
		t.Errorf("the second, now: %+v", at)
	}
	s.must(cem.LeaveParty(s.ctx, id))
	s.awaitSeatNotice(dot)
	s.must(dot.JoinParty(s.ctx, id))
	s.barrier(dot)
	s.refused("a member waits", dot.Call(s.ctx, "party_wait", byID, nil), "already_member")
	if at := s.waits(eve, object{"party_id": id, "leave": true}); at != (waitlist.Place{}) {
		t.Errorf("who does not wait leaves: %+v", at)
	}
}

// TestWait_refused: bad input, strangers, and players without a socket get a reason.
func TestWait_refused(t *testing.T) {
	s := start(t, attributeRules)
	ann, bob := s.play("ann"), s.play("bob")
	closed := s.party(ann, false, 1)
	for in, want := range map[string]string{
		`{}`:                 "invalid_request",
		`{"party_id":1}`:     "invalid_request",
		`{"leave":"yes"}`:    "invalid_request",
		`{"party_id":"x"}`:   "party_not_found",
		`{"code":"x"}`:       "invite_not_found",
		`{"code":"x","a":1}`: "invalid_request",
		`{"party_id":"$"}`:   "not_member",
		`{"party_id":"$","code":"ABCDEFGHJKMNPQRS"}`:                  "invalid_request",
		`{"party_id":"00000000-0000-4000-8000-000000000000.nakama1"}`: "party_not_found",
	} {
		s.refused(in, bob.Call(s.ctx, "party_wait", json.RawMessage(strings.ReplaceAll(in, "$", closed)), nil), want)
	}
	open := s.party(s.play("cem"), true, 2)
	gone := bob.Player
	bob.Abort()
	s.eventually("bob's game is gone", func() bool {
		outcome, _ := player.Outcome(gone.Call(s.ctx, "party_wait", object{"party_id": open}, nil))
		return outcome == "no_live_session"
	})
	four := s.play("dot")
	for i := range 4 {
		full := s.party(s.play(fmt.Sprint("host", i)), true, 1)
		err := four.Call(s.ctx, "party_wait", object{"party_id": full}, nil)
		if i < 3 {
			s.must(err)
		} else {
			s.refused("a fourth line", err, "rate_limited")
		}
	}
}

// TestWait_order: ten players wait for five seats. Each free seat goes to the next player, and only to one.
func TestWait_order(t *testing.T) {
	s := start(t, attributeRules)
	leader := s.play("leader")
	id := s.party(leader, true, 6)
	var in, line []*player.Game
	for i := range 15 {
		g := s.play(fmt.Sprint("player", i))
		if at := s.waits(g, object{"party_id": id}); at.Place == 0 {
			in = append(in, g)
		} else if line = append(line, g); at.Place != len(line) {
			t.Errorf("waiter %d: %+v", len(line), at)
		}
	}
	if len(in) != 5 {
		t.Fatalf("%d got a seat at once; want 5", len(in))
	}
	for len(line) > 0 {
		s.must(in[0].LeaveParty(s.ctx, id))
		s.awaitSeatNotice(line[0])
		for _, g := range line[1:] {
			s.refused("somebody behind joins", g.JoinParty(s.ctx, id), "party_full")
		}
		s.must(line[0].JoinParty(s.ctx, id))
		s.barrier(line[0])
		in, line = append(in[1:], line[0]), line[1:]
	}
}
