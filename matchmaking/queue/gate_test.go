package queue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

func TestCheckParty_FillsWhatTheServerOwns(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(3)
	for i, mmr := range []float64{900, 1200, 1500} {
		w.metadata(players[i], mmr)
	}
	w.holds = []reserve.Hold{{InviteID: "i", UserIDs: []string{"friend"}, ExpiresAt: w.clock.Now().Add(time.Hour)}}
	w.must(w.admission.Hold(t.Context(), id, w.holds[0]))
	add := &rtapi.PartyMatchmakerAdd{
		PartyId: id.String(), MinCount: 2, MaxCount: 4, Query: "+properties.mmr:>5000", CountMultiple: wrapperspb.Int32(2),
		StringProperties:  text("queue", "ranked", "region", "eu", "party_size", "1", "mmr", "9000", "mode", "hard"),
		NumericProperties: map[string]float64{"mmr": 9000, "queued_since": 1, "held": 0, "party_size": 1, "region": 7, "queue": 3, "own": 5},
	}
	w.must(w.CheckParty(t.Context(), id, players[0], add))
	if add.MinCount != 10 || add.MaxCount != 10 || add.Query != "*" || add.CountMultiple != nil {
		t.Errorf("counts %d to %d, query %q, multiple %v; want 10, 10, * and none", add.MinCount, add.MaxCount, add.Query, add.CountMultiple)
	}
	wantTexts := text("queue", "ranked", "region", "eu", "mode", "hard")
	wantNumbers := map[string]float64{"mmr": 1200, "party_size": 3, "held": 1, "queued_since": float64(w.clock.Now().Unix()), "own": 5}
	if !equal(add.StringProperties, wantTexts) || !equal(add.NumericProperties, wantNumbers) {
		t.Errorf("properties %v, %v; want %v, %v", add.StringProperties, add.NumericProperties, wantTexts, wantNumbers)
	}
	if w.accounts.reads != 1 {
		t.Errorf("%d reads of accounts; want 1 for all members", w.accounts.reads)
	}
	w.wantQuiet()
}

func equal[V comparable](a, b map[string]V) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func TestCheckParty_Refusals(t *testing.T) {
	long := strings.Repeat("x", 129)
	tests := []struct {
		name   string
		texts  map[string]string
		reason party.Reason
		says   string // part of the message
	}{
		{"no_queue", text("region", "eu"), party.UnknownQueue, "duo, ranked"},
		{"other_queue", text("queue", "rankd", "region", "eu"), party.UnknownQueue, "duo, ranked"},
		{"missing_property", text("queue", "ranked"), party.InvalidRequest, "string_properties.region: missing"},
		{"empty_property", text("queue", "ranked", "region", ""), party.InvalidRequest, "region"},
		{"long_property", text("queue", "ranked", "region", long), party.InvalidRequest, "longer"},
		{"control_property", text("queue", "ranked", "region", "e\nu"), party.InvalidRequest, "control"},
		{"too_large", text("queue", "duo"), party.PartyTooLarge, "up to 2 may play here; yours has 3"},
		{"fine", rankedEU, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, configWithQueues())
			id, players := w.party(3)
			_, err := w.addParty(id, players[0], tt.texts)
			w.wantReason(err, tt.reason)
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("refusal = %v; want it to say %q", err, tt.says)
			}
			if tt.reason != "" && w.queued(id) {
				t.Error("a refused ticket counts as queued")
			}
		})
	}
}

func (w *world) view(id party.ID) party.View {
	w.t.Helper()
	v, err := w.roster.View(w.t.Context(), id)
	w.must(err)
	return v
}

func TestCheckParty_HeldSeatsCount(t *testing.T) {
	for _, holdInvited := range []bool{true, false} {
		w := newWorld(t, configWithQueues())
		duo := w.cfg.Queues["duo"]
		duo.HoldInvited = holdInvited
		w.cfg.Queues["duo"] = duo
		id, players := w.party(2)
		w.must(w.admission.Hold(t.Context(), id, reserve.Hold{InviteID: "i", UserIDs: []string{"friend"}, ExpiresAt: w.clock.Now().Add(time.Hour)}))
		_, err := w.addParty(id, players[0], text("queue", "duo"))
		want := party.Reason("")
		if holdInvited {
			want = party.PartyTooLarge
		}
		w.wantReason(err, want)
	}
}

// The kept seat of an away member counts in every queue.
func TestCheckParty_KeptSeatsCount(t *testing.T) {
	cfg := configWithQueues()
	cfg.Parties.ReconnectGrace = time.Minute
	w := newWorld(t, cfg)
	id, players := w.party(3)
	w.host.Disconnect(players[2])
	w.must(w.admission.Ended(t.Context(), players[2]))
	_, err := w.addParty(id, players[0], text("queue", "duo"))
	w.wantReason(err, party.PartyTooLarge)
	w.clock.Advance(time.Minute)
	_, err = w.addParty(id, players[0], text("queue", "duo"))
	w.must(err)
}

