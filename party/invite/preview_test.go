package invite_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/ledger"
)

func TestService_Preview(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 3)
	made := w.create(p[0], party.InviteRequest{
		PartyID: id.String(), HoldSeat: true, ForUserIDs: []string{p[1].UserID}, Message: "Come!", Launch: json.RawMessage(`{}`),
	})
	got, err := w.invites.Preview(ctx, overHTTP(p[1]), made.Code)
	inviter := party.Profile{UserID: p[0].UserID, Username: "player1", DisplayName: "The player1", AvatarURL: "https://img.example/player1"}
	want := party.Preview{
		ID: made.ID, State: party.StateOpen, Inviter: inviter,
		Party: &party.PartyPreview{
			PartyID: id.String(), Size: 1, MaxSize: 3, Held: 1, OnTheWay: 1, LeaderUserID: p[0].UserID, Members: []party.MemberProfile{{Profile: inviter}},
		},
		Message: "Come!", Info: []party.InfoField{}, Launch: json.RawMessage(`{}`), ExpiresAt: made.ExpiresAt, MatchID: "match.node",
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Preview = %+v, %v\nwant %+v", got, err, want)
	}
	for _, c := range []party.Caller{caller(p[0]), caller(p[1])} {
		if _, err := w.invites.Preview(ctx, c, made.Code); err != nil {
			t.Error(err)
		}
	}
	_, err = w.invites.Preview(ctx, caller(p[2]), made.Code)
	w.refused(err, party.InviteNotForYou)
	w.members(id, p[0])
	if n := w.uses(p[0], id); n != 0 {
		t.Errorf("%d uses; want 0", n)
	}
}

func TestService_PreviewStates(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], false, 3)
	state := func(s party.Session, code string, want party.InviteState) {
		t.Helper()
		w.clock.Advance(2 * time.Second) // longer than a public preview is cached
		got, err := w.invites.Preview(ctx, caller(s), code)
		if err != nil || got.State != want || (got.Party == nil) != (want == party.StatePartyGone) {
			t.Errorf("Preview = %+v, %v; want %s", got, err, want)
		}
		if want == party.StatePartyGone && (got.Launch != nil || got.MatchID != "") {
			t.Errorf("Preview = %+v of a party that is gone; want no way on", got)
		}
		public, err := w.invites.PublicPreview(ctx, code, "")
		if err != nil || public.State != want && s != p[1] {
			t.Errorf("PublicPreview = %+v, %v; want %s", public, err, want)
		}
	}
	once := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)}).Code
	many := w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(3600))}).Code
	held := w.create(p[0], party.InviteRequest{PartyID: id.String(), HoldSeat: true, ForUserIDs: []string{p[2].UserID}, Launch: json.RawMessage(`{}`)}).Code
	revoked := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	state(p[1], once, party.StateOpen)
	w.must(w.redeem(p[1], once))
	state(p[1], once, party.StateOpen) // the use belongs to the user
	state(p[3], once, party.StateExhausted)
	state(p[3], many, party.StateFull) // the last seat is held for another user
	state(p[2], held, party.StateOpen) // for this user
	w.lock = party.Refuse(party.PartyLocked, "locked")
	state(p[3], many, party.StateLocked)
	state(p[1], once, party.StateOpen) // a member already
	w.lock = nil
	w.must(w.admission.Visit(ctx, id, func(v *ledger.Visit) error {
		v.Book.Join(p[3].UserID, "", w.clock.Now())
		return nil
	}))
	if got, err := w.invites.Preview(ctx, caller(p[3]), many); err != nil || got.Waiting != 1 {
		t.Errorf("Preview = %+v, %v; want one who waits", got, err)
	}
	w.must(w.invites.Revoke(ctx, caller(p[0]), revoked.ID, ""))
	state(p[3], revoked.Code, party.StateRevoked)
	w.clock.Advance(time.Hour)
	state(p[3], many, party.StateExpired)
	w.host.PartyClose(id)
	w.admission.Closed(ctx, id)
	state(p[2], held, party.StatePartyGone)
}

func TestService_PublicPreviewHidesWhatIsNotPublic(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 3)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), Launch: json.RawMessage(`{"secret":1}`)}).Code
	w.must(w.redeem(p[1], code))
	look := func(shown int) {
		t.Helper()
		w.clock.Advance(2 * time.Second)
		got, err := w.invites.PublicPreview(ctx, code, "192.0.2.1")
		if err != nil || got.Launch != nil || got.MatchID != "" || got.Party.Size != 2 || len(got.Party.Members) != shown || (got.Party.LeaderUserID != "") != (shown > 0) {
			t.Errorf("PublicPreview = %+v, %+v, %v; want %d members and no launch data", got, got.Party, err, shown)
		}
		if got.Inviter.DisplayName != "The player1" || got.State != party.StateOpen {
			t.Errorf("PublicPreview = %+v; want the inviter and the state", got)
		}
	}
	look(2)
	w.admission.Updated(ctx, id, false, true, "")
	look(0)
	w.admission.Updated(ctx, id, false, false, "")
	w.conf.Invites.Page.ShowMembers = false
	look(0)
	for _, wrong := range []string{"", "nonsense", "0000000000000000"} {
		_, err := w.invites.PublicPreview(ctx, wrong, "192.0.2.1")
		w.refused(err, party.InviteNotFound)
	}
}

func TestService_PublicPreviewIsKeptForASecond(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 3)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	size := func(want int) {
		t.Helper()
		if got, err := w.invites.PublicPreview(ctx, code, ""); err != nil || got.Party.Size != want {
			t.Errorf("PublicPreview = %+v, %v; want %d members", got.Party, err, want)
		}
	}
	size(1)
	reads, _ := w.host.Calls()
	for range 100 {
		size(1)
	}
	if r, _ := w.host.Calls(); r != reads {
		t.Errorf("%d reads for a preview a moment old; want 0", r-reads)
	}
	w.must(w.redeem(p[1], code))
	size(2) // a change of the invite itself shows at once
	w.host.PartyLeave(p[1], id)
	w.clock.Advance(time.Second)
	size(1)
}

func TestService_PreviewShowsStatuses(t *testing.T) {
	w := newWorld(t)
	user := w.host.User("loading")
	s := w.host.ConnectAs(user, anySession)
	id := w.party(s, false, 3)
	code := w.create(s, party.InviteRequest{PartyID: id.String()}).Code
	got, err := w.invites.PublicPreview(t.Context(), code, "")
	if err != nil || len(got.Party.Members) != 1 {
		t.Fatalf("PublicPreview = %+v, %v", got.Party, err)
	}
	if m := got.Party.Members[0]; m.Stage != "downloading" || *m.Progress != 0.5 || m.Text != "level 2" {
		t.Errorf("member = %+v; want its status", m)
	}
}
