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

// Bounds of the history and of the text of one version.
const (
	maxHistoryVersions  = 50
	maxHistoryChanges   = 40
	maxHistoryChangeLen = 400     // characters
	maxHistoryConfig    = 1 << 20 // bytes; the next version is not compared with a larger one
	historyQueueSize    = 16      // versions waiting to be written
	historyRetryDelay   = 10 * time.Second
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

// storedHistory is the stored object.
type storedHistory struct {
	Versions []Version       `json:"versions"` // the oldest first
	Config   json.RawMessage `json:"config"`   // of the last version, to compare the next one with
}

// History stores which rules files came into force and when, across restarts and for all nodes. A file that is
// already in force is no new version. [History.Run] does the writing. History is safe for concurrent use.
type History struct {
	storage party.Objects
	source  string
	logger  party.Logger
	queue   chan queuedVersion
}

// queuedVersion is a version that waits to be written.
type queuedVersion struct {
	Version
	set *rules.Set
}

// NewHistory makes a history in storage. source is the path of the rules file, or "" for the defaults.
func NewHistory(storage party.Objects, source string, logger party.Logger) *History {
	return &History{storage: storage, source: source, logger: logger, queue: make(chan queuedVersion, historyQueueSize)}
}

// Loaded queues a version that came into force. It returns at once.
func (h *History) Loaded(l rules.Loaded) {
	select {
	case h.queue <- queuedVersion{Version{At: l.LoadedAt.Unix(), Source: h.source, Hash: l.Hash, Changes: []string{}}, l.New}:
	default:
		h.logger.Warn("rules history: a version is left out, the database is slow version=%d", l.Version)
	}
}

// Run writes until ctx ends.
func (h *History) Run(ctx context.Context) {
	drain(ctx, h.queue, func(next queuedVersion) { h.writeWithRetry(ctx, next) })
}

// writeWithRetry writes a version. It tries again at once if another node wrote at the same time, and after a while if
// the write failed.
func (h *History) writeWithRetry(ctx context.Context, next queuedVersion) {
	for logged := false; ctx.Err() == nil; {
		err := h.write(ctx, next)
		if err == nil {
			return
		}
		if errors.Is(err, runtime.ErrStorageRejectedVersion) {
			continue
		}
		if !logged {
			h.logger.Warn("rules history not written, trying again: %v", err)
		}
		logged = true
		select {
		case <-time.After(historyRetryDelay):
		case <-ctx.Done():
		}
	}
}

func (h *History) write(ctx context.Context, next queuedVersion) error {
	stored, objectVersion, err := h.read(ctx)
	if party.IsBroken(err) {
		h.logger.Warn("rules history cannot be read, starting a new one: %v", err)
	} else if err != nil {
		return err
	}
	if n := len(stored.Versions); n > 0 {
		if stored.Versions[n-1].Hash == next.Hash {
			return nil
		}
		next.setChanges(stored.Config)
	}
	if stored.Config, err = json.Marshal(next.set.Config()); err != nil {
		return fmt.Errorf("write the rules: %w", err)
	}
	if len(stored.Config) > maxHistoryConfig {
		stored.Config = nil
	}
	stored.Versions = appendBounded(stored.Versions, next.Version, maxHistoryVersions)
	_, err = party.WriteObject(ctx, h.storage, historyCollection, historyKey, stored, objectVersion)
	return err
}

// setChanges sets the changes against the configuration before.
func (v *queuedVersion) setChanges(before []byte) {
	old, err := rules.LoadRecorded(before, "before")
	if len(before) == 0 || err != nil {
		v.Changes = []string{"cannot be compared with the version before"}
		return
	}
	v.Changes = append(v.Changes, rules.Diff(old, v.set)...)
	if v.More = max(0, len(v.Changes)-maxHistoryChanges); v.More > 0 {
		v.Changes = v.Changes[:maxHistoryChanges]
	}
	for i, c := range v.Changes {
		if text := []rune(c); len(text) > maxHistoryChangeLen {
			v.Changes[i] = string(text[:maxHistoryChangeLen]) + "..."
		}
	}
}

func (h *History) read(ctx context.Context) (stored storedHistory, objectVersion string, err error) {
	objectVersion, err = party.ReadObject(ctx, h.storage, historyCollection, historyKey, &stored)
	if err != nil {
		return storedHistory{}, objectVersion, fmt.Errorf("read the history: %w", err)
	}
	return stored, objectVersion, nil
}

// List returns the versions, the newest first, or an empty list beside the error.
func (h *History) List(ctx context.Context) ([]Version, error) {
	stored, _, err := h.read(ctx)
	return newestFirst(stored.Versions), err
}
