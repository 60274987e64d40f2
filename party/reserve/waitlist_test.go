package reserve_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/reserve"
)

// newParty returns a party of these players; the first one leads.
func newParty(maxSize int, users ...int) party.View {
	v := party.View{Facts: party.Facts{MaxSize: maxSize}}
	for i, u := range users {
		v.Members = append(v.Members, party.Member{Session: session(u, 0), JoinedAt: epoch.Add(time.Duration(i)), Leader: i == 0})
	}
	return v
}

// newWaitlist returns a book in which these users wait in this order. All came at the same time.
func newWaitlist(users ...string) reserve.Book {
	b := reserve.NewBook()
	for _, u := range users {
		b.Join(u, "", epoch)
	}
	return b
}

// hold sets a seat as held for a waiting user.
func hold(b reserve.Book, user string, until time.Time) {
	w := b.Waiting[user]
	w.Until = until
	b.Waiting[user] = w
}

func TestJoin(t *testing.T) {
	b := reserve.NewBook()
	b.Join("b", "", epoch)
	b.Join("a", "invite", epoch)
	b.Join("c", "", epoch.Add(-time.Hour)) // the clock was set back
	for i, w := range b.Waitlist() {
		if want := []string{"b", "a", "c"}[i]; w.UserID != want || b.Place(want) != i+1 {
			t.Errorf("%q is in place %d, and says %d; want %q", w.UserID, i+1, b.Place(want), want)
		}
		if w.Open != (w.Invite == "") {
			t.Errorf("%q came by the invite %q, open %v", w.UserID, w.Invite, w.Open)
		}
	}
	if place := b.Place("d"); place != 0 {
		t.Errorf("somebody who does not wait is in place %d", place)
	}
}

// A free seat is promised first to users with a held seat, then in the order in which they came.
func TestPromised(t *testing.T) {
	in := session(0, 0).UserID
	for name, c := range map[string]struct {
		book func(reserve.Book)
		want string
	}{
		"no_more_than_are_free": {func(reserve.Book) {}, "ab"},
		"holds_are_not_free":    {func(b reserve.Book) { b.Holds["i"] = reserve.Hold{UserIDs: []string{"x"}} }, "a"},
		"held_first":            {func(b reserve.Book) { hold(b, "c", epoch) }, "ca"},
		"blocked":               {func(b reserve.Book) { b.Waiting["a"] = reserve.Waiter{UserID: "a", Blocked: true} }, "bc"},
		"kicked_since":          {func(b reserve.Book) { b.Ban("a", epoch.Add(1), time.Hour, true) }, "bc"},
		"kicked_before_it_came": {func(b reserve.Book) { b.Ban("a", epoch, time.Hour, true) }, "ab"},
		"has_a_seat_already":    {func(b reserve.Book) { b.Holds["i"] = reserve.Hold{UserIDs: []string{"a"}} }, "b"},
		"is_in":                 {func(b reserve.Book) { b.Join(in, "", epoch); hold(b, in, epoch) }, "ab"},
		"nothing_free":          {func(b reserve.Book) { b.Holds["i"] = reserve.Hold{UserIDs: []string{"x", "y"}} }, ""},
		"those_who_join_count":  {func(b reserve.Book) { b.Pending["s"] = &reserve.PendingJoin{Session: session(7, 0)} }, "a"},
		"a_kept_seat_is_counted": {func(b reserve.Book) {
			b.KeepSeat(party.ID{}, party.Member{Session: session(7, 0)}, "", epoch, time.Hour)
		}, "a"},
	} {
		b := newWaitlist("a", "b", "c")
		c.book(b)
		got := ""
		for _, u := range b.Promised(newParty(4, 0, 1)) {
			got += u
		}
		if got != c.want {
			t.Errorf("%s: seats for %q; want %q", name, got, c.want)
		}
	}
}

// Only users before them take seats from a waiting user.
func TestSeats_InLine(t *testing.T) {
	b := newWaitlist("a", "b", "c")
	for user, before := range map[string]int{"a": 0, "b": 1, "c": 2, "x": 2} {
		if taken, held := b.Seats(newParty(4, 0, 1), user); taken != 2 || held != before {
			t.Errorf("for %q %d seats are taken and %d held; want 2 and %d", user, taken, held, before)
		}
	}
}

