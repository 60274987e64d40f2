package status_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/rules"
	"partyline/party/status"
)

func TestService_Coalescing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(4, p...)
		began := time.Now()
		for i := range 100 { // one second with a hundred reports of each
			w.must(w.set(p[0], report(id, "downloading", float64(i)/100)))
			w.must(w.set(p[1], report(id, "installing", float64(i)/100)))
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		told := w.heard()
		var at []time.Duration
		for _, m := range told {
			at = append(at, m.at.Sub(began))
		}
		same(t, "told at", at, []time.Duration{0, 500 * time.Millisecond, time.Second})
		last := told[len(told)-1]
		if len(last.Members) != 2 || *last.Members[0].Progress != 0.99 || *last.Members[1].Progress != 0.99 {
			t.Errorf("last message = %+v; want both at 0.99", last)
		}
		if last.Incoming == nil || last.party != id.String() {
			t.Errorf("last message = %+v; want an empty list of incoming and the party's ID", last)
		}
	})
}

// TestService_Coalescing_long: a round with many rows goes out at once in several messages that clients take.
func TestService_Coalescing_long(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(256)
		id := w.party(256, p...)
		for _, s := range p {
			r := report(id, "downloading", 0.5)
			r.Text = strings.Repeat("<", 80)
			w.must(w.set(s, r))
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		told := w.heard()[1:] // the first report goes out alone
		var users []string
		for _, m := range told {
			if text, _ := party.PlainJSON(m.Listing); len(text) > 1<<15 || !m.at.Equal(told[0].at) {
				t.Errorf("a message of %d bytes, %v after the first", len(text), m.at.Sub(told[0].at))
			}
			for _, row := range m.Members {
				users = append(users, row.UserID)
			}
		}
		var want []string
		for _, s := range p[1:] {
			want = append(want, s.UserID)
		}
		if !slices.Equal(users, want) || len(told) > 8 {
			t.Errorf("%d messages tell of %d members; want all, each once, in few messages", len(told), len(users))
		}
	})
}

func TestService_Coalescing_onlyWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(4, p...)
		w.must(w.set(p[0], report(id, "ready", 1)))
		time.Sleep(time.Second)
		if told := w.heard(); len(told) != 1 || len(told[0].Members) != 1 || told[0].Members[0].UserID != p[0].UserID {
			t.Errorf("told %+v; want the one who told something", told)
		}
		w.must(w.set(p[0], report(id, "ready", 1)))
		time.Sleep(time.Second)
		if told := w.heard(); len(told) != 0 {
			t.Errorf("told %+v; nothing has changed", told)
		}
		w.must(w.set(p[1], report(id, "ready", 1)))
		synctest.Wait()
		w.must(w.set(p[0], report(id, "failed", 1))) // a change back to the old value while the rate holds the message back
		w.must(w.set(p[0], report(id, "ready", 1)))
		time.Sleep(time.Second)
		if told := w.heard(); len(told) != 1 || len(told[0].Members) != 1 || told[0].Members[0].UserID != p[1].UserID {
			t.Errorf("told %+v; want the other alone", told)
		}
		w.quiet()
	})
}

func TestService_Coalescing_withoutARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.rules(func(r *rules.Status) { r.Rate = rules.Rate{} })
		a := w.host.Player("a")
		id := w.party(4, a)
		for i := range 10 {
			w.must(w.set(a, report(id, "downloading", float64(i)/10)))
			synctest.Wait()
		}
		if n := len(w.heard()); n != 10 {
			t.Errorf("%d messages; want each of 10", n)
		}
	})
}

// A message that could not be sent is sent later.
func TestService_Coalescing_triesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		a := w.host.Player("a")
		id := w.party(4, a)
		w.host.FailSends(errors.New("no route"))
		w.must(w.set(a, report(id, "downloading", 0.1)))
		time.Sleep(10 * time.Second)
		if told := w.heard(); len(told) != 0 || len(w.log.Lines()) == 0 {
			t.Errorf("told %v, log %q; want nothing told, and a word about it", told, w.log.Lines())
		}
		w.host.FailSends(nil)
		time.Sleep(2 * time.Second)
		if told := w.heard(); len(told) != 1 || *told[0].Members[0].Progress != 0.1 {
			t.Errorf("told %+v; want what was held back", told)
		}
	})
}

