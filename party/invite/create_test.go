package invite_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"partyline/party"
	"partyline/party/rules"
)

func TestService_Create(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 4)
	now := w.clock.Now().Unix()
	got := w.create(p[0], party.InviteRequest{
		PartyID: id.String(), Message: "Come!", Info: []party.InfoField{{Label: "Mode", Value: "Co-op"}}, Launch: json.RawMessage(`{"map": 3}`),
	})
	if len(got.Code) != 16 || uuid.Validate(got.ID) != nil {
		t.Errorf("code %q, id %q; want 16 characters and a UUID", got.Code, got.ID)
	}
	want := party.CreatedInvite{
		ID: got.ID, Code: got.Code, URL: "http://127.0.0.1:7350/party/join/" + got.Code, QRURL: "http://127.0.0.1:7350/party/join/" + got.Code + "/qr.svg",
		PartyID: id.String(), Kind: party.LinkInvite, CreatedAt: now, ExpiresAt: now + 86400,
		ForUserIDs: []string{}, Message: "Come!", Info: []party.InfoField{{Label: "Mode", Value: "Co-op"}}, Launch: json.RawMessage(`{"map": 3}`),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Create = %+v\nwant %+v", got, want)
	}
	if events := w.events(id); len(events) != 1 || events[0] != (inviteEvent{"created", got.ID, p[0].UserID, ""}) {
		t.Errorf("events = %v; want one of the creation", events)
	}
	if n := len(w.host.Notices()); n != 0 {
		t.Errorf("%d notifications for an invite to nobody in particular; want 0", n)
	}
}

func TestService_CreateKindsAndDefaults(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(12)
	id := w.party(p[0], false, 20).String()
	code := w.create(p[0], party.InviteRequest{PartyID: id, Kind: party.CodeInvite})
	if len(code.Code) != 8 || code.MaxUses != 8 || code.ExpiresAt-code.CreatedAt != 300 || code.Kind != party.CodeInvite {
		t.Errorf("Create = %+v; want a code by the rules' defaults", code)
	}
	var many []string
	for _, s := range p[1:] {
		many = append(many, s.UserID, strings.ToUpper(s.UserID))
	}
	for_ := w.create(p[0], party.InviteRequest{PartyID: id, Kind: party.CodeInvite, ForUserIDs: many})
	if len(for_.ForUserIDs) != 11 || for_.MaxUses != 11 {
		t.Errorf("Create = %+v; want each user once and a use for each", for_)
	}
	one := w.create(p[0], party.InviteRequest{PartyID: id, MaxUses: ptr(1), TTLSec: ptr(int64(60))})
	if one.MaxUses != 1 || one.ExpiresAt-one.CreatedAt != 60 {
		t.Errorf("Create = %+v; want what was asked for", one)
	}
}

func TestService_CreateInvalid(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 4).String()
	strangers := make([]string, 101)
	for i := range strangers {
		strangers[i] = uuid.NewString()
	}
	var info9 []party.InfoField
	for i := range 9 {
		info9 = append(info9, party.InfoField{Label: fmt.Sprint(i)})
	}
	for _, c := range []struct {
		field string
		req   party.InviteRequest
	}{
		{"party_id", party.InviteRequest{}},
		{"kind", party.InviteRequest{Kind: "qr"}},
		{"ttl_sec", party.InviteRequest{TTLSec: ptr(int64(0))}},
		{"ttl_sec", party.InviteRequest{TTLSec: ptr(int64(-5))}},
		{"ttl_sec", party.InviteRequest{TTLSec: ptr(int64(720*3600 + 1))}},
		{"ttl_sec", party.InviteRequest{TTLSec: ptr(int64(901)), Kind: party.CodeInvite}},
		{"ttl_sec", party.InviteRequest{TTLSec: ptr(int64(1) << 62)}},
		{"max_uses", party.InviteRequest{MaxUses: ptr(-1)}},
		{"max_uses", party.InviteRequest{MaxUses: ptr(1001)}},
		{"max_uses", party.InviteRequest{MaxUses: ptr(1), HoldSeat: true, ForUserIDs: []string{p[1].UserID, p[2].UserID}}},
		{"for_user_ids", party.InviteRequest{ForUserIDs: []string{"somebody"}}},
		{"for_user_ids", party.InviteRequest{ForUserIDs: []string{""}}},
		{"for_user_ids", party.InviteRequest{ForUserIDs: []string{uuid.Nil.String()}}},
		{"for_user_ids", party.InviteRequest{ForUserIDs: []string{p[0].UserID}}},
		{"for_user_ids", party.InviteRequest{ForUserIDs: []string{p[1].UserID, uuid.NewString()}}},
		{"for_user_ids", party.InviteRequest{ForUserIDs: strangers}},
		{"hold_seat", party.InviteRequest{HoldSeat: true}},
		{"message", party.InviteRequest{Message: strings.Repeat("é", 128)}},
		{"message", party.InviteRequest{Message: "\xff"}},
		{"info", party.InviteRequest{Info: info9}},
		{"info.label", party.InviteRequest{Info: []party.InfoField{{Value: "x"}}}},
		{"info.label", party.InviteRequest{Info: []party.InfoField{{Label: strings.Repeat("x", 64)}}}},
		{"info.value", party.InviteRequest{Info: []party.InfoField{{Label: "x", Value: strings.Repeat("x", 512)}}}},
		{"launch", party.InviteRequest{Launch: json.RawMessage(`"` + strings.Repeat("x", 1023) + `"`)}},
		{"launch", party.InviteRequest{Launch: json.RawMessage(`{"a":`)}},
		{"launch", party.InviteRequest{Launch: json.RawMessage(`{} {}`)}},
	} {
		if c.field != "party_id" {
			c.req.PartyID = id
		}
		_, err := w.invites.Create(t.Context(), caller(p[0]), c.req)
		if party.ReasonOf(err) != party.InvalidRequest || !strings.HasPrefix(err.Error(), "invalid_request: "+c.field+": ") {
			t.Errorf("Create(%+v) = %v; want invalid_request naming %s", c.req, err, c.field)
		}
	}
	if _, writes := w.host.Calls(); writes != 0 || len(w.host.Sent()) != 0 {
		t.Errorf("%d writes, %d events; want none", writes, len(w.host.Sent()))
	}
}

