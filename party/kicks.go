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

const (
	kicksCollection = "partyline_kicks" // key = the party's UUID
	maxKicks        = 256               // remembered per party; the oldest are forgotten first
	writeAttempts   = 8                 // of a compare-and-set before giving up
	sweepPage       = 100
)

// kick bans a user until a time, unless an invite made after it says otherwise.
type kick struct{ at, until time.Time }

// kicksRecord is a party's kicks in storage.
type kicksRecord struct {
	PartyID string                `json:"party_id"`
	Kicks   map[string]kickRecord `json:"kicks"` // by user
}

type kickRecord struct {
	At    int64 `json:"at"` // Unix nanoseconds
	Until int64 `json:"until"`
}

// BeginKick comes before a PartyRemove of target by a session: the host answers it before
// [Admission.Kicked] hears of it, and a member who is out already must not come back in
// between. Only a leader's kick of a member counts; the host refuses others. A kick that
// the host refuses all the same keeps nobody out for longer than a few seconds.
func (a *Admission) BeginKick(ctx context.Context, id ID, target, by Session) error {
	if a.policy().Parties.KickBan <= 0 || target.SessionID == by.SessionID { // nobody can kick himself
		return nil
	}
	v, err := a.roster.View(ctx, id)
	if ReasonOf(err) == PartyNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if _, member := v.Session(target.SessionID); !member || v.Leader().SessionID != by.SessionID {
		return nil
	}
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	now := a.now()
	g.kicking[target.UserID] = kick{at: now, until: now.Add(flightTTL)}
	return nil
}

// Kicked follows a PartyRemove of target, whether it was a member or only asked to be
// one. A member is banned for the rules' kick_ban, by user, so a reconnect does not
// help, and keeps no seat. The ban holds on this node even if the error says that
// storage did not take it.
func (a *Admission) Kicked(ctx context.Context, id ID, target Session) error {
	if a.roster.losses.remove(id, target.SessionID) { // nobody who could be banned
		a.roster.listener(Change{Kind: SeatsChanged, ID: id})
		return nil
	}
	member, err := a.roster.onMirror(id, target.SessionID)
	if err != nil {
		return err
	}
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	defer delete(g.kicking, target.UserID)
	if _, begun := g.kicking[target.UserID]; begun {
		member = true // even if its connection has ended since
	}
	if k, ok := g.kept[target.UserID]; ok && k.Member.SessionID == target.SessionID { // the connection ended as it was kicked
		member = true
		a.endSeat(ctx, g, k, SeatLost)
	}
	if !member && !a.roster.attendance.has(id, target.SessionID) {
		delete(g.requests, target.SessionID) // only asked, and was declined
		return nil
	}
	a.roster.Left(ctx, id, target)
	return a.ban(ctx, g, target.UserID)
}

// ban keeps a user out for the rules' kick_ban. The caller holds the gate.
func (a *Admission) ban(ctx context.Context, g *gate, userID string) error {
	ban := a.policy().Parties.KickBan
	if ban <= 0 {
		return nil
	}
	now := a.now()
	k := kick{at: now, until: now.Add(ban)}
	if begun, ok := g.kicking[userID]; ok {
		k.at = begun.at // an invite made since then lifts it
	}
	defer func() { g.kicks[userID] = k }()
	g.stored = true
	if v, err := a.roster.look(g.id); err == nil {
		if err := a.open(ctx, g, v); err != nil {
			return err
		}
	}
	err := a.changeKicks(ctx, g.id, func(kicks map[string]kick) { kicks[userID] = k })
	a.announce(g)
	return err
}

// liftKick ends the ban of a user who was let in all the same. The caller holds the gate.
func (a *Admission) liftKick(ctx context.Context, g *gate, userID string) {
	if _, kicked := g.kicks[userID]; !kicked {
		return
	}
	delete(g.kicks, userID)
	if err := a.changeKicks(ctx, g.id, func(kicks map[string]kick) { delete(kicks, userID) }); err != nil {
		a.logger.Warn("kick not lifted party=%s user=%s error=%v", g.id, userID, err)
	}
	a.announce(g)
}

// announce tells the other nodes of a change this node has made. A change of theirs
// that it has not read yet it will still read. The caller holds the gate.
func (a *Admission) announce(g *gate) {
	if before, after := a.roster.stateChanged(g.id); before <= g.state {
		g.state = after
	}
}

