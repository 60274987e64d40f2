package party

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Facts are what a party was made with and has since become.
type Facts struct {
	MaxSize      int
	Open, Hidden bool
	Label        string
	CreatedAt    time.Time
	Attributes   bool // somebody has set some, ever
}

// Member is one session in a party. JoinedAt is zero for a member none of our hooks
// has seen coming, such as one another module put there.
type Member struct {
	Session
	JoinedAt time.Time
	Leader   bool
}

// View is a party at one moment: its members in the order they joined, those of
// unknown age last and by session ID. Exactly one of them leads.
type View struct {
	ID ID
	Facts
	Members []Member
	// Lost are sessions that the host counts as members and that are not there: their
	// connections ended while they joined. Each takes a seat until the leader removes it.
	Lost []Session
}

// Taken is the number of seats the host counts as taken.
func (v View) Taken() int { return len(v.Members) + len(v.Lost) }

// Full reports whether the host would take nobody more.
func (v View) Full() bool { return v.Taken() >= v.MaxSize }

// IsLost reports whether the session is one of the lost.
func (v View) IsLost(sessionID string) bool {
	return slices.ContainsFunc(v.Lost, func(s Session) bool { return s.SessionID == sessionID })
}

// Size is the number of members.
func (v View) Size() int { return len(v.Members) }

// UserIDs lists the users of all members.
func (v View) UserIDs() []string {
	ids := make([]string, len(v.Members))
	for i, m := range v.Members {
		ids[i] = m.UserID
	}
	return ids
}

// Leader is the member that leads; the zero Member for a view without members.
func (v View) Leader() Member {
	leader, _ := find(v.Members, func(m Member) bool { return m.Leader })
	return leader
}

// Member finds the user's membership; where two sessions of the user are members, the
// one that joined first.
func (v View) Member(userID string) (Member, bool) {
	return find(v.Members, func(m Member) bool { return m.UserID == userID })
}

// Session finds a member by its session.
func (v View) Session(sessionID string) (Member, bool) {
	return find(v.Members, func(m Member) bool { return m.SessionID == sessionID })
}

func find(members []Member, is func(Member) bool) (Member, bool) {
	if i := slices.IndexFunc(members, is); i >= 0 {
		return members[i], true
	}
	return Member{}, false
}

// Membership is one session of a user in one party.
type Membership struct {
	ID      ID
	Session Session
	Since   time.Time
}

// Seat is kept for a member whose connection ended without it leaving, until the user
// is back, gives the seat up or loses it to time. No other way into the party takes it.
type Seat struct {
	ID     ID        // of the party at its beginning
	Member Session   // the membership that ended; a player who comes back has another session
	Joined time.Time // when it began
	Since  time.Time // when the connection was found to be gone
	Until  time.Time
	Led    string // user who led the party until then
}

// Grant says on what ground a session is admitted. The zero Grant is nobody's invite.
type Grant struct {
	InviteID  string
	InvitedAt time.Time // when the invite was made
	Named     bool      // the invite names the user; it lifts the ban of an older kick

	// Back asks for the seat kept for the user, and refuses with PartyNotFound where
	// none is.
	Back bool
}

// Lifts reports whether what a session is admitted on ends the ban of a kick.
func (g Grant) Lifts(kick time.Time) bool { return g.Named && g.InvitedAt.After(kick) }

// Only is the one session of them or, where newest says that it counts, the one opened last.
// The host's session IDs hold the time they were made at; clear is false where one does not.
func Only(sessions []Session, newest bool) (only Session, clear bool) {
	if len(sessions) == 1 {
		return sessions[0], true
	}
	if !newest || len(sessions) == 0 {
		return Session{}, false
	}
	var at uuid.Time
	for _, s := range sessions {
		id, err := uuid.Parse(s.SessionID)
		if err != nil || id.Version() != timeBased {
			return Session{}, false
		}
		if t := id.Time(); only.SessionID == "" || t > at {
			only, at = s, t
		}
	}
	return only, true
}

// timeBased is the version of a UUID that holds a time.
const timeBased = 1

// Seconds is Unix seconds with 0 for the zero time.
func Seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// Nanos is Unix nanoseconds with 0 for the zero time.
func Nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// FromNanos is its inverse.
func FromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
