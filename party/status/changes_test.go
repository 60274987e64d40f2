package status_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/rules"
	"partyline/party/status"
)

func resetOn(what ...string) func(*rules.Status) {
	return func(r *rules.Status) { r.ResetOn = what }
}

// A newcomer first gets the host's own message about the party, and then the changes that their coming causes.
func TestService_Newcomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.rules(resetOn("membership"))
		p := w.host.Players(2)
		id := w.party(4, p[0])
		w.must(w.set(p[0], report(id, "ready", 1)))
		time.Sleep(time.Minute)
		w.heard()
		came := time.Now()
		w.join(p[1], id)
		time.Sleep(time.Second)
		told := w.heard()
		if len(told) != 1 || told[0].at.Sub(came) != party.NewcomerAfter {
			t.Errorf("told %+v; want one message %v after %v", told, party.NewcomerAfter, came)
		}
	})
}

func TestService_Reset_onMembership(t *testing.T) {
	comesAndGoes := map[string]func(w *world, id party.ID, p []party.Session){
		"join": func(w *world, id party.ID, p []party.Session) { w.join(p[3], id) },
		"redeem": func(w *world, id party.ID, p []party.Session) {
			if _, err := w.invites.Redeem(w.t.Context(), caller(p[3]), w.invite(p[0], id).Code, ""); err != nil {
				w.t.Fatal(err)
			}
		},
		"leave": func(w *world, id party.ID, p []party.Session) { w.leave(p[2], id) },
		"kick": func(w *world, id party.ID, p []party.Session) {
			w.host.PartyLeave(p[2], id)
			w.must(w.admission.Kicked(w.t.Context(), id, p[2]))
		},
		"disconnect": func(w *world, id party.ID, p []party.Session) { w.disconnect(p[2]) },
	}
	for name, happens := range comesAndGoes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				w.rules(resetOn("membership"))
				p := w.host.Players(4)
				id := w.party(4, p[:3]...)
				w.must(w.set(p[0], report(id, "ready", 1)))
				w.must(w.set(p[1], report(id, "installing", 0.5)))
				w.must(w.set(p[2], report(id, "ready", 1)))
				time.Sleep(time.Second)
				w.heard()

				happens(w, id, p)
				stages := w.stages(p[0], id)
				same(t, "stages", stages[:2], []string{"tutorial", "installing"})
				if _, ok := w.ready(id); ok {
					t.Error("ready, though members were reset")
				}
				time.Sleep(time.Second)
				told := 0
				for _, m := range w.heard() {
					for _, row := range m.Members {
						if row.UserID == p[0].UserID && row.Stage == "tutorial" && row.Progress == nil {
							told++
						}
						if row.UserID == p[1].UserID {
							t.Errorf("told %+v, who was not ready", row)
						}
					}
				}
				if told != 1 {
					t.Errorf("told %d times that a member was reset; want once", told)
				}
				w.must(w.set(p[0], report(id, "ready", 1))) // a second time
				if got := w.stages(p[0], id)[0]; got != "ready" {
					t.Errorf("stage = %s; want ready again", got)
				}
			})
		})
	}
}

// Anybody may send the host a leave of any party.
func TestService_Reset_notByStrangers(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	w.rules(resetOn("membership", "queue"))
	p := w.host.Players(3)
	id := w.party(4, p[:2]...)
	w.must(w.set(p[0], report(id, "ready", 1)))
	w.leave(p[2], id)
	w.disconnect(p[2])
	if err := w.admission.Kicked(t.Context(), id, p[2]); err != nil {
		t.Fatal(err)
	}
	same(t, "stages", w.stages(p[0], id), []string{"ready", ""})
}

