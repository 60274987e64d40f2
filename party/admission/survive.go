package admission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
)

// A party outlives its native one. When the last member loses the connection, the host
// closes the native party; what it was, and the seats kept in it, stay in the party's
// record. The first member back founds a native party anew, the record names it, and all
// seats lead into it. Storage knows a party by its ID at the beginning, its origin: records,
// seats and invites never change their keys. The natives before lead to the present one
// through [moves].

// Founder makes a native party for a session that shall lead it. The caller puts the session
// on its stream and then calls leave, which ends what the founder needed.
type Founder func(ctx context.Context, s party.Session, facts party.Facts) (id party.ID, leave func(entered bool), err error)

// ErrCannotFound is a founder's error where the server's settings leave it to the client to
// create the party.
var ErrCannotFound = errors.New("no native party can be founded on this server")

// moves says where a party is that has been founded anew, by the native IDs it had.
type moves struct {
	mu     sync.RWMutex // a leaf
	to     map[party.ID]party.ID
	offers map[string]party.ID // parties that the next one their user creates goes on with, by user
}

func (m *moves) of(id party.ID) party.ID {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for next, moved := m.to[id]; moved; next, moved = m.to[id] {
		id = next
	}
	return id
}

func (m *moves) set(from, to party.ID) {
	if from == to {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.to, to)
	m.to[from] = to
}

// end forgets all that leads to a party.
func (m *moves) end(id party.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(id)
}

func (m *moves) drop(id party.ID) {
	for from, to := range m.to {
		if to == id {
			delete(m.to, from)
			m.drop(from)
		}
	}
}

// Current is the ID of the native party a party is now, given any that it had.
func (a *Admission) Current(id party.ID) party.ID { return a.moves.of(id) }

// Origin is the party's ID at its beginning, under which storage knows it. It is right for
// a party that was looked at before.
func (a *Admission) Origin(id party.ID) (origin party.ID) {
	a.briefly(a.moves.of(id), func(v *visit) { origin = v.origin })
	return origin
}

// errMoved ends a visit to a native party that another has followed.
var errMoved error = party.Gone()

// current visits a party where it is now.
func (a *Admission) current(ctx context.Context, id party.ID, do func(*visit) error) error {
	for {
		err := a.visit(ctx, a.moves.of(id), do)
		if err != errMoved { //nolint:errorlint // refusals of one reason are alike
			return err
		}
	}
}

func (v *visit) survives() bool {
	conf := v.policy().Parties
	return conf.ReconnectGrace > 0 && (conf.Survive.EveryoneAway || conf.Survive.Restart > 0)
}

// lookAway is look for a party without members: PartyAway where seats wait for them, else
// gone.
func (v *visit) lookAway(gone error) error {
	if !v.survives() {
		return gone
	}
	v.last = roster.Snapshot{}
	v.changed()
	var err error
	switch {
	case v.known && !v.away && !v.policy().Parties.Survive.EveryoneAway:
		return gone
	case v.known && !v.away:
		if v.away, err = v.miss(v.roster.Attendance.Compare(v.id, nil)); v.away {
			v.fresh = true
		}
	case !v.fresh: // else storage has not heard of it yet
		err = v.recall()
	}
	if err != nil {
		return err
	}
	v.book.Purge(v.now())
	if !v.away || !v.book.KeepsAny() {
		return gone
	}
	return party.Away()
}

// recall reads the record of a party without members. It may be from before the process
// began, or another node may have founded the party anew.
func (v *visit) recall() error {
	record, err := v.store.load(v.ctx, v.origin)
	if err != nil {
		return err
	}
	if native := record.Native; !native.IsZero() && native != v.id {
		members, err := v.roster.Members(native)
		if err != nil {
			return err
		}
		if len(members) > 0 {
			v.moves.set(v.id, native)
			v.handOver()
			return errMoved
		}
		if !v.known {
			v.moves.set(native, v.id)
		}
	}
	crashed := v.outlives(record) && !v.known
	if v.away = record.Away || crashed; !v.away || record.MaxSize == 0 {
		return nil
	}
	v.known, v.recorded, v.facts, v.saved = true, true, record.Facts, *record.Standing
	if crashed {
		within := v.policy().Parties.Survive.Restart
		users := slices.AppendSeq(slices.Collect(maps.Keys(record.Members)), maps.Keys(record.Seats))
		err = v.write(users, func(r reserve.Record) {
			r.Lost(v.origin, v.started, within)
			record = r
		})
	}
	v.merge(record)
	return err
}

// outlives reports whether the record, of a party that nobody is in, may be of one whose
// server has ended, and its members still have time to come back.
func (a *Admission) outlives(r reserve.Record) bool {
	return len(r.Members)+len(r.Seats) > 0 && (r.Away || len(r.Members) > 0) && a.now().Before(a.started.Add(a.policy().Parties.Survive.Restart))
}

