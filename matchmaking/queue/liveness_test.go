package queue_test

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/matchmaking/queue"
	"partyline/party"
	"partyline/party/rules"
)

// atHost is a world in which the host itself matches and tells nobody of its matches. A player without a party and a
// party wait, and an older ticket of each kind.
type atHost struct {
	*world
	id      party.ID
	leader  party.Session
	member  party.Session
	alone   party.Session
	own     string // the lone player's ticket
	partys  string
	stays   party.ID // another leader's party, with the lone player in it
	another party.Session
}

func hostWorld(t *testing.T) *atHost {
	h := &atHost{world: newWorld(t, native())}
	next := func() { h.clock.Advance(time.Second) }
	older := h.player()
	h.alone, h.another = h.player(), h.player()
	var players []party.Session
	h.id, players = h.party(2)
	h.leader, h.member = players[0], players[1]
	h.stays = h.partyOf(h.another, h.alone)
	h.queueSolo(older, nil)
	next()
	h.own = h.queueSolo(h.alone, nil)
	next()
	h.partys = h.queueParty(h.id, h.leader, nil)
	next()
	return h
}

// hostMatches lets the host match both tickets and report them as matched last.
func (h *atHost) hostMatches() {
	for _, e := range h.pool[1:] {
		h.matched = append(h.matched, e.created)
	}
	h.pool = h.pool[:1]
}

// wantWaits checks that others are refused because of a ticket exactly if that ticket should wait.
func (h *atHost) wantWaits(alone, partys bool) {
	h.t.Helper()
	_, err := h.addParty(h.stays, h.another, nil)
	if refused := party.ReasonOf(err) == party.NotReady; refused != alone || err != nil && !refused {
		h.t.Errorf("a party with the player alone hears %v; want a refusal: %v", err, alone)
	}
	_, err = h.addSolo(h.member, nil)
	if refused := party.ReasonOf(err) == party.NotReady; refused != partys || err != nil && !refused {
		h.t.Errorf("a member of the party hears %v; want a refusal: %v", err, partys)
	}
	if h.queued(h.id) != partys {
		h.t.Errorf("the party is queued: %v; want %v", !partys, partys)
	}
}

func TestNative_WhoIsMatchedWaitsNoMore(t *testing.T) {
	for name, tt := range map[string]struct {
		then          func(*atHost)
		alone, partys bool // whether each ticket should still wait
	}{
		"they_wait":          {func(*atHost) {}, true, true},
		"matched":            {(*atHost).hostMatches, false, false},
		"matched_among_many": {func(h *atHost) { h.hostMatches(); h.matched = nil }, true, true},
		"and_long_ago":       {func(h *atHost) { h.hostMatches(); h.matched = nil; h.clock.Advance(3 * time.Minute) }, false, false},
		"only_newer_ones":    {func(h *atHost) { h.pool = nil; h.queueSolo(h.player(), nil) }, false, false},
		"none_in_last_pass":  {func(h *atHost) { h.pool = nil; h.clock.Advance(45 * time.Second) }, true, true},
		"none_at_all":        {func(h *atHost) { h.pool = nil; h.clock.Advance(3 * time.Minute) }, false, false},
		"none_yet":           {func(h *atHost) { h.pool = nil }, true, true},
		"the_oldest":         {func(h *atHost) { h.pool = h.pool[1:]; h.clock.Advance(time.Hour) }, true, false},
		"oldest_in_its_pass": {func(h *atHost) { h.pool = h.pool[1:]; h.matched = []time.Time{h.pool[0].created} }, false, true},
		"host_is_mute":       {func(h *atHost) { h.hostMatches(); h.poolErr = errors.New("mute") }, true, true},
		"mute_for_long":      {func(h *atHost) { h.poolErr = errors.New("mute"); h.clock.Advance(3 * time.Minute) }, false, false},
		"joins_a_match":      {func(h *atHost) { h.JoinsMatch(h.t.Context(), h.alone); h.JoinsMatch(h.t.Context(), h.member) }, true, true},
		"joins_what_is_found": {func(h *atHost) {
			h.hostMatches()
			h.JoinsMatch(h.t.Context(), h.alone)
			h.poolErr = errors.New("mute")
			h.clock.Advance(time.Second)
		}, false, true},
		"a_stranger_of_that_moment_is_matched": {func(h *atHost) {
			h.removeTicket(h.partys)
			h.TicketCancelled(h.t.Context(), h.leader, h.partys)
			h.removeTicket(h.queueSolo(h.player(), nil))
			h.partys = h.queueParty(h.id, h.leader, nil)
			h.matched = []time.Time{h.clock.Now()}
		}, true, true},
		"somebody_else_hangs_up": {func(h *atHost) {
			h.hostMatches()
			h.Pool = func(ctx context.Context, s party.Session) (time.Time, []time.Time, error) {
				oldest, matched, err := h.poolState(ctx, s)
				return oldest, matched, cmp.Or(ctx.Err(), err)
			}
			ctx, hangUp := context.WithCancel(h.t.Context())
			hangUp()
			_ = h.MayQueue(ctx, callerOf(h.member), party.View{}, "")
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := hostWorld(t)
			tt.then(h)
			h.wantWaits(tt.alone, tt.partys)
		})
	}
}

