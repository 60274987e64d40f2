package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/rules"
)

// Bounds of the history, and of what one version of it says.
const (
	historyVersions = 50
	historyChanges  = 40
	historyChange   = 400     // characters
	historyConfig   = 1 << 20 // bytes; a larger file is not compared with the next
	historyQueue    = 16      // versions that wait to be written
	historyRetry    = 10 * time.Second
)

const (
	historyCollection = "partyline_rules"
	historyKey        = "history"
)

// Version is one rules file that came into force.
type Version struct {
	At      int64    `json:"at"`
	Source  string   `json:"source"`         // path of the file; "" = defaults
	Hash    string   `json:"hash"`           // SHA-256 of the file; "" for the defaults
	Changes []string `json:"changes"`        // against the version before, in words; empty for the first
	More    int      `json:"more,omitempty"` // changes that are left out
}

// versions is the stored record.
type versions struct {
	Versions []Version       `json:"versions"` // the oldest first
	Config   json.RawMessage `json:"config"`   // of the last one, to compare the next with
}

// History remembers in storage which rules files came into force when, over restarts and
// for all nodes: a file that is in force already is no new version. It writes in the
// goroutine of [History.Run]. Safe for concurrent use.
type History struct {
	storage party.Objects
	source  string
	logger  party.Logger
	queue   chan version
}

// version is one that waits to be written.
type version struct {
	Version
	set *rules.Set
}

// NewHistory makes a history over storage of the file at source, "" for the defaults.
func NewHistory(storage party.Objects, source string, logger party.Logger) *History {
	return &History{storage: storage, source: source, logger: logger, queue: make(chan version, historyQueue)}
}

// Loaded notes a version that came into force. It returns at once.
func (h *History) Loaded(l rules.Loaded) {
	select {
	case h.queue <- version{Version{At: l.LoadedAt.Unix(), Source: h.source, Hash: l.Hash, Changes: []string{}}, l.New}:
	default:
		h.logger.Warn("rules history: a version is left out, the database is slow version=%d", l.Version)
	}
}

// Run writes until ctx ends.
func (h *History) Run(ctx context.Context) {
	for {
		select {
		case next := <-h.queue:
			h.keep(ctx, next)
		case <-ctx.Done():
			return
		}
	}
}

// keep writes a version, again where another node was faster, and after a while where it
// cannot be written.
func (h *History) keep(ctx context.Context, next version) {
	for said := false; ctx.Err() == nil; {
		err := h.write(ctx, next)
		if err == nil {
			return
		}
		if errors.Is(err, runtime.ErrStorageRejectedVersion) {
			continue
		}
		if !said {
			h.logger.Warn("rules history not written, trying again: %v", err)
		}
		said = true
		select {
		case <-time.After(historyRetry):
		case <-ctx.Done():
		}
	}
}

func (h *History) write(ctx context.Context, next version) error {
	stored, at, err := h.read(ctx)
	if err != nil {
		return err
	}
	if n := len(stored.Versions); n > 0 {
		if stored.Versions[n-1].Hash == next.Hash {
			return nil
		}
		next.compare(stored.Config)
	}
	if stored.Config, err = json.Marshal(next.set.Config()); err != nil {
		return fmt.Errorf("write the rules: %w", err)
	}
	if len(stored.Config) > historyConfig {
		stored.Config = nil
	}
	stored.Versions = appendBounded(stored.Versions, next.Version, historyVersions)
	_, err = party.WriteObject(ctx, h.storage, historyCollection, historyKey, stored, at)
	return err
}

// compare says what is other than in the configuration before.
func (v *version) compare(before []byte) {
	old, err := rules.LoadRecorded(before, "before")
	if len(before) == 0 || err != nil {
		v.Changes = []string{"cannot be compared with the version before"}
		return
	}
	v.Changes = append(v.Changes, rules.Diff(old, v.set)...)
	if v.More = max(0, len(v.Changes)-historyChanges); v.More > 0 {
		v.Changes = v.Changes[:historyChanges]
	}
	for i, c := range v.Changes {
		if text := []rune(c); len(text) > historyChange {
			v.Changes[i] = string(text[:historyChange]) + "..."
		}
	}
}

func (h *History) read(ctx context.Context) (stored versions, at string, err error) {
	at, err = party.ReadObject(ctx, h.storage, historyCollection, historyKey, &stored)
	switch {
	case err != nil && at == "":
		return stored, "", fmt.Errorf("read the history: %w", err)
	case err != nil:
		h.logger.Warn("rules history begins again: %v", err)
		stored = versions{}
	}
	return stored, at, nil
}

// List gives the versions, the newest first; none where they cannot be read, which the log
// explains.
func (h *History) List(ctx context.Context) []Version {
	stored, _, err := h.read(ctx)
	if err != nil && ctx.Err() == nil {
		h.logger.Warn("rules history not read: %v", err)
	}
	return newestFirst(stored.Versions)
}
