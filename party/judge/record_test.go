package judge_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"partyline/party"
	"partyline/party/judge"
	"partyline/party/rules"
)

// recordDecisions makes a judge decide until that many decisions are written. It calls each before every decision.
func recordDecisions(t *testing.T, w *world, r *judge.Record, n int, label string, each ...func(i int)) {
	t.Helper()
	w.deps.Record = r
	w.startJudge(nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for i := range n {
		for _, before := range each {
			before(i)
		}
		_ = w.judge.Decide(t.Context(), party.Question{Action: rules.ActionCreate, Caller: party.Caller{UserID: "somebody"}, Request: rules.RequestFacts{LabelJSON: label}})
		synctest.Wait()
		if got := r.Report(); got.Written+got.Dropped != uint64(i+1) {
			t.Fatalf("%+v; want %d", got, i+1)
		}
	}
}

// TestRecord_rotates checks that the files stay bounded, that each begins with the rules, and that a line that
// a crash cut off is not continued.
func TestRecord_rotates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		path := filepath.Join(t.TempDir(), "decisions")
		if err := os.WriteFile(path, []byte(`{"facts":{"act`), 0o600); err != nil {
			t.Fatal(err)
		}
		label := fmt.Sprintf("{%q:%q}", "x", strings.Repeat("y", 200<<10))
		recordDecisions(t, w, judge.NewRecord(path, w.log, w.clock.Now), 500, label)
		files, err := filepath.Glob(path + "*")
		if err != nil || len(files) != 5 {
			t.Errorf("files %v, %v; want 5", files, err)
		}
		for _, name := range files {
			info, _ := os.Stat(name)
			data, _ := os.ReadFile(name)
			if info.Size() > 16<<20 || info.Mode().Perm() != 0o600 || !strings.HasPrefix(strings.TrimSpace(string(data)), `{"at":`) {
				t.Errorf("%s: %d bytes, %v, begins with %.40q", name, info.Size(), info.Mode(), data)
			}
		}
	})
}

// TestRecord_moved checks that a new file with the rules begins after the file was moved or deleted.
func TestRecord_moved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		path := filepath.Join(t.TempDir(), "decisions")
		r := judge.NewRecord(path, w.log, w.clock.Now)
		recordDecisions(t, w, r, 6, "", func(i int) {
			var err error
			switch i {
			case 2:
				err = os.Rename(path, path+".mine")
			case 4:
				err = os.Remove(path)
			default:
				return
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		for _, name := range []string{path, path + ".mine"} {
			data, err := os.ReadFile(name)
			if text := string(data); err != nil || !strings.HasPrefix(text, `{"at":`) || strings.Count(text, `"answer"`) != 2 || strings.Count(text, "\n") != 3 {
				t.Errorf("%s has %q, %v; want the rules and two decisions", name, text, err)
			}
		}
		if got := r.Report(); got.Written != 6 || got.Dropped != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// TestRecord_emptied checks that a file that is emptied while it is written starts with the rules again and stays
// recordable.
func TestRecord_emptied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		path := filepath.Join(t.TempDir(), "decisions")
		r := judge.NewRecord(path, w.log, w.clock.Now)
		recordDecisions(t, w, r, 6, "", func(i int) {
			if err := judge.Recordable(path); err != nil {
				t.Errorf("after %d decisions: %v", i, err)
			}
			if i < 4 {
				return
			}
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
			if i == 4 {
				w.useRules("parties: {open: open}")
			}
		})
		data, err := os.ReadFile(path)
		if text := string(data); err != nil || !strings.HasPrefix(text, `{"at":`) || strings.Count(text, `"answer"`) != 1 {
			t.Errorf("%q, %v; want the rules and one decision", text, err)
		}
	})
}

// TestRecordable checks that a file with other content is refused, and that a recording that a full disk cut
// off is not.
func TestRecordable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions")
	for text, want := range map[string]bool{
		"": true, "\n": true, "{": true, `{"at"`: true, `{"answer":"allowed"}`: true, "\n" + `{"at":"2026`: true,
		"{}": false, "{\n  \"at\": 1}": false, "version: 1": false, "\nrules:": false, `{"attributes":1}`: false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := judge.Recordable(path); (err == nil) != want {
			t.Errorf("%q: %v; want it taken: %v", text, err, want)
		}
	}
}

// TestRecord_unwritable checks that a file that cannot be written changes no answer and is logged once.
func TestRecord_unwritable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "rules: [{id: no, on: [create], deny: 'true'}]")
		r := judge.NewRecord(filepath.Join(t.TempDir(), "nowhere", "x"), w.log, w.clock.Now)
		recordDecisions(t, w, r, 50, "")
		if got := r.Report(); got.Written != 0 || got.Dropped != 50 || !strings.Contains(got.Error, "open") {
			t.Errorf("%+v", got)
		}
		if lines := w.log.Lines(); len(lines) != 1 || len(w.judge.Denials()) != 50 {
			t.Errorf("%d denials, log %v; want 50 and one line", len(w.judge.Denials()), lines)
		}
		recordDecisions(t, w, judge.NewRecord(t.TempDir(), w.log, w.clock.Now), 1, "") // a folder, not a file
	})
}

// TestRecord_unset checks that without a recording the judge gathers nothing that no rule names.
func TestRecord_unset(t *testing.T) {
	w := newWorld(t, "")
	for _, a := range rules.Actions() {
		if w.judge.Has(a) {
			t.Errorf("%s is gathered for nobody", a)
		}
	}
	w.deps.Record = judge.NewRecord(filepath.Join(t.TempDir(), "x"), w.log, w.clock.Now)
	w.startJudge(nil)
	if !w.judge.Has(rules.ActionKick) || w.judge.Has(rules.ActionData) || w.judge.Enforces(rules.ActionKick) {
		t.Error("a recording wants every action but data, and enforces none")
	}
}
