package queue_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/matchmaking/queue"
	"partyline/party"
	"partyline/party/post"
	"partyline/party/rules"
)

func TestEvents_OfAPartysTicket(t *testing.T) {
	tests := []struct {
		name string
		end  func(w *world, id party.ID, players []party.Session, ticket string)
		want []string
	}{
		{"cancelled", func(w *world, _ party.ID, players []party.Session, ticket string) {
			w.TicketCancelled(w.t.Context(), players[0], ticket)
			w.TicketCancelled(w.t.Context(), players[0], ticket) // told once
		}, []string{"queued ranked", "cancelled ranked"}},
		{"member_left", func(w *world, id party.ID, players []party.Session, _ string) {
			w.leave(id, players[1])
		}, []string{"queued ranked", "dropped ranked: membership"}},
		{"member_joined", func(w *world, id party.ID, _ []party.Session, _ string) {
			w.join(id, w.player())
		}, []string{"queued ranked", "dropped ranked: membership"}},
		{"closed_party_only_asked", func(w *world, id party.ID, _ []party.Session, _ string) {
			p := w.player() // not a member, so no news says that one entered
			w.admission.EndJoin(w.t.Context(), id, p)
		}, []string{"queued ranked"}},
		{"stranger_left", func(w *world, id party.ID, _ []party.Session, _ string) {
			w.Changed(party.Change{Kind: party.MemberLeft, ID: id, Session: w.player()})
		}, []string{"queued ranked"}},
		{"socket_ended", func(w *world, id party.ID, players []party.Session, _ string) {
			w.host.Disconnect(players[1])
			w.must(w.Ended(w.t.Context(), players[1]))
			w.Changed(party.Change{Kind: party.MemberDropped, ID: id, Session: players[1]}) // told once
		}, []string{"queued ranked", "dropped ranked: membership"}},
		{"other_socket_ended", func(w *world, _ party.ID, players []party.Session, _ string) {
			second := w.host.Connect(players[1].UserID)
			w.host.Disconnect(second)
			w.must(w.Ended(w.t.Context(), second))
		}, []string{"queued ranked"}},
		{"promoted", func(w *world, id party.ID, players []party.Session, _ string) {
			w.must(w.host.PartyPromote(players[0], players[1], id))
			w.admission.Promoted(w.t.Context(), id, players[1])
			w.process()
		}, []string{"queued ranked"}},
		{"gone_without_news", func(w *world, id party.ID, _ []party.Session, _ string) {
			w.removeParty(id)
			w.clock.Advance(time.Second)
			w.process() // the ticket's hook may be late
			w.wantEvents(id, "queued ranked")
			w.clock.Advance(10 * time.Second)
			w.process()
		}, []string{"queued ranked", "dropped ranked: membership"}},
		{"expired", func(w *world, id party.ID, _ []party.Session, _ string) {
			w.clock.Advance(10 * time.Minute)
			w.process()
			w.wantEvents(id, "queued ranked")
			w.clock.Advance(time.Second)
			w.process()
			w.process() // still in the pool: told once
		}, []string{"queued ranked", "dropped ranked: expired"}},
		{"queue_gone", func(w *world, _ party.ID, _ []party.Session, _ string) {
			delete(w.cfg.Queues, "ranked")
			w.process()
		}, []string{"queued ranked", "dropped ranked: unknown_queue"}},
		{"queue_asks_for_more", func(w *world, _ party.ID, _ []party.Session, _ string) {
			q := w.cfg.Queues["ranked"]
			q.MatchOn = []string{"region", "build"}
			w.cfg.Queues["ranked"] = q
			w.process()
		}, []string{"queued ranked", "dropped ranked: invalid_request"}},
		{"outgrown", func(w *world, id party.ID, _ []party.Session, _ string) {
			for range 3 { // by an invite, which does not end the ticket
				w.must(w.admission.Admit(w.t.Context(), id, w.player(), party.Grant{}, nil))
			}
			w.process()
			w.wantEvents(id, "queued ranked")
			w.must(w.admission.Admit(w.t.Context(), id, w.player(), party.Grant{}, nil))
			w.process()
			w.process()
		}, []string{"queued ranked", "dropped ranked: party_too_large"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, configWithQueues())
			id, players := w.party(2)
			ticket := w.queueParty(id, players[0], rankedEU)
			tt.end(w, id, players, ticket)
			w.wantEvents(id, tt.want...)
			w.wantHeard(id, tt.want...)
		})
	}
}

