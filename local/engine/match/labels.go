package match

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"partyline/local/engine/matchmaker/query"

	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Fields that a list can search in addition to those of the label.
const (
	fieldLabel   = "label_string"
	fieldCreated = "create_time"
)

// listEntry has the data of a match that lists search and show.
type listEntry struct {
	node, label, name string
	rate              int64
	created           time.Time
}

func (m *runningMatch) listEntry() listEntry {
	return listEntry{node: m.reg.opts.Node, label: m.labelText(), name: m.name, rate: m.rate, created: m.created}
}

func (l listEntry) document(id string) *query.Document {
	d := query.NewDocument(id).
		Keyword("node", l.node).
		Keyword(fieldLabel, l.label).
		Keyword("handler_name", l.name).
		Number("tick_rate", float64(l.rate)).
		Number(fieldCreated, float64(l.created.UnixMilli()))
	// If a label is not JSON, a list can only match it as a whole.
	var members map[string]any
	if json.Unmarshal([]byte(l.label), &members) == nil {
		d.Object("label", members)
	}
	return d
}

// labels is the search index of the match lists. As on the real server, a change becomes visible at the next update,
// so a new match is in no list at first.
type labels struct {
	index *query.Index

	mu      sync.Mutex
	pending map[string]*listEntry // by match ID; nil means that the match is removed
	indexed map[string]listEntry  // the contents of the index
}

func newLabels() (*labels, error) {
	index, err := query.NewIndex()
	if err != nil {
		return nil, err
	}
	return &labels{index: index, pending: map[string]*listEntry{}, indexed: map[string]listEntry{}}, nil
}

func (l *labels) set(id string, to listEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending[id] = &to
}

func (l *labels) drop(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending[id] = nil
}

func (l *labels) close() error { return l.index.Close() }

// update writes the pending changes to the index.
func (l *labels) update() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) == 0 {
		return nil
	}
	var put []*query.Document
	var remove []string
	for id, to := range l.pending {
		if to == nil {
			remove = append(remove, id)
			delete(l.indexed, id)
		} else {
			put = append(put, to.document(id))
			l.indexed[id] = *to
		}
	}
	clear(l.pending)
	return l.index.Change(put, remove)
}

// updateLabels updates the index at every label interval until ctx is done.
func (r *Registry) updateLabels(ctx context.Context) {
	ticks, stop := r.opts.Ticker(r.opts.LabelInterval)
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			if err := r.labels.update(); err != nil {
				r.opts.Logger.Error("match labels: %v", err)
			}
		}
	}
}

// find returns the matches that q selects, sorted by order.
func (r *Registry) find(ctx context.Context, q query.Query, limit int, order ...string) ([]*api.Match, error) {
	var found []*api.Match
	for id, err := range r.labels.index.Search(ctx, q, limit, order...) {
		if err != nil {
			return nil, fmt.Errorf("error listing matches: %w", err)
		}
		if match := r.listedMatch(id); match != nil {
			found = append(found, match)
		}
	}
	return found, nil
}

// listedMatch returns a match with its indexed label and its current size. It returns nil if the match has ended.
func (r *Registry) listedMatch(id string) *api.Match {
	r.labels.mu.Lock()
	l, ok := r.labels.indexed[id]
	r.labels.mu.Unlock()
	matchID, node, _ := parseID(id)
	m := r.findRunning(matchID, node)
	if !ok || m == nil {
		return nil
	}
	return &api.Match{
		MatchId:       id,
		Authoritative: true,
		Label:         wrapperspb.String(l.label),
		Size:          int32(m.players.size()),
		TickRate:      int32(l.rate),
		HandlerName:   l.name,
	}
}
