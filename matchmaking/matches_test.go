package matchmaking_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
)

func parse(t failer, id string) party.ID {
	t.Helper()
	parsed, err := party.ParseID(id)
	if err != nil {
		t.Fatalf("ParseID(%s): %v", id, err)
	}
	return parsed
}

func TestMatches_Commit(t *testing.T) {
	h := newFakeHost(t)
	s, p := duel(h, "")
	c := h.client()
	q := h.partyOf("eve", "fay")
	err := c.Commit(t.Context(), s.id, []seats.Claim{claim("", 1, "dan"), claim(q, 1, "eve", "fay")})
	if party.ReasonOf(err) != party.SeatReserved || !errors.Is(err, seats.ErrReserved) {
		t.Errorf("three in one seat = %v", err)
	}
	if got := s.seat("dan"); got != "" {
		t.Errorf("a part of what was refused has a seat: %q", got)
	}
	one := []seats.Claim{claim("", 1, "dan")}
	for range 2 {
		if err := c.Commit(t.Context(), s.id, one); err != nil {
			t.Errorf("Commit = %v", err)
		}
	}
	s.enter("ann", "bob", "cat", "dan")
	if err := c.Commit(t.Context(), s.id, []seats.Claim{claim("", 1, "eve")}); party.ReasonOf(err) != party.MatchFull {
		t.Errorf("Commit of a full match = %v", err)
	}
	if err := c.Commit(t.Context(), s.id, []seats.Claim{claim(p, 1, "gus")}); !errors.Is(err, seats.ErrSplit) {
		t.Errorf("a party on two teams = %v", err)
	}
	if err := c.Commit(t.Context(), "nothing", one); !errors.Is(err, matchmaking.ErrGone) {
		t.Errorf("Commit of no match = %v", err)
	}
}

func TestMatches_Open(t *testing.T) {
	h := newFakeHost(t)
	l := matchmaking.Launch{Queue: "duel", Teams: 2, TeamSize: 1, Backfill: true, Key: "eu", Skill: 7, Claims: []seats.Claim{claim("", 1, "ann")}}
	s := h.launch(l)
	l.Queue = "other"
	h.launch(l)
	l.Queue, l.Backfill = "duel", false
	h.launch(l)
	open, err := h.client().Open(t.Context(), "duel")
	if want := []formation.OpenMatch{{ID: s.id, Key: "eu", Skill: 7, Open: []int{1, 0}}}; err != nil || !reflect.DeepEqual(open, want) {
		t.Errorf("Open = %+v, %v; want %+v", open, err, want)
	}
	if err := h.client().Commit(t.Context(), s.id, []seats.Claim{claim("", 0, "bob")}); err != nil {
		t.Fatal(err)
	}
	if open, err := h.client().Open(t.Context(), "duel"); err != nil || len(open) != 0 {
		t.Errorf("Open = %+v, %v; want none", open, err)
	}
	s.enter("ann")
	s.after(45 * time.Second) // bob did not show up
	if open, err := h.client().Open(t.Context(), "duel"); err != nil || len(open) != 1 || open[0].Open[0] != 1 {
		t.Errorf("Open = %+v, %v; want the seat of the no-show", open, err)
	}
	s.leave("ann", "ann1", runtime.PresenceReasonLeave)
	if open, err := h.client().Open(t.Context(), "duel"); err != nil || len(open) != 0 {
		t.Errorf("Open = %+v, %v; want no match that everybody has left", open, err)
	}
}

// Running counts also the matches that it does not list.
func TestMatches_Running(t *testing.T) {
	h := newFakeHost(t)
	duel(h, "")
	l := matchmaking.Launch{Queue: "duel", Teams: 2, TeamSize: 1, Claims: []seats.Claim{claim("", 1, "dan")}}
	h.launch(l)
	newest := h.launch(l)
	list, total, err := h.client().Running(t.Context(), 1)
	if err != nil || len(list) != 1 || list[0].MatchID != newest.id || list[0].Queue != "duel" || total != 3 {
		t.Errorf("Running = %+v of %d, %v", list, total, err)
	}
}

