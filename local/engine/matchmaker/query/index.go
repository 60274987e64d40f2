package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/blugelabs/bluge"
	"github.com/blugelabs/bluge/search"
	"github.com/blugelabs/bluge/search/similarity"
	segment "github.com/blugelabs/bluge_segment_api"
)

var errClosed = errors.New("index closed")

// Index has documents in memory and finds them by query. It is safe for concurrent use. A search uses the documents
// that exist when it begins.
type Index struct {
	mu     sync.RWMutex // guards closed, and keeps Close away while the writer is used: a closed writer would block
	closed bool
	writer *bluge.Writer
}

// NewIndex returns an empty index. It runs goroutines until [Index.Close].
func NewIndex() (*Index, error) {
	config := bluge.InMemoryOnlyConfig()
	config.DefaultSimilarity = boostScorer{}
	config.DefaultSearchAnalyzer = keywordAnalyzer
	writer, err := bluge.OpenWriter(config)
	if err != nil {
		return nil, fmt.Errorf("open search index: %w", err)
	}
	return &Index{writer: writer}, nil
}

// Close closes the index. Later calls return errors.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	return x.writer.Close()
}

// Change adds or replaces the documents in put and removes the IDs in remove, all at once. It removes an ID that is
// in both.
func (x *Index) Change(put []*Document, remove []string) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return errClosed
	}
	if len(put)+len(remove) == 0 {
		return nil // in the library, even an empty batch costs a segment
	}
	dropped := make(map[string]bool, len(remove))
	batch := bluge.NewBatch()
	for _, id := range remove {
		dropped[id] = true
		batch.Delete(bluge.Identifier(id))
	}
	for _, d := range put {
		if !dropped[d.id] {
			batch.Update(d.doc.ID(), d.doc)
		}
	}
	if err := x.writer.Batch(batch); err != nil {
		return fmt.Errorf("write search index: %w", err)
	}
	return nil
}

// Search yields the IDs of at most limit documents that match q. order lists the fields to sort by; "-" before a name
// means descending. The field "_score" is the sum of the boosts of the matched clauses, and its highest value always
// comes first. An error ends the sequence.
func (x *Index) Search(ctx context.Context, q Query, limit int, order ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		x.mu.RLock()
		defer x.mu.RUnlock()
		if x.closed {
			yield("", errClosed)
			return
		}
		reader, err := x.writer.Reader()
		if err != nil {
			yield("", fmt.Errorf("read search index: %w", err))
			return
		}
		defer func() { _ = reader.Close() }() // a snapshot in memory, so nothing is lost
		hits, err := reader.Search(ctx, bluge.NewTopNSearch(limit, q.tree).SortBy(order))
		if err != nil {
			yield("", fmt.Errorf("search: %w", err))
			return
		}
		for {
			hit, err := hits.Next()
			if err != nil {
				yield("", fmt.Errorf("search: %w", err))
				return
			}
			if hit == nil {
				return
			}
			id, err := documentID(hit)
			if err != nil {
				yield("", fmt.Errorf("search: read id: %w", err))
				return
			}
			if !yield(id, nil) {
				return
			}
		}
	}
}

func documentID(hit *search.DocumentMatch) (id string, err error) {
	err = hit.VisitStoredFields(func(field string, value []byte) bool {
		if field != "_id" {
			return true
		}
		id = string(value)
		return false
	})
	return id, err
}

// boostScorer scores every matched clause with its boost only. How rare a term is among the waiting players does not
// show how well two players fit.
type boostScorer struct{}

func (boostScorer) ComputeNorm(int) float32 { return 0 }

func (boostScorer) Scorer(boost float64, _ segment.CollectionStats, _ segment.TermStats) search.Scorer {
	return similarity.ConstantScorer(boost)
}
