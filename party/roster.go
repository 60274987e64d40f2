package party

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
)

// Facts are what a party was made with and has since become.
type Facts struct {
	MaxSize      int
	Open, Hidden bool
	Label        string
	CreatedAt    time.Time
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

// IsLost reports whether the session is one of the lost.
func (v View) IsLost(sessionID string) bool {
	return slices.ContainsFunc(v.Lost, func(s Session) bool { return s.SessionID == sessionID })
}

// Size is the number of members.
func (v View) Size() int { return len(v.Members) }

// Leader is the member that leads; the zero Member for a view without members.
func (v View) Leader() Member {
	for _, m := range v.Members {
		if m.Leader {
			return m
		}
	}
	return Member{}
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

// Roster is our view of the native engine's parties. What it answers is the truth of
// the host's streams at the moment of the call: the party's own stream says who is a
// member; hidden presences on streams of our own, written by the methods that hooks
// call, say in which order, who leads, and what the party's facts are.
//
// Native behaviour it follows: the leader is the creator, then whoever was promoted;
// once that session is gone it is the member that joined first.
//
// Safe for concurrent use. Lock order: a party's mirror, then a user's list.
type Roster struct {
	streams  Streams
	finder   Finder
	now      Clock
	parties  stripes // by the party's UUID: read-modify-write of its mirror
	users    stripes // by user: read-modify-write of its list of parties
	listener func(Change)

	attendance attendance
	losses     losses
}

// NewRoster makes a roster over the host.
func NewRoster(streams Streams, finder Finder, now Clock) *Roster {
	return &Roster{streams: streams, finder: finder, now: now, listener: func(Change) {}, attendance: newAttendance(), losses: newLosses()}
}

// ChangeKind says what happened to a party.
type ChangeKind int

const (
	PartyCreated ChangeKind = iota + 1
	PartyClosed
	PartyUpdated  // open, hidden or the label
	MemberEntered // by whatever way
	MemberLeft    // on purpose, kicked, or for another party
	MemberDropped // its session ended
	SeatsChanged  // seats are kept, or not kept any more
)

// Change is something a hook told the roster about a party.
type Change struct {
	Kind    ChangeKind
	ID      ID
	Session Session // of MemberEntered, MemberLeft and MemberDropped
}

// OnChange has f called after each change, in the goroutine of the hook. A gate of the
// party may be held then, so f must not call [Admission]. It is for wiring: call it
// before the first hook runs.
func (r *Roster) OnChange(f func(Change)) {
	previous := r.listener
	r.listener = func(c Change) { previous(c); f(c) }
}

// A party's facts are written by the hook after its creation. Somebody who reads in
// between, over another connection, waits for them this long at most.
var factsWait = [...]time.Duration{5 * time.Millisecond, 15 * time.Millisecond, 40 * time.Millisecond}

// View reads a party. It refuses with PartyNotFound if nobody is in it.
func (r *Roster) View(ctx context.Context, id ID) (View, error) {
	s, err := r.snapshot(ctx, id)
	return s.View, err
}

// snapshot is a view with what only the kernel needs.
type snapshot struct {
	View
	shared shared
}

func (r *Roster) snapshot(ctx context.Context, id ID) (snapshot, error) {
	s, err := r.look(id)
	for i := 0; err == nil && s.shared.rev == 0; i++ {
		if i == len(factsWait) {
			return r.adopt(ctx, id)
		}
		select {
		case <-ctx.Done():
			return snapshot{}, ctx.Err()
		case <-time.After(factsWait[i]):
		}
		s, err = r.look(id)
	}
	return s, err
}

// look reads the streams once. Facts of revision 0 are unknown.
func (r *Roster) look(id ID) (snapshot, error) {
	members, err := r.members(id)
	if err != nil {
		return snapshot{}, err
	}
	if len(members) == 0 {
		return snapshot{}, Refuse(PartyNotFound, "This party does not exist any more.")
	}
	entries, err := r.mirror(id)
	if err != nil {
		return snapshot{}, err
	}
	var s shared
	for _, e := range entries {
		i := slices.IndexFunc(members, func(m Member) bool { return m.SessionID == e.session.SessionID })
		if i < 0 {
			continue // left in a way no hook tells of, or a join that never came about
		}
		members[i].JoinedAt = e.joinedAt
		if e.rev > s.rev {
			s = e.shared
		}
	}
	slices.SortFunc(members, func(a, b Member) int {
		if a.JoinedAt.IsZero() != b.JoinedAt.IsZero() {
			if a.JoinedAt.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.SessionID, b.SessionID))
	})
	lead := max(0, slices.IndexFunc(members, func(m Member) bool { return m.SessionID == s.leader }))
	members[lead].Leader = true
	return snapshot{View{ID: id, Facts: s.Facts, Members: members, Lost: r.losses.of(id)}, s}, nil
}

// members reads who is in the party, in no order.
func (r *Roster) members(id ID) ([]Member, error) {
	presences, err := r.streams.StreamUserList(StreamMode, id.UUID.String(), "", id.Node, false, true)
	if err != nil {
		return nil, err
	}
	members := make([]Member, len(presences))
	for i, p := range presences {
		members[i].Session = Session{UserID: p.GetUserId(), SessionID: p.GetSessionId(), Username: p.GetUsername()}
	}
	return members, nil
}

type mirrorPresence struct {
	mirrorEntry
	session Session
}

func (r *Roster) mirror(id ID) ([]mirrorPresence, error) {
	presences, err := r.streams.StreamUserList(mirrorMode, id.UUID.String(), "", id.Node, true, true)
	if err != nil {
		return nil, err
	}
	entries := make([]mirrorPresence, 0, len(presences))
	for _, p := range presences {
		if e, ok := decodeMirror(p.GetStatus()); ok {
			entries = append(entries, mirrorPresence{e, Session{UserID: p.GetUserId(), SessionID: p.GetSessionId(), Username: p.GetUsername()}})
		}
	}
	return entries, nil
}

// adopt asks the native engine for the facts of a party none of our hooks has seen
// and writes them down for its members.
func (r *Roster) adopt(ctx context.Context, id ID) (snapshot, error) {
	facts, err := r.findFacts(ctx, id)
	if err != nil {
		return snapshot{}, err
	}
	now := r.now()
	facts.CreatedAt = now
	defer r.lock(id)()
	s, err := r.look(id)
	if err != nil || s.shared.rev != 0 {
		return s, err
	}
	s.shared = shared{Facts: facts, rev: max(1, nanos(now))}
	s.Facts = facts
	for _, m := range s.Members {
		if err := r.put(id, m.Session, mirrorEntry{s.shared, now}); err != nil {
			return snapshot{}, err
		}
	}
	return s, nil
}

// findFacts asks the engine's index for one party. The index is up to a second behind.
func (r *Roster) findFacts(ctx context.Context, id ID) (Facts, error) {
	// Every character of an ID is one of a plain term; quoted, the server finds nothing.
	parties, _, err := r.finder.PartyList(ctx, 1, nil, true, "+_id:"+id.String(), "")
	if err != nil {
		return Facts{}, err
	}
	for _, p := range parties {
		if p.GetPartyId() == id.String() {
			return Facts{MaxSize: int(p.GetMaxSize()), Open: p.GetOpen(), Hidden: p.GetHidden(), Label: p.GetLabel()}, nil
		}
	}
	return Facts{}, Refuse(PartyNotFound, "This party does not exist any more.")
}

// PartiesOf lists the parties the user's sessions are in, the latest joined first.
// Parties entered through another module are not among them.
func (r *Roster) PartiesOf(_ context.Context, userID string) ([]Membership, error) {
	presences, err := r.streams.StreamUserList(partiesMode, userID, "", "", true, true)
	if err != nil {
		return nil, err
	}
	var in []Membership
	for _, p := range presences {
		s := Session{UserID: p.GetUserId(), SessionID: p.GetSessionId(), Username: p.GetUsername()}
		for _, pp := range decodeParties(p.GetStatus()) {
			members, err := r.members(pp.id)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(members, func(m Member) bool { return m.SessionID == s.SessionID }) {
				in = append(in, Membership{ID: pp.id, Session: s, Since: pp.since})
			}
		}
	}
	slices.SortFunc(in, func(a, b Membership) int {
		return cmp.Or(b.Since.Compare(a.Since), cmp.Compare(a.ID.String(), b.ID.String()), cmp.Compare(a.Session.SessionID, b.Session.SessionID))
	})
	return in, nil
}

// listed are the parties the session is noted in, whether or not it still is in them.
func (r *Roster) listed(s Session) ([]ID, error) {
	presences, err := r.streams.StreamUserList(partiesMode, s.UserID, "", "", true, true)
	if err != nil {
		return nil, err
	}
	var ids []ID
	for _, p := range presences {
		if p.GetSessionId() == s.SessionID {
			for _, pp := range decodeParties(p.GetStatus()) {
				ids = append(ids, pp.id)
			}
		}
	}
	return ids, nil
}

// notificationsMode is the stream every live socket is on, with its user as subject.
const notificationsMode uint8 = 0

// Sessions lists the user's live sockets, by session ID.
func (r *Roster) Sessions(userID string) ([]Session, error) {
	presences, err := r.streams.StreamUserList(notificationsMode, userID, "", "", true, true)
	if err != nil {
		return nil, err
	}
	sessions := make([]Session, len(presences))
	for i, p := range presences {
		sessions[i] = Session{UserID: p.GetUserId(), SessionID: p.GetSessionId(), Username: p.GetUsername()}
	}
	slices.SortFunc(sessions, func(a, b Session) int { return cmp.Compare(a.SessionID, b.SessionID) })
	return sessions, nil
}

// alive reports whether the session is one of the user's live sockets.
func (r *Roster) alive(s Session) (bool, error) {
	live, err := r.Sessions(s.UserID)
	return slices.ContainsFunc(live, func(l Session) bool { return l.SessionID == s.SessionID }), err
}

// Created follows a PartyCreate: s is the creator, p what it was answered.
func (r *Roster) Created(_ context.Context, s Session, p *rtapi.Party) error {
	id, err := ParseID(p.GetPartyId())
	if err != nil {
		return err
	}
	now := r.now()
	sh := shared{
		Facts:  Facts{MaxSize: int(p.GetMaxSize()), Open: p.GetOpen(), Hidden: p.GetHidden(), Label: p.GetLabel(), CreatedAt: now},
		rev:    max(1, nanos(now)),
		leader: s.SessionID,
	}
	if err := r.begin(id, s, mirrorEntry{sh, now}); err != nil {
		return err
	}
	r.listener(Change{Kind: PartyCreated, ID: id})
	return nil
}

func (r *Roster) begin(id ID, s Session, e mirrorEntry) error {
	defer r.lock(id)()
	return r.put(id, s, e)
}
