package party

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Kept seats are storage, as kicks are: a member may come back to another node than the
// one that missed it, and joins on every node must count the seat.
const (
	seatsCollection = "partyline_seats" // key = the party's UUID: whose seats it keeps
	awayCollection  = "partyline_away"  // key = the user: where to look for a seat

	storageWait = 5 * time.Second // for what has to be written although its caller is gone
	lateTell    = time.Minute     // after which a node that has not told of a lost seat is taken for dead
)

// seatsRecord is a party's kept seats in storage.
type seatsRecord struct {
	PartyID string                `json:"party_id"`
	Seats   map[string]seatRecord `json:"seats"` // by user
}

type seatRecord struct {
	SessionID string `json:"session_id"` // the one that ended
	Username  string `json:"username"`
	Joined    int64  `json:"joined"` // Unix nanoseconds, as are the next ones
	Since     int64  `json:"since"`
	Until     int64  `json:"until"`
}

// awayRecord says where seats are kept for a user. It may say too much: what counts is
// the party's own record.
type awayRecord struct {
	Parties map[string]int64 `json:"parties"` // until when, in Unix nanoseconds
}

func decodeSeats(id ID, value string) (map[string]Seat, error) {
	var r seatsRecord
	if err := json.Unmarshal([]byte(value), &r); err != nil {
		return nil, err
	}
	seats := map[string]Seat{}
	for user, s := range r.Seats {
		seats[user] = Seat{
			ID: id, Member: Session{UserID: user, SessionID: s.SessionID, Username: s.Username},
			Joined: fromNanos(s.Joined), Since: fromNanos(s.Since), Until: fromNanos(s.Until),
		}
	}
	return seats, nil
}

func recordOf(id ID, seats map[string]Seat) seatsRecord {
	r := seatsRecord{PartyID: id.String(), Seats: map[string]seatRecord{}}
	for user, s := range seats {
		r.Seats[user] = seatRecord{s.Member.SessionID, s.Member.Username, nanos(s.Joined), nanos(s.Since), nanos(s.Until)}
	}
	return r
}

// takeOver makes the gate's kept seats what storage says they are. Those this process
// has not stored yet stay.
func (a *Admission) takeOver(g *gate, stored map[string]Seat) {
	for user, k := range g.kept {
		if s, ok := stored[user]; k.stored && (!ok || s.Member.SessionID != k.Member.SessionID) { // ended on another node
			delete(g.kept, user)
			a.gates.setAway(user, g.id, false)
			a.seatEvent(SeatEnded, k.Seat)
		}
	}
	for user, s := range stored {
		if g.kept[user] == nil {
			g.kept[user] = &keptSeat{Seat: s, told: true, stored: true}
			a.gates.setAway(user, g.id, true)
		}
	}
}

// seatState is the two records of one seat, as storage has them.
type seatState struct {
	seats    map[string]Seat   // of the party, by user
	away     map[string]int64  // of the user: until when, by party
	versions map[string]string // by collection; "*" for a record that does not exist
}

// storeSeat writes a kept seat. If another node has written one for the same session,
// that one stays and is the answer.
func (a *Admission) storeSeat(ctx context.Context, seat Seat) (first *Seat, err error) {
	user := seat.Member.UserID
	err = a.changeSeats(ctx, seat, func(st seatState) error {
		if s, ok := st.seats[user]; ok && s.Member.SessionID == seat.Member.SessionID {
			first = &s
			return nil
		}
		st.seats[user] = seat
		st.away[seat.ID.String()] = nanos(seat.Until)
		return a.writeSeats(ctx, seat, st, seatsCollection, awayCollection)
	})
	return first, err
}

// unstoreSeat takes a kept seat out of storage and reports whether it was there. It
// does so even if ctx is at its end, as that of a session is which has just left.
func (a *Admission) unstoreSeat(ctx context.Context, seat Seat) (removed bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	user := seat.Member.UserID
	err = a.changeSeats(ctx, seat, func(st seatState) error {
		s, ok := st.seats[user]
		if removed = ok && s.Member.SessionID == seat.Member.SessionID; !removed {
			return nil
		}
		delete(st.seats, user)
		delete(st.away, seat.ID.String())
		seatsEmpty, awayEmpty := len(st.seats) == 0, len(st.away) == 0
		switch {
		case seatsEmpty && awayEmpty:
			return a.deleteSeats(ctx, seat, st, seatsCollection, awayCollection)
		case !seatsEmpty && !awayEmpty:
			return a.writeSeats(ctx, seat, st, seatsCollection, awayCollection)
		}
		// Not one call to the host. The party's record counts; what stays in the user's
		// does no harm until the sweep finds it.
		if seatsEmpty {
			err := a.deleteSeats(ctx, seat, st, seatsCollection)
			if err == nil {
				_ = a.writeSeats(ctx, seat, st, awayCollection)
			}
			return err
		}
		err := a.writeSeats(ctx, seat, st, seatsCollection)
		if err == nil {
			_ = a.deleteSeats(ctx, seat, st, awayCollection)
		}
		return err
	})
	return removed, err
}

// changeSeats has change write to storage what it makes of it, by compare-and-set, again
// for as long as others are faster. It refuses with Conflict after too many lost races.
func (a *Admission) changeSeats(ctx context.Context, seat Seat, change func(seatState) error) error {
	for range writeAttempts {
		st, err := a.loadSeats(ctx, seat.ID, seat.Member.UserID)
		if err != nil {
			return err
		}
		now := nanos(a.now())
		maps.DeleteFunc(st.away, func(_ string, until int64) bool { return until <= now })
		if err := change(st); !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			return err
		}
	}
	return Refuse(Conflict, "Too many changes at once, please try again.")
}