// Others hear of the party's match as soon as the module does, and never that its ticket was dropped.
func TestNative_OthersHearOfTheMatch(t *testing.T) {
	h := hostWorld(t)
	h.hostMatches()
	h.JoinsMatch(t.Context(), h.member)
	h.wantHeard(h.id, string(queue.Queued), string(queue.Matched))
	if h.queued(h.id) {
		t.Error("the party still waits")
	}
}

// An answer of the host is used again for a while.
func TestNative_TheHostIsAskedNowAndThen(t *testing.T) {
	h := hostWorld(t)
	asked := 0
	h.Pool = func(ctx context.Context, s party.Session) (time.Time, []time.Time, error) {
		asked++
		return h.poolState(ctx, s)
	}
	for range 10 {
		h.queued(h.id)
	}
	if asked != 1 {
		t.Errorf("the host was asked %d times; want once", asked)
	}
	h.clock.Advance(time.Second)
	h.queued(h.id)
	if asked != 2 {
		t.Errorf("the host was asked %d times; want again", asked)
	}
}

// If the host reports every match, a ticket waits until something is known to have ended it.
func TestLiveness_WhereEveryMatchIsHeardOf(t *testing.T) {
	withMatches := native()
	withMatches.Matchmaking.CreateMatch = true
	for name, cfg := range map[string]*rules.Config{"queues": configWithQueues(), "create_match": withMatches} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cfg)
			w.queueSolo(w.player(), rankedEU)
			w.clock.Advance(time.Second)
			id, members := w.party(2)
			w.queueParty(id, members[0], rankedEU)
			mayLookAlone := func() party.Reason {
				return party.ReasonOf(w.MayQueue(t.Context(), callerOf(members[1]), party.View{}, "ranked"))
			}
			all := w.pool
			w.pool = nil // in the host's last pass
			w.clock.Advance(45 * time.Second)
			if got := mayLookAlone(); got != party.NotReady {
				t.Errorf("beside a ticket that no pass has met a member hears %q", got)
			}
			w.pool, w.matched = all, []time.Time{all[0].created, all[1].created}
			w.clock.Advance(time.Hour)
			if got := mayLookAlone(); got != party.NotReady {
				t.Errorf("after an hour of waiting a member hears %q", got)
			}
			w.wantHeard(id, "queued")
			w.pool = nil
			w.clock.Advance(time.Second)
			if got := mayLookAlone(); got != "" {
				t.Errorf("after an hour, while the host has no tickets, a member hears %q", got)
			}
			w.wantHeard(id, "queued", "dropped")
		})
	}
}

// A player who comes into a party between the check of its ticket and the after-hook does not end the ticket.
func TestPartyQueued_WhoComesMeanwhile(t *testing.T) {
	for name, cfg := range map[string]func() *rules.Config{"queues": configWithQueues, "native": native} {
		for _, way := range []string{"by_invite", "before_the_host_looks", "and_is_heard_of_later"} {
			t.Run(name+"/"+way, func(t *testing.T) {
				w := newWorld(t, cfg())
				id, members := w.party(2)
				friend := w.player()
				add := &rtapi.PartyMatchmakerAdd{PartyId: id.String(), MinCount: 2, MaxCount: 8, StringProperties: rankedEU}
				w.must(w.CheckParty(t.Context(), id, members[0], add))
				switch way {
				case "before_the_host_looks":
					w.join(id, friend)
				case "and_is_heard_of_later":
					w.must(w.host.PartyJoin(friend, id))
				}
				ticket := w.enter(id.String(), w.host.Members(id), add.GetStringProperties(), add.GetNumericProperties())
				if way == "by_invite" {
					w.must(w.admission.Admit(t.Context(), id, friend, party.Grant{}, nil))
				}
				w.must(w.PartyQueued(t.Context(), id, members[0], ticket, add))
				if way == "and_is_heard_of_later" {
					w.admission.EndJoin(t.Context(), id, friend)
				}
				if !w.queued(id) {
					t.Error("the ticket does not wait, and the host has it")
				}
				for _, s := range []party.Session{members[1], friend} {
					_, err := w.addSolo(s, rankedEU)
					w.wantReason(err, party.NotReady)
				}
				w.wantHeard(id, "queued")
				w.leave(id, friend)
				if w.queued(id) {
					t.Error("the ticket waits, and the host has ended it when one left")
				}
				w.wantHeard(id, "queued", "dropped")
			})
		}
	}
}

