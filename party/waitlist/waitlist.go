// Package waitlist is the line for the seats of full parties. Who is in it, and for whom a
// free seat is held, is part of what the ledger keeps of a party, so that no other way
// into the party takes the seat. A [Service] has timers alone in memory, which are made again when
// anything happens in the party, and by the sweep.
package waitlist

import (
	"context"
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
		if len(d.Entry.Admission.Lines.Users(c.ID)) > 0 {
			s.alarms.Sooner(c.ID, d.Now().Add(serveAfter))
		}
	})
	return s
}

// Close ends all timers.
func (s *Service) Close() { s.alarms.Close() }

// Ended comes after the end of a session: who is gone for too long loses the place in line.
func (s *Service) Ended(_ context.Context, session party.Session) error {
	for _, id := range s.Entry.Admission.Lines.Of(session.UserID) {
		s.alarms.Sooner(id, s.Now())
	}
	return nil
}

// Sweep serves every line that this process knows.
func (s *Service) Sweep() {
	for _, id := range s.Entry.Admission.Lines.Parties() {
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
// may wait, RateLimited where the caller waits for too many parties, or has twice not come for a seat here.
func (s *Service) Wait(ctx context.Context, c party.Caller, r Request) (Place, error) {
	if (r.Code == "") == (r.PartyID == "") {
		return Place{}, party.Refuse(party.InvalidRequest, "party_id: give either party_id or code.")
	}
	if r.Leave {
		return s.leave(ctx, c, r)
	}
	door, shut := s.door(ctx, c, r)
	if shut != nil && party.ReasonOf(shut) != party.PartyAway {
		return Place{}, shut
	}
	at, enters, err := s.line.at(ctx, door.id, c.UserID, r.Code != "")
	switch {
	case err != nil:
		return Place{}, err
	case at.Place > 0 && (shut != nil || !enters):
		return at, nil
	case shut != nil:
		return Place{}, shut
	}
	switch err := door.enter(); party.ReasonOf(err) {
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
	if err := s.line.join(ctx, door.id, c.UserID, door.inviteID); err != nil {
		return Place{}, err
	}
	s.serve(door.id)
	at, _, err = s.line.at(ctx, door.id, c.UserID, r.Code != "")
	return at, err
}

// way is how somebody comes into a party.
type way struct {
	id       party.ID
	inviteID string // by which they come; "" is none
	enter    func() error
}

// door finds the way into the party, for somebody who may come in once there is a seat. It names the
// party beside PartyAway too.
func (s *Service) door(ctx context.Context, c party.Caller, r Request) (way, error) {
	if r.Code != "" {
		lead, err := s.Invites.Lead(ctx, c, r.Code)
		return way{lead.PartyID, lead.InviteID, func() error {
			_, err := s.Invites.Redeem(ctx, c, r.Code, "")
			return err
		}}, err
	}
	id, err := party.ParseID(r.PartyID)
	if err != nil {
		return way{}, err
	}
	look, err := s.Entry.Admission.Look(ctx, id)
	if err != nil {
		return way{id: id}, err
	}
	if _, member := look.Member(c.UserID); !member && !look.Open {
		w := s.Entry.Admission.Waiter(look.ID, c.UserID)
		if w.Invite != "" {
			return s.invited(ctx, c, look.ID, w.Invite)
		}
		if w.UserID == "" { // a seat must not wait for a user who cannot take it
			return way{}, closed()
		}
	}
	in := reserve.Intent{Kind: reserve.Join, Session: party.Session{UserID: c.UserID, Username: c.Username}}
	if !look.Open {
		in.Kind = reserve.Admit // a join would only ask to be let in
	}
	switch _, err := s.Entry.Admission.Check(ctx, id, in, &look); party.ReasonOf(err) {
	case "", party.PartyFull, party.PartyLocked, party.AlreadyInParty: // all may be over when there is a seat
	default:
		return way{}, err
	}
	if err := s.Entry.May(ctx, c, "", look); err != nil {
		return way{}, err
	}
	return way{id: id, enter: func() error { return s.Entry.Join(ctx, c, look) }}, nil
}

// invited is the way of somebody who waits for a closed party by an invite: it has to let them in.
func (s *Service) invited(ctx context.Context, c party.Caller, id party.ID, inviteID string) (way, error) {
	lead, err := s.Invites.LeadOf(ctx, c, inviteID)
	if err == nil && lead.PartyID != id {
		err = closed()
	}
	return way{id, inviteID, func() error { return s.Invites.RedeemInto(ctx, c, inviteID, id) }}, err
}

func closed() error {
	return party.Refuse(party.NotMember, "This party is closed; you need an invite to wait for a seat.")
}

// leave ends the caller's wait for a party or, by a code, wherever they wait by it: it may lead elsewhere since.
func (s *Service) leave(ctx context.Context, c party.Caller, r Request) (Place, error) {
	ids, err := s.waitedFor(ctx, c, r)
	if err != nil {
		return Place{}, err
	}
	place, found := Place{}, false
	var gone error
	for _, id := range ids {
		left, waiting, err := s.line.leave(ctx, id, c.UserID)
		switch {
		case party.ReasonOf(err) == party.PartyNotFound:
			gone = err
		case err != nil:
			return Place{}, err
		case left || !found:
			place.Of, found = waiting, true
		}
	}
	if !found {
		return Place{}, gone
	}
	return place, nil
}

// waitedFor lists the parties that the caller may wait for by what the request names.
func (s *Service) waitedFor(ctx context.Context, c party.Caller, r Request) ([]party.ID, error) {
	if r.Code == "" {
		id, err := party.ParseID(r.PartyID)
		return []party.ID{id}, err
	}
	inviteID, ids, err := s.Invites.Trail(ctx, c, r.Code)
	for _, id := range s.Entry.Admission.Lines.Of(c.UserID) {
		if s.Entry.Admission.Waiter(id, c.UserID).Invite == inviteID {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// InviteOver follows an invite that was revoked, and lets in nobody who waits by it.
func (s *Service) InviteOver(inviteID, userID string) {
	if userID != "" {
		return
	}
	for _, id := range s.Entry.Admission.Ways.Of(inviteID) {
		s.alarms.Sooner(id, s.Now())
	}
}

// serve offers the party's free seats, and again when time changes something.
func (s *Service) serve(id party.ID) {
	id = s.Entry.Admission.Current(id) // it may have been restored since
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
	look, line, free, err := s.line.next(ctx, id)
	if err != nil {
		return next, err
	}
	blocked := map[string]bool{}
	var over []reserve.Waiter
	for _, w := range line {
		if w.Invite != "" && !look.Open {
			switch err := s.Invites.StillLeads(ctx, w.Invite, w.UserID, look.ID); party.ReasonOf(err) {
			case "":
			case party.PartyNotFound: // for now
				blocked[w.UserID] = true
				continue
			case party.InviteNotFound, party.InviteRevoked, party.InviteExhausted:
				over = append(over, w)
				continue
			default:
				return next, err
			}
		}
		if free == 0 {
			continue
		}
		with, err := s.Entry.Blocks.With(ctx, w.UserID, look.Users())
		if err != nil {
			return next, err
		}
		if blocked[w.UserID] = len(with) > 0; !blocked[w.UserID] {
			free--
		}
	}
	offered, next, err := s.line.serve(ctx, id, blocked, over)
	if len(offered) > 0 {
		s.Metrics.MetricsCounterAdd(MetricOffers, nil, int64(len(offered)))
	}
	for _, w := range offered {
		err := party.Notify(ctx, s.Notifier, party.NoticeSeatFree.To(w.UserID, "", seatFree{PartyID: id.String(), HeldUntil: w.Until.Unix()}))
		if err != nil {
			s.Logger.Warn("free seat not told party=%s user=%s error=%v", id, w.UserID, err)
		}
	}
	return next, err
}
