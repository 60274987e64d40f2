package judge

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"

	"partyline/party"
	"partyline/party/rules"
)

// Bounds of a recording. The newest file has no number. A decision is left out and counted as dropped if its
// line is too long, or if decisions come faster than they are written.
const (
	maxRecordBytes  = 16 << 20
	maxRecordFiles  = 5
	maxRecordLine   = 256 << 10
	recordQueueSize = 1024
)

// Record records questions, the facts that were read, and the answers, for the replay of rules. [Record.Run]
// does the writing. Users, parties and their names are replaced by pseudonyms. Their key is never stored and
// changes with every start. Record is safe for concurrent use.
type Record struct {
	path   string
	logger party.Logger
	now    party.Clock
	key    [32]byte
	queue  chan recordEntry

	written, dropped atomic.Uint64
	failed           atomic.Pointer[string] // why nothing is written; nil = it is written

	lastSet *rules.Set // the rules that were written last; only Run uses it
}

// recordEntry is an answered question.
type recordEntry struct {
	set    *rules.Set
	facts  rules.Facts
	answer string
	broken bool // a rule could not be evaluated
}

// NewRecord makes a recording in the file at path. When that is full, it is renamed to path.1, and so on.
func NewRecord(path string, logger party.Logger, now party.Clock) *Record {
	r := &Record{path: path, logger: logger, now: now, queue: make(chan recordEntry, recordQueueSize)}
	_, _ = rand.Read(r.key[:]) // never fails
	return r
}

// RecordReport is how a recording fares.
type RecordReport struct {
	Path    string `json:"path"`
	Written uint64 `json:"written"` // decisions since the process began
	Dropped uint64 `json:"dropped"` // decisions that were left out
	Error   string `json:"error"`   // why nothing is written; "" when it is
}

// Report returns the state of the recording.
func (r *Record) Report() RecordReport {
	out := RecordReport{Path: r.path, Written: r.written.Load(), Dropped: r.dropped.Load()}
	if why := r.failed.Load(); why != nil {
		out.Error = *why
	}
	return out
}

// wants reports whether to record an action that no rule is about. It excludes data: one answer for each
// message would hide all others.
func (r *Record) wants(a rules.Action) bool { return r != nil && a != rules.ActionData }

func (r *Record) enqueue(d recordEntry) {
	select {
	case r.queue <- d:
	default:
		r.dropped.Add(1)
	}
}

// Run writes until ctx ends, and then what is still queued.
func (r *Record) Run(ctx context.Context) { drain(ctx, r.queue, r.add) }

// add writes one decision. It logs the first of several failures.
func (r *Record) add(d recordEntry) {
	defer func() {
		if p := recover(); p != nil {
			r.dropped.Add(1)
			r.logger.Error("decision not recorded: panic: %v\n%s", p, debug.Stack())
		}
	}()
	unread := false // the rule broke because a fact could not be read, not because of the facts
	if d.broken {
		again, err := d.set.Try(context.Background(), d.facts, nil)
		unread = again.Outcome(err) != d.answer
	}
	line, err := party.PlainJSON(map[string]any{"facts": r.pseudonymize(d.facts), "answer": d.answer, "unread": unread})
	if err != nil || len(line) > maxRecordLine {
		r.dropped.Add(1)
		return
	}
	if err := r.write(d.set, line+"\n"); err != nil {
		r.dropped.Add(1)
		if why := err.Error(); r.failed.Swap(&why) == nil {
			r.logger.Error("decisions are not recorded path=%s error=%v", r.path, err)
		}
		return
	}
	r.written.Add(1)
	r.failed.Store(nil)
}

// write appends a line, with the rules in front of it if they are not the last rules of the file. It opens the file each
// time, because an operator may move, delete or empty it at any time.
func (r *Record) write(set *rules.Set, line string) (err error) {
	if info, err := os.Stat(r.path); err == nil && !info.Mode().IsRegular() { // opening a pipe would wait for its reader
		return fmt.Errorf("open: %s is not a file", r.path)
	}
	file, err := os.OpenFile(r.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { err = cmp.Or(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	text, size := line, info.Size()
	if size == 0 || r.lastSet != set {
		if text, err = r.withRules(set, line); err != nil {
			return err
		}
		if size > 0 {
			text = "\n" + text // ends a line that a crash or a full disk cut off
		}
	}
	r.lastSet = nil // until the write succeeds
	if size > 0 && size+int64(len(text)) > maxRecordBytes {
		for n := maxRecordFiles - 1; n > 0; n-- {
			if err := os.Rename(r.filePath(n-1), r.filePath(n)); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("rotate: %w", err)
			}
		}
		return r.write(set, line)
	}
	if _, err := file.WriteString(text); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	r.lastSet = set
	return nil
}

func (r *Record) withRules(set *rules.Set, line string) (string, error) {
	head, err := party.PlainJSON(map[string]any{"partyline_record": 1, "at": r.now().UTC(), "rules": set.Config()})
	if err != nil {
		return "", fmt.Errorf("write the rules: %w", err)
	}
	return head + "\n" + line, nil
}

func (r *Record) filePath(n int) string {
	if n == 0 {
		return r.path
	}
	return fmt.Sprintf("%s.%d", r.path, n)
}

// Recordable returns an error if the file begins with anything but a recording. [Record.Run] reports other
// faults when it writes.
func Recordable(path string) error {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil //nolint:nilerr // Run creates or reports it
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read what is recorded: %w", err)
	}
	defer file.Close()
	begin := make([]byte, 16)
	n, err := file.Read(begin)
	head := strings.TrimLeft(string(begin[:n]), "\n") // see write
	if begins := func(line string) bool { return strings.HasPrefix(head, line) || strings.HasPrefix(line, head) }; err == nil && !begins(`{"at":`) && !begins(`{"answer":`) {
		return fmt.Errorf("%s is not a recording, it begins with %q: use a file that is only for recordings", path, head)
	}
	return err
}

// pseudonymize returns f with pseudonyms for everything that names a user or a party. Equal values stay equal.
func (r *Record) pseudonymize(f rules.Facts) rules.Facts {
	f.Party.Members = slices.Clone(f.Party.Members)
	names := []*string{&f.User.ID, &f.User.Username, &f.User.DisplayName, &f.Party.ID, &f.Party.LeaderID, &f.Request.TargetID}
	for i := range f.Party.Members {
		names = append(names, &f.Party.Members[i].UserID, &f.Party.Members[i].Username)
	}
	for _, name := range names {
		if *name != "" {
			mac := hmac.New(sha256.New, r.key[:])
			mac.Write([]byte(*name))
			*name = hex.EncodeToString(mac.Sum(nil)[:12])
		}
	}
	if f.Party.LabelJSON != "" {
		f.Party.Label = nil // it is parsed from the text again
	}
	if f.Request.LabelJSON != "" {
		f.Request.Label = nil
	}
	return f
}