// A native join at that moment may have ended the ticket. The next pass shows it.
func TestPartyQueued_ANativeJoinThatEndsTheTicket(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, members := w.party(2)
	add := &rtapi.PartyMatchmakerAdd{PartyId: id.String(), MinCount: 2, MaxCount: 8, StringProperties: rankedEU}
	w.must(w.CheckParty(t.Context(), id, members[0], add))
	ticket := w.enter(id.String(), w.host.Members(id), add.GetStringProperties(), add.GetNumericProperties())
	w.join(id, w.player())
	w.must(w.PartyQueued(t.Context(), id, members[0], ticket, add))
	w.clock.Advance(10 * time.Second)
	w.queueSolo(w.player(), rankedEU)
	w.process()
	w.wantEvents(id, "queued ranked", "dropped ranked: membership")
	w.queueParty(id, members[0], rankedEU)
}

// A member who leaves between the check of a ticket and its after-hook ends the ticket, even if the news of that is
// over by then.
func TestPartyQueued_WhileTheMembersChange(t *testing.T) {
	for name, cfg := range map[string]func() *rules.Config{"queues": configWithQueues, "native": native} {
		for change, does := range map[string]func(w *world, id party.ID, members []party.Session){
			"leaves": func(w *world, id party.ID, members []party.Session) { w.leave(id, members[1]) },
			"leaves_unheard": func(w *world, id party.ID, members []party.Session) {
				w.host.PartyLeave(members[1], id)
			},
		} {
			t.Run(name+"/"+change, func(t *testing.T) {
				w := newWorld(t, cfg())
				id, members := w.party(3)
				add := &rtapi.PartyMatchmakerAdd{PartyId: id.String(), MinCount: 2, MaxCount: 8, StringProperties: rankedEU}
				w.must(w.CheckParty(t.Context(), id, members[0], add))
				ticket := w.enter(id.String(), w.host.Members(id), add.GetStringProperties(), add.GetNumericProperties())
				does(w, id, members)
				w.removeParty(id)
				w.must(w.PartyQueued(t.Context(), id, members[0], ticket, add))
				if w.Waiting() != 0 {
					t.Error("the ticket waits, and the host does not have it")
				}
				w.queueParty(id, members[0], rankedEU)
				if !w.queued(id) {
					t.Error("the next ticket does not wait")
				}
				if cfg().Queues != nil {
					w.wantEvents(id, "queued ranked", "dropped ranked: membership", "queued ranked")
				}
			})
		}
	}
}

// A ticket is listed while its members are there. The host is not asked for a list.
func TestStatus_WhoseConnectionHasEnded(t *testing.T) {
	w := newWorld(t, configWithQueues())
	w.Pool = func(context.Context, party.Session) (time.Time, []time.Time, error) {
		t.Error("the host is asked")
		return time.Time{}, nil, nil
	}
	solo := w.player()
	id, members := w.party(2)
	w.queueSolo(solo, map[string]string{"queue": "duo"})
	w.queueParty(id, members[0], map[string]string{"queue": "duo"})
	listed := func(s party.Session, partyID string) int {
		t.Helper()
		status, err := w.Status(t.Context(), callerOf(s), partyID)
		w.must(err)
		return len(status.Tickets)
	}
	if own, all := listed(solo, ""), listed(members[1], id.String()); own != 1 || all != 1 {
		t.Fatalf("%d of the player alone and %d of the party are listed; want 1 and 1", own, all)
	}
	w.host.Disconnect(solo) // the module has heard of neither end
	w.host.Disconnect(members[0])
	if own, all := listed(w.host.Connect(solo.UserID), ""), listed(members[1], id.String()); own != 0 || all != 0 {
		t.Errorf("%d of the player alone and %d of the party are listed; want none", own, all)
	}
}
