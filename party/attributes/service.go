// Package attributes keeps what a party and each of its members set for all members to read: the map, a character, a
// loadout. All attributes of a party are one document with one version. It is one object in storage, written by
// compare-and-set. The party is told of changes as party data with op code [party.OpAttributes], at most twice a
// second and always with the latest value. A new member is sent the whole document.
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

// Deps is what a Service needs. All fields are required.
type Deps struct {
	Storage   party.Storage
	Streams   party.Streams
	Sender    party.Sender
	Admission *admission.Admission
	News      *party.News // published by admission
	Limits    *party.Limits
	Policy    party.Policy
	Logger    party.Logger
	Now       party.Clock
}

// Service keeps the attributes of all parties. Safe for concurrent use. Lock order: a party's board, then the
// ledger's locks.
type Service struct {
	Deps
	boards *keyed.Map[party.ID, board]
	alarms *alarm.Alarms[party.ID]
	cache  *cache.Cache[party.ID, found] // for reads, and as the base of the next write
	sweeps party.Round
	broken *party.BrokenLog

	mu             sync.Mutex                  // no other lock is taken while it is held
	pendingChanges map[party.ID][]party.Change // changes that the boards have not applied yet
}

// Documents are cached until this process writes them again. They expire, because another node of a cluster may write
// them too.
const (
	cacheTTL  = 10 * time.Second
	maxCached = 4096
)

// New makes a service that listens to changes of parties. Close it when the process ends.
func New(d Deps) *Service {
	s := &Service{
		Deps: d, pendingChanges: map[party.ID][]party.Change{},
		boards: keyed.New(newBoard, func(b *board) bool { _, due := b.due(); return b.active || due }),
		cache:  cache.New[party.ID, found](d.Now, maxCached, cacheTTL),
		sweeps: party.Round{Storage: d.Storage, Now: d.Now, Collection: attributesCollection},
		broken: &party.BrokenLog{Logger: d.Logger},
	}
	s.alarms = alarm.New(d.Now, d.Logger, "party attributes not told party=", s.onAlarm)
	d.News.Subscribe(s.changed)
	return s
}

// Close ends all timers. Messages that are still pending are not sent any more.
func (s *Service) Close() { s.alarms.Close() }

// Request is the payload of party_attributes_set.
type Request struct {
	PartyID string          `json:"party_id"`
	Party   json.RawMessage `json:"party,omitempty"`   // an object: what to set for the party, null to remove
	Member  json.RawMessage `json:"member,omitempty"`  // the same for the caller
	Version *int64          `json:"version,omitempty"` // write only if the document has this version
}

// Written is the answer of party_attributes_set.
type Written struct {
	Version int64 `json:"version"`
}

// Set writes attributes of the party, of the caller, or both at once. If the request has a version, Set refuses with
// Conflict if the document has another one. Without a version, it writes on top of what others have written
// meanwhile. Other refusals: InvalidRequest naming the field, PartyNotFound, NotMember, NotLeader, RateLimited. A
// refusal changes nothing.
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
	b, exit, err := s.lockBoard(ctx, id)
	if err != nil {
		return Written{}, err
	}
	defer exit()
	look, err := s.look(ctx, c, id)
	if err != nil {
		return Written{}, err
	}
	if len(shared) > 0 && s.Policy().Attributes.Party == rules.InviteLeader && look.Leader().UserID != c.UserID {
		return Written{}, party.Refuse(party.NotLeader, "Only the leader can set the party's attributes.")
	}
	if err := s.Limits.Attributes.Take(c.UserID); err != nil {
		return Written{}, err
	}
	if !look.Attributes {
		s.Admission.NoteAttributes(id)
	}
	if b.prune { // first, because the caller may have left and come in again, and now sets a new bag
		if err := s.pruneBags(ctx, b); err != nil {
			return Written{}, err
		}
	}
	b.active = true
	written, err := s.change(ctx, b, func(d Document) (Document, error) {
		if r.Version != nil && *r.Version != d.Version {
			return d, party.Refuse(party.Conflict, "The attributes have version %d now.", d.Version)
		}
		return d.with(c.UserID, shared, own)
	})
	s.arm(b)
	if err != nil {
		return Written{}, err
	}
	return Written{written.Version}, nil
}