// Seats held for strangers from the wait list do not keep a party out of its queue.
func TestCheckParty_StrangersInLine(t *testing.T) {
	w := newWorld(t, configWithQueues())
	duo := w.cfg.Queues["duo"]
	duo.HoldInvited = true
	w.cfg.Queues["duo"] = duo
	id, players := w.party(2)
	w.fromWaitList = 1
	_, err := w.addParty(id, players[0], text("queue", "duo"))
	w.must(err)
}

// Friends on the way without a held seat get a seat if there is room. If not, they do not keep the party out.
func TestCheckParty_FriendsOnTheirWay(t *testing.T) {
	for _, tt := range []struct{ size, incoming, want int }{{2, 1, 1}, {4, 3, 1}, {5, 3, 0}} {
		w := newWorld(t, configWithQueues())
		w.incoming = tt.incoming
		id, players := w.party(tt.size)
		add := &rtapi.PartyMatchmakerAdd{StringProperties: rankedEU}
		w.must(w.CheckParty(t.Context(), id, players[0], add))
		if got := add.NumericProperties["held"]; got != float64(tt.want) {
			t.Errorf("%d members and %d on their way: %v seats beside; want %d", tt.size, tt.incoming, got, tt.want)
		}
	}
}

func TestCheckParty_Stranger(t *testing.T) {
	for _, cfg := range []*rules.Config{configWithQueues(), native()} {
		w := newWorld(t, cfg)
		id, _ := w.party(2)
		_, err := w.addParty(id, w.player(), rankedEU)
		w.wantReason(err, party.NotMember)
	}
}

func TestCheckParty_Ready(t *testing.T) {
	w := newWorld(t, configWithQueues())
	duo := w.cfg.Queues["duo"]
	duo.RequireReady = true
	w.cfg.Queues["duo"] = duo
	id, players := w.party(2)
	w.statuses[players[0].SessionID] = party.MemberStatus{Stage: "ready"}
	w.statuses[players[1].SessionID] = party.MemberStatus{Stage: "downloading"}
	_, err := w.addParty(id, players[0], text("queue", "duo"))
	w.wantReason(err, party.NotReady)
	w.wantReason(w.MayQueue(t.Context(), callerOf(players[0]), w.view(id), "duo"), party.NotReady)
	w.statuses[players[1].SessionID] = party.MemberStatus{Stage: "ready"}
	w.must(w.MayQueue(t.Context(), callerOf(players[0]), w.view(id), "duo"))
	w.queueParty(id, players[0], text("queue", "duo"))
}

func TestCheckParty_OneTicketForEachQueue(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	w.queueParty(id, players[0], rankedEU)
	_, err := w.addParty(id, players[0], rankedEU)
	w.wantReason(err, party.NotReady)
	w.queueParty(id, players[0], text("queue", "duo"))
}

// A party that fills a match would wait forever, unless it may play alone.
func TestCheckParty_FullPartyAlone(t *testing.T) {
	for _, alone := range []bool{false, true} {
		cfg := configWithQueues()
		q := rules.DefaultOf[rules.Queue]()
		q.Teams, q.TeamSize.Max, q.MaxParty, q.FullPartyAlone = 1, 3, 3, alone
		cfg.Queues["coop"] = q
		w := newWorld(t, cfg)
		id, players := w.party(3)
		ticket, err := w.addParty(id, players[0], text("queue", "coop"))
		if !alone {
			w.wantReason(err, party.PartyTooLarge)
			continue
		}
		w.must(err)
		matches := w.process()
		if len(matches) != 1 || len(values(matches)[0]) != 3 || values(matches)[0][0].ticket != ticket {
			t.Errorf("matches = %v; want one of the party alone", matches)
		}
	}
}

func TestSoloAndParty(t *testing.T) {
	tests := []struct {
		name    string
		queues  bool
		policy  rules.SoloTickets
		partyOK bool // whether the party may queue in spite of a member's solo ticket
	}{
		{"native", false, rules.SoloTicketsRefuse, false},
		{"native_cannot_cancel", false, rules.SoloTicketsCancel, false},
		{"queues_refuse", true, rules.SoloTicketsRefuse, false},
		{"queues_cancel", true, rules.SoloTicketsCancel, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := native()
			if tt.queues {
				cfg = configWithQueues()
			}
			cfg.Matchmaking.SoloTickets = tt.policy
			w := newWorld(t, cfg)
			id, players := w.party(2)
			solo := w.queueSolo(players[1], rankedEU)
			_, err := w.addParty(id, players[0], rankedEU)
			if tt.partyOK {
				w.must(err)
				if sent := w.notices.sent; len(sent) != 1 || sent[0].UserID != players[1].UserID || sent[0].Code != 1003 || sent[0].Persistent ||
					sent[0].Subject != "matchmaking" || sent[0].Content["reason"] != "party_queued" || sent[0].Content["ticket"] != solo {
					t.Errorf("notifications %+v; want one of the dropped ticket", sent)
				}
			} else {
				w.wantReason(err, party.NotReady)
				if err != nil && strings.Contains(err.Error(), players[1].Username) {
					t.Errorf("the refusal names a player: %v", err)
				}
				w.TicketCancelled(w.t.Context(), players[1], solo)
				w.queueParty(id, players[0], rankedEU)
			}
			_, err = w.addSolo(players[1], rankedEU)
			w.wantReason(err, party.NotReady)
		})
	}
}

