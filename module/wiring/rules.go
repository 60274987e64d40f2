package wiring

import (
	"context"
	"path/filepath"

	"partyline/party/judge"
	"partyline/party/rules"
	"partyline/rpc/landing"
)

// Names of the metrics of the rules file: how often it was read, with the tag outcome
// ("ok" or "broken"), which version of it is in force, and whether the file as it is now is
// refused (1) or not (0).
const (
	MetricRulesLoads   = "partyline_rules_loads"
	MetricRulesVersion = "partyline_rules_version"
	MetricRulesBroken  = "partyline_rules_broken"
)

// prepareShadow loads the rules that come next. Whatever is wrong with them is said and
// changes nothing: those of before stay, none at the start.
func (m *Module) prepareShadow(ctx context.Context, path string) {
	if path == "" {
		return
	}
	m.next = rules.NewLive(rules.LiveOptions{Path: path, Trial: true, Now: m.now, Files: filesOf(path), OnLoad: func(loaded rules.Loaded) {
		if loaded.Err != nil {
			m.logger.Warn("next rules not loaded, the previous ones stay:\n%v", loaded.Err)
			return
		}
		m.logger.Info("next rules loaded version=%d", loaded.Version)
		m.shadowReset(loaded)
	}})
	before := m.next.Current() // the defaults, which nobody wants to try
	m.shadow = judge.NewShadow(func() *rules.Set {
		if set := m.next.Current(); set != before {
			return set
		}
		return nil
	}, m.nk, m.logger)
	_ = m.next.Reload(ctx) // said above, and in the overview
}

// filesOf looks at the files that the rules at a path name.
func filesOf(path string) func(*rules.Set) rules.Problems {
	return func(set *rules.Set) rules.Problems { return landing.CheckFont(set, filepath.Dir(path)) }
}

// shadowReset begins to count at zero where one of the two files has changed.
func (m *Module) shadowReset(loaded rules.Loaded) {
	if m.shadow != nil && loaded.New != loaded.Old {
		m.shadow.Reset()
	}
}

// rulesLoaded writes what became of the rules file to the operator's log and metrics. At
// boot a broken file is the host's to report.
func (m *Module) rulesLoaded(loaded rules.Loaded) {
	if loaded.Err != nil && !m.ready {
		return
	}
	outcome, broken := "ok", 0.0
	if loaded.Err != nil {
		outcome, broken = "broken", 1
		m.logger.Error("rules not loaded, the previous ones stay active:\n%v", loaded.Err)
	} else {
		m.logger.Info("rules loaded")
		m.history.Loaded(loaded)
		if warnings := loaded.Problems; len(warnings) > 0 {
			m.logger.Warn("rules loaded with %s:\n%v", warnings.Count(), warnings)
		}
		if m.ready {
			m.admission.Recorder.RulesLoaded()
			m.status.RulesLoaded(loaded.Old.Config().Status)
			m.share.RulesLoaded()
		}
		m.shadowReset(loaded)
	}
	m.nk.MetricsCounterAdd(MetricRulesLoads, map[string]string{"outcome": outcome}, 1)
	m.nk.MetricsGaugeSet(MetricRulesVersion, nil, float64(loaded.Version))
	m.nk.MetricsGaugeSet(MetricRulesBroken, nil, broken)
}
