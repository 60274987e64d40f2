package status

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"partyline/party"
	"partyline/party/rules"
)

const (
	maxText     = 80 // characters of a status text
	maxIncoming = 64 // users on the way to one party
)

// Report is a player's status, and the request of party_status_set. It replaces the player's previous report as a
// whole.
type Report struct {
	PartyID  string   `json:"party_id,omitempty"` // of a member's party, or
	Code     string   `json:"code,omitempty"`     // of the invite of a user who is not in yet
	Stage    string   `json:"stage"`              // one of the rules' stages
	Progress *float64 `json:"progress,omitempty"` // within the stage, 0 to 1; a small rounding error is accepted
	Text     string   `json:"text,omitempty"`     // at most 80 characters
	Seq      *int64   `json:"seq,omitempty"`      // rising; a report with a lower number than the last is ignored
}

// check refuses a report that is wrong for any party and any code. Refusals name the field.
func (r Report) check(conf rules.Status) error {
	switch {
	case (r.PartyID == "") == (r.Code == ""):
		return party.Invalid("party_id", "give either party_id or code.")
	case !slices.Contains(conf.Stages, r.Stage):
		return party.Invalid("stage", "%q is not one of %s.", party.Clip(r.Stage), strings.Join(conf.Stages, ", "))
	case !inRange(r.Progress):
		return party.Invalid("progress", "must be from 0 to 1.")
	case !utf8.ValidString(r.Text), utf8.RuneCountInString(r.Text) > maxText:
		return party.Invalid("text", "must be UTF-8, and at most %d characters.", maxText)
	case r.Seq != nil && *r.Seq < 0:
		return party.Invalid("seq", "must be 0 or more.")
	}
	return nil
}

// clampProgress moves a progress that is slightly outside of 0 to 1, by rounding errors of floats, to the nearest
// limit. It leaves larger errors, which the client should be told of.
func clampProgress(progress *float64) *float64 {
	const slack = 0.05
	if progress == nil || *progress < -slack || *progress > 1+slack || inRange(progress) {
		return progress
	}
	within := min(max(*progress, 0), 1)
	return &within
}

// Set stores a report. Over a socket the report is about the session that sends it, if that is a member, otherwise
// about the user's session that is one. With a code it is about a user on the way, who stays listed for the rules'
// status.incoming after the last report.
//
// Refusals: InvalidRequest naming the field, PartyNotFound, NotMember. With a code also those of
// [invite.Service.Lead], and PartyFull if too many users are on the way.
func (s *Service) Set(ctx context.Context, c party.Caller, r Report) error {
	conf := s.Policy().Status
	r.Progress = clampProgress(r.Progress)
	if err := r.check(conf); err != nil {
		return err
	}
	var (
		id    party.ID
		moved bool
		err   error
	)
	if r.Code != "" {
		id, moved, err = s.setArrival(ctx, c, r, conf)
	} else if id, err = party.ParseID(r.PartyID); err == nil {
		moved, err = s.setMember(id, c, r, conf)
	}
	if err == nil && moved {
		s.OnProgress(id, c.UserID)
	}
	return err
}

// noteLosses notes members whose connections are lost, before one of the others reports that they are ready. Players
// saw the loss then, and the party's ticket has ended, but the host reports it seconds later: that must not take the
// ready member back. It waits for nobody.
func (s *Service) noteLosses(b *board) {
	members, err := s.Roster.Members(b.id)
	if err != nil {
		return
	}
	for _, lost := range s.Roster.Attendance.Gone(b.id, members) {
		if b.losses[lost.SessionID].IsZero() {
			b.lossAt = s.Now().Add(-1) // a status that is reported in this moment is newer
			b.losses[lost.SessionID] = b.lossAt
		}
	}
}

// setMember writes a member's status. A session that leaves during this call has left the party's stream before its
// status is erased, and erasing waits for the board.
func (s *Service) setMember(id party.ID, c party.Caller, r Report, conf rules.Status) (moved bool, err error) {
	b, exit := s.lockBoard(id)
	defer exit()
	session, err := s.memberSession(id, c)
	if err != nil {
		return false, err
	}
	before, err := s.entry(id, session)
	if err != nil {
		return false, err
	}
	if r.Stage == conf.Ready && len(conf.ResetOn) > 0 {
		s.noteLosses(b)
	}
	now := s.Now()
	next, ok := before.after(r, now)
	if !ok {
		return false, nil
	}
	if err := s.write(id, session, next); err != nil {
		if _, gone := s.memberSession(id, c); gone != nil { // the session ended meanwhile
			return false, gone
		}
		return false, err
	}
	b.changed(session.SessionID, before, next, conf, now)
	return next.Moved != before.Moved, nil
}

func (s *Service) memberSession(id party.ID, c party.Caller) (party.Session, error) {
	if c.SessionID != "" {
		meta, err := s.Streams.StreamUserGet(party.StreamMode, id.UUID.String(), "", id.Node, c.UserID, c.SessionID)
		if err != nil {
			return party.Session{}, err
		}
		if meta != nil && !meta.GetHidden() {
			return c.Session(), nil
		}
	}
	members, err := s.Roster.Members(id)
	if err != nil {
		return party.Session{}, err
	}
	if len(members) == 0 {
		return party.Session{}, party.RefuseGone()
	}
	members = slices.DeleteFunc(members, func(m party.Member) bool { return m.UserID != c.UserID })
	if len(members) == 0 {
		return party.Session{}, party.NotAMember()
	}
	// With several sessions, always the same one, so that their seq and their news stay together.
	return slices.MinFunc(members, func(a, b party.Member) int { return cmp.Compare(a.SessionID, b.SessionID) }).Session, nil
}
