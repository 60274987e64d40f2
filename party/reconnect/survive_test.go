package reconnect_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"
	"pgregory.net/rapid"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// crash ends the process and all sockets at once, and starts the next process.
func (w *world) crash(ids []party.ID, sessions ...party.Session) {
	w.admission.Close()
	w.grace.Close()
	for _, s := range sessions {
		w.host.Disconnect(s)
	}
	for _, id := range ids {
		w.host.PartyClose(id)
	}
	w.node = w.newNode()
}

func TestSurvive_FirstBackLeads(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(false, 4, p...)
	w.must(w.admission.Hold(t.Context(), id, reserve.Hold{InviteID: "i", UserIDs: []string{"friend"}, ExpiresAt: w.now().Add(time.Hour)}))
	for _, s := range p {
		w.host.Disconnect(s)
	}
	for _, s := range p {
		w.must(w.ended(s))
	}
	look, err := w.admission.Look(t.Context(), id)
	w.refused(err, party.PartyAway)
	if !look.Returning(p[1].UserID) || look.Size() != 0 || look.MaxSize != 4 || look.Open {
		t.Errorf("the look at it is %+v", look)
	}
	w.refused(w.admit(w.host.Player("stranger"), id), party.PartyAway)
	second := w.host.Connect(p[1].UserID)
	got, err := w.resume(second)
	w.must(err)
	now := w.admission.Current(id)
	if now == id || got.PartyID != now.String() {
		t.Fatalf("Resume = %+v; the party is %v now", got, now)
	}
	first := w.resumeInto(p[0].UserID, now)
	w.members(now, 1, second, first) // one seat of three is still kept
	if v, err := w.roster.View(t.Context(), now); err != nil || v.Open || v.MaxSize != 4 || v.Leader().UserID != p[1].UserID {
		t.Errorf("View = %+v, %v", v, err)
	}
	for _, m := range w.messages() {
		if m.Event == "back" && (m.Led != p[0].UserID || m.party != now.String()) {
			t.Errorf("back said that %q led, to %s", m.Led, m.party)
		}
		if m.Event == "restored" && m.Was != id.String() {
			t.Errorf("restored said it was %s; want %s", m.Was, id)
		}
	}
	if sessions, err := w.roster.Sessions(p[1].UserID); err != nil || !slices.Equal(sessions, []party.Session{second}) {
		t.Errorf("sessions = %v, %v; the helper must not be among them", sessions, err)
	}
}

// A join that was lost with its socket is gone when the party continues in another native one.
func TestSurvive_WithoutLostJoins(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 2, p[0])
	w.must(w.admission.BeginJoin(t.Context(), id, p[1]))
	w.drop(p[1])
	if n := w.admission.Stats().Lost; n != 1 {
		t.Fatalf("%d are lost; want 1", n)
	}
	w.drop(p[0])
	_, err := w.resume(w.host.Connect(p[0].UserID))
	w.must(err)
	if n := w.admission.Stats().Lost; n != 0 {
		t.Errorf("%d are lost in a native party that is over", n)
	}
}

// backTogether lets two users come back, the second one while the first is being put in.
func (w *world) backTogether(a, b party.Session) (first, second party.Session) {
	w.t.Helper()
	first, second = w.host.Connect(a.UserID), w.host.Connect(b.UserID)
	done := make(chan error, 1)
	w.leaving = func() {
		go func() {
			_, err := w.resume(second)
			done <- err
		}()
		time.Sleep(time.Second) // the other one has gone as far as it can
	}
	_, err := w.resume(first)
	w.must(err)
	w.must(<-done)
	return first, second
}

// A returned member who cleans up, and leaves the party's old ID, stays a member.
func TestSurvive_BackAndLeavesTheOldID(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 4, p...)
	w.drop(p[0])
	w.drop(p[1])
	back := w.host.ConnectAs(p[1].UserID, uuid.Must(uuid.NewUUID()).String())
	_, err := w.resume(back)
	w.must(err)
	now := w.admission.Current(id)
	first := w.resumeInto(p[0].UserID, now)
	w.leave(back, id)
	w.members(now, 0, back, first)
	w.drop(back)
	w.members(now, 1, first)
}

