package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/cache"
	"partyline/party"
	"partyline/party/rules"
)

// Accounts reads accounts, of which the metadata may hold a strength.
type Accounts interface {
	AccountsGetId(ctx context.Context, userIDs, deviceIDs []string) ([]*api.Account, error)
}

// Objects reads storage objects, which may hold a strength.
type Objects interface {
	StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error)
}

const (
	skillTTL  = 30 * time.Second // a strength read is good for so long: tickets come and go faster than matches end
	maxSkills = 100_000          // strengths remembered, some 20 MB
)

// skills reads strengths, one batch for those not read a moment ago.
type skills struct {
	Deps
	known *cache.Cache[skillKey, float64]

	mu   sync.Mutex
	said map[string]bool // properties whose values were said to be no numbers
}

// skillKey is one number of one user. Collection is empty for the account's metadata.
type skillKey struct{ collection, key, field, user string }

func newSkills(d Deps) *skills {
	return &skills{Deps: d, said: map[string]bool{}, known: cache.New[skillKey, float64](d.Now, maxSkills, skillTTL)}
}

// of is the strength of a ticket, of a party as the queue aggregates it; a player without a number has
// the default. With source "ticket" it refuses with InvalidRequest what is no sensible number.
func (s *skills) of(ctx context.Context, k *rules.Skill, users []string, texts map[string]string, numbers map[string]float64) (float64, error) {
	if k == nil || len(users) == 0 {
		return 0, nil
	}
	if k.Source == rules.SkillFromTicket {
		var given any
		if number, ok := numbers[k.Property]; ok {
			given = number
		} else if text, ok := texts[k.Property]; ok {
			given = text
		} else {
			return k.Default, nil
		}
		value, ok := rules.Number(given)
		if !ok || math.Abs(value) > maxSkill {
			return 0, party.Refuse(party.InvalidRequest, "numeric_properties.%s: a number from %d to %d.", k.Property, -int(maxSkill), int(maxSkill))
		}
		return value, nil
	}
	values, err := s.read(ctx, k, users)
	if err != nil {
		return 0, err
	}
	return aggregate(k.Party, values), nil
}

func aggregate(how rules.PartySkill, values []float64) float64 {
	sum, top := 0.0, math.Inf(-1)
	for _, v := range values {
		sum, top = sum+v, max(top, v)
	}
	if how == rules.PartySkillMax {
		return top
	}
	return sum / float64(len(values))
}

// read returns the users' strengths in their order.
func (s *skills) read(ctx context.Context, k *rules.Skill, users []string) ([]float64, error) {
	where := skillKey{field: k.Property}
	if k.Source == rules.SkillFromStorage {
		where = skillKey{collection: k.Storage.Collection, key: k.Storage.Key, field: cmp.Or(k.Storage.Field, k.Property)}
	}
	values := make([]float64, len(users))
	var missing []string
	for i, user := range users {
		where.user = user
		kept := false
		if values[i], kept = s.known.Kept(where); !kept {
			missing = append(missing, user)
		}
	}
	if len(missing) == 0 {
		return values, nil
	}
	texts, err := s.fetch(ctx, where, missing)
	if err != nil {
		return nil, err
	}
	for i, user := range users {
		if !slices.Contains(missing, user) {
			continue
		}
		values[i] = s.numberIn(texts[user], where.field, k.Default)
		where.user = user
		s.known.Put(where, values[i])
	}
	return values, nil
}

// fetch reads the users' JSON objects that hold the number from the host, in one call.
func (s *skills) fetch(ctx context.Context, where skillKey, users []string) (map[string]string, error) {
	texts := make(map[string]string, len(users))
	if where.collection == "" {
		accounts, err := s.Accounts.AccountsGetId(ctx, users, nil)
		if err != nil {
			return nil, fmt.Errorf("read accounts for skill: %w", err)
		}
		for _, a := range accounts {
			texts[a.GetUser().GetId()] = a.GetUser().GetMetadata()
		}
		return texts, nil
	}
	reads := make([]*runtime.StorageRead, len(users))
	for i, user := range users {
		reads[i] = &runtime.StorageRead{Collection: where.collection, Key: where.key, UserID: user}
	}
	objects, err := s.Objects.StorageRead(ctx, reads)
	if err != nil {
		return nil, fmt.Errorf("read objects for skill: %w", err)
	}
	for _, o := range objects {
		texts[o.GetUserId()] = o.GetValue()
	}
	return texts, nil
}

// numberIn is a number field of a JSON object, written as text too, kept within what the rules file
// allows. Else the default counts, which is logged once for each field.
func (s *skills) numberIn(object, field string, otherwise float64) float64 {
	var fields map[string]json.RawMessage
	var value any
	if json.Unmarshal([]byte(object), &fields) != nil || json.Unmarshal(fields[field], &value) != nil || value == nil {
		return otherwise
	}
	if number, ok := rules.Number(value); ok {
		return min(max(number, -maxSkill), maxSkill)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.said[field] {
		s.said[field] = true
		s.Logger.Warn("skill is no number, its player counts as the default property=%s", field)
	}
	return otherwise
}