func TestService_Reset_onlyIfTheRulesSaySo(t *testing.T) {
	tests := []struct {
		name              string
		conf              func(*rules.Status)
		afterJoin, queued string
	}{
		{"never", func(*rules.Status) {}, "ready", "ready"},
		{"membership", resetOn("membership"), "tutorial", "ready"},
		{"queue", resetOn("queue"), "ready", "tutorial"},
		{"to_a_stage_of_its_own", func(r *rules.Status) { r.ResetOn, r.ResetTo = []string{"membership", "queue"}, "downloading" }, "downloading", "downloading"},
		{"no_ready_stage", func(r *rules.Status) { r.ResetOn, r.Ready = []string{"membership", "queue"}, "" }, "ready", "ready"},
		{"ready_comes_first", func(r *rules.Status) {
			r.ResetOn, r.Stages = []string{"membership", "queue"}, []string{"ready", "failed"}
		}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				w.rules(tt.conf)
				p := w.host.Players(2)
				id := w.party(4, p[0])
				w.must(w.set(p[0], report(id, "ready", 1)))
				w.join(p[1], id)
				if got := w.stages(p[0], id)[0]; got != tt.afterJoin {
					t.Errorf("after a join: %q; want %q", got, tt.afterJoin)
				}
				w.must(w.set(p[0], report(id, "ready", 1)))
				time.Sleep(time.Second)
				w.heard()
				w.status.QueueChanged(id, false)
				if got := w.stages(p[0], id)[0]; got != tt.queued {
					t.Errorf("after the queue changed: %q; want %q", got, tt.queued)
				}
				time.Sleep(time.Second)
				if told := w.heard(); (len(told) == 1) != (tt.queued != "ready") || len(told) == 1 && told[0].Members[0].Stage != tt.queued {
					t.Errorf("told %+v; want %q", told, tt.queued)
				}
			})
		})
	}
}

// The news of a member who came or left waits for a write of the party's record. What players report meanwhile, after
// they have seen the change, stays: games report a status as soon as they are in.
func TestService_Set_beforeLateNews(t *testing.T) {
	for _, how := range []string{"back", "back_natively", "kick", "disconnect"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				w.rules(resetOn("membership"))
				w.conf.Parties.ReconnectGrace = time.Minute
				p := w.host.Players(3)
				id := w.party(4, p...)
				if strings.HasPrefix(how, "back") {
					w.disconnect(p[2])
					p[2] = w.host.Connect(p[2].UserID)
				}
				w.must(w.set(p[0], report(id, "ready", 1)))
				w.must(w.set(p[1], report(id, "ready", 1)))
				time.Sleep(time.Second)
				w.heard()
				writes := 0
				w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
					if writes++; writes == 1 {
						time.Sleep(time.Millisecond)
						w.must(w.set(p[0], report(id, "ready", 0.9)))
						if strings.HasPrefix(how, "back") {
							w.must(w.set(p[2], report(id, "ready", 1)))
						}
					}
					return nil
				}
				want := []string{"ready", "tutorial"}
				switch how {
				case "back":
					w.must(w.admission.Admit(t.Context(), id, p[2], party.Grant{Back: true}, nil))
					want = append(want, "ready")
				case "back_natively":
					w.join(p[2], id)
					want = append(want, "ready")
				case "kick":
					w.host.PartyLeave(p[2], id)
					w.must(w.admission.Kicked(t.Context(), id, p[2]))
				case "disconnect":
					w.disconnect(p[2])
				}
				if writes == 0 {
					t.Fatal("nothing was written")
				}
				same(t, "stages", w.stages(p[0], id), want)
				time.Sleep(time.Second)
				last := map[string]string{}
				for _, m := range w.heard() {
					for _, row := range m.Members {
						last[row.UserID] = row.Stage
					}
				}
				for i, stage := range want {
					if last[p[i].UserID] != stage {
						t.Errorf("the party was told of player %d: %q; want %q", i, last[p[i].UserID], stage)
					}
				}
			})
		})
	}
}

