// Package status is what the players of a party tell each other while they load: the stage each
// is in, how far, and in a few words what it is about. Invited users who are still on their way
// tell it by their invite's code, with no game running yet. The party hears what changed as party
// data with op code [party.OpStatus], at most at the rules' rate and always with the last value.
//
// A member's status is the text of a hidden presence ([party.MemberStatusMode]). Of users on
// their way there is no session, so they live in this process's memory and expire; they repeat
// themselves every few seconds, and to lose them is to show nothing for that long. What has not
// been told yet lives in memory too, and a party in which time changes nothing keeps no timer.
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
	"partyline/party/rules"
)

// Deps is what a Service works with. All are needed.
type Deps struct {
	Streams party.Streams
	Sender  party.Sender
	Roster  *roster.Roster
	Looker  *admission.Admission
	News    *party.News
	Policy  party.Policy
	Logger  party.Logger
	Now     party.Clock

	// Lead answers where an invite leads a user on the way; see [invite.Service.Lead].
	Lead func(ctx context.Context, c party.Caller, code string) (invite.Lead, error)
	// Moved hears of each sign of progress, in the goroutine of the caller that told.
	Moved func(id party.ID, userID string)
}

// Service is the statuses of all parties. Safe for concurrent use. Lock order: a party's board,
// then the roster's locks; never those of admission while it holds a board.
type Service struct {
	Deps
	boards *keyed.Map[party.ID, board]
	ways   *cache.Cache[way, party.ID] // the parties that users are on the way to
	alarms *alarm.Alarms[party.ID]
	// reloads has boards looked at behind a load of the rules, not in the midst of it.
	reloads *alarm.Alarms[struct{}]

	mu     sync.Mutex        // a leaf
	coming map[party.ID]bool // which parties users are on the way to
	before *rules.Status     // by which the boards were looked at last, where others are in force; nil for none
}

// way is how a user comes to a party; an invite that follows its inviter leads to one after the other.
type way struct{ user, inviteID string }

// Most of them that are known, and for how long: as long as the rules may let an arrival be.
const (
	maxWays = 50_000
	wayAge  = 24 * time.Hour
)

// New makes a service that hears the news of parties. Close it when the process ends.
func New(d Deps) *Service {
	s := &Service{Deps: d, ways: cache.New[way, party.ID](d.Now, maxWays, wayAge), coming: map[party.ID]bool{}}
	s.boards = keyed.New(newBoard, func(b *board) bool { _, waits := b.due(d.Now()); return b.told || waits })
	s.alarms = alarm.New(d.Now, d.Logger, "party status not told party=", s.fire)
	s.reloads = alarm.New(d.Now, d.Logger, "statuses not looked at under new rules", s.reloaded)
	d.News.Subscribe(s.changed)
	return s
}

// Close ends all timers. News that was held back is not told any more.
func (s *Service) Close() {
	s.reloads.Close()
	s.alarms.Close()
}

// told is the status of one session, as its presence carries it.
type told struct {
	entry
	session party.Session
}

// entries reads what sessions have told in the party, by session. Some of them may not be
// members any more.
func (s *Service) entries(id party.ID) (map[string]told, error) {
	presences, err := s.Streams.StreamUserList(party.MemberStatusMode, id.UUID.String(), "", id.Node, true, true)
	if err != nil {
		return nil, err
	}
	entries := make(map[string]told, len(presences))
	for _, p := range presences {
		if e, ok := decode(p.GetStatus()); ok {
			entries[p.GetSessionId()] = told{e, party.SessionOf(p)}
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

func (s *Service) write(b *board, session party.Session, e entry) error {
	b.told = true
	return s.Streams.StreamUserUpdate(party.MemberStatusMode, b.id.UUID.String(), "", b.id.Node, session.UserID, session.SessionID, true, false, e.encode())
}

// erase takes the session's status away. It fails only for a session that is going away,
// and its status with it.
func (s *Service) erase(id party.ID, session party.Session) {
	_ = s.Streams.StreamUserLeave(party.MemberStatusMode, id.UUID.String(), "", id.Node, session.UserID, session.SessionID)
}
