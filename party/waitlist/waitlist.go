// Package waitlist is the line for the seats of full parties. Who is in it, and for whom a
// free seat is held, is part of what the ledger keeps of a party, so that no other way
// into the party takes the seat. A [Service] has timers alone in memory, which are made again when
// anything happens in the party, and by the sweep.
package waitlist

import (
	"context"
	"slices"
	"time"

	"partyline/internal/alarm"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/entry"
	"partyline/party/invite"
	"partyline/party/reserve"
)

// seatFree is the content of notification 1005: take the seat by party_wait or by joining.
type seatFree struct {
	PartyID   string `json:"party_id"`
	HeldUntil int64  `json:"held_until"` // Unix seconds
}

const (
	// serveAfter is how long after a change a line is served: the server's own engine frees a
	// seat a moment after it has told of it.
	serveAfter = 100 * time.Millisecond
	retryAfter = time.Second
	timeout    = 5 * time.Second // of what an alarm does
)

// Deps is what a Service works with. All are needed.
type Deps struct {
	Entry    entry.Entry
	Invites  *invite.Service
	Notifier party.Notifier
	News     *party.News // that admission publishes
	Metrics  party.Metrics
	Logger   party.Logger
	Now      party.Clock
}

// Names of the metrics of wait lists: for how long those waited who got a seat, and how many
// seats were held for somebody in line.
const (
	MetricWait   = "partyline_waitlist_wait"
	MetricOffers = "partyline_waitlist_offers"
)

// Service is the lines of all parties. Safe for concurrent use.
type Service struct {
	Deps
	line    line
	alarms  *alarm.Alarms[party.ID]
	serving keyed.Locks[party.ID]
}

// New makes a service that hears the news of parties. Close it when the process ends.
func New(d Deps) *Service {
	s := &Service{Deps: d, line: line{d.Entry.Admission}, serving: keyed.NewLocks[party.ID]()}
	s.alarms = alarm.New(d.Now, d.Logger, "line not served party=", s.serve)
	d.News.Subscribe(func(c party.Change) {
		if c.Waited > 0 {
			d.Metrics.MetricsTimerRecord(MetricWait, nil, c.Waited)
		}
		if d.Entry.Admission.HasLine(c.ID) {
			s.alarms.Sooner(c.ID, d.Now().Add(serveAfter))
		}
	})
	return s
}

// Close ends all timers.
func (s *Service) Close() { s.alarms.Close() }

// Ended comes after the end of a session: who is gone for too long loses the place in line.
func (s *Service) Ended(_ context.Context, session party.Session) error {
	for _, id := range s.Entry.Admission.LinesOf(session.UserID) {
		s.alarms.Sooner(id, s.Now())
	}
	return nil
}

// Sweep serves every line that this process knows.
func (s *Service) Sweep() {
	for _, id := range s.Entry.Admission.Lines() {
		s.alarms.Sooner(id, s.Now())
	}
}

// Request is the payload of party_wait.
type Request struct {
	Code    string `json:"code,omitempty"`     // of an invite, or
	PartyID string `json:"party_id,omitempty"` // an open party
	Leave   bool   `json:"leave,omitempty"`
}

// Place answers it.
type Place struct {
	Place     int   `json:"place"`                // from 1; 0 for somebody who has a seat, or has left the wait list
	Of        int   `json:"of"`                   // how many wait
	HeldUntil int64 `json:"held_until,omitempty"` // Unix seconds, while a seat is held
}

// Wait gives the caller a seat if there is one for them, and else a place in line. Repeated, it
// says how far they have come. A seat that is held is taken by joining, or by the code, or by this
// call where the party has closed since, or another seat is kept for them. It refuses as a redeem,
// or a join, does, but not because the party is full or locked; and with PartyFull where no more
// may wait, RateLimited where the caller waits for too many parties.
func (s *Service) Wait(ctx context.Context, c party.Caller, r Request) (Place, error) {
	if (r.Code == "") == (r.PartyID == "") {
		return Place{}, party.Refuse(party.InvalidRequest, "party_id: give either party_id or code.")
	}
	if r.Leave {
		return s.leave(ctx, c, r)
	}
	id, enter, shut := s.door(ctx, c, r)
	if shut != nil && party.ReasonOf(shut) != party.PartyAway {
		return Place{}, shut
	}
	at, enters, err := s.line.at(ctx, id, c.UserID, r.Code != "")
	switch {
	case err != nil:
		return Place{}, err
	case at.Place > 0 && (shut != nil || !enters):
		return at, nil
	case shut != nil:
		return Place{}, shut
	}
	switch err := enter(); party.ReasonOf(err) {
	case party.PartyFull, party.PartyLocked:
		if s.Entry.Policy().Parties.Waitlist.Max == 0 {
			return Place{}, err
		}
	case "":
		if at.Place > 0 {
			at.Of-- // the caller
		}
		return Place{Of: at.Of}, nil
	default:
		return Place{}, err
	}
	if err := s.line.join(ctx, id, c.UserID); err != nil {
		return Place{}, err
	}
	s.serve(id)
	at, _, err = s.line.at(ctx, id, c.UserID, r.Code != "")
	return at, err
}

