package hooks_test

import (
	"context"
	"fmt"

	"partyline/hooks"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// kernel replaces everything that the tables call. It records calls and returns what a test sets.
type kernel struct {
	told    []string
	view    party.View
	lookErr error // error of Look
	looks   int   // calls of Look
	answer  map[string]error
	config  rules.Config
	offered bool                  // every party_create continues another party
	ruled   map[rules.Action]bool // actions that have rules
	shadow  bool                  // these rules are not in force
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

// tables are all of the package's tables over the kernel.
func (k *kernel) tables() [][]hooks.Hook {
	return [][]hooks.Hook{
		hooks.Hardening(k.Data, k, k.policy),
		hooks.Settling(k, func(party.Session) {}),
		hooks.Creation(k, k.PartyCreate, k.policy, k.Offered),
		hooks.RuleChecks(k, k, func(a rules.Action) bool { return k.ruled[a] }, func(rules.Action) bool { return !k.shadow }),
		hooks.Admission(k),
	}
}

func (k *kernel) policy() rules.Config { return k.config }

func (k *kernel) note(what string, format string, args ...any) error {
	k.told = append(k.told, what+fmt.Sprintf(format, args...))
	return k.answer[what]
}

func (k *kernel) Look(_ context.Context, id party.ID) (reserve.Look, error) {
	k.looks++
	view := k.view
	view.ID = id
	return reserve.Look{View: view}, k.lookErr
}

func (k *kernel) Offered(context.Context, party.Session) (party.Facts, bool, error) {
	return party.Facts{MaxSize: 3}, k.offered, nil
}

func (k *kernel) PartyCreate(userID string) error { return k.note("rate create", " %s", userID) }
func (k *kernel) Data(userID string) error        { return k.note("rate data", " %s", userID) }

func (k *kernel) Create(_ context.Context, c party.Caller, w party.CreateParams) (party.CreateParams, error) {
	w, err := w.Shape(k.config.Parties)
	if err != nil {
		return w, err
	}
	return w, k.note("may create", " %s %s", c.UserID, w.Label)
}

func (k *kernel) Join(_ context.Context, c party.Caller, _ reserve.Look) error {
	return k.note("may join", " %s %s", c.UserID, c.SessionID)
}

func (k *kernel) Accept(_ context.Context, by, joiner party.Session, _ reserve.Look) error {
	return k.note("may accept", " %s by %s", joiner.UserID, by.UserID)
}

func (k *kernel) MemberAction(_ context.Context, a rules.Action, c party.Caller, _ reserve.Look, r rules.RequestFacts) error {
	return k.note("may "+string(a), " %s %s", c.UserID, asked(r))
}

func (k *kernel) SoloTicket(_ context.Context, c party.Caller, queue string) error {
	return k.note("may alone", " %s %s", c.UserID, queue)
}

// asked returns what a request names, in one word.
func asked(r rules.RequestFacts) string {
	return fmt.Sprintf("%v%s%s%d%s", r.Wish != nil && r.Wish.Open, r.LabelJSON, r.Queue, r.DataSize, r.TargetID)
}

// kinds are the names of messages by their kind in package admission.
var kinds = map[admission.MessageKind]string{
	admission.Create: "create", admission.Join: "join", admission.Accept: "accept", admission.Remove: "kick", admission.Promote: "promote",
	admission.Leave: "leave", admission.Update: "update", admission.Close: "close", admission.ByLeader: "by",
}

// Before and After record a message as "<stage> <kind> <sender> [target or content]".
func (k *kernel) Before(_ context.Context, m admission.Message, _ *reserve.Look) error {
	return k.note("begin "+kinds[m.Kind], "%s", words(m))
}

func (k *kernel) After(_ context.Context, m admission.Message) error {
	return k.note("end "+kinds[m.Kind], "%s", words(m))
}

func words(m admission.Message) string {
	said := " " + m.Sender.UserID
	if m.Target.UserID != "" {
		said += " " + m.Target.UserID
	}
	switch m.Kind {
	case admission.Create:
		if !m.Party.IsZero() { // the party was created
			said += " " + m.Party.String()
		}
	case admission.Update:
		said += fmt.Sprintf(" %v %v %s", m.Facts.Open, m.Facts.Hidden, m.Facts.Label)
	}
	return said
}

func (k *kernel) Settle(s party.Session) { _ = k.note("settle", " %s", s.SessionID) }
