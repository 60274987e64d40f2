package waitlist_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
)

// play is one party with five seats besides its leader's, up to 50 waiting players, and the expected state.
type play struct {
	*world
	*rapid.T
	id      party.ID
	leader  party.Session
	crowd   []party.Session          // live sockets, by user, in no order
	out     []string                 // users without a socket
	line    []string                 // the wait list according to the answers
	offered map[string]int64         // users with a held seat, and its end
	missed  map[string]int           // how often each user left a held seat untaken
	holds   map[string]party.Session // by invite
}

const seats = 5

// waiters is how many players wait at first. Fifty, the maximum, takes as long to play as all others together.
var waiters = rapid.SampledFrom(append(slices.Repeat([]int{6, 7, 8, 9, 10, 11, 12}, 3), 50))

// TestModel: whatever else happens to the party, its seats go to the waiting players in order, and to nobody twice. No
// other way in takes one before.
func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		inBubble(t, func(t *testing.T) {
			w := newWorld(t)
			w.conf.Parties.KickBanJoins = true
			p := &play{world: w, T: r, offered: map[string]int64{}, missed: map[string]int{}, holds: map[string]party.Session{}}
			p.leader = w.host.Players(1)[0]
			p.id = w.party(true, seats+1, p.leader)
			p.crowd = w.host.Players(waiters.Draw(r, "waiters") + seats)
			for _, s := range p.crowd[:seats] {
				w.must(w.join(s, p.id))
			}
			for _, s := range p.crowd[seats:] {
				p.waits(s)
			}
			p.check("at first")
			for range 24 {
				p.check(p.step())
			}
			w.host.PartyClose(p.id)
			w.admission.Closed(context.Background(), p.id)
			synctest.Wait()
			if len(w.admission.Waitlists.Users(p.id)) > 0 || w.host.Objects("partyline_parties") != 0 {
				r.Error("something is left of the closed party")
			}
			w.close()
		})
	})
}

// inBubble runs one play with a clock of its own. Its failures go to rapid.
func inBubble(t *testing.T, run func(*testing.T)) {
	var failure any
	synctest.Test(t, func(t *testing.T) {
		defer func() { failure = recover() }()
		run(t)
	})
	if failure != nil {
		panic(failure)
	}
}

func (p *play) pick(from []party.Session, what string) (party.Session, bool) {
	if len(from) == 0 {
		return party.Session{}, false
	}
	return from[rapid.IntRange(0, len(from)-1).Draw(p.T, what)], true
}

// members lists the members except the leader.
func (p *play) members() (in []party.Session) {
	return slices.DeleteFunc(p.host.Members(p.id), func(s party.Session) bool { return s.UserID == p.leader.UserID })
}

func (p *play) isMember(user string) bool {
	return slices.ContainsFunc(p.members(), func(s party.Session) bool { return s.UserID == user })
}

func (p *play) waits(s party.Session) {
	before, member := p.isMember(s.UserID), false
	at, err := p.wait(s, byID(p.id))
	member = p.isMember(s.UserID)
	switch party.ReasonOf(err) {
	case "":
		if at.Place == 0 && !before && member {
			p.mayEnter(s, "a wait that got a seat at once")
			p.removeWaiting(s.UserID)
		} else if !slices.Contains(p.line, s.UserID) {
			p.line = append(p.line, s.UserID)
		}
	case party.Banned, party.Blocked, party.AlreadyMember, party.PartyFull:
	case party.RateLimited:
		if p.missed[s.UserID] < 2 {
			p.Fatalf("wait: %v; %d seats were held for them", err, p.missed[s.UserID])
		}
	default:
		p.Fatalf("wait: %v", err)
	}
}

// removeWaiting removes a user from the model's wait list.
func (p *play) removeWaiting(user string) {
	p.line = slices.DeleteFunc(p.line, func(u string) bool { return u == user })
	delete(p.offered, user)
}

