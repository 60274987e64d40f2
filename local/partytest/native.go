package partytest

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
	"partyline/party/admission"
)

// nativeParty is the state that the server's party engine keeps apart from the stream.
type nativeParty struct {
	open, hidden bool
	label        string
	maxSize      int
	members      []party.Session // in join order
	leader       party.Session
	requests     []party.Session
}

func (p *nativeParty) addMember(s party.Session) error {
	if slices.Contains(p.members, s) {
		return nil
	}
	if len(p.members) >= p.maxSize {
		return errors.New("party full")
	}
	p.members = append(p.members, s)
	return nil
}

func partyStream(id party.ID) stream {
	return stream{party.StreamMode, id.UUID.String(), "", id.Node}
}

// partyJoined is what the engine does when a session enters a party's stream. A full party does
// not add the session and does not tell it, so the session stays on the stream as a ghost.
func (h *Host) partyJoined(st stream, s party.Session) {
	if p := h.parties[uuid.MustParse(st.subject)]; p != nil {
		_ = p.addMember(s)
	}
}

// partyLeft passes on the leadership, and ends the party after its last member left.
func (h *Host) partyLeft(st stream, s party.Session) {
	id := uuid.MustParse(st.subject)
	p := h.parties[id]
	if p == nil {
		return
	}
	i := slices.Index(p.members, s)
	if i < 0 {
		return
	}
	p.members = slices.Delete(p.members, i, i+1)
	if p.leader != s {
		return
	}
	if len(p.members) == 0 {
		delete(h.parties, id)
		delete(h.streams, st)
		return
	}
	p.leader = p.members[0]
}

// PartyCreate handles the client message of that name. The next methods do the same.
func (h *Host) PartyCreate(s party.Session, open bool, maxSize int) *rtapi.Party {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := party.ID{UUID: uuid.New(), Node: Node}
	h.parties[id.UUID] = &nativeParty{open: open, maxSize: maxSize, members: []party.Session{s}, leader: s}
	h.enter(id, s)
	self := &rtapi.UserPresence{UserId: s.UserID, SessionId: s.SessionID, Username: s.Username}
	return &rtapi.Party{PartyId: id.String(), Open: open, MaxSize: int32(maxSize), Self: self, Leader: self, Presences: []*rtapi.UserPresence{self}}
}

// PartyJoin makes s a member of an open party. In a closed party it only adds a request.
func (h *Host) PartyJoin(s party.Session, id party.ID) error {
	h.mu.Lock()
	p := h.parties[id.UUID]
	if p == nil {
		h.mu.Unlock()
		return errors.New("party not found")
	}
	if len(p.members) >= p.maxSize {
		h.mu.Unlock()
		return errors.New("party full")
	}
	if !p.open {
		p.requests = append(p.requests, s)
		h.mu.Unlock()
		return nil
	}
	err := p.addMember(s)
	h.mu.Unlock()
	if err != nil {
		return err
	}
	if h.BetweenJoinAndTrack != nil {
		h.BetweenJoinAndTrack()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, live := h.sessions[s.SessionID]; !live {
		return errors.New("error tracking party join") // s stays a member, as on a real server
	}
	h.enter(id, s)
	return nil
}

// enter puts a session onto a party's stream as the engine itself does.
func (h *Host) enter(id party.ID, s party.Session) {
	h.track(partyStream(id), &Presence{session: s})
	for st := range h.streams {
		if h.SingleParty && st.mode == party.StreamMode && st != partyStream(id) {
			h.untrack(st, s.SessionID)
		}
	}
}

// PartyAccept lets in a session that asked to join.
func (h *Host) PartyAccept(leader, s party.Session, id party.ID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.parties[id.UUID]
	switch {
	case p == nil:
		return errors.New("party not found")
	case p.leader != leader:
		return errors.New("party leader only")
	case len(p.members) >= p.maxSize:
		return errors.New("party full")
	case !slices.Contains(p.requests, s):
		return errors.New("party not request")
	}
	p.requests = slices.DeleteFunc(p.requests, func(r party.Session) bool { return r == s })
	if _, live := h.sessions[s.SessionID]; !live {
		return errors.New("party could not accept request")
	}
	h.enter(id, s)
	return nil
}

// PartyRemove removes s from the party, whether or not s is on its stream.
func (h *Host) PartyRemove(leader, s party.Session, id party.ID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.parties[id.UUID]
	switch {
	case p == nil:
		return errors.New("party not found")
	case p.leader != leader:
		return errors.New("party leader only")
	case leader == s:
		return errors.New("party cannot remove self")
	case !slices.Contains(p.members, s):
		return errors.New("party not member")
	}
	h.partyLeft(partyStream(id), s)
	h.untrack(partyStream(id), s.SessionID)
	return nil
}

// PartyLeave removes s from the party; it always succeeds.
func (h *Host) PartyLeave(s party.Session, id party.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.untrack(partyStream(id), s.SessionID)
}

// PartyPromote makes s the leader.
func (h *Host) PartyPromote(leader, s party.Session, id party.ID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.parties[id.UUID]
	if p == nil || p.leader != leader || !slices.Contains(p.members, s) {
		return errors.New("party not promoted")
	}
	p.leader = s
	return nil
}

// PartyUpdate replaces the party's open, hidden and label.
func (h *Host) PartyUpdate(id party.ID, open, hidden bool, label string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.parties[id.UUID]
	p.open, p.hidden, p.label = open, hidden, label
}

// PartyClose ends the party without a message to the sessions on its stream.
func (h *Host) PartyClose(id party.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.parties, id.UUID)
	delete(h.streams, partyStream(id))
}

