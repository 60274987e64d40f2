// Package waitlist manages the wait lists of full parties. The ledger has the waiting players and the seats held for
// them with the rest of the party, so that no other way into the party takes such a seat. A [Service] has only timers
// in memory; any change in the party and the sweep set them again.
package waitlist

import (
	"context"
	"errors"
	"fmt"
	"time"

	"partyline/internal/alarm"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/entry"
	"partyline/party/invite"
	"partyline/party/reserve"
)

// seatFree is the content of notification 1005: the player takes the seat by redeeming the code or, in an
// open party, by joining it. In a closed party party_wait with its ID takes the seat too; with a code it does not.
type seatFree struct {
	PartyID   string `json:"party_id"`
	HeldUntil int64  `json:"held_until"` // Unix seconds
}

const (
	// serveDelay is the time between a change and serving the wait list: the host frees a seat a moment after it has
	// reported the change.
	serveDelay   = 100 * time.Millisecond
	retryDelay   = time.Second
	serveTimeout = 5 * time.Second // for one alarm
)

// Deps has the dependencies of a Service. All are needed.
type Deps struct {
	Entry    entry.Entry
	Invites  *invite.Service
	Notifier party.Notifier
	News     *party.News // from which it gets changes
	Metrics  party.Metrics
	Logger   party.Logger
	Now      party.Clock
}

// Names of the metrics of wait lists: the time that players waited for their seat, and the number of seats held.
const (
	MetricWait   = "partyline_waitlist_wait"
	MetricOffers = "partyline_waitlist_offers"
)

// Service manages the wait lists of all parties. Safe for concurrent use.
type Service struct {
	Deps
	lists   lists
	alarms  *alarm.Alarms[party.ID]
	serving keyed.Locks[party.ID]
	joining keyed.Locks[string] // by user
}

// New makes a service that subscribes to the news of parties. The caller closes it when the process ends.
func New(d Deps) *Service {
	s := &Service{Deps: d, lists: lists{d.Entry.Admission}, serving: keyed.NewLocks[party.ID](), joining: keyed.NewLocks[string]()}
	s.alarms = alarm.New(d.Now, d.Logger, "wait list not served party=", s.serve)
	d.News.Subscribe(func(c party.Change) {
		if c.Waited > 0 {
			d.Metrics.MetricsTimerRecord(MetricWait, nil, c.Waited)
		}
		if len(d.Entry.Admission.Waitlists.Users(c.ID)) > 0 {
			s.alarms.Sooner(c.ID, d.Now().Add(serveDelay))
		}
	})
	return s
}

// Close stops all timers.
func (s *Service) Close() { s.alarms.Close() }

// Ended runs after the end of a session: a player who is gone for too long loses the place on the wait list.
func (s *Service) Ended(_ context.Context, session party.Session) error {
	for _, id := range s.Entry.Admission.Waitlists.Of(session.UserID) {
		s.alarms.Sooner(id, s.Now())
	}
	return nil
}

// Sweep serves every wait list that this process knows.
func (s *Service) Sweep() {
	for _, id := range s.Entry.Admission.Waitlists.Parties() {
		s.alarms.Sooner(id, s.Now())
	}
}

// Request is the payload of party_wait.
type Request struct {
	Code    string `json:"code,omitempty"`     // of an invite, or
	PartyID string `json:"party_id,omitempty"` // an open party
	Leave   bool   `json:"leave,omitempty"`
}

// Place answers party_wait.
type Place struct {
	Place     int   `json:"place"`                // from 1; 0 for a player who has a seat, or has left the wait list
	Of        int   `json:"of"`                   // how many wait
	HeldUntil int64 `json:"held_until,omitempty"` // Unix seconds, while a seat is held
}

// Wait gives the caller a seat if one is free for them, and otherwise a place on the wait list. Later calls return
// their present place. The caller takes a held seat by joining, by redeeming the code, or by this call if the party has
// closed since or another seat is reserved for them. Wait refuses as a redeem or a join does, but not if the party is
// full or locked. It refuses with PartyFull if the wait list is full. It refuses with RateLimited if the caller waits
// for too many parties, or twice did not take a held seat here.
func (s *Service) Wait(ctx context.Context, c party.Caller, r Request) (Place, error) {
	if (r.Code == "") == (r.PartyID == "") {
		return Place{}, party.Refuse(party.InvalidRequest, "party_id: give either party_id or code.")
	}
	if r.Leave {
		return s.leave(ctx, c, r)
	}
	door, shut := s.findEntrance(ctx, c, r)
	if shut != nil && party.ReasonOf(shut) != party.PartyAway {
		return Place{}, shut
	}
	at, enters, err := s.lists.place(ctx, door.id, c.UserID, r.Code != "")
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
	if err := s.join(ctx, c.UserID, door); err != nil {
		return Place{}, err
	}
	s.serve(door.id)
	at, _, err = s.lists.place(ctx, door.id, c.UserID, r.Code != "")
	return at, err
}

// join puts a user on a list, one list at a time: the number of their lists is bounded.
func (s *Service) join(ctx context.Context, userID string, door entrance) error {
	unlock, err := s.joining.Lock(ctx, userID)
	if err != nil {
		return err
	}
	defer unlock()
	return s.lists.join(ctx, door.id, userID, door.inviteID)
}

// entrance is how a user comes into a party.
type entrance struct {
	id       party.ID
	inviteID string // the invite that they use; "" is none
	enter    func() error
}

