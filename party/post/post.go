// Package post sends messages about new members to their party a moment after they came in: see [party.NewcomerAfter].
// While such a message waits, later messages of the party are sent the same way, so that they do not overtake it.
package post

import (
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/internal/alarm"
	"partyline/party"
)

// DelayedSender sends such messages, those of one party in order. Make one with [New]. Safe for concurrent use.
type DelayedSender struct {
	sender party.Sender
	logger party.Logger
	alarms *alarm.Alarms[party.ID]

	mu       sync.Mutex             // also held while alarms are set
	messages map[party.ID][]message // waiting messages; the first has an alarm or is being sent
}

type message struct {
	at       time.Time
	envelope *rtapi.Envelope
}

// New makes a sender. It uses the real clock, because it waits for another goroutine of the server. The caller closes
// it when the process ends; waiting messages are then not sent.
func New(sender party.Sender, logger party.Logger) *DelayedSender {
	p := &DelayedSender{sender: sender, logger: logger, messages: map[party.ID][]message{}}
	p.alarms = alarm.New(time.Now, logger, "party not notified of a new member party=", p.deliver)
	return p
}

// Close stops all timers.
func (p *DelayedSender) Close() { p.alarms.Close() }

// Send sends data as JSON to all members of a party, a moment later.
func (p *DelayedSender) Send(id party.ID, op int64, data any) error {
	envelope, err := party.DataEnvelope(id, op, data)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := time.Now().Add(party.NewcomerAfter)
	if p.messages[id] = append(p.messages[id], message{at, envelope}); len(p.messages[id]) == 1 {
		p.alarms.Set(id, at)
	}
	return nil
}

// Pending reports whether a message to the party is still waiting.
func (p *DelayedSender) Pending(id party.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.messages[id]) > 0
}

// deliver sends a party's first message, and sets the alarm of the next one.
func (p *DelayedSender) deliver(id party.ID) {
	p.mu.Lock()
	first := p.messages[id][0].envelope
	p.mu.Unlock()
	defer p.scheduleNext(id)
	if err := p.sender.StreamSendRaw(party.StreamMode, id.UUID.String(), "", id.Node, first, nil, true); err != nil {
		p.logger.Warn("party not notified of a new member party=%s op=%d error=%v", id, first.GetPartyData().GetOpCode(), err)
	}
}

func (p *DelayedSender) scheduleNext(id party.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := p.messages[id][1:]
	if len(rest) == 0 {
		delete(p.messages, id)
		return
	}
	p.messages[id] = rest
	p.alarms.Set(id, rest[0].at)
}