func TestCandidates(t *testing.T) {
	b := newWaitlist("a", "b", "c", "d")
	hold(b, "d", epoch)
	b.Holds["i"] = reserve.Hold{UserIDs: []string{"b"}}
	b.Ban("c", epoch.Add(time.Minute), time.Hour, true)
	b.Waiting["a"] = reserve.Waiter{UserID: "a", Blocked: true} // the block may be over
	got := ""
	for _, w := range b.Candidates(newParty(2, 0, 1)) {
		got += w.UserID
	}
	if got != "da" {
		t.Errorf("candidates are %q; want %q", got, "da")
	}
}

func TestServe(t *testing.T) {
	const forSeat = time.Minute
	free := map[string]bool{"a": false, "b": false, "c": false}
	for name, c := range map[string]struct {
		book    func(reserve.Book)
		closed  bool
		blocked map[string]bool
		offered []string
		held    []string
		changed bool
		out     int
	}{
		"who_came_first":      {blocked: free, offered: []string{"a", "b"}, held: []string{"a", "b"}, changed: true},
		"nobody_unknown":      {blocked: map[string]bool{"b": false}, offered: []string{"b"}, held: []string{"b"}, changed: true},
		"nobody_blocked":      {blocked: map[string]bool{"a": true, "b": false, "c": false}, offered: []string{"b", "c"}, held: []string{"b", "c"}, changed: true},
		"no_stranger":         {blocked: map[string]bool{"x": false}},
		"not_twice":           {book: func(b reserve.Book) { hold(b, "a", epoch.Add(1)) }, blocked: free, offered: []string{"b"}, held: []string{"a", "b"}, changed: true},
		"nothing_new":         {book: func(b reserve.Book) { hold(b, "a", epoch.Add(1)); hold(b, "b", epoch.Add(1)) }, blocked: free, held: []string{"a", "b"}},
		"nobody_while_closed": {blocked: free, closed: true},
		"not_come":            {book: func(b reserve.Book) { hold(b, "a", epoch) }, blocked: free, offered: []string{"b", "c"}, held: []string{"b", "c"}, changed: true, out: 1},
		"could_not_come":      {book: func(b reserve.Book) { hold(b, "a", epoch) }, blocked: free, closed: true, changed: true},
		"back_when_closed":    {book: func(b reserve.Book) { hold(b, "a", epoch.Add(1)) }, blocked: free, closed: true, changed: true},
		"back_when_blocked":   {book: func(b reserve.Book) { hold(b, "a", epoch.Add(1)) }, blocked: map[string]bool{"a": true}, changed: true},
	} {
		b := newWaitlist("a", "b", "c")
		if c.book != nil {
			c.book(b)
		}
		offered, changed := b.Serve(newParty(4, 0, 1), epoch, forSeat, c.closed, c.blocked)
		if !slices.Equal(offered, c.offered) || changed != c.changed {
			t.Errorf("%s: offered %q, changed %v; want %q, %v", name, offered, changed, c.offered, c.changed)
		}
		var held []string
		for _, w := range b.Waitlist() {
			if !w.Until.IsZero() {
				held = append(held, w.UserID)
			}
			if slices.Contains(offered, w.UserID) && !w.Until.Equal(epoch.Add(forSeat)) {
				t.Errorf("%s: the seat of %q is held until %v", name, w.UserID, w.Until)
			}
		}
		if !slices.Equal(held, c.held) || len(b.Waiting) != 3-c.out {
			t.Errorf("%s: seats are held for %q of %d; want %q of %d", name, held, len(b.Waiting), c.held, 3-c.out)
		}
	}
}

// A place on the wait list survives a short time without a socket. Each such time counts separately.
// A player who was told until when a seat is held has it until then, also if the party was away or locked in between
// and the rules hold seats for a shorter time since.
func TestServe_keepsTheTimeThatWasTold(t *testing.T) {
	b, v := newWaitlist("a", "b"), newParty(2, 0)
	none := map[string]bool{"a": false, "b": false}
	b.Serve(v, epoch, time.Minute, false, none)
	for closed := range 2 {
		now := epoch.Add(time.Duration(closed+1) * time.Second)
		b.Serve(v, now, time.Second, true, none)
		if w := b.Waiting["a"]; !w.Until.IsZero() {
			t.Errorf("a seat is held until %v while nobody may enter", w.Until)
		}
		b.Serve(v, now, time.Second, false, none)
		if w := b.Waiting["a"]; !w.Until.Equal(epoch.Add(time.Minute)) {
			t.Errorf("held until %v; want what was told", w.Until)
		}
	}
	b.Serve(v, epoch.Add(59*time.Second), time.Minute, true, none)
	b.Serve(v, epoch.Add(59*time.Second), time.Minute, false, none)
	if w := b.Waiting["a"]; !w.Until.Equal(epoch.Add(119 * time.Second)) {
		t.Errorf("held until %v; want a whole new time", w.Until)
	}
}

