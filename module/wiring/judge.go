package wiring

import (
	"context"
	"fmt"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/judge"
	"partyline/party/overview"
	"partyline/party/rules"
	"partyline/rpc"
	"partyline/rpc/console"
)

// Names of the metrics of the rules file: how often it was read, with the tag outcome
// ("ok" or "broken"), and which version of it is in force.
const (
	MetricRulesLoads   = "partyline_rules_loads"
	MetricRulesVersion = "partyline_rules_version"
)

// newJudge makes the judge over the rules in force. It is made before most of what it asks.
func (m *Module) newJudge(activity party.Activity) *judge.Judge {
	return judge.New(judge.Deps{
		Rules: m.rules.Current, Load: judge.Load(m.nk, m.blocks, m.now), Logger: m.logger, Now: m.now,
		Activity: activity, Shadow: m.shadow, Record: m.record,
		Statuses: func(ctx context.Context, id party.ID) (map[string]party.MemberStatus, error) {
			return m.telling.status.Statuses(ctx, id)
		},
		Footprints: func(ctx context.Context, id party.ID) (party.Footprint, error) {
			return m.telling.status.Footprint(ctx, id)
		},
		Attributes: func(ctx context.Context, v party.View) (map[string]any, map[string]map[string]any, error) {
			return m.shared.Facts(ctx, v)
		},
	})
}

// prepareShadow loads the rules that come next. Whatever is wrong with them is said and
// changes nothing: those of before stay, none at the start.
func (m *Module) prepareShadow(ctx context.Context, path string) {
	if path == "" {
		return
	}
	m.next = rules.NewLive(rules.LiveOptions{Path: path, Now: m.now, OnLoad: func(loaded rules.Loaded) {
		if loaded.Err != nil {
			m.logger.Warn("next rules not loaded, the previous ones stay:\n%v", loaded.Err)
			return
		}
		m.logger.Info("next rules loaded version=%d", loaded.Version)
		m.shadowReset(loaded)
	}})
	m.shadow = judge.NewShadow(m.next.Current, m.nk, m.logger)
	_ = m.next.Reload(ctx) // said above, and in the overview
}

// shadowReset begins to count at zero where one of the two files has changed.
func (m *Module) shadowReset(loaded rules.Loaded) {
	if m.shadow != nil && loaded.New != loaded.Old {
		m.shadow.Reset()
	}
}

// ruled is what enforces the rules file and shows it.
type ruled struct {
	checks   judge.Checks
	overview *overview.Overview
	calls    []rpc.Row
}

// newRuled builds it around what has been built, and before the queues.
func (m *Module) newRuled(j *judge.Judge, admission *admission.Admission, limits *party.Limits, policy party.Policy, playground string) ruled {
	r := ruled{checks: judge.NewChecks(j, admission, policy)}
	inquiries := judge.Inquiries{Checks: r.checks.Dry(j), Rates: limits, Invite: m.invites.MayInvite, Queue: func(ctx context.Context, caller party.Caller, v party.View, queue string) error {
		return m.queues.MayQueue(ctx, caller, v, queue)
	}}
	r.overview = overview.New(overview.Deps{
		Live: m.rules, Next: m.next, Shadow: m.shadow, Record: m.record, History: m.history, Playground: playground, Judge: j, Lister: m.nk, Seats: admission, Invites: m.invites,
		Limits: limits.Buckets, Queues: func() []party.QueueReport { return m.queues.Report() }, Matches: m.matches.Running,
		Attributes: m.shared.Lately, Faces: m.invites.Faces, Vitals: m.vitals, Now: m.now,
	})
	r.calls = append(rpc.Checks(inquiries), rpc.Admin(r.overview)...)
	return r
}

// addConsole adds the console page where there is a key for it.
func (m *Module) addConsole(env environment, r ruled, admission *admission.Admission) error {
	if env.console == "" {
		return nil
	}
	page, err := console.New(console.Options{
		Key: env.console, Source: r.overview, Invites: m.invites, Parties: admission, Logger: m.logger, ProxyCount: env.proxies, Now: m.now,
	})
	if err != nil {
		return fmt.Errorf("partyline: %w", err)
	}
	m.routes = append(m.routes, page.Routes()...)
	return nil
}

// rulesLoaded writes what became of the rules file to the operator's log and metrics. At
// boot a broken file is the host's to report.
func (m *Module) rulesLoaded(loaded rules.Loaded) {
	if loaded.Err != nil && !m.ready {
		return
	}
	outcome := "ok"
	if loaded.Err != nil {
		outcome = "broken"
		m.logger.Error("rules not loaded, the previous ones stay active:\n%v", loaded.Err)
	} else {
		m.logger.Info("rules loaded")
		m.history.Loaded(loaded)
		if warnings := loaded.New.Warnings(); len(warnings) > 0 {
			m.logger.Warn("rules loaded with %s:\n%v", warnings.Count(), warnings)
		}
		if m.ready {
			m.queuesReloaded(loaded.New)
		}
		m.shadowReset(loaded)
	}
	m.nk.MetricsCounterAdd(MetricRulesLoads, map[string]string{"outcome": outcome}, 1)
	m.nk.MetricsGaugeSet(MetricRulesVersion, nil, float64(loaded.Version))
}
