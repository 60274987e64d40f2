package reserve_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// Everything in a book expires at its time and not before.
func TestPurge(t *testing.T) {
	end := epoch.Add(time.Minute)
	b := reserve.NewBook()
	b.Holds["i"] = reserve.Hold{ExpiresAt: end}
	b.Kicks["u"] = reserve.Kick{Until: end}
	b.BeginKick("u", "leader", end.Add(-reserve.PendingTTL), true, true)
	b.Requests["asks"] = reserve.Request{Until: end}
	b.Requests["on the list"] = reserve.Request{}
	b.Admitted["s"] = end.Add(-2*reserve.PendingTTL - 1)
	b.Waiting["has a seat"] = reserve.Waiter{Until: end}
	b.Waiting["waits"] = reserve.Waiter{}
	b.Kept["u"] = &reserve.KeptSeat{Seat: party.Seat{Until: end}}
	for _, c := range []struct {
		now  time.Time
		left [7]int
		kept bool
	}{
		{end.Add(-1), [7]int{1, 1, 1, 2, 1, 2, 1}, true},
		{end, [7]int{0, 0, 0, 1, 0, 2, 1}, false}, // a kept seat ends when it is reported, a place on the wait list when the list is served
	} {
		b.Purge(c.now)
		left := [7]int{len(b.Holds), len(b.Kicks), len(b.Kicking), len(b.Requests), len(b.Admitted), len(b.Waiting), len(b.Kept)}
		if left != c.left || b.Keeps("u") != c.kept || b.KeepsAny() != c.kept {
			t.Errorf("%v before the end there are %v, kept %v; want %v, %v", end.Sub(c.now), left, b.Keeps("u"), c.left, c.kept)
		}
	}
}