// Nobody else gets a reserved seat, and nobody is told of it: not the party, not the players, not callers who read
// the seats. Only the label shows fewer open seats.
func TestMatches_Reserve(t *testing.T) {
	h := newFakeHost(t)
	s, p := duel(h, "")
	s.enter("ann", "bob", "cat")
	s.loop()
	q := h.partyOf("dan")
	told, shown := len(h.heard), s.seat("dan")
	users, _, err := h.client().Reserve(t.Context(), s.id, []seats.Claim{claim(q, 1, "dan")})
	slices.Sort(users)
	if err != nil || !slices.Equal(users, []string{"ann", "bob", "cat", "dan"}) {
		t.Fatalf("Reserve = %v, %v; want everybody there", users, err)
	}
	s.loop()
	if s.seat("dan") != shown || len(h.heard) != told {
		t.Errorf("dan's seat is %q, %d messages; want that nobody is told", s.seat("dan"), len(h.heard)-told)
	}
	if match, err := h.client().MatchOf(t.Context(), parse(t, q)); match != "" || err != nil {
		t.Errorf("the party is said to be in %q, %v", match, err)
	}
	if _, _, err := h.client().Reserve(t.Context(), s.id, []seats.Claim{claim("", 1, "eve")}); party.ReasonOf(err) != party.SeatReserved {
		t.Errorf("a reserved seat was given away: %v", err)
	}
	if match, err := h.client().HoldLateSeat(t.Context(), parse(t, p), "gus", false); match != "" || err == nil {
		t.Errorf("a late friend and a reserved seat: %q, %v; want that nobody knows yet", match, err)
	}
	for range 2 {
		if err := h.client().Commit(t.Context(), s.id, []seats.Claim{claim(q, 1, "dan")}); err != nil || s.seat("dan") == "" {
			t.Errorf("Commit = %v, seat %q", err, s.seat("dan"))
		}
	}
	if err := h.client().Withdraw(t.Context(), s.id, []seats.Claim{claim(q, 1, "dan")}); err != nil || s.seat("dan") == "" {
		t.Errorf("Withdraw = %v took a seat that had been told of: %q", err, s.seat("dan"))
	}
}

// A match that nobody was told of ends with its reservations, whether they are withdrawn or expire, and is never
// shown.
func TestMatches_Unannounced(t *testing.T) {
	for _, withdrawn := range []bool{true, false} {
		h := newFakeHost(t)
		p := h.partyOf("ann", "bob")
		claims := []seats.Claim{{PartyID: p, UserIDs: []string{"ann", "bob"}, Spares: 1}}
		s := h.launch(matchmaking.Launch{Queue: "q", Teams: 1, TeamSize: 4, Claims: claims, Backfill: true, Unannounced: true})
		told := len(h.heard)
		s.loop()
		if open, err := h.client().Open(t.Context(), "q"); len(open) != 0 || err != nil {
			t.Errorf("offered to others: %+v, %v", open, err)
		}
		if withdrawn {
			if err := h.client().Withdraw(t.Context(), s.id, claims); err != nil {
				t.Fatal(err)
			}
			s.loop()
		} else {
			s.after(9 * time.Second)
			if s.over() {
				t.Error("over before its time")
			}
			s.after(2 * time.Second)
		}
		if !s.over() || len(h.heard) != told {
			t.Errorf("withdrawn %v: over %v, %d messages; want true and none", withdrawn, s.over(), len(h.heard)-told)
		}
		if err := h.client().Withdraw(t.Context(), s.id, claims); err != nil {
			t.Errorf("Withdraw from a match that ended = %v", err)
		}
		if err := h.client().Commit(t.Context(), s.id, claims); !errors.Is(err, matchmaking.ErrGone) {
			t.Errorf("Commit of a match that ended = %v", err)
		}
	}
}

