package admission_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// kernel is the admission and its parts over a fake host.
type kernel struct {
	t          testing.TB
	host       *partytest.Host
	clock      *partytest.Time
	log        *partytest.Log
	conf       rules.Config
	stored     []reserve.Hold // the holds in storage
	holdReads  int
	lock       error
	ask        error
	friends    []string // of every user
	friendsErr error
	roster     *roster.Roster
	news       *party.News
	admission  partytest.Hooks
}

func newKernel(t testing.TB) *kernel {
	k := &kernel{t: t, host: partytest.NewHost(), clock: partytest.NewTime(), log: &partytest.Log{}, conf: withKickBan(rules.Default())}
	k.restart()
	return k
}

// restart starts another process, or another node, on the same host.
func (k *kernel) restart() {
	k.roster = roster.New(k.host, k.host, k.clock.Now)
	k.news = &party.News{}
	k.admission = k.hooksOver(k.host)
}

// hooksOver makes an admission with other streams.
func (k *kernel) hooksOver(streams party.Streams) partytest.Hooks {
	return partytest.NewHooks(ledger.Deps{
		Roster: k.roster, Streams: streams, Storage: k.host, News: k.news, Logger: k.log, Now: k.clock.Now,
		Policy: func() rules.Config { return k.conf },
		Holds: func(context.Context, party.ID) ([]reserve.Hold, error) {
			k.holdReads++
			return slices.Clone(k.stored), nil
		},
	}, admission.Deps{
		Sender: k.host, SingleParty: k.host.SingleParty,
		Locked:   func(context.Context, party.View) error { return k.lock },
		Requests: func(string) error { return k.ask },
		Friends: func(context.Context, string, []string) ([]string, error) {
			return k.friends, k.friendsErr
		},
	}, nil)
}

func (k *kernel) tick() { k.clock.Advance(time.Second) }

// create runs a PartyCreate with its hooks.
func (k *kernel) create(s party.Session, open bool, maxSize int) party.ID {
	k.t.Helper()
	p := k.host.PartyCreate(s, open, maxSize)
	if err := k.admission.EndCreate(k.t.Context(), s, p); err != nil {
		k.t.Fatal(err)
	}
	id, err := party.ParseID(p.PartyId)
	if err != nil {
		k.t.Fatal(err)
	}
	k.tick()
	return id
}

// join runs a PartyJoin with its hooks.
func (k *kernel) join(s party.Session, id party.ID) error {
	ctx := k.t.Context()
	if err := k.admission.BeginJoin(ctx, id, s); err != nil {
		return err
	}
	if err := k.host.PartyJoin(s, id); err != nil {
		return err
	}
	k.admission.EndJoin(ctx, id, s)
	return nil
}

// leave runs a PartyLeave with its hook.
func (k *kernel) leave(s party.Session, id party.ID) {
	k.host.PartyLeave(s, id)
	k.admission.Left(k.t.Context(), id, s)
}

// kick runs a PartyRemove with its hook.
func (k *kernel) kick(s party.Session, id party.ID) {
	k.t.Helper()
	k.host.PartyLeave(s, id)
	if err := k.admission.Kicked(k.t.Context(), id, s); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kernel) admit(s party.Session, id party.ID) error {
	return k.admission.Admit(k.t.Context(), id, s, party.Grant{}, nil)
}

func (k *kernel) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
	k.tick()
}

func (k *kernel) refused(err error, want party.Reason) {
	k.t.Helper()
	if party.ReasonOf(err) != want {
		k.t.Errorf("refusal = %v; want %s", err, want)
	}
}

func (k *kernel) view(id party.ID) party.View {
	k.t.Helper()
	v, err := k.roster.View(k.t.Context(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	return v
}

// wantHostAgrees compares the view with the host's own members and leader.
func (k *kernel) wantHostAgrees(id party.ID) {
	k.t.Helper()
	v := k.view(id)
	var got []party.Session
	for _, m := range v.Members {
		got = append(got, m.Session)
	}
	if want := k.host.Members(id); !slices.Equal(got, want) {
		k.t.Errorf("members = %v; the engine has %v", got, want)
	}
	if got, want := v.Leader().Session, k.host.Leader(id); got != want {
		k.t.Errorf("leader = %v; the engine has %v", got, want)
	}
	if ghosts := k.host.Ghosts(id); len(ghosts) > 0 {
		k.t.Errorf("ghosts = %v; want none", ghosts)
	}
}

// withKickBan returns the configuration of a rules file that sets kick_ban.
func withKickBan(conf rules.Config) rules.Config {
	conf.Parties.KickBanJoins = true
	return conf
}
