package reconnect

import (
	"context"
	"errors"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/rules"
)

// Resume puts one of the caller's sessions back into the parties that keep a seat for the user, or only into the one
// entered last if the rules allow one party per user. It returns the party entered last. Over HTTP the session is the
// user's only live one that is not a member already, or the newest if the setting for invites takes the newest. A ban
// prevents it; designers' rules and locks do not.
//
// Joined is false while the host has not noticed the end of an older connection, unless the rules let second sockets
// take seats. It is also false if everybody is away and the client has to create the party that continues the old one.
//
// Resume may be repeated. It refuses with NoLiveSession, SessionAmbiguous, PartyNotFound if nothing is kept,
// AlreadyMember if another session of the user stays a member, and as [admission.Admission.Admit] does except for
// PartyLocked.
func (s *Service) Resume(ctx context.Context, c party.Caller) (party.Resumption, error) {
	for looks := resumeLooks; ; looks-- {
		r, err := s.resume(ctx, c)
		if party.ReasonOf(err) != party.PartyNotFound || looks == 0 || len(s.Admission.KnownPartiesOf(c.UserID)) == 0 {
			return r, err
		}
	}
}

// resumeLooks is how often Resume looks again for a seat if the user is known to be in a party: a membership may become
// a kept seat between two looks, and kept seats move to another native party while the first member comes back.
const resumeLooks = 3

func (s *Service) resume(ctx context.Context, c party.Caller) (party.Resumption, error) {
	var none party.Resumption
	session, err := s.pickSession(ctx, c)
	if err != nil {
		return none, err
	}
	id, refused := s.takeSeats(ctx, session)
	switch reason := party.ReasonOf(refused); {
	case !id.IsZero():
		return party.Resumption{PartyID: id.String(), Joined: true}, nil
	case reason == party.PartyAway:
		return s.offer(ctx, c.UserID)
	case refused != nil && reason != party.AlreadyMember:
		return none, refused
	}
	in, err := s.Roster.PartiesOf(ctx, c.UserID) // another session may have been faster
	if err != nil {
		return none, err
	}
	for _, m := range in {
		if m.Session.SessionID == session.SessionID {
			return party.Resumption{PartyID: m.ID.String(), Joined: true}, nil
		}
	}
	switch {
	case len(in) > 0:
		return s.replaceOlder(ctx, session, in[0])
	case refused != nil:
		return none, refused
	}
	return none, party.Refuse(party.PartyNotFound, "No seat is kept for you in any party.")
}

// pickSession chooses the session that comes back.
func (s *Service) pickSession(ctx context.Context, c party.Caller) (party.Session, error) {
	if c.SessionID != "" {
		return c.Session(), nil
	}
	in, err := s.Roster.PartiesOf(ctx, c.UserID)
	if err != nil {
		return party.Session{}, err
	}
	live, err := s.Roster.Sessions(c.UserID)
	if err != nil {
		return party.Session{}, err
	}
	if len(live) == 0 {
		return party.Session{}, party.Refuse(party.NoLiveSession, "The game is not running.")
	}
	free := slices.DeleteFunc(slices.Clone(live), func(l party.Session) bool {
		return slices.ContainsFunc(in, func(m party.Membership) bool { return m.Session.SessionID == l.SessionID })
	})
	if len(free) == 0 {
		return in[0].Session, nil
	}
	if only, clear := party.ChooseSession(free, s.Policy().Invites.SeveralSessions == rules.SeveralSessionsNewest); clear {
		return only, nil
	}
	return party.Session{}, party.Refuse(party.SessionAmbiguous, "The game is running more than once; call this over the socket that should join again.")
}

// takeSeats puts a session into the kept seats of its user and returns the party entered last; the zero ID if it is in
// none. The error says why it is not in the others; it is a fault if there was one.
func (s *Service) takeSeats(ctx context.Context, session party.Session) (back party.ID, refused error) {
	seats, err := s.Admission.KeptSeats(ctx, session.UserID)
	if err != nil {
		return back, err
	}
	onlyOne := s.Policy().Parties.OnePerUser.Enabled()
	if !onlyOne { // in the order in which they were entered, because each return is an entry
		slices.Reverse(seats)
	}
	for _, seat := range seats {
		err := s.Admission.Admit(ctx, seat.ID, session, party.Grant{Back: true}, nil)
		switch {
		case party.ReasonOf(err) == party.PartyNotFound: // lost in between
		case err == nil:
			back = s.Admission.Current(seat.ID)
			if onlyOne {
				return back, nil
			}
		case isFault(err):
			refused = err
		case !isFault(refused): // a fault stays alone, because it is the reason to try again
			refused = errors.Join(refused, err)
		}
	}
	return back, refused
}

// isFault reports whether the error is a fault of the server, which may be over soon.
func isFault(err error) bool {
	switch party.ReasonOf(err) {
	case party.Internal, party.Conflict:
		return true
	case party.PartyAway: // otherwise the client has to create the party
		return !errors.Is(err, admission.ErrCannotFound)
	}
	return false
}