// The server first tells a newcomer about the party. A moment later the module tells the newcomer about the ticket that
// ended. Events of the next ticket come after that.
func TestEvents_FollowTheNewcomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, configWithQueues())
		w.mail = post.New(w.host, w.log)
		defer w.mail.Close()
		id, players := w.party(2)
		w.queueParty(id, players[0], rankedEU)
		w.join(id, w.player())
		again := w.queueParty(id, players[0], rankedEU)
		w.TicketCancelled(t.Context(), players[0], again)
		w.wantEvents(id, "queued ranked")
		time.Sleep(2 * party.NewcomerAfter)
		synctest.Wait()
		w.wantEvents(id, "queued ranked", "dropped ranked: membership", "queued ranked", "cancelled ranked")
	})
}

// A friend who came in by an invite is not on the ticket, but the server ends it when the friend leaves. A ticket made
// after that stays.
func TestTicket_EndsWithALateFriend(t *testing.T) {
	goes := map[string]func(w *world, id party.ID, leader, s party.Session){
		"leaves":    func(w *world, id party.ID, _, s party.Session) { w.leave(id, s) },
		"is_kicked": func(w *world, id party.ID, leader, s party.Session) { w.kick(id, leader, s) },
		"drops":     func(w *world, id party.ID, _, s party.Session) { drop(w, id, s); w.removeParty(id) },
	}
	for name, cfg := range map[string]func() *rules.Config{"queues": configWithQueues, "native": native} {
		for how, goes := range goes {
			t.Run(name+"/"+how, func(t *testing.T) {
				w := newWorld(t, cfg())
				id, players := w.party(2)
				friend, second := w.player(), w.player()
				w.queueParty(id, players[0], rankedEU)
				w.clock.Advance(time.Minute)
				w.must(w.admission.Admit(t.Context(), id, friend, party.Grant{}, nil))
				w.must(w.admission.Admit(t.Context(), id, second, party.Grant{}, nil))
				w.wantHeard(id, "queued")
				goes(w, id, players[0], friend)
				w.wantHeard(id, "queued", "dropped")
				if w.Waiting() != 0 {
					t.Error("the party still waits")
				}
				w.host.PartyLeave(second, id)
				w.removeParty(id)
				again := w.queueParty(id, players[0], rankedEU)
				w.admission.Left(t.Context(), id, second) // late news
				if !w.queued(id) {
					t.Error("a ticket made after they left ended with them")
				}
				w.wantHeard(id, "queued", "dropped", "queued")
				if ages := w.Ages(id); name == "queues" && !ages["ranked"].Since.Equal(w.clock.Now().Add(-time.Minute)) {
					t.Errorf("Ages = %v; want the minute of the ticket before %s", ages, again)
				}
			})
		}
	}
}

// since returns when the wait began for a ticket that the party asks for now.
func since(w *world, id party.ID, by party.Session, queue string) time.Time {
	w.t.Helper()
	add := &rtapi.PartyMatchmakerAdd{StringProperties: text("queue", queue, "region", "eu")}
	w.must(w.CheckParty(w.t.Context(), id, by, add))
	return time.Unix(int64(add.NumericProperties["queued_since"]), 0)
}

func TestAge_CarriesOver(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(3)
	w.queueParty(id, players[0], rankedEU)
	w.clock.Advance(90 * time.Second)
	w.leave(id, players[2])

	w.clock.Advance(5 * time.Minute) // the time between tickets does not count
	if got, want := since(w, id, players[0], "ranked"), w.clock.Now().Add(-90*time.Second); !got.Equal(want) {
		t.Errorf("since %v; want %v", got, want)
	}
	if got := since(w, id, players[0], "duo"); !got.Equal(w.clock.Now()) {
		t.Errorf("the age went over to another queue: %v", got)
	}
	again := w.queueParty(id, players[0], rankedEU)
	w.clock.Advance(30 * time.Second)
	w.leave(id, players[1])
	if got, want := since(w, id, players[0], "ranked"), w.clock.Now().Add(-120*time.Second); !got.Equal(want) {
		t.Errorf("the second time since %v; want %v", got, want)
	}
	w.TicketCancelled(t.Context(), players[0], again) // has ended already: changes nothing
	last := w.queueParty(id, players[0], rankedEU)
	w.removeTicket(last)
	w.TicketCancelled(t.Context(), players[0], last)
	if got := since(w, id, players[0], "ranked"); !got.Equal(w.clock.Now()) {
		t.Errorf("a leader's own cancelling kept the age: %v", got)
	}
}

