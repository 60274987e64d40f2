package reconnect_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
)

// firstVersion is the records of parties and users as the first version decoded them.
type firstVersion struct {
	PartyID string `json:"party_id"`
	Kicks   map[string]struct {
		At    int64 `json:"at"`
		Until int64 `json:"until"`
	} `json:"kicks"`
	Seats map[string]struct {
		SessionID string `json:"session_id"`
		Username  string `json:"username"`
		Joined    int64  `json:"joined"`
		Since     int64  `json:"since"`
		Until     int64  `json:"until"`
		Led       string `json:"led"` // this and the following fields exist only in later versions
	} `json:"seats"`
	MaxSize int              `json:"max_size"`
	Open    bool             `json:"open"`
	Created int64            `json:"created"`
	Parties map[string]int64 `json:"parties"`
}

// decodeFirstVersion returns what the first version reads from an object. It must know every field except the ones it
// skips.
func decodeFirstVersion(t *testing.T, value string) (r firstVersion) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%s: %v", value, err)
	}
	return r
}

// A party goes on at a node of today, with storage of a node of the first version: kicks and kept seats count. What is
// written then has the same fields.
func TestUpgrade_FromTheFirstVersion(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(4)
	leader, away, kicked, stays := p[0], p[1], p[2], p[3]
	id := w.party(true, 4, leader, away, stays)
	w.host.Disconnect(away) // the other node knows of it
	since, until := w.now(), w.now().Add(minute)
	kicks := fmt.Sprintf(`{"party_id":%q,"kicks":{%q:{"at":%d,"until":%d}}}`, id, kicked.UserID, party.Nanos(since), party.Nanos(until))
	seats := fmt.Sprintf(`{"party_id":%q,"seats":{%q:{"session_id":%q,"username":%q,"joined":%d,"since":%d,"until":%d}}}`,
		id, away.UserID, away.SessionID, away.Username, party.Nanos(since.Add(-time.Hour)), party.Nanos(since), party.Nanos(until))
	index := fmt.Sprintf(`{"parties":{%q:%d}}`, id, party.Nanos(until))
	_, err := w.host.StorageWrite(t.Context(), []*runtime.StorageWrite{
		{Collection: "partyline_kicks", Key: id.UUID.String(), Value: kicks},
		{Collection: "partyline_seats", Key: id.UUID.String(), Value: seats},
		{Collection: "partyline_away", Key: away.UserID, Value: index},
	})
	w.must(err)
	read := func(collection, key string) string {
		t.Helper()
		objects, err := w.host.StorageRead(t.Context(), []*runtime.StorageRead{{Collection: collection, Key: key}})
		w.must(err)
		if len(objects) != 1 {
			t.Fatalf("%d objects %s/%s; want 1", len(objects), collection, key)
		}
		return objects[0].Value
	}

	w.node = w.newNode()
	w.refused(w.join(kicked, id), party.Banned)
	w.members(id, 1, leader, stays)

	// The next write moves both, and nothing is lost.
	w.drop(stays)
	moved := decodeFirstVersion(t, read("partyline_parties", id.UUID.String()))
	if want := decodeFirstVersion(t, kicks); moved.PartyID != want.PartyID || !reflect.DeepEqual(moved.Kicks, want.Kicks) {
		t.Errorf("kicks are %+v; want %+v", moved, want)
	}
	if want := decodeFirstVersion(t, seats); moved.Seats[away.UserID] != want.Seats[away.UserID] || len(moved.Seats) != 2 {
		t.Errorf("seats are %+v; want two, with %+v", moved.Seats, want.Seats)
	}
	if n := w.host.Objects("partyline_kicks") + w.host.Objects("partyline_seats"); n != 0 {
		t.Errorf("%d objects of the first version are left; they would be counted twice", n)
	}
	if got := decodeFirstVersion(t, read("partyline_away", stays.UserID)); got.Parties[id.String()] <= party.Nanos(since) {
		t.Errorf("the first version finds %+v for a user who is away", got)
	}
	back := w.resumeInto(away.UserID, id)
	w.members(id, 1, leader, back)
	w.refused(w.join(kicked, id), party.Banned)
}
