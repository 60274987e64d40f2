//go:build !js

package rules

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Live is the rules file as it is now: it loads the file, watches it and
// switches whole Sets. A broken file never replaces a good one. Safe for
// concurrent use.
type Live struct {
	opts    LiveOptions
	current atomic.Pointer[Set] // that of report

	looking sync.Mutex        // before mu: held over a look at the file, which may hang as its disk does
	tried   [sha256.Size]byte // content of the newest attempt
	seen    [sha256.Size]byte // content at the last look
	unread  string            // why the file could not be read at the newest attempt, "" where it was

	mu      sync.Mutex // held over the outcome of an attempt; OnLoad is called under it
	report  Report
	started *Set // the first Set loaded, which the host was set up by
}

// LiveOptions says what a Live reads and tells.
type LiveOptions struct {
	Path  string           // "" = defaults, nothing is read or watched
	Now   func() time.Time // nil = time.Now
	Trial bool             // the file is never in force, so that no restart is of use
	// Files looks at the files that a Set names and warns of those that are of no use; nil = it does not.
	Files func(*Set) Problems
	// OnLoad is told of every switch and of every failure, in order. It must not
	// call Reload or Poll.
	OnLoad func(Loaded)
}

// Loaded is the outcome of one attempt to load the file.
type Loaded struct {
	Old, New *Set // New is nil when the attempt failed, and Old when the file is in force already
	Report        // as it is now; Err is Problems, or why the file could not be read
}

// Report is what an operator wants to know of the active rules.
type Report struct {
	Set      *Set      // the active rules
	Source   string    // path of the file, "" for defaults
	Version  uint64    // grows by one with every switch, 0 before the first load
	LoadedAt time.Time // when the active Set was loaded
	Hash     string    // SHA-256 of its file in hex, "" for defaults
	Problems Problems  // warnings of the active Set, or all problems of a newer, broken file
	Err      error     // why the newest attempt failed, nil when it did not
}

// NewLive makes a Live with the default rules active; call Reload to read the file.
func NewLive(o LiveOptions) *Live {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Live{opts: o, report: Report{Set: Defaults(), Source: o.Path}}
	l.current.Store(l.report.Set)
	return l
}

// Current is the active Set; never nil. A request calls it once and keeps to
// what it got, so that it never sees half of two versions.
func (l *Live) Current() *Set { return l.current.Load() }

// Reload reads the file now. On an error the active Set stays; a missing file is
// errors.Is(err, fs.ErrNotExist), a broken one [Problems].
func (l *Live) Reload(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.opts.Path == "" {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.use(Defaults(), "", nil, nil)
	}
	return l.look(true)
}

// Watch looks at the file every second until ctx ends; see [Live.Poll]. It runs in the
// caller's goroutine and returns at once when there is no file to watch.
func (l *Live) Watch(ctx context.Context) {
	if l.opts.Path == "" {
		return
	}
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			l.Poll(ctx)
		}
	}
}

// Poll is one look at the file. It loads it when the content is other than what was last tried and the same
// as at the look before: a file that is still being written is left alone. The time of change does not
// count: editors, containers and network drives disagree too much about that.
func (l *Live) Poll(ctx context.Context) {
	if ctx.Err() == nil && l.opts.Path != "" {
		_ = l.look(false) // reported through OnLoad and Report
	}
}

// look reads the file and loads it: always where asked, else where it has settled on another content.
func (l *Live) look(always bool) error {
	l.looking.Lock()
	defer l.looking.Unlock()
	data, err := read(l.opts.Path)
	sum, unread := sha256.Sum256(data), ""
	if err != nil {
		unread = err.Error()
	}
	settled, changed := sum == l.seen, sum != l.tried || unread != l.unread
	l.seen = sum
	if !always && !(settled && changed) {
		return nil
	}
	l.tried, l.unread = sum, unread
	var s *Set
	var files Problems
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("rules file is missing: %w", err)
	case err != nil:
		err = fmt.Errorf("read rules: %w", err)
	default:
		if s, err = Load(data, l.opts.Path); err == nil && l.opts.Files != nil {
			files = l.opts.Files(s)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.use(s, hex.EncodeToString(sum[:]), files, err)
}

// Report describes the active rules and the newest attempt to change them.
func (l *Live) Report() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.report
}

// use makes s, of a file with that hash, the active Set, or takes note of err. A file that is in force already
// switches nothing, though the files it names may be others. l.mu is held.
func (l *Live) use(s *Set, hash string, files Problems, err error) error {
	old := l.report.Set
	l.report.Err = err
	if err != nil {
		l.report.Problems = nil
		errors.As(err, &l.report.Problems)
	} else {
		if l.report.Version > 0 && hash == l.report.Hash {
			s = old
		} else {
			s.inherit(old)
			if s.blank && !old.blank && l.report.Version > 0 {
				s.warnings = append(s.warnings, Problem{Severity: Warning, File: l.opts.Path, What: "the file is empty now: all its rules and settings are gone"})
			}
			l.report.Version++
			l.report.Set, l.report.LoadedAt, l.report.Hash = s, l.opts.Now(), hash
			l.current.Store(s)
		}
		l.started = cmp.Or(l.started, s)
		l.report.Problems = slices.Concat(s.Warnings(), files, l.restart(s))
	}
	if l.opts.OnLoad != nil {
		l.opts.OnLoad(Loaded{Old: old, New: s, Report: l.report})
	}
	return err
}

// restart says what in s is not as it would be after a restart of the server: the host takes a
// matchmaker at its start alone.
func (l *Live) restart(s *Set) (ps Problems) {
	if l.opts.Trial || l.started == nil {
		return nil
	}
	add := func(path, what, allowed string) {
		ps = append(ps, Problem{Severity: Warning, File: l.opts.Path, Path: path, What: what, Allowed: allowed})
	}
	was, now := l.started.config, s.config
	switch had, has := len(was.Queues) > 0, len(now.Queues) > 0; {
	case has && !had:
		add("queues", "the first queues work after a restart of the server", "until then matchmaking is the server's own")
	case had && !has:
		add("queues", "no queue is left, so that nobody can look for a match", "until there is one again, or the server restarts")
	}
	if now.Matchmaking.CreateMatch && !was.Matchmaking.CreateMatch && len(was.Queues) == 0 {
		add("matchmaking.create_match", "works after a restart of the server", "")
	}
	return ps
}

// read reads the file, one byte more than is allowed at most, so that Load can
// tell that it is too long.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a pipe waits for its writer
		return nil, errors.New(path + " is not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFileBytes+1))
}