// A second returning member finds a seat, even while the helper session that founded the party for the first still
// takes one.
func TestSurvive_SecondBackWhileTheHelperLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(false, 2, p...)
		w.drop(p[0])
		w.drop(p[1])
		first, second := w.backTogether(p[0], p[1])
		now := w.admission.Current(id)
		w.members(now, 0, first, second)
		if members := w.host.Members(now); len(members) != 2 || !slices.Contains(members, second) {
			t.Errorf("the host's members are %v; want both", members)
		}
	})
}

// After a crash only storage knows the seats, also for a player who asks while the first is being put in.
func TestSurvive_SecondBackAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
		p := w.host.Players(2)
		id := w.party(true, 2, p...)
		time.Sleep(time.Second) // the members are written
		synctest.Wait()
		w.crash([]party.ID{id}, p...)
		defer func() { w.admission.Close(); w.grace.Close() }()
		w.news.Subscribe(func(c party.Change) {
			if c.Kind == party.PartyEnded {
				t.Errorf("party %s has ended; it goes on", c.ID)
			}
		})
		first, second := w.backTogether(p[0], p[1])
		w.members(w.admission.Current(id), 0, first, second)
	})
}

// A second crash right afterwards finds the seat of a member who had just come back.
func TestSurvive_CrashRightAfterTheReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
		p := w.host.Players(3)
		id := w.party(true, 3, p...)
		time.Sleep(time.Second) // the members are written
		synctest.Wait()
		origin := id
		for range 3 {
			w.crash([]party.ID{id}, p...)
			for i, s := range p {
				p[i] = w.host.Connect(s.UserID)
				_, err := w.resume(p[i])
				w.must(err)
			}
			id = w.admission.Current(origin)
			w.members(id, 0, p...)
		}
		w.host.PartyClose(id)
		w.admission.Closed(t.Context(), id)
		w.admission.Close()
		w.grace.Close()
		for _, value := range w.host.Values() {
			if strings.HasPrefix(value, "partyline_parties") || strings.HasPrefix(value, "partyline_away") {
				t.Errorf("left in storage: %s", value)
			}
		}
	})
}

// Members who come back while the first of them drops again find their seats at every moment.
func TestSurvive_TheFirstDropsAgain(t *testing.T) {
	for range 100 {
		w := newWorld(t, time.Now)
		p := w.host.Players(4)
		w.party(false, 6, p...)
		for _, s := range p {
			w.drop(s)
		}
		first := w.host.Connect(p[0].UserID)
		var all sync.WaitGroup
		all.Go(func() { _, _ = w.resume(first) })
		all.Go(func() {
			w.host.Disconnect(first)
			_ = w.ended(first)
		})
		for _, s := range p[1:] {
			back := w.host.Connect(s.UserID)
			all.Go(func() {
				if r, err := w.resume(back); err != nil || !r.Joined {
					t.Errorf("back: %+v, %v", r, err)
				}
			})
		}
		all.Wait()
		w.admission.Close()
		w.grace.Close()
		if t.Failed() {
			return
		}
	}
}

// An ID with the same UUID that names another node is no party's ID, for every call, and the party goes on unchanged.
func TestSurvive_AnIDOfAnotherNode(t *testing.T) {
	for _, restart := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, time.Now)
			w.set(func(p *rules.Parties) { p.Survive.Restart = restart })
			p := w.host.Players(2)
			id := w.party(true, 3, p[0])
			other := party.ID{UUID: id.UUID, Node: "other"}
			for _, everybody := range []bool{false, true} {
				if everybody {
					w.drop(p[0])
				}
				_, err := w.admission.Look(t.Context(), other)
				w.refused(err, party.PartyNotFound)
				w.refused(w.join(p[1], other), party.PartyNotFound)
			}
			_, err := w.admission.Look(t.Context(), id)
			w.refused(err, party.PartyAway)
			r, err := w.resume(w.host.Connect(p[0].UserID))
			w.must(err)
			if now := w.admission.Current(id); now.String() != r.PartyID || now == id {
				t.Errorf("restart %s: the party leads to %s; it goes on as %s", restart, now, r.PartyID)
			}
			w.admission.Close()
			w.grace.Close()
		})
	}
}

