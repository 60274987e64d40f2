package reserve_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"partyline/party"
	"partyline/party/reserve"
)

func TestRecord_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t)
		r := reserve.NewRecord()
		maps.Copy(r.Kicks, s.book.Kicks)
		for u, k := range s.book.Kept {
			k.Joined, k.Led, k.Member.Username = epoch, "leader", "name"
			r.Seats[u] = k.Seat
		}
		r.Waiting["w"] = reserve.Waiter{UserID: "w", Invite: "i", Since: epoch, Until: epoch.Add(1), Told: epoch.Add(3), Absent: epoch.Add(2)}
		r.Waiting["x"] = reserve.Waiter{UserID: "x", Open: true, Since: epoch}
		if rapid.Bool().Draw(t, "standing") {
			r.Facts = party.Facts{MaxSize: s.view.MaxSize, Open: s.view.Open, Hidden: !s.view.Open, Label: "label", CreatedAt: epoch, Attributes: s.view.Open}
			r.Native, r.Away, r.Members, r.Ages = s.view.ID, s.view.Open, map[string]party.Member{}, map[string]party.Age{"q": {Since: epoch}, "r": {Waited: time.Second}}
			if rapid.Bool().Draw(t, "moved") {
				r.Native.Node = "another"
			}
			for _, m := range s.view.Members {
				r.Members[m.UserID] = m
			}
		}
		value, err := r.Encode(s.view.ID)
		if err != nil {
			t.Fatal(err)
		}
		back := reserve.NewRecord()
		if err := back.Add(s.view.ID, value); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, r) {
			t.Errorf("read %+v; want %+v", back, r)
		}
	})
}

// The two objects of an older build become one record.
func TestRecord_OlderBuilds(t *testing.T) {
	id := party.ID{UUID: uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), Node: "n"}
	r := reserve.NewRecord()
	for _, value := range []string{
		`{"party_id":"` + id.String() + `","kicks":{"u":{"at":1000000000,"until":2000000000}}}`,
		`{"party_id":"` + id.String() + `","seats":{"v":{"session_id":"s","username":"n","joined":1,"since":2,"until":3}}}`,
	} {
		if err := r.Add(id, value); err != nil {
			t.Fatal(err)
		}
	}
	if k := r.Kicks["u"]; k.At.Unix() != 1 || k.Until.Unix() != 2 {
		t.Errorf("kick = %+v", k)
	}
	if s := r.Seats["v"]; s.Member != (party.Session{UserID: "v", SessionID: "s", Username: "n"}) || s.ID != id || s.Until.UnixNano() != 3 {
		t.Errorf("seat = %+v", s)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(`{"kicks":{"u":{"at":1,"until":2}},"seats":{"v":{"until":3}}}`)
	f.Add(`{"kicks":[],"seats":7}`)
	f.Fuzz(func(t *testing.T, value string) {
		id := party.ID{UUID: uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), Node: "n"}
		r := reserve.NewRecord()
		if r.Add(id, value) != nil {
			return
		}
		text, err := r.Encode(id)
		if err != nil {
			t.Fatal(err)
		}
		if err := reserve.NewRecord().Add(id, text); err != nil {
			t.Errorf("cannot read back %q: %v", text, err)
		}
	})
}

// A record keeps only the newest kicks, up to the limit.
func TestRecord_ForgetsTheOldestKicks(t *testing.T) {
	id := party.ID{UUID: uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), Node: "n"}
	r := reserve.NewRecord()
	for i := range reserve.MaxKicks + 1 {
		r.Kicks[fmt.Sprint(i)] = reserve.Kick{At: epoch.Add(time.Duration(i)), Until: epoch.Add(time.Hour)}
	}
	value, err := r.Encode(id)
	if err != nil {
		t.Fatal(err)
	}
	back := reserve.NewRecord()
	if err := back.Add(id, value); err != nil {
		t.Fatal(err)
	}
	if _, oldest := back.Kicks["0"]; oldest || len(back.Kicks) != reserve.MaxKicks {
		t.Errorf("%d kicks, the oldest %v; want %d without it", len(back.Kicks), oldest, reserve.MaxKicks)
	}
	if strings.Contains(value, `"native"`) {
		t.Errorf("a party that never moved names another one: %.200s", value)
	}
}