func TestMatches_HoldLateSeat(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann", "bob", "cat", "dan")
	s := h.launch(matchmaking.Launch{Teams: 2, TeamSize: 3, Claims: []seats.Claim{{PartyID: p, Team: 1, UserIDs: []string{"ann"}, Spares: 1}}})
	h.events(p)
	late := func(user, want string) {
		t.Helper()
		if got, err := h.client().HoldLateSeat(t.Context(), parse(t, p), user, false); err != nil || got != want {
			t.Errorf("Late(%s) = %q, %v; want %q", user, got, err, want)
		}
	}
	late("bob", s.id)
	late("bob", s.id)
	late("fay", "") // fay has left the party since
	late("cat", s.id)
	late("dan", "") // the team is full
	wantLines(t, "the party heard", h.events(p), "seat_held bob@1", "seat_held fay@1", "seat_released fay@1", "seat_held cat@1")
	s.enter("ann", "bob", "cat")
	late("ann", s.id)
	if got, err := h.client().HoldLateSeat(t.Context(), parse(t, h.partyOf("eve")), "eve", false); err != nil || got != "" {
		t.Errorf("Late into no match = %q, %v", got, err)
	}
}

// While a seat of the team is open, nobody else gets the seat of an awaited friend, in whatever way they join.
func TestMatches_LateFriendsLeaveASeatThatIsHeld(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann", "bob", "cat", "dan", "eve")
	s := h.launch(matchmaking.Launch{Teams: 2, TeamSize: 4, Claims: []seats.Claim{{PartyID: p, Team: 1, UserIDs: []string{"ann"}, Spares: 1}}})
	s.enter("bob")
	late := func(user string, awaited bool) {
		t.Helper()
		if got, err := h.client().HoldLateSeat(t.Context(), parse(t, p), user, awaited); err != nil || got != s.id {
			t.Errorf("Late(%s) = %q, %v", user, got, err)
		}
	}
	late("cat", false)
	for _, who := range []string{"the spare seat to wait", "who is awaited on the spare seat"} {
		if taken, held, open := s.count(); taken != 1 || held != 3 || open != 4 {
			t.Errorf("%d taken, %d held, %d open; want %s", taken, held, open, who)
		}
		late("dan", true)
	}
	s.refused("eve", party.MatchFull)
}

// A party never gets more seats than one party may have, in whatever way a friend joins. Nobody gets into a match
// if a block exists between them and a player there.
func TestMatches_LateFriendsAreBound(t *testing.T) {
	h := newFakeHost(t)
	p, q := h.partyOf("ann", "bob", "late"), h.partyOf("xena")
	l := matchmaking.Launch{Teams: 2, TeamSize: 4, MaxParty: 2, AvoidBlocks: true, Claims: []seats.Claim{claim(p, 1, "ann"), claim(q, 0, "xena")}}
	blocks := func(by string, of ...string) {
		if h.blocked == nil {
			h.blocked = map[string][]string{}
		}
		h.blocked[by] = of
	}
	bobIsIn := func(s *fakeMatch, want bool) {
		t.Helper()
		want_ := ""
		if want {
			want_ = s.id
		}
		if got, err := h.client().HoldLateSeat(t.Context(), parse(t, p), "bob", false); err != nil || got != want_ {
			t.Errorf("Late(bob) = %q, %v; want %q", got, err, want_)
		}
	}
	s := h.launch(l)
	blocks("bob", "xena")
	bobIsIn(s, false)
	s.refused("bob", party.Blocked)
	blocks("bob", "ann") // ann chose to play with bob
	blocks("xena", "late")
	bobIsIn(s, true)
	s.enter("bob")
	s.refused("late", party.Blocked)
	blocks("xena")
	s.refused("late", party.PartyTooLarge)
	if got, err := h.client().HoldLateSeat(t.Context(), parse(t, p), "late", false); err != nil || got != "" {
		t.Errorf("Late of a third in a match for parties of two = %q, %v", got, err)
	}
	h.friendsErr = errors.New("no database")
	s.leave("bob", "bob1", runtime.PresenceReasonLeave)
	s.refused("late", party.SeatReserved)
	l.AvoidBlocks = false
	ignoring := h.launch(l)
	blocks("bob", "xena")
	ignoring.enter("bob")
}

