package roster

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
)

// Roster reads and mirrors parties. Make one with [New].
type Roster struct {
	streams party.Streams
	finder  party.Finder
	now     party.Clock
	mirrors
	lists stripes // by user: read-modify-write of its list of parties

	Attendance *Attendance // who was a member when this process last heard of it or looked
	LostJoins  *LostJoins  // sessions that the host counts as members although they are not there
	Hidden     *Hidden     // the module's own sessions
}

// New makes a roster that reads the host.
func New(streams party.Streams, finder party.Finder, now party.Clock) *Roster {
	return &Roster{streams: streams, finder: finder, now: now, mirrors: mirrors{streams: streams, now: now}, Attendance: newAttendance(), LostJoins: newLosses(), Hidden: &Hidden{}}
}

// stripes are locks that many keys share. Only a few calls of the host run under one, and they only use its memory.
type stripes [64]sync.Mutex

var seed = maphash.MakeSeed()

// lock locks the key's stripe. A goroutine holds at most one lock of each stripes value.
func (s *stripes) lock(key string) (locked *sync.Mutex) {
	locked = &s[maphash.String(seed, key)%uint64(len(s))]
	locked.Lock()
	return locked
}

// Snapshot is a view with data that only this module's core needs.
type Snapshot struct {
	party.View
	Marks    string // the sessions that withdrew, as [Roster.Marks] returns them
	shared   shared
	lastJoin time.Time // the time of the latest join
}

// Origin returns the party's first ID, its key in storage.
func (s Snapshot) Origin() party.ID {
	if id, err := party.ParseID(s.shared.origin); err == nil {
		return id
	}
	return s.ID
}

// Revision returns the last change of reserved seats that the snapshot knows.
func (s Snapshot) Revision() int64 { return s.shared.seatsRev }

// A hook writes a party's facts after its creation. A reader on another connection that comes in between waits for
// them. From the fourth look on, the host's index is asked as well. The index is up to a second late, so it is asked
// again if it does not know the party.
var factsWait = [...]time.Duration{
	5 * time.Millisecond, 15 * time.Millisecond, 40 * time.Millisecond,
	200 * time.Millisecond, 400 * time.Millisecond, 600 * time.Millisecond,
}

const askIndexFrom = 3 // index into factsWait

// View reads a party. It refuses with PartyNotFound if it has no members.
func (r *Roster) View(ctx context.Context, id party.ID) (party.View, error) {
	s, err := r.Look(ctx, id)
	return s.View, err
}

// ViewAs reads the party that a request names, for one of its members. It refuses with InvalidRequest, PartyNotFound or
// NotMember.
func (r *Roster) ViewAs(ctx context.Context, c party.Caller, partyID string) (party.View, error) {
	id, err := party.NamedID(partyID)
	if err != nil {
		return party.View{}, err
	}
	v, err := r.View(ctx, id)
	if err != nil {
		return party.View{}, err
	}
	if _, member := v.Member(c.UserID); !member {
		return party.View{}, party.NotAMember()
	}
	return v, nil
}

// Look is View with the whole Snapshot.
func (r *Roster) Look(ctx context.Context, id party.ID) (Snapshot, error) {
	s, err := r.LookOnce(id)
	for i := 0; err == nil && s.shared.rev == 0; i++ {
		if i >= askIndexFrom {
			adopted, err := r.adopt(ctx, id)
			if party.ReasonOf(err) != party.PartyNotFound || i == len(factsWait) {
				return adopted, err
			}
		}
		select {
		case <-ctx.Done():
			return Snapshot{}, fmt.Errorf("wait for party's facts: %w", ctx.Err())
		case <-time.After(factsWait[i]):
		}
		s, err = r.LookOnce(id)
	}
	return s, err
}

// LookOnce reads the streams once. The facts of a party that no hook has seen are zero.
func (r *Roster) LookOnce(id party.ID) (Snapshot, error) {
	members, err := r.Members(id)
	if err != nil {
		return Snapshot{}, err
	}
	if len(members) == 0 {
		return Snapshot{}, party.RefuseGone()
	}
	entries, marks, err := r.readMirror(id)
	if err != nil {
		return Snapshot{}, err
	}
	at := make(map[string]int, len(members))
	for i, m := range members {
		at[m.SessionID] = i
	}
	s := Snapshot{View: party.View{ID: id, Members: members, Lost: r.LostJoins.Of(id)}, Marks: marks}
	present := entries[:0]
	for _, e := range entries {
		if i, member := at[e.SessionID]; member { // else it left without a hook, or its join failed
			members[i].JoinedAt = e.joinedAt
			present = append(present, e)
		}
	}
	s.shared, s.lastJoin = newest(present)
	s.Facts = s.shared.Facts
	slices.SortFunc(members, compareJoinTime)
	lead := max(0, slices.IndexFunc(members, func(m party.Member) bool { return m.SessionID == s.shared.leader }))
	members[lead].Leader = true
	return s, nil
}

