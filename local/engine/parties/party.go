package parties

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/presence"
)

// party is one party. Until it is closed it has a leader, who is one of its members. A party of size 0 has no
// members.
type party struct {
	reg     *Registry
	id      string // "<uuid>.<node>"
	stream  presence.Stream
	created time.Time
	maxSize int

	// mu guards the fields below. The tracker, the router and the index may be called with it held, because they do
	// not call back. The matchmaker may not.
	mu           sync.Mutex
	closed       bool
	open         bool
	leader       presence.Presence   // if maxSize is 0, the creator, who is not a member
	members      []presence.Presence // in order of arrival
	requests     []presence.Presence // users who ask to join; their sessions may have ended
	activity     int                 // counts events and calls
	seenActivity int                 // activity at the last check for idle parties
}

// userPresence converts a presence to the form that clients get.
func userPresence(p presence.Presence) *rtapi.UserPresence {
	return &rtapi.UserPresence{UserId: p.GetUserId(), SessionId: p.GetSessionId(), Username: p.Meta.Username}
}

// samePresence reports whether all three parts of w match the presence.
func samePresence(p presence.Presence, w *rtapi.UserPresence) bool {
	return w.SessionId == p.GetSessionId() && w.UserId == p.GetUserId() && w.Username == p.Meta.Username
}

func (p *party) memberIndex(sessionID uuid.UUID) int {
	return slices.IndexFunc(p.members, func(m presence.Presence) bool { return m.ID.SessionID == sessionID })
}

// lockAsLeader locks the party for a call that only its leader may make. If it returns no error, the caller must
// unlock.
func (p *party) lockAsLeader(sessionID uuid.UUID) error {
	p.mu.Lock()
	switch {
	case p.closed:
		p.mu.Unlock()
		return runtime.ErrPartyClosed
	case p.leader.ID.SessionID != sessionID:
		p.mu.Unlock()
		return runtime.ErrPartyNotLeader
	}
	p.activity++
	return nil
}

func (p *party) track(m presence.Presence) (ok, isNew bool) {
	return p.reg.opts.Tracker.Track(m.ID, m.UserID, p.stream, presence.Meta{Username: m.Meta.Username})
}

// stop closes a party and removes it from the registry, the list and its stream, but not its tickets. The caller
// holds mu.
func (p *party) stop() {
	p.closed = true
	p.reg.remove(p.stream.Subject)
	p.reg.index.remove(p.id)
	p.reg.opts.Tracker.UntrackStream(p.stream)
}

func (p *party) dropTickets() { p.reg.opts.Tickets.RemovePartyAll(p.id) }

// applyJoins makes members of sessions that appeared on the stream, and sends them the party. Sessions that are members
// already get the party too: the creator, sessions that came in with a join, and sessions whose presence was updated.
func (p *party) applyJoins(joins []presence.Presence) {
	if len(joins) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.activity++
	var fresh []presence.Presence
	for _, j := range joins {
		if p.memberIndex(j.ID.SessionID) < 0 {
			fresh = append(fresh, j)
		}
	}
	if len(fresh) > 0 && len(p.members)+len(fresh) > p.maxSize {
		p.reg.log.Error("party full: a session is on its stream without being a member", "party", p.id)
		return
	}
	p.members = append(p.members, fresh...)
	var all []*rtapi.UserPresence
	for _, m := range p.members {
		all = append(all, userPresence(m))
	}
	for _, j := range joins {
		p.reg.opts.Router.SendToPresences([]presence.ID{j.ID}, &rtapi.Envelope{Message: &rtapi.Envelope_Party{
			Party: &rtapi.Party{
				PartyId: p.id, Open: p.open, MaxSize: int32(p.maxSize),
				Self: userPresence(j), Leader: userPresence(p.leader), Presences: all,
			},
		}})
	}
}

// applyLeaves removes members who left the stream. If the leader left, the member who has been there longest becomes
// leader. A party without members closes.
func (p *party) applyLeaves(leaves []presence.Presence) {
	if len(leaves) == 0 {
		return
	}
	if p.applyLeavesLocked(leaves) {
		p.dropTickets()
	}
}

