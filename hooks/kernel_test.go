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
		hooks.Creation(k, k, k.policy),
		hooks.Admission(k, k, k, k),
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
func (k *kernel) JoinRequest(userID string) error { return k.note("rate request", " %s", userID) }
func (k *kernel) Data(userID string) error        { return k.note("rate data", " %s", userID) }

func (k *kernel) BeginCreate(_ context.Context, s party.Session) error {
	return k.note("begin create", " %s", s.UserID)
}

func (k *kernel) EndCreate(_ context.Context, s party.Session, created *rtapi.Party) error {
	return k.note("end create", " %s %s", s.UserID, created.GetPartyId())
}

func (k *kernel) BeginNative(_ context.Context, _ party.ID, s party.Session) error {
	return k.note("begin join", " %s", s.UserID)
}

func (k *kernel) BeginRequest(_ context.Context, _ party.ID, s party.Session) error {
	return k.note("begin request", " %s", s.UserID)
}

func (k *kernel) BeginAccept(_ context.Context, _ party.ID, s, by party.Session) error {
	return k.note("begin accept", " %s by %s", s.UserID, by.UserID)
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
