// Package attributes is what a party and each of its members set for everybody in it to
// read: the map, a character, a loadout. All of a party's attributes are one document with
// one version, one object in storage that is written by compare-and-set. The party hears
// what changed as party data with op code [party.OpAttributes], at most twice a second and
// always with the last value; who comes in hears all of it.
package attributes

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"partyline/internal/alarm"
	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/judge"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// Deps is what a Service works with. All are needed.
type Deps struct {
	Storage   party.Storage
	Streams   party.Streams
	Sender    party.Sender
	Admission *admission.Admission
	News      *party.News // that admission publishes
	Limits    *party.Limits
	Policy    party.Policy
	Logger    party.Logger
	Now       party.Clock
}

// Service is the attributes of all parties. Safe for concurrent use. Lock order: a party's
// board, then the ledger's locks.
type Service struct {
	Deps
	boards *keyed.Map[party.ID, board]
	alarms *alarm.Alarms[party.ID]
	kept   *cache.Cache[party.ID, found] // for those who only look, and as the base of the next write
	sweeps party.Round

	mu      sync.Mutex                  // a leaf
	unheard map[party.ID][]party.Change // that the boards have not heard of
}

// Documents are kept until this process writes them again; another node of a cluster may do
// so as well: so they expire.
const (
	keptFor = 10 * time.Second
	maxKept = 4096
)

// New makes a service that hears the news of parties. Close it when the process ends.
func New(d Deps) *Service {
	s := &Service{
		Deps: d, unheard: map[party.ID][]party.Change{},
		boards: keyed.New(newBoard, func(b *board) bool { _, due := b.due(); return b.active || due }),
		kept:   cache.New[party.ID, found](d.Now, maxKept, keptFor),
		sweeps: party.Round{Storage: d.Storage, Now: d.Now, Collection: attributesCollection},
	}
	s.alarms = alarm.New(d.Now, d.Logger, "party attributes not told party=", s.fire)
	d.News.Subscribe(s.changed)
	return s
}

// Close ends all timers. News that was held back is not told any more.
func (s *Service) Close() { s.alarms.Close() }

// Request asks for a write, the payload of party_attributes_set.
type Request struct {
	PartyID string          `json:"party_id"`
	Party   json.RawMessage `json:"party,omitempty"`   // an object: what to set for the party, null to take away
	Member  json.RawMessage `json:"member,omitempty"`  // the same for the caller
	Version *int64          `json:"version,omitempty"` // write only onto this version
}

// Written answers it.
type Written struct {
	Version int64 `json:"version"`
}

// Set writes attributes of the party, of the caller, or both at once. With a version it
// refuses with Conflict where the document is at another one; without, a write is made on
// whatever others have written meanwhile. Other refusals: InvalidRequest naming the field,
// PartyNotFound, NotMember, NotLeader, RateLimited. A refusal changes nothing.
func (s *Service) Set(ctx context.Context, c party.Caller, r Request) (Written, error) {
	shared, err := parse("party", r.Party)
	if err != nil {
		return Written{}, err
	}
	own, err := parse("member", r.Member)
	switch {
	case err != nil:
		return Written{}, err
	case len(shared)+len(own) == 0:
		return Written{}, party.Invalid("party", "name at least one key, here or in member.")
	case r.Version != nil && *r.Version < 0:
		return Written{}, party.Invalid("version", "must be 0 or more.")
	}
	id, err := party.NamedID(r.PartyID)
	if err != nil {
		return Written{}, err
	}
	b, exit, err := s.enter(ctx, id)
	if err != nil {
		return Written{}, err
	}
	defer exit()
	look, err := s.look(ctx, c, id)
	if err != nil {
		return Written{}, err
	}
	if len(shared) > 0 && s.Policy().Attributes.Party == rules.InviteLeader && look.Leader().UserID != c.UserID {
		return Written{}, party.Refuse(party.NotLeader, "Only the leader sets what the party shares.")
	}
	if err := s.Limits.Attributes.Take(c.UserID + " " + id.String()); err != nil {
		return Written{}, err
	}
	if !look.Attributes {
		s.Admission.NoteAttributes(id)
	}
	if b.prune { // before the caller, who may have left and come in again, sets a new bag
		if err := s.pruneBags(ctx, b); err != nil {
			return Written{}, err
		}
	}
	b.active = true
	written, err := s.change(ctx, b, func(d Document) (Document, error) {
		if r.Version != nil && *r.Version != d.Version {
			return d, party.Refuse(party.Conflict, "The attributes are at version %d by now.", d.Version)
		}
		return d.with(c.UserID, shared, own)
	})
	s.arm(b)
	if err != nil {
		return Written{}, err
	}
	return Written{written.Version}, nil
}

