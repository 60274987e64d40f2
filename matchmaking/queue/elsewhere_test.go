package queue_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/matchmaking/queue"
	"partyline/party"
	"partyline/party/rules"
)

// friendElsewhere is a party that waits for a match and holds a seat for a friend. The friend leads another party with
// a third player. Either party may affect the other.
type friendElsewhere struct {
	*world
	id, own        party.ID // the party that the friend comes into, and the friend's own party
	leader, friend party.Session
	with           party.Session // the third player, in the friend's party
	ticket         string
}

// waitsForFriend needs a queue duo with teams of two. The friend's party does not wait yet.
func waitsForFriend(w *world) *friendElsewhere {
	q := w.cfg.Queues["duo"]
	q.HoldInvited = true
	w.cfg.Queues["duo"] = q
	f := &friendElsewhere{world: w, leader: w.player(), friend: w.player(), with: w.player()}
	f.id, f.own = w.partyOf(f.leader), w.partyOf(f.friend, f.with)
	w.incoming = 1
	f.ticket = w.queueParty(f.id, f.leader, text("queue", "duo"))
	return f
}

func (f *friendElsewhere) comes() {
	f.t.Helper()
	f.incoming = 0
	f.must(f.admission.Admit(f.t.Context(), f.id, f.friend, party.Grant{}, nil))
}

// acceptAll accepts for everybody who is asked.
func (f *friendElsewhere) acceptAll() {
	for _, e := range f.pool {
		_, _ = f.Accept(f.t.Context(), callerOf(e.session), e.ticket, true)
	}
}

func (f *friendElsewhere) queueTwos(n int) {
	for range n {
		id, players := f.party(2)
		f.queueParty(id, players[0], text("queue", "duo"))
		f.clock.Advance(time.Second)
	}
}

// queueFives fills a match of queue ranked with the friend's party, whose ticket was made before.
func (f *friendElsewhere) queueFives() {
	three, players := f.party(3)
	f.queueParty(three, players[0], rankedEU)
	five, players := f.party(5)
	f.queueParty(five, players[0], rankedEU)
}

// A friend may come in on a held seat and already have a match, or be asked about one, with another ticket. The friend
// gets one seat only. The party waits for another match, and the acceptances of its players hold up nobody.
func TestAccept_AFriendWhoIsAskedElsewhere(t *testing.T) {
	queues := func(f *friendElsewhere) { f.queueParty(f.own, f.friend, text("queue", "duo")) }
	for name, tt := range map[string]struct {
		before func(*friendElsewhere) // before the first pass, which finds a match for the party
		comes  func(*friendElsewhere)
		goesOn bool // the party's match is made
		either bool // one of the two matches is made
	}{
		"about_the_same_match": {before: queues},
		"about_another_match": {before: func(f *friendElsewhere) {
			f.queueTwos(1)
			f.process()
			queues(f)
			f.queueTwos(1)
		}},
		"in_two_parties_at_once": {before: func(f *friendElsewhere) {
			second := f.player()
			id := f.partyOf(second)
			f.queueParty(id, second, text("queue", "duo"))
			f.process()
			f.must(f.admission.Admit(f.t.Context(), id, f.friend, party.Grant{}, nil))
		}, either: true},
		"in_a_match_of_a_queue_behind_it": {before: func(f *friendElsewhere) { f.queueTwos(1); f.process() }, comes: func(f *friendElsewhere) {
			f.queueParty(f.own, f.friend, rankedEU)
			f.comes()
			f.queueFives()
		}, goesOn: true},
		"in_a_match_of_a_queue_before_it": {before: func(f *friendElsewhere) { f.queueTwos(1) }, comes: func(f *friendElsewhere) {
			f.queueParty(f.own, f.friend, rankedEU)
			f.comes()
			f.queueFives()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := waitsForFriend(askingWorld(t))
			tt.before(f)
			f.process()
			f.wantEvents(f.id, "queued duo", "found duo")
			if tt.comes != nil {
				tt.comes(f)
			} else {
				f.comes()
			}
			f.acceptAll()
			f.process()
			if !tt.goesOn && !tt.either {
				if got := f.events(f.id); len(got) < 3 || got[2] != "queued duo" && got[2] != "dropped duo: matched" {
					t.Errorf("the party was told %q; want that its match is off", got)
				}
			}
			f.queueTwos(1) // replaces the ticket that was sent back
			for range 3 {
				f.process()
				f.acceptAll()
			}
			seats := 0
			for _, l := range f.launcher.launches {
				for _, c := range l.Claims {
					if slices.Contains(c.UserIDs, f.friend.UserID) {
						seats++
					}
				}
			}
			if seats != 1 {
				t.Errorf("the friend has %d seats; want one: %+v", seats, f.launcher.launches)
			}
			told := strings.Join(f.events(f.id), ", ")
			if matched := strings.HasSuffix(told, "found duo, matched duo"); matched != tt.goesOn && !tt.either || !matched && !strings.HasSuffix(told, "dropped duo: matched") {
				t.Errorf("the party was told %q; want its match: %v", told, tt.goesOn)
			}
			f.wantQuiet()
		})
	}
}

