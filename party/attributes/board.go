package attributes

import (
	"context"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/rules"
)

// rate limits how often a party is told of changes.
var rate = rules.Rate{N: 2, Per: time.Second}

const (
	retryAfter = time.Second
	timeout    = 5 * time.Second // for the work of one alarm
)

// board is the pending work for a party with attributes.
type board struct {
	id        party.ID
	origin    party.ID  // the party's first ID; set when the party has ended
	active    bool      // the party has, or may have, a document
	ended     bool      // its document has to be deleted
	prune     bool      // a user may have left whose bag is still stored
	leftUsers []string  // users who left, even if they came in again at once
	news      Document  // what the party has not been told; version 0 if nothing
	next      time.Time // before this time the party is told nothing
	unsure    *Document // the document before a write whose result is unknown
	recheckAt time.Time // when to end that doubt
	newcomers []string  // sessions that came in and have to be sent the whole document
	greetAt   time.Time // when to send it to them
}

func newBoard(id party.ID) board { return board{id: id, origin: id, news: emptyDocument()} }

// tell adds the changes between two documents to the news.
func (b *board) tell(before, after Document) {
	if after.Version == before.Version {
		return
	}
	b.news.Version = after.Version
	b.news.add("", after.Party.changesSince(before.Party))
	for _, members := range []map[string]Bag{before.Members, after.Members} {
		for user := range members {
			b.news.add(user, after.Members[user].changesSince(before.Members[user]))
		}
	}
}

// due returns when there is work to do. ok is false if there is none.
func (b *board) due() (at time.Time, ok bool) {
	if b.ended || b.prune {
		return time.Time{}, true
	}
	if b.news.Version > 0 {
		at, ok = b.next, true
	}
	if b.unsure != nil && (!ok || b.recheckAt.Before(at)) {
		at, ok = b.recheckAt, true
	}
	if len(b.newcomers) > 0 && (!ok || b.greetAt.Before(at)) {
		at, ok = b.greetAt, true
	}
	return at, ok
}

// lockBoard locks the party's board until exit, and first applies all changes of the party that came in since.
func (s *Service) lockBoard(ctx context.Context, id party.ID) (b *board, exit func(), err error) {
	if b, exit, err = s.boards.Lock(ctx, id); err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	changes := s.pendingChanges[id]
	delete(s.pendingChanges, id)
	s.mu.Unlock()
	for _, c := range changes {
		b.applyChange(c, s.Now())
	}
	return b, exit, nil
}

// arm sets the board's alarm if there is work to do.
func (s *Service) arm(b *board) {
	if at, ok := b.due(); ok {
		s.alarms.Set(b.id, at)
	}
}

// changed handles a change of a party. It does not wait for a board, because the change may be published in the
// goroutine that holds the board. Another goroutine does the work.
func (s *Service) changed(c party.Change) {
	id := c.ID
	switch c.Kind {
	case party.MemberEntered:
		if !c.Attributes {
			return
		}
	case party.PartyRestored: // the party has another board under its new ID
		id = c.Was
		fallthrough
	case party.MemberLeft, party.MemberDropped, party.SeatLost, party.PartyEnded:
		if c.Moved || !s.boards.Has(id) {
			return
		}
	default:
		return
	}
	s.mu.Lock()
	s.pendingChanges[id] = append(s.pendingChanges[id], c)
	s.mu.Unlock()
	s.alarms.Sooner(id, s.Now())
}

func (b *board) applyChange(c party.Change, now time.Time) {
	switch c.Kind {
	case party.MemberEntered:
		b.active = true
		b.newcomers, b.greetAt = append(b.newcomers, c.Session.SessionID), now.Add(party.NewcomerAfter)
	case party.PartyEnded:
		b.ended, b.origin = b.active, c.Was
	case party.PartyRestored:
		*b = newBoard(b.id)
	default:
		if b.prune = b.active; b.prune && c.Kind == party.MemberLeft {
			b.leftUsers = append(b.leftUsers, c.Session.UserID)
		}
	}
}

func (s *Service) onAlarm(id party.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	b, exit, err := s.lockBoard(ctx, id)
	if err != nil {
		s.alarms.Set(id, s.Now().Add(retryAfter))
		return
	}
	defer exit()
	err = s.settle(ctx, b)
	if party.ReasonOf(err) == party.PartyNotFound { // it ended without a hook being called
		b.ended = true
		err = s.settle(ctx, b)
	}
	if err != nil {
		if !party.IsBroken(err) { // otherwise the log has it
			s.Logger.Warn("party attributes message not sent yet party=%s error=%v", id, err)
		}
		s.alarms.Set(id, s.Now().Add(retryAfter))
		return
	}
	s.arm(b)
}

// settle does the pending work: it deletes, prunes, tells the party and greets newcomers. What fails stays pending.
func (s *Service) settle(ctx context.Context, b *board) error {
	if b.ended {
		b.newcomers, b.news = nil, emptyDocument()
		s.cache.Invalidate(b.id)
		if err := s.remove(ctx, b.origin); err != nil {
			return err
		}
		*b = newBoard(b.id)
		return nil
	}
	if b.prune {
		if err := s.pruneBags(ctx, b); err != nil {
			return err
		}
	}
	if b.unsure != nil && !s.Now().Before(b.recheckAt) {
		if err := s.endDoubt(ctx, b); err != nil {
			return err
		}
	}
	if now := s.Now(); b.news.Version > 0 && !now.Before(b.next) {
		if err := party.SendData(s.Sender, b.id, party.OpAttributes, b.news); err != nil {
			return err
		}
		b.next, b.news = now.Add(rate.Interval()), emptyDocument()
	}
	if len(b.newcomers) > 0 && !s.Now().Before(b.greetAt) {
		return s.greetNewcomers(ctx, b)
	}
	return nil
}

func (s *Service) greetNewcomers(ctx context.Context, b *board) error {
	f, err := s.read(ctx, b.id) // another node may have written it
	if err != nil {
		return err
	}
	there, err := s.Streams.StreamUserList(party.StreamMode, b.id.UUID.String(), "", b.id.Node, false, true)
	if err != nil {
		return err
	}
	to := slices.DeleteFunc(there, func(p runtime.Presence) bool { return !slices.Contains(b.newcomers, p.GetSessionId()) })
	if len(to) > 0 && f.doc.Version > 0 {
		if err := party.SendDataTo(s.Sender, b.id, to, party.OpAttributes, f.doc); err != nil {
			return err
		}
	}
	b.newcomers = nil
	return nil
}

func (s *Service) pruneBags(ctx context.Context, b *board) error {
	look, err := s.Admission.Look(ctx, b.id)
	if err != nil && party.ReasonOf(err) != party.PartyAway {
		return err
	}
	away := goneFrom(look)
	_, err = s.change(ctx, b, func(d Document) (Document, error) {
		next := d.without(func(user string) bool { return slices.Contains(b.leftUsers, user) || away(user) })
		if len(next.Members) < len(d.Members) {
			next.Version++
		}
		return next, nil
	})
	if err != nil {
		return err
	}
	b.prune, b.leftUsers = false, nil
	return nil
}
