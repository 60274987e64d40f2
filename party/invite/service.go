// Package invite makes, shows, redeems and ends invites. Their records are in Nakama's storage, where compare-and-set
// keeps the number of uses exact on any number of nodes. Only players receive codes: records contain the SHA-256 of a
// code, logs and events contain the invite's ID.
package invite

import (
	"context"
	"encoding/json"

	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/entry"
	"partyline/party/roster"
)

// Deps is what a Service needs. All fields are required.
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
	Statuses party.Statuses // what members report about themselves
	Match    party.MatchOf  // the match a party is in
	Seat     party.SeatFor  // takes a seat in that match for the user who redeems

	Footprints party.Footprints
	Attributes func(ctx context.Context, v party.View) (map[string]json.RawMessage, error) // the public ones
	Newcomer   party.Newcomer                                                              // sends data to new members
	// OnInviteOver is told that an invite was revoked (userID ""), or that a user declined it or followed its inviter.
	OnInviteOver func(inviteID, userID string)
	Metrics      party.Metrics
}

// Service makes, shows, redeems and ends invites. Safe for concurrent use.
type Service struct {
	*creations
	*previews
	*redemptions
	*endings
	*notices
	*funnel
	*sweeper
}

// New makes a service that listens to changes of parties. Close ends its background work.
func New(d Deps) *Service {
	routes := &resolver{
		d, entry.Entry{Admission: d.Admission, Roster: d.Roster, Blocks: d.Blocks, Judge: d.Judge, Policy: d.Policy}, newTasks(),
		cache.New[string, party.Preview](d.Now, maxPreviews, previewTTL),
	}
	index := newIndex(routes)
	funnel := &funnel{resolver: routes, came: cache.New[arrival, bool](d.Now, maxArrivals, arrivalTTL), counted: map[step]uint64{}}
	notices := &notices{routes, funnel, d.Store.round(noticesCollection)}
	s := &Service{
		&creations{routes, index, notices, keyed.NewLocks[string]()},
		&previews{routes, cache.New[string, party.Profile](d.Now, maxFaces, faceTTL), cache.New[string, string](d.Now, maxRecords, recordTTL)},
		&redemptions{routes, notices, funnel},
		&endings{resolver: routes, notices: notices},
		notices, funnel,
		&sweeper{resolver: routes, notices: notices, index: index, records: d.Store.round(invitesCollection)},
	}
	d.Admission.News.Subscribe(s.changed)
	return s
}

// Close stops retrying what storage still has to do, and waits until all background work has ended. Uses that were
// not given back yet stay with the users who claimed them.
func (s *Service) Close() {
	s.sweeper.index.ends.Close()
	s.sweeper.tasks.close()
}

func (s *Service) changed(c party.Change) {
	switch c.Kind {
	case party.HoldsOver:
		s.sweeper.tasks.begin(func() {
			for _, inviteID := range c.Invites {
				s.releaseHold(c.ID, inviteID, c.Session.UserID)
			}
		})
	case party.PartyEnded:
		s.sweeper.index.end(c.Was)
	}
}
