package judge_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/judge"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// world is a judge and its checks over a fake host.
type world struct {
	t         testing.TB
	host      *partytest.Host
	clock     *partytest.Time
	log       *partytest.Log
	set       *rules.Set
	load      *loader
	roster    *roster.Roster
	news      *party.News
	admission partytest.Hooks
	limits    *party.Limits
	judge     *judge.Judge
	checks    judge.Checks
	deps      judge.Deps
}

func newWorld(t testing.TB, file string) *world {
	t.Helper()
	w := &world{t: t, host: partytest.NewHost(), clock: partytest.NewTime(), log: &partytest.Log{}, load: &loader{}}
	w.useRules(file)
	policy := func() rules.Config { return w.set.Config() }
	w.news = &party.News{}
	w.roster = roster.New(w.host, w.host, w.clock.Now)
	w.limits = party.NewLimits(policy, w.clock.Now)
	w.admission = partytest.NewHooks(ledger.Deps{
		Roster: w.roster, Streams: w.host, Storage: w.host, News: w.news, Policy: policy, Logger: w.log, Now: w.clock.Now,
	}, admission.Deps{
		Sender:   w.host,
		Requests: w.limits.JoinRequest.Take,
	}, nil)
	w.deps = judge.Deps{Rules: func() *rules.Set { return w.set }, Load: w.load, Logger: w.log, Now: w.clock.Now}
	w.startJudge(policy)
	return w
}

// startJudge makes the judge from deps.
func (w *world) startJudge(policy party.Policy) {
	w.judge = judge.New(w.deps)
	w.checks = judge.Checks{Judge: w.judge, Entrance: w.admission, Policy: policy}
}

// useRules puts a rules file into force.
func (w *world) useRules(file string) {
	w.t.Helper()
	set, err := rules.Load([]byte("version: 1\n"+file), "rules.yml")
	if err != nil {
		w.t.Fatal(err)
	}
	w.set = set
}

// newParty makes a party with the first player as leader and the others as members.
func (w *world) newParty(open bool, maxSize int, players ...party.Session) party.ID {
	w.t.Helper()
	ctx := w.t.Context()
	made := w.host.PartyCreate(players[0], open, maxSize)
	if err := w.admission.EndCreate(ctx, players[0], made); err != nil {
		w.t.Fatal(err)
	}
	id, err := party.ParseID(made.PartyId)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range players[1:] {
		if err := w.admission.Admit(ctx, id, s, party.Grant{}, nil); err != nil {
			w.t.Fatal(err)
		}
	}
	return id
}

func (w *world) view(id party.ID) party.View {
	w.t.Helper()
	v, err := w.roster.View(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// denied checks that the rule refused.
func (w *world) denied(err error, rule string) {
	w.t.Helper()
	if party.ReasonOf(err) != party.RuleDenied || party.AsError(err).Rule != rule {
		w.t.Errorf("refusal = %v; want rule %s", err, rule)
	}
}

func (w *world) refused(err error, want party.Reason) {
	w.t.Helper()
	if party.ReasonOf(err) != want {
		w.t.Errorf("refusal = %v; want %s", err, want)
	}
}

func caller(s party.Session) party.Caller {
	return party.Caller{UserID: s.UserID, Username: s.Username, SessionID: s.SessionID}
}

// callContext returns the context of a call by the session.
func (w *world) callContext(s party.Session, lang string, vars map[string]string) context.Context {
	ctx := w.t.Context()
	for key, value := range map[any]any{
		runtime.RUNTIME_CTX_USER_ID: s.UserID, runtime.RUNTIME_CTX_LANG: lang, runtime.RUNTIME_CTX_VARS: vars,
	} {
		ctx = context.WithValue(ctx, key, value)
	}
	return ctx
}

// loader returns what a test sets, and records the calls.
type loader struct {
	account rules.Account
	groups  []rules.GroupFacts
	friends []string
	blocked bool
	blocker string // a user who blocks everybody
	err     error
	asked   []string
}

var _ rules.Loader = (*loader)(nil)

func (l *loader) Accounts(_ context.Context, ids []string) (map[string]rules.Account, error) {
	l.asked = append(l.asked, "account")
	accounts := map[string]rules.Account{}
	for _, id := range ids {
		accounts[id] = l.account
	}
	return accounts, l.err
}

func (l *loader) Groups(context.Context, string) ([]rules.GroupFacts, error) {
	l.asked = append(l.asked, "groups")
	return l.groups, l.err
}

func (l *loader) Friends(context.Context, string, []string) ([]string, error) {
	l.asked = append(l.asked, "friends")
	return l.friends, l.err
}

func (l *loader) Blocked(_ context.Context, _ string, others []string) (bool, error) {
	l.asked = append(l.asked, "blocked")
	return slices.Contains(others, l.blocker) || l.blocked, l.err
}

var errDown = errors.New("the database is down")

// host is the fake host that facts are read from.
type host struct {
	*partytest.Host
	pages [][]*api.UserGroupList_UserGroup
	err   error
}

func (h host) UserGroupsList(_ context.Context, _ string, _ int, _ *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error) {
	if h.err != nil {
		return nil, "", h.err
	}
	if cursor == "" && len(h.pages) > 1 {
		return h.pages[0], "more", nil
	}
	return h.pages[len(h.pages)-1], "", nil
}

func (w *world) look(id party.ID) reserve.Look {
	w.t.Helper()
	look, err := w.admission.Look(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return look
}