// Random reports, joins and leaves of members and of users on the way. At the end the party knows the current state,
// with no more messages than the rate allows and none without news. An older report never replaces a newer one, and
// after the last message nothing is kept.
func TestService_Coalescing_property(t *testing.T) {
	type step struct {
		what, who    int
		stage        string
		progress     float64
		seq          int64
		milliseconds int
	}
	stages := rules.Default().Status.Stages
	steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
		return step{
			what: rapid.IntRange(0, 9).Draw(rt, "what"), who: rapid.IntRange(0, 4).Draw(rt, "who"),
			stage: rapid.SampledFrom(stages).Draw(rt, "stage"), progress: float64(rapid.IntRange(0, 4).Draw(rt, "progress")) / 4,
			seq: int64(rapid.IntRange(0, 30).Draw(rt, "seq")), milliseconds: rapid.IntRange(0, 700).Draw(rt, "milliseconds"),
		}
	}), 1, 60)
	rates := rapid.SampledFrom([]rules.Rate{{N: 2, Per: time.Second}, {N: 1, Per: 3 * time.Second}, {N: 20, Per: time.Second}})
	rapid.Check(t, func(rt *rapid.T) {
		script, rate := steps.Draw(rt, "steps"), rates.Draw(rt, "rate")
		var problem error
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, time.Now)
			w.rules(func(r *rules.Status) { r.Rate, r.Stall, r.Incoming = rate, 4*time.Second, 10*time.Second })
			p := w.host.Players(5)
			id := w.party(8, p[0], p[1])
			code := w.invite(p[0], id).Code
			in := func(s party.Session) bool { return slices.Contains(w.host.Members(id), s) }
			newest := map[string]int64{} // by session ID, or by user ID for users on the way
			for _, step := range script {
				s := p[step.who]
				switch {
				case step.what == 0 && step.who != 0 && in(s):
					w.leave(s, id)
					w.note(message{at: time.Now(), left: s.SessionID})
					delete(newest, s.SessionID)
				case step.what == 1 && !in(s):
					w.join(s, id)
					delete(newest, s.UserID)
				case step.what == 2:
					time.Sleep(time.Duration(step.milliseconds) * time.Millisecond)
				default:
					r, key := status.Report{PartyID: id.String(), Stage: step.stage, Progress: &step.progress}, s.SessionID
					if !in(s) {
						r.PartyID, r.Code, key = "", code, s.UserID
						expired := !slices.Contains(w.incoming(p[0], id), s.UserID)
						if expired {
							delete(newest, key)
						}
					}
					if step.what%2 == 0 {
						r.Seq = &step.seq
					}
					before := w.list(p[0], id)
					if err := w.set(s, r); err != nil {
						problem = err
						return
					}
					if r.Seq != nil && *r.Seq < newest[key] && !sameRows(before, w.list(p[0], id)) {
						problem = fmt.Errorf("a report of seq %d was taken after %d", *r.Seq, newest[key])
						return
					} else if r.Seq != nil {
						newest[key] = max(newest[key], *r.Seq)
					}
				}
			}
			time.Sleep(rate.Per / time.Duration(rate.N))
			synctest.Wait() // all reports have been sent to the party
			told := w.heard()
			problem = errors.Join(spacing(told, rate), news(told, id), lastValues(told, w.list(p[0], id)))
			time.Sleep(time.Minute) // and all changes that come only with time
			told = append(told, w.heard()...)
			problem = errors.Join(problem, spacing(told, rate), news(told, id), knows(told, w.list(p[0], id)))
			if n := w.status.Boards(); n != 0 {
				problem = errors.Join(problem, fmt.Errorf("%d parties with a timer after a minute", n))
			}
		})
		if problem != nil {
			rt.Fatal(problem)
		}
	})
}

// view is what a client shows of one player.
type view struct {
	stage    string
	progress float64
	stalled  bool
}