// With three solo tickets of a member the host has no room for the party's. The check says so before the host refuses
// without a reason.
func TestSoloAndParty_NoRoom(t *testing.T) {
	cfg := configWithQueues()
	cfg.Matchmaking.SoloTickets = rules.SoloTicketsCancel
	cfg.Queues["third"] = cfg.Queues["duo"]
	w := newWorld(t, cfg)
	id, players := w.party(2)
	var own []string
	for _, name := range []string{"ranked", "duo", "third"} {
		own = append(own, w.queueSolo(players[1], text("queue", name, "region", "eu")))
	}
	w.wantReason(w.MayQueue(t.Context(), callerOf(players[0]), w.view(id), "ranked"), party.NotReady)
	_, err := w.addParty(id, players[0], rankedEU)
	w.wantReason(err, party.NotReady)
	if len(w.notices.sent) > 0 {
		t.Errorf("notifications %+v; want that no ticket is dropped for a refusal", w.notices.sent)
	}
	w.TicketCancelled(t.Context(), players[1], own[0])
	w.must(w.MayQueue(t.Context(), callerOf(players[0]), w.view(id), "ranked"))
	w.queueParty(id, players[0], rankedEU)
}

func native() *rules.Config {
	c := rules.Default()
	return &c
}

func TestSolo_WhileTheirPartyWaits(t *testing.T) {
	w := newWorld(t, native())
	id, players := w.party(2)
	ticket := w.queueParty(id, players[0], nil)
	late := w.player() // enters without ending the ticket
	w.must(w.admission.Admit(t.Context(), id, late, party.Grant{}, nil))
	_, err := w.addSolo(late, nil)
	w.wantReason(err, party.NotReady)
	w.TicketCancelled(t.Context(), players[0], ticket)
	w.queueSolo(late, nil)
}

// News of closed sockets comes late, and must not keep anybody waiting.
func TestConflicts_EndWithTheSocket(t *testing.T) {
	w := newWorld(t, native())
	id, players := w.party(2)
	w.queueSolo(players[1], nil)
	w.host.Disconnect(players[1])
	w.queueParty(id, players[0], nil)

	other, members := w.party(2)
	w.queueParty(other, members[0], nil)
	w.host.Disconnect(members[1]) // the host removes the ticket, nobody is told yet
	w.queueSolo(members[0], nil)
}

func TestMember_OfTwoParties(t *testing.T) {
	w := newWorld(t, configWithQueues())
	a, b, c := w.player(), w.player(), w.player()
	first, second := w.partyOf(a, b), w.partyOf(c, b)
	w.queueParty(first, a, rankedEU)
	_, err := w.addParty(second, c, rankedEU)
	w.wantReason(err, party.NotReady)
	w.leave(first, b)
	w.queueParty(second, c, rankedEU)
}

func TestNative_PartyTooLarge(t *testing.T) {
	w := newWorld(t, native())
	id, players := w.party(5)
	add := &rtapi.PartyMatchmakerAdd{PartyId: id.String(), MinCount: 2, MaxCount: 4, Query: "*"}
	w.wantReason(w.CheckParty(t.Context(), id, players[0], add), party.PartyTooLarge)
	for _, most := range []int32{-1, 0, 1} { // the host refuses these
		add.MaxCount = most
		w.must(w.CheckParty(t.Context(), id, players[0], add))
	}
	add.MaxCount = 5
	w.must(w.CheckParty(t.Context(), id, players[0], add))
	add.MaxCount = 6
	w.must(w.CheckParty(t.Context(), id, players[0], add))
	if add.MinCount != 2 || add.MaxCount != 6 || len(add.StringProperties)+len(add.NumericProperties) != 0 {
		t.Errorf("a native ticket was changed: %v", add)
	}
	w.must(w.MayQueue(t.Context(), callerOf(players[0]), w.view(id), "whatever"))
}

