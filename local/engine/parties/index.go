package parties

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/matchmaker/query"
)

const maxLabelBytes = 2048

var errHiddenLabel = errors.New("party is hidden and label is not empty, invalid operation")

// entry is the data of a party in the list.
type entry struct {
	id, node     string
	open, hidden bool
	maxSize      int
	created      time.Time
	label        map[string]any
	labelText    string
}

// newEntry makes an entry with a label, which must be a JSON object. "" means an empty one.
func newEntry(label string) (*entry, error) {
	if label == "" {
		label = "{}"
	}
	if len(label) > maxLabelBytes {
		return nil, runtime.ErrPartyLabelTooLong
	}
	e := &entry{labelText: label}
	if err := json.Unmarshal([]byte(label), &e.label); err != nil {
		return nil, fmt.Errorf("failed to unmarshal party label: %s", err)
	}
	return e, nil
}

// index is the searchable list of parties. Changes become visible at the next refresh.
type index struct {
	documents *query.Index

	refreshing sync.Mutex // one refresh at a time, so that changes keep their order
	mu         sync.Mutex
	pending    map[string]*entry // by party ID; nil means that the party is gone
	indexed    map[string]*entry // contents of the index since the last refresh
}

func newIndex() (*index, error) {
	documents, err := query.NewIndex()
	if err != nil {
		return nil, err
	}
	return &index{documents: documents, pending: map[string]*entry{}, indexed: map[string]*entry{}}, nil
}

func (x *index) close() error { return x.documents.Close() }

func (x *index) put(e *entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.pending[e.id] = e
}

func (x *index) remove(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.indexed[id] != nil {
		x.pending[id] = nil
	} else {
		delete(x.pending, id) // created and closed between two refreshes
	}
}

// refresh makes the changes so far visible to searches.
func (x *index) refresh() error {
	x.refreshing.Lock()
	defer x.refreshing.Unlock()
	var put []*query.Document
	var gone []string
	x.mu.Lock()
	for id, e := range x.pending {
		if e != nil {
			x.indexed[id] = e
			put = append(put, e.document())
		} else {
			delete(x.indexed, id)
			gone = append(gone, id)
		}
	}
	clear(x.pending)
	x.mu.Unlock()
	return x.documents.Change(put, gone)
}

func (e *entry) document() *query.Document {
	return query.NewDocument(e.id).
		Keyword("node", e.node).
		Bool("open", e.open).
		Bool("hidden", e.hidden).
		Number("max_size", float64(e.maxSize)).
		Time("create_time", e.created).
		Object("label", e.label)
}

// cursor is the position of the next page. It uses the real server's encoding, which loses an Open that points to
// false. That is why some cursors crash the real server.
type cursor struct {
	Query  string
	Open   *bool
	Offset int
	Limit  int
}

func (c cursor) encode() (string, error) {
	var data bytes.Buffer
	err := gob.NewEncoder(&data).Encode(c)
	return base64.RawURLEncoding.EncodeToString(data.Bytes()), err
}

// decodeCursor decodes a cursor and checks that it belongs to the same search.
func decodeCursor(text string, limit int, open *bool, query string) (cursor, error) {
	var c cursor
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = gob.NewDecoder(bytes.NewReader(data)).Decode(&c)
	}
	switch {
	case err != nil || c.Offset < 0 || c.Offset > math.MaxInt32:
		return c, errors.New("invalid cursor")
	case query != c.Query:
		return c, errors.New("invalid cursor: param query mismatch")
	case limit != c.Limit:
		return c, errors.New("invalid cursor: param limit mismatch")
	case open == nil && c.Open == nil:
		return c, nil
	case open == nil || c.Open == nil:
		return c, ErrWouldCrash
	case *open != *c.Open:
		return c, errors.New("invalid cursor: param open mismatch")
	}
	return c, nil
}

// List finds parties. open nil finds open and closed ones. Hidden ones are found only with showHidden. text is a
// query in the matchmaker's query language, "" for all; fields are label.*, max_size, node and create_time. The
// returned cursor is "" on the last page, and valid only for the same search.
func (r *Registry) List(ctx context.Context, limit int, open *bool, showHidden bool, text, page string) ([]*api.Party, string, error) {
	if limit == 0 {
		return []*api.Party{}, "", nil
	}
	if text == "" {
		text = "*"
	}
	var from cursor
	if page != "" {
		var err error
		if from, err = decodeCursor(page, limit, open, text); err != nil {
			if errors.Is(err, ErrWouldCrash) {
				r.log.Error(err.Error())
			}
			return nil, "", err
		}
	}
	search, err := query.Parse(text)
	if err != nil {
		return nil, "", fmt.Errorf("error parsing query string: %w", err)
	}
	if open != nil {
		search = query.And(search, query.IsTrue("open", *open))
	}
	if !showHidden {
		search = query.And(search, query.IsTrue("hidden", false))
	}
	if r.opts.ListDelay == 0 {
		if err := r.index.refresh(); err != nil {
			return nil, "", err
		}
	}
	found, more, err := r.index.search(ctx, search, from.Offset, limit)
	if err != nil || !more {
		return found, "", err
	}
	next, err := cursor{Query: text, Open: open, Offset: from.Offset + limit, Limit: limit}.encode()
	return found, next, err
}

// search returns at most limit parties after the first offset ones, and whether there are more.
func (x *index) search(ctx context.Context, q query.Query, offset, limit int) (found []*api.Party, more bool, err error) {
	found = []*api.Party{}
	x.mu.Lock()
	most := len(x.indexed)
	x.mu.Unlock()
	if offset > most {
		return found, false, nil
	}
	at := 0
	for id, err := range x.documents.Search(ctx, q, offset+limit+1, "_score") {
		if err != nil {
			return nil, false, err
		}
		if at++; at <= offset {
			continue
		}
		if len(found) == limit {
			return found, true, nil
		}
		x.mu.Lock()
		e := x.indexed[id]
		x.mu.Unlock()
		if e != nil {
			found = append(found, &api.Party{PartyId: e.id, Open: e.open, Hidden: e.hidden, MaxSize: int32(e.maxSize), Label: e.labelText})
		}
	}
	return found, false, nil
}
