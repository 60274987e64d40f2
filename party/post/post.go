// Package post tells parties of members who have just come in, a moment later: see
// [party.NewcomerAfter].
package post

import (
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/internal/alarm"
	"partyline/party"
)

// Post sends such messages. Make one with [New]. Safe for concurrent use.
type Post struct {
	sender party.Sender
	logger party.Logger
	alarms *alarm.Alarms[int]

	mu      sync.Mutex // a leaf
	last    int
	letters map[int]letter // that wait, by number
}

type letter struct {
	id       party.ID
	envelope *rtapi.Envelope
}

// New makes a post. It waits for another goroutine of the server, so by the real clock. Close
// it when the process ends; what waits then is not sent.
func New(sender party.Sender, logger party.Logger) *Post {
	p := &Post{sender: sender, logger: logger, letters: map[int]letter{}}
	p.alarms = alarm.New(time.Now, p.deliver, func(_ int, panicked any, stack []byte) {
		logger.Error("party not told of a newcomer: panic: %v\n%s", panicked, stack)
	})
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
	p.last++
	number := p.last
	p.letters[number] = letter{id, envelope}
	p.mu.Unlock()
	p.alarms.Set(number, time.Now().Add(party.NewcomerAfter))
	return nil
}

func (p *Post) deliver(number int) {
	p.mu.Lock()
	l := p.letters[number]
	delete(p.letters, number)
	p.mu.Unlock()
	if err := p.sender.StreamSendRaw(party.StreamMode, l.id.UUID.String(), "", l.id.Node, l.envelope, nil, true); err != nil {
		p.logger.Warn("party not told of a newcomer party=%s op=%d error=%v", l.id, l.envelope.GetPartyData().GetOpCode(), err)
	}
}
