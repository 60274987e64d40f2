package party

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Two nodes may put a session each onto a party's stream for its last seat. The engine
// makes the first a member and leaves the other a ghost; which of them goes again is
// another matter. So a session that goes leaves a mark on the party's mirror before it
// does, and whoever finds that somebody has gone since it looked first comes in anew: the
// engine may not have taken it the time before.

// boardings is how often one admission tries.
const boardings = 4

// withdrawn begins the status of a mark; what follows is different each time. No entry of
// a member begins so.
const withdrawn = "withdrawn "

// marks reads who has gone, as one text to compare.
func (r *Roster) marks(id ID) (string, error) {
	presences, err := r.streams.StreamUserList(mirrorMode, id.UUID.String(), "", id.Node, true, false)
	if err != nil {
		return "", err
	}
	var all []string
	for _, p := range presences {
		if strings.HasPrefix(p.GetStatus(), withdrawn) {
			all = append(all, p.GetSessionId()+p.GetStatus())
		}
	}
	slices.Sort(all)
	return strings.Join(all, ","), nil
}

// mark notes that the session is about to go. It stays until the session ends or enters.
func (r *Roster) mark(id ID, s Session) error {
	defer r.lock(id)()
	status := withdrawn + strconv.FormatInt(nanos(r.now()), 10)
	isNew, err := r.streams.StreamUserJoin(mirrorMode, id.UUID.String(), "", id.Node, s.UserID, s.SessionID, true, false, status)
	if err != nil || isNew {
		return err
	}
	return r.streams.StreamUserUpdate(mirrorMode, id.UUID.String(), "", id.Node, s.UserID, s.SessionID, true, false, status)
}

// board puts the session on the party's stream as a member, or leaves it off. The caller
// holds the gate and has seen that there is a seat.
func (a *Admission) board(g *gate, s, older Session, maxSize int) error {
	var err error
	for try := range boardings {
		if try > 0 { // not in step with the node it collides with
			time.Sleep(rand.N(time.Duration(try) * 10 * time.Millisecond))
			members, lookErr := a.roster.members(g.id)
			if lookErr != nil || len(members)+len(a.roster.losses.of(g.id)) >= maxSize && older.SessionID == "" {
				return err
			}
		}
		var again bool
		if again, err = a.boardOnce(g, s, older, maxSize); !again {
			return err
		}
	}
	return err
}

// boardOnce reports whether another node was in the way, so that it may go better the
// next time. Then, and after any error, the session is off the stream.
func (a *Admission) boardOnce(g *gate, s, older Session, maxSize int) (again bool, err error) {
	before, err := a.roster.marks(g.id)
	if err != nil {
		return false, err
	}
	stream := g.id.UUID.String()
	if _, err := a.streams.StreamUserJoin(StreamMode, stream, "", g.id.Node, s.UserID, s.SessionID, false, false, ""); err != nil {
		return false, a.joinFailed(s, err)
	}
	if err = a.landed(g, s, older, maxSize); err == nil {
		var after string
		if after, err = a.roster.marks(g.id); err == nil && after == before {
			return false, nil
		}
		if err == nil {
			again, err = true, Refuse(PartyFull, "This party is full.")
		}
	} else if again = ReasonOf(err) == PartyFull; again {
		if err := a.roster.mark(g.id, s); err != nil {
			a.logger.Warn("party admission not marked party=%s session=%s error=%v", g.id, s.SessionID, err)
		}
	}
	if undo := a.streams.StreamUserLeave(StreamMode, stream, "", g.id.Node, s.UserID, s.SessionID); undo != nil {
		a.logger.Error("party admission not rolled back party=%s session=%s error=%v", g.id, s.SessionID, undo)
	}
	return again, err
}
