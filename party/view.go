package party

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Facts are the settings of a party, as created and changed since.
type Facts struct {
	MaxSize      int
	Open, Hidden bool
	Label        string
	CreatedAt    time.Time
	Attributes   bool // a member has set attributes at some time
}

// Member is one session in a party. JoinedAt is zero if no hook has seen the join, as of one that another module added.
type Member struct {
	Session
	JoinedAt time.Time
	Leader   bool
}

// View is a party at one moment. Its members are in the order in which they joined; those with an unknown time are
// last, by session ID. Exactly one of them leads.
type View struct {
	ID ID
	Facts
	Members []Member
	// Lost has sessions that the host counts as members although they are not there: their connections ended while they
	// joined. Each takes a seat until the leader removes it.
	Lost []Session
}

// Taken returns the number of seats that the host counts as taken.
func (v View) Taken() int { return len(v.Members) + len(v.Lost) }

// Full reports whether the host takes no more members.
func (v View) Full() bool { return v.Taken() >= v.MaxSize }

// IsLost reports whether the session is one of Lost.
func (v View) IsLost(sessionID string) bool {
	return slices.ContainsFunc(v.Lost, func(s Session) bool { return s.SessionID == sessionID })
}

// Size returns the number of members.
func (v View) Size() int { return len(v.Members) }

// UserIDs lists the users of all members.
func (v View) UserIDs() []string {
	ids := make([]string, len(v.Members))
	for i, m := range v.Members {
		ids[i] = m.UserID
	}
	return ids
}

// Leader returns the member that leads; the zero Member for a view without members.
func (v View) Leader() Member {
	leader, _ := findMember(v.Members, func(m Member) bool { return m.Leader })
	return leader
}

// Member finds the user's membership. If two sessions of the user are members, it is the one that joined first.
func (v View) Member(userID string) (Member, bool) {
	return findMember(v.Members, func(m Member) bool { return m.UserID == userID })
}

// Session finds a member by its session.
func (v View) Session(sessionID string) (Member, bool) {
	return findMember(v.Members, func(m Member) bool { return m.SessionID == sessionID })
}

// HasSession reports whether one of the members is the session.
func HasSession(members []Member, sessionID string) bool {
	return slices.ContainsFunc(members, func(m Member) bool { return m.SessionID == sessionID })
}

func findMember(members []Member, is func(Member) bool) (Member, bool) {
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

// Seat is a kept seat of a member whose connection ended. It ends when the user is back, gives it up, or does not come
// in time. No other player can take it.
type Seat struct {
	ID     ID        // the party's first ID
	Member Session   // the session that ended; a player who comes back has another one
	Joined time.Time // when that session joined
	Since  time.Time // when the connection was found to be gone
	Until  time.Time
	Led    string // ID of the user who led the party until then
}

// Grant is the reason why a session may be admitted. The zero Grant means without an invite.
type Grant struct {
	InviteID  string
	InvitedAt time.Time // when the invite was made
	Named     bool      // the invite names the user; it lifts the ban of an older kick

	// Back asks for the user's kept seat, and refuses with PartyNotFound if there is none.
	Back bool
}

// Lifts reports whether the grant ends the ban of a kick at this time.
func (g Grant) Lifts(kick time.Time) bool { return g.Named && g.InvitedAt.After(kick) }

// ChooseSession returns the only session or, if newest is true, the one opened last. The host's session IDs contain the
// time at which they were made; clear is false if one does not.
func ChooseSession(sessions []Session, newest bool) (only Session, clear bool) {
	if len(sessions) == 1 {
		return sessions[0], true
	}
	if !newest || len(sessions) == 0 {
		return Session{}, false
	}
	var at uuid.Time
	for _, s := range sessions {
		id, err := uuid.Parse(s.SessionID)
		if err != nil || id.Version() != timeBasedVersion {
			return Session{}, false
		}
		if t := id.Time(); only.SessionID == "" || t > at {
			only, at = s, t
		}
	}
	return only, true
}

// timeBasedVersion is the version of UUIDs that contain a time.
const timeBasedVersion = 1

// Seconds returns Unix seconds, and 0 for the zero time.
func Seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// Nanos returns Unix nanoseconds, and 0 for the zero time.
func Nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// FromNanos is the inverse of Nanos.
func FromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