// The same if the news waits behind earlier news of others.
func TestService_Set_behindNewsOfOthers(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	p := w.host.Players(3)
	id := w.party(4, p...)
	w.news.Subscribe(func(c party.Change) {
		if c.Session != p[1] {
			return
		}
		w.leave(p[2], id)
		clock.Advance(time.Second)
		w.must(w.admission.Admit(t.Context(), id, p[2], party.Grant{}, nil))
		clock.Advance(time.Second)
		w.must(w.set(p[2], report(id, "ready", 1)))
	})
	w.must(w.set(p[0], report(id, "ready", 1)))
	w.leave(p[1], id)
	same(t, "stages", w.stages(p[0], id), []string{"ready", "ready"})
}

// ready reports whether all members are in the rules' ready stage, and returns the users who are not. Without a ready
// stage all members are ready.
func (w *world) ready(id party.ID) (missing []string, ok bool) {
	w.t.Helper()
	v, err := w.roster.View(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	statuses, err := w.status.Statuses(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range v.Members {
		if w.conf.Status.Ready != "" && statuses[m.SessionID].Stage != w.conf.Status.Ready {
			missing = append(missing, m.UserID)
		}
	}
	return missing, len(missing) == 0
}

func TestService_Ready(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(4, p[:2]...)
	ready := func(want bool, missing ...string) {
		t.Helper()
		got, ok := w.ready(id)
		if ok != want {
			t.Errorf("ready = %v; want %v", ok, want)
		}
		same(t, "missing", got, missing)
	}
	ready(false, p[0].UserID, p[1].UserID)
	w.must(w.set(p[1], report(id, "ready", 1)))
	ready(false, p[0].UserID)
	// A user on the way is not a member: the queue's rules say whether it waits for them.
	w.must(w.set(p[2], byCode(w.invite(p[0], id).Code, "downloading", 0)))
	w.must(w.set(p[0], report(id, "ready", 1)))
	ready(true)
	w.must(w.set(p[0], report(id, "failed", 1)))
	ready(false, p[0].UserID)
	w.rules(func(r *rules.Status) { r.Ready = "" })
	ready(true)
}

// A member who comes back starts without a status, however the membership ended.
func TestService_Member_comesBack(t *testing.T) {
	goes := map[string]func(w *world, id party.ID, s party.Session){
		"left":             func(w *world, id party.ID, s party.Session) { w.leave(s, id) },
		"left_unseen":      func(w *world, id party.ID, s party.Session) { w.host.PartyLeave(s, id) },
		"left_after_close": func(w *world, id party.ID, s party.Session) { w.leave(s, id); w.leave(s, id) },
	}
	for name, how := range goes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, partytest.NewTime().Now)
			p := w.host.Players(2)
			id := w.party(4, p...)
			w.must(w.set(p[1], status.Report{PartyID: id.String(), Stage: "ready", Seq: ptr(int64(9))}))
			how(w, id, p[1])
			w.join(p[1], id)
			same(t, "stages", w.stages(p[0], id), []string{"", ""})
			w.must(w.set(p[1], status.Report{PartyID: id.String(), Stage: "ready", Seq: ptr(int64(1))}))
			same(t, "stages", w.stages(p[0], id), []string{"", "ready"})
		})
	}
}

func TestService_NothingIsLeft(t *testing.T) {
	ends := map[string]func(w *world, id party.ID, p []party.Session){
		"closed": func(w *world, id party.ID, _ []party.Session) {
			w.host.PartyClose(id)
			w.admission.Closed(w.t.Context(), id)
		},
		"all_left": func(w *world, id party.ID, p []party.Session) {
			w.leave(p[0], id)
			w.leave(p[1], id)
		},
		"all_disconnected": func(w *world, _ party.ID, p []party.Session) {
			w.disconnect(p[0])
			w.disconnect(p[1])
		},
		"service_closed": func(w *world, _ party.ID, _ []party.Session) { w.status.Close() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				p := w.host.Players(3)
				id := w.party(4, p[:2]...)
				w.must(w.set(p[2], byCode(w.invite(p[0], id).Code, "downloading", 0)))
				w.must(w.set(p[0], report(id, "downloading", 0.5)))
				synctest.Wait()
				w.must(w.set(p[0], report(id, "downloading", 0.6))) // held back by the rate
				w.must(w.set(p[1], report(id, "ready", 1)))
				if w.status.Boards() != 1 {
					t.Fatal("nothing is held back")
				}
				w.heard()
				end(w, id, p)
				w.quiet()
				time.Sleep(time.Hour)
				if told := w.heard(); len(told) != 0 {
					t.Errorf("told %+v after the end", told)
				}
				if name != "service_closed" {
					if n := w.status.Kept(); n != 0 {
						t.Errorf("%d parties are remembered", n)
					}
					if n := w.host.OnStream(103, id.UUID.String(), id.Node); n != 0 {
						t.Errorf("%d statuses are left", n)
					}
				}
			})
		})
	}
}