// Until the first returning member is in, the party is away for all others. It never seems to be over.
func TestSurvive_AwayUntilTheFirstIsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(true, 3, p...)
		w.drop(p[0])
		w.drop(p[1])
		looks := 0
		w.joining = func() {
			looks++
			_, err := w.admission.Look(t.Context(), id)
			w.refused(err, party.PartyAway)
		}
		back := w.host.Connect(p[0].UserID)
		_, err := w.resume(back)
		w.must(err)
		if looks != 1 {
			t.Fatalf("%d sessions were put into a party; want 1", looks)
		}
		look, err := w.admission.Look(t.Context(), id)
		w.must(err)
		if len(look.Members) != 1 || look.Members[0].Session != back {
			t.Errorf("members are %v; want the one who is back", look.Members)
		}
	})
}

func TestSurvive_EndsWithTheLastSeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(true, 3, p...)
		w.drop(p[0])
		time.Sleep(minute / 2)
		w.drop(p[1])
		time.Sleep(minute/2 + time.Second)
		synctest.Wait()
		_, err := w.resume(w.host.Connect(p[0].UserID))
		w.refused(err, party.PartyNotFound)
		_, err = w.admission.Look(t.Context(), id)
		w.refused(err, party.PartyAway) // player2 may still come
		time.Sleep(minute / 2)
		synctest.Wait()
		_, err = w.admission.Look(t.Context(), id)
		w.refused(err, party.PartyNotFound)
		w.nothingLeft()
	})
}

// Users with kept seats are also stored as members. With the last seat everything is removed.
func TestSurvive_EndsWithItsRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.set(func(p *rules.Parties) { p.Survive.Restart = time.Hour })
		p := w.host.Players(3)
		w.party(true, 4, p...)
		time.Sleep(time.Second) // the members are written
		synctest.Wait()
		for _, s := range p {
			w.host.Disconnect(s)
		}
		for _, s := range p {
			w.must(w.ended(s))
		}
		time.Sleep(minute + time.Second)
		synctest.Wait()
		w.nothingLeft()
	})
}

// Two members return at once, in two processes.
func TestSurvive_TwoNodesFoundItOnce(t *testing.T) {
	w := newWorld(t, time.Now)
	for range 20 {
		p := w.host.Players(2)
		id := w.party(true, 2, p...)
		here, there := w.node, w.newNode()
		w.drop(p[0])
		w.drop(p[1])
		nodes := []node{here, there}
		got := make([]party.Resumption, 2)
		race(2, func(i int) {
			s := w.host.Connect(p[i].UserID)
			deadline := time.Now().Add(30 * time.Second)
			for got[i].PartyID == "" && time.Now().Before(deadline) {
				got[i], _ = nodes[i].grace.Resume(t.Context(), party.Caller{UserID: s.UserID, SessionID: s.SessionID, Username: s.Username})
			}
		})
		if got[0] != got[1] || !got[0].Joined {
			t.Fatalf("Resume = %+v and %+v", got[0], got[1])
		}
		now, err := party.ParseID(got[0].PartyID)
		w.must(err)
		if n := len(w.host.Members(now)); n != 2 || len(w.host.Members(id)) != 0 {
			t.Errorf("%d members; want 2", n)
		}
	}
}

func TestSurvive_Crash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ *testing.T }{t}, func(rt *rapid.T) {
			w := newWorld(t, time.Now)
			defer func() { w.admission.Close(); w.grace.Close() }()
			w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
			size := rapid.IntRange(1, 5).Draw(rt, "size")
			p := w.host.Players(size)
			id := w.party(rapid.Bool().Draw(rt, "open"), size+1, p...)
			origin, team := id, slices.Clone(p)
			var kicked party.Session
			if size > 1 && rapid.Bool().Draw(rt, "kick") {
				kicked, team = p[size-1], team[:size-1]
				w.kick(p[0], kicked, id)
			}
			if len(team) > 1 && rapid.Bool().Draw(rt, "drop one before") {
				w.drop(team[len(team)-1])
			}
			rounds := rapid.IntRange(1, 3).Draw(rt, "crashes")
			for range rounds {
				time.Sleep(time.Second) // so that the members are written
				synctest.Wait()
				w.crash([]party.ID{id}, p...)
				order := rapid.Permutation(team).Draw(rt, "order")
				_, err := w.admission.Look(t.Context(), origin) // the ID in the links
				w.refused(err, party.PartyAway)
				if rapid.Bool().Draw(rt, "again, with nobody back") {
					w.crash(nil)
				}
				known, told := id, len(w.messages())
				var in []party.Session
				for _, s := range order {
					again := w.host.Connect(s.UserID)
					got, err := w.resume(again)
					w.must(err)
					if id = w.admission.Current(origin); got.PartyID != id.String() || !got.Joined {
						t.Fatalf("Resume = %+v; want %v", got, id)
					}
					in = append(in, again)
				}
				w.members(id, 0, in...)
				for _, m := range w.messages()[told:] {
					if m.Event == "restored" && m.Was != known.String() {
						t.Errorf("restored said it was %s; its members know %s", m.Was, known)
					}
				}
				p, team = in, slices.Clone(in)
			}
			if kicked.UserID != "" {
				w.refused(w.admit(w.host.Connect(kicked.UserID), id), party.Banned)
			}
			w.host.PartyClose(id)
			w.admission.Closed(t.Context(), id)
			for _, value := range w.host.Values() {
				if strings.HasPrefix(value, "partyline_parties") || strings.HasPrefix(value, "partyline_away") {
					t.Errorf("left in storage: %s", value)
				}
			}
		})
	})
}

