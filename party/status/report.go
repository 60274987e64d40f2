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
	maxIncoming = 64 // users on their way to one party
)

// Report is what a player tells, the request of party_status_set. It replaces what the
// player told before as a whole.
type Report struct {
	PartyID  string   `json:"party_id,omitempty"` // of a member's party, or
	Code     string   `json:"code,omitempty"`     // the invite of a user who is not in yet
	Stage    string   `json:"stage"`              // one of the rules' stages
	Progress *float64 `json:"progress,omitempty"` // within the stage, 0 to 1; what rounding puts a little outside counts as that
	Text     string   `json:"text,omitempty"`     // at most 80 characters
	Seq      *int64   `json:"seq,omitempty"`      // rising; a report with a lower one than the last is ignored
}

// check refuses what no party and no code can make right. Refusals name the field.
func (r Report) check(conf rules.Status) error {
	switch {
	case (r.PartyID == "") == (r.Code == ""):
		return party.Invalid("party_id", "give either party_id or code.")
	case r.Stage == "":
		return party.Invalid("stage", "must be one of %s.", strings.Join(conf.Stages, ", "))
	case !slices.Contains(conf.Stages, r.Stage):
		return party.Invalid("stage", "%q is not one of %s.", party.Clip(r.Stage), strings.Join(conf.Stages, ", "))
	case !inRange(r.Progress):
		return party.Invalid("progress", "must be from 0 to 1.")
	case !utf8.ValidString(r.Text):
		return party.Invalid("text", "must be UTF-8.")
	case utf8.RuneCountInString(r.Text) > maxText:
		return party.Invalid("text", "must be at most %d characters.", maxText)
	case r.Seq != nil && *r.Seq < 0:
		return party.Invalid("seq", "must be 0 or more.")
	}
	return nil
}

// rounded takes a progress that sums of floats have put a little outside of 0 to 1 back
// into it. Anything further out is a mistake that the client should hear of.
func rounded(progress *float64) *float64 {
	const slack = 0.05
	if progress == nil || *progress < -slack || *progress > 1+slack || inRange(progress) {
		return progress
	}
	within := min(max(*progress, 0), 1)
	return &within
}

// Set takes a report. Over a socket it is about the session that sends it, if that is a
// member, and otherwise about the user's session that is. By code it is about a user on
// the way, who stays listed for the rules' status.incoming after the last report.
//
// Refusals: InvalidRequest naming the field, PartyNotFound, NotMember; by code those of
// [invite.Service.Lead], and PartyFull where very many are on their way.
func (s *Service) Set(ctx context.Context, c party.Caller, r Report) error {
	conf := s.Policy().Status
	r.Progress = rounded(r.Progress)
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
		s.Moved(id, c.UserID)
	}
	return err
}

// setMember writes a member's status. A session that leaves while this runs has left the
// party's stream before its status is erased, and erasing waits for the board.
func (s *Service) setMember(id party.ID, c party.Caller, r Report, conf rules.Status) (moved bool, err error) {
	b, exit := s.enter(id)
	defer exit()
	session, err := s.memberSession(id, c)
	if err != nil {
		return false, err
	}
	before, err := s.entry(id, session)
	if err != nil {
		return false, err
	}
	now := s.Now()
	next, ok := before.after(r, now)
	if !ok {
		return false, nil
	}
	if err := s.write(b, session, next); err != nil {
		if _, gone := s.memberSession(id, c); gone != nil { // it went away meanwhile
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
		return party.Session{}, party.Gone()
	}
	members = slices.DeleteFunc(members, func(m party.Member) bool { return m.UserID != c.UserID })
	if len(members) == 0 {
		return party.Session{}, party.NotAMember()
	}
	// Of several the same each time, so that their seq and their news stay in one place.
	return slices.MinFunc(members, func(a, b party.Member) int { return cmp.Compare(a.SessionID, b.SessionID) }).Session, nil
}
