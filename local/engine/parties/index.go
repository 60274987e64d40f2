package parties

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"sync"
	"time"

	"github.com/blugelabs/bluge"
	"github.com/blugelabs/bluge/analysis/analyzer"
	"github.com/blugelabs/bluge/search"
	"github.com/blugelabs/bluge/search/similarity"
	segment "github.com/blugelabs/bluge_segment_api"
	querystring "github.com/blugelabs/query_string"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

const maxLabelBytes = 2048

var errHiddenLabel = errors.New("party is hidden and label is not empty, invalid operation")

// entry is what the list knows of a party.
type entry struct {
	id, node     string
	open, hidden bool
	maxSize      int
	created      time.Time
	label        map[string]any
	labelText    string
}

// newEntry begins an entry with a label, a JSON object. "" stands for an empty one.
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

// index is the list of parties as a search sees it. Changes wait until a refresh.
type index struct {
	writer *bluge.Writer

	refreshing sync.Mutex // one refresh at a time, so that changes land in order
	mu         sync.Mutex
	pending    map[string]*entry // by party ID; nil: the party is gone
	shown      map[string]bool   // parties that the last refresh left in the index
}

// flat scores all hits alike, so that the list is not sorted by a label's wording.
type flat struct{}

func (flat) ComputeNorm(int) float32 { return 0 }

func (flat) Scorer(boost float64, _ segment.CollectionStats, _ segment.TermStats) search.Scorer {
	return similarity.ConstantScorer(boost)
}

func newIndex() (*index, error) {
	config := bluge.InMemoryOnlyConfig()
	config.DefaultSimilarity = flat{}
	config.DefaultSearchAnalyzer = analyzer.NewKeywordAnalyzer()
	config.Logger = log.New(io.Discard, "", 0)
	writer, err := bluge.OpenWriter(config)
	if err != nil {
		return nil, err
	}
	return &index{writer: writer, pending: map[string]*entry{}, shown: map[string]bool{}}, nil
}

func (x *index) close() error { return x.writer.Close() }

func (x *index) put(e *entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.pending[e.id] = e
}

func (x *index) remove(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.shown[id] {
		x.pending[id] = nil
	} else {
		delete(x.pending, id) // came and went between two refreshes
	}
}

// refresh makes the changes so far visible to searches.
func (x *index) refresh() error {
	x.refreshing.Lock()
	defer x.refreshing.Unlock()
	x.mu.Lock()
	pending := x.pending
	x.pending = map[string]*entry{}
	for id, e := range pending {
		if e != nil {
			x.shown[id] = true
		} else {
			delete(x.shown, id)
		}
	}
	x.mu.Unlock()
	if len(pending) == 0 {
		return nil
	}
	batch := bluge.NewBatch()
	for id, e := range pending {
		if e == nil {
			batch.Delete(bluge.Identifier(id))
		} else {
			batch.Update(bluge.Identifier(id), e.document())
		}
	}
	return x.writer.Batch(batch)
}

func flag(b bool) string {
	if b {
		return "T"
	}
	return "F"
}

func (e *entry) document() *bluge.Document {
	doc := bluge.NewDocument(e.id)
	doc.AddField(bluge.NewKeywordField("node", e.node).StoreValue())
	doc.AddField(bluge.NewKeywordField("open", flag(e.open)).StoreValue())
	doc.AddField(bluge.NewKeywordField("hidden", flag(e.hidden)).StoreValue())
	doc.AddField(bluge.NewNumericField("max_size", float64(e.maxSize)).StoreValue())
	doc.AddField(bluge.NewDateTimeField("create_time", e.created).StoreValue().Sortable())
	doc.AddField(bluge.NewStoredOnlyField("label_text", []byte(e.labelText)))
	addFields(doc, "label", e.label)
	return doc
}

// addFields indexes a decoded JSON value under a dotted name.
func addFields(doc *bluge.Document, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			addFields(doc, name+"."+key, inner)
		}
	case []any:
		for _, inner := range v {
			addFields(doc, name, inner)
		}
	case string:
		if t, ok := parseTime(v); ok {
			doc.AddField(bluge.NewDateTimeField(name, t))
		} else {
			doc.AddField(bluge.NewKeywordField(name, v))
		}
	case float64:
		doc.AddField(bluge.NewNumericField(name, v))
	case bool:
		doc.AddField(bluge.NewKeywordField(name, flag(v)))
	}
}

// parseTime reads the texts that are indexed as points in time.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// cursor is where a list goes on. It is encoded as the real server encodes it, which
// loses an Open that points to false: why that server does not survive some cursors.
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

// decodeCursor reads a cursor and checks that it belongs to this question.
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

// List finds parties. open nil finds open and closed ones; hidden ones are found only
// if showHidden. query is in the matchmaker's query language, "" for all; fields are
// label.*, max_size, node and create_time. The cursor it returns is "" on the last
// page; it is only good for the same question.
func (r *Registry) List(ctx context.Context, limit int, open *bool, showHidden bool, query, page string) ([]*api.Party, string, error) {
	if limit == 0 {
		return []*api.Party{}, "", nil
	}
	if query == "" {
		query = "*"
	}
	var from cursor
	if page != "" {
		var err error
		if from, err = decodeCursor(page, limit, open, query); err != nil {
			if errors.Is(err, ErrWouldCrash) {
				r.log.Error(err.Error())
			}
			return nil, "", err
		}
	}
	search, err := parseQuery(query)
	if err != nil {
		return nil, "", fmt.Errorf("error parsing query string: %w", err)
	}
	if open != nil {
		search = bluge.NewBooleanQuery().AddMust(search, bluge.NewTermQuery(flag(*open)).SetField("open"))
	}
	if !showHidden {
		search = bluge.NewBooleanQuery().AddMust(search, bluge.NewTermQuery(flag(false)).SetField("hidden"))
	}
	if r.opts.ListDelay == 0 {
		if err := r.index.refresh(); err != nil {
			return nil, "", err
		}
	}
	found, err := r.index.search(ctx, bluge.NewTopNSearch(limit+1, search).SetFrom(from.Offset))
	if err != nil || len(found) <= limit {
		return found, "", err
	}
	next := cursor{Query: query, Open: open, Offset: from.Offset + limit, Limit: limit}
	nextPage, err := next.encode()
	return found[:limit], nextPage, err
}

func parseQuery(text string) (bluge.Query, error) {
	if text == "*" {
		return bluge.NewMatchAllQuery(), nil
	}
	return querystring.ParseQueryString(text, querystring.DefaultOptions().WithDefaultAnalyzer(analyzer.NewKeywordAnalyzer()))
}

func (x *index) search(ctx context.Context, request bluge.SearchRequest) (found []*api.Party, err error) {
	reader, err := x.writer.Reader()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	hits, err := reader.Search(ctx, request)
	if err != nil {
		return nil, err
	}
	found = []*api.Party{}
	for {
		hit, err := hits.Next()
		if err != nil || hit == nil {
			return found, err
		}
		p := &api.Party{}
		var broken error
		err = hit.VisitStoredFields(func(field string, value []byte) bool {
			switch field {
			case "_id":
				p.PartyId = string(value)
			case "open":
				p.Open = string(value) == flag(true)
			case "hidden":
				p.Hidden = string(value) == flag(true)
			case "label_text":
				p.Label = string(value)
			case "max_size":
				var size float64
				size, broken = bluge.DecodeNumericFloat64(value)
				p.MaxSize = int32(size)
			}
			return broken == nil
		})
		if err = errors.Join(err, broken); err != nil {
			return nil, err
		}
		found = append(found, p)
	}
}
