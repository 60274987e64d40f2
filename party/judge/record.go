package judge

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// Bounds of a recording: so many files of that size are kept, the newest without a number;
// a decision whose facts are longer than a line may be, or that comes faster than it is
// written, is left out and counted.
const (
	recordBytes = 16 << 20
	recordFiles = 5
	recordLine  = 256 << 10
	recordQueue = 1024
	recordRetry = 10 * time.Second // after the file could not be written, and between looks whether it is still there
)

// Record writes down what was asked, the facts that were read, and the answer, for rules replay, in the
// goroutine of [Record.Run]. Users, parties and their names stand as pseudonyms, under a key that is kept
// nowhere and changes with every start. Safe for concurrent use.
type Record struct {
	path   string
	logger party.Logger
	now    party.Clock
	key    [32]byte
	queue  chan recorded

	written, dropped atomic.Uint64
	failed           atomic.Pointer[string] // why nothing is written; nil: it is

	file  *os.File // this and below belong to Run
	size  int64
	set   *rules.Set // whose file was written last
	retry time.Time
	look  time.Time // when to look whether path is still file
}

// recorded is a question that has been answered.
type recorded struct {
	set    *rules.Set
	facts  rules.Facts
	answer string
	broken bool // a rule could not be evaluated
}

// NewRecord makes a recording into the file at path and, as that grows, path.1 and so on.
func NewRecord(path string, logger party.Logger, now party.Clock) *Record {
	r := &Record{path: path, logger: logger, now: now, queue: make(chan recorded, recordQueue)}
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

// Report says how the recording fares.
func (r *Record) Report() RecordReport {
	out := RecordReport{Path: r.path, Written: r.written.Load(), Dropped: r.dropped.Load()}
	if why := r.failed.Load(); why != nil {
		out.Error = *why
	}
	return out
}

// wants reports whether to record answers about an action that no rule is about: those to
// each message of data would bury all others.
func (r *Record) wants(a rules.Action) bool { return r != nil && a != rules.ActionData }

func (r *Record) decided(d recorded) {
	select {
	case r.queue <- d:
	default:
		r.dropped.Add(1)
	}
}

// Run writes until ctx ends, and then what has been decided until then.
func (r *Record) Run(ctx context.Context) {
	defer r.close()
	for {
		select {
		case d := <-r.queue:
			r.add(d)
			continue
		default:
		}
		select {
		case d := <-r.queue:
			r.add(d)
		case <-ctx.Done():
			return
		}
	}
}

func (r *Record) close() {
	if r.file != nil {
		_ = r.file.Close()
	}
	r.file, r.set = nil, nil
}

// add writes one decision. What fails is said once, and tried again after a while.
func (r *Record) add(d recorded) {
	defer func() {
		if p := recover(); p != nil {
			r.dropped.Add(1)
			r.logger.Error("decision not recorded: panic: %v\n%s", p, debug.Stack())
		}
	}()
	if r.now().Before(r.retry) {
		r.dropped.Add(1)
		return
	}
	unread := false // the rule broke because a fact could not be read, not by the facts
	if d.broken {
		again, err := d.set.Try(context.Background(), d.facts, nil)
		unread = again.Words(err) != d.answer
	}
	line, err := json.Marshal(map[string]any{"facts": r.pseudonymous(d.facts), "answer": d.answer, "unread": unread})
	if err != nil || len(line) > recordLine {
		r.dropped.Add(1)
		return
	}
	if err := r.write(d.set, append(line, '\n')); err != nil {
		r.close()
		r.dropped.Add(1)
		r.retry = r.now().Add(recordRetry)
		if why := err.Error(); r.failed.Swap(&why) == nil {
			r.logger.Error("decisions are not recorded path=%s error=%v", r.path, err)
		}
		return
	}
	r.written.Add(1)
	r.failed.Store(nil)
}

// write appends a line, behind the rules that it was decided by.
func (r *Record) write(set *rules.Set, line []byte) error {
	if r.file != nil && !r.now().Before(r.look) {
		r.look = r.now().Add(recordRetry)
		at, err := os.Stat(r.path)
		is, err2 := r.file.Stat()
		if err != nil || err2 != nil || !os.SameFile(at, is) || at.Size() < r.size { // somebody has moved, deleted or emptied it
			r.close()
		}
	}
	if r.file == nil {
		if err := r.open(); err != nil {
			return err
		}
	}
	text, err := r.behindRules(set, line)
	if err != nil {
		return err
	}
	if r.size > 0 && r.size+int64(len(text)) > recordBytes {
		r.close()
		for n := recordFiles - 1; n > 0; n-- {
			if err := os.Rename(r.numbered(n-1), r.numbered(n)); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("rotate: %w", err)
			}
		}
		return r.write(set, line)
	}
	n, err := r.file.Write(text)
	r.size += int64(n)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	r.set = set
	return nil
}

// behindRules is a line with the rules in front where the file does not end with lines of theirs.
func (r *Record) behindRules(set *rules.Set, line []byte) ([]byte, error) {
	if r.set == set {
		return line, nil
	}
	head, err := party.PlainJSON(map[string]any{"partyline_record": 1, "at": r.now().UTC(), "rules": set.Config()})
	if err != nil {
		return nil, fmt.Errorf("write the rules: %w", err)
	}
	if r.size > 0 {
		head = "\n" + head // ends a line that a crash has cut
	}
	return slices.Concat([]byte(head), []byte("\n"), line), nil
}

func (r *Record) numbered(n int) string {
	if n == 0 {
		return r.path
	}
	return fmt.Sprintf("%s.%d", r.path, n)
}

// Recordable refuses a file that has something else in it than a recording. What else may be wrong
// with it is said when it is written.
func Recordable(path string) error {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil //nolint:nilerr // it is made then
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read what is recorded: %w", err)
	}
	defer file.Close()
	begin := make([]byte, 16)
	n, err := file.Read(begin)
	head := strings.TrimLeft(string(begin[:n]), "\n") // it has one where the file was emptied in front of the rules
	if begins := func(line string) bool { return strings.HasPrefix(head, line) || strings.HasPrefix(line, head) }; err == nil && !begins(`{"at":`) && !begins(`{"answer":`) {
		return fmt.Errorf("%s is no recording, it begins with %q: name a file for recordings alone", path, head)
	}
	return err
}

func (r *Record) open() error {
	if info, err := os.Stat(r.path); err == nil && !info.Mode().IsRegular() { // to open a pipe waits for its reader
		return fmt.Errorf("open: %s is not a file", r.path)
	}
	file, err := os.OpenFile(r.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return fmt.Errorf("open: %w", err)
	}
	r.file, r.size, r.look = file, info.Size(), r.now().Add(recordRetry)
	return nil
}

// pseudonymous is f without what names a user or a party. What was equal stays equal.
func (r *Record) pseudonymous(f rules.Facts) rules.Facts {
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
		f.Party.Label = nil // it is read from the text again
	}
	if f.Request.LabelJSON != "" {
		f.Request.Label = nil
	}
	return f
}
