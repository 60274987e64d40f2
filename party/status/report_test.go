package status_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/rules"
	"partyline/party/status"
)

func TestService_Set_badInput(t *testing.T) {
	tests := []struct {
		name  string
		r     status.Report
		names string // the field
	}{
		{"neither_party_nor_code", status.Report{Stage: "ready"}, "party_id:"},
		{"party_and_code", status.Report{PartyID: "p", Code: "c", Stage: "ready"}, "party_id:"},
		{"no_stage", status.Report{PartyID: "p"}, "stage:"},
		{"unknown_stage", status.Report{PartyID: "p", Stage: "sleeping"}, `stage: "sleeping" is not one of downloading, installing, tutorial, ready, failed`},
		{"stage_in_another_case", status.Report{PartyID: "p", Stage: "Ready"}, "stage:"},
		{"long_stage_is_clipped", status.Report{PartyID: "p", Stage: strings.Repeat("x", 1000)}, `x..." is not one of`},
		{"progress_below", status.Report{PartyID: "p", Stage: "ready", Progress: ptr(-0.06)}, "progress:"},
		{"progress_above", status.Report{PartyID: "p", Stage: "ready", Progress: ptr(1.06)}, "progress:"},
		{"text_too_long", status.Report{PartyID: "p", Stage: "ready", Text: strings.Repeat("ä", 81)}, "text:"},
		{"text_no_UTF8", status.Report{PartyID: "p", Stage: "ready", Text: "\xff"}, "text:"},
		{"seq_below", status.Report{PartyID: "p", Stage: "ready", Seq: ptr(int64(-1))}, "seq:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, partytest.NewTime().Now)
			a := w.host.Player("a")
			id := w.party(4, a)
			if tt.r.PartyID == "p" {
				tt.r.PartyID = id.String()
			}
			err := w.set(a, tt.r)
			w.refused(err, party.InvalidRequest)
			if err != nil && !strings.Contains(err.Error(), tt.names) {
				t.Errorf("refusal = %q; want %q in it", err, tt.names)
			}
			same(t, "stages", w.stages(a, id), []string{""})
			w.quiet()
		})
	}
}

func TestService_Set_whoMay(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(4, p[0], p[1])
	stranger := p[2]
	w.refused(w.set(stranger, report(id, "ready", 1)), party.NotMember)
	w.refused(w.set(p[0], status.Report{PartyID: "nonsense", Stage: "ready"}), party.PartyNotFound)
	gone := w.party(2, stranger)
	w.leave(stranger, gone)
	w.refused(w.set(stranger, report(gone, "ready", 1)), party.PartyNotFound)
	// An observer receives the party's messages but is not a member.
	if _, err := w.host.StreamUserJoin(party.StreamMode, id.UUID.String(), "", id.Node, stranger.UserID, stranger.SessionID, true, false, ""); err != nil {
		t.Fatal(err)
	}
	w.refused(w.set(stranger, report(id, "ready", 1)), party.NotMember)
	w.quiet()

	_, err := w.status.List(t.Context(), caller(stranger), id.String())
	w.refused(err, party.NotMember)
	_, err = w.status.List(t.Context(), caller(p[0]), "")
	w.refused(err, party.InvalidRequest)
	_, err = w.status.List(t.Context(), caller(p[0]), gone.String())
	w.refused(err, party.PartyNotFound)
}

func TestService_Set_theLastReportCounts(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	p := w.host.Players(2)
	id := w.party(4, p...)
	at := func(r status.Report, seq int64) status.Report { r.Seq = &seq; return r }

	w.must(w.set(p[1], at(report(id, "downloading", 0.5), 7)))
	w.must(w.set(p[1], at(report(id, "downloading", 0.4), 6))) // late
	got := w.list(p[0], id).Members[1]
	want := status.Member{
		UserID: p[1].UserID, SessionID: p[1].SessionID, Username: p[1].Username, Stage: "downloading", Progress: got.Progress,
		UpdatedAt: clock.Now().Unix(),
	}
	if got != want || *got.Progress != 0.5 {
		t.Errorf("row = %+v; want %+v with progress 0.5", got, want)
	}
	if !w.list(p[0], id).Members[0].Leader {
		t.Error("the leader is not marked")
	}
	w.must(w.set(p[1], at(report(id, "downloading", 0.6), 7)))                               // the same number again is accepted
	w.must(w.set(p[1], status.Report{PartyID: id.String(), Stage: "installing", Text: "x"})) // a report without a number is the newest
	got = w.list(p[0], id).Members[1]
	if got.Stage != "installing" || got.Progress != nil || got.Text != "x" {
		t.Errorf("row = %+v; want installing, no progress, text x", got)
	}
	w.must(w.set(p[1], at(report(id, "downloading", 0.9), 6)))
	if got := w.stages(p[0], id)[1]; got != "installing" {
		t.Errorf("stage = %s; the number from before has to count still", got)
	}
}