// A party that ends without a hook being called is forgotten the next time it would be sent a message.
func TestService_NothingIsLeft_unseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(4, p[0])
		w.must(w.set(p[1], byCode(w.invite(p[0], id).Code, "downloading", 0)))
		w.must(w.set(p[0], report(id, "downloading", 0.5)))
		time.Sleep(time.Second)
		synctest.Wait() // the party is told of both
		w.must(w.set(p[0], report(id, "downloading", 0.6)))
		synctest.Wait()
		w.must(w.set(p[0], report(id, "downloading", 0.7))) // held back by the rate
		w.host.Disconnect(p[0])
		time.Sleep(time.Second)
		synctest.Wait()
		w.quiet()
		if n := w.status.Kept(); n != 0 {
			t.Errorf("%d parties are remembered", n)
		}
	})
}

// Each of two sockets of one user in the party has its own status.
func TestService_SecondSocket(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(4, p...)
	w.host.Disconnect(p[1])
	second := w.host.Connect(p[1].UserID)
	w.join(second, id)
	w.ended(p[1]) // the host reports it late
	w.must(w.set(second, report(id, "ready", 1)))
	same(t, "stages", w.stages(p[0], id), []string{"", "ready"})
}

// moves makes a party with a leader who is ready, and a member whose seat moves to a second connection, as the rules
// say.
func moves(t *testing.T, players, size int) (w *world, id party.ID, leader, second party.Session) {
	w = newWorld(t, partytest.NewTime().Now)
	w.rules(resetOn("membership"))
	w.conf.Parties.SecondSocket = rules.SecondSocketMove
	p := w.host.Players(players)
	id = w.party(size, p...)
	w.must(w.set(p[0], report(id, "ready", 1)))
	return w, id, p[0], w.host.Connect(p[1].UserID)
}

// A seat that moves to the player's other connection changes nothing for the others. That is also true in a full
// party, which the older connection has to leave first.
func TestService_Reset_notByASeatThatMoves(t *testing.T) {
	for _, way := range []struct {
		size   int
		native bool
	}{{4, true}, {4, false}, {2, false}} {
		w, id, leader, second := moves(t, 2, way.size)
		if way.native {
			w.join(second, id)
		} else {
			w.must(w.admission.Admit(t.Context(), id, second, party.Grant{Back: true}, nil))
		}
		same(t, "stages", w.stages(leader, id), []string{"ready", ""})
		w.leave(second, id)
		same(t, "stages", w.stages(leader, id), []string{"tutorial"})
	}
}

// Players see a lost connection at once, and the host reports it seconds later. A player who reports ready in
// between stays ready, and so does everybody if the player is back by then.
func TestService_Reset_byALossReportedLate(t *testing.T) {
	for name, back := range map[string]bool{"away": false, "back": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				w.rules(resetOn("membership"))
				p := w.host.Players(3)
				id := w.party(4, p...)
				for _, s := range p {
					w.must(w.set(s, report(id, "ready", 1)))
				}
				w.host.Disconnect(p[2])
				time.Sleep(100 * time.Millisecond)
				want := []string{"tutorial", "ready"}
				if back {
					again := w.host.Connect(p[2].UserID)
					w.join(again, id)
					w.must(w.set(again, report(id, "ready", 1)))
					w.must(w.set(p[0], report(id, "ready", 1)))
					want = []string{"ready", "ready", "ready"}
				}
				w.must(w.set(p[1], report(id, "ready", 1)))
				time.Sleep(2 * time.Second)
				w.ended(p[2])
				same(t, "stages", w.stages(p[1], id), want)
			})
		})
	}
}

