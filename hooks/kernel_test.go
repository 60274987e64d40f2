package hooks_test

import (
	"context"
	"fmt"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/hooks"
	"partyline/party"
	"partyline/party/rules"
)

// kernel stands for everything the sets call: it keeps what it was told and asked, and
// answers what a test sets.
type kernel struct {
	told   []string
	view   party.View
	unseen error // what View answers instead
	answer map[string]error
	config rules.Config
	ruled  map[rules.Action]bool // actions that a rule is about
}

func newKernel() *kernel {
	return &kernel{
		answer: map[string]error{}, config: rules.Default(),
		view: party.View{
			Facts:   party.Facts{MaxSize: 4, Open: true},
			Members: []party.Member{{Session: sessionOf("leader"), Leader: true}, {Session: sessionOf("member")}},
		},
	}
}

// sets are all of the package's tables over the kernel.
func (k *kernel) sets() []hooks.Set {
	return []hooks.Set{
		hooks.Hardening(k, k, k.policy),
		hooks.Settled(k),
		hooks.Creation(k, k, k, k.policy),
		hooks.Judged(k, k, func(a rules.Action) bool { return k.ruled[a] }),
		hooks.Admission(k, k, k),
		hooks.Roster(k, k),
	}
}

func (k *kernel) policy() rules.Config { return k.config }

func (k *kernel) note(what string, format string, args ...any) error {
	k.told = append(k.told, what+fmt.Sprintf(format, args...))
	return k.answer[what]
}

func (k *kernel) View(_ context.Context, id party.ID) (party.View, error) {
	view := k.view
	view.ID = id
	return view, k.unseen
}

func (k *kernel) PartyCreate(userID string) error { return k.note("rate create", " %s", userID) }
func (k *kernel) Data(userID string) error        { return k.note("rate data", " %s", userID) }

func (k *kernel) Create(_ context.Context, c party.Caller, w party.Wish) (party.Wish, error) {
	w, err := w.Shape(k.config.Parties)
	if err != nil {
		return w, err
	}
	return w, k.note("may create", " %s %s", c.UserID, w.Label)
}

func (k *kernel) Join(_ context.Context, c party.Caller, _ party.ID) (party.View, error) {
	return k.view, k.note("may join", " %s %s", c.UserID, c.SessionID)
}

func (k *kernel) Accept(_ context.Context, by, joiner party.Session, _ party.ID) error {
	return k.note("may accept", " %s by %s", joiner.UserID, by.UserID)
}

func (k *kernel) Inside(_ context.Context, a rules.Action, c party.Caller, _ party.ID, r rules.RequestFacts) error {
	return k.note("may "+string(a), " %s %s", c.UserID, asked(r))
}

func (k *kernel) Alone(_ context.Context, c party.Caller, queue string) error {
	return k.note("may alone", " %s %s", c.UserID, queue)
}

// asked is what a request names, in one word.
func asked(r rules.RequestFacts) string {
	return fmt.Sprintf("%v%s%s%d%s", r.Open, r.LabelJSON, r.Queue, r.DataSize, r.TargetID)
}

func (k *kernel) EndCreate(_ context.Context, s party.Session, created *rtapi.Party) error {
	return k.note("end create", " %s %s", s.UserID, created.GetPartyId())
}

func (k *kernel) BeginNative(_ context.Context, _ party.ID, s party.Session) error {
	return k.note("begin join", " %s", s.UserID)
}

func (k *kernel) BeginAccept(_ context.Context, _ party.ID, s, by party.Session) error {
	return k.note("begin accept", " %s by %s", s.UserID, by.UserID)
}

func (k *kernel) BeginKick(_ context.Context, _ party.ID, target, by party.Session) error {
	return k.note("begin kick", " %s by %s", target.UserID, by.UserID)
}

func (k *kernel) EndNative(_ context.Context, _ party.ID, s party.Session) {
	_ = k.note("end join", " %s", s.UserID)
}

func (k *kernel) Settle(sessionID string) { _ = k.note("settle", " %s", sessionID) }

func (k *kernel) SessionEnded(s party.Session) { _ = k.note("session ended", " %s", s.UserID) }

func (k *kernel) Kicked(_ context.Context, _ party.ID, target party.Session) error {
	return k.note("kicked", " %s", target.UserID)
}

func (k *kernel) Updated(_ context.Context, _ party.ID, open, hidden bool, label string) {
	_ = k.note("updated", " %v %v %s", open, hidden, label)
}

func (k *kernel) Left(_ context.Context, _ party.ID, s party.Session) {
	_ = k.note("left", " %s", s.UserID)
}

func (k *kernel) Closed(context.Context, party.ID) { _ = k.note("closed", "") }

func (k *kernel) Promoted(_ context.Context, _ party.ID, s party.Session) {
	_ = k.note("promoted", " %s", s.UserID)
}

func (k *kernel) LeaderSeen(_ context.Context, _ party.ID, s party.Session) {
	_ = k.note("leader", " %s", s.UserID)
}
