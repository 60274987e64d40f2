package reserve

import "time"

// Kick bans a user until a time. A later invite that names the user lifts it.
type Kick struct {
	At, Until time.Time
	Joins     *bool // whether it also bars the host's own joins; nil in records of older builds: the rules decide
}

// before reports whether a member came in after the kick.
func (k Kick) before(joined time.Time) bool { return joined.After(k.At) }

// Removal is a kick that the host is about to do.
type Removal struct {
	Kick
	By   string // ID of the session that sent the message
	Bans bool   // the user may not come back before it is done
}

// kicks has the kicks of one party that keep users out.
type kicks struct {
	Kicks   map[string]Kick    // by user
	Kicking map[string]Removal // kicks under way, by user
}

// Kicked returns the user's kick, done or under way.
func (ks kicks) Kicked(userID string) (Kick, bool) {
	if k, done := ks.Kicks[userID]; done {
		return k, true
	}
	r := ks.Kicking[userID]
	return r.Kick, r.Bans
}

// KickedSince reports whether the user was kicked after that time.
func (ks kicks) KickedSince(userID string, at time.Time) bool {
	kick, kicked := ks.Kicked(userID)
	return kicked && kick.At.After(at)
}

// BeginKick notes a kick that the host is about to do. It lasts no longer than a native join may take: a kick that the
// host refuses must keep nobody out. by is the session that sent the message. bans says that the user may not come back
// meanwhile, joins that this includes the host's own joins.
func (ks kicks) BeginKick(userID, by string, now time.Time, bans, joins bool) {
	ks.Kicking[userID] = Removal{Kick{now, now.Add(PendingTTL), &joins}, by, bans}
}

// isRemoving reports whether the host is about to remove the user. It may have done so already: it removes the member
// first and the presence on the stream later.
func (ks kicks) isRemoving(userID string) bool {
	_, kicking := ks.Kicking[userID]
	return kicking
}

// Ban keeps a user out for the given time. The kick counts from its beginning, so that an invite made since then lifts
// it.
func (ks kicks) Ban(userID string, now time.Time, ban time.Duration, joins bool) Kick {
	k := Kick{now, now.Add(ban), &joins}
	if begun := ks.Kicking[userID]; begun.Bans {
		k.At = begun.At
	}
	ks.Kicks[userID] = k
	return k
}
