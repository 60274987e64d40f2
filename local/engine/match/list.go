package match

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"partyline/local/engine/matchmaker/query"
	"partyline/local/engine/presence"

	"github.com/heroiclabs/nakama-common/api"
)

// Filter selects matches. A nil field does not filter.
type Filter struct {
	Limit            int // 0 lists nothing
	Authoritative    *bool
	Label            *string // the whole label
	MinSize, MaxSize *int32  // inclusive
	Query            *string // searches the label and replaces the field Label; "" matches all
}

func (f Filter) fits(m *api.Match) bool {
	return (f.MinSize == nil || m.Size >= *f.MinSize) && (f.MaxSize == nil || m.Size <= *f.MaxSize)
}

// List returns the matches that the filter selects. Authoritative matches come first, sorted by how well they match
// the query, then newest first. Relayed matches come last, and only if the filter has no label and no query.
func (r *Registry) List(ctx context.Context, f Filter) ([]*api.Match, error) {
	if f.Limit <= 0 {
		return []*api.Match{}, nil
	}
	relayed := f.Query == nil && f.Label == nil && (f.Authoritative == nil || !*f.Authoritative)
	found := []*api.Match{}
	if f.Authoritative == nil || *f.Authoritative {
		labelled, err := r.listAuthoritative(ctx, f)
		if err != nil {
			return nil, err
		}
		found = append(found, labelled...)
	}
	if relayed {
		found = append(found, r.relayed.list(r.opts.Tracker)...)
	}
	found = slices.DeleteFunc(found, func(m *api.Match) bool { return !f.fits(m) })
	return found[:min(len(found), f.Limit)], nil
}

// listAuthoritative finds authoritative matches. The index does not have their sizes, so List checks sizes later.
// With a size filter the limit must therefore not cut the search.
func (r *Registry) listAuthoritative(ctx context.Context, f Filter) ([]*api.Match, error) {
	limit := f.Limit
	if f.MinSize != nil || f.MaxSize != nil {
		limit = max(r.Count(), limit)
	}
	switch {
	case f.Query != nil:
		q, err := query.Parse(cmp.Or(*f.Query, "*"))
		if err != nil {
			return nil, fmt.Errorf("error parsing query string: %w", err)
		}
		return r.find(ctx, q, limit, "_score", "-"+fieldCreated)
	case f.Label != nil:
		return r.find(ctx, query.Is(fieldLabel, *f.Label), limit, "-"+fieldCreated)
	default:
		return r.find(ctx, query.All(), limit, "-"+fieldCreated)
	}
}

// relayedStreams remembers which streams are relayed matches. The zero value is empty.
type relayedStreams struct {
	mu    sync.Mutex
	known map[presence.Stream]bool
}

// refresh adds or removes a stream, depending on whether somebody is on it.
func (k *relayedStreams) refresh(s presence.Stream, tracker Tracker) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if tracker.Count(s) == 0 {
		delete(k.known, s)
		return
	}
	if k.known == nil {
		k.known = map[presence.Stream]bool{}
	}
	k.known[s] = true
}

// list returns the relayed matches with players, sorted by ID. It forgets streams that were closed without an event.
func (k *relayedStreams) list(tracker Tracker) []*api.Match {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []*api.Match
	for s := range k.known {
		size := tracker.Count(s)
		if size == 0 {
			delete(k.known, s)
			continue
		}
		all = append(all, &api.Match{MatchId: s.Subject.String() + "." + s.Label, Size: int32(size)})
	}
	slices.SortFunc(all, func(a, b *api.Match) int { return cmp.Compare(a.MatchId, b.MatchId) })
	return all
}
