package hardening_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
)

// A function accepts a party's ID in every spelling that the server's own messages accept.
func TestCalls_IDInAnotherSpelling(t *testing.T) {
	w := newWorld(t)
	leader := w.game("spelling")
	id := w.party(leader, true, 4)
	digits, node, _ := strings.Cut(id, ".")
	for _, spelling := range []string{
		strings.ToUpper(digits), strings.ReplaceAll(digits, "-", ""), "{" + digits + "}", "urn:uuid:" + digits,
	} {
		var made struct {
			PartyID string `json:"party_id"`
		}
		if err := leader.Call(w.ctx, "party_invite_create", map[string]any{"party_id": spelling + "." + node}, &made); err != nil || made.PartyID != id {
			t.Errorf("an invite for %s is %q, %v; want it for %s", spelling, made.PartyID, err, id)
		}
	}
	for _, wrong := range []string{digits, digits + ".", digits[1:] + "." + node, digits + "." + node + "x", "0" + digits + "." + node} {
		err := leader.Call(w.ctx, "party_status_list", map[string]any{"party_id": wrong}, &struct{}{})
		if err == nil || !strings.Contains(err.Error(), "party_not_found") {
			t.Errorf("a list of %q: %v; want party_not_found", wrong, err)
		}
	}
}

// Some SDKs put the payload of a call with the HTTP key into the address of a GET. The server does
// not look there.
func TestCalls_PayloadInTheAddress(t *testing.T) {
	w := newWorld(t)
	w.party(w.game("address"), true, 4)
	get := func(payload string) (answer struct{ Payload string }, err error) {
		path := "/v2/rpc/party_admin_parties?http_key=defaulthttpkey&payload=" + url.QueryEscape(payload)
		err = w.api.Call(w.ctx, http.MethodGet, path, "", nil, &answer)
		return answer, err
	}
	for payload, refused := range map[string]string{`{"limit":1}`: "", ``: "", `{"limit":101}`: "limit", `{"limits":1}`: "limits", `[`: "payload"} {
		answer, err := get(payload)
		if refused == "" {
			var page struct{ Parties []json.RawMessage }
			if err != nil || json.Unmarshal([]byte(answer.Payload), &page) != nil {
				t.Errorf("%q = %q, %v; want a page of parties", payload, answer.Payload, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), "invalid_request") || !strings.Contains(err.Error(), refused) {
			t.Errorf("%q = %v; want invalid_request that names %s", payload, err, refused)
		}
	}
}

// The seats that a member holds for friends depend on that member, not on the invite. They are free
// when the member leaves or is kicked, but not while the member's own seat is kept.
func TestHold_GoesWithItsMember(t *testing.T) {
	ends := map[string]func(ctx context.Context, leader, holder *player.Game, id string) error{
		"leaves": func(ctx context.Context, _, holder *player.Game, id string) error { return holder.LeaveParty(ctx, id) },
		"is kicked": func(ctx context.Context, leader, holder *player.Game, id string) error {
			return leader.Remove(ctx, id, holder.Presence())
		},
	}
	for how, end := range ends {
		w := newWorld(t)
		leader, holder, friend, stranger := w.game("leader"), w.game("holder"), w.game("friend"), w.game("stranger")
		id := w.party(leader, true, 3, holder)
		made := w.invite(holder, id, map[string]any{"for_user_ids": []string{friend.Player.ID()}, "hold_seat": true})
		full := func(when string) {
			t.Helper()
			if err := stranger.JoinParty(w.ctx, id); err == nil || !strings.Contains(err.Error(), "party_full") {
				t.Errorf("%s: a stranger joins: %v; want party_full", when, err)
			}
		}
		full("held")
		holder.Abort()
		w.eventually("the holder is away", func() bool { return !w.members(leader, id)[holder.Player.ID()] })
		full("the holder is away")
		holder = w.play(holder.Player)
		w.must(holder.Call(w.ctx, "party_resume", struct{}{}, &struct{}{}))
		_, err := leader.Await(w.ctx, func(m client.Message) bool { // the server's own list has the holder, so the leader can kick them
			return slices.ContainsFunc(m.Envelope.GetPartyPresenceEvent().GetJoins(), func(p *rtapi.UserPresence) bool {
				return p.SessionId == holder.ID
			})
		})
		w.must(err)
		full("the holder is back")
		w.must(end(w.ctx, leader, holder, id))
		w.eventually("the holder "+how, func() bool { return !w.members(leader, id)[holder.Player.ID()] })
		if err := stranger.JoinParty(w.ctx, id); err != nil {
			t.Errorf("the holder %s, and a stranger joins: %v; want the held seat", how, err)
		}
		w.must(friend.Call(w.ctx, "party_invite_redeem", map[string]string{"code": made.Code}, &struct{}{}))
		if n := len(w.members(leader, id)); n != 3 {
			t.Errorf("%d members; want the leader, the stranger and the friend", n)
		}
	}
}
