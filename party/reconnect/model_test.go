package reconnect_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"partyline/party"
)

const modelSize = 3 // seats of a party in the model

// model is the expected result of reconnection after any sequence of actions. A party is its members in order and its
// kept seats, each with its end.
type model struct {
	rt      *rapid.T
	w       *world
	users   []string
	online  map[string]party.Session // one socket per user
	pending []party.Session          // ended, but not reported yet
	parties []*modelParty
}

type modelParty struct {
	id      party.ID
	ids     []string // all native IDs that it had
	away    bool     // all members were dropped
	members []string
	seats   map[string]*modelSeat
	banned  map[string]time.Time
	over    bool
}

type modelSeat struct {
	session party.Session
	until   time.Time
	told    bool
}

func TestGrace_Model(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A bubble has no deadline, and rapid asks a *testing.T for one.
		rapid.Check(struct{ *testing.T }{t}, func(rt *rapid.T) {
			m := &model{rt: rt, w: newWorld(t, time.Now), online: map[string]party.Session{}}
			defer m.w.grace.Close()
			for _, s := range m.w.host.Players(6) {
				m.users = append(m.users, s.UserID)
				m.online[s.UserID] = s
			}
			rt.Repeat(map[string]func(*rapid.T){
				"create":     m.create,
				"join":       func(*rapid.T) { m.enter(m.w.join, party.AlreadyMember) },
				"invited":    func(*rapid.T) { m.enter(m.w.admit, "") },
				"leave":      m.leave,
				"kick":       m.kick,
				"drop":       func(*rapid.T) { m.drop(true) },
				"drop quiet": func(*rapid.T) { m.drop(false) },
				"tell":       m.reportAll,
				"resume":     m.resume,
				"wait":       m.wait,
				"sweep":      m.sweep,
				"close":      m.close,
				"":           m.check,
			})
		})
	})
}

// Users and parties are drawn by number, because their IDs differ from run to run.
func (m *model) user() string { return m.users[rapid.IntRange(0, len(m.users)-1).Draw(m.rt, "user")] }

// anyParty returns a party, or nil if there is none.
func (m *model) anyParty() *modelParty {
	if len(m.parties) == 0 {
		return nil
	}
	return m.parties[rapid.IntRange(0, len(m.parties)-1).Draw(m.rt, "party")]
}

// connected returns the user's socket, and opens one if needed.
func (m *model) connected(user string) party.Session {
	if _, on := m.online[user]; !on {
		m.online[user] = m.w.host.Connect(user)
	}
	return m.online[user]
}

func (m *model) create(*rapid.T) {
	if len(m.parties) == 3 {
		m.rt.Skip("enough")
	}
	leader := m.user()
	id := m.w.party(true, modelSize, m.connected(leader))
	m.parties = append(m.parties, &modelParty{id: id, ids: []string{id.String()}, members: []string{leader}, seats: map[string]*modelSeat{}, banned: map[string]time.Time{}})
}

func (m *model) want(err error, reason party.Reason) {
	if party.ReasonOf(err) != reason {
		m.rt.Fatalf("refusal = %v; want %q", err, reason)
	}
}

// enter lets a user come in by a door. again is the door's refusal for members.
func (m *model) enter(door func(party.Session, party.ID) error, again party.Reason) {
	p, user := m.anyParty(), m.user()
	if p == nil {
		m.rt.Skip("no party")
	}
	err := door(m.connected(user), p.id)
	held := len(p.seats)
	if p.seats[user] != nil {
		held--
	}
	switch {
	case p.over:
		m.want(err, party.PartyNotFound)
	case p.away && (p.seats[user] == nil || again != ""): // nobody comes back by PartyJoin
		m.want(err, party.PartyAway)
	case slices.Contains(p.members, user):
		m.want(err, again)
	case time.Now().Before(p.banned[user]):
		m.want(err, party.Banned)
	case len(p.members)+held == modelSize:
		m.want(err, party.PartyFull)
	default:
		m.want(err, "")
		m.addMember(p, user)
	}
}

func (m *model) addMember(p *modelParty, user string) {
	if p.away {
		m.reportKept(p)
		p.away, p.id = false, m.w.admission.Current(p.id)
		p.ids = append(p.ids, p.id.String())
	}
	p.members = append(p.members, user)
	delete(p.seats, user)
}

// removeMember removes a member. The party ends with its last member, or with the last kept seat if nobody else is
// left.
func (m *model) removeMember(p *modelParty, user string) {
	p.members = slices.DeleteFunc(p.members, func(u string) bool { return u == user })
	if len(p.members) == 0 && !(p.away && len(p.seats) > 0) {
		p.over, p.away = true, false
		clear(p.seats)
	}
}

func (m *model) leave(*rapid.T) {
	p, user := m.anyParty(), m.user()
	if p == nil {
		m.rt.Skip("no party")
	}
	m.w.leave(m.connected(user), p.id)
	delete(p.seats, user)
	m.removeMember(p, user)
}

func (m *model) kick(*rapid.T) {
	p, by, user := m.anyParty(), m.user(), m.user()
	if p == nil || p.over || by == user || !slices.Contains(p.members, by) {
		m.rt.Skip("nobody to kick")
	}
	leads := m.w.host.Leader(p.id).UserID == by
	seat := p.seats[user]
	switch {
	case seat != nil:
		m.w.kick(m.connected(by), seat.session, p.id)
	case slices.Contains(p.members, user) && leads:
		m.w.kick(m.connected(by), m.online[user], p.id)
	default:
		m.rt.Skip("the engine refuses")
	}
	if leads {
		delete(p.seats, user)
		p.banned[user] = time.Now().Add(10 * time.Minute)
		m.removeMember(p, user)
	}
}