// The time that a party has waited for a match survives a crash. It counts until the server was back.
func TestSurvive_CrashKeepsAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close(); w.grace.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
		p := w.host.Players(2)
		id := w.party(true, 3, p...)
		time.Sleep(time.Second)
		synctest.Wait()
		w.mu.Lock()
		w.ages = map[string]party.Age{"ranked": {Since: time.Now().Add(-40 * time.Second)}, "duel": {Waited: 7 * time.Second}}
		w.mu.Unlock()
		w.admission.Recorder.ScheduleWrite(id)
		time.Sleep(time.Second)
		synctest.Wait()
		w.mu.Lock()
		w.ages = nil
		w.mu.Unlock()
		w.crash([]party.ID{id}, p...)
		waited := map[string]time.Duration{}
		w.news.Subscribe(func(c party.Change) {
			if c.Kind == party.PartyRestored {
				waited = c.Queued
			}
		})
		time.Sleep(5 * time.Second)
		_, err := w.resume(w.host.Connect(p[1].UserID))
		w.must(err)
		if len(waited) != 2 || waited["ranked"] != 41*time.Second || waited["duel"] != 7*time.Second {
			t.Errorf("waited %v; want 41 s in a queue with a ticket, and the 7 s before in the other", waited)
		}
	})
}

// So does the fact that it has attributes, also if they were set after its members were written.
func TestSurvive_CrashKeepsAttributes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close(); w.grace.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
		p := w.host.Players(1)
		id := w.party(true, 3, p...)
		time.Sleep(time.Second)
		synctest.Wait()
		w.admission.NoteAttributes(id)
		time.Sleep(time.Second)
		synctest.Wait()
		w.crash([]party.ID{id}, p...)
		_, err := w.resume(w.host.Connect(p[0].UserID))
		w.must(err)
		if look, err := w.admission.Look(t.Context(), id); err != nil || !look.Attributes {
			t.Errorf("Look = %+v, %v; want attributes", look, err)
		}
	})
}

func TestSurvive_CrashTooLongAgo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
		p := w.host.Players(2)
		id := w.party(true, 3, p...)
		time.Sleep(time.Second)
		synctest.Wait()
		w.crash([]party.ID{id}, p...)
		time.Sleep(minute)
		_, err := w.resume(w.host.Connect(p[0].UserID))
		w.refused(err, party.PartyNotFound)
		w.must(w.admission.Sweep(t.Context()))
		w.nothingLeft()
		if n := w.host.Objects("partyline_parties"); n != 0 {
			t.Errorf("%d records are left", n)
		}
	})
}

// A new member costs one write of their own object and one of the party's record. The objects of other members are up
// to date, although the database formats JSON differently.
func TestSurvive_NewcomersWriteNothingOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		defer func() { w.admission.Close() }()
		w.set(func(p *rules.Parties) { p.Survive.Restart = minute })
		p := w.host.Players(5)
		id := w.party(true, 8, p[:4]...)
		time.Sleep(time.Second)
		synctest.Wait()
		var written []string
		w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
			for _, write := range writes {
				written = append(written, write.Collection+" "+write.Key)
			}
			return nil
		}
		w.must(w.join(p[4], id))
		time.Sleep(time.Second)
		synctest.Wait()
		slices.Sort(written)
		if want := []string{"partyline_away " + p[4].UserID, "partyline_parties " + id.UUID.String()}; !slices.Equal(written, want) {
			t.Errorf("written %q; want %q", written, want)
		}
	})
}