// writeSeats writes records of a seat, all or none.
func (a *Admission) writeSeats(ctx context.Context, seat Seat, st seatState, collections ...string) error {
	var writes []*runtime.StorageWrite
	for _, c := range collections {
		var value []byte
		var err error
		if c == awayCollection {
			value, err = json.Marshal(awayRecord{st.away})
		} else {
			value, err = json.Marshal(recordOf(seat.ID, st.seats))
		}
		if err != nil {
			return err
		}
		writes = append(writes, &runtime.StorageWrite{Collection: c, Key: seat.keyIn(c), Value: string(value), Version: st.versions[c]})
	}
	_, err := a.storage.StorageWrite(ctx, writes)
	return err
}

// deleteSeats deletes records of a seat, all or none. The host has no error of its own
// for a version that is another by now, so any failure counts as one; the next attempt
// tells.
func (a *Admission) deleteSeats(ctx context.Context, seat Seat, st seatState, collections ...string) error {
	var deletes []*runtime.StorageDelete
	for _, c := range collections {
		if version := st.versions[c]; version != "*" {
			deletes = append(deletes, &runtime.StorageDelete{Collection: c, Key: seat.keyIn(c), Version: version})
		}
	}
	if len(deletes) == 0 {
		return nil
	}
	if err := a.storage.StorageDelete(ctx, deletes); err != nil {
		return errors.Join(err, runtime.ErrStorageRejectedVersion)
	}
	return nil
}

// keyIn is the key of the seat's record in a collection.
func (s Seat) keyIn(collection string) string {
	if collection == awayCollection {
		return s.Member.UserID
	}
	return s.ID.UUID.String()
}

func (a *Admission) loadSeats(ctx context.Context, id ID, userID string) (seatState, error) {
	st := seatState{
		seats: map[string]Seat{}, away: map[string]int64{},
		versions: map[string]string{seatsCollection: "*", awayCollection: "*"},
	}
	objects, err := a.storage.StorageRead(ctx, []*runtime.StorageRead{
		{Collection: seatsCollection, Key: id.UUID.String()},
		{Collection: awayCollection, Key: userID},
	})
	if err != nil {
		return st, err
	}
	for _, o := range objects {
		st.versions[o.Collection] = o.Version
		switch o.Collection {
		case seatsCollection:
			st.seats, err = decodeSeats(id, o.Value)
		case awayCollection:
			st.away, err = decodeAway(o.Value)
		}
		if err != nil {
			return st, err
		}
	}
	return st, nil
}

func decodeAway(value string) (map[string]int64, error) {
	var r awayRecord
	if err := json.Unmarshal([]byte(value), &r); err != nil || r.Parties == nil {
		return map[string]int64{}, err
	}
	return r.Parties, nil
}

// readAway lists the parties that may keep a seat for the user.
func (a *Admission) readAway(ctx context.Context, userID string) ([]ID, error) {
	objects, err := a.storage.StorageRead(ctx, []*runtime.StorageRead{{Collection: awayCollection, Key: userID}})
	if err != nil || len(objects) == 0 {
		return nil, err
	}
	away, err := decodeAway(objects[0].Value)
	if err != nil {
		return nil, err
	}
	now := nanos(a.now())
	var ids []ID
	for _, text := range slices.Sorted(maps.Keys(away)) {
		if id, err := ParseID(text); err == nil && away[text] > now {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// sweepSeats deletes the seats of those parties that have ended, and tells of those lost
// whose own node did not.
func (a *Admission) sweepSeats(ctx context.Context, objects []*api.StorageObject, gone func(ID) bool) error {
	var errs []error
	for _, o := range objects {
		var r seatsRecord
		if err := json.Unmarshal([]byte(o.Value), &r); err != nil {
			continue
		}
		id, err := ParseID(r.PartyID)
		if err != nil {
			continue
		}
		if gone(id) || len(r.Seats) == 0 {
			// Another version means that somebody has a seat there again.
			if err := a.storage.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: seatsCollection, Key: o.Key, Version: o.Version}}); err != nil {
				errs = append(errs, err)
			}
			continue
		}
		for _, user := range slices.Sorted(maps.Keys(r.Seats)) {
			if fromNanos(r.Seats[user].Until).Add(lateTell).Before(a.now()) {
				errs = append(errs, a.expireLate(ctx, id, user))
			}
		}
	}
	return errors.Join(errs...)
}

// expireLate ends a seat whose time was over long ago.
func (a *Admission) expireLate(ctx context.Context, id ID, userID string) error {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	if err := a.refresh(ctx, g); err != nil {
		return err
	}
	if k, ok := g.kept[userID]; ok && k.overdue {
		a.endSeat(ctx, g, k, SeatLost)
	}
	return nil
}

// sweepAway deletes what users no longer need.
func (a *Admission) sweepAway(ctx context.Context, objects []*api.StorageObject) error {
	now := nanos(a.now())
	var errs []error
	for _, o := range objects {
		away, err := decodeAway(o.Value)
		if err == nil && slices.ContainsFunc(slices.Collect(maps.Values(away)), func(until int64) bool { return until > now }) {
			continue
		}
		errs = append(errs, a.storage.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: awayCollection, Key: o.Key, Version: o.Version}}))
	}
	return errors.Join(errs...)
}