// applyLeavesLocked reports whether the membership has changed.
func (p *party) applyLeavesLocked(leaves []presence.Presence) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.activity++
	before := len(p.members)
	for _, l := range leaves {
		if i := p.memberIndex(l.ID.SessionID); i >= 0 {
			p.members = slices.Delete(p.members, i, i+1)
		}
	}
	switch {
	case len(p.members) == before:
		return false
	case len(p.members) == 0:
		p.stop()
	case p.memberIndex(p.leader.ID.SessionID) < 0:
		p.setLeader(p.members[0])
	}
	return true
}

// setLeader makes a member the leader and sends that to the stream. The caller holds mu.
func (p *party) setLeader(m presence.Presence) {
	p.leader = m
	p.reg.opts.Router.SendToStream(p.stream, &rtapi.Envelope{Message: &rtapi.Envelope_PartyLeader{
		PartyLeader: &rtapi.PartyLeader{PartyId: p.id, Presence: userPresence(m)},
	}})
}

// join lets a session into an open party, or sends a request to the leader of a closed one.
func (p *party) join(m presence.Presence) error {
	entered, err := p.joinLocked(m)
	if err != nil {
		return err
	}
	if !entered {
		return nil
	}
	// The party's search ends even if a member joins again.
	p.dropTickets()
	// A session that has ended cannot be tracked. As on the real server, it stays a member until the leader removes
	// it.
	if ok, _ := p.track(m); !ok {
		return errTracking
	}
	p.reg.leaveOtherParties(m.ID.SessionID, p.stream)
	return nil
}

func (p *party) joinLocked(m presence.Presence) (entered bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false, runtime.ErrPartyClosed
	}
	p.activity++
	if len(p.members) >= p.maxSize {
		return false, runtime.ErrPartyFull // also for a member who joins again
	}
	if p.open {
		p.add(m)
		return true, nil
	}
	if len(p.requests) >= p.maxSize {
		return false, runtime.ErrPartyJoinRequestsFull
	}
	for _, r := range p.requests {
		if r.UserID == m.UserID {
			return false, runtime.ErrPartyJoinRequestDuplicate
		}
	}
	// As on the real server, there is no check whether the user is already a member.
	p.requests = append(p.requests, m)
	p.reg.opts.Router.SendToPresences([]presence.ID{p.leader.ID}, &rtapi.Envelope{Message: &rtapi.Envelope_PartyJoinRequest{
		PartyJoinRequest: &rtapi.PartyJoinRequest{PartyId: p.id, Presences: []*rtapi.UserPresence{userPresence(m)}},
	}})
	return false, nil
}

// add makes a session a member before the tracker's event arrives, so that the seat is taken at once. The caller
// holds mu and has checked that there is room.
func (p *party) add(m presence.Presence) {
	if p.memberIndex(m.ID.SessionID) < 0 {
		p.members = append(p.members, m)
	}
}

// promote makes a member the leader.
func (p *party) promote(caller uuid.UUID, target *rtapi.UserPresence) error {
	if err := p.lockAsLeader(caller); err != nil {
		return err
	}
	defer p.mu.Unlock()
	for _, m := range p.members {
		if samePresence(m, target) {
			p.setLeader(m)
			return nil
		}
	}
	return runtime.ErrPartyNotMember
}

// accept lets in a user who has asked. If the session has ended, accept removes the request and fails.
func (p *party) accept(caller uuid.UUID, target *rtapi.UserPresence) error {
	m, err := p.acceptLocked(caller, target)
	if err != nil {
		return err
	}
	p.reg.leaveOtherParties(m.ID.SessionID, p.stream)
	p.dropTickets()
	return nil
}

func (p *party) acceptLocked(caller uuid.UUID, target *rtapi.UserPresence) (presence.Presence, error) {
	if err := p.lockAsLeader(caller); err != nil {
		return presence.Presence{}, err
	}
	defer p.mu.Unlock()
	if len(p.members) >= p.maxSize {
		return presence.Presence{}, runtime.ErrPartyFull
	}
	m, ok := p.takeRequest(target)
	if !ok {
		return m, runtime.ErrPartyNotRequest
	}
	if ok, _ := p.track(m); !ok {
		return m, runtime.ErrPartyAcceptRequest
	}
	p.add(m)
	return m, nil
}

// takeRequest removes a join request. The caller holds mu.
func (p *party) takeRequest(target *rtapi.UserPresence) (presence.Presence, bool) {
	for i, r := range p.requests {
		if samePresence(r, target) {
			p.requests = slices.Delete(p.requests, i, i+1)
			return r, true
		}
	}
	return presence.Presence{}, false
}