// Get returns to a member the attributes of the party, of its members, and of members who are away. Refusals:
// PartyNotFound, NotMember, InvalidRequest.
func (s *Service) Get(ctx context.Context, c party.Caller, partyID string) (Document, error) {
	id, err := party.NamedID(partyID)
	if err != nil {
		return Document{}, err
	}
	look, err := s.look(ctx, c, id)
	if err != nil || !look.Attributes {
		return emptyDocument(), err
	}
	f, err := s.read(ctx, id) // another node may have written it
	if err != nil {
		return Document{}, err
	}
	return f.doc.without(goneFrom(look)), nil
}

// look returns the party, if the caller is a member.
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

// goneFrom returns a function that reports whether a user is not in the party and has no kept seat.
func goneFrom(look reserve.Look) func(user string) bool {
	return func(user string) bool {
		_, member := look.Member(user)
		return !member && !slices.Contains(look.Away, user)
	}
}

func (s *Service) Facts(ctx context.Context, v party.View) (shared map[string]any, members map[string]map[string]any, err error) {
	d, err := s.Cached(ctx, v)
	members = make(map[string]map[string]any, len(d.Members))
	for user, bag := range d.Members {
		members[user] = bag.facts()
	}
	return d.Party.facts(), members, err
}

var _ judge.Attributes = (*Service)(nil).Facts

// Public returns the party's attributes that people outside may see: none if the document cannot be decoded.
func (s *Service) Public(ctx context.Context, v party.View) (map[string]json.RawMessage, error) {
	keys := s.Policy().Attributes.Public
	if len(keys) == 0 {
		return nil, nil
	}
	d, err := s.Cached(ctx, v)
	return d.Party.withKeys(keys), party.UnlessBroken(err)
}

// PublicOf is Public for several parties, by party.
func (s *Service) PublicOf(ctx context.Context, looks []reserve.Look) (map[party.ID]map[string]json.RawMessage, error) {
	keys, public := s.Policy().Attributes.Public, map[party.ID]map[string]json.RawMessage{}
	if len(keys) == 0 {
		return public, nil
	}
	docs, err := s.CachedOf(ctx, looks)
	for id, d := range docs {
		public[id] = d.Party.withKeys(keys)
	}
	return public, party.UnlessBroken(err)
}

// Cached returns the document as this process read or wrote it within the last seconds.
func (s *Service) Cached(ctx context.Context, v party.View) (Document, error) {
	if !v.Attributes {
		return Document{}, nil
	}
	f, err := s.cache.Get(ctx, v.ID, func(ctx context.Context) (found, error) { return s.read(ctx, v.ID) })
	return f.doc, err
}

// CachedOf is Cached for several parties. It returns only parties that have attributes, and costs at most one query. If
// that fails, it returns what is in memory beside the error, and all others beside the error about a broken one.
func (s *Service) CachedOf(ctx context.Context, looks []reserve.Look) (map[party.ID]Document, error) {
	docs := map[party.ID]Document{}
	var ids []party.ID // of the documents to read, with their keys
	var keys []string
	for _, l := range looks {
		if !l.Attributes {
			continue
		}
		if f, kept := s.cache.Peek(l.ID); kept {
			docs[l.ID] = f.doc
			continue
		}
		ids, keys = append(ids, l.ID), append(keys, l.Origin.UUID.String())
	}
	if len(ids) == 0 {
		return docs, nil
	}
	all, err := s.readAll(ctx, keys...)
	if party.UnlessBroken(err) != nil {
		return docs, err
	}
	for i, id := range ids {
		if _, readable := all[keys[i]]; !readable {
			continue
		}
		// If another call has written the document meanwhile, that one is returned.
		f, err := s.cache.Get(ctx, id, func(context.Context) (found, error) { return all[keys[i]], nil })
		if err != nil { // of another call that was reading it
			f = all[keys[i]]
		}
		docs[id] = f.doc
	}
	return docs, err
}
