package party

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

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

func encodeSeats(id ID, seats map[string]Seat) (string, error) {
	r := seatsRecord{PartyID: id.String(), Seats: map[string]seatRecord{}}
	for user, s := range seats {
		r.Seats[user] = seatRecord{s.Member.SessionID, s.Member.Username, nanos(s.Joined), nanos(s.Since), nanos(s.Until)}
	}
	value, err := json.Marshal(r)
	return string(value), err
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

// storeSeat writes a kept seat. If another node has written one for the same session,
// that one stays and is the answer.
func (a *Admission) storeSeat(ctx context.Context, seat Seat) (first *Seat, err error) {
	user := seat.Member.UserID
	err = a.changeSeats(ctx, seat.ID, user, func(seats map[string]Seat, away map[string]int64) bool {
		first = nil
		if s, ok := seats[user]; ok && s.Member.SessionID == seat.Member.SessionID {
			first = &s
			return false
		}
		seats[user] = seat
		away[seat.ID.String()] = nanos(seat.Until)
		return true
	})
	return first, err
}

// unstoreSeat takes a kept seat out of storage and reports whether it was there. It
// does so even if ctx is at its end, as that of a session is which has just left.
func (a *Admission) unstoreSeat(ctx context.Context, seat Seat) (removed bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	user := seat.Member.UserID
	err = a.changeSeats(ctx, seat.ID, user, func(seats map[string]Seat, away map[string]int64) bool {
		s, ok := seats[user]
		removed = ok && s.Member.SessionID == seat.Member.SessionID
		if removed {
			delete(seats, user)
			delete(away, seat.ID.String())
		}
		return removed
	})
	return removed, err
}

// unstoreParty takes all seats of a party out of storage.
func (a *Admission) unstoreParty(ctx context.Context, id ID) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	return a.storage.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: seatsCollection, Key: id.UUID.String()}})
}

// changeSeats changes a party's record and a user's by compare-and-set, both or none.
// The change reports whether there is anything to write. It refuses with Conflict after
// too many lost races.
func (a *Admission) changeSeats(ctx context.Context, id ID, userID string, change func(map[string]Seat, map[string]int64) bool) error {
	for range writeAttempts {
		seats, away, versions, err := a.loadSeats(ctx, id, userID)
		if err != nil {
			return err
		}
		if !change(seats, away) {
			return nil
		}
		now := nanos(a.now())
		maps.DeleteFunc(away, func(_ string, until int64) bool { return until <= now })
		if len(seats)+len(away) == 0 {
			err = a.deleteSeats(ctx, id, userID, versions)
		} else {
			err = a.writeSeats(ctx, id, userID, seats, away, versions)
		}
		if err == nil || !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			return err
		}
	}
	return Refuse(Conflict, "Too many changes at once, please try again.")
}

func (a *Admission) writeSeats(ctx context.Context, id ID, userID string, seats map[string]Seat, away map[string]int64, versions map[string]string) error {
	seatsValue, err := encodeSeats(id, seats)
	if err != nil {
		return err
	}
	awayValue, err := json.Marshal(awayRecord{away})
	if err != nil {
		return err
	}
	_, err = a.storage.StorageWrite(ctx, []*runtime.StorageWrite{
		{Collection: seatsCollection, Key: id.UUID.String(), Value: seatsValue, Version: versions[seatsCollection]},
		{Collection: awayCollection, Key: userID, Value: string(awayValue), Version: versions[awayCollection]},
	})
	return err
}

// deleteSeats deletes both records. The host has no error of its own for a version that
// is another by now, so any failure counts as one, and the next attempt will tell.
func (a *Admission) deleteSeats(ctx context.Context, id ID, userID string, versions map[string]string) error {
	var deletes []*runtime.StorageDelete
	for collection, key := range map[string]string{seatsCollection: id.UUID.String(), awayCollection: userID} {
		if version := versions[collection]; version != "*" {
			deletes = append(deletes, &runtime.StorageDelete{Collection: collection, Key: key, Version: version})
		}
	}
	if err := a.storage.StorageDelete(ctx, deletes); err != nil {
		return errors.Join(err, runtime.ErrStorageRejectedVersion)
	}
	return nil
}

func (a *Admission) loadSeats(ctx context.Context, id ID, userID string) (map[string]Seat, map[string]int64, map[string]string, error) {
	objects, err := a.storage.StorageRead(ctx, []*runtime.StorageRead{
		{Collection: seatsCollection, Key: id.UUID.String()},
		{Collection: awayCollection, Key: userID},
	})
	if err != nil {
		return nil, nil, nil, err
	}
	seats, away := map[string]Seat{}, map[string]int64{}
	versions := map[string]string{seatsCollection: "*", awayCollection: "*"}
	for _, o := range objects {
		versions[o.Collection] = o.Version
		switch o.Collection {
		case seatsCollection:
			seats, err = decodeSeats(id, o.Value)
		case awayCollection:
			away, err = decodeAway(o.Value)
		}
		if err != nil {
			return nil, nil, nil, err
		}
	}
	return seats, away, versions, nil
}

func decodeAway(value string) (map[string]int64, error) {
	r := awayRecord{Parties: map[string]int64{}}
	err := json.Unmarshal([]byte(value), &r)
	return r.Parties, err
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

// sweepSeats deletes the seats of parties that have ended, and tells of those lost
// whose own node did not. The caller holds sweeping.
func (a *Admission) sweepSeats(ctx context.Context, gone func(ID) bool) error {
	objects, err := a.nextPage(ctx, seatsCollection)
	if err != nil {
		return err
	}
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

// sweepAway deletes what users no longer need. The caller holds sweeping.
func (a *Admission) sweepAway(ctx context.Context) error {
	objects, err := a.nextPage(ctx, awayCollection)
	if err != nil {
		return err
	}
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