// A look that misses the session only after the host's report does not make the loss later.
func TestService_Reset_byALookAfterTheReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.rules(resetOn("membership"))
		p := w.host.Players(3)
		id := w.party(4, p...)
		w.must(w.set(p[0], report(id, "ready", 1)))
		w.host.Disconnect(p[2])
		busy := func(*ledger.Visit) error { time.Sleep(300 * time.Millisecond); return nil }
		go func() { _ = w.admission.Visit(context.Background(), id, busy) }()
		synctest.Wait()
		go w.ended(p[2]) // its look waits for the other visit
		time.Sleep(100 * time.Millisecond)
		w.must(w.set(p[1], report(id, "ready", 1)))
		time.Sleep(2 * time.Second)
		same(t, "stages", w.stages(p[1], id), []string{"tutorial", "ready"})
	})
}

// A report of ready does not wait for others who deal with the party. It notes a loss even so.
func TestService_Set_besideABusyParty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.rules(resetOn("membership"))
		p := w.host.Players(3)
		id := w.party(4, p...)
		busy := func(*ledger.Visit) error { time.Sleep(5 * time.Second); return nil }
		go func() { _ = w.admission.Visit(context.Background(), id, busy) }()
		synctest.Wait()
		from := time.Now()
		w.host.Disconnect(p[2])
		w.must(w.set(p[0], report(id, "ready", 1)))
		if took := time.Since(from); took > 0 {
			t.Errorf("took %v", took)
		}
		time.Sleep(2 * time.Second)
		w.ended(p[2])
		same(t, "stages", w.stages(p[0], id), []string{"ready", ""})
	})
}

// A lost connection also ends the party's ticket, which the server reports as late.
func TestService_Reset_byATicketThatALossEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.rules(resetOn("queue"))
		p := w.host.Players(3)
		id := w.party(4, p...)
		ready := func(players ...party.Session) {
			for _, s := range players {
				w.must(w.set(s, report(id, "ready", 1)))
			}
		}
		ready(p...)
		w.host.Disconnect(p[2])
		time.Sleep(100 * time.Millisecond)
		ready(p[1])
		time.Sleep(2 * time.Second)
		w.status.QueueChanged(id, true)
		w.ended(p[2])
		same(t, "stages", w.stages(p[1], id), []string{"tutorial", "ready"})
		ready(p[:2]...)
		time.Sleep(time.Second)
		w.status.QueueChanged(id, true) // another ticket
		same(t, "stages", w.stages(p[1], id), []string{"tutorial", "tutorial"})
		w.host.Disconnect(p[0])
		time.Sleep(100 * time.Millisecond)
		ready(p[1])
		w.status.Queued(id) // a ticket that this loss has not ended
		w.status.QueueChanged(id, true)
		same(t, "stages", w.stages(p[1], id), []string{"tutorial"})
		ready(p[1])
		time.Sleep(10 * time.Second)
		w.status.QueueChanged(id, true) // the loss was long ago
		same(t, "stages", w.stages(p[1], id), []string{"tutorial"})
	})
}

// A seat that should move but cannot: its player has left the party.
func TestService_Reset_byAMoveThatFails(t *testing.T) {
	w, id, leader, second := moves(t, 3, 3)
	w.host.Disconnect(second) // just before it is admitted
	if err := w.admission.Admit(t.Context(), id, second, party.Grant{Back: true}, nil); err == nil {
		t.Fatal("admitted")
	}
	same(t, "stages", w.stages(leader, id), []string{"tutorial", ""})
}