func TestMatches_Release(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann", "bob")
	s := h.launch(matchmaking.Launch{Teams: 1, TeamSize: 4, Claims: []seats.Claim{{PartyID: p, UserIDs: []string{"ann", "bob"}, Spares: 1}, claim("", 0, "cat")}})
	h.events(p)
	s.enter("ann")
	for _, user := range []string{"ann", "bob", "cat", "nobody", ""} {
		if err := h.client().Release(t.Context(), parse(t, p), user); err != nil {
			t.Errorf("Release(%q) = %v", user, err)
		}
	}
	wantLines(t, "the party heard", h.events(p), "seat_taken ann@0", "seat_released bob@0")
	if taken, held, open := s.count(); taken != 1 || held != 2 || open != 1 {
		t.Errorf("%d, %d, %d; want who plays, who is not of the party, and the spare seat to stay", taken, held, open)
	}
	if err := h.client().Release(t.Context(), parse(t, h.partyOf("eve")), "eve"); err != nil {
		t.Errorf("Release where there is no match = %v", err)
	}
}

// A member who loses the connection on the way has as much time as a player of the match. Nobody else's hold gets
// longer.
func TestMatches_Away(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann", "bob")
	s := h.launch(matchmaking.Launch{Teams: 1, TeamSize: 3, SeatHold: 5 * time.Second, Grace: time.Minute, Claims: []seats.Claim{claim(p, 0, "ann", "bob"), claim("", 0, "cat")}})
	s.after(4 * time.Second)
	for _, user := range []string{"ann", "cat"} { // cat is not in the party
		if err := h.client().Away(t.Context(), parse(t, p), user); err != nil {
			t.Error(err)
		}
	}
	s.after(59 * time.Second)
	if got := s.seat("ann") + s.seat("bob") + s.seat("cat"); got != "held@0" {
		t.Errorf("seats of ann, bob and cat: %s; want ann's alone", got)
	}
	s.after(time.Second)
	if got := s.seat("ann"); got != "" {
		t.Errorf("ann has seat %s after the grace", got)
	}
}

// The last member to lose the connection leaves no mark: a mark ends with its session.
func TestMatches_AwayOfTheLast(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann")
	s := h.launch(matchmaking.Launch{Teams: 1, TeamSize: 3, SeatHold: 5 * time.Second, Grace: time.Minute, Claims: []seats.Claim{claim(p, 0, "ann")}})
	s.after(2 * time.Second)
	delete(h.members, p) // the host removes a session from all streams before it reports the end
	delete(h.marks, p)
	if err := h.client().Away(t.Context(), parse(t, p), "ann"); err != nil {
		t.Error(err)
	}
	s.after(30 * time.Second)
	if got := s.seat("ann"); got != "held@0" {
		t.Errorf("seat of ann: %q; want it held for the grace", got)
	}
}

func TestMatches_Extend(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann")
	s := h.launch(matchmaking.Launch{
		Teams: 1, TeamSize: 3, SeatHold: 40 * time.Second, SeatHoldMax: 65 * time.Second,
		Claims: []seats.Claim{{PartyID: p, UserIDs: []string{"ann"}, Spares: 1}, claim("", 0, "cat")},
	})
	h.events(p)
	c := h.client()
	extend := func(user string) {
		t.Helper()
		if err := c.Extend(t.Context(), parse(t, p), user); err != nil {
			t.Errorf("Extend(%s) = %v", user, err)
		}
	}
	s.after(5 * time.Second)
	extend("ann") // too small an extension to tell everybody
	s.after(10 * time.Second)
	extend("ann")
	extend("cat") // cat is not in the party
	wantLines(t, "the party heard", h.events(p), "seat_held ann@0")
	extend("friend of ann")
	wantLines(t, "the party heard", h.events(p), "seat_held@0")
	s.after(39 * time.Second)
	if ann, cat := s.seat("ann"), s.seat("cat"); ann != "held@0" || cat != "" {
		t.Errorf("ann %q, cat %q", ann, cat)
	}
	extend("ann")
	s.after(10500 * time.Millisecond)
	if ann := s.seat("ann"); ann != "held@0" {
		t.Errorf("ann %q; only the progress moved", ann)
	}
	extend("ann")
	s.after(500 * time.Millisecond)
	if ann := s.seat("ann"); ann != "" {
		t.Errorf("ann %q; a hold has its longest time", ann)
	}
	extend("ann")
}