func TestService_Set_boundsAreAllowed(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	a := w.host.Player("a")
	id := w.party(4, a)
	for _, r := range []status.Report{
		report(id, "downloading", 0), report(id, "downloading", 1),
		{PartyID: id.String(), Stage: "failed", Text: strings.Repeat("ä", 80), Seq: ptr(int64(0))},
	} {
		w.must(w.set(a, r))
	}
	if got := w.list(a, id).Members[0]; len(got.Text) != 160 {
		t.Errorf("text of %d bytes; want 160", len(got.Text))
	}
}

// Over HTTP, and from a socket outside the party, the report is about the session in the party.
func TestService_Set_withoutTheMembersOwnSocket(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(4, p...)
	w.must(w.status.Set(t.Context(), overHTTP(p[1]), report(id, "tutorial", 0.5)))
	same(t, "stages", w.stages(p[0], id), []string{"", "tutorial"})
	second := w.host.Connect(p[1].UserID)
	w.must(w.set(second, report(id, "ready", 1)))
	same(t, "stages", w.stages(p[0], id), []string{"", "ready"})
	statuses, err := w.status.Statuses(t.Context(), id)
	if err != nil || len(statuses) != 1 || statuses[p[1].SessionID].Stage != "ready" {
		t.Errorf("Statuses = %v, %v; want the member session's alone", statuses, err)
	}
}

func TestService_Stalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(3)
		id := w.party(4, p...)
		w.must(w.set(p[0], report(id, "downloading", 0.4)))
		w.must(w.set(p[1], report(id, "failed", 0.4)))
		w.must(w.set(p[2], report(id, "ready", 1)))
		time.Sleep(time.Second)
		w.heard()
		stalled := func() (list []bool) {
			for _, m := range w.list(p[0], id).Members {
				list = append(list, m.Stalled)
			}
			return list
		}

		time.Sleep(w.conf.Status.Stall - 2*time.Second)
		w.must(w.set(p[0], report(id, "downloading", 0.4))) // a report without progress
		same(t, "before the time, stalled", stalled(), []bool{false, false, false})
		time.Sleep(2 * time.Second)
		same(t, "after it, stalled", stalled(), []bool{true, false, false})
		told := w.heard()
		if len(told) != 1 || len(told[0].Members) != 1 || !told[0].Members[0].Stalled || told[0].Members[0].UserID != p[0].UserID {
			t.Errorf("told %+v; want one message about the one who stalled", told)
		}
		if s, err := w.status.Statuses(t.Context(), id); err != nil || !s[p[0].SessionID].Stalled {
			t.Errorf("Statuses = %+v, %v; want stalled", s, err)
		}
		time.Sleep(time.Hour)
		if told := w.heard(); len(told) != 0 {
			t.Errorf("told %+v; nothing has changed", told)
		}
		w.quiet()

		w.must(w.set(p[0], report(id, "downloading", 0.5)))
		time.Sleep(time.Second)
		if told := w.heard(); len(told) != 1 || told[0].Members[0].Stalled {
			t.Errorf("told %+v; want that it goes on", told)
		}
		same(t, "going on, stalled", stalled(), []bool{false, false, false})
	})
}

