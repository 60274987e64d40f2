// Package invite is invites, from their creation to their end. Records live in Nakama's storage,
// where compare-and-set keeps the number of uses exact on any number of nodes. Codes go to
// players only: records hold their SHA-256, logs and events the invite's ID.
package invite

import (
	"context"
	"encoding/json"

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
	*creations
	*previews
	*redemptions
	*endings
	*notices
	*funnel
	*sweeper
}

// New makes a service that hears the news of parties. Close it to end what it does in the background.
func New(d Deps) *Service {
	routes := &routes{
		d, entry.Entry{Admission: d.Admission, Roster: d.Roster, Blocks: d.Blocks, Judge: d.Judge, Policy: d.Policy}, newTasks(),
		cache.New[string, party.Preview](d.Now, maxPreviews, previewTTL),
	}
	index := newIndex(routes)
	funnel := &funnel{routes: routes, came: cache.New[string, struct{}](d.Now, maxCame, cameFor), counted: map[step]uint64{}}
	notices := newNotices(routes, funnel)
	s := &Service{
		&creations{routes, index, notices},
		&previews{routes, cache.New[string, party.Profile](d.Now, maxFaces, faceTTL), cache.New[string, string](d.Now, maxRecords, recordTTL)},
		&redemptions{routes, notices, funnel},
		&endings{routes, notices, cache.New[string, struct{}](d.Now, maxRecords, recordTTL)},
		notices, funnel,
		&sweeper{routes: routes, notices: notices, index: index, records: d.Store.round(invitesCollection)},
	}
	d.Admission.News.Subscribe(s.changed)
	return s
}

// Close gives up what storage is still owed, and waits until nothing runs any more. Uses that were
// to be given back stay with the users who claimed them.
func (s *Service) Close() {
	s.sweeper.index.ends.Close()
	s.notices.again.Close()
	s.sweeper.tasks.close()
}

func (s *Service) changed(c party.Change) {
	switch c.Kind {
	case party.HoldsOver:
		s.sweeper.tasks.begin(func() {
			for _, inviteID := range c.Invites {
				s.unhold(c.ID, inviteID, c.Session.UserID)
			}
		})
	case party.PartyEnded:
		s.sweeper.index.end(c.Was)
	}
}
