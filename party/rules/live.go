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

// Live keeps the current version of the rules file. It loads the file, watches it and switches from one Set to
// the next. A broken file never replaces a good one. Live is safe for concurrent use.
type Live struct {
	opts    LiveOptions
	current atomic.Pointer[Set] // same as report.Set

	fileMu      sync.Mutex        // taken before mu; held while the file is read, which may hang with the disk
	triedHash   [sha256.Size]byte // hash of the content at the newest attempt
	seenHash    [sha256.Size]byte // hash of the content at the last look
	readFailure string            // why the newest attempt could not read the file; "" if it could

	mu       sync.Mutex // held while an attempt takes effect; OnLoad is called under it
	report   Report
	firstSet *Set // the first Set loaded; the host was set up with it
}

// LiveOptions configures a Live.
type LiveOptions struct {
	Path  string           // "" = defaults: nothing is read or watched
	Now   func() time.Time // nil = time.Now
	Trial bool             // the file is never in force, so Live gives no advice about restarts
	// CheckFiles checks the files that a Set names and warns of unusable ones. nil = no check.
	CheckFiles func(*Set) Problems
	// OnLoad receives every switch and every failure, in order. It must not call Reload or Poll.
	OnLoad func(Loaded)
}

// Loaded is the outcome of one attempt to load the file.
type Loaded struct {
	Old, New *Set // New is nil if the attempt failed; it is Old if the file was in force already
	Report        // the state after the attempt. Err is Problems, or says why the file could not be read
}

// Report tells operators about the active rules.
type Report struct {
	Set      *Set      // the active rules
	Source   string    // path of the file, "" for defaults
	Version  uint64    // grows by one with every switch; 0 before the first load
	LoadedAt time.Time // when the active Set was loaded
	Hash     string    // SHA-256 of its file in hex; "" for defaults
	Problems Problems  // warnings of the active Set, or all problems of a newer, broken file
	Err      error     // why the newest attempt failed; nil if it did not
}

// NewLive makes a Live with the default rules active. Call Reload to read the file.
func NewLive(o LiveOptions) *Live {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Live{opts: o, report: Report{Set: Defaults(), Source: o.Path}}
	l.current.Store(l.report.Set)
	return l
}

// Current returns the active Set, never nil. A request calls it once and keeps the result, so that it never
// mixes two versions.
func (l *Live) Current() *Set { return l.current.Load() }

// Reload reads the file now. On an error the active Set stays active. For a missing file, errors.Is(err,
// fs.ErrNotExist) is true. For a broken file the error is [Problems].
func (l *Live) Reload(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.opts.Path == "" {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.activate(Defaults(), "", nil, nil)
	}
	return l.readFile(true)
}

// Watch polls the file every second until ctx ends, see [Live.Poll]. It blocks. It returns at once if there is
// no file to watch.
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

// Poll reads the file once. It loads the content if it differs from the newest attempt and is the same as at
// the previous look. So a file that is still being written is left alone. Poll ignores the modification time:
// editors, containers and network drives set it in too many different ways.
func (l *Live) Poll(ctx context.Context) {
	if ctx.Err() == nil && l.opts.Path != "" {
		_ = l.readFile(false) // OnLoad and Report have the error
	}
}

// readFile reads the file. It loads the content if always is set, or if new content is stable since the previous
// look.
func (l *Live) readFile(always bool) error {
	l.fileMu.Lock()
	defer l.fileMu.Unlock()
	data, err := readBounded(l.opts.Path)
	sum, unread := sha256.Sum256(data), ""
	if err != nil {
		unread = err.Error()
	}
	settled, changed := sum == l.seenHash, sum != l.triedHash || unread != l.readFailure
	l.seenHash = sum
	if !always && !(settled && changed) {
		return nil
	}
	l.triedHash, l.readFailure = sum, unread
	var s *Set
	var files Problems
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("rules file is missing: %w", err)
	case err != nil:
		err = fmt.Errorf("read rules: %w", err)
	default:
		if s, err = Load(data, l.opts.Path); err == nil && l.opts.CheckFiles != nil {
			files = l.opts.CheckFiles(s)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.activate(s, hex.EncodeToString(sum[:]), files, err)
}

// Report returns the state of the active rules and of the newest attempt to change them.
func (l *Live) Report() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.report
}

// activate makes s the active Set, or records err. hash is the hash of the file. A file that is already in force
// switches nothing, but the files it names are checked again. The caller holds l.mu.
func (l *Live) activate(s *Set, hash string, files Problems, err error) error {
	old := l.report.Set
	l.report.Err = err
	if err != nil {
		l.report.Problems = nil
		errors.As(err, &l.report.Problems)
	} else {
		if l.report.Version > 0 && hash == l.report.Hash {
			s = old
		} else {
			s.inheritStats(old)
			if s.empty && !old.empty && l.report.Version > 0 {
				s.warnings = append(s.warnings, Problem{Severity: Warning, File: l.opts.Path, What: "the file is empty now: all its rules and settings are gone"})
			}
			l.report.Version++
			l.report.Set, l.report.LoadedAt, l.report.Hash = s, l.opts.Now(), hash
			l.current.Store(s)
		}
		l.firstSet = cmp.Or(l.firstSet, s)
		l.report.Problems = slices.Concat(s.Warnings(), files, l.restart(s))
	}
	if l.opts.OnLoad != nil {
		l.opts.OnLoad(Loaded{Old: old, New: s, Report: l.report})
	}
	return err
}

// restart warns of settings in s that need a restart of the server: the host accepts a matchmaker only at its
// start.
func (l *Live) restart(s *Set) (ps Problems) {
	if l.opts.Trial || l.firstSet == nil {
		return nil
	}
	add := func(path, what, allowed string) {
		ps = append(ps, Problem{Severity: Warning, File: l.opts.Path, Path: path, What: what, Allowed: allowed})
	}
	was, now := l.firstSet.config, s.config
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

// readBounded reads at most one byte more than a file may have, so that Load can tell that it is too long.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, errors.New(path + " is not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFileBytes+1))
}