// In a stage without a number, each report counts as progress.
func TestService_Stalled_withoutNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		a := w.host.Player("a")
		id := w.party(4, a)
		for range 5 {
			w.must(w.set(a, status.Report{PartyID: id.String(), Stage: "tutorial"}))
			time.Sleep(w.conf.Status.Stall - time.Second)
			if w.list(a, id).Members[0].Stalled {
				t.Fatal("stalled, though it was heard of")
			}
		}
		time.Sleep(2 * time.Second)
		if !w.list(a, id).Members[0].Stalled {
			t.Error("not stalled, though it was not heard of")
		}
		w.rules(func(r *rules.Status) { r.Stall = 0 })
		if w.list(a, id).Members[0].Stalled {
			t.Error("stalled, though the rules call nobody so")
		}
	})
}

// The current rules count, also for members who are waiting already.
func TestService_Stalled_afterAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		a := w.host.Player("a")
		id := w.party(4, a)
		w.must(w.set(a, report(id, "downloading", 0.1)))
		time.Sleep(time.Second)
		w.heard()
		w.rules(func(r *rules.Status) { r.Stall *= 2 })
		time.Sleep(w.conf.Status.Stall - 2*time.Second)
		if told := w.heard(); len(told) != 0 {
			t.Errorf("told %+v; not stalled yet", told)
		}
		time.Sleep(2 * time.Second)
		if told := w.heard(); len(told) != 1 || !told[0].Members[0].Stalled {
			t.Errorf("told %+v; want that it stalled", told)
		}
		w.quiet()
	})
}

// After a load of new rules the party is told once who stalls under them, also if the old rules gave more time or no
// limit, and who does not stall any more.
func TestService_Stalled_byNewRules(t *testing.T) {
	for name, tt := range map[string]struct {
		was, is time.Duration
		hears   []bool // stalled, in each minute after the load
	}{
		"switched_on":      {0, 2 * time.Minute, []bool{true}},
		"long_ago":         {0, 10 * time.Second, []bool{true}},
		"shorter":          {time.Hour, 2 * time.Minute, []bool{true}},
		"switched_off":     {10 * time.Second, 0, []bool{false}},
		"longer":           {10 * time.Second, 2 * time.Minute, []bool{false, true}},
		"shorter_and_over": {5 * time.Minute, 10 * time.Second, []bool{true}},
		"shorter_and_late": {20 * time.Second, 10 * time.Second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				w.rules(func(r *rules.Status) { r.Stall = tt.was })
				p := w.host.Players(2)
				id := w.party(4, p...)
				w.must(w.set(p[0], report(id, "downloading", 0.1)))
				w.must(w.set(p[1], report(id, "ready", 1)))
				time.Sleep(time.Minute)
				w.heard()
				w.rules(func(r *rules.Status) { r.Stall = tt.is })
				w.status.RulesLoaded()
				time.Sleep(10 * time.Minute)
				var hears []bool
				for _, m := range w.heard() {
					for _, row := range m.Members {
						hears = append(hears, row.Stalled)
					}
				}
				if !slices.Equal(hears, tt.hears) {
					t.Errorf("heard %v; want %v", hears, tt.hears)
				}
				w.quiet()
			})
		})
	}
}

func TestService_Moved(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(4, p[0])
	code := w.invite(p[0], id).Code
	w.must(w.set(p[0], report(id, "downloading", 0.1)))
	w.must(w.set(p[1], byCode(code, "downloading", 0.1)))
	same(t, "moved", w.moved(), []string{p[0].UserID, p[1].UserID})
	w.must(w.set(p[0], report(id, "downloading", 0.1)))
	w.must(w.set(p[1], byCode(code, "downloading", 0.1)))
	w.refused(w.set(p[0], report(id, "sleeping", 0.2)), party.InvalidRequest)
	same(t, "moved", w.moved(), nil)
}

func TestService_Set_progressRounded(t *testing.T) {
	for told, want := range map[float64]float64{1.0000001: 1, -1e-9: 0, 1.05: 1, 0.5: 0.5} {
		w := newWorld(t, partytest.NewTime().Now)
		p := w.host.Players(1)
		id := w.party(4, p...)
		w.must(w.set(p[0], report(id, "downloading", told)))
		if got := *w.list(p[0], id).Members[0].Progress; got != want {
			t.Errorf("told %v: the list says %v; want %v", told, got, want)
		}
	}
}