// If no match has seats, all parties together cost one search a second.
func TestMatches_OfWhereNobodyPlays(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann", "bob")
	c := h.client()
	of := func(want string, lists int) {
		t.Helper()
		if got, err := c.MatchOf(t.Context(), parse(t, p)); err != nil || got != want || h.lists != lists {
			t.Errorf("Of = %q, %v after %d searches; want %q after %d", got, err, h.lists, want, lists)
		}
	}
	of("", 1)
	of("", 1)
	made := h.launch(matchmaking.Launch{Teams: 2, TeamSize: 2, Claims: []seats.Claim{claim(p, 0, "ann", "bob")}})
	of(made.id, 1) // by its marks, at once
	clear(h.marks[p])
	h.clock.Advance(time.Second)
	of(made.id, 3) // one list of any match, and one of the party's match
}

// Marks lead to a party's match; without marks, labels do. The match itself has the last word.
func TestMatches_Of(t *testing.T) {
	h := newFakeHost(t)
	p := h.partyOf("ann", "bob")
	id := parse(t, p)
	of := func(want string) {
		t.Helper()
		if got, err := h.client().MatchOf(t.Context(), id); err != nil || got != want {
			t.Errorf("Of = %q, %v; want %q", got, err, want)
		}
	}
	marks := func(want ...string) {
		t.Helper()
		var got []string
		for _, session := range slices.Sorted(maps.Keys(h.marks[p])) {
			got = append(got, h.marks[p][session])
		}
		wantLines(t, "marks", got, want...)
	}
	of("")
	l := matchmaking.Launch{Teams: 2, TeamSize: 2, Claims: []seats.Claim{claim(p, 0, "ann", "bob")}}
	first := h.launch(l)
	marks(first.id, first.id)
	of(first.id)
	second := h.launch(l)
	marks(second.id, second.id)
	of(second.id)
	clear(h.marks[p]) // the members have new sockets now
	of(second.id)
	if err := h.client().Extend(t.Context(), id, "ann"); err != nil {
		t.Errorf("Extend without marks = %v", err)
	}
	second.enter("ann") // this match marks the party again
	marks(second.id, second.id)
	h.marks[p][partySession("bob")] = "no match"
	of(second.id)
	for _, s := range []*fakeMatch{first, second} {
		s.leave("ann", "ann1", runtime.PresenceReasonLeave)
		s.after(time.Hour)
	}
	marks("no match") // another match's mark stays
	of("")
}

// The seats of a party follow it to another native party. Late friends and the view of party_match follow too.
func TestMatches_MoveParty(t *testing.T) {
	h := newFakeHost(t)
	was, other := h.partyOf("ann", "bob"), h.partyOf("cat")
	s := h.launch(matchmaking.Launch{
		Teams: 2, TeamSize: 3, SeatHold: time.Minute, SeatHoldMax: 70 * time.Second,
		Claims: []seats.Claim{{PartyID: was, UserIDs: []string{"ann", "bob"}, Spares: 1}, claim(other, 1, "cat")},
	})
	s.enter("ann")
	delete(h.marks, was) // none of its members is connected
	now := h.partyOf("ann", "dan")
	if err := h.client().MoveParty(t.Context(), parse(t, was), parse(t, now)); err != nil {
		t.Fatalf("Moved = %v", err)
	}
	wantLines(t, "the party hears", h.events(now), "seat_taken ann@0", "seat_held@0", "seat_held bob@0")
	if got, err := h.client().MatchOf(t.Context(), parse(t, now)); got != s.id || err != nil {
		t.Errorf("Of = %q, %v; want its match", got, err)
	}
	if got, err := h.client().MatchOf(t.Context(), parse(t, was)); got != "" || err != nil {
		t.Errorf("Of the party before = %q, %v; want none", got, err)
	}
	if got, err := h.client().HoldLateSeat(t.Context(), parse(t, now), "dan", false); got != s.id || err != nil {
		t.Errorf("Late = %q, %v; want the spare seat", got, err)
	}
	if taken, held, open := s.count(); taken != 1 || held != 3 || open != 2 {
		t.Errorf("%d taken, %d held, %d open; want no seat more or less", taken, held, open)
	}
	if err := h.client().MoveParty(t.Context(), parse(t, h.partyOf("eve")), parse(t, h.partyOf("eve"))); err != nil {
		t.Errorf("Moved where there is no match = %v", err)
	}
}