// readState reads what storage says of a party: who is banned, and whose seats are kept.
func (a *Admission) readState(ctx context.Context, id ID) (map[string]kick, map[string]Seat, error) {
	objects, err := a.storage.StorageRead(ctx, []*runtime.StorageRead{
		{Collection: kicksCollection, Key: id.UUID.String()},
		{Collection: seatsCollection, Key: id.UUID.String()},
	})
	if err != nil {
		return nil, nil, err
	}
	kicks, seats := map[string]kick{}, map[string]Seat{}
	for _, o := range objects {
		switch o.Collection {
		case kicksCollection:
			kicks, err = decodeKicks(o.Value)
		case seatsCollection:
			seats, err = decodeSeats(id, o.Value)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return kicks, seats, nil
}

func decodeKicks(value string) (map[string]kick, error) {
	var r kicksRecord
	if err := json.Unmarshal([]byte(value), &r); err != nil {
		return nil, err
	}
	kicks := map[string]kick{}
	for user, k := range r.Kicks {
		kicks[user] = kick{fromNanos(k.At), fromNanos(k.Until)}
	}
	return kicks, nil
}

func (a *Admission) loadKicks(ctx context.Context, id ID) (map[string]kick, string, error) {
	objects, err := a.storage.StorageRead(ctx, []*runtime.StorageRead{{Collection: kicksCollection, Key: id.UUID.String()}})
	if err != nil || len(objects) == 0 {
		return map[string]kick{}, "*", err
	}
	kicks, err := decodeKicks(objects[0].Value)
	return kicks, objects[0].Version, err
}

// changeKicks writes a change by compare-and-set. It refuses with Conflict after too
// many lost races.
func (a *Admission) changeKicks(ctx context.Context, id ID, change func(map[string]kick)) error {
	for range writeAttempts {
		kicks, version, err := a.loadKicks(ctx, id)
		if err != nil {
			return err
		}
		now := a.now()
		maps.DeleteFunc(kicks, func(_ string, k kick) bool { return !now.Before(k.until) })
		change(kicks)
		r := kicksRecord{PartyID: id.String(), Kicks: map[string]kickRecord{}}
		users := slices.SortedFunc(maps.Keys(kicks), func(x, y string) int { return kicks[y].at.Compare(kicks[x].at) })
		for _, user := range users[:min(len(users), maxKicks)] {
			r.Kicks[user] = kickRecord{nanos(kicks[user].at), nanos(kicks[user].until)}
		}
		value, err := json.Marshal(r)
		if err != nil {
			return err
		}
		_, err = a.storage.StorageWrite(ctx, []*runtime.StorageWrite{{
			Collection: kicksCollection, Key: id.UUID.String(), Value: string(value), Version: version,
		}})
		if !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			return err
		}
	}
	return Refuse(Conflict, "Too many changes at once, please try again.")
}

// forgetKicks deletes what storage says of a party that has ended. The caller holds the gate.
func (a *Admission) forgetKicks(ctx context.Context, g *gate) {
	if !g.stored {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	err := a.storage.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: kicksCollection, Key: g.id.UUID.String()}})
	if err != nil { // the sweep finds it
		a.logger.Warn("kicks not forgotten party=%s error=%v", g.id, err)
	}
	g.stored = false
}

// sweepKicks deletes the kicks of those parties that have ended.
func (a *Admission) sweepKicks(ctx context.Context, objects []*api.StorageObject, gone func(ID) bool) error {
	var deletes []*runtime.StorageDelete
	for _, o := range objects {
		var r kicksRecord
		if err := json.Unmarshal([]byte(o.Value), &r); err != nil {
			continue
		}
		if id, err := ParseID(r.PartyID); err == nil && gone(id) {
			deletes = append(deletes, &runtime.StorageDelete{Collection: kicksCollection, Key: o.Key})
		}
	}
	if len(deletes) == 0 {
		return nil
	}
	return a.storage.StorageDelete(ctx, deletes)
}

// sweepBudget is how long one sweep looks at one collection; it goes on there the next time.
const sweepBudget = 10 * time.Second

// sweepPages passes a collection's records to do, page by page, once round or until the
// budget is used up. The caller holds sweeping.
func (a *Admission) sweepPages(ctx context.Context, collection string, do func([]*api.StorageObject) error) error {
	var errs []error
	for began := a.now(); a.now().Sub(began) < sweepBudget; {
		objects, next, err := a.storage.StorageList(ctx, "", SystemUser, collection, sweepPage, a.cursors[collection])
		if err != nil {
			delete(a.cursors, collection)
			return errors.Join(append(errs, err)...)
		}
		a.cursors[collection] = next
		errs = append(errs, do(objects))
		if next == "" {
			break
		}
	}
	return errors.Join(errs...)
}
