package queue

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

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
	accounts Accounts
	objects  Objects
	logger   party.Logger
	now      party.Clock

	mu    sync.Mutex
	known map[skillKey]knownSkill
	said  map[string]bool // properties whose values were said to be no numbers
}

// skillKey is one number of one user. Collection is empty for the account's metadata.
type skillKey struct{ collection, key, field, user string }

type knownSkill struct {
	value float64
	until time.Time
}

func newSkills(accounts Accounts, objects Objects, logger party.Logger, now party.Clock) *skills {
	return &skills{accounts: accounts, objects: objects, logger: logger, now: now, known: map[skillKey]knownSkill{}, said: map[string]bool{}}
}

// of is the strength of a ticket: of one player, or of a party as the queue aggregates
// it. A player without a number has the default. With source "ticket" it is the client's
// word and refused with InvalidRequest unless it is a sensible number.
func (s *skills) of(ctx context.Context, k *rules.Skill, users []string, texts map[string]string, numbers map[string]float64) (float64, error) {
	if k == nil || len(users) == 0 {
		return 0, nil
	}
	if k.Source == rules.SkillFromTicket {
		value, ok := numbers[k.Property]
		if text, given := texts[k.Property]; given && !ok {
			value, ok = parse(text), true
		}
		if !ok {
			return k.Default, nil
		}
		if math.IsNaN(value) || math.Abs(value) > maxSkill {
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

// read answers the users' strengths in their order.
func (s *skills) read(ctx context.Context, k *rules.Skill, users []string) ([]float64, error) {
	values := make([]float64, len(users))
	var missing []string
	s.mu.Lock()
	for i, user := range users {
		if known, ok := s.known[keyOf(k, user)]; ok && s.now().Before(known.until) {
			values[i] = known.value
		} else {
			missing = append(missing, user)
		}
	}
	s.mu.Unlock()
	if len(missing) == 0 {
		return values, nil
	}
	fresh, err := s.fetch(ctx, k, missing)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known)+len(missing) > maxSkills {
		clear(s.known)
	}
	until := s.now().Add(skillTTL)
	for i, user := range users {
		value, ok := fresh[user]
		if !ok {
			continue
		}
		values[i] = value
		s.known[keyOf(k, user)] = knownSkill{value, until}
	}
	return values, nil
}

func keyOf(k *rules.Skill, user string) skillKey {
	if k.Source == rules.SkillFromStorage {
		return skillKey{k.Storage.Collection, k.Storage.Key, fieldOf(k), user}
	}
	return skillKey{field: k.Property, user: user}
}

func fieldOf(k *rules.Skill) string {
	if k.Storage.Field != "" {
		return k.Storage.Field
	}
	return k.Property
}

// fetch reads every user's number from the host, in one call.
func (s *skills) fetch(ctx context.Context, k *rules.Skill, users []string) (map[string]float64, error) {
	values := make(map[string]float64, len(users))
	for _, user := range users {
		values[user] = k.Default
	}
	if k.Source == rules.SkillFromStorage {
		reads := make([]*runtime.StorageRead, len(users))
		for i, user := range users {
			reads[i] = &runtime.StorageRead{Collection: k.Storage.Collection, Key: k.Storage.Key, UserID: user}
		}
		objects, err := s.objects.StorageRead(ctx, reads)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if v, ok := s.numberIn(o.GetValue(), fieldOf(k)); ok {
				values[o.GetUserId()] = v
			}
		}
		return values, nil
	}
	accounts, err := s.accounts.AccountsGetId(ctx, users, nil)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		if v, ok := s.numberIn(a.GetUser().GetMetadata(), k.Property); ok {
			values[a.GetUser().GetId()] = v
		}
	}
	return values, nil
}

// numberIn is a number field of a JSON object, kept within what the rules file allows; a
// number written as text is one. false where there is none, which is said once of a field
// that holds something else.
func (s *skills) numberIn(object, field string) (float64, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(object), &fields) != nil {
		return 0, false
	}
	var value any
	if json.Unmarshal(fields[field], &value) != nil || value == nil {
		return 0, false
	}
	number, ok := value.(float64)
	if text, is := value.(string); is {
		number = parse(text)
		ok = !math.IsNaN(number)
	}
	if !ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.said[field] {
			s.said[field] = true
			s.logger.Warn("skill is no number, its player counts as the default property=%s", field)
		}
		return 0, false
	}
	return min(max(number, -maxSkill), maxSkill), true
}

// parse reads a number that is written as text, NaN where it is none.
func parse(text string) float64 {
	if number, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
		return number
	}
	return math.NaN()
}