// rosterEvery is how often a party's members are written at most, where parties survive a
// restart. What has changed since is lost in a crash.
const rosterEvery = 500 * time.Millisecond

// rosterLater writes the party's members soon, off the way of whatever message it is.
func (v *visit) rosterLater() { v.RecordLater(v.id) }

// RecordLater has a party's members and the ages of its tickets written soon, where parties survive
// a restart.
func (a *Admission) RecordLater(id party.ID) {
	if conf := a.policy().Parties; conf.Survive.Restart > 0 && conf.ReconnectGrace > 0 {
		a.rosters.Sooner(id, a.now().Add(rosterEvery))
	}
}

// writeRoster writes who is in a party and what it is, where that has changed.
func (a *Admission) writeRoster(id party.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), storageWait)
	defer cancel()
	err := a.visit(ctx, id, func(v *visit) error {
		if err := v.look(); err != nil {
			return nil // ended, or away: the record says so already
		}
		now := map[string]party.Member{}
		for _, m := range v.last.Members {
			now[m.UserID] = m
		}
		ages := v.ages(id)
		if v.saved.Facts == v.facts && maps.Equal(v.saved.Members, now) && maps.Equal(v.saved.Ages, ages) {
			return nil
		}
		users := slices.AppendSeq(slices.Collect(maps.Keys(now)), maps.Keys(v.saved.Members))
		if err := v.write(users, func(r reserve.Record) { r.Members, r.Ages = now, ages }); err != nil {
			return err
		}
		v.saved = reserve.Standing{Facts: v.facts, Members: now, Ages: ages}
		return nil
	})
	if err != nil {
		a.logger.Warn("party members not written party=%s error=%v", id, err)
		a.rosters.Sooner(id, a.now().Add(storageWait))
	}
}

// Close ends what is still to be written. What storage has stays.
func (a *Admission) Close() { a.rosters.Close() }

// handOver empties a place whose party goes on elsewhere.
func (v *visit) handOver() {
	for user := range v.book.Kept {
		v.index.setAway(user, v.id, false)
	}
	v.book = reserve.NewBook()
	v.known, v.away, v.recorded = false, false, false
	v.lined()
	v.changed()
}

// Await waits until somebody is back in a party in which everybody was away, for a while at
// most.
func (a *Admission) Await(ctx context.Context, id party.ID, within time.Duration) (Look, error) {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	ticks := time.NewTicker(awaitEvery)
	defer ticks.Stop()
	for {
		l, err := a.Look(ctx, id)
		if party.ReasonOf(err) != party.PartyAway {
			return l, err
		}
		select {
		case <-ticks.C:
		case <-deadline.C:
			return l, err
		case <-ctx.Done():
			return l, ctx.Err()
		}
	}
}

const awaitEvery = 200 * time.Millisecond

// restore founds the native party anew for the first member back, who leads it. It refuses
// with PartyAway where that is not possible, and with PartyNotFound where no seat is kept for
// the user any more. Two who come back at once wait for each other; the second finds a party
// that lives, and returns nil without being in it.
func (a *Admission) restore(ctx context.Context, id party.ID, s party.Session) error {
	unlock, err := a.restores.Lock(ctx, id)
	if err != nil {
		return fmt.Errorf("wait for another member's return: %w", err)
	}
	defer unlock()
	old, err := a.leftBehind(ctx, id, s.UserID)
	if old == nil {
		return err
	}
	native, leave, err := a.found(ctx, s, old.facts)
	if err != nil {
		refusal := party.Away()
		refusal.Cause = fmt.Errorf("found native party: %w", err)
		if !errors.Is(err, ErrCannotFound) {
			a.logger.Warn("party not founded anew party=%s user=%s error=%v", old.id, s.UserID, err)
		}
		return refusal
	}
	return a.succeed(ctx, old, native, s, func(may bool) error {
		if !may {
			leave(false)
			return nil
		}
		_, err := a.streams.StreamUserJoin(party.StreamMode, native.UUID.String(), "", native.Node, s.UserID, s.SessionID, false, false, "")
		leave(err == nil)
		if err != nil {
			return a.joinFailed(s, err)
		}
		return nil
	})
}

// behind is a party in which everybody is away, as the first who comes back finds it.
type behind struct {
	id, origin party.ID
	facts      party.Facts
	seat       party.Seat               // of who comes back
	waited     map[string]time.Duration // by queue, when the party was left
}

// leftBehind stores what was not stored yet of a party in which everybody is away; nil for
// one that lives.
func (a *Admission) leftBehind(ctx context.Context, id party.ID, userID string) (old *behind, err error) {
	err = a.current(ctx, id, func(v *visit) error {
		if err := v.look(); party.ReasonOf(err) != party.PartyAway {
			return err
		}
		if !v.book.Keeps(userID) {
			return party.Away()
		}
		old = &behind{v.id, v.origin, v.facts, v.book.Kept[userID].Seat, map[string]time.Duration{}}
		for queue, since := range v.saved.Ages {
			old.waited[queue] = old.seat.Since.Sub(since)
		}
		return v.reportAway()
	})
	if err != nil {
		return nil, err
	}
	return old, nil
}