// findEntrance finds the way into the party, for a user who may come in when a seat is free. It returns the party's ID
// also with PartyAway.
func (s *Service) findEntrance(ctx context.Context, c party.Caller, r Request) (entrance, error) {
	if r.Code != "" {
		lead, err := s.Invites.Lead(ctx, c, "", r.Code)
		return entrance{lead.PartyID, lead.InviteID, func() error {
			_, err := s.Invites.Redeem(ctx, c, r.Code, "")
			return err
		}}, err
	}
	id, err := party.ParseID(r.PartyID)
	if err != nil {
		return entrance{}, err
	}
	look, err := s.Entry.Admission.Look(ctx, id)
	if err != nil {
		return entrance{id: id}, err
	}
	if _, member := look.Member(c.UserID); !member && !look.Open {
		w := s.Entry.Admission.Waiter(look.ID, c.UserID)
		if w.Invite != "" {
			return s.inviteEntrance(ctx, c, look.ID, w.Invite)
		}
		if w.UserID == "" { // no seat may be held for a user who cannot take it
			return entrance{}, closedError()
		}
	}
	in := reserve.Intent{Kind: reserve.Join, Session: party.Session{UserID: c.UserID, Username: c.Username}}
	if !look.Open {
		in.Kind = reserve.Admit // a join would only ask to enter
	}
	switch _, err := s.Entry.Admission.Check(ctx, id, in, &look); party.ReasonOf(err) {
	case "", party.PartyFull, party.PartyLocked, party.AlreadyInParty: // all of these may be over when a seat is free
	default:
		return entrance{}, err
	}
	if err := s.Entry.Check(ctx, c, "", look); err != nil {
		return entrance{}, err
	}
	return entrance{id: id, enter: func() error { return s.Entry.Join(ctx, c, look) }}, nil
}

// inviteEntrance returns the way in for a user who waits for a closed party with an invite. The invite has to lead to
// that party.
func (s *Service) inviteEntrance(ctx context.Context, c party.Caller, id party.ID, inviteID string) (entrance, error) {
	lead, err := s.Invites.Lead(ctx, c, inviteID, "")
	if err == nil && lead.PartyID != id {
		err = closedError()
	}
	return entrance{id, inviteID, func() error { return s.Invites.RedeemInto(ctx, c, inviteID, id) }}, err
}

func closedError() error {
	return party.Refuse(party.NotMember, "This party is closed; you need an invite to wait for a seat.")
}

// leave takes the caller off a party's wait list or, with a code, off every list where they wait by it.
func (s *Service) leave(ctx context.Context, c party.Caller, r Request) (Place, error) {
	ids, err := s.waitedFor(ctx, c, r)
	if err != nil {
		return Place{}, err
	}
	place, found := Place{}, false
	var gone error
	for _, id := range ids {
		left, waiting, err := s.lists.leave(ctx, id, c.UserID)
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

// waitedFor lists the parties for which the caller may wait by the request's code or party ID.
func (s *Service) waitedFor(ctx context.Context, c party.Caller, r Request) ([]party.ID, error) {
	if r.Code == "" {
		id, err := party.ParseID(r.PartyID)
		return []party.ID{id}, err
	}
	inviteID, ids, err := s.Invites.InviteAndParties(ctx, c, r.Code)
	for _, id := range s.Entry.Admission.Waitlists.Of(c.UserID) {
		if s.Entry.Admission.Waiter(id, c.UserID).Invite == inviteID {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// InviteOver handles a revoked invite: players who wait by it do not get in. userID is a user who only declined it;
// then nothing changes.
func (s *Service) InviteOver(inviteID, userID string) {
	if userID != "" {
		return
	}
	for _, id := range s.Entry.Admission.WaitlistInvites.Of(inviteID) {
		s.alarms.Sooner(id, s.Now())
	}
}

// serve offers the party's free seats, and sets the alarm for the next time.
func (s *Service) serve(id party.ID) {
	id = s.Entry.Admission.Current(id) // it may have been restored since
	ctx, cancel := context.WithTimeout(context.Background(), serveTimeout)
	defer cancel()
	unlock, err := s.serving.Lock(ctx, id)
	if err == nil {
		defer unlock()
		var next time.Time
		if next, err = s.offer(ctx, id); !next.IsZero() {
			s.alarms.Sooner(id, next)
		}
		err = errors.Join(err, s.tell(id))
	}
	if err != nil && party.ReasonOf(err) != party.PartyNotFound {
		s.Logger.Warn("wait list not served yet party=%s error=%v", id, err)
		s.alarms.Sooner(id, s.Now().Add(retryDelay))
	}
}

func (s *Service) offer(ctx context.Context, id party.ID) (next time.Time, err error) {
	look, line, free, err := s.lists.candidates(ctx, id)
	if err != nil {
		return next, err
	}
	blocked := map[string]bool{}
	var over []reserve.Waiter
	for _, w := range line {
		if w.Invite != "" && !look.Open {
			switch err := s.Invites.CheckWaiter(ctx, w.Invite, w.UserID, look.ID); party.ReasonOf(err) {
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
	offered, next, err := s.lists.serve(ctx, id, blocked, over)
	if offered > 0 {
		s.Metrics.MetricsCounterAdd(MetricOffers, nil, int64(offered))
	}
	return next, err
}

// tell notifies the players for whom a seat is held. Its time is its own: the write of a held seat may be done after
// the time of the alarm. It stops at the first failure; the next alarm goes on.
func (s *Service) tell(id party.ID) error {
	ctx, cancel := context.WithTimeout(context.Background(), serveTimeout)
	defer cancel()
	for _, w := range s.lists.untold(id) {
		err := party.Notify(ctx, s.Notifier, party.NoticeSeatFree.To(w.UserID, "", seatFree{PartyID: id.String(), HeldUntil: w.Until.Unix()}))
		if err != nil {
			return fmt.Errorf("notify of the free seat: %w", err)
		}
		s.lists.told(id, w)
	}
	return nil
}
