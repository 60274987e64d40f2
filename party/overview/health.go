package overview

import "fmt"

// Health reports whether this node's module is well, for a probe, and why not. OK is false only for problems that a
// person has to look at. Refusals and lost races are normal.
type Health struct {
	OK       bool     `json:"ok"`
	Problems []string `json:"problems"` // why it is not OK, for people
	Rules    InForce  `json:"rules"`
	Vitals
}

// InForce is a summary of the rules file.
type InForce struct {
	Source   string `json:"source"`
	Version  uint64 `json:"version"`
	LoadedAt int64  `json:"loaded_at"`
	Broken   bool   `json:"broken"`   // the newest file is not the one in force
	Problems int    `json:"problems"` // of the newest file, warnings included
}

// Vitals is what the process knows about itself since it started.
type Vitals struct {
	Tasks      []Task        `json:"tasks"` // in the order they first ran
	Storage    StorageVitals `json:"storage"`
	Failures   Failures      `json:"failures"`
	Tickets    int           `json:"tickets"`     // waiting for a match
	Matches    uint64        `json:"matches"`     // made so far
	SeatTimers int           `json:"seat_timers"` // for kept seats, and for sessions expected to resume
}

// Task is one kind of background work.
type Task struct {
	Name        string `json:"name"`
	Runs        uint64 `json:"runs"`
	Failures    uint64 `json:"failures"`
	Failing     bool   `json:"failing"` // the last run failed
	LastRun     int64  `json:"last_run"`
	LastError   string `json:"last_error"`
	LastErrorAt int64  `json:"last_error_at"` // 0 if none ever failed
}

// StorageVitals counts the module's calls of the host's storage.
type StorageVitals struct {
	Reads     uint64 `json:"reads"`
	Writes    uint64 `json:"writes"`
	Conflicts uint64 `json:"conflicts"` // writes that lost a race; they are tried again
	Errors    uint64 `json:"errors"`
}

// Failures counts results of "internal": errors of the host and panics. The log explains each of them.
type Failures struct {
	Calls      uint64 `json:"calls"`
	Hooks      uint64 `json:"hooks"`
	Pages      uint64 `json:"pages"`
	Background uint64 `json:"background"` // panics of background work
}

func (o *Overview) Health() Health {
	report := o.Live.Report()
	h := Health{
		Problems: []string{}, Vitals: o.Vitals(),
		Rules: InForce{
			Source: report.Source, Version: report.Version, LoadedAt: report.LoadedAt.Unix(),
			Broken: report.Err != nil, Problems: len(report.Problems),
		},
	}
	if h.Rules.Broken {
		h.Problems = append(h.Problems, "the newest rules file is not in force: see party_admin_rules")
	}
	for _, t := range h.Tasks {
		if t.Failing {
			h.Problems = append(h.Problems, fmt.Sprintf("%s fails: %s", t.Name, t.LastError))
		}
	}
	h.OK = len(h.Problems) == 0
	return h
}