// Members returns the engine's own members, in join order.
func (h *Host) Members(id party.ID) []party.Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.parties[id.UUID]; p != nil {
		return slices.Clone(p.members)
	}
	return nil
}

// Leader returns the engine's own leader.
func (h *Host) Leader(id party.ID) party.Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.parties[id.UUID]; p != nil {
		return p.leader
	}
	return party.Session{}
}

// Ghosts returns the sessions on the party's stream that are not members.
func (h *Host) Ghosts(id party.ID) []party.Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ghosts []party.Session
	for _, p := range h.streams[partyStream(id)] {
		if np := h.parties[id.UUID]; np == nil || !slices.Contains(np.members, p.session) {
			ghosts = append(ghosts, p.session)
		}
	}
	return ghosts
}

// PartyList finds a party by its ID, the only query it supports. Without a query it lists all on one page.
func (h *Host) PartyList(_ context.Context, _ int, open *bool, hidden bool, query, _ string) ([]*api.Party, string, error) {
	text, ok := strings.CutPrefix(query, "+_id:")
	wanted, err := party.ParseID(text)
	if query != "" && (!ok || err != nil) {
		return nil, "", errors.New("error parsing query string")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []*api.Party
	for id, p := range h.parties {
		if query != "" && id != wanted.UUID || p.hidden && !hidden || open != nil && *open != p.open {
			continue
		}
		found = append(found, &api.Party{
			PartyId: party.ID{UUID: id, Node: Node}.String(), Open: p.open, Hidden: p.hidden, MaxSize: int32(p.maxSize), Label: p.label,
		})
	}
	return found, "", nil
}

// Founder returns an [admission.Founder] over the host: a second session of the user creates the
// party and leaves it again. The founder calls hide with that session's ID.
func (h *Host) Founder(hide func(sessionID string, hidden bool)) admission.Founder {
	return func(_ context.Context, s party.Session, f party.Facts) (party.ID, func(bool), error) {
		if f.MaxSize < 2 {
			return party.ID{}, nil, admission.ErrCannotFound
		}
		helper := h.Connect(s.UserID)
		hide(helper.SessionID, true)
		id, err := party.ParseID(h.PartyCreate(helper, f.Open, f.MaxSize).PartyId)
		if err != nil {
			return party.ID{}, nil, err
		}
		h.PartyUpdate(id, f.Open, f.Hidden, f.Label)
		return id, func(bool) {
			h.PartyLeave(helper, id)
			h.Disconnect(helper)
		}, nil
	}
}
