package status

import (
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"partyline/party"
	"partyline/party/rules"
)

// entry is the last status of a member or of a user on the way. The zero entry means that there is none.
type entry struct {
	Stage    string   `json:"s"`
	Progress *float64 `json:"p,omitempty"` // 0..1; nil if none was reported
	Text     string   `json:"t,omitempty"`
	Seq      int64    `json:"q,omitempty"` // the highest so far; 0 if none
	Updated  int64    `json:"u"`           // Unix nanoseconds
	Moved    int64    `json:"m"`           // Unix nanoseconds of the last progress
}

func (e entry) encode() string {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // only for NaN and infinity, which no entry contains
	}
	return string(b)
}

// decode reads what encode wrote. It returns false for any other text.
func decode(text string) (entry, bool) {
	var e entry
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return entry{}, false
	}
	if e.Stage == "" || e.Seq < 0 || e.Updated < 0 || e.Moved < 0 || !utf8.ValidString(e.Text) || !inRange(e.Progress) {
		return entry{}, false
	}
	return e, true
}

func inRange(progress *float64) bool { return progress == nil || *progress >= 0 && *progress <= 1 }

// after returns the entry after the report. ok is false if the report is older than the entry. Then nothing changes.
func (e entry) after(r Report, now time.Time) (next entry, ok bool) {
	next = entry{Stage: r.Stage, Progress: r.Progress, Text: r.Text, Seq: e.Seq, Updated: now.UnixNano(), Moved: e.Moved}
	if r.Seq != nil {
		if *r.Seq < e.Seq {
			return e, false
		}
		next.Seq = *r.Seq
	}
	// Without a progress value, each report counts as progress.
	if r.Stage != e.Stage || r.Progress == nil || e.Progress == nil || *r.Progress != *e.Progress {
		next.Moved = now.UnixNano()
	}
	return next, true
}

// stallsAt returns when the entry will count as stalled, or the zero time if never.
func (e entry) stallsAt(conf rules.Status) time.Time {
	if conf.Stall <= 0 || e.Stage == "" || e.Stage == conf.Ready || slices.Contains(conf.Final, e.Stage) {
		return time.Time{}
	}
	return time.Unix(0, e.Moved).Add(conf.Stall)
}

func (e entry) stalled(conf rules.Status, now time.Time) bool {
	at := e.stallsAt(conf)
	return !at.IsZero() && !now.Before(at)
}

// since reports whether the entry was reported after a time.
func (e entry) since(at time.Time) bool { return e.Updated > party.Nanos(at) }

func (e entry) updatedAt() int64 { return e.Updated / int64(time.Second) }

// shown is the part of an entry that players see. Two entries that are shown alike are no news.
type shown struct {
	stage, text string
	progress    float64 // -1 if none
	stalled     bool
}

func (e entry) shown(conf rules.Status, now time.Time) shown {
	v := shown{stage: e.Stage, text: e.Text, progress: -1, stalled: e.stalled(conf, now)}
	if e.Progress != nil {
		v.progress = *e.Progress
	}
	return v
}
