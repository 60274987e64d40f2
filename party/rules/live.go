package rules

import (
	"context"
	"time"
)

// Live is the rules file as it is now: it loads the file, watches it and
// switches whole Sets. A broken file never replaces a good one. Safe for
// concurrent use.
type Live struct{}

// LiveOptions says what a Live reads and tells.
type LiveOptions struct {
	Path     string           // "" = defaults, nothing is read or watched
	Now      func() time.Time // nil = time.Now
	Interval time.Duration    // between looks at the file; 0 = 1 s
	// OnLoad is told of every switch and of every failure, in order; it must not
	// call back into the Live.
	OnLoad func(Loaded)
}

// Loaded is the outcome of one attempt to load the file.
type Loaded struct {
	Old, New *Set  // New is nil when the attempt failed
	Err      error // Problems, or why the file could not be read
}

// Report is what an operator wants to know of the active rules.
type Report struct {
	Source   string    // path of the file, "" for defaults
	Version  uint64    // grows by one with every switch, 0 before the first load
	LoadedAt time.Time // when the active Set was loaded
	Problems Problems  // warnings of the active Set, or all problems of a newer, broken file
	Err      error     // why the newest attempt failed, nil when it did not
}

// NewLive makes a Live with the default rules active; call Reload to read the file.
func NewLive(o LiveOptions) *Live { return &Live{} }

// Current is the active Set; never nil.
func (l *Live) Current() *Set { return Defaults() }

// Reload reads the file now. On an error the active Set stays; a missing file is
// errors.Is(err, fs.ErrNotExist), a broken one [Problems].
func (l *Live) Reload(ctx context.Context) error { return nil }

// Watch looks at the file until ctx ends and loads it when its content changed
// and then stayed the same for one more look, so that a half-written file is
// never read.
func (l *Live) Watch(ctx context.Context) {}

// Report describes the active rules and the newest attempt to change them.
func (l *Live) Report() Report { return Report{} }
