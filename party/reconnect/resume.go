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

// Resume puts one of the caller's sessions back where its connection ended: over a socket the
// caller's own, over HTTP the user's only live one that is not a member already, or the newest of
// several where invites take that one, too. A ban stands in its way, designers' rules and locks do
// not. With several seats kept it takes all of them and answers the party entered last; where the
// rules know one party per user it takes that one.
//
// Where the host has not noticed the end of the older connection, the seat moves if the rules let
// second sockets take seats. Otherwise the session is not in until the older one has ended.
//
// For the first who comes back it creates a party in which everybody is away again. Where the
// server's settings do not allow that, the session is not in: the next party it creates will be
// that one.
//
// It may be repeated. Refusals: NoLiveSession, SessionAmbiguous, PartyNotFound if nothing is kept,
// AlreadyMember if another session of the user is a member and stays it, and those of
// [admission.Admission.Admit] but PartyLocked.
func (s *Service) Resume(ctx context.Context, c party.Caller) (party.Resumption, error) {
	for looks := resumeLooks; ; looks-- {
		r, err := s.resume(ctx, c)
		if party.ReasonOf(err) != party.PartyNotFound || looks == 0 || len(s.Admission.KnownPartiesOf(c.UserID)) == 0 {
			return r, err
		}
	}
}

// resumeLooks is how often Resume looks again for a seat that it did not find, though the user is known to be in
// a party: its seats move to another native party while somebody is the first who comes back.
const resumeLooks = 3

func (s *Service) resume(ctx context.Context, c party.Caller) (party.Resumption, error) {
	var none party.Resumption
	// In this order: a membership that ends in between is a seat by then.
	in, err := s.Roster.PartiesOf(ctx, c.UserID)
	if err != nil {
		return none, err
	}
	session, err := s.pick(c, in)
	if err != nil {
		return none, err
	}
	id, _, refused := s.takeSeats(ctx, session)
	switch {
	case party.ReasonOf(refused) == party.PartyAway:
		return s.offer(ctx, c.UserID)
	case refused != nil && party.ReasonOf(refused) != party.AlreadyMember:
		return none, refused
	case !id.IsZero():
		return party.Resumption{PartyID: id.String(), Joined: true}, nil
	}
	now, err := s.Roster.PartiesOf(ctx, c.UserID) // another session may have been faster
	if err != nil {
		return none, err
	}
	if len(now) > 0 {
		in = now
	}
	for _, m := range in {
		if m.Session.SessionID == session.SessionID {
			return party.Resumption{PartyID: m.ID.String(), Joined: true}, nil
		}
	}
	switch {
	case len(in) > 0:
		return s.relieve(ctx, session, in[0])
	case refused != nil:
		return none, refused
	}
	return none, party.Refuse(party.PartyNotFound, "No seat is kept for you in any party.")
}

