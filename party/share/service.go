// Package share makes a party known to players outside of it: by the sharer's Nakama status, which followers see, and
// by notifications to friends, to a group and to named users. All of them lead to one invite of the sharer, without a
// limit of uses.
//
// A shared status is removed when the sharer leaves the party, the party ends, or the invite is over. It has no link
// while the party is full or locked. A status that the game has replaced meanwhile is not changed.
//
// The codes of invites are not stored, so only this process knows which invite is shared already. If that is lost,
// the next call makes another invite.
package share

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/internal/alarm"
	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/invite"
)

// Social finds users, one page at a time.
type Social interface {
	party.Users
	FriendsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.Friend, string, error)
	GroupUsersList(ctx context.Context, groupID string, limit int, state *int, cursor string) ([]*api.GroupUserList_GroupUser, string, error)
	UserGroupsList(ctx context.Context, userID string, limit int, state *int, cursor string) ([]*api.UserGroupList_UserGroup, string, error)
}

// Blocks returns those of others with whom the user has a block (With), or who are not friends of the user
// (Strangers).
type Blocks interface {
	With(ctx context.Context, userID string, others []string) ([]string, error)
	Strangers(ctx context.Context, userID string, others []string) ([]string, error)
}

// Deps is what a Service needs. All fields are required.
type Deps struct {
	Invites   *invite.Service
	Admission *admission.Admission // knows whether players can come in
	Streams   party.Streams
	Social    Social
	Blocks    Blocks
	News      *party.News
	Limits    *party.Limits
	Policy    party.Policy
	Logger    party.Logger
	Now       party.Clock
}

// Service shares parties. Safe for concurrent use.
type Service struct {
	Deps

	turns  keyed.Locks[string]     // by user, who makes one invite at a time; held while calling Invites
	alarms *alarm.Alarms[party.ID] // parties whose statuses have to be refreshed

	codes *cache.Cache[shareKey, string] // codes of the shared invites

	mu       sync.Mutex
	statuses map[party.ID]map[string]*sharedStatus // by party and session ID
}

// shareKey identifies a shared invite: the party, by its first ID, the inviter, and the kind of the invite.
type shareKey struct {
	id   party.ID
	user string
	kind party.InviteKind
}

// How many codes are kept, and for how long: the longest life of most invites.
const (
	maxCodes = 10_000
	codeAge  = 30 * 24 * time.Hour
)

// New makes a service that listens to changes of parties. Close it when the process ends.
func New(d Deps) *Service {
	s := &Service{
		Deps: d, turns: keyed.NewLocks[string](), codes: cache.New[shareKey, string](d.Now, maxCodes, codeAge), statuses: map[party.ID]map[string]*sharedStatus{},
	}
	s.alarms = alarm.New(d.Now, d.Logger, "shared status not renewed party=", s.refreshStatuses)
	d.News.Subscribe(s.changed)
	return s
}

// Close waits until all background work has ended. Shared statuses stay as they are.
func (s *Service) Close() { s.alarms.Close() }

func (s *Service) changed(c party.Change) {
	switch c.Kind { // of what changes who is in, or who can come in
	case party.PartyClosed, party.PartyUpdated, party.MemberEntered, party.MemberLeft, party.MemberDropped, party.SeatsChanged:
		s.Refresh(c.ID)
	}
}

// InviteOver removes the statuses with an invite that was revoked. If userID is not "", the invite is over only for
// that user, and the statuses stay.
func (s *Service) InviteOver(inviteID, userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, bySession := range s.statuses {
		for _, sh := range bySession {
			if userID == "" && sh.inviteID == inviteID {
				sh.expiresAt = 0
				s.alarms.Sooner(id, s.Now())
			}
		}
	}
}

// RefreshAll is Refresh for all parties. Call it after a load of the rules, which may lock other parties, and about
// every minute: invites, locks and kept seats may end without an event.
func (s *Service) RefreshAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.statuses {
		s.alarms.Sooner(id, s.Now())
	}
}

// Refresh updates the party's shared statuses in the background. Call it when the party may have been locked or
// unlocked. It costs nothing if no status is shared.
func (s *Service) Refresh(id party.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.statuses[id]) > 0 {
		s.alarms.Sooner(id, s.Now())
	}
}

func (s *Service) refreshStatuses(id party.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), refreshTimeout)
	defer cancel()
	v, entryState, err := s.entryState(ctx, id)
	switch party.ReasonOf(err) {
	case "", party.PartyNotFound: // a party that has ended has no members
		s.update(id, v, entryState)
	case party.PartyAway: // the status stays until a member is back, or the party ends
	default:
		s.Logger.Warn("shared status not renewed party=%s error=%v", id, err)
	}
}

// entryState returns the party, and what stops friends from entering it now, or entryOpen if nothing does.
func (s *Service) entryState(ctx context.Context, id party.ID) (party.View, string, error) {
	look, err := s.Admission.Look(ctx, id)
	if err != nil {
		return party.View{}, "", err
	}
	switch err := s.Admission.Locked(ctx, look.View); {
	case party.ReasonOf(err) == party.PartyLocked:
		return look.View, entryLocked, nil
	case err != nil:
		return look.View, "", fmt.Errorf("lock: %w", err)
	case look.Size()+look.Held("") >= look.MaxSize:
		return look.View, entryFull, nil
	}
	return look.View, entryOpen, nil
}