func viewOf(stage string, progress *float64, stalled bool) view {
	v := view{stage, -1, stalled}
	if progress != nil {
		v.progress = *progress
	}
	return v
}

// screen returns what a client shows after the messages, by session ID for members and by user ID for users on the
// way.
func screen(told []message) map[string]view {
	s := map[string]view{}
	for _, m := range told {
		for _, row := range m.Members {
			s[row.SessionID] = viewOf(row.Stage, row.Progress, row.Stalled)
		}
		for _, row := range m.Incoming {
			s[row.UserID] = viewOf(row.Stage, row.Progress, row.Stalled)
		}
		delete(s, m.left)
	}
	maps.DeleteFunc(s, func(_ string, v view) bool { return v.stage == "" })
	return s
}

// knows returns an error unless a client that received all messages, and the host's own leave messages, shows what
// the list says.
func knows(told []message, list status.Listing) error {
	got, want := screen(told), screen([]message{{Listing: list}})
	for who, v := range want {
		if got[who] != v {
			return fmt.Errorf("%s is shown as %+v; the list has %+v", who, got[who], v)
		}
	}
	for _, m := range told {
		for _, row := range m.Incoming { // no native message reports these
			if v, is := want[row.UserID]; !is && got[row.UserID] != v {
				return fmt.Errorf("%s is still shown as on the way", row.UserID)
			}
		}
	}
	return nil
}

// lastValues is knows without the stalled marks, which time alone may have changed since the last message.
func lastValues(told []message, list status.Listing) error {
	got, want := screen(told), screen([]message{{Listing: list}})
	for who, v := range want {
		shown := got[who]
		if shown.stalled = v.stalled; shown != v {
			return fmt.Errorf("%s is shown as %+v; the list has %+v", who, got[who], v)
		}
	}
	return nil
}

func spacing(told []message, rate rules.Rate) error {
	told = slices.DeleteFunc(slices.Clone(told), func(m message) bool { return m.left != "" })
	for i := 1; i < len(told); i++ {
		if gap := told[i].at.Sub(told[i-1].at); gap < rate.Per/time.Duration(rate.N) {
			return fmt.Errorf("messages %v apart at a rate of %s", gap, rate)
		}
	}
	return nil
}

// news returns an error unless every row of every message changes something.
func news(told []message, id party.ID) error {
	for i, m := range told {
		if m.left != "" {
			continue
		}
		if m.party != id.String() || len(m.Members)+len(m.Incoming) == 0 {
			return fmt.Errorf("message %d is %+v", i, m)
		}
		before, after := screen(told[:i]), screen(told[:i+1])
		for _, row := range m.Members {
			if before[row.SessionID] == after[row.SessionID] {
				return fmt.Errorf("message %d tells %+v again", i, row)
			}
		}
		for _, row := range m.Incoming {
			if before[row.UserID] == after[row.UserID] {
				return fmt.Errorf("message %d tells %+v again", i, row)
			}
		}
	}
	return nil
}

func sameRows(a, b status.Listing) bool {
	return maps.Equal(screen([]message{{Listing: a}}), screen([]message{{Listing: b}}))
}

// The pieces of a long message have each row once, in order.
func TestListing_Halves(t *testing.T) {
	for n := range 5 * 5 {
		all := status.Listing{Members: make([]status.Member, n%5), Incoming: make([]status.Incoming, n/5)}
		for i := range all.Members {
			all.Members[i].UserID = fmt.Sprint(i)
		}
		for i := range all.Incoming {
			all.Incoming[i].UserID = fmt.Sprint(i)
		}
		var got status.Listing
		for _, l := range partytest.Pieces(all) {
			if l.Members == nil || l.Incoming == nil || len(l.Members)+len(l.Incoming) > 1 {
				t.Errorf("%d: a piece %+v", n, l)
			}
			got.Members, got.Incoming = append(got.Members, l.Members...), append(got.Incoming, l.Incoming...)
		}
		if !slices.Equal(got.Members, all.Members) || !slices.Equal(got.Incoming, all.Incoming) {
			t.Errorf("%d: %+v", n, got)
		}
	}
}