// After a restart a party has waited no longer than it really has. If this process knows an age, that one counts.
func TestAge_OutlivesARestart(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	was := party.ID{UUID: uuid.New(), Node: id.Node}
	w.Changed(party.Change{Kind: party.PartyRestored, ID: id, Was: was, Queued: map[string]time.Duration{"ranked": time.Minute}})
	if got, want := since(w, id, players[0], "ranked"), w.clock.Now().Add(-time.Minute); !got.Equal(want) {
		t.Errorf("the wait began at %v; want %v", got, want)
	}
	w.queueParty(id, players[0], rankedEU)
	w.clock.Advance(10 * time.Second)
	if ages := w.Ages(id); len(ages) != 1 || !ages["ranked"].Since.Equal(w.clock.Now().Add(-70*time.Second)) {
		t.Errorf("Ages = %v; want 70 s in one queue", ages)
	}
	w.leave(id, players[1])
	w.clock.Advance(time.Minute) // does not count
	if ages := w.Ages(id); len(ages) != 1 || ages["ranked"] != (party.Age{Waited: 70 * time.Second}) {
		t.Errorf("Ages without a ticket = %v; want 70 s in one queue", ages)
	}
	w.Changed(party.Change{Kind: party.PartyRestored, ID: id, Was: was, Queued: map[string]time.Duration{"ranked": time.Hour}})
	if got, want := since(w, id, players[0], "ranked"), w.clock.Now().Add(-70*time.Second); !got.Equal(want) {
		t.Errorf("the wait began at %v; want %v", got, want)
	}
}

func TestAge_IsLostAfterMaxWait(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	w.queueParty(id, players[0], rankedEU)
	w.clock.Advance(time.Minute)
	w.leave(id, players[1])
	w.clock.Advance(11 * time.Minute)
	add := &rtapi.PartyMatchmakerAdd{StringProperties: rankedEU}
	w.must(w.CheckParty(t.Context(), id, players[0], add))
	if got := add.NumericProperties["queued_since"]; got != float64(w.clock.Now().Unix()) {
		t.Errorf("queued_since %v; want now, %v", got, w.clock.Now().Unix())
	}
}

// The ages of a party end with the party, in any way it ends. They are kept as long as seats are kept for away members.
func TestAge_EndsWithTheParty(t *testing.T) {
	ends := map[string]struct {
		grace time.Duration
		end   func(w *world, id party.ID, last party.Session)
		kept  time.Duration
	}{
		"left":       {time.Minute, func(w *world, id party.ID, s party.Session) { w.leave(id, s) }, 0},
		"closed":     {time.Minute, func(w *world, id party.ID, _ party.Session) { w.admission.Closed(w.t.Context(), id) }, 0},
		"dropped":    {0, drop, 0},
		"with_grace": {time.Minute, drop, time.Minute},
	}
	for name, tt := range ends {
		t.Run(name, func(t *testing.T) {
			cfg := configWithQueues()
			cfg.Parties.ReconnectGrace = tt.grace
			w := newWorld(t, cfg)
			id, players := w.party(2)
			w.queueParty(id, players[0], rankedEU)
			w.clock.Advance(30 * time.Second)
			w.leave(id, players[1])
			tt.end(w, id, players[0])
			if kept := len(w.Ages(id)) > 0; kept != (tt.kept > 0) {
				t.Errorf("age kept: %v; want %v", kept, tt.kept > 0)
			}
			w.clock.Advance(max(tt.kept, time.Minute))
			w.queueSolo(w.player(), rankedEU) // makes the book delete old entries
			if w.Aged(id) != 0 {
				t.Error("the age outlives the party")
			}
		})
	}
}

