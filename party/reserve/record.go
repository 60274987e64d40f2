package reserve

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"partyline/party"
)

// MaxKicks is how many kicks a party's record remembers; the oldest are forgotten first.
const MaxKicks = 256

// Record is what storage remembers of a party beyond the lives of its sessions: who is
// banned, whose seats are kept, and who waits for one. It is one object, so that a kick and the end of the
// kicked user's seat are one write.
type Record struct {
	Kicks   map[string]Kick       // by user
	Seats   map[string]party.Seat // by user
	Waiting map[string]Waiter     // by user
}

// NewRecord makes an empty one.
func NewRecord() Record {
	return Record{Kicks: map[string]Kick{}, Seats: map[string]party.Seat{}, Waiting: map[string]Waiter{}}
}

// Empty reports whether there is nothing to remember.
func (r Record) Empty() bool { return len(r.Kicks)+len(r.Seats)+len(r.Waiting) == 0 }

// Purge drops kicks and waits that are over. Seats stay until somebody reports them lost.
func (r Record) Purge(now time.Time) {
	maps.DeleteFunc(r.Kicks, func(_ string, k Kick) bool { return !now.Before(k.Until) })
	maps.DeleteFunc(r.Waiting, func(_ string, w Waiter) bool { return w.over(now) })
}

type recordJSON struct {
	PartyID string                `json:"party_id"`
	Kicks   map[string]kickJSON   `json:"kicks,omitempty"`   // by user, as are the next ones
	Seats   map[string]seatJSON   `json:"seats,omitempty"`   //
	Waiting map[string]waiterJSON `json:"waiting,omitempty"` //
}

type waiterJSON struct {
	Since  int64 `json:"since"`            // Unix nanoseconds, as are the next ones
	Until  int64 `json:"until,omitempty"`  // of a held seat
	Absent int64 `json:"absent,omitempty"` // without a socket since
}

type kickJSON struct {
	At    int64 `json:"at"` // Unix nanoseconds, as are the next ones
	Until int64 `json:"until"`
}

type seatJSON struct {
	SessionID string `json:"session_id"` // the one that ended
	Username  string `json:"username"`
	Joined    int64  `json:"joined"`
	Since     int64  `json:"since"`
	Until     int64  `json:"until"`
}

// Encode is the record as storage has it.
func (r Record) Encode(id party.ID) (string, error) {
	out := recordJSON{PartyID: id.String(), Kicks: map[string]kickJSON{}, Seats: map[string]seatJSON{}, Waiting: map[string]waiterJSON{}}
	users := slices.SortedFunc(maps.Keys(r.Kicks), func(x, y string) int { return r.Kicks[y].At.Compare(r.Kicks[x].At) })
	for _, user := range users[:min(len(users), MaxKicks)] {
		out.Kicks[user] = kickJSON{party.Nanos(r.Kicks[user].At), party.Nanos(r.Kicks[user].Until)}
	}
	for user, s := range r.Seats {
		out.Seats[user] = seatJSON{s.Member.SessionID, s.Member.Username, party.Nanos(s.Joined), party.Nanos(s.Since), party.Nanos(s.Until)}
	}
	for user, w := range r.Waiting {
		out.Waiting[user] = waiterJSON{party.Nanos(w.Since), party.Nanos(w.Until), party.Nanos(w.Absent)}
	}
	value, err := json.Marshal(out)
	return string(value), err
}

// Add adds what a stored object of the party says to the record. The objects of older
// builds, which had kicks and seats apart, are read the same way.
func (r Record) Add(id party.ID, value string) error {
	var in recordJSON
	if err := json.Unmarshal([]byte(value), &in); err != nil {
		return err
	}
	for user, k := range in.Kicks {
		r.Kicks[user] = Kick{party.FromNanos(k.At), party.FromNanos(k.Until)}
	}
	for user, w := range in.Waiting {
		r.Waiting[user] = Waiter{UserID: user, Since: party.FromNanos(w.Since), Until: party.FromNanos(w.Until), Absent: party.FromNanos(w.Absent)}
	}
	for user, s := range in.Seats {
		r.Seats[user] = party.Seat{
			ID: id, Member: party.Session{UserID: user, SessionID: s.SessionID, Username: s.Username},
			Joined: party.FromNanos(s.Joined), Since: party.FromNanos(s.Since), Until: party.FromNanos(s.Until),
		}
	}
	return nil
}

// PartyOf is the party a stored object belongs to.
func PartyOf(value string) (party.ID, error) {
	var in recordJSON
	if err := json.Unmarshal([]byte(value), &in); err != nil {
		return party.ID{}, err
	}
	return party.ParseID(in.PartyID)
}
