package reserve

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"partyline/party"
)

// MaxKicks is how many kicks a party's record remembers; the oldest are forgotten first.
const MaxKicks = 256

// Record is what storage has of a party beyond the lives of its sessions: bans, kept seats, the wait list, and the
// facts to create the party again. It is one object, so that a kick and the end of the kicked user's seat are one
// write.
type Record struct {
	Kicks        map[string]Kick       // by user
	Seats        map[string]party.Seat // by user
	Waiting      map[string]Waiter     // by user
	MaybeWritten bool                  // the present change may have been written by an attempt without an answer
	*Standing
}

// Standing is the state of a party when its record was written.
type Standing struct {
	party.Facts
	Native      party.ID                // the present native party, or the last one
	Away        bool                    // all members have lost their connections
	Members     map[string]party.Member // by user; only if parties survive a restart
	Ages        map[string]party.Age    // by queue: how long the party has waited for a match
	EndedDoubts int                     // writes that ended the doubt about an earlier write without an answer
}

// NewRecord makes an empty record.
func NewRecord() Record {
	return Record{Kicks: map[string]Kick{}, Seats: map[string]party.Seat{}, Waiting: map[string]Waiter{}, Standing: &Standing{}}
}

// Empty reports whether the record has nothing to remember.
func (r Record) Empty() bool { return len(r.Kicks)+len(r.Seats)+len(r.Waiting)+len(r.Members) == 0 }

// Clear removes everything.
func (r Record) Clear() {
	clear(r.Kicks)
	clear(r.Seats)
	clear(r.Waiting)
	*r.Standing = Standing{}
}

// Lost turns the members of a party whose server has ended into kept seats, because nobody reported the end of their
// connections. Seats that were kept already stay at least as long. since is when the server was back, and everybody is
// away from then on.
func (r Record) Lost(id party.ID, since time.Time, within time.Duration) {
	led, until := "", since.Add(within)
	for user, m := range r.Members {
		if m.Leader {
			led = user
		}
	}
	for user, w := range r.Waiting { // a held seat waits until a member is back
		w.Until = time.Time{}
		r.Waiting[user] = w
	}
	for user, s := range r.Seats {
		if s.Until.After(since) && s.Since.Before(since) && s.Until.Before(until) {
			s.Until = until
			r.Seats[user] = s
		}
	}
	for user, m := range r.Members {
		kick, kicked := r.Kicks[user]
		if _, kept := r.Seats[user]; !kept && (!kicked || kick.before(m.JoinedAt)) {
			r.Seats[user] = party.Seat{ID: id, Member: m.Session, Joined: m.JoinedAt, Since: since, Until: until, Led: led}
		}
	}
	r.Members, r.Away = nil, true
}

// Purge drops bans that are over. Seats stay until they are reported lost, and waiting players until they are served.
func (r Record) Purge(now time.Time) {
	maps.DeleteFunc(r.Kicks, func(_ string, k Kick) bool { return !now.Before(k.Until) })
}

type recordJSON struct {
	PartyID string                `json:"party_id"`
	Kicks   map[string]kickJSON   `json:"kicks,omitempty"`   // by user
	Seats   map[string]seatJSON   `json:"seats,omitempty"`   // by user
	Waiting map[string]waiterJSON `json:"waiting,omitempty"` // by user
	Native  string                `json:"native,omitempty"`  // if it is not party_id
	MaxSize int                   `json:"max_size,omitempty"`
	Open    bool                  `json:"open,omitempty"`
	Hidden  bool                  `json:"hidden,omitempty"`
	Label   string                `json:"label,omitempty"`
	Shares  bool                  `json:"attributes,omitempty"`
	Created int64                 `json:"created,omitempty"`
	Away    bool                  `json:"away,omitempty"`
	Members map[string]seatJSON   `json:"members,omitempty"` // by user
	Ages    map[string]int64      `json:"ages,omitempty"`    // by queue: Unix nanoseconds of the start of a waiting ticket
	Waited  map[string]int64      `json:"waited,omitempty"`  // by queue: nanoseconds waited, if there is no ticket
	Doubts  int                   `json:"doubts,omitempty"`
}

type waiterJSON struct {
	Since  int64  `json:"since"`            // Unix nanoseconds, like the next ones
	Until  int64  `json:"until,omitempty"`  // end of a held seat
	Told   int64  `json:"told,omitempty"`   // its latest end that the player was told; older builds did not write it
	Absent int64  `json:"absent,omitempty"` // without a socket since
	Invite string `json:"invite,omitempty"` // its ID
	Open   bool   `json:"open,omitempty"`
}

type kickJSON struct {
	At    int64 `json:"at"` // Unix nanoseconds, like the next ones
	Until int64 `json:"until"`
	Joins *bool `json:"joins,omitempty"`
}

// seatJSON is a member's session, or the ended session of a kept seat.
type seatJSON struct {
	SessionID string `json:"session_id"`
	Username  string `json:"username"`
	Joined    int64  `json:"joined"`
	Leader    bool   `json:"leader,omitempty"` // for a member
	Since     int64  `json:"since,omitempty"`  // for a kept seat, like the next ones
	Until     int64  `json:"until,omitempty"`
	Led       string `json:"led,omitempty"`
}