// succeed makes a native party that s leads the one that another goes on in. enter has s
// become its only member, or only cleans up where it may not.
func (a *Admission) succeed(ctx context.Context, old *behind, native party.ID, s party.Session, enter func(may bool) error) error {
	user, taken := s.UserID, false
	members := map[string]party.Member{}
	if a.policy().Parties.Survive.Restart > 0 {
		members[user] = party.Member{Session: s, JoinedAt: a.now(), Leader: true}
	}
	err := a.store.change(ctx, old.origin, []string{user}, func(r reserve.Record) {
		seat, kept := r.Seats[user]
		if taken = !kept || !r.Away || seat.Member != old.seat.Member; !taken {
			delete(r.Seats, user)
			r.Native, r.Away, r.Members, r.Ages = native, false, members, nil
		}
	})
	if err == nil && taken { // by another node, or the time is over
		err = party.Refuse(party.PartyNotFound, "No seat is kept for you any more.")
	}
	if err != nil {
		_ = enter(false)
		return fmt.Errorf("store the party's new ID: %w", err)
	}
	if err = a.roster.Begin(native, s, old.facts, old.origin); err != nil {
		_ = enter(false)
	} else {
		err = enter(true)
	}
	if err != nil { // its connection has ended meanwhile
		a.roster.End(native)
		undo := a.store.change(ctx, old.origin, []string{user}, func(r reserve.Record) {
			r.Seats[user] = old.seat
			r.Native, r.Away, r.Members = old.id, true, nil
		})
		return errors.Join(fmt.Errorf("enter new native party: %w", err), undo)
	}
	a.moves.set(old.id, native)
	_ = a.visit(ctx, old.id, func(v *visit) error {
		v.handOver()
		return nil
	})
	return a.visit(ctx, native, func(v *visit) error {
		v.out.Add(
			party.Change{Kind: party.PartyRestored, ID: native, Was: old.id, Session: s, Queued: old.waited},
			party.Change{Kind: party.SeatBack, ID: native, Seat: old.seat},
			party.Change{Kind: party.MemberEntered, ID: native, Session: s, Attributes: old.facts.Attributes},
		)
		v.saved.Members = members
		v.rosterLater()
		return v.look()
	})
}

// Offer has the next party that the user creates go on with the one in which everybody is
// away.
func (a *Admission) Offer(userID string, id party.ID) {
	a.moves.mu.Lock()
	defer a.moves.mu.Unlock()
	a.moves.offers[userID] = id
}

// Offered is what a party has to be made with that the user is about to create, if it goes
// on with another. It refuses with AlreadyInParty where that one lives again: the user's
// seat is there.
func (a *Admission) Offered(ctx context.Context, userID string) (facts party.Facts, offered bool, err error) {
	old, err := a.offer(ctx, userID)
	if old == nil || err != nil {
		return party.Facts{}, false, err
	}
	return old.facts, true, nil
}

func (a *Admission) offer(ctx context.Context, userID string) (*behind, error) {
	a.moves.mu.Lock()
	id, offered := a.moves.offers[userID]
	a.moves.mu.Unlock()
	if !offered {
		return nil, nil
	}
	old, err := a.leftBehind(ctx, id, userID)
	switch {
	case old != nil:
		return old, nil
	case err == nil:
		err = party.Refuse(party.AlreadyInParty, "Your party is back; resume it.")
	case party.ReasonOf(err) == party.PartyNotFound: // its time is over
		err = nil
	}
	a.withdraw(userID)
	return nil, err
}

func (a *Admission) withdraw(userID string) {
	a.moves.mu.Lock()
	defer a.moves.mu.Unlock()
	delete(a.moves.offers, userID)
}

// adopt has a party that a client created go on with the one offered to its user; false where
// there is none.
func (a *Admission) adopt(ctx context.Context, m Message) (bool, error) {
	old, err := a.offer(ctx, m.Sender.UserID)
	if old == nil || err != nil {
		return false, err
	}
	a.withdraw(m.Sender.UserID)
	return true, a.succeed(ctx, old, m.Party, m.Sender, func(bool) error { return nil })
}

// miss keeps the seats of members who are gone with their sockets, and reports whether
// there are any. Who is gone while the socket lives has left in a way no hook told of.
func (v *visit) miss(gone []party.Member) (kept bool, err error) {
	for _, m := range gone {
		alive, err := v.roster.Alive(m.Session)
		if err != nil {
			return kept, err
		}
		if !alive {
			if err := v.keep(m); err != nil {
				return kept, err
			}
			kept = kept || v.book.Kept[m.UserID] != nil && v.book.Kept[m.UserID].Member == m.Session
		}
		v.roster.Attendance.Miss(v.id, m.SessionID)
		v.changed()
		v.rosterLater()
	}
	return kept, nil
}