// drop ends a socket. If the host has not reported it yet, somebody else may look.
func (m *model) drop(told bool) {
	user := m.user()
	s, on := m.online[user]
	if !on {
		m.rt.Skip("not connected")
	}
	delete(m.online, user)
	m.w.host.Disconnect(s)
	for _, p := range m.parties {
		if slices.Contains(p.members, user) {
			p.seats[user] = &modelSeat{session: s, until: time.Now().Add(minute)}
			p.away = len(p.members) == 1
			m.removeMember(p, user)
		}
		_, _ = m.w.admission.Held(m.w.t.Context(), p.id)
	}
	m.pending = append(m.pending, s)
	if told {
		m.reportAll(m.rt)
	}
}

// reportAll reports the end of all ended sessions.
func (m *model) reportAll(*rapid.T) {
	for _, s := range m.pending {
		m.want(m.w.ended(s), "")
		for _, p := range m.parties {
			if _, was := p.seats[s.UserID]; was {
				m.reportKept(p)
			}
		}
	}
	m.pending = nil
}

// reportKept reports all kept seats of a party, as a look for one of them does.
func (m *model) reportKept(p *modelParty) {
	for _, seat := range p.seats {
		seat.told = true
	}
}

func (m *model) resume(*rapid.T) {
	user := m.user()
	s := m.connected(user)
	got, err := m.w.resume(s)
	var in []string
	for _, p := range m.parties {
		if p.seats[user] != nil {
			m.addMember(p, user)
			in = append(in, p.id.String())
		}
	}
	if in == nil {
		for _, p := range m.parties {
			if slices.Contains(p.members, user) {
				in = append(in, p.id.String())
			}
		}
	}
	if in == nil {
		m.want(err, party.PartyNotFound)
		return
	}
	if m.want(err, ""); !got.Joined || !slices.Contains(in, got.PartyID) {
		m.rt.Fatalf("Resume = %+v; want one of %q", got, in)
	}
}

func (m *model) wait(*rapid.T) {
	time.Sleep(rapid.SampledFrom([]time.Duration{time.Second, 20 * time.Second, minute}).Draw(m.rt, "wait"))
	synctest.Wait()
	for _, p := range m.parties {
		for user, seat := range p.seats {
			if !time.Now().Before(seat.until) {
				delete(p.seats, user)
			}
		}
		if p.away {
			m.removeMember(p, "")
		}
	}
}

func (m *model) sweep(*rapid.T) {
	m.want(m.w.admission.Sweep(m.w.t.Context()), "")
	for _, p := range m.parties {
		m.reportKept(p)
	}
}

func (m *model) close(*rapid.T) {
	p := m.anyParty()
	if p == nil || p.over || p.away {
		m.rt.Skip("no party")
	}
	m.w.host.PartyClose(p.id)
	m.w.admission.Closed(m.w.t.Context(), p.id)
	p.members, p.over = nil, true
	clear(p.seats)
}

// check compares everything with the model.
func (m *model) check(*rapid.T) {
	told := 0
	var live []*modelParty
	for _, p := range m.parties {
		if p.over {
			if _, err := m.w.admission.Look(m.w.t.Context(), p.id); party.ReasonOf(err) != party.PartyNotFound {
				m.rt.Fatalf("Look = %v; the party is over", err)
			}
			if members := m.w.host.Members(p.id); len(members) > 0 {
				m.rt.Fatalf("members = %v; the party is over", members)
			}
			continue
		}
		live = append(live, p)
		var want []party.Session
		for _, u := range p.members {
			want = append(want, m.online[u])
		}
		if got := m.w.host.Members(p.id); !slices.Equal(got, want) {
			m.rt.Fatalf("members = %v; want %v", got, want)
		}
		if ghosts := m.w.host.Ghosts(p.id); len(ghosts) > 0 {
			m.rt.Fatalf("ghosts = %v", ghosts)
		}
		look, err := m.w.admission.Look(m.w.t.Context(), p.id)
		held := len(look.Reserved)
		if p.away {
			m.want(err, party.PartyAway)
			err = nil
		}
		if err != nil || held != len(p.seats) || len(p.members)+held > modelSize {
			m.rt.Fatalf("%d members, Held = %d, %v; want %d of %d seats kept", len(p.members), held, err, len(p.seats), modelSize)
		}
		for _, seat := range p.seats {
			if seat.told {
				told++
			}
		}
		m.checkMessages(p)
	}
	// A party whose last member was dropped has ended, but that may not be known yet.
	if n := m.w.grace.Running(); n < told || n > told && len(m.pending) == 0 {
		m.rt.Fatalf("%d timers run; want %d", n, told)
	}
	if len(m.parties) > 2 {
		m.parties = live
	}
}

// checkMessages checks the messages to a party: away first, then back or lost, and away again. The last one must match
// the present state.
func (m *model) checkMessages(p *modelParty) {
	away := map[string]bool{}
	for _, msg := range m.w.messages() {
		if !slices.Contains(p.ids, msg.party) || msg.Event == "restored" || msg.Event == "removed" { // these are not about a seat
			continue
		}
		if (msg.Event == "away") == away[msg.UserID] {
			m.rt.Fatalf("%s for somebody who was away: %v", msg.Event, away[msg.UserID])
		}
		away[msg.UserID] = msg.Event == "away"
	}
	for _, u := range m.users {
		seat := p.seats[u]
		if away[u] != (seat != nil && seat.told) {
			m.rt.Fatalf("told away: %v; seat %+v", away[u], seat)
		}
	}
}