// mayEnter checks that a user who has just come in had a right to the seat.
func (p *play) mayEnter(s party.Session, how string) {
	if _, held := p.offered[s.UserID]; held || p.holdsFor(s.UserID) {
		return
	}
	if taken := len(p.members()) + p.reserved() + len(p.offered); taken > seats {
		p.Errorf("%s took a seat that is held: %d members, %d reserved, %d offered", how, len(p.members()), p.reserved(), len(p.offered))
	}
}

func (p *play) holdsFor(user string) bool {
	for _, s := range p.holds {
		if s.UserID == user {
			return true
		}
	}
	return false
}

// reserved counts the kept seats, and the seats held by invites.
func (p *play) reserved() int {
	look, err := p.admission.Look(context.Background(), p.id)
	p.must(err)
	n := len(look.Reserved)
	for user := range p.offered {
		if slices.Contains(look.Reserved, user) {
			n--
		}
	}
	return n
}

// step does one random action.
func (p *play) step() string {
	what := rapid.SampledFrom([]string{
		"leave", "leave", "kick", "drop", "back", "claim", "claim", "claim", "cut in", "wait", "stop", "block", "lock", "hold", "release", "vanish", "time",
	}).Draw(p.T, "step")
	ctx := context.Background()
	switch what {
	case "leave":
		if s, ok := p.pick(p.members(), "member"); ok {
			p.leave(s, p.id)
		}
	case "kick":
		if s, ok := p.pick(p.members(), "member"); ok {
			p.kick(p.leader, s, p.id)
		}
	case "drop":
		if s, ok := p.pick(p.members(), "member"); ok {
			p.vanish(s)
		}
	case "vanish":
		if s, ok := p.pick(p.crowd, "waiter"); ok && !p.isMember(s.UserID) {
			p.vanish(s)
		}
	case "back":
		if len(p.out) > 0 {
			i := rapid.IntRange(0, len(p.out)-1).Draw(p.T, "out")
			p.crowd = append(p.crowd, p.host.Connect(p.out[i]))
			p.out = slices.Delete(p.out, i, i+1)
		}
	case "claim":
		for user := range p.offered {
			if i := slices.IndexFunc(p.crowd, func(s party.Session) bool { return s.UserID == user }); i >= 0 {
				if err := p.join(p.crowd[i], p.id); err != nil && !p.banned(err) && !p.isLocked() {
					p.Errorf("%s cannot take the seat that is held: %v", user, err)
				} else if err == nil {
					p.removeWaiting(user)
				}
				break
			}
		}
	case "cut in":
		if s, ok := p.pick(p.crowd, "anybody"); ok && !p.isMember(s.UserID) {
			before := maps(p.offered)
			if err := p.join(s, p.id); err == nil {
				p.offered = before
				p.mayEnter(s, "a native join")
				p.removeWaiting(s.UserID)
			}
		}
	case "wait":
		if s, ok := p.pick(p.crowd, "anybody"); ok {
			p.waits(s)
		}
	case "stop":
		if s, ok := p.pick(p.crowd, "anybody"); ok {
			r := byID(p.id)
			r.Leave = true
			_, err := p.wait(s, r)
			p.must(err)
			p.removeWaiting(s.UserID)
		}
	case "block":
		if s, ok := p.pick(p.crowd, "anybody"); ok && !p.isMember(s.UserID) {
			p.host.Block(p.leader.UserID, s.UserID)
		}
	case "lock":
		p.mu.Lock()
		p.locked = !p.locked
		p.mu.Unlock()
	case "hold":
		if s, ok := p.pick(p.crowd, "anybody"); ok && len(p.holds) < 2 && !p.isMember(s.UserID) {
			invite := fmt.Sprint("i", len(p.holds), time.Now().UnixNano())
			h := reserve.Hold{InviteID: invite, UserIDs: []string{s.UserID}, ExpiresAt: time.Now().Add(time.Hour)}
			if p.admission.Hold(ctx, p.id, h) == nil {
				p.holds[invite] = s
			}
		}
	case "release":
		for invite := range p.holds {
			p.admission.Release(p.id, invite)
			p.admission.HoldsChanged(p.id, false)
			delete(p.holds, invite)
			break
		}
	case "time":
		time.Sleep(time.Duration(rapid.IntRange(1, 50).Draw(p.T, "seconds")) * time.Second)
	}
	return what
}

