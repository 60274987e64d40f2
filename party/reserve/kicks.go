package reserve

import "time"

// Kick bans a user until a time, unless an invite made after it says otherwise.
type Kick struct {
	At, Until time.Time
	Joins     *bool // whether it bars the host's own joins; nil, as older builds stored it, where the rules say so
}

// outlived reports whether a member came in after the kick.
func (k Kick) outlived(joined time.Time) bool { return joined.After(k.At) }

// Removal is a kick that the host is about to do.
type Removal struct {
	Kick
	By   string // session whose message it is
	Bans bool   // the user may not come back before it is done
}

// kicks are those that keep users out of one party.
type kicks struct {
	Kicks   map[string]Kick    // by user
	Kicking map[string]Removal // kicks under way, by user
}

// Kicked is the user's kick, done or under way.
func (ks kicks) Kicked(userID string) (Kick, bool) {
	if k, done := ks.Kicks[userID]; done {
		return k, true
	}
	r := ks.Kicking[userID]
	return r.Kick, r.Bans
}

// kickedSince reports whether somebody who waits was kicked after they came.
func (ks kicks) kickedSince(w Waiter) bool {
	kick, kicked := ks.Kicked(w.UserID)
	return kicked && kick.At.After(w.Since)
}

// BeginKick notes a kick that the host is about to do, for no longer than a native join
// may take: one that the host refuses must keep nobody out. by is the session whose message it
// is. bans says that the user may not come back meanwhile, joins that they may not by the host's own joins either.
func (ks kicks) BeginKick(userID, by string, now time.Time, bans, joins bool) {
	ks.Kicking[userID] = Removal{Kick{now, now.Add(PendingTTL), &joins}, by, bans}
}

// removing reports whether the host is about to remove the user. It may have done so already: it
// forgets a member before they are off the party's stream.
func (ks kicks) removing(userID string) bool {
	_, kicking := ks.Kicking[userID]
	return kicking
}

// Ban keeps a user out for as long as the ban lasts. Where the kick began before, it
// counts from then, so that an invite made since lifts it.
func (ks kicks) Ban(userID string, now time.Time, ban time.Duration, joins bool) Kick {
	k := Kick{now, now.Add(ban), &joins}
	if begun := ks.Kicking[userID]; begun.Bans {
		k.At = begun.At
	}
	ks.Kicks[userID] = k
	return k
}