// kick removes a member by the leader and runs the hooks.
func (w *world) kick(id party.ID, leader, s party.Session) {
	w.t.Helper()
	w.must(w.admission.BeginKick(w.t.Context(), id, s, leader))
	w.must(w.host.PartyRemove(leader, s, id))
	w.must(w.admission.Kicked(w.t.Context(), id, s))
	w.removeParty(id)
}

func drop(w *world, id party.ID, s party.Session) {
	w.host.Disconnect(s)
	w.must(w.admission.Ended(w.t.Context(), s))
}

// Ten thousand parties that come and go leave nothing in the book.
func TestBook_DoesNotGrow(t *testing.T) {
	w := newWorld(t, configWithQueues())
	book := queue.NewBook(w.clock.Now)
	for range 10_000 {
		id := party.ID{UUID: uuid.New(), Node: "n"}
		s := party.Session{UserID: uuid.NewString(), SessionID: uuid.NewString()}
		ticket := queue.Ticket{ID: uuid.NewString(), Queue: "q", Party: id, Session: s, Members: []party.Session{s}, Since: w.clock.Now(), Added: w.clock.Now()}
		book.Add(ticket)
		book.End(ticket.ID)
		book.KeepAge(ticket, time.Minute)
		book.End(uuid.NewString()) // the end is heard of first
		w.clock.Advance(time.Second)
	}
	if n := book.Remembers(); n > 2000 {
		t.Errorf("%d rows, ages and deadlines are kept", n)
	}
}

func TestClosed_ForgetsTheParty(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	w.queueParty(id, players[0], rankedEU)
	w.admission.Closed(t.Context(), id)
	w.wantEvents(id, "queued ranked")
	w.removeParty(id)
	w.clock.Advance(time.Minute)
	w.process()
	w.wantEvents(id, "queued ranked")
	w.host.PartyClose(id)
	w.queueSolo(players[0], rankedEU)
}

// Hooks of different sockets and passes run concurrently.
func TestBook_NewsInAnyOrder(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(5)
	other, others := w.party(5)
	add := &rtapi.PartyMatchmakerAdd{PartyId: id.String(), StringProperties: rankedEU}
	w.must(w.CheckParty(t.Context(), id, players[0], add))
	ticket := w.enter(id.String(), players, add.StringProperties, add.NumericProperties)
	w.queueParty(other, others[0], rankedEU)
	if matches := w.process(); len(matches) != 1 { // a pass runs before the after-hook
		t.Fatalf("%d matches; want 1", len(matches))
	}
	w.must(w.PartyQueued(t.Context(), id, players[0], ticket, add))
	if w.queued(id) {
		t.Error("a ticket came back to life")
	}
	w.wantEvents(id, "matched ranked")
}

func TestBook(t *testing.T) {
	w := newWorld(t, configWithQueues())
	book := queue.NewBook(w.clock.Now)
	id, players := w.party(2)
	ticket := queue.Ticket{ID: "t", Queue: "ranked", Party: id, Session: players[0], Members: players, Since: w.clock.Now(), Added: w.clock.Now()}
	if !book.Add(ticket) || len(book.OfParty(id)) != 1 || len(book.OfUser(players[1].UserID)) != 1 || len(book.OfSession(players[1])) != 1 {
		t.Fatal("the ticket is not in the book")
	}
	if book.Add(queue.Ticket{Party: id}) {
		t.Error("a ticket without an ID was added: the host answers that when the party closed meanwhile")
	}
	if got, live := book.End("t"); !live || got.Queue != "ranked" {
		t.Errorf("End = %+v, %v", got, live)
	}
	if _, live := book.End("t"); live || book.Add(ticket) {
		t.Error("a ticket ended twice, or came back")
	}
	if len(book.OfParty(id))+len(book.OfUser(players[1].UserID)) != 0 {
		t.Error("an ended ticket is listed")
	}
	if _, live := book.End("unheard"); live || book.Add(queue.Ticket{ID: "unheard", Party: id}) {
		t.Error("a ticket whose end was heard of first was added")
	}
	w.clock.Advance(5 * time.Minute) // it is forgotten now
	book.Add(queue.Ticket{ID: "x", Added: w.clock.Now()})
	if !book.Add(ticket) {
		t.Error("an ended ticket is remembered for ever")
	}
}