func (s seatJSON) session(user string) party.Session {
	return party.Session{UserID: user, SessionID: s.SessionID, Username: s.Username}
}

// Encode returns the record as JSON for storage.
func (r Record) Encode(id party.ID) (string, error) {
	out := recordJSON{
		PartyID: id.String(), Kicks: map[string]kickJSON{}, Seats: map[string]seatJSON{}, Waiting: map[string]waiterJSON{}, Members: map[string]seatJSON{}, Ages: map[string]int64{}, Waited: map[string]int64{},
		MaxSize: r.MaxSize, Open: r.Open, Hidden: r.Hidden, Label: r.Label, Shares: r.Attributes, Created: party.Nanos(r.CreatedAt), Away: r.Away, Doubts: r.EndedDoubts,
	}
	if !r.Native.IsZero() && r.Native != id {
		out.Native = r.Native.String()
	}
	for user, m := range r.Members {
		out.Members[user] = seatJSON{SessionID: m.SessionID, Username: m.Username, Joined: party.Nanos(m.JoinedAt), Leader: m.Leader}
	}
	for queue, age := range r.Ages {
		if age.Since.IsZero() {
			out.Waited[queue] = int64(age.Waited)
		} else {
			out.Ages[queue] = party.Nanos(age.Since)
		}
	}
	users := slices.SortedFunc(maps.Keys(r.Kicks), func(x, y string) int { return r.Kicks[y].At.Compare(r.Kicks[x].At) })
	for _, user := range users[:min(len(users), MaxKicks)] {
		out.Kicks[user] = kickJSON{party.Nanos(r.Kicks[user].At), party.Nanos(r.Kicks[user].Until), r.Kicks[user].Joins}
	}
	for user, s := range r.Seats {
		out.Seats[user] = seatJSON{
			SessionID: s.Member.SessionID, Username: s.Member.Username, Joined: party.Nanos(s.Joined), Since: party.Nanos(s.Since), Until: party.Nanos(s.Until), Led: s.Led,
		}
	}
	for user, w := range r.Waiting {
		out.Waiting[user] = waiterJSON{party.Nanos(w.Since), party.Nanos(w.Until), party.Nanos(w.Told), party.Nanos(w.Absent), w.Invite, w.Open}
	}
	value, err := json.Marshal(out)
	return string(value), err
}

// ErrOther says that a stored object is of another party: its ID has the same UUID and the name of another node.
var ErrOther = errors.New("the record is another party's")

// Add adds a stored object of the party to the record, or fails with [ErrOther]. It also reads the two objects of older
// builds, which stored kicks and seats apart.
func (r Record) Add(id party.ID, value string) error {
	var in recordJSON
	if err := json.Unmarshal([]byte(value), &in); err != nil {
		return err
	}
	if in.PartyID != "" && in.PartyID != id.String() {
		return ErrOther
	}
	for user, k := range in.Kicks {
		r.Kicks[user] = Kick{party.FromNanos(k.At), party.FromNanos(k.Until), k.Joins}
	}
	for user, w := range in.Waiting {
		r.Waiting[user] = Waiter{
			UserID: user, Invite: w.Invite, Open: w.Open, Since: party.FromNanos(w.Since), Until: party.FromNanos(w.Until), Told: party.FromNanos(max(w.Told, w.Until)), Absent: party.FromNanos(w.Absent),
		}
	}
	for user, s := range in.Seats {
		r.Seats[user] = party.Seat{
			ID: id, Member: s.session(user),
			Joined: party.FromNanos(s.Joined), Since: party.FromNanos(s.Since), Until: party.FromNanos(s.Until), Led: s.Led,
		}
	}
	r.EndedDoubts = max(r.EndedDoubts, in.Doubts)
	if in.MaxSize == 0 { // of an older build
		return nil
	}
	native, err := party.ParseID(in.Native)
	if err != nil {
		native = id
	}
	*r.Standing = Standing{
		Facts:  party.Facts{MaxSize: in.MaxSize, Open: in.Open, Hidden: in.Hidden, Label: in.Label, CreatedAt: party.FromNanos(in.Created), Attributes: in.Shares},
		Native: native, Away: in.Away, Members: map[string]party.Member{}, Ages: map[string]party.Age{}, EndedDoubts: r.EndedDoubts,
	}
	for queue, since := range in.Ages {
		r.Ages[queue] = party.Age{Since: party.FromNanos(since)}
	}
	for queue, waited := range in.Waited {
		r.Ages[queue] = party.Age{Waited: time.Duration(waited)}
	}
	for user, m := range in.Members {
		r.Members[user] = party.Member{Session: m.session(user), JoinedAt: party.FromNanos(m.Joined), Leader: m.Leader}
	}
	return nil
}

// PartyOf returns the party that a stored object belongs to.
func PartyOf(value string) (party.ID, error) {
	var in recordJSON
	if err := json.Unmarshal([]byte(value), &in); err != nil {
		return party.ID{}, err
	}
	id, err := party.ParseID(in.PartyID)
	if err != nil {
		err = errors.New("it names no party")
	}
	return id, err
}