// offer lets the client create the party again if the module cannot.
func (s *Service) offer(ctx context.Context, userID string) (party.Resumption, error) {
	seats, err := s.Admission.KeptSeats(ctx, userID)
	if err != nil || len(seats) == 0 {
		return party.Resumption{}, err
	}
	id := s.Admission.Current(seats[0].ID)
	s.Admission.Offer(userID, id)
	return party.Resumption{PartyID: id.String()}, nil
}

// replaceOlder handles a session whose user is still a member with an older session.
func (s *Service) replaceOlder(ctx context.Context, session party.Session, older party.Membership) (party.Resumption, error) {
	conf := s.Policy().Parties
	if conf.SecondSocket == rules.SecondSocketMove {
		if err := s.Admission.Admit(ctx, older.ID, session, party.Grant{Back: true}, nil); err != nil {
			return party.Resumption{}, err
		}
		return party.Resumption{PartyID: older.ID.String(), Joined: true}, nil
	}
	if conf.ReconnectGrace <= 0 {
		return party.Resumption{}, party.Refuse(party.AlreadyMember, "You are in this party on another device.")
	}
	s.Roster.Attendance.Stay(older.Session) // even if the user has left with this session before
	if err := s.wait(session); err != nil {
		return party.Resumption{}, err
	}
	id, err := s.takeSeats(ctx, session) // the older one may have ended just before the wait began
	switch {
	case !id.IsZero():
		s.stopWaiting(session)
		return party.Resumption{PartyID: id.String(), Joined: true}, nil
	case err == nil, party.ReasonOf(err) == party.AlreadyMember:
		return party.Resumption{PartyID: older.ID.String()}, nil
	}
	return party.Resumption{}, err
}

// waiter is a session that takes its user's seat after the older one has ended.
type waiter struct {
	session party.Session
	until   time.Time // a device that came long before is no replacement
}

// wait makes a session wait for as long as a seat would be kept.
func (s *Service) wait(session party.Session) error {
	s.mu.Lock()
	if s.waiting != nil {
		s.waiting[session.UserID] = waiter{session, s.Now().Add(s.Policy().Parties.ReconnectGrace)}
	}
	s.mu.Unlock()
	// Nobody will report the end of a session that has ended already, so it must not wait.
	live, err := s.Roster.Sessions(session.UserID)
	if err != nil || !slices.Contains(live, session) {
		s.stopWaiting(session)
	}
	return err
}

func (s *Service) stopWaiting(session party.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting[session.UserID].session == session {
		delete(s.waiting, session.UserID)
	}
}

func (s *Service) waitingSession(userID string) (party.Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.waiting[userID]
	return w.session, s.Now().Before(w.until)
}

// Started runs after the start of a session, and puts it back into its user's seat if the rules say so. An older session
// that is still a member keeps the seat until it ends: the user may just have switched on another device.
func (s *Service) Started(ctx context.Context, session party.Session) error {
	if !s.Policy().Parties.ResumeOnConnect { // a grace of 0 does not end seats that are kept already
		return nil
	}
	in, err := s.Roster.PartiesOf(ctx, session.UserID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(in, func(m party.Membership) bool { return m.Session.SessionID != session.SessionID }) {
		if err := s.wait(session); err != nil {
			return err
		}
	}
	return s.putBack(ctx, session)
}

// Ended runs after the end of a session: its seats are kept, and waiting sessions get them.
func (s *Service) Ended(ctx context.Context, session party.Session) error {
	s.stopWaiting(session)
	err := s.Admission.Ended(ctx, session)
	next, ok := s.waitingSession(session.UserID)
	if !ok {
		return err
	}
	return errors.Join(err, s.putBack(ctx, next))
}

const (
	maxRetriesAtOnce = 64
	retryDelay       = 3 * time.Second
	retryTimeout     = 10 * time.Second
)

// putBack puts a session into its user's seats without a call of its game. If a fault keeps it out, it tries again
// until the fault is over: the game does not know of it.
func (s *Service) putBack(ctx context.Context, session party.Session) error {
	id, err := s.takeSeats(ctx, session)
	if !id.IsZero() {
		s.stopWaiting(session)
	}
	if isFault(err) {
		s.retries.Set(session, s.Now().Add(retryDelay))
	}
	return err
}

// retry is putBack after a fault. It gives up if the session has ended. It also gives up if the user has
// entered another party and so lost the seat, even if storage does not know.
func (s *Service) retry(session party.Session) {
	ctx, cancel := context.WithTimeout(context.Background(), retryTimeout)
	defer cancel()
	alive, err := s.Roster.Alive(session)
	if err == nil && !alive {
		return
	}
	in, err := s.Roster.PartiesOf(ctx, session.UserID)
	if err == nil && len(in) > 0 && s.Policy().Parties.OnePerUser.Enabled() {
		return
	}
	if err := s.putBack(ctx, session); err != nil {
		s.Logger.Warn("member not returned to the kept seat user=%s error=%v", session.UserID, err)
	}
}
