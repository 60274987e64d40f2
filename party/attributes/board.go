package attributes

import (
	"context"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/rules"
)

// rate is how often a party hears of changes.
var rate = rules.Rate{N: 2, Per: time.Second}

const (
	retryAfter = time.Second
	timeout    = 5 * time.Second // of what an alarm does
)

// board is what is still to be done for a party with attributes.
type board struct {
	id     party.ID
	origin party.ID  // the party's ID at its beginning; known once it has ended
	active bool      // the party has, or may have, a document
	ended  bool      // its document is to be deleted
	prune  bool      // somebody may have gone whose bag is still there
	news   changes   // what the party has not been told
	next   time.Time // before this it is told nothing
	greet  []guest
}

// guest is a session that came in and is to hear everything.
type guest struct {
	session string
	at      time.Time
}

func newBoard(id party.ID) *board { return &board{id: id, origin: id, news: changes{}} }

func (b *board) busy() bool { return b.ended || b.prune || len(b.news)+len(b.greet) > 0 }

// enter locks the party's board until exit. It has heard of all that has happened.
func (s *Service) enter(ctx context.Context, id party.ID) (b *board, exit func(), err error) {
	locked, exit, err := s.boards.Lock(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	b = *locked
	s.mu.Lock()
	changes := s.unheard[id]
	delete(s.unheard, id)
	s.mu.Unlock()
	for _, c := range changes {
		b.hear(c, s.Now())
	}
	return b, exit, nil
}

// arm sets the board's alarm, if there is anything to do.
func (s *Service) arm(b *board) {
	at := time.Time{}
	if !b.ended && !b.prune {
		for _, g := range b.greet {
			if at.IsZero() || g.at.Before(at) {
				at = g.at
			}
		}
		if len(b.news) > 0 && (at.IsZero() || b.next.Before(at)) {
			at = b.next
		}
	}
	if b.busy() {
		s.alarms.Set(b.id, at)
	}
}

// changed handles a change of a party. It waits for no board: the news may come in the
// goroutine that has one. What follows is done in another.
func (s *Service) changed(c party.Change) {
	id := c.ID
	switch c.Kind {
	case party.MemberEntered:
		if !c.Attributes {
			return
		}
	case party.PartyRestored: // under its new ID it has a board of its own
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
	s.unheard[id] = append(s.unheard[id], c)
	s.mu.Unlock()
	s.alarms.Sooner(id, s.Now())
}

// hear takes note of a change.
func (b *board) hear(c party.Change, now time.Time) {
	switch c.Kind {
	case party.MemberEntered:
		b.active = true
		b.greet = append(b.greet, guest{c.Session.SessionID, now.Add(party.NewcomerAfter)})
	case party.PartyEnded:
		b.ended, b.origin = b.active, c.Was
	case party.PartyRestored:
		*b = *newBoard(b.id)
	default:
		b.prune = b.active
	}
}

// fire does what is due for a party.
func (s *Service) fire(id party.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	b, exit, err := s.enter(ctx, id)
	if err != nil {
		s.alarms.Set(id, s.Now().Add(retryAfter))
		return
	}
	defer exit()
	err = s.settle(ctx, b)
	if party.ReasonOf(err) == party.PartyNotFound { // ended in a way no hook tells of
		b.ended = true
		err = s.settle(ctx, b)
	}
	if err != nil {
		s.Logger.Warn("party attributes not told yet party=%s error=%v", id, err)
		s.alarms.Set(id, s.Now().Add(retryAfter))
		return
	}
	s.arm(b)
}

// settle deletes, prunes, greets and tells. What fails stays to be done.
func (s *Service) settle(ctx context.Context, b *board) error {
	if b.ended {
		*b = board{id: b.id, origin: b.origin, active: true, ended: true, news: changes{}}
		s.kept.Drop(b.id)
		if err := s.remove(ctx, b.origin); err != nil {
			return err
		}
		b.active, b.ended = false, false
		return nil
	}
	if b.prune {
		if err := s.pruneBags(ctx, b); err != nil {
			return err
		}
	}
	now := s.Now()
	due := slices.ContainsFunc(b.greet, func(g guest) bool { return !now.Before(g.at) })
	tell := len(b.news) > 0 && !now.Before(b.next)
	if !due && !tell {
		return nil
	}
	d, err := s.current(ctx, b.id, due)
	if err != nil {
		return err
	}
	if tell {
		if err := party.SendData(s.Sender, b.id, party.OpAttributes, b.news.of(d)); err != nil {
			return err
		}
		b.next, b.news = now.Add(rate.Interval()), changes{}
	}
	if due {
		return s.greetGuests(b, d, now)
	}
	return nil
}

// current is the document for the code that tells of it; fresh where another node's writes count.
func (s *Service) current(ctx context.Context, id party.ID, fresh bool) (Document, error) {
	if f, known := s.kept.Kept(id); known && !fresh {
		return f.doc, nil
	}
	f, err := s.read(ctx, id)
	return f.doc, err
}

// greetGuests tells everything to those who came in.
func (s *Service) greetGuests(b *board, d Document, now time.Time) error {
	there, err := s.Streams.StreamUserList(party.StreamMode, b.id.UUID.String(), "", b.id.Node, false, true)
	if err != nil {
		return err
	}
	var to []runtime.Presence
	for _, p := range there {
		if slices.ContainsFunc(b.greet, func(g guest) bool { return g.session == p.GetSessionId() && !now.Before(g.at) }) {
			to = append(to, p)
		}
	}
	if len(to) > 0 && d.Version > 0 {
		if err := party.SendDataTo(s.Sender, b.id, to, party.OpAttributes, d); err != nil {
			return err
		}
	}
	b.greet = slices.DeleteFunc(b.greet, func(g guest) bool { return !now.Before(g.at) })
	return nil
}

// pruneBags takes away the bags of those who have gone.
func (s *Service) pruneBags(ctx context.Context, b *board) error {
	look, err := s.Admission.Look(ctx, b.id)
	if err != nil && party.ReasonOf(err) != party.PartyAway {
		return err
	}
	var before Document
	var gone []string
	_, err = s.change(ctx, b.id, func(d Document) (Document, error) {
		before = d
		next, users := d.without(goneFrom(look))
		if gone = users; len(users) > 0 {
			next.Version++
		}
		return next, nil
	})
	if err != nil {
		return err
	}
	for _, user := range gone {
		b.news.add(user, before.Members[user])
	}
	b.prune = false
	return nil
}