// A member leaves, or is removed, just before all others lose the connection.
func TestSurvive_LeftJustBeforeAllAreAway(t *testing.T) {
	for name, goes := range map[string]func(*world, party.ID, []party.Session){
		"leaves":  func(w *world, id party.ID, p []party.Session) { w.leave(p[2], id) },
		"removed": func(w *world, id party.ID, p []party.Session) { w.kick(p[0], p[2], id) },
	} {
		for _, broken := range []bool{false, true} { // storage fails as the others go
			t.Run(fmt.Sprint(name, " ", broken), func(t *testing.T) {
				afterCrash(t, func(w *world, id party.ID, p []party.Session) {
					goes(w, id, p)
					if broken {
						w.host.BeforeWrite = func([]*runtime.StorageWrite) error { return errStorage }
					}
					for _, s := range p[:2] {
						w.host.Disconnect(s)
						if err := w.ended(s); (err != nil) != broken {
							t.Errorf("the end of a connection: %v", err)
						}
					}
					w.host.BeforeWrite = nil
					_, err := w.admission.Look(t.Context(), id)
					w.refused(err, party.PartyAway)
					time.Sleep(2 * minute)
					synctest.Wait()
					w.must(w.admission.Sweep(t.Context()))
					w.nothingLeft()
				})
			})
		}
	}
}

// A member's broken list of kept seats costs that member's seat at most, and only until another one comes back. It is
// logged once.
func TestSurvive_BrokenList(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		w.host.Break("partyline_away", p[2].UserID)
		w.crash([]party.ID{id}, p...)
		if _, err := w.resume(w.host.Connect(p[2].UserID)); err == nil || !strings.Contains(err.Error(), "partyline_away/"+p[2].UserID) {
			t.Errorf("resume = %v; want the broken record named", err)
		}
		for _, s := range p {
			w.resumeAnywhere(s)
		}
		want := "warn record not readable collection=partyline_away key=" + p[2].UserID
		if lines := w.log.Lines(); len(lines) != 1 || !strings.HasPrefix(lines[0], want) {
			t.Errorf("log: %q; want one line %q", lines, want)
		}
	})
}

// A living party whose record breaks plays on. The log has the record once, and neither a lost connection nor a sweep
// fails for it.
func TestSurvive_BreaksWhileAlive(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		w.host.Break("partyline_parties", id.UUID.String())
		w.host.Disconnect(p[2])
		time.Sleep(minute / 2)
		w.must(w.admission.Sweep(t.Context()))
		w.must(w.admission.Sweep(t.Context()))
		w.members(id, 1, p[:2]...)
		if lines := w.log.Lines(); len(lines) != 1 || !strings.HasPrefix(lines[0], "warn record not readable collection=partyline_parties key="+id.UUID.String()) {
			t.Errorf("log: %q; want one line", lines)
		}
	})
}

// A party with a broken record does not keep a player from the seat in another one.
func TestSurvive_BrokenParty(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		other := w.party(false, 4, p[0])
		time.Sleep(time.Second)
		synctest.Wait()
		w.host.Break("partyline_parties", other.UUID.String())
		w.crash([]party.ID{id, other}, p...)
		w.must(w.admission.Sweep(t.Context()))
		w.resumeAnywhere(p[0])
		if n := len(w.log.Lines()); n != 1 {
			t.Errorf("log: %q; want one line", w.log.Lines())
		}
	})
}

// An object that refers to a member of a party without a record is removed; a member's own stays.
func TestSurvive_SweepOfMembers(t *testing.T) {
	afterCrash(t, func(w *world, id party.ID, p []party.Session) {
		const member = `":9223372036854775807`
		other := party.ID{UUID: uuid.Must(uuid.NewUUID()), Node: id.Node}
		stranger := w.host.Player("stranger")
		value := `{"parties":{"` + other.String() + member + `,"` + id.String() + member + `,"nonsense` + member + `}}`
		_, err := w.host.StorageWrite(t.Context(), []*runtime.StorageWrite{{Collection: "partyline_away", Key: stranger.UserID, Value: value}})
		w.must(err)
		w.crash([]party.ID{id}, p...)
		w.must(w.admission.Sweep(t.Context()))
		if n := w.host.Objects("partyline_away"); n != len(p) {
			t.Errorf("%d objects say where seats are kept; want one for each of %d members", n, len(p))
		}
		w.resumeAnywhere(p[1])
	})
}