// compareJoinTime orders members by the time they joined. Those with an unknown time are last, by session ID.
func compareJoinTime(a, b party.Member) int {
	if a.JoinedAt.IsZero() != b.JoinedAt.IsZero() {
		if a.JoinedAt.IsZero() {
			return 1
		}
		return -1
	}
	return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.SessionID, b.SessionID))
}

// Members reads the members of the party, in no order.
func (r *Roster) Members(id party.ID) ([]party.Member, error) {
	presences, err := r.streams.StreamUserList(party.StreamMode, id.UUID.String(), "", id.Node, false, true)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	members := make([]party.Member, 0, len(presences))
	for _, p := range presences {
		if !r.Hidden.contains(p.GetSessionId()) {
			members = append(members, party.Member{Session: party.SessionOf(p)})
		}
	}
	return members, nil
}

// adopt asks the host for the facts of a party that no hook has seen, and mirrors them for its members. The host's
// index is up to a second late.
func (r *Roster) adopt(ctx context.Context, id party.ID) (Snapshot, error) {
	// Every character of an ID is valid in a plain term; in quotes, the host finds nothing.
	parties, _, err := r.finder.PartyList(ctx, 1, nil, true, "+_id:"+id.String(), "")
	if err != nil {
		return Snapshot{}, fmt.Errorf("find party: %w", err)
	}
	i := slices.IndexFunc(parties, func(p *api.Party) bool { return p.GetPartyId() == id.String() })
	if i < 0 {
		return Snapshot{}, party.RefuseGone()
	}
	found, now := parties[i], r.now()
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	s, err := r.LookOnce(id)
	if err != nil || s.shared.rev != 0 {
		return s, err
	}
	s.Facts = party.Facts{MaxSize: int(found.GetMaxSize()), Open: found.GetOpen(), Hidden: found.GetHidden(), Label: found.GetLabel(), CreatedAt: now}
	s.shared, s.lastJoin = shared{Facts: s.Facts, rev: max(1, party.Nanos(now))}, now
	for _, m := range s.Members {
		if err := r.putMember(id, m.Session, mirrorEntry{s.shared, now}); err != nil {
			return Snapshot{}, err
		}
	}
	return s, nil
}

// PartiesOf lists the parties of the user's sessions, the latest joined first. It does not list parties entered through
// another module.
func (r *Roster) PartiesOf(_ context.Context, userID string) ([]party.Membership, error) {
	presences, err := r.streams.StreamUserList(party.PartiesMode, userID, "", "", true, true)
	if err != nil {
		return nil, fmt.Errorf("read parties of user: %w", err)
	}
	var in []party.Membership
	for _, p := range presences {
		s := party.SessionOf(p)
		for _, listed := range decodeList(p.GetStatus()) {
			members, err := r.Members(listed.ID)
			if err != nil {
				return nil, err
			}
			if party.HasSession(members, s.SessionID) {
				in = append(in, party.Membership{ID: listed.ID, Session: s, Since: listed.Since})
			}
		}
	}
	slices.SortFunc(in, func(a, b party.Membership) int {
		return cmp.Or(b.Since.Compare(a.Since), cmp.Compare(a.ID.String(), b.ID.String()), cmp.Compare(a.Session.SessionID, b.Session.SessionID))
	})
	return in, nil
}

// Listed lists the parties noted for the session, even if it has left them since.
func (r *Roster) Listed(s party.Session) ([]party.ID, error) {
	list, err := r.readList(s)
	var ids []party.ID
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return ids, err
}

// Sessions lists the user's live sockets, by session ID.
func (r *Roster) Sessions(userID string) ([]party.Session, error) {
	presences, err := r.streams.StreamUserList(party.NotificationsMode, userID, "", "", true, true)
	if err != nil {
		return nil, fmt.Errorf("read sockets of user: %w", err)
	}
	sessions := make([]party.Session, 0, len(presences))
	for _, p := range presences {
		if !r.Hidden.contains(p.GetSessionId()) {
			sessions = append(sessions, party.SessionOf(p))
		}
	}
	slices.SortFunc(sessions, func(a, b party.Session) int { return cmp.Compare(a.SessionID, b.SessionID) })
	return sessions, nil
}

// Left returns those of the users who left the party or were removed. Users who only lost their connection are not
// among them.
func (r *Roster) Left(id party.ID, users []string) (left []string, err error) {
	members, err := r.Members(id)
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		if slices.ContainsFunc(members, func(m party.Member) bool { return m.UserID == user }) {
			continue
		}
		live, err := r.Sessions(user)
		if err != nil {
			return nil, err
		}
		if len(live) > 0 {
			left = append(left, user)
		}
	}
	return left, nil
}

// Alive reports whether the session is one of the user's live sockets.
func (r *Roster) Alive(s party.Session) (bool, error) {
	live, err := r.Sessions(s.UserID)
	return slices.ContainsFunc(live, func(l party.Session) bool { return l.SessionID == s.SessionID }), err
}
