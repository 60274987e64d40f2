package wiring

import (
	"path/filepath"

	"partyline/party/judge"
	"partyline/party/rules"
	"partyline/rpc/landing"
)

// Metrics of the rules file: how often it was read ("ok" or "broken"), the version in force, and a refused newer one.
const (
	MetricRulesLoads   = "partyline_rules_loads"
	MetricRulesVersion = "partyline_rules_version"
	MetricRulesBroken  = "partyline_rules_broken"
)

// prepareShadow loads the shadow rules. If they have errors, the previous ones stay, or none at the start.
func (m *Module) prepareShadow(path string) {
	if path == "" {
		return
	}
	m.nextRules = rules.NewLive(rules.LiveOptions{Path: path, Trial: true, Now: m.now, CheckFiles: filesOf(path), OnLoad: func(loaded rules.Loaded) {
		if loaded.Err != nil {
			m.logger.Warn("next rules not loaded, the previous ones stay:\n%v", loaded.Err)
			return
		}
		m.logger.Info("next rules loaded version=%d", loaded.Version)
		m.shadowReset(loaded)
	}})
	before := m.nextRules.Current() // the defaults; they are not asked as a shadow
	m.shadow = judge.NewShadow(func() *rules.Set {
		if set := m.nextRules.Current(); set != before {
			return set
		}
		return nil
	}, m.nk, m.logger)
	_ = m.nextRules.Reload() // OnLoad logs the error; the overview shows it too
}

// filesOf checks the files that the rules at a path name.
func filesOf(path string) func(*rules.Set) rules.Problems {
	return func(set *rules.Set) rules.Problems { return landing.CheckFont(set, filepath.Dir(path)) }
}

// shadowReset sets the shadow's counts to zero if one of the two rules files has changed.
func (m *Module) shadowReset(loaded rules.Loaded) {
	if m.shadow != nil && loaded.New != loaded.Old {
		m.shadow.Reset()
	}
}

// rulesLoaded writes the result of reading the rules file to the operator's log and metrics. At the start, New
// returns the error of a broken file and the host reports it.
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
			m.status.RulesLoaded()
			m.share.RefreshAll()
		}
		m.shadowReset(loaded)
	}
	m.nk.MetricsCounterAdd(MetricRulesLoads, map[string]string{"outcome": outcome}, 1)
	m.nk.MetricsGaugeSet(MetricRulesVersion, nil, float64(loaded.Version))
	m.nk.MetricsGaugeSet(MetricRulesBroken, nil, broken)
}