// The seat goes to the player who was told of it, also if a player ahead of them can come again when the party opens.
func TestServe_keepsTheSeatThatWasTold(t *testing.T) {
	b, v := newWaitlist("a", "b"), newParty(2, 0)
	b.Serve(v, epoch, time.Minute, false, map[string]bool{"a": true, "b": false})
	both := map[string]bool{"a": false, "b": false}
	b.Serve(v, epoch.Add(time.Second), time.Minute, true, both)
	if first := b.Candidates(v)[0].UserID; first != "b" {
		t.Errorf("%s is asked first; want the one who was told", first)
	}
	b.Serve(v, epoch.Add(2*time.Second), time.Second, false, both)
	if w := b.Waiting["b"]; !w.Until.Equal(epoch.Add(time.Minute)) {
		t.Errorf("b was told %v, and has a seat until %v", epoch.Add(time.Minute), w.Until)
	}
	b.Serve(v, epoch.Add(3*time.Second), time.Minute, true, both)
	b.Serve(v, epoch.Add(2*time.Minute), time.Minute, true, both) // b's time is over
	b.Serve(v, epoch.Add(2*time.Minute), time.Minute, false, both)
	if w := b.Waiting["a"]; !w.Until.Equal(epoch.Add(3 * time.Minute)) {
		t.Errorf("the first in line has a seat until %v", w.Until)
	}
}

// A seat that is held goes to nobody else, also not to a player who was told of it before them.
func TestServe_keepsTheSeatThatIsHeld(t *testing.T) {
	b, v := newWaitlist("a", "b"), newParty(2, 0)
	both := map[string]bool{"a": false, "b": false}
	b.Serve(v, epoch, time.Minute, false, both)
	b.Serve(v, epoch.Add(time.Second), time.Minute, false, map[string]bool{"a": true, "b": false})
	until := b.Waiting["b"].Until
	offered, _ := b.Serve(v, epoch.Add(2*time.Second), time.Minute, false, both)
	if w := b.Waiting["b"]; until.IsZero() || !w.Until.Equal(until) || len(offered) > 0 {
		t.Errorf("b's seat was held until %v, and is until %v; offered %v", until, w.Until, offered)
	}
}

// A build that did not store what was told stored until when the seat is held.
func TestServe_toldByAnOlderBuild(t *testing.T) {
	r := reserve.NewRecord()
	if err := r.Add(party.ID{}, fmt.Sprintf(`{"waiting": {"a": {"since": 1, "until": %d, "open": true}}}`, party.Nanos(epoch.Add(time.Minute)))); err != nil {
		t.Fatal(err)
	}
	b, v, nobody := newWaitlist(), newParty(2, 0), map[string]bool{"a": false}
	b.Waiting["a"] = r.Waiting["a"]
	b.Serve(v, epoch.Add(time.Second), time.Second, true, nobody)
	b.Serve(v, epoch.Add(2*time.Second), time.Second, false, nobody)
	if w := b.Waiting["a"]; !w.Until.Equal(epoch.Add(time.Minute)) {
		t.Errorf("held until %v; want what was told", w.Until)
	}
}

func TestSeen(t *testing.T) {
	b := newWaitlist("a")
	for i, c := range []struct {
		there   bool
		at      time.Duration
		changed bool
		absent  bool
	}{
		{true, 0, false, false},
		{false, 10 * time.Second, true, true},
		{false, 10*time.Second + reserve.MaxAbsent - 1, false, true},
		{true, 39 * time.Second, true, false},
		{false, time.Minute, true, true},
		{false, time.Minute + reserve.MaxAbsent - 1, false, true},
	} {
		changed := b.Seen("a", c.there, epoch.Add(c.at))
		if changed != c.changed || b.Waiting["a"].Absent.IsZero() == c.absent || b.Place("a") != 1 {
			t.Errorf("look %d: changed %v, %+v; want %v, absent %v", i, changed, b.Waiting["a"], c.changed, c.absent)
		}
	}
	if !b.Seen("a", false, epoch.Add(time.Minute+reserve.MaxAbsent)) || len(b.Waiting) != 0 {
		t.Errorf("the wait goes on without a socket: %v", b.Waiting)
	}
}

