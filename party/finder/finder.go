// Package finder finds open parties and brings players into one that fits. It keeps an index of the parties of this
// process. Each search first updates it for the parties that have changed, from what the process remembers of them. It
// then looks at every party that it finds, so that the counts of an answer are true. It does not wait long for a busy
// party. The sweep adds the parties of the server's own list to the index.
package finder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"partyline/party"
	"partyline/party/entry"
	"partyline/party/ledger"
	"partyline/party/reserve"
)

// Deps is what a Service needs. All fields are required.
type Deps struct {
	Entry  entry.Entry
	Lister party.Finder
	News   *party.News // published by admission
	Limits *party.Limits
	Now    party.Clock

	Profiles   func(ctx context.Context, userIDs []string) ([]party.Profile, error)                             // of leaders
	Attributes func(ctx context.Context, looks []reserve.Look) (map[party.ID]map[string]json.RawMessage, error) // the public ones
	Seat       party.SeatFor                                                                                    // in the party's match
}

// Service finds parties. Safe for concurrent use.
type Service struct {
	Deps
	refreshing sync.Mutex // one search at a time updates the index, in a short time

	mu       sync.Mutex // no other lock is taken while it is held
	index    index
	stale    map[party.ID]bool // parties to read again
	searched bool              // a player has searched since the last sweep
}

// New makes a finder that listens to changes of parties.
func New(d Deps) *Service {
	s := &Service{Deps: d, index: newIndex(), stale: map[party.ID]bool{}}
	d.News.Subscribe(func(c party.Change) {
		moved := d.Entry.Admission.Current(c.ID) != c.ID // a late change of a party that goes on under another ID
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case moved, c.Kind == party.PartyEnded, c.Kind == party.PartyClosed:
			s.forget(c.ID)
			return
		case c.Kind == party.PartyRestored:
			s.forget(c.Was)
		}
		s.stale[c.ID] = true
	})
	return s
}

// forget drops a native party. The caller holds mu.
func (s *Service) forget(id party.ID) {
	delete(s.stale, id)
	s.index.remove(id)
}

const listPage = 100

// Sweep looks at the server's open parties that are not in the index, if a player has searched since the last sweep.
// So no search has to do it. It also updates the index, and so forgets parties whose last news came after their end.
func (s *Service) Sweep(ctx context.Context) error {
	s.refresh(ctx)
	s.mu.Lock()
	asked := s.searched
	s.searched = false
	s.mu.Unlock()
	if !asked {
		return nil
	}
	open, cursor := true, ""
	for {
		parties, next, err := s.Lister.PartyList(ctx, listPage, &open, false, "", cursor)
		if err != nil {
			return fmt.Errorf("list parties: %w", err)
		}
		for _, p := range parties {
			id, err := party.ParseID(p.GetPartyId())
			s.mu.Lock()
			known := s.index.byID[id] != nil
			s.mu.Unlock()
			if err != nil || known {
				continue
			}
			look, err := s.look(ctx, id, s.Entry.Admission.TryLook)
			switch {
			case err == nil:
				s.updateIndex(listingOf(look))
			case !errors.Is(err, ledger.ErrBusy):
				return fmt.Errorf("look at party: %w", err)
			}
		}
		if cursor = next; cursor == "" || len(parties) < listPage {
			return nil
		}
	}
}

// refresh updates the index for the parties that have changed. It does not look at them, because they may be thousands.
// A party that the process knows nothing of has ended, or no call has dealt with it yet. A busy party keeps its row
// until the next search. The wait for all of them together is limited like the wait for one.
func (s *Service) refresh(ctx context.Context) (busy []party.ID) {
	soon, cancel := context.WithTimeout(ctx, ledger.TryWait) // includes the wait for earlier searches
	defer cancel()
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	s.mu.Lock()
	stale := s.stale
	s.stale = map[party.ID]bool{}
	s.mu.Unlock()
	entries := make([]listing, 0, len(stale))
	for id := range stale {
		g, _, err := s.Entry.Admission.Recall(soon, id)
		if err != nil {
			s.mu.Lock()
			s.stale[id] = true
			s.mu.Unlock()
			busy = append(busy, id)
			continue
		}
		entries = append(entries, listing{id, g})
	}
	slices.SortFunc(entries, func(x, y listing) int { return x.CreatedAt.Compare(y.CreatedAt) })
	s.updateIndex(entries...)
	return busy
}

// listing is a party in the form that the index takes.
type listing struct {
	id party.ID
	ledger.Remembered
}

func listingOf(l reserve.Look) listing {
	return listing{l.ID, ledger.Remembered{Facts: l.Facts, Free: l.MaxSize - l.Taken() - l.Held("")}}
}

// look reads a party with see. A party that has ended, is away, has a broken record, or goes on under another ID is
// returned as one that nobody may see.
func (s *Service) look(ctx context.Context, id party.ID, see lookFunc) (reserve.Look, error) {
	look, err := see(ctx, id)
	switch reason := party.ReasonOf(err); {
	case reason == party.PartyNotFound, reason == party.PartyAway, party.IsBroken(err), reason == "" && look.ID != id:
		return reserve.Look{View: party.View{ID: id}}, nil
	}
	return look, err
}

