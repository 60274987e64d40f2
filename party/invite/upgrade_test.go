package invite_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// firstInvite is an invite's record as the first version decoded it.
type firstInvite struct {
	ID        string            `json:"id"`
	PartyID   string            `json:"party_id"`
	Kind      party.InviteKind  `json:"kind"`
	By        string            `json:"by"`
	ByName    string            `json:"by_name"`
	CreatedAt int64             `json:"created_at"`
	ExpiresAt int64             `json:"expires_at"`
	MaxUses   int               `json:"max_uses"`
	Uses      int               `json:"uses"`
	For       []string          `json:"for"`
	Hold      bool              `json:"hold"`
	Follow    bool              `json:"follow"`
	Message   string            `json:"message"`
	Info      []party.InfoField `json:"info"`
	Launch    string            `json:"launch"`
	Seq       int64             `json:"seq"`
	Claims    []struct {
		User string `json:"u"`
		Seq  int64  `json:"s"`
	} `json:"claims"`
	Declined  []string `json:"declined"`
	RevokedAt int64    `json:"revoked_at"`
}

// firstPointer is an index entry as the first version decoded it.
type firstPointer struct {
	Key       string `json:"key"`
	By        string `json:"by"`
	Hold      bool   `json:"hold"`
	ExpiresAt int64  `json:"expires_at"`
}

// readFirst decodes a collection's only object as the first version did, and fails for unknown fields.
func readFirst[T any](t *testing.T, w *world, collection, key string) (r T) {
	t.Helper()
	objects, err := w.host.StorageRead(t.Context(), []*runtime.StorageRead{{Collection: collection, Key: key}})
	if err != nil || len(objects) != 1 {
		t.Fatalf("read %s/%s: %d objects, %v; want 1", collection, key, len(objects), err)
	}
	d := json.NewDecoder(strings.NewReader(objects[0].Value))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%s: %v", objects[0].Value, err)
	}
	return r
}

func keyOf(code string) string {
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:])
}

// An invite of the first version, with one of two uses left, can be redeemed once. The first version can read the
// changed record, and new invites.
func TestUpgrade_FromTheFirstVersion(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], false, 4)
	const code, inviteID = "0123456789ABCDEF", "11111111-2222-4333-8444-555555555555"
	now := w.clock.Now()
	value := fmt.Sprintf(`{"id":%q,"party_id":%q,"kind":"link","by":%q,"by_name":%q,"created_at":%d,"expires_at":%d,"max_uses":2,"uses":1,"message":"Come!","launch":"[1]","seq":1,"claims":[{"u":%q,"s":1}]}`,
		inviteID, id, p[0].UserID, p[0].Username, now.UnixNano(), now.Add(time.Hour).Unix(), p[1].UserID)
	pointer := fmt.Sprintf(`{"key":%q,"by":%q,"expires_at":%d}`, keyOf(code), p[0].UserID, now.Add(time.Hour).Unix())
	_, err := w.host.StorageWrite(t.Context(), []*runtime.StorageWrite{
		{Collection: "partyline_invites", Key: keyOf(code), Value: value},
		{Collection: "partyline_invite_ids", Key: inviteID, Value: pointer},
		{Collection: "partyline_party_invites_" + id.UUID.String(), Key: inviteID, Value: pointer},
	})
	w.must(err)

	w.node = w.start()
	got, err := w.invites.Redeem(t.Context(), caller(p[2]), code, "")
	if err != nil || !got.Joined || got.Message != "Come!" || string(got.Launch) != "[1]" {
		t.Errorf("Redeem = %+v, %v", got, err)
	}
	w.must(w.redeem(p[1], code)) // the user who already had a use
	w.refused(w.redeem(p[3], code), party.InviteExhausted)
	w.members(id, p[0], p[2], p[1])
	if r := readFirst[firstInvite](t, w, "partyline_invites", keyOf(code)); r.Uses != 2 || len(r.Claims) != 2 || r.Launch != "[1]" || r.By != p[0].UserID {
		t.Errorf("the first version reads %+v", r)
	}

	one := 1
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: &one, Launch: json.RawMessage(`{"a":1}`)})
	if r := readFirst[firstInvite](t, w, "partyline_invites", keyOf(made.Code)); r.ID != made.ID || r.PartyID != id.String() || r.MaxUses != 1 || r.Launch != `{"a":1}` {
		t.Errorf("the first version reads a new invite as %+v", r)
	}
	for _, collection := range []string{"partyline_invite_ids", "partyline_party_invites_" + id.UUID.String()} {
		if ptr := readFirst[firstPointer](t, w, collection, made.ID); ptr.Key != keyOf(made.Code) || ptr.By != p[0].UserID {
			t.Errorf("the first version reads in %s %+v", collection, ptr)
		}
	}
}
