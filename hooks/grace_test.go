package hooks_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/hooks"
	"partyline/party"
)

// seats stands for reconnection: it keeps what it was told.
type seats struct {
	told   []string
	broken error
}

func (s *seats) note(format string, args ...any) error {
	s.told = append(s.told, fmt.Sprintf(format, args...))
	return s.broken
}

func (s *seats) Started(_ context.Context, session party.Session) error {
	return s.note("started %s", session.SessionID)
}

func (s *seats) Ended(_ context.Context, session party.Session) error {
	return s.note("ended %s", session.SessionID)
}

func (s *seats) Left(_ context.Context, id party.ID, session party.Session) {
	_ = s.note("left %s %s", id, session.SessionID)
}

func (s *seats) Removing(_ context.Context, id party.ID, by, target party.Session, cid string) error {
	return s.note("removing %s by %s target %s cid %s", id, by.SessionID, target.SessionID, cid)
}

func TestGrace_Hooks(t *testing.T) {
	s := &seats{}
	h := serve(t, hooks.Grace(s, s))
	in := message(hooks.PartyRemove, partyID)
	in.Cid = "9"
	if out, err := h.before("leader", hooks.PartyRemove, in); out != in || err != nil {
		t.Errorf("before PartyRemove = %v, %v; want it passed on", out, err)
	}
	if err := h.after("member", hooks.PartyLeave, nil, message(hooks.PartyLeave, partyID)); err != nil {
		t.Errorf("after PartyLeave = %v", err)
	}
	h.starts[0](contextOf("member"), &h.log, &api.Event{Name: "session_start"})
	h.ends[0](contextOf("member"), &h.log, &api.Event{Name: "session_end"})
	want := []string{
		"removing " + partyID + " by session-of-leader target session-of-other cid 9",
		"left " + partyID + " session-of-member",
		"started session-of-member",
		"ended session-of-member",
	}
	if !slices.Equal(s.told, want) {
		t.Errorf("told %q; want %q", s.told, want)
	}
	if len(h.befores) != 1 || len(h.afters) != 1 {
		t.Errorf("%d before and %d after hooks; want one each", len(h.befores), len(h.afters))
	}
}

func TestGrace_HooksOfMalformedIDs(t *testing.T) {
	s := &seats{}
	h := serve(t, hooks.Grace(s, s))
	if _, err := h.before("leader", hooks.PartyRemove, message(hooks.PartyRemove, "nonsense")); party.ReasonOf(err) != party.PartyNotFound {
		t.Errorf("before PartyRemove = %v; want party_not_found", err)
	}
	if err := h.after("member", hooks.PartyLeave, nil, message(hooks.PartyLeave, "nonsense")); err != nil {
		t.Errorf("after PartyLeave = %v", err)
	}
	if len(s.told) != 0 {
		t.Errorf("told %q; want nothing", s.told)
	}
}

func TestGrace_HookFailures(t *testing.T) {
	s := &seats{broken: errors.New("storage is down")}
	h := serve(t, hooks.Grace(s, s))
	h.ends[0](contextOf("member"), &h.log, &api.Event{Name: "session_end"})
	if !contains(h.log.lines, "storage is down") {
		t.Errorf("log = %q; want the cause", h.log.lines)
	}
	if _, err := h.before("leader", hooks.PartyRemove, &rtapi.Envelope{Message: &rtapi.Envelope_PartyRemove{PartyRemove: &rtapi.PartyRemove{PartyId: partyID}}}); party.ReasonOf(err) != party.Internal {
		t.Errorf("before PartyRemove = %v; want internal", err)
	}
}