// lookFunc is [ledger.Ledger.TryLook], or Look if the caller can wait.
type lookFunc func(ctx context.Context, id party.ID) (reserve.Look, error)

func (s *Service) updateIndex(entries ...listing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		if visible(e.Facts) {
			s.index.put(e.id, e.Free, keysOf(e.Label))
		} else {
			s.index.remove(e.id)
		}
	}
}

func visible(f party.Facts) bool { return f.Open && !f.Hidden }

// candidates returns parties that fit according to the index, and the number to continue after.
func (s *Service) candidates(w query, after uint64, most int) (rows []*row, last uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.searched = true
	return s.index.find(w, after, most)
}

// Found is one party of a list.
type Found struct {
	PartyID string          `json:"party_id"`
	Size    int             `json:"size"`
	MaxSize int             `json:"max_size"`
	Held    int             `json:"held"` // seats held or kept for others than the caller
	Open    bool            `json:"open"`
	Label   json.RawMessage `json:"label"` // an object
	Leader  party.Profile   `json:"leader"`
	AgeSec  int64           `json:"age_sec"`

	Attributes map[string]json.RawMessage `json:"attributes,omitempty"` // the ones that the rules make public
}

// List is the answer of party_find.
type List struct {
	Parties []Found `json:"parties"`
	Cursor  string  `json:"cursor"` // for the next parties, even if there are few here or none; "" at the end
}

// Find lists open parties that fit, the longest open first. It omits hidden parties and parties with a block between
// the caller and a member. A page may be short, or empty, before the end. It refuses with InvalidRequest, naming the
// field.
func (s *Service) Find(ctx context.Context, c party.Caller, r Request) (List, error) {
	list := List{Parties: []Found{}}
	w, err := Filter{r.Label, r.FreeSeats}.check()
	if err != nil {
		return list, err
	}
	limit := defaultLimit
	if r.Limit != nil {
		if limit = *r.Limit; limit < 1 || limit > maxLimit {
			return list, party.Invalid("limit", "must be from 1 to %d.", maxLimit)
		}
	}
	after, err := decodeCursor(r.Cursor)
	if err != nil {
		return list, err
	}
	s.refresh(ctx)
	rows, last := s.candidates(w, after, limit)
	ids := make([]party.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	looks, err := s.fitting(ctx, c, ids, w, s.Entry.Admission.TryLook)
	if err != nil {
		return list, err
	}
	found, err := s.answers(ctx, c, looks)
	if list.Parties = party.Fit(found); len(list.Parties) < len(found) {
		last = rows[slices.Index(ids, looks[len(list.Parties)-1].ID)].seq
	}
	if last != 0 {
		list.Cursor = strconv.FormatUint(last, 10)
	}
	return list, err
}

// fitting looks at parties and returns those that still fit. It omits busy parties, and parties with a block between a
// member and the caller.
func (s *Service) fitting(ctx context.Context, c party.Caller, ids []party.ID, w query, see lookFunc) (looks []reserve.Look, err error) {
	var others []string
	for _, id := range ids {
		look, err := s.look(ctx, id, see)
		if errors.Is(err, ledger.ErrBusy) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.updateIndex(listingOf(look))
		if !visible(look.Facts) || look.MaxSize-look.Taken()-look.Held(c.UserID) < w.free || !hasAll(keysOf(look.Label), w.keys) {
			continue
		}
		looks = append(looks, look)
		others = append(others, look.Users()...)
	}
	slices.Sort(others)
	blocked, err := s.Entry.Blocks.With(ctx, c.UserID, slices.Compact(others))
	if err != nil {
		return nil, fmt.Errorf("read blocks: %w", err)
	}
	return slices.DeleteFunc(looks, func(l reserve.Look) bool {
		return slices.ContainsFunc(l.Users(), func(user string) bool { return slices.Contains(blocked, user) })
	}), nil
}

func (s *Service) answers(ctx context.Context, c party.Caller, looks []reserve.Look) ([]Found, error) {
	found, leaders := make([]Found, len(looks)), make([]string, len(looks))
	for i, look := range looks {
		leaders[i] = look.Leader().UserID
	}
	slices.Sort(leaders)
	faces, err := s.Profiles(ctx, slices.Compact(leaders))
	if err != nil {
		return nil, err
	}
	public, err := s.Attributes(ctx, looks)
	if err != nil {
		return nil, err
	}
	for i, look := range looks {
		lead := look.Leader()
		found[i] = Found{
			PartyID: look.ID.String(), Size: look.Size(), MaxSize: look.MaxSize, Held: look.Held(c.UserID), Open: look.Open, Label: json.RawMessage("{}"),
			Leader: party.Profile{UserID: lead.UserID, Username: lead.Username}, AgeSec: max(0, int64(s.Now().Sub(look.CreatedAt).Seconds())),
			Attributes: public[look.ID],
		}
		if fields, _ := fieldsOf([]byte(look.Label)); fields != nil && json.Valid([]byte(look.Label)) { // the host accepts null
			found[i].Label = json.RawMessage(look.Label)
		}
		if at := slices.IndexFunc(faces, func(p party.Profile) bool { return p.UserID == lead.UserID }); at >= 0 {
			found[i].Leader = faces[at]
		}
	}
	return found, nil
}