// door finds the party and the way into it, for somebody who may come in once there is a seat. It
// names the party beside PartyAway too.
func (s *Service) door(ctx context.Context, c party.Caller, r Request) (id party.ID, enter func() error, err error) {
	if r.Code != "" {
		lead, err := s.Invites.Lead(ctx, c, r.Code)
		return lead.PartyID, func() error {
			_, err := s.Invites.Redeem(ctx, c, r.Code, "")
			return err
		}, err
	}
	if id, err = party.ParseID(r.PartyID); err != nil {
		return id, nil, err
	}
	look, err := s.Entry.Admission.Look(ctx, id)
	if err != nil {
		return id, nil, err
	}
	_, member := look.Member(c.UserID)
	if !member && !look.Open && !slices.Contains(s.Entry.Admission.LinesOf(c.UserID), id) { // a seat must not wait for a user who cannot take it
		return id, nil, party.Refuse(party.NotMember, "This party is closed; you need an invite to wait for a seat.")
	}
	in := reserve.Intent{Kind: reserve.Join, Session: party.Session{UserID: c.UserID, Username: c.Username}}
	if !look.Open {
		in.Kind = reserve.Admit // a join would only ask to be let in
	}
	switch _, err := s.Entry.Admission.Check(ctx, id, in, &look); party.ReasonOf(err) {
	case "", party.PartyFull, party.PartyLocked:
	default:
		return id, nil, err
	}
	if err := s.Entry.May(ctx, c, "", look); err != nil {
		return id, nil, err
	}
	return id, func() error { return s.Entry.Join(ctx, c, look) }, nil
}

func (s *Service) leave(ctx context.Context, c party.Caller, r Request) (Place, error) {
	var id party.ID
	var err error
	if r.Code != "" {
		id, err = s.Invites.Destination(ctx, c, r.Code)
	} else {
		id, err = party.ParseID(r.PartyID)
	}
	if err != nil && party.ReasonOf(err) != party.PartyAway {
		return Place{}, err
	}
	waiting, err := s.line.leave(ctx, id, c.UserID)
	return Place{Of: waiting}, err
}

// serve offers the party's free seats, and again when time changes something.
func (s *Service) serve(id party.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	unlock, err := s.serving.Lock(ctx, id)
	if err == nil {
		defer unlock()
		var next time.Time
		if next, err = s.offer(ctx, id); !next.IsZero() {
			s.alarms.Sooner(id, next)
		}
	}
	if err != nil && party.ReasonOf(err) != party.PartyNotFound {
		s.Logger.Warn("line not served yet party=%s error=%v", id, err)
		s.alarms.Sooner(id, s.Now().Add(retryAfter))
	}
}

func (s *Service) offer(ctx context.Context, id party.ID) (next time.Time, err error) {
	look, users, free, err := s.line.next(ctx, id)
	if err != nil {
		return next, err
	}
	blocked := map[string]bool{}
	for _, user := range users {
		if free == 0 {
			break
		}
		with, err := s.Entry.Blocks.With(ctx, user, look.Users())
		if err != nil {
			return next, err
		}
		if blocked[user] = len(with) > 0; !blocked[user] {
			free--
		}
	}
	offered, next, err := s.line.serve(ctx, id, blocked)
	if len(offered) > 0 {
		s.Metrics.MetricsCounterAdd(MetricOffers, nil, int64(len(offered)))
	}
	id = s.Entry.Admission.Current(id)
	for _, w := range offered {
		err := party.Notify(ctx, s.Notifier, party.NoticeSeatFree.To(w.UserID, "", seatFree{PartyID: id.String(), HeldUntil: w.Until.Unix()}))
		if err != nil {
			s.Logger.Warn("free seat not told party=%s user=%s error=%v", id, w.UserID, err)
		}
	}
	return next, err
}