// Get answers a member everything that is set, by the party and by who is in it or has a seat
// kept. Refusals: PartyNotFound, NotMember, InvalidRequest.
func (s *Service) Get(ctx context.Context, c party.Caller, partyID string) (Document, error) {
	id, err := party.NamedID(partyID)
	if err != nil {
		return Document{}, err
	}
	look, err := s.look(ctx, c, id)
	if err != nil || !look.Attributes {
		return empty(), err
	}
	f, err := s.read(ctx, id) // another node may have written
	if err != nil {
		return Document{}, err
	}
	return f.doc.without(goneFrom(look)), nil
}

// look is the party for one of its members.
func (s *Service) look(ctx context.Context, c party.Caller, id party.ID) (reserve.Look, error) {
	look, err := s.Admission.Look(ctx, id)
	if err != nil {
		return look, err
	}
	if _, member := look.Member(c.UserID); !member {
		return look, party.NotAMember()
	}
	return look, nil
}

// goneFrom tells users who are not in the party and have no seat kept.
func goneFrom(look reserve.Look) func(user string) bool {
	return func(user string) bool {
		_, member := look.Member(user)
		return !member && !slices.Contains(look.Away, user)
	}
}

func (s *Service) Facts(ctx context.Context, v party.View) (shared map[string]any, members map[string]map[string]any, err error) {
	d, err := s.Lately(ctx, v)
	members = make(map[string]map[string]any, len(d.Members))
	for user, bag := range d.Members {
		members[user] = bag.facts()
	}
	return d.Party.facts(), members, err
}

var _ judge.Attributes = (*Service)(nil).Facts

// Public is what people outside see of the party's attributes; nil for nothing.
func (s *Service) Public(ctx context.Context, v party.View) (map[string]json.RawMessage, error) {
	keys := s.Policy().Attributes.Public
	if len(keys) == 0 {
		return nil, nil
	}
	d, err := s.Lately(ctx, v)
	return d.Party.only(keys), err
}

// PublicOf is Public of several parties, by party.
func (s *Service) PublicOf(ctx context.Context, looks []reserve.Look) (map[party.ID]map[string]json.RawMessage, error) {
	keys, public := s.Policy().Attributes.Public, map[party.ID]map[string]json.RawMessage{}
	if len(keys) == 0 {
		return public, nil
	}
	docs, err := s.LatelyOf(ctx, looks)
	for id, d := range docs {
		public[id] = d.Party.only(keys)
	}
	return public, err
}

// Lately is the document as it was read or written within the last seconds.
func (s *Service) Lately(ctx context.Context, v party.View) (Document, error) {
	if !v.Attributes {
		return Document{}, nil
	}
	f, err := s.kept.Get(ctx, v.ID, func(ctx context.Context) (found, error) { return s.read(ctx, v.ID) })
	return f.doc, err
}

// LatelyOf is Lately of several parties, by party: of those that have any. It costs one query at most.
func (s *Service) LatelyOf(ctx context.Context, looks []reserve.Look) (map[party.ID]Document, error) {
	docs := map[party.ID]Document{}
	var ids []party.ID // of those to read, with their keys
	var keys []string
	for _, l := range looks {
		if !l.Attributes {
			continue
		}
		if f, kept := s.kept.Kept(l.ID); kept {
			docs[l.ID] = f.doc
			continue
		}
		ids, keys = append(ids, l.ID), append(keys, l.Origin.UUID.String())
	}
	if len(ids) == 0 {
		return docs, nil
	}
	all, err := s.readAll(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		// What was written since counts more.
		f, err := s.kept.Get(ctx, id, func(context.Context) (found, error) { return all[keys[i]], nil })
		if err != nil {
			return nil, err
		}
		docs[id] = f.doc
	}
	return docs, nil
}