func TestRecord_Purge(t *testing.T) {
	r := reserve.NewRecord()
	r.Kicks["u"] = reserve.Kick{Until: epoch}
	r.Seats["u"] = party.Seat{Until: epoch}
	r.Waiting["has a seat"] = reserve.Waiter{Until: epoch}
	r.Waiting["waits"] = reserve.Waiter{}
	for _, c := range []struct {
		now  time.Time
		left [3]int
	}{{epoch.Add(-1), [3]int{1, 1, 2}}, {epoch, [3]int{0, 1, 2}}} {
		r.Purge(c.now)
		if left := [3]int{len(r.Kicks), len(r.Seats), len(r.Waiting)}; left != c.left || r.Empty() {
			t.Errorf("at %v there are %v; want %v", c.now, left, c.left)
		}
	}
	r.Kicks["u"] = reserve.Kick{}
	r.Clear()
	if !r.Empty() || r.Waiting == nil {
		t.Errorf("cleared, and still %+v", r)
	}
	for name, r := range map[string]reserve.Record{
		"kick":   {Kicks: map[string]reserve.Kick{"u": {}}, Standing: &reserve.Standing{}},
		"seat":   {Seats: map[string]party.Seat{"u": {}}, Standing: &reserve.Standing{}},
		"wait":   {Waiting: map[string]reserve.Waiter{"u": {}}, Standing: &reserve.Standing{}},
		"member": {Standing: &reserve.Standing{Members: map[string]party.Member{"u": {}}}},
		"both":   {Kicks: map[string]reserve.Kick{"u": {}}, Standing: &reserve.Standing{Members: map[string]party.Member{"u": {}}}},
	} {
		if r.Empty() {
			t.Errorf("a record of a %s is empty", name)
		}
	}
}

// After a restart every member has a kept seat for a while, except members who were kicked since they came in. Seats
// kept before stay at least as long, and seats that were over stay over.
func TestRecord_Lost(t *testing.T) {
	const within = time.Minute
	v := newParty(8, 0, 1, 2, 3)
	r := reserve.NewRecord()
	r.Native, r.Members = v.ID, map[string]party.Member{}
	for i, m := range v.Members {
		m.Leader = i == 2
		r.Members[m.UserID] = m
	}
	kicked, kept := session(1, 0).UserID, session(3, 0).UserID
	r.Kicks[kicked] = reserve.Kick{At: epoch.Add(time.Second), Until: epoch.Add(time.Hour)}
	r.Kicks[session(0, 0).UserID] = reserve.Kick{At: epoch.Add(-time.Second), Until: epoch.Add(time.Hour)} // came in again after the kick
	r.Waiting["w"] = reserve.Waiter{UserID: "w", Since: epoch, Until: epoch.Add(time.Hour)}
	for user, until := range map[string]time.Duration{kept: time.Second, "over": 0, "longer": time.Hour} {
		r.Seats[user] = party.Seat{Member: party.Session{UserID: user}, Since: epoch.Add(-time.Second), Until: epoch.Add(until)}
	}
	r.Seats["since"] = party.Seat{Since: epoch, Until: epoch.Add(time.Second)}
	id := party.ID{Node: "origin"}
	r.Lost(id, epoch, within)

	leader := session(2, 0)
	want := party.Seat{ID: id, Member: leader, Joined: v.Members[2].JoinedAt, Since: epoch, Until: epoch.Add(within), Led: leader.UserID}
	if s := r.Seats[leader.UserID]; s != want {
		t.Errorf("the leader's seat is %+v; want %+v", s, want)
	}
	if s := r.Seats[session(0, 0).UserID]; s.Led != leader.UserID {
		t.Errorf("%q led, says a seat; want %q", s.Led, leader.UserID)
	}
	if s, has := r.Seats[kicked]; has {
		t.Errorf("a seat is kept for who was kicked: %+v", s)
	}
	for user, until := range map[string]time.Duration{kept: within, "over": 0, "longer": time.Hour, "since": time.Second} {
		if s := r.Seats[user]; !s.Until.Equal(epoch.Add(until)) || s.Led != "" {
			t.Errorf("%s: the seat is kept until %v, led by %q; want %v after the start", user, s.Until, s.Led, until)
		}
	}
	if w := r.Waiting["w"]; !w.Until.IsZero() || !w.Since.Equal(epoch) {
		t.Errorf("in line with nobody there: %+v", w)
	}
	if !r.Away || len(r.Members) != 0 {
		t.Errorf("away %v with %d members", r.Away, len(r.Members))
	}
}
