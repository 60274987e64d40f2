package match

import (
	"errors"
	"fmt"
	"slices"

	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

var errStopped = errors.New("match stopped")

// broadcast is an envelope and its recipients.
type broadcast struct {
	to  []presence.ID
	env *rtapi.Envelope
}

// dispatcher implements runtime.MatchDispatcher for match code.
type dispatcher struct{ m *runningMatch }

var _ runtime.MatchDispatcher = dispatcher{}

// BroadcastMessage sends data to players immediately. nil presences mean all players, an empty list means none. It
// skips presences that are not in the match.
func (d dispatcher) BroadcastMessage(opCode int64, data []byte, presences []runtime.Presence, sender runtime.Presence, reliable bool) error {
	b, err := d.newBroadcast(opCode, data, presences, sender, reliable)
	if err != nil || len(b.to) == 0 {
		return err
	}
	d.m.reg.opts.Router.SendToPresences(b.to, b.env)
	return nil
}

// BroadcastMessageDeferred does the same as BroadcastMessage, but after the current call of the match.
func (d dispatcher) BroadcastMessageDeferred(opCode int64, data []byte, presences []runtime.Presence, sender runtime.Presence, reliable bool) error {
	b, err := d.newBroadcast(opCode, data, presences, sender, reliable)
	if err != nil || len(b.to) == 0 {
		return err
	}
	select {
	case d.m.deferred <- b:
		return nil
	default:
		return runtime.ErrDeferredBroadcastFull
	}
}

// sendDeferred sends the deferred broadcasts.
func (m *runningMatch) sendDeferred() {
	for {
		select {
		case b := <-m.deferred:
			m.reg.opts.Router.SendToPresences(b.to, b.env)
		default:
			return
		}
	}
}

func (d dispatcher) newBroadcast(opCode int64, data []byte, presences []runtime.Presence, sender runtime.Presence, reliable bool) (broadcast, error) {
	if d.m.stopped.Load() {
		return broadcast{}, errStopped
	}
	to, err := d.recipients(presences)
	if err != nil {
		return broadcast{}, err
	}
	var from *rtapi.UserPresence
	if sender != nil {
		if _, err := uuid.Parse(sender.GetUserId()); err != nil {
			return broadcast{}, errors.New("Sender contains an invalid User ID")
		}
		if _, err := uuid.Parse(sender.GetSessionId()); err != nil {
			return broadcast{}, errors.New("Sender contains an invalid Session ID")
		}
		from = &rtapi.UserPresence{UserId: sender.GetUserId(), SessionId: sender.GetSessionId(), Username: sender.GetUsername()}
	}
	return broadcast{to: to, env: &rtapi.Envelope{Message: &rtapi.Envelope_MatchData{MatchData: &rtapi.MatchData{
		MatchId:  d.m.id,
		Presence: from,
		OpCode:   opCode,
		// The match may reuse its buffer before deferred data is sent.
		Data:     slices.Clone(data),
		Reliable: reliable,
	}}}}, nil
}

// recipients returns those presences that are players. For nil it returns all players.
func (d dispatcher) recipients(presences []runtime.Presence) ([]presence.ID, error) {
	var to []presence.ID
	if presences == nil {
		for _, p := range d.m.players.list() {
			to = append(to, p.id())
		}
		return to, nil
	}
	for _, p := range presences {
		if p == nil {
			return nil, errors.New("Presence was nil")
		}
		sessionID, err := uuid.Parse(p.GetSessionId())
		if err != nil {
			return nil, errors.New("Presence contains an invalid Session ID")
		}
		if d.m.players.has(sessionID, p.GetNodeId()) {
			to = append(to, presence.ID{Node: p.GetNodeId(), SessionID: sessionID})
		}
	}
	return to, nil
}

// MatchKick removes players from the match's stream. The match then gets MatchLeave.
func (d dispatcher) MatchKick(presences []runtime.Presence) error {
	if d.m.stopped.Load() {
		return errStopped
	}
	kicked := make([]uuid.UUID, 0, len(presences))
	for _, p := range presences {
		if _, err := uuid.Parse(p.GetUserId()); err != nil {
			return errors.New("Presence contains an invalid User ID")
		}
		sessionID, err := uuid.Parse(p.GetSessionId())
		if err != nil {
			return errors.New("Presence contains an invalid Session ID")
		}
		if p.GetNodeId() == d.m.reg.opts.Node {
			kicked = append(kicked, sessionID)
		}
	}
	for _, sessionID := range kicked {
		d.m.reg.opts.Tracker.Untrack(sessionID, d.m.stream)
	}
	return nil
}

// MatchLabelUpdate changes the label. [Registry.Get] shows the change at once, [Registry.List] after the next label
// interval.
func (d dispatcher) MatchLabelUpdate(label string) error {
	if d.m.stopped.Load() {
		return errStopped
	}
	if len(label) > maxLabelBytes {
		return fmt.Errorf("error updating match label: %w", runtime.ErrMatchLabelTooLong)
	}
	d.m.label.Store(label)
	d.m.reg.labels.set(d.m.id, d.m.listEntry())
	return nil
}