// kick removes a member or refuses a join request. The user of a request gets no message. A member gets a message
// that the party is closed.
func (p *party) kick(caller uuid.UUID, target *rtapi.UserPresence) error {
	m, wasMember, err := p.kickLocked(caller, target)
	if err != nil || !wasMember {
		return err
	}
	p.dropTickets()
	p.reg.opts.Tracker.Untrack(m.ID.SessionID, p.stream)
	p.reg.opts.Router.SendToPresences([]presence.ID{m.ID}, p.closeMessage())
	return nil
}

func (p *party) kickLocked(caller uuid.UUID, target *rtapi.UserPresence) (m presence.Presence, wasMember bool, err error) {
	if err := p.lockAsLeader(caller); err != nil {
		return m, false, err
	}
	defer p.mu.Unlock()
	if samePresence(p.leader, target) {
		return m, false, runtime.ErrPartyRemoveSelf
	}
	for i, m := range p.members {
		if samePresence(m, target) {
			p.members = slices.Delete(p.members, i, i+1)
			return m, true, nil
		}
	}
	if m, ok := p.takeRequest(target); ok {
		return m, false, nil
	}
	return m, false, runtime.ErrPartyNotMember
}

func (p *party) closeMessage() *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyClose{PartyClose: &rtapi.PartyClose{PartyId: p.id}}}
}

// close closes the party for everybody.
func (p *party) close(caller uuid.UUID) error {
	if err := p.lockAsLeader(caller); err != nil {
		return err
	}
	p.reg.opts.Router.SendToStream(p.stream, p.closeMessage())
	p.stop()
	p.mu.Unlock()
	p.dropTickets()
	return nil
}

// joinRequests returns the users who ask to join.
func (p *party) joinRequests(caller uuid.UUID) ([]*rtapi.UserPresence, error) {
	if err := p.lockAsLeader(caller); err != nil {
		return nil, err
	}
	defer p.mu.Unlock()
	list := make([]*rtapi.UserPresence, 0, len(p.requests))
	for _, r := range p.requests {
		list = append(list, userPresence(r))
	}
	return list, nil
}

// sendData sends a member's message to the other members.
func (p *party) sendData(caller uuid.UUID, opCode int64, data []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return runtime.ErrPartyClosed
	}
	i := p.memberIndex(caller)
	if i < 0 {
		return runtime.ErrPartyNotMember
	}
	p.activity++
	var others []presence.ID
	for j, m := range p.members {
		if j != i {
			others = append(others, m.ID)
		}
	}
	p.reg.opts.Router.SendToPresences(others, &rtapi.Envelope{Message: &rtapi.Envelope_PartyData{
		PartyData: &rtapi.PartyData{PartyId: p.id, Presence: userPresence(p.members[i]), OpCode: opCode, Data: data},
	}})
	return nil
}

// update replaces the party's data in the list, and whether it is open. Everybody on the stream gets a message.
func (p *party) update(caller uuid.UUID, label string, open, hidden bool) error {
	if err := p.lockAsLeader(caller); err != nil {
		return err
	}
	defer p.mu.Unlock()
	entry, err := newEntry(label)
	if err != nil {
		return err
	}
	p.open = open
	p.putInList(entry, open, hidden)
	p.reg.opts.Router.SendToStream(p.stream, &rtapi.Envelope{Message: &rtapi.Envelope_PartyUpdate{
		PartyUpdate: &rtapi.PartyUpdate{PartyId: p.id, Open: open, Hidden: hidden, Label: label},
	}})
	return nil
}

// putInList puts the party's current data into the list.
func (p *party) putInList(e *entry, open, hidden bool) {
	e.id, e.node, e.open, e.hidden = p.id, p.reg.opts.Node, open, hidden
	e.maxSize, e.created = p.maxSize, p.created
	p.reg.index.put(e)
}

func (p *party) closeIfIdle() {
	if p.stopIfIdle() {
		p.dropTickets()
	}
}

// stopIfIdle closes the party if it is idle, and reports whether it was.
func (p *party) stopIfIdle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	used := p.activity != p.seenActivity
	p.seenActivity = p.activity
	if p.closed || used || p.reg.opts.Tracker.Count(p.stream) > 0 {
		return false
	}
	p.stop()
	return true
}