// The seats follow also in a match that is too new for the host's lists.
func TestMatches_MovePartyAtOnce(t *testing.T) {
	h := newFakeHost(t)
	h.late = true
	c := h.client()
	was, now := h.partyOf("ann"), h.partyOf("ann")
	id, err := c.Launch(t.Context(), matchmaking.Launch{
		Teams: 2, TeamSize: 1, SeatHold: time.Minute, Claims: []seats.Claim{claim(was, 0, "ann"), claim("", 1, "cat")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{was, now} {
		delete(h.marks, p) // none of its members is connected
		if got, err := c.MatchOf(t.Context(), parse(t, p)); got != id || err != nil {
			t.Errorf("Of = %q, %v; want its match", got, err)
		}
		if err := c.MoveParty(t.Context(), parse(t, was), parse(t, now)); err != nil {
			t.Errorf("Moved = %v", err)
		}
	}
	if got, err := c.MatchOf(t.Context(), parse(t, was)); got != "" || err != nil {
		t.Errorf("Of the party before = %q, %v; want none", got, err)
	}
}

func TestMatches_PartyMatch(t *testing.T) {
	h := newFakeHost(t)
	s, p := duel(h, "")
	ask := func(user, partyID string) (party.MatchSeats, error) {
		return h.client().PartyMatch(t.Context(), party.Caller{UserID: user}, partyID, "")
	}
	got, err := ask("ann", p)
	if err != nil || got.MatchID != s.id || got.Queue != "duel" || len(got.Seats) != 4 {
		t.Fatalf("PartyMatch = %+v, %v", got, err)
	}
	if want := (party.MatchSeat{UserID: "ann", PartyID: p, State: party.SeatHeld, ExpiresAt: h.clock.Now().Add(45 * time.Second).Unix()}); got.Seats[0] != want {
		t.Errorf("first seat %+v; want %+v", got.Seats[0], want)
	}
	s.loop()
	if heard := h.heard[0].Event; heard.Event != "seat_held" || heard.UserID != "ann" || heard.ExpiresAt != got.Seats[0].ExpiresAt {
		t.Errorf("the party heard %+v; want of the seat %+v", heard, got.Seats[0])
	}
	if _, err := ask("out", p); party.ReasonOf(err) != party.NotMember {
		t.Errorf("an outsider is told %v", err)
	}
	if _, err := ask("ann", "nonsense"); party.ReasonOf(err) != party.PartyNotFound {
		t.Errorf("a malformed party = %v", err)
	}
	if _, err := ask("ann", party.ID{UUID: uuid.New(), Node: "node1"}.String()); party.ReasonOf(err) != party.PartyNotFound {
		t.Errorf("no such party = %v", err)
	}
	if got, err := ask("eve", h.partyOf("eve")); err != nil || got.MatchID != "" || got.Seats == nil {
		t.Errorf("a party in no match = %+v, %v", got, err)
	}
}

// Signals of others go to the handler. A match without seats counts as gone.
func TestMatches_Signals(t *testing.T) {
	h, s, sc, _ := scripted(t)
	if reply, err := h.MatchSignal(t.Context(), s.id, "score?"); err != nil || reply != "handler heard score?" {
		t.Errorf("signal = %q, %v", reply, err)
	}
	for _, data := range []string{"partyline:", "partyline:{", `partyline:{"op":"fly"}`, `partyline:{"op":"hold","claims":[{}]}`} {
		if reply, err := h.MatchSignal(t.Context(), s.id, data); err != nil || s.over() {
			t.Errorf("signal %q = %q, %v", data, reply, err)
		}
	}
	wantLines(t, "the handler saw", sc.seen(), "signal:score?")
	h.handlers["plain"] = matchmaking.Relay()
	id, err := h.MatchCreate(t.Context(), "plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.client().Seats(t.Context(), id, ""); !errors.Is(err, matchmaking.ErrGone) {
		t.Errorf("Seats of a match without = %v", err)
	}
}

// If a caller names another module's match, the match gets no signal: its handler may panic on it, and the host
// then ends that match.
func TestMatches_MatchesOfOthers(t *testing.T) {
	for _, label := range []string{"", "ranked", `{"mine":true}`, `{"parties":["p"]}`, `{"open_seats":2}`, `{"parties":null,"open_seats":2}`} {
		h := newFakeHost(t)
		other := newScriptedHandler()
		other.label = label
		h.handlers["other"] = other
		id, err := h.MatchCreate(t.Context(), "other", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := h.client().PartyMatch(t.Context(), party.Caller{UserID: "ann"}, "", id); err != nil || got.MatchID != "" || got.Seats == nil {
			t.Errorf("PartyMatch = %+v, %v; want no match", got, err)
		}
		_, seatsErr := h.client().ServerSeats(t.Context(), id, "token")
		leaveErr := h.client().ServerLeave(t.Context(), id, "token", "ann", party.ServerLeft)
		endErr := h.client().ServerEnd(t.Context(), id, "token", nil)
		for _, err := range []error{seatsErr, leaveErr, endErr} {
			if party.ReasonOf(err) != party.InvalidRequest {
				t.Errorf("a game server that names the match reads %v", err)
			}
		}
		wantLines(t, "the other module saw", other.seen(), "init")
	}
	h, s, _, _ := scripted(t) // a handler of the operator, with seats
	if got, err := h.client().PartyMatch(t.Context(), party.Caller{UserID: "ann"}, "", s.id); err != nil || got.MatchID != s.id {
		t.Errorf("PartyMatch of a handler with seats = %+v, %v", got, err)
	}
}

func TestMatches_HostFails(t *testing.T) {
	h := newFakeHost(t)
	s, p := duel(h, "")
	c := matchmaking.NewMatches(busyHost{h}, h, nil, nil, time.Now)
	err := c.Commit(t.Context(), s.id, []seats.Claim{claim("", 1, "dan")})
	if !errors.Is(err, runtime.ErrMatchBusy) || errors.Is(err, matchmaking.ErrGone) {
		t.Errorf("Commit of a busy match = %v", err)
	}
	if _, err := c.HoldLateSeat(t.Context(), parse(t, p), "dan", false); !errors.Is(err, runtime.ErrMatchBusy) {
		t.Errorf("Late = %v", err)
	}
	s.state = nil // the match ended just after the host was asked
	if err := c.Commit(t.Context(), s.id, []seats.Claim{claim("", 1, "dan")}); !errors.Is(err, matchmaking.ErrGone) {
		t.Errorf("Commit of a match that has just ended = %v", err)
	}
}

// busyHost is a host whose matches do not answer.
type busyHost struct{ *fakeHost }

func (busyHost) MatchSignal(context.Context, string, string) (string, error) {
	return "", runtime.ErrMatchBusy
}

// The first match of a handler without seats shows that it has none. No other match is made with this handler.
func TestLaunch_HandlerWithoutSeats(t *testing.T) {
	h := newFakeHost(t)
	h.handlers["bare"] = matchmaking.Relay()
	c := h.client()
	for range 3 {
		_, err := c.Launch(t.Context(), matchmaking.Launch{Handler: "bare", Teams: 1, TeamSize: 2, SeatHold: time.Minute})
		if err == nil || !strings.Contains(err.Error(), "make a bare match: its matches have no seats") {
			t.Errorf("Launch = %v; want it to name the handler", err)
		}
	}
	if len(h.matches) != 1 {
		t.Errorf("%d matches were made; want 1", len(h.matches))
	}
}

func TestLaunch_Tick(t *testing.T) {
	h := newFakeHost(t)
	for tick, want := range map[int]int{0: 20, 5: 5} {
		l := matchmaking.Launch{Teams: 1, TeamSize: 2, Tick: tick, Claims: []seats.Claim{claim("", 0, "ann")}}
		if s := h.launch(l); s.rate != want {
			t.Errorf("a match of tick %d runs %d times a second; want %d", tick, s.rate, want)
		}
	}
}