// Nothing is sent about native tickets: clients of a game without queues do not know the module's op codes.
func TestNative_NothingIsSaid(t *testing.T) {
	w := newWorld(t, native())
	id, players := w.party(2)
	ticket := w.queueParty(id, players[0], nil)
	w.leave(id, players[1])
	w.TicketCancelled(t.Context(), players[0], ticket)
	w.wantEvents(id)
	w.wantHeard(id, "queued", "dropped") // rules and shared statuses follow the party's own tickets
	w.cfg.Matchmaking.CreateMatch = true
	w.queueParty(id, players[0], nil)
	w.wantEvents(id, "queued")
}

func TestCheckSolo(t *testing.T) {
	w := newWorld(t, configWithQueues())
	s := w.player()
	add := &rtapi.MatchmakerAdd{MinCount: 2, MaxCount: 4, Query: "+x:1", StringProperties: rankedEU}
	w.must(w.CheckSolo(t.Context(), s, add))
	want := map[string]float64{"mmr": 1000, "party_size": 1, "held": 0, "queued_since": float64(w.clock.Now().Unix())}
	if add.MinCount != 10 || add.MaxCount != 10 || add.Query != "*" || !equal(add.NumericProperties, want) {
		t.Errorf("ticket = %v; want counts of 10, query * and %v", add, want)
	}
	w.wantReason(w.CheckSolo(t.Context(), s, &rtapi.MatchmakerAdd{}), party.UnknownQueue)
	w.queueSolo(s, rankedEU)
	second := w.host.Connect(s.UserID)
	_, err := w.addSolo(second, rankedEU)
	w.wantReason(err, party.NotReady)
	w.queueSolo(s, text("queue", "duo"))
}

func callerOf(s party.Session) party.Caller {
	return party.Caller{UserID: s.UserID, Username: s.Username} // over HTTP, without a socket
}

func TestMayQueue(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(3)
	alone, stranger := party.View{}, w.player()
	tests := []struct {
		name  string
		by    party.Session
		view  party.View
		queue string
		want  party.Reason
	}{
		{"fine", players[0], w.view(id), "ranked", ""},
		{"fine_alone", stranger, alone, "duo", ""},
		{"stranger", stranger, w.view(id), "ranked", party.NotMember},
		{"no_queue", players[0], w.view(id), "", party.UnknownQueue},
		{"no_queue_alone", stranger, alone, "", party.UnknownQueue},
		{"too_large", players[0], w.view(id), "duo", party.PartyTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.wantReason(w.MayQueue(t.Context(), callerOf(tt.by), tt.view, tt.queue), tt.want)
		})
	}
	if w.queued(id) || len(w.pool) != 0 {
		t.Error("asking made a ticket")
	}
}

// The host's party hears of a leave a moment after the message is handled. A ticket made before that would end silently,
// so the check of a ticket waits for it, also if the after-hook of the leave has not run yet.
func TestCheckParty_WaitsForALeave(t *testing.T) {
	for name, leave := range map[string]func(w *world, id party.ID, s party.Session){
		"hooks ran":    (*world).leave,
		"not yet":      func(w *world, id party.ID, s party.Session) { w.host.PartyLeave(s, id) },
		"disconnected": func(w *world, _ party.ID, s party.Session) { w.host.Disconnect(s) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, configWithQueues())
				id, players := w.party(3)
				check := func(ctx context.Context) (waited time.Duration, err error) {
					began := time.Now()
					err = w.CheckParty(ctx, id, players[0], &rtapi.PartyMatchmakerAdd{PartyId: id.String(), StringProperties: rankedEU})
					w.BeforeMessage(players[0])
					return time.Since(began), err
				}
				if waited, err := check(t.Context()); waited > 0 || err != nil {
					t.Errorf("waited %v, error %v; want no wait before a leave", waited, err)
				}
				leave(w, id, players[2])
				if waited, err := check(t.Context()); waited == 0 || waited > time.Second || err != nil {
					t.Errorf("waited %v, error %v; want a short wait", waited, err)
				}
				over, cancel := context.WithCancel(t.Context())
				cancel()
				if waited, err := check(over); waited > 0 || !errors.Is(err, context.Canceled) {
					t.Errorf("waited %v, error %v; want the end of the call", waited, err)
				}
				if name == "hooks ran" {
					w.clock.Advance(time.Second)
					if waited, err := check(t.Context()); waited > 0 || err != nil {
						t.Errorf("waited %v, error %v; want no wait long after the leave", waited, err)
					}
				}
			})
		})
	}
}

func TestQueued(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	if w.queued(id) {
		t.Error("queued before there is a ticket")
	}
	w.queueParty(id, players[0], rankedEU)
	if !w.queued(id) {
		t.Error("not queued with a ticket")
	}
	w.host.Disconnect(players[1]) // nobody is told yet
	if w.queued(id) {
		t.Error("queued with a ticket the host has dropped")
	}
	w.wantEvents(id, "queued ranked", "dropped ranked: membership")
}