// A friend who came in late plays the first match that is found, with either ticket. The other search then ends.
func TestMatched_AFriendOfTwoParties(t *testing.T) {
	for name, first := range map[string]bool{"with_the_party": true, "with_their_own": false} {
		t.Run(name, func(t *testing.T) {
			f := waitsForFriend(newWorld(t, configWithQueues()))
			f.queueParty(f.own, f.friend, rankedEU)
			f.comes()
			f.wantReason(f.MayQueue(t.Context(), callerOf(f.friend), f.view(f.own), "duo"), party.NotReady)
			f.wantReason(f.MayQueue(t.Context(), callerOf(f.leader), f.view(f.id), "ranked"), party.NotReady)
			if first {
				f.queueTwos(1)
			} else {
				f.queueFives()
			}
			f.process()
			matched, dropped := f.id, f.own
			played, other := " duo", " ranked"
			if !first {
				matched, dropped, played, other = dropped, matched, other, played
			}
			f.wantEvents(matched, "queued"+played, "matched"+played)
			f.wantEvents(dropped, "queued"+other, "dropped"+other+": matched")
			f.queueTwos(1)
			f.queueFives()
			f.process()
			if n := len(f.launcher.launches); n != 1 {
				t.Errorf("%d matches; want none for the friend again", n)
			}
			f.wantQuiet()
		})
	}
}

// A party's ticket is refused while a member came late into another party that waits. After the member has left that
// party, it is accepted.
func TestCheckParty_ALateFriendOfAnotherParty(t *testing.T) {
	for name, cfg := range map[string]func() *rules.Config{"queues": configWithQueues, "native": native} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cfg())
			id, players := w.party(1)
			friend := w.player()
			own := w.partyOf(friend)
			w.queueParty(id, players[0], rankedEU)
			w.must(w.admission.Admit(t.Context(), id, friend, party.Grant{}, nil))
			_, err := w.addParty(own, friend, rankedEU)
			w.wantReason(err, party.NotReady)
			w.JoinsMatch(t.Context(), friend) // the friend is not on the ticket
			if !w.queued(id) {
				t.Error("the party's ticket ended with a match that its friend joined")
			}
			w.leave(id, friend)
			w.queueParty(own, friend, rankedEU)
		})
	}
}

// The same holds while the players wait for a game server and nobody is asked.
func TestFleet_AFriendOfBothSides(t *testing.T) {
	cfg := configWithQueues()
	q := cfg.Queues["duo"]
	q.Match = rules.FleetMatch
	cfg.Queues["duo"] = q
	f := waitsForFriend(newWorld(t, cfg))
	f.queueParty(f.own, f.friend, text("queue", "duo"))
	f.process()
	f.comes()
	f.queueTwos(1)
	f.process()
	if got := f.servers.ordered; len(got) != 2 || len(got[1]) != 4 || !slices.Contains(got[1], f.friend.UserID) {
		t.Errorf("servers for %v; want a new one for the friend with one party, and for two others", got)
	}
	if twice := queue.AskedTwice(f.Service); twice != "" {
		t.Errorf("%s is to play twice", twice)
	}
	f.wantEvents(f.id, "queued duo")
	f.wantEvents(f.own, "queued duo")
}
