package attributes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/bounded"
	"partyline/party"
)

// attributesCollection stores the documents. Key = the UUID of the party's first ID.
const attributesCollection = "partyline_attributes"

const (
	attempts  = 64 // of one write; after that storage counts as broken
	sweepTime = 10 * time.Second
)

// found is a document as storage has it. Its version is [party.Absent] if there is none.
type found struct {
	doc     Document
	version string
}

func (s *Service) read(ctx context.Context, id party.ID) (found, error) {
	key := s.Admission.Origin(id).UUID.String()
	all, err := s.readAll(ctx, key)
	return all[key], err
}

// readAll reads documents in one query, by key. It omits broken ones, and returns the first of them as an error.
func (s *Service) readAll(ctx context.Context, keys ...string) (all map[string]found, err error) {
	all, reads := make(map[string]found, len(keys)), make([]*runtime.StorageRead, len(keys))
	for i, key := range keys {
		all[key] = found{emptyDocument(), party.Absent}
		reads[i] = &runtime.StorageRead{Collection: attributesCollection, Key: key}
	}
	objects, err := s.Storage.StorageRead(ctx, reads)
	if err != nil {
		return all, fmt.Errorf("read attributes: %w", err)
	}
	for _, o := range objects {
		_, d, unread := decode(o.GetValue())
		if unread != nil {
			err = cmp.Or(err, fmt.Errorf("read attributes: %w", s.broken.Add(o, unread)))
			delete(all, o.GetKey())
			continue
		}
		all[o.GetKey()] = found{d, o.GetVersion()}
	}
	return all, err
}

// change writes the document that edit returns, and adds the changes to the news. If another node was faster, it
// tries again. A refusal by edit counts only on a document that was just read. The caller holds the party's board, so
// that the writers of this node do not disturb each other.
func (s *Service) change(ctx context.Context, b *board, edit func(Document) (Document, error)) (Document, error) {
	id := b.id
	for attempt := range attempts {
		f, known := s.cache.Peek(id)
		if !known {
			var err error
			if f, err = s.read(ctx, id); err != nil {
				return Document{}, err
			}
		}
		next, err := edit(f.doc)
		if err != nil && known {
			s.cache.Invalidate(id)
			continue
		}
		if err != nil || next.Version == f.doc.Version {
			return f.doc, err
		}
		text, err := party.PlainJSON(next) // values keep their length
		if err != nil {
			return Document{}, fmt.Errorf("write attributes: %w", err)
		}
		s.cache.Invalidate(id) // until the write is known to be done
		origin := s.Admission.Origin(id)
		written, err := party.WriteObject(ctx, s.Storage, attributesCollection, origin.UUID.String(), stored{origin.String(), text}, f.version)
		if err == nil {
			s.cache.Put(id, found{next, written})
			if b.unsure != nil { // the unsure write was done before this one, or never will be
				f.doc, b.unsure = *b.unsure, nil
			}
			b.tell(f.doc, next)
			return next, nil
		}
		if !errors.Is(err, runtime.ErrStorageRejectedVersion) {
			if b.unsure == nil {
				b.unsure = &f.doc
			}
			b.recheckAt = s.Now().Add(retryAfter)
			return Document{}, fmt.Errorf("write attributes: %w", err)
		}
		if err := bounded.Sleep(ctx, rand.N(time.Duration(min(attempt+1, 10))*time.Millisecond)); err != nil {
			return Document{}, err
		}
	}
	return Document{}, errors.New("write attributes: another node was faster each time")
}

// endDoubt writes the document again with a new version. After that, an earlier write whose result is unknown was done,
// or never will be; then [Service.change] tells the party. A read would not do: the database may finish a write after
// any read.
func (s *Service) endDoubt(ctx context.Context, b *board) error {
	_, err := s.change(ctx, b, func(d Document) (Document, error) {
		d.Version++
		return d, nil
	})
	return err
}

func (s *Service) remove(ctx context.Context, origin party.ID) error {
	err := s.Storage.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: attributesCollection, Key: origin.UUID.String()}})
	if err != nil {
		return fmt.Errorf("delete attributes: %w", err)
	}
	return nil
}

// Sweep deletes the documents of parties whose end this process did not notice. Its time is bounded, and the next
// call continues where it stopped. Only one call may run at a time.
func (s *Service) Sweep(ctx context.Context) error {
	return s.sweeps.Go(ctx, sweepTime, func(o *api.StorageObject) error {
		id, _, err := decode(o.GetValue())
		if err != nil {
			return s.broken.Add(o, err)
		}
		_, err = s.Admission.Look(ctx, id)
		switch party.ReasonOf(err) {
		case party.PartyNotFound:
			return s.remove(ctx, id)
		case party.Internal:
			return fmt.Errorf("attributes %s: %w", o.GetKey(), err)
		}
		return nil
	})
}
