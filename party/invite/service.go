// Package invite is invites, from their creation to their end. Records live in Nakama's storage,
// where compare-and-set keeps the number of uses exact on any number of nodes. Codes go to
// players only: records hold their SHA-256, logs and events the invite's ID.
package invite

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"partyline/internal/alarm"
	"partyline/internal/cache"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/entry"
	"partyline/party/roster"
)

// Deps is what a Service works with. All are needed.
type Deps struct {
	Store     *Store
	Roster    *roster.Roster
	Admission *admission.Admission
	Limits    *party.Limits
	Users     party.Users
	Blocks    party.BlockList
	Notifier  Notifier
	Sender    party.Sender
	Policy    party.Policy
	Logger    party.Logger
	Now       party.Clock

	Judge    party.Judge    // the designers' rules
	Statuses party.Statuses // what members tell of themselves
	Match    party.MatchOf  // the match a party is in
	Seat     party.SeatFor  // a seat in it for the user who redeems

	Footprints party.Footprints
	Attributes func(ctx context.Context, v party.View) (map[string]json.RawMessage, error) // the party's public ones
	Newcomer   party.Newcomer                                                              // tells of members who have just come in
	Over       func(inviteID, userID string)                                               // hears of invites that are over: revoked, or for a user, who has declined or followed the inviter
	Metrics    party.Metrics
}

// Service is invites from creation to their end. Safe for concurrent use.
type Service struct {
	Deps
	*funnel
	*faces
	*previews
	*notices
	*sweeper
	codes  codes
	routes routes
	index  *index
	owed   owed
	tasks  *tasks
	entry  entry.Entry

	waited    *cache.Cache[string, string]   // keys of invites by which somebody waits, by ID
	untold    *alarm.Alarms[*telling]        // when those are told of an invite who could not be
	halfEnded *cache.Cache[string, struct{}] // invites, and for whom, of whose end storage's answer was lost
}

// New makes a service that hears the news of parties. Close it to end what it does in the background.
func New(d Deps) *Service {
	s := &Service{
		Deps: d, funnel: newFunnel(d), tasks: newTasks(),
		faces:     &faces{d.Users, cache.New[string, party.Profile](d.Now, maxFaces, faceTTL)},
		codes:     codes{d.Store, d.Limits},
		routes:    routes{d.Roster, d.Admission, d.Judge, d.Policy, d.Now},
		entry:     entry.Entry{Admission: d.Admission, Roster: d.Roster, Blocks: d.Blocks, Judge: d.Judge, Policy: d.Policy},
		waited:    cache.New[string, string](d.Now, maxRecords, recordTTL),
		halfEnded: cache.New[string, struct{}](d.Now, maxRecords, recordTTL),
	}
	s.previews = newPreviews(d, s.codes, s.routes, s.faces)
	s.owed = owed{d.Store, s.tasks, d.Logger}
	s.notices = &notices{d.Store.storage, d.Notifier, s.tasks, d.Logger, d.Now, d.Store.round(noticesCollection)}
	s.index = newIndex(s.routes, d.Store, d.Logger)
	s.sweeper = newSweeper(s.routes, d.Store, s.notices, s.index)
	s.untold = alarm.New(d.Now, d.Logger, "invite not announced invite=", s.tellAgain)
	d.Admission.News.Subscribe(s.changed)
	return s
}

// Close gives up what storage is still owed, and waits until nothing runs any more. Uses that were
// to be given back stay with the users who claimed them.
func (s *Service) Close() {
	s.index.ends.Close()
	s.untold.Close()
	s.tasks.close()
}

// changed follows what becomes of the party.
func (s *Service) changed(c party.Change) {
	switch c.Kind {
	case party.HoldsOver:
		s.tasks.begin(func() {
			for _, inviteID := range c.Invites {
				s.unhold(c.ID, inviteID, c.Session.UserID)
			}
		})
	case party.PartyEnded:
		s.index.end(c.Was)
	}
}

// unhold has storage know that an invite holds no seat any more, or none for the user who was kicked. For them
// it is as if they had declined: after the ban it lets them in if there is a seat.
func (s *Service) unhold(id party.ID, inviteID, kicked string) {
	var users []string
	if kicked != "" {
		users = []string{kicked}
	}
	err := try(context.Background(), func(ctx context.Context) error {
		key, _, err := s.codes.find(ctx, party.Caller{}, inviteID, "")
		if err == nil {
			_, err = s.Store.change(ctx, key, func(r *record) error {
				switch {
				case !r.Hold:
					return errUnchanged
				case kicked == "":
					r.Hold = false
				case slices.Contains(r.pending(), kicked):
					r.Declined = append(r.Declined, kicked)
				default:
					return errUnchanged
				}
				return nil
			})
		}
		if err != nil && party.ReasonOf(err) != party.InviteNotFound {
			return err
		}
		s.Admission.Release(id, inviteID, users...) // somebody may have read it again meanwhile
		s.Admission.HoldsChanged(id, false)
		return nil
	})
	if err != nil {
		s.Logger.Warn("invite holds a seat that nobody needs party=%s invite=%s error=%v", id, inviteID, err)
	}
}

// URL is where the landing page of a code is.
func URL(publicURL string, code Code) string {
	return strings.TrimRight(publicURL, "/") + joinPath + code.Reveal()
}
