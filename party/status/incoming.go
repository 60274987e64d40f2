package status

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// arrival is a user on the way to a party, by an invite.
type arrival struct {
	entry
	user, username string
	inviteID       string
	since, until   time.Time
}

func (s *Service) setArrival(ctx context.Context, c party.Caller, r Report, conf rules.Status) (id party.ID, moved bool, err error) {
	lead, err := s.Lead(ctx, c, r.Code)
	if err != nil {
		return id, false, err
	}
	id = lead.PartyID
	on := incomingKey{c.UserID, lead.InviteID}
	if before, coming := s.destinations.Peek(on); coming && before != id { // the inviter has moved on to another party
		s.InviteOver(lead.InviteID, c.UserID)
	}
	s.destinations.Put(on, id)
	b, exit := s.lockBoard(id)
	defer exit()
	// Check again: the player may have come in since. Then the change has passed this board already, or will.
	members, err := s.Roster.Members(id)
	if err != nil {
		return id, false, err
	}
	if len(members) == 0 {
		return id, false, party.RefuseGone()
	}
	if slices.ContainsFunc(members, func(m party.Member) bool { return m.UserID == c.UserID }) {
		return id, false, party.Refuse(party.AlreadyMember, "You are in this party already; use party_id.")
	}
	now := s.Now()
	b.expire(now)
	a := b.arrivals[c.UserID]
	if a.Stage == "" {
		if len(b.arrivals) >= maxIncoming {
			return id, false, party.Refuse(party.PartyFull, "Too many players are on their way to this party already.")
		}
		a = arrival{user: c.UserID, since: now}
	}
	next, ok := a.after(r, now)
	if !ok {
		return id, false, nil
	}
	b.changed(c.UserID, a.entry, next, conf, now)
	moved = next.Moved != a.Moved
	a.entry, a.username, a.inviteID, a.until = next, c.Username, lead.InviteID, now.Add(conf.Incoming)
	b.arrivals[c.UserID] = a
	return id, moved, nil
}

// expire drops arrivals whose last report is too old.
func (b *board) expire(now time.Time) {
	for user, a := range b.arrivals {
		if !now.Before(a.until) {
			b.dropArrival(user, now)
		}
	}
}

// dropArrival removes a user on the way. If the party knows of the user, it will be told.
func (b *board) dropArrival(user string, now time.Time) {
	if b.told[user].stage != "" {
		b.arrivals[user] = arrival{user: user, username: b.arrivals[user].username}
		b.look = now
		return
	}
	delete(b.arrivals, user)
	delete(b.told, user)
}

// InviteOver removes the users on the way by an invite that was revoked. If userID is not "", it removes only that
// user, whom the invite no longer leads there.
func (s *Service) InviteOver(inviteID, userID string) {
	s.mu.Lock()
	ids := slices.Collect(maps.Keys(s.withIncoming))
	s.mu.Unlock()
	if userID != "" {
		id, _ := s.destinations.Take(incomingKey{userID, inviteID})
		ids = []party.ID{id}
	}
	for _, id := range ids {
		if !s.boards.Has(id) {
			continue
		}
		b, exit := s.lockBoard(id)
		for user, a := range b.arrivals {
			if a.inviteID == inviteID && (userID == "" || userID == user) {
				b.dropArrival(user, s.Now())
			}
		}
		exit()
	}
}

// arrivals returns the users on the way, the earliest first.
func (s *Service) arrivals(id party.ID) []arrival {
	if !s.boards.Has(id) {
		return nil
	}
	b, exit := s.lockBoard(id)
	defer exit()
	now := s.Now()
	var list []arrival
	for _, a := range b.arrivals {
		if now.Before(a.until) {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b arrival) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.user, b.user)) })
	return list
}

// Footprint counts the party as [party.Footprint] says. Each user counts once: as a member, by a held or kept
// seat, by a pending join, or as incoming. The user without does not count, unless they are a member.
func (s *Service) Footprint(ctx context.Context, id party.ID, without string) (party.Footprint, error) {
	v, err := s.Admission.Look(ctx, id)
	if err != nil {
		return party.Footprint{}, err
	}
	return s.footprint(v, without), nil
}

// FootprintOf is Footprint for a party that the caller has looked at.
func (s *Service) FootprintOf(v reserve.Look) party.Footprint { return s.footprint(v, "") }

func (s *Service) footprint(v reserve.Look, without string) party.Footprint {
	f := party.Footprint{Members: v.Size(), Held: len(v.Expected), WaitlistSeats: v.WaitlistSeats, Away: len(v.Away), MaxSize: v.MaxSize}
	if v.Expects(without) {
		f.Held--
	}
	for _, a := range s.arrivals(v.ID) {
		if _, member := v.Member(a.user); !member && !v.Expects(a.user) && a.user != without {
			f.Incoming++
		}
	}
	return f
}

var _ party.Footprints = (*Service)(nil).Footprint