// pick chooses the session that comes back.
func (s *Service) pick(c party.Caller, in []party.Membership) (party.Session, error) {
	if c.SessionID != "" {
		return c.Session(), nil
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
	if only, clear := party.Only(free, s.Policy().Invites.SeveralSessions == rules.SeveralSessionsNewest); clear {
		return only, nil
	}
	return party.Session{}, party.Refuse(party.SessionAmbiguous, "The game is running more than once; call this over the socket that is to come back.")
}

// takeSeats puts a session into the seats kept for its user and answers the party entered last; the
// zero ID if it is in none. An error means that no seat was taken, faulty that a fault has kept it out
// of one.
func (s *Service) takeSeats(ctx context.Context, session party.Session) (back party.ID, faulty bool, err error) {
	seats, err := s.Admission.KeptSeats(ctx, session.UserID)
	if err != nil {
		return back, isFault(err), err
	}
	var refused error
	for _, seat := range seats {
		err := s.Admission.Admit(ctx, seat.ID, session, party.Grant{Back: true}, nil)
		switch {
		case party.ReasonOf(err) == party.PartyNotFound: // lost in between
		case err != nil:
			refused, faulty = errors.Join(refused, err), faulty || isFault(err)
		case back.IsZero():
			back = s.Admission.Current(seat.ID)
		}
		if !back.IsZero() && s.Policy().Parties.OnePerUser.One() {
			return back, false, nil
		}
	}
	if !back.IsZero() {
		refused = nil
	}
	return back, faulty, refused
}

// isFault reports whether it is the server that fails, and may soon be well again.
func isFault(err error) bool {
	switch party.ReasonOf(err) {
	case party.Internal, party.Conflict:
		return true
	case party.PartyAway: // else it is the client's to create the party
		return !errors.Is(err, admission.ErrCannotFound)
	}
	return false
}

// offer leaves it to the client to create the party again, where the module cannot.
func (s *Service) offer(ctx context.Context, userID string) (party.Resumption, error) {
	seats, err := s.Admission.KeptSeats(ctx, userID)
	if err != nil || len(seats) == 0 {
		return party.Resumption{}, err
	}
	id := s.Admission.Current(seats[0].ID)
	s.Admission.Offer(userID, id)
	return party.Resumption{PartyID: id.String()}, nil
}

// relieve has a session follow an older one of the same user that is still a member.
func (s *Service) relieve(ctx context.Context, session party.Session, older party.Membership) (party.Resumption, error) {
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
	s.Roster.Attendance.Stay(older.Session) // however often the user has left by this one
	if err := s.wait(session); err != nil {
		return party.Resumption{}, err
	}
	id, _, err := s.takeSeats(ctx, session) // the older one may have ended just before the wait began
	switch {
	case party.ReasonOf(err) == party.AlreadyMember, err == nil && id.IsZero():
		return party.Resumption{PartyID: older.ID.String()}, nil
	case err != nil:
		return party.Resumption{}, err
	}
	s.unwait(session)
	return party.Resumption{PartyID: id.String(), Joined: true}, nil
}

// waiter is a session that takes its user's seat once the older one has ended.
type waiter struct {
	session party.Session
	until   time.Time // a device that came long before is no replacement
}

// wait has a session wait for as long as a seat would be kept.
func (s *Service) wait(session party.Session) error {
	s.mu.Lock()
	if s.waiting != nil {
		s.waiting[session.UserID] = waiter{session, s.Now().Add(s.Policy().Parties.ReconnectGrace)}
	}
	s.mu.Unlock()
	// Of a session that has ended nobody may tell any more, so it must not wait.
	live, err := s.Roster.Sessions(session.UserID)
	if err != nil || !slices.Contains(live, session) {
		s.unwait(session)
	}
	return err
}

func (s *Service) unwait(session party.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting[session.UserID].session == session {
		delete(s.waiting, session.UserID)
	}
}

func (s *Service) waiter(userID string) (party.Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.waiting[userID]
	if ok && !s.Now().Before(w.until) {
		delete(s.waiting, userID)
		ok = false
	}
	return w.session, ok
}

// overtaken has a session wait whose seat has moved to an older one of the same user. What the older
// connection sent before its network failed may arrive once the newer one is in, and its end behind that.
func (s *Service) overtaken(id party.ID, session party.Session) {
	in, err := s.Roster.PartiesOf(context.Background(), session.UserID)
	i := slices.IndexFunc(in, func(m party.Membership) bool { return m.ID == id })
	if _, waits := s.waiter(session.UserID); err == nil && i >= 0 && !waits {
		if newest, clear := party.Only([]party.Session{in[i].Session, session}, true); clear && newest == session {
			err = s.wait(session)
		}
	}
	if err != nil {
		s.Logger.Warn("newer connection does not wait for its seat party=%s user=%s error=%v", id, session.UserID, err)
	}
}

// Started comes after the beginning of a session: it is put back into its user's seat at once if
// the rules say so. An older session that is still a member keeps the seat until it ends, whatever
// the rules say of second sockets: another device may simply have been switched on.
func (s *Service) Started(ctx context.Context, session party.Session) error {
	if !s.Policy().Parties.ResumeOnConnect { // a grace of 0 ends no seat that is kept
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
	return s.putBack(ctx, try{session: session})
}

// Ended comes after the end of a session: its seats are kept, and go to those who wait.
func (s *Service) Ended(ctx context.Context, session party.Session) error {
	s.unwait(session)
	err := s.Admission.Ended(ctx, session)
	next, ok := s.waiter(session.UserID)
	if !ok {
		return err
	}
	return errors.Join(err, s.putBack(ctx, try{session: next}))
}

// try is an attempt to put a session back that asks for nothing, as its game does not know of any fault.
type try struct {
	session party.Session
	before  int // attempts
}

func (t try) String() string { return t.session.UserID }

const (
	triesAtOnce = 64
	tryFor      = 10 * time.Second
)

// putBack puts a session into its user's seats. Where a fault keeps it out, it is tried again, after
// 1 s and later every 8 s, until that is over.
func (s *Service) putBack(ctx context.Context, t try) error {
	id, faulty, err := s.takeSeats(ctx, t.session)
	if !id.IsZero() {
		s.unwait(t.session)
	}
	if faulty {
		s.again.Set(try{t.session, t.before + 1}, s.Now().Add(time.Second<<min(t.before, 3)))
	}
	return err
}

// tryAgain is a try after a fault, unless the session has ended meanwhile, or its user has entered
// another party and so gave the seat up, whether or not storage knows.
func (s *Service) tryAgain(t try) {
	ctx, cancel := context.WithTimeout(context.Background(), tryFor)
	defer cancel()
	alive, err := s.Roster.Alive(t.session)
	if err == nil && !alive {
		return
	}
	in, err := s.Roster.PartiesOf(ctx, t.session.UserID)
	if err == nil && len(in) > 0 && s.Policy().Parties.OnePerUser.One() {
		return
	}
	if err := s.putBack(ctx, t); err != nil {
		s.Logger.Warn("member not put back user=%s error=%v", t.session.UserID, err)
	}
}
