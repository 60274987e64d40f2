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
	opts   LiveOptions
	report atomic.Pointer[Report] // replaced whole, so that nobody waits for a file that is being read

	mu          sync.Mutex // held during a look at the file, which may hang with the disk, and while OnLoad is called
	seen, tried string     // what the last look and the newest attempt found: the content's hash, or why there is none
	first       *Set       // the first Set loaded; the host was set up with it
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
	l := &Live{opts: o}
	l.report.Store(&Report{Set: Defaults(), Source: o.Path})
	return l
}

// Current returns the active Set, never nil. A request calls it once and keeps the result, so that it never
// mixes two versions.
func (l *Live) Current() *Set { return l.report.Load().Set }

// Report returns the state of the active rules and of the newest attempt to change them.
func (l *Live) Report() Report { return *l.report.Load() }

// Reload reads the file now. On an error the active Set stays active. For a missing file, errors.Is(err,
// fs.ErrNotExist) is true. For a broken file the error is [Problems].
func (l *Live) Reload() error { return l.look(true) }

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
			l.Poll()
		}
	}
}

// Poll reads the file once. It loads the content if it differs from the newest attempt and is the same as at
// the previous look. So a file that is still being written is left alone. Poll ignores the modification time:
// editors, containers and network drives set it in too many different ways.
func (l *Live) Poll() {
	if l.opts.Path != "" {
		_ = l.look(false) // OnLoad and Report have the error
	}
}

// look reads the file. It loads the content if always is set, or if new content is stable since the previous look.
func (l *Live) look(always bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var data []byte
	var err error
	found := ""
	if l.opts.Path != "" {
		data, err = readBounded(l.opts.Path)
		sum := sha256.Sum256(data)
		found = hex.EncodeToString(sum[:])
	}
	if err != nil {
		found = err.Error()
	}
	settled, changed := found == l.seen, found != l.tried
	l.seen = found
	if !always && !(settled && changed) {
		return nil
	}
	l.tried = found
	out := Loaded{Old: l.Current(), Report: l.Report()}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("rules file is missing: %w", err)
	case err != nil:
		err = fmt.Errorf("read rules: %w", err)
	default:
		out.New, err = Load(data, l.opts.Path)
	}
	out.Err, out.Problems = err, nil
	if out.New != nil {
		l.activate(&out, found)
	} else {
		errors.As(err, &out.Problems)
	}
	l.report.Store(&out.Report)
	if l.opts.OnLoad != nil {
		l.opts.OnLoad(out)
	}
	return err
}

// activate reports that out.New is active. hash is the hash of its file. A file that is already in force switches
// nothing, but the files it names are checked again.
func (l *Live) activate(out *Loaded, hash string) {
	if out.Version > 0 && hash == out.Hash {
		out.New = out.Old
	} else {
		out.New.inheritStats(out.Old)
		if out.Old.IsSet("") && !out.New.IsSet("") {
			out.New.warnings = append(out.New.warnings, out.New.Warning("", "the file is empty now: all its rules and settings are gone", ""))
		}
		out.Version++
		out.Set, out.LoadedAt, out.Hash = out.New, l.opts.Now(), hash
	}
	out.Problems = slices.Clone(out.New.Warnings())
	if l.opts.CheckFiles != nil {
		out.Problems = append(out.Problems, l.opts.CheckFiles(out.New)...)
	}
	if l.first = cmp.Or(l.first, out.New); !l.opts.Trial {
		out.Problems = append(out.Problems, restart(l.first.config, out.New)...)
	}
}

// restart warns of what in s needs a restart of a server that was set up with the configuration was: the host
// accepts a matchmaker only at its start.
func restart(was Config, s *Set) (ps Problems) {
	now := s.config
	switch had, has := len(was.Queues) > 0, len(now.Queues) > 0; {
	case has && !had:
		ps = append(ps, s.Warning("queues", "the first queues work after a restart of the server", "until then matchmaking is the server's own"))
	case had && !has:
		ps = append(ps, s.Warning("queues", "no queue is left, so that nobody can look for a match", "until there is one again, or the server restarts"))
	}
	if now.Matchmaking.CreateMatch && !was.Matchmaking.CreateMatch && len(was.Queues) == 0 {
		ps = append(ps, s.Warning("matchmaking.create_match", "works after a restart of the server", ""))
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
