// Package post tells a party what has happened to one of its members who has just come in.
// The server tells the newcomer of the party itself a moment later, from a goroutine of its
// own, so that the module's word about them has to wait to come second.
package post

import (
	"slices"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/alarm"
	"partyline/party"
)

// After is when a newcomer hears what the others hear at once. The server's own message
// takes less than a millisecond, unless it has very much to do.
const After = 50 * time.Millisecond

// Post sends such news. Make one with [New]. Safe for concurrent use.
type Post struct {
	streams party.Streams
	sender  party.Sender
	logger  party.Logger
	alarms  *alarm.Alarms[int]

	mu   sync.Mutex // a leaf
	last int
	late map[int]letter // by number
}

type letter struct {
	id       party.ID
	to       []runtime.Presence
	envelope *rtapi.Envelope
}

// New makes a post. It waits for another goroutine of the server, so by the real clock. Close it when the process ends; what waits then is not sent.
func New(streams party.Streams, sender party.Sender, logger party.Logger) *Post {
	p := &Post{streams: streams, sender: sender, logger: logger, late: map[int]letter{}}
	p.alarms = alarm.New(time.Now, p.deliver, func(_ int, panicked any, stack []byte) {
		logger.Error("newcomer not told: panic: %v\n%s", panicked, stack)
	})
	return p
}

// Close ends all timers.
func (p *Post) Close() { p.alarms.Close() }

// About sends data as JSON to everybody in a party at once, and [After] a moment to the user
// it is about.
func (p *Post) About(id party.ID, userID string, op int64, data any) error {
	envelope, err := party.DataEnvelope(id, op, data)
	if err != nil {
		return err
	}
	there, err := p.streams.StreamUserList(party.StreamMode, id.UUID.String(), "", id.Node, true, true)
	if err != nil {
		return err
	}
	is := func(one runtime.Presence) bool { return one.GetUserId() == userID }
	p.later(letter{id, slices.DeleteFunc(slices.Clone(there), func(one runtime.Presence) bool { return !is(one) }), envelope})
	if others := slices.DeleteFunc(there, is); len(others) > 0 {
		return p.send(letter{id, others, envelope})
	}
	return nil
}

func (p *Post) send(l letter) error {
	return p.sender.StreamSendRaw(party.StreamMode, l.id.UUID.String(), "", l.id.Node, l.envelope, l.to, true)
}

func (p *Post) later(l letter) {
	if len(l.to) == 0 {
		return
	}
	p.mu.Lock()
	p.last++
	number := p.last
	p.late[number] = l
	p.mu.Unlock()
	p.alarms.Set(number, time.Now().Add(After))
}

func (p *Post) deliver(number int) {
	p.mu.Lock()
	l := p.late[number]
	delete(p.late, number)
	p.mu.Unlock()
	if err := p.send(l); err != nil {
		p.logger.Warn("newcomer not told party=%s op=%d error=%v", l.id, l.envelope.GetPartyData().GetOpCode(), err)
	}
}