func TestService_CreateLimits(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(1)
	id := w.party(p[0], false, 4).String()
	for _, req := range []party.InviteRequest{
		{Message: strings.Repeat("x", 255)},
		{Info: []party.InfoField{{Label: strings.Repeat("x", 63), Value: strings.Repeat("x", 511)}}},
		{Launch: json.RawMessage(`"` + strings.Repeat("x", 1022) + `"`)},
		{Launch: json.RawMessage("null")},
		{MaxUses: ptr(1000), TTLSec: ptr(int64(720 * 3600))},
	} {
		req.PartyID = id
		w.create(p[0], req)
	}
}

func TestService_CreateRefusals(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], true, 3)
	w.must(w.join(p[1], id))
	req := party.InviteRequest{PartyID: id.String()}
	create := func(c party.Caller, req party.InviteRequest) error {
		_, err := w.invites.Create(ctx, c, req)
		return err
	}
	w.refused(create(caller(p[2]), req), party.NotMember)
	w.refused(create(caller(p[0]), party.InviteRequest{PartyID: "no party"}), party.PartyNotFound)
	w.refused(create(caller(p[0]), party.InviteRequest{PartyID: party.ID{UUID: uuid.New(), Node: "elsewhere"}.String()}), party.PartyNotFound)
	w.refused(create(caller(p[0]), party.InviteRequest{PartyID: id.String(), HoldSeat: true, ForUserIDs: []string{p[2].UserID, p[3].UserID}}), party.PartyFull)
	w.held(id, 0)

	w.conf.Invites.Who = rules.InviteLeader
	w.refused(create(caller(p[1]), req), party.NotLeader)
	w.must(create(overHTTP(p[0]), req))

	w.judge = func(q party.Question) error {
		if q.Action != rules.ActionInvite || q.Invited || q.Caller.UserID != p[0].UserID || q.View.ID != id {
			t.Errorf("question = %+v; want the invite", q)
		}
		return &party.Error{Reason: party.RuleDenied, Rule: "quiet", Message: "Not now."}
	}
	w.refused(create(caller(p[0]), req), party.RuleDenied)
	w.judge = nil

	w.conf.Limits.InviteCreate = rules.Rate{N: 2, Per: time.Minute}
	w.refused(create(caller(p[0]), party.InviteRequest{PartyID: id.String(), HoldSeat: true, ForUserIDs: []string{p[2].UserID, p[3].UserID}}), party.PartyFull)
	w.must(create(caller(p[0]), req))
	w.must(create(caller(p[0]), req))
	w.refused(create(caller(p[0]), req), party.RateLimited)
}

func TestService_CreateTellsTargets(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], false, 8)
	w.host.Block(p[3].UserID, p[0].UserID)
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID, p[2].UserID, p[3].UserID}, Message: "Come!"})
	notices := w.host.Notices()
	if len(notices) != 2 {
		t.Fatalf("%d notifications; want one for each target without a block", len(notices))
	}
	for i, n := range notices {
		want := map[string]any{"party_id": id.String(), "url": made.URL, "code": made.Code, "from": "player1", "message": "Come!"}
		if n.UserID != p[i+1].UserID || n.Sender != p[0].UserID || n.Code != 1001 || n.Subject != "party_invite" || !n.Persistent || !reflect.DeepEqual(n.Content, want) {
			t.Errorf("notification = %+v; want %v", n, want)
		}
	}
	// An invite stays valid even if nobody can be notified.
	w.host.NotifyError = fmt.Errorf("no notifications today")
	w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}})
}

func TestService_KeepsCodesSecret(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 8)
	w.host.NotifyError = fmt.Errorf("no notifications today")
	for _, kind := range []party.InviteKind{party.LinkInvite, party.CodeInvite} {
		made := w.create(p[0], party.InviteRequest{PartyID: id.String(), Kind: kind, ForUserIDs: []string{p[1].UserID}})
		w.must(w.redeem(p[1], made.Code))
		for _, text := range append(append(w.host.Values(), w.log.Lines()...), fmt.Sprint(w.events(id))) {
			if strings.Contains(text, made.Code) {
				t.Errorf("the code is in %q", text)
			}
		}
	}
	objects, _, err := w.host.StorageList(t.Context(), "", "", "partyline_invites", 100, "")
	if err != nil || len(objects) != 2 {
		t.Fatalf("StorageList = %v, %v", objects, err)
	}
	for _, o := range objects {
		if len(o.Key) != 64 || o.PermissionRead != 0 || o.PermissionWrite != 0 {
			t.Errorf("object %v; want a hash nobody can read", o)
		}
	}
}
