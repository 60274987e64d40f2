package roster

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"partyline/party"
)

// After any sequence of calls, the attendance equals a model of plain sets.
func TestAttendance_Property(t *testing.T) {
	type seat struct {
		id      party.ID
		session string
	}
	parties := make([]party.ID, 3)
	for i := range parties {
		parties[i] = party.ID{UUID: uuid.UUID{byte(i + 1)}, Node: "node"}
	}
	rapid.Check(t, func(t *rapid.T) {
		at, noted := newAttendance(), map[seat]bool{} // true if missed
		member := func() party.Member {
			user := rapid.IntRange(0, 3).Draw(t, "user")
			return party.Member{Session: party.Session{UserID: fmt.Sprint("user", user), SessionID: fmt.Sprintf("session%d-%d", user, rapid.IntRange(0, 2).Draw(t, "session"))}}
		}
		sessions := func(of []party.Session) []string {
			var ids []string
			for _, s := range of {
				ids = append(ids, s.SessionID)
			}
			slices.Sort(ids)
			return ids
		}
		in := func(id party.ID, is func(missed bool) bool) []string {
			var ids []string
			for s, missed := range noted {
				if s.id == id && is(missed) {
					ids = append(ids, s.session)
				}
			}
			slices.Sort(ids)
			return ids
		}
		any := func(bool) bool { return true }
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := rapid.SampledFrom(parties).Draw(t, "party")
			switch rapid.SampledFrom([]string{"add", "add", "remove", "miss", "compare", "end"}).Draw(t, "step") {
			case "add":
				m := member()
				at.Add(id, m)
				noted[seat{id, m.SessionID}] = false
			case "remove":
				s := seat{id, member().SessionID}
				_, want := noted[s]
				if got := at.Remove(s.id, s.session); got != want {
					t.Fatalf("Remove(%v) = %v; want %v", s, got, want)
				}
				delete(noted, s)
			case "miss":
				s := seat{id, member().SessionID}
				if at.Miss(s.id, s.session); at.Has(s.id, s.session) {
					noted[s] = true
				}
			case "compare":
				var there []party.Member
				for range rapid.IntRange(0, 3).Draw(t, "there") {
					if m := member(); !slices.Contains(there, m) {
						there = append(there, m)
					}
				}
				for _, m := range there {
					noted[seat{id, m.SessionID}] = false
				}
				var gone []party.Session
				for _, m := range at.Compare(id, there) {
					gone = append(gone, m.Session)
				}
				want := slices.DeleteFunc(in(id, func(missed bool) bool { return !missed }), func(session string) bool {
					return slices.ContainsFunc(there, func(m party.Member) bool { return m.SessionID == session })
				})
				if got := sessions(gone); !slices.Equal(got, want) {
					t.Fatalf("gone = %v; want %v", got, want)
				}
			case "end":
				if got, want := sessions(at.End(id)), in(id, any); !slices.Equal(got, want) {
					t.Fatalf("End = %v; want %v", got, want)
				}
				maps.DeleteFunc(noted, func(s seat, _ bool) bool { return s.id == id })
			}
			var missing []string
			for _, id := range parties {
				missing = append(missing, in(id, func(missed bool) bool { return missed })...)
			}
			slices.Sort(missing)
			if got := sessions(at.Missing()); !slices.Equal(got, missing) {
				t.Fatalf("Missing = %v; want %v", got, missing)
			}
			for user := range 4 {
				var want []party.ID
				for _, id := range parties {
					if slices.ContainsFunc(in(id, any), func(s string) bool { return s[:len("session0")] == fmt.Sprint("session", user) }) {
						want = append(want, id)
					}
				}
				if got := at.Of(fmt.Sprint("user", user)); !slices.Equal(got, want) {
					t.Fatalf("Of(user%d) = %v; want %v", user, got, want)
				}
			}
		}
		for _, id := range parties {
			at.End(id)
		}
		if len(at.members)+len(at.parties) > 0 {
			t.Fatalf("left behind: %v, %v", at.members, at.parties)
		}
	})
}
