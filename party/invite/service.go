// Package invite is invites, from their creation to their end. Records live in Nakama's storage,
// where compare-and-set keeps the number of uses exact on any number of nodes. Codes go to
// players only: records hold their SHA-256, logs and events the invite's ID.
package invite

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"

	"partyline/internal/alarm"
	"partyline/internal/cache"
	"partyline/internal/keyed"
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
	entry    entry.Entry
	turns    keyed.Locks[string]                 // by key
	previews *cache.Cache[string, party.Preview] // public ones, by key
	faces    *cache.Cache[string, party.Profile] // on public previews, by user
	waited   *cache.Cache[string, string]        // keys of invites by which somebody waits, by ID
	counted  counters
	came     *cache.Cache[string, struct{}] // users who came by an invite and have had no match yet

	halfEnded *cache.Cache[string, struct{}] // invites, and for whom, of whose end storage's answer was lost

	sweeping         sync.Mutex
	records, notices *party.Round // of sweeps; guarded by sweeping, as are the next two
	orphans          *party.Round // nil once it is done
	seen             int          // live invites so far in this round
	live             atomic.Int64 // of the last round; -1 before
	ends             *alarm.Alarms[party.ID]
	made             sync.Map // by party, at its beginning: this process has made invites for it, or found them

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	ending sync.Mutex
	ended  bool           // nothing may begin any more; guarded by ending
	late   sync.WaitGroup // refunds still to be done
}

// New makes a service that hears the news of parties. Close it to end what it does in the background.
func New(d Deps) *Service {
	ctx, cancel := context.WithCancel(context.Background())
	round := func(collection string) *party.Round {
		return &party.Round{Storage: d.Store.storage, Now: d.Now, Collection: collection}
	}
	s := &Service{
		Deps: d, ctx: ctx, cancel: cancel, counted: newCounters(),
		came: cache.New[string, struct{}](d.Now, maxCame, cameFor), halfEnded: cache.New[string, struct{}](d.Now, maxRecords, recordTTL),
		records: round(invitesCollection), notices: round(noticesCollection), orphans: round(idsCollection),
		entry:    entry.Entry{Admission: d.Admission, Roster: d.Roster, Blocks: d.Blocks, Judge: d.Judge, Policy: d.Policy},
		turns:    keyed.NewLocks[string](),
		previews: cache.New[string, party.Preview](d.Now, maxPreviews, previewTTL),
		faces:    cache.New[string, party.Profile](d.Now, maxFaces, faceTTL),
		waited:   cache.New[string, string](d.Now, maxRecords, recordTTL),
	}
	s.live.Store(-1)
	s.ends = alarm.New(d.Now, d.Logger, "invites of an ended party are still indexed party=", s.unindex)
	d.Admission.News.Subscribe(s.changed)
	return s
}

// Close gives up the refunds that storage has not taken yet and waits until nothing
// runs any more. Their uses stay with the users who claimed them.
func (s *Service) Close() {
	s.ending.Lock()
	s.ended = true
	s.ending.Unlock()
	s.cancel()
	s.ends.Close()
	s.late.Wait()
}

// background runs do beside the caller, unless the service is closed.
func (s *Service) background(do func()) {
	s.ending.Lock()
	defer s.ending.Unlock()
	if !s.ended {
		s.late.Go(do)
	}
}

// URL is where the landing page of a code is.
func URL(publicURL string, code Code) string {
	return strings.TrimRight(publicURL, "/") + joinPath + code.Reveal()
}

// lookup finds the invite of a code somebody typed, and its key; read finds a record. It refuses
// with RateLimited or InviteNotFound.
func (s *Service) lookup(ctx context.Context, read func(context.Context, string) (found, error), c party.Caller, typed string) (key string, r *record, err error) {
	err = s.guess(c.UserID, c.ClientIP, typed, func(k string) error {
		f, err := read(ctx, k)
		key, r = k, f.rec
		return err
	})
	return key, r, err
}

// guess reads by the key of a code that somebody typed. All readings of a text are one guess.
// Wrong codes count against the user and the address, but not what cannot be a code.
func (s *Service) guess(userID, clientIP, typed string, read func(key string) error) error {
	codes := readings(typed)
	if len(codes) == 0 {
		return notFound()
	}
	done, err := s.Limits.Guess(userID, clientIP)
	if err != nil {
		return err
	}
	wrong := true
	defer func() { done(wrong) }()
	for _, code := range codes {
		err = read(code.key())
		if wrong = party.ReasonOf(err) == party.InviteNotFound; !wrong {
			break
		}
	}
	return err
}
