package player

import (
	"fmt"
	"slices"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
)

// PartyView is what one game knows about its parties, from the server's messages alone. Make it with
// [NewEar] for a session's ID.
type PartyView struct {
	session string
	Parties map[string]*PartyState // by ID
	// early has, by party ID, the changes that came before the party envelope. The server fills in the
	// envelope, unlocks the party, and then sends. A change that it sends in between is newer but comes first.
	early map[string][]func(*PartyState)
}

// PartyState is one party as a game has heard of it. Members are session IDs.
type PartyState struct {
	Members     map[string]bool
	Leader      string // session ID; "" until it is known
	Open        bool
	hasEnvelope bool // by the party envelope
}

// NewPartyView returns the view of a session that is in no party.
func NewPartyView(session string) *PartyView {
	return &PartyView{session: session, Parties: map[string]*PartyState{}, early: map[string][]func(*PartyState){}}
}

// Unexpected is a message about a party that the game is not in.
type Unexpected struct {
	Party   string
	Message client.Message
}

func (s Unexpected) Error() string {
	return fmt.Sprintf("heard of party %s without being in it: %s", s.Party, s.Message.Raw)
}

// Process processes the messages that have arrived, in order, and returns those that the game should not
// have heard: only its members may know what happens in a party. A player whom the server puts into a
// party may hear of it a moment before the party envelope; that is not unexpected.
func (e *PartyView) Process(messages []client.Message) []Unexpected {
	var unexpected []Unexpected
	clear(e.early)
	entered := map[string]bool{} // even if it has left again
	for _, m := range messages {
		party, known := e.hear(m)
		if !known {
			unexpected = append(unexpected, Unexpected{party, m})
		}
		entered[party] = entered[party] || e.Parties[party] != nil
	}
	return slices.DeleteFunc(unexpected, func(s Unexpected) bool { return entered[s.Party] })
}

// hear processes one message. It returns the party that the message is about, "" for none, and whether
// the game is in it.
func (e *PartyView) hear(m client.Message) (party string, known bool) {
	switch msg := m.Envelope.GetMessage().(type) {
	case *rtapi.Envelope_Party:
		p := msg.Party
		heard := &PartyState{Members: map[string]bool{}, Leader: p.GetLeader().GetSessionId(), Open: p.Open, hasEnvelope: true}
		for _, member := range p.Presences {
			heard.Members[member.SessionId] = true
		}
		for _, apply := range e.early[p.PartyId] {
			apply(heard)
		}
		delete(e.early, p.PartyId)
		e.Parties[p.PartyId] = heard
		return p.PartyId, true
	case *rtapi.Envelope_PartyPresenceEvent:
		return e.presences(msg.PartyPresenceEvent)
	case *rtapi.Envelope_PartyLeader:
		return e.change(msg.PartyLeader.PartyId, func(h *PartyState) { h.Leader = msg.PartyLeader.GetPresence().GetSessionId() })
	case *rtapi.Envelope_PartyUpdate:
		return e.change(msg.PartyUpdate.PartyId, func(h *PartyState) { h.Open = msg.PartyUpdate.Open })
	case *rtapi.Envelope_PartyClose:
		return e.applyTo(msg.PartyClose.PartyId, func(*PartyState) { delete(e.Parties, msg.PartyClose.PartyId) })
	case *rtapi.Envelope_PartyData:
		return e.applyTo(msg.PartyData.PartyId, func(*PartyState) {})
	case *rtapi.Envelope_PartyMatchmakerTicket:
		return e.applyTo(msg.PartyMatchmakerTicket.PartyId, func(*PartyState) {})
	case *rtapi.Envelope_PartyJoinRequest:
		return e.applyTo(msg.PartyJoinRequest.PartyId, func(*PartyState) {})
	}
	return "", true
}

// presences applies joins and leaves. A session that has just joined may hear of itself before it gets
// the party envelope.
func (e *PartyView) presences(event *rtapi.PartyPresenceEvent) (party string, known bool) {
	h := e.Parties[event.PartyId]
	for _, p := range event.Joins {
		if h == nil && p.SessionId == e.session {
			h = &PartyState{Members: map[string]bool{}}
			e.Parties[event.PartyId] = h
		}
	}
	if h == nil {
		return event.PartyId, false
	}
	for _, p := range event.Joins {
		h.Members[p.SessionId] = true
	}
	for _, p := range event.Leaves {
		delete(h.Members, p.SessionId)
	}
	return event.PartyId, true
}

// change applies a change to what the envelope says about a party.
func (e *PartyView) change(party string, apply func(*PartyState)) (string, bool) {
	if h := e.Parties[party]; h == nil || !h.hasEnvelope {
		e.early[party] = append(e.early[party], apply)
	}
	return e.applyTo(party, apply)
}

func (e *PartyView) applyTo(party string, apply func(*PartyState)) (string, bool) {
	h := e.Parties[party]
	if h != nil {
		apply(h)
	}
	return party, h != nil
}

// Forget drops a party that the game has left by itself, because the server does not confirm that with
// a message.
func (e *PartyView) Forget(party string) { delete(e.Parties, party) }