func TestCheckAfterJoin(t *testing.T) {
	s, older, leader := session(1, 0), session(1, 1), session(0, 0)
	members := func(sessions ...party.Session) (list []party.Member) {
		for _, s := range sessions {
			list = append(list, party.Member{Session: s})
		}
		return list
	}
	joins := func(s party.Session) map[string]*reserve.PendingJoin {
		return map[string]*reserve.PendingJoin{s.SessionID: {Session: s}}
	}
	for name, c := range map[string]struct {
		members []party.Member
		lost    int
		older   party.Session
		pending map[string]*reserve.PendingJoin
		kicking bool // the leader is being kicked
		max     int
		want    party.Reason
	}{
		"in":                         {members: members(leader, s), max: 2},
		"not_in":                     {members: members(leader), max: 2, want: party.PartyNotFound},
		"alone":                      {members: members(s), max: 2, want: party.PartyNotFound},
		"with_one_who_is_removed":    {members: members(leader, s), kicking: true, max: 2, want: party.PartyNotFound},
		"one_too_many":               {members: members(leader, s), max: 1, want: party.PartyFull},
		"a_lost_one_too_many":        {members: members(leader, s), lost: 1, max: 2, want: party.PartyFull},
		"one_joins_too":              {members: members(leader, s), pending: joins(session(2, 0)), max: 2, want: party.PartyFull},
		"one_who_joined_is_in":       {members: members(leader, s), pending: joins(leader), max: 2},
		"another_device":             {members: members(leader, s, older), max: 4, want: party.AlreadyMember},
		"the_seat_moves":             {members: members(older, s), older: older, max: 1},
		"the_seat_moves_in_a_crowd":  {members: members(leader, older, s), older: older, max: 2},
		"the_seat_moves_one_too_man": {members: members(leader, session(2, 0), older, s), older: older, max: 2, want: party.PartyFull},
	} {
		b := reserve.NewBook()
		if c.pending != nil {
			b.Pending = c.pending
		}
		if c.kicking {
			b.BeginKick(leader.UserID, "by", epoch, false, true)
		}
		if err := b.CheckAfterJoin(c.members, c.lost, s, c.older, c.max); party.ReasonOf(err) != c.want {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

// The ghost is the session that the module admitted last.
func TestGhost(t *testing.T) {
	members := newParty(0, 0, 1, 2, 3).Members
	b := reserve.NewBook()
	if ghost, is := b.Ghost(members, 0, 3); is {
		t.Errorf("a ghost that nobody admitted: %v", ghost)
	}
	b.Admitted[session(2, 0).SessionID] = epoch.Add(time.Second)
	b.Admitted[session(3, 0).SessionID] = epoch
	b.Admitted["left since"] = epoch.Add(time.Minute)
	for _, c := range []struct {
		lost, max int
		is        bool
	}{{0, 4, false}, {0, 3, true}, {1, 4, true}, {1, 5, false}, {0, 0, false}} {
		ghost, is := b.Ghost(members, c.lost, c.max)
		if is != c.is || is && ghost != session(2, 0) {
			t.Errorf("with %d lost, of %d: %v, %v; want %v", c.lost, c.max, ghost, is, c.is)
		}
	}
}

// Settle ends only what the finished message began.
func TestSettle(t *testing.T) {
	own, other, accepted := session(0, 0), session(1, 0), session(2, 0)
	fill := func() reserve.Book {
		b := reserve.NewBook()
		for by, s := range map[string]party.Session{own.SessionID: own, other.SessionID: other, "leader": accepted} {
			b.Pending[s.SessionID] = &reserve.PendingJoin{Session: s, By: by}
		}
		b.Requests[own.SessionID] = reserve.Request{Session: own, Until: epoch}
		b.Requests[other.SessionID] = reserve.Request{Session: other}
		b.BeginKick("a", own.SessionID, epoch, true, true)
		b.BeginKick("b", "leader", epoch, true, true)
		return b
	}
	for name, c := range map[string]struct {
		by, joiner                 string
		pending, requests, kicking int
	}{
		"own":             {own.SessionID, own.SessionID, 2, 1, 1},
		"on_the_list":     {other.SessionID, other.SessionID, 2, 2, 2},
		"accepted":        {"leader", accepted.SessionID, 2, 2, 1},
		"by_another":      {"leader", own.SessionID, 3, 2, 1},
		"nothing_awaited": {"somebody", "nobody", 3, 2, 2},
	} {
		b := fill()
		b.Settle(c.by, c.joiner)
		if len(b.Pending) != c.pending || len(b.Requests) != c.requests || len(b.Kicking) != c.kicking {
			t.Errorf("%s: %d joins, %d requests and %d kicks are left; want %d, %d, %d", name, len(b.Pending), len(b.Requests), len(b.Kicking), c.pending, c.requests, c.kicking)
		}
	}
}

// A landed join is no longer under way. A request stays until it is accepted.
func TestFinishJoin(t *testing.T) {
	s := session(1, 0)
	for name, c := range map[string]struct {
		by       string // sender of the join under way; "" if there is none
		asked    bool
		in       bool
		pending  bool
		requests int
	}{
		"request":            {asked: true, requests: 1},
		"own_join":           {by: s.SessionID, in: true, pending: true},
		"accepted":           {by: "leader", asked: true, in: true, pending: true},
		"accepted_in_vain":   {by: "leader", asked: true, pending: true, requests: 1},
		"asked_and_joins":    {by: s.SessionID, asked: true, in: true, pending: true, requests: 1},
		"neither":            {},
		"by_another_module":  {in: true},
		"in_after_it_asked":  {asked: true, in: true},
		"own_join_not_taken": {by: s.SessionID, pending: true},
	} {
		b := reserve.NewBook()
		if c.by != "" {
			b.Pending[s.SessionID] = &reserve.PendingJoin{Session: s, By: c.by}
		}
		if c.asked {
			b.Requests[s.SessionID] = reserve.Request{Session: s, Until: epoch}
		}
		landed, pending := b.FinishJoin(s.SessionID, c.in)
		if pending != c.pending || landed.By != c.by || len(b.Pending) != 0 || len(b.Requests) != c.requests {
			t.Errorf("%s: landed %+v, %v with %d joins and %d requests left; want %v with 0 and %d", name, landed, pending, len(b.Pending), len(b.Requests), c.pending, c.requests)
		}
		if r, asks := b.Requests[s.SessionID]; asks && r.Until.IsZero() == c.pending {
			t.Errorf("%s: the request is on the list until %v", name, r.Until)
		}
	}
}

// The list of requests has a limit, and its last quarter is for friends.
func TestDecide_Requests(t *testing.T) {
	for name, c := range map[string]struct {
		asked, maxSize, live, cap int
		friend, again             bool
		elsewhere, whileInParty   bool
		want                      party.Reason
	}{
		"room":                         {asked: 2, maxSize: 4, cap: 4, live: 2},
		"too_many":                     {asked: 2, maxSize: 8, cap: 2, live: 2, want: party.RateLimited},
		"too_many_and_a_friend":        {asked: 2, maxSize: 8, cap: 2, live: 2, friend: true},
		"the_last_quarter":             {asked: 3, maxSize: 4, cap: 8, want: party.RateLimited},
		"the_last_quarter_to_a_friend": {asked: 3, maxSize: 4, cap: 8, friend: true},
		"once_more":                    {asked: 3, maxSize: 4, cap: 1, live: 3, again: true},
		"from_another_party":           {maxSize: 4, cap: 4, elsewhere: true, want: party.AlreadyInParty},
		"from_another_party_by_rule":   {maxSize: 4, cap: 4, elsewhere: true, whileInParty: true},
	} {
		b := reserve.NewBook()
		for i := range c.asked {
			s := session(10+i, 0)
			b.Requests[s.SessionID] = reserve.Request{Session: s}
		}
		joiner := session(20, 0)
		if c.again {
			joiner = session(10, 1)
		}
		f := reserve.Facts{LiveRequests: c.live, Friend: c.friend}
		if c.elsewhere {
			f.Elsewhere = []party.Membership{{Session: joiner}}
		}
		policy := rules.Parties{Requests: rules.Requests{Cap: c.cap, WhileInParty: c.whileInParty}}
		in := reserve.Intent{Kind: reserve.Join, Session: joiner, By: joiner.SessionID}
		effects, err := reserve.Decide(newParty(c.maxSize, 0), b, policy, f, epoch, in)
		if party.ReasonOf(err) != c.want {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		} else if err == nil && (effects.Ask == nil || effects.Ask.Session != joiner || !effects.Ask.Until.Equal(epoch.Add(reserve.PendingTTL))) {
			t.Errorf("%s: %+v; want a request", name, effects)
		}
	}
}

// The exact effects of each attempt to come into a party of two.
func TestDecide(t *testing.T) {
	leader, member, s, device := session(0, 0), session(1, 0), session(2, 0), session(1, 1)
	until := epoch.Add(reserve.PendingTTL)
	asks := reserve.Request{Session: s}
	moved := party.Refuse(party.AlreadyMember, "Your seat has moved to this device.")
	moves := rules.Parties{SecondSocket: rules.SecondSocketMove}
	for name, c := range map[string]struct {
		kind    reserve.Kind
		session party.Session
		by      string // "" means the session's own message
		open    bool
		max     int // 0 means 4
		policy  rules.Parties
		book    func(reserve.Book)
		locked  bool
		grant   party.Grant
		want    reserve.Effects
		refused party.Reason
	}{
		"invited":              {session: s, want: reserve.Effects{Take: &reserve.Take{Session: s}}},
		"invited_member":       {session: member},
		"member":               {kind: reserve.Join, session: member, open: true, refused: party.AlreadyMember},
		"open":                 {kind: reserve.Join, session: s, open: true, want: reserve.Effects{Pend: &reserve.PendingJoin{Session: s, By: s.SessionID, Until: until}}},
		"closed":               {kind: reserve.Join, session: s, want: reserve.Effects{Ask: &reserve.Request{Session: s, Client: party.Client{Lang: "en"}, Until: until}}},
		"accepted":             {kind: reserve.Accept, session: s, by: leader.SessionID, book: func(b reserve.Book) { b.Requests[s.SessionID] = asks }, want: reserve.Effects{Pend: &reserve.PendingJoin{Session: s, By: leader.SessionID, Until: until}}},
		"accepted_by_a_member": {kind: reserve.Accept, session: s, by: member.SessionID, book: func(b reserve.Book) { b.Requests[s.SessionID] = asks }},
		"accepted_unasked":     {kind: reserve.Accept, session: s, by: leader.SessionID},
		"full":                 {session: s, max: 2, refused: party.PartyFull},
		"full_of_holds":        {session: s, max: 3, book: func(b reserve.Book) { b.Holds["i"] = reserve.Hold{UserIDs: []string{"x"}} }, refused: party.PartyFull},
		"own_hold":             {session: s, max: 3, book: func(b reserve.Book) { b.Holds["i"] = reserve.Hold{UserIDs: []string{s.UserID}} }, want: reserve.Effects{Take: &reserve.Take{Session: s}}},
		"own_join_under_way":   {session: s, max: 3, book: func(b reserve.Book) { b.Pending[s.SessionID] = &reserve.PendingJoin{Session: s} }, want: reserve.Effects{Take: &reserve.Take{Session: s}}},
		"joins_by_another":     {session: s, book: func(b reserve.Book) { b.Pending["other"] = &reserve.PendingJoin{Session: session(2, 1)} }, refused: party.AlreadyMember},
		"locked":               {session: s, locked: true, refused: party.PartyLocked},
		"back_to_a_lock":       {session: s, locked: true, grant: party.Grant{Back: true}, book: func(b reserve.Book) { b.KeepSeat(party.ID{}, party.Member{Session: s}, "", epoch, time.Minute) }, want: reserve.Effects{Take: &reserve.Take{Session: s}}},
		"back_to_no_seat":      {session: s, grant: party.Grant{Back: true}, refused: party.PartyNotFound},

		"kicked":                  {session: s, book: ban(s), refused: party.Banned},
		"kicked_where_joins_may":  {session: s, book: func(b reserve.Book) { b.Ban(s.UserID, epoch, time.Minute, false) }, want: reserve.Effects{Take: &reserve.Take{Session: s}}},
		"kicked_and_named_since":  {session: s, book: ban(s), grant: party.Grant{Named: true, InvitedAt: epoch.Add(1)}, want: reserve.Effects{Take: &reserve.Take{Session: s}}},
		"kicked_and_named_before": {session: s, book: ban(s), grant: party.Grant{Named: true, InvitedAt: epoch}, refused: party.Banned},
		"kicked_and_any_invite":   {session: s, book: ban(s), grant: party.Grant{InvitedAt: epoch.Add(1)}, refused: party.Banned},

		"moves":               {session: device, want: reserve.Effects{Take: &reserve.Take{Session: device, Older: party.Member{Session: member, JoinedAt: epoch.Add(1)}, Moves: true}}},
		"moves_past_a_lock":   {session: device, locked: true, max: 2, want: reserve.Effects{Take: &reserve.Take{Session: device, Older: party.Member{Session: member, JoinedAt: epoch.Add(1)}, Moves: true, OlderLeavesFirst: true}}},
		"moves_by_a_join":     {kind: reserve.Join, session: device, open: true, want: reserve.Effects{Pend: &reserve.PendingJoin{Session: device, By: device.SessionID, Until: until, Leaving: []party.Membership{{Session: member}}}}},
		"moves_into_a_full":   {kind: reserve.Join, session: device, open: true, max: 2, want: reserve.Effects{Take: &reserve.Take{Session: device, Older: party.Member{Session: member, JoinedAt: epoch.Add(1)}, Moves: true, OlderLeavesFirst: true, Answer: moved}}},
		"moves_into_a_closed": {kind: reserve.Join, session: device, want: reserve.Effects{Take: &reserve.Take{Session: device, Older: party.Member{Session: member, JoinedAt: epoch.Add(1)}, Moves: true, Answer: moved}}},
		"moves_past_a_full_list": {kind: reserve.Join, session: device, book: func(b reserve.Book) {
			for i := range 3 {
				b.Requests[session(10+i, 0).SessionID] = reserve.Request{Session: session(10+i, 0)}
			}
		}, want: reserve.Effects{Take: &reserve.Take{Session: device, Older: party.Member{Session: member, JoinedAt: epoch.Add(1)}, Moves: true, Answer: moved}}},
		"moves_by_an_accept":     {kind: reserve.Accept, session: device, by: leader.SessionID, refused: party.AlreadyMember},
		"moves_nowhere_by_rule":  {session: device, policy: rules.Parties{SecondSocket: rules.SecondSocketRefuse}, refused: party.AlreadyMember},
		"moves_as_the_last":      {session: device, max: 2, book: func(b reserve.Book) { b.BeginKick(leader.UserID, "by", epoch, false, true) }, refused: party.AlreadyMember},
		"moves_as_the_last_room": {session: device, max: 3, book: func(b reserve.Book) { b.BeginKick(leader.UserID, "by", epoch, false, true) }, want: reserve.Effects{Take: &reserve.Take{Session: device, Older: party.Member{Session: member, JoinedAt: epoch.Add(1)}, Moves: true}}},
	} {
		v, b := newParty(4, 0, 1), reserve.NewBook()
		v.Open = c.open
		if c.max > 0 {
			v.MaxSize = c.max
		}
		if c.book != nil {
			c.book(b)
		}
		if c.policy == (rules.Parties{}) {
			c.policy = moves
		}
		c.policy.Requests.Cap = 4
		in := reserve.Intent{Kind: c.kind, Session: c.session, By: c.session.SessionID, Client: party.Client{Lang: "en"}, Grant: c.grant}
		if c.by != "" {
			in.By = c.by
		}
		var f reserve.Facts
		if c.locked {
			f.Locked = party.Refuse(party.PartyLocked, "locked")
		}
		effects, err := reserve.Decide(v, b, c.policy, f, epoch, in)
		if party.ReasonOf(err) != c.refused || !reflect.DeepEqual(effects, c.want) {
			t.Errorf("%s: %s, %v; want %s, %q", name, describe(effects), err, describe(c.want), c.refused)
		}
	}
}

// ban returns a change of the book that bans the player.
func ban(s party.Session) func(reserve.Book) {
	return func(b reserve.Book) { b.Ban(s.UserID, epoch, time.Minute, true) }
}

func describe(e reserve.Effects) string {
	switch {
	case e.Take != nil:
		return fmt.Sprintf("take %+v", *e.Take)
	case e.Pend != nil:
		return fmt.Sprintf("pend %+v", *e.Pend)
	case e.Ask != nil:
		return fmt.Sprintf("ask %+v", *e.Ask)
	}
	return "nothing"
}