func (p *play) banned(err error) bool { return party.ReasonOf(err) == party.Banned }

func (p *play) isLocked() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.locked
}

func (p *play) vanish(s party.Session) {
	p.drop(s)
	p.crowd = slices.DeleteFunc(p.crowd, func(c party.Session) bool { return c.SessionID == s.SessionID })
	p.out = append(p.out, s.UserID)
}

func maps(from map[string]int64) map[string]int64 {
	to := map[string]int64{}
	for k, v := range from {
		to[k] = v
	}
	return to
}

// check compares the wait list with the model, after everything has settled.
func (p *play) check(after string) {
	time.Sleep(3 * time.Second) // longer than between two checks of a locked party
	synctest.Wait()
	ctx := context.Background()
	was := p.offered
	p.offered = map[string]int64{}
	var line []string
	for _, user := range p.line {
		place, until := p.place(ctx, user)
		if place == 0 { // was too late for the seat, or has no socket
			_, held := was[user]
			if held {
				p.missed[user]++
			}
			if !held && !slices.Contains(p.out, user) {
				p.Errorf("after %s: %s is out of the line, without a seat held and with a socket", after, user)
			}
			continue
		}
		line = append(line, user)
		if place != len(line) {
			p.Errorf("after %s: %s is at place %d; want %d", after, user, place, len(line))
		}
		if !until.IsZero() {
			p.offered[user] = until.Unix()
		}
	}
	p.line = line
	for _, user := range line {
		if p.isMember(user) {
			p.Errorf("after %s: %s is in and waits", after, user)
		}
	}
	seen := map[string]bool{}
	for _, m := range p.members() {
		if seen[m.UserID] {
			p.Errorf("after %s: %s has two seats", after, m.UserID)
		}
		seen[m.UserID] = true
	}
	free := seats - len(p.members()) - p.reserved() - len(p.offered)
	if free < 0 {
		p.Errorf("after %s: %d seats too many are given away", after, -free)
	}
	if p.isLocked() {
		if len(p.offered) > 0 {
			p.Errorf("after %s: %d seats are offered while the party is locked", after, len(p.offered))
		}
		return
	}
	// In order: a player may be skipped only for a reason.
	for i, user := range line {
		if p.offered[user] != 0 || p.skipped(user) {
			continue
		}
		if free > 0 { // a kept seat may have ended at this moment
			time.Sleep(time.Second)
			synctest.Wait()
			if _, until := p.place(ctx, user); !until.IsZero() {
				p.offered[user] = until.Unix()
				free--
				continue
			}
			p.Errorf("after %s: a seat is free, and place %d of %d, %s, is not offered it", after, i+1, len(line), user)
		}
		for _, behind := range line[i+1:] {
			if _, before := was[behind]; p.offered[behind] != 0 && !before {
				p.Errorf("after %s: %s was offered a seat before %s", after, behind, user)
			}
		}
		break
	}
}

// place reads a user's place on the wait list, and the end of the seat held for them.
func (p *play) place(ctx context.Context, user string) (place int, until time.Time) {
	p.must(p.admission.Visit(ctx, p.id, func(v *ledger.Visit) error {
		err := v.Look()
		place, until = v.Book.Place(user), v.Book.Waiting[user].Until
		return err
	}))
	return place, until
}

// skipped reports whether the user must be skipped.
func (p *play) skipped(user string) bool {
	for _, m := range p.host.Members(p.id) {
		if with, _ := party.NewBlockList(nil, p.host).With(context.Background(), user, []string{m.UserID}); len(with) > 0 {
			return true
		}
	}
	return p.holdsFor(user)
}
