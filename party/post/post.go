// Package post tells parties of members who have just come in, a moment later: see
// [party.NewcomerAfter]. What must not overtake that is sent the same way while something waits.
package post

import (
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/internal/alarm"
	"partyline/party"
)

// Post sends such messages, those of one party in their order. Make one with [New]. Safe for
// concurrent use.
type Post struct {
	sender party.Sender
	logger party.Logger
	alarms *alarm.Alarms[party.ID]

	mu      sync.Mutex            // alarms are set under it
	letters map[party.ID][]letter // that wait; the first has its alarm set, or is being sent
}

type letter struct {
	at       time.Time
	envelope *rtapi.Envelope
}

// New makes a post. It waits for another goroutine of the server, so by the real clock. Close
// it when the process ends; what waits then is not sent.
func New(sender party.Sender, logger party.Logger) *Post {
	p := &Post{sender: sender, logger: logger, letters: map[party.ID][]letter{}}
	p.alarms = alarm.New(time.Now, logger, "party not told of a newcomer party=", p.deliver)
	return p
}

// Close ends all timers.
func (p *Post) Close() { p.alarms.Close() }

// Send sends data as JSON to everybody in a party, a moment later.
func (p *Post) Send(id party.ID, op int64, data any) error {
	envelope, err := party.DataEnvelope(id, op, data)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := time.Now().Add(party.NewcomerAfter)
	if p.letters[id] = append(p.letters[id], letter{at, envelope}); len(p.letters[id]) == 1 {
		p.alarms.Set(id, at)
	}
	return nil
}

// Waits reports whether something is still to be sent to the party.
func (p *Post) Waits(id party.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.letters[id]) > 0
}

// deliver sends a party's first letter. The next one's turn comes after it.
func (p *Post) deliver(id party.ID) {
	p.mu.Lock()
	first := p.letters[id][0].envelope
	p.mu.Unlock()
	defer p.next(id)
	if err := p.sender.StreamSendRaw(party.StreamMode, id.UUID.String(), "", id.Node, first, nil, true); err != nil {
		p.logger.Warn("party not told of a newcomer party=%s op=%d error=%v", id, first.GetPartyData().GetOpCode(), err)
	}
}

func (p *Post) next(id party.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := p.letters[id][1:]
	if len(rest) == 0 {
		delete(p.letters, id)
		return
	}
	p.letters[id] = rest
	p.alarms.Set(id, rest[0].at)
}
