// Package status is what the players of a party tell each other while they load: each player's stage, the progress in
// it, and a short text. Invited users on the way report it with the code of their invite, before the game runs. The
// party is told of changes as party data with op code [party.OpStatus], at most at the rules' rate and always with
// the latest value.
//
// A member's status is the text of a hidden presence ([party.MemberStatusMode]). Users on the way have no session, so
// their status is in this process's memory and expires. They repeat it every few seconds. What a party was told is also
// in memory only. A party in which nothing can change by time has no timer.
package status

import (
	"context"
	"sync"
	"time"

	"partyline/internal/alarm"
	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/invite"
	"partyline/party/roster"
)

// Deps is what a Service needs. All fields are required.
type Deps struct {
	Streams   party.Streams
	Sender    party.Sender
	Roster    *roster.Roster
	Admission *admission.Admission
	News      *party.News
	Policy    party.Policy
	Logger    party.Logger
	Now       party.Clock

	// Lead returns where an invite leads a user on the way; see [invite.Service.Lead].
	Lead func(ctx context.Context, c party.Caller, code string) (invite.Lead, error)
	// OnProgress is told of each progress, in the goroutine of the caller who reported it.
	OnProgress func(id party.ID, userID string)
}

// Service keeps the statuses of all parties. Safe for concurrent use. Lock order: a party's board, then the roster's
// locks. It calls admission only without holding a board.
type Service struct {
	Deps
	boards       *keyed.Map[party.ID, board]
	destinations *cache.Cache[incomingKey, party.ID] // the parties that users are on the way to
	alarms       *alarm.Alarms[party.ID]

	mu           sync.Mutex        // no other lock is taken while it is held
	withIncoming map[party.ID]bool // parties with users on the way
}

// incomingKey identifies a user on the way by an invite. An invite that follows its inviter may lead to several
// parties in turn.
type incomingKey struct{ user, inviteID string }

// How many of them are kept, and for how long: the longest that the rules may keep an arrival.
const (
	maxDestinations = 50_000
	destinationTTL  = 24 * time.Hour
)

// New makes a service that listens to changes of parties. Close it when the process ends.
func New(d Deps) *Service {
	s := &Service{Deps: d, destinations: cache.New[incomingKey, party.ID](d.Now, maxDestinations, destinationTTL), withIncoming: map[party.ID]bool{}}
	s.boards = keyed.New(newBoard, func(b *board) bool { return len(b.told) > 0 || !b.due(d.Now()).IsZero() })
	s.alarms = alarm.New(d.Now, d.Logger, "party status not told party=", s.onAlarm)
	d.News.Subscribe(s.changed)
	return s
}

// Close ends all timers. Messages that are still pending are not sent any more.
func (s *Service) Close() { s.alarms.Close() }

// sessionEntry is the status of one session, as its presence has it.
type sessionEntry struct {
	entry
	session party.Session
}

// entries returns the statuses of the party's sessions, by session ID. Some of them may not be members any more.
func (s *Service) entries(id party.ID) (map[string]sessionEntry, error) {
	presences, err := s.Streams.StreamUserList(party.MemberStatusMode, id.UUID.String(), "", id.Node, true, true)
	if err != nil {
		return nil, err
	}
	entries := make(map[string]sessionEntry, len(presences))
	for _, p := range presences {
		if e, ok := decode(p.GetStatus()); ok {
			entries[p.GetSessionId()] = sessionEntry{e, party.SessionOf(p)}
		}
	}
	return entries, nil
}

func (s *Service) entry(id party.ID, session party.Session) (entry, error) {
	meta, err := s.Streams.StreamUserGet(party.MemberStatusMode, id.UUID.String(), "", id.Node, session.UserID, session.SessionID)
	if err != nil || meta == nil {
		return entry{}, err
	}
	e, _ := decode(meta.GetStatus())
	return e, nil
}

func (s *Service) write(id party.ID, session party.Session, e entry) error {
	return s.Streams.StreamUserUpdate(party.MemberStatusMode, id.UUID.String(), "", id.Node, session.UserID, session.SessionID, true, false, e.encode())
}

// erase removes the session's status. It fails only if the session is ending, and then the status ends with it.
func (s *Service) erase(id party.ID, session party.Session) {
	_ = s.Streams.StreamUserLeave(party.MemberStatusMode, id.UUID.String(), "", id.Node, session.UserID, session.SessionID)
}