func TestLineDue(t *testing.T) {
	b := newWaitlist("a", "b")
	if due := b.NextWaitlistTimer(); !due.IsZero() {
		t.Errorf("with nothing to come, due at %v", due)
	}
	hold(b, "a", epoch.Add(time.Hour))
	if due := b.NextWaitlistTimer(); !due.Equal(epoch.Add(time.Hour)) {
		t.Errorf("with a seat held for an hour, due at %v", due)
	}
	b.Seen("b", false, epoch)
	if due := b.NextWaitlistTimer(); !due.Equal(epoch.Add(reserve.MaxAbsent)) {
		t.Errorf("with somebody absent since then, due at %v", due)
	}
	hold(b, "a", epoch.Add(1))
	if due := b.NextWaitlistTimer(); !due.Equal(epoch.Add(1)) {
		t.Errorf("with a seat held for a moment, due at %v", due)
	}
}

// Merge replaces the wait list by that of storage. Data that storage does not have stays.
func TestMerge(t *testing.T) {
	kept := func(device int, stored bool) *reserve.KeptSeat {
		return &reserve.KeptSeat{Seat: party.Seat{Member: session(0, device)}, Stored: stored}
	}
	for name, c := range map[string]struct {
		book, record map[int]*reserve.KeptSeat
		ended, found int
		left         int // the device whose seat is kept then; -1 for none
	}{
		"same":              {book: map[int]*reserve.KeptSeat{0: kept(0, true)}, record: map[int]*reserve.KeptSeat{0: kept(0, true)}},
		"ended_elsewhere":   {book: map[int]*reserve.KeptSeat{0: kept(0, true)}, ended: 1, left: -1},
		"another_since":     {book: map[int]*reserve.KeptSeat{0: kept(0, true)}, record: map[int]*reserve.KeptSeat{0: kept(1, true)}, ended: 1, found: 1, left: 1},
		"not_stored_yet":    {book: map[int]*reserve.KeptSeat{0: kept(0, false)}},
		"kept_by_elsewhere": {record: map[int]*reserve.KeptSeat{0: kept(1, true)}, found: 1, left: 1},
	} {
		b, r := newWaitlist("gone", "stays"), reserve.NewRecord()
		b.Waiting["stays"] = reserve.Waiter{UserID: "stays", Blocked: true}
		r.Waiting["stays"], r.Waiting["new"] = reserve.Waiter{UserID: "stays", Since: epoch}, reserve.Waiter{UserID: "new"}
		b.Ban("lifted", epoch, time.Minute, true)
		r.Kicks["kicked"] = reserve.Kick{Until: epoch}
		user := session(0, 0).UserID
		for _, k := range c.book {
			b.Kept[user] = k
		}
		for _, k := range c.record {
			r.Seats[user] = k.Seat
		}
		ended, found := b.Merge(r)
		if len(ended) != c.ended || len(found) != c.found {
			t.Errorf("%s: ended %v, found %v; want %d and %d", name, ended, found, c.ended, c.found)
		}
		if k := b.Kept[user]; (k == nil) != (c.left < 0) || k != nil && k.Member != session(0, c.left) {
			t.Errorf("%s: kept %+v; want device %d", name, k, c.left)
		} else if c.found > 0 && !(k.Told && k.Stored) {
			t.Errorf("%s: what storage knows is to be stored or told again: %+v", name, k)
		}
		if users := slices.Sorted(maps.Keys(b.Waiting)); !slices.Equal(users, []string{"new", "stays"}) || !b.Waiting["stays"].Blocked || b.Waiting["stays"].Since != epoch {
			t.Errorf("%s: in line are %+v", name, b.Waiting)
		}
		if users := slices.Collect(maps.Keys(b.Kicks)); !slices.Equal(users, []string{"kicked"}) {
			t.Errorf("%s: kicked are %q", name, users)
		}
	}
}
