package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/rules"
)

// Strengths reads the accounts and storage objects that may hold a player's skill.
type Strengths interface {
	AccountsGetId(ctx context.Context, userIDs, deviceIDs []string) ([]*api.Account, error)
	StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error)
}

// readSkill returns the skill of a ticket; for a party, as the queue aggregates it. A player without a number counts
// with the default. With source "ticket" it refuses an invalid number with InvalidRequest.
func (g *gate) readSkill(ctx context.Context, k *rules.Skill, users []string, texts map[string]string, numbers map[string]float64) (float64, error) {
	if k == nil || len(users) == 0 {
		return 0, nil
	}
	if k.Source == rules.SkillFromTicket {
		return skillOfTicket(k, texts, numbers)
	}
	objects, err := g.readObjects(ctx, k, users)
	if err != nil {
		return 0, err
	}
	field := k.Property
	if k.Source == rules.SkillFromStorage {
		field = cmp.Or(k.Storage.Field, k.Property)
	}
	sum, top := 0.0, math.Inf(-1)
	for _, user := range users {
		v := g.numberField(objects[user], field, k.Default)
		sum, top = sum+v, max(top, v)
	}
	if k.Party == rules.PartySkillMax {
		return top, nil
	}
	return sum / float64(len(users)), nil
}

// skillOfTicket returns the skill that the ticket itself states.
func skillOfTicket(k *rules.Skill, texts map[string]string, numbers map[string]float64) (float64, error) {
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

// readObjects reads the users' JSON objects that hold the skill, in one call of the host.
func (g *gate) readObjects(ctx context.Context, k *rules.Skill, users []string) (map[string]string, error) {
	texts := make(map[string]string, len(users))
	if k.Source != rules.SkillFromStorage {
		accounts, err := g.Strengths.AccountsGetId(ctx, users, nil)
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
		reads[i] = &runtime.StorageRead{Collection: k.Storage.Collection, Key: k.Storage.Key, UserID: user}
	}
	objects, err := g.Strengths.StorageRead(ctx, reads)
	if err != nil {
		return nil, fmt.Errorf("read objects for skill: %w", err)
	}
	for _, o := range objects {
		texts[o.GetUserId()] = o.GetValue()
	}
	return texts, nil
}

// numberField returns a number field of a JSON object, also one written as text, limited to what the rules file allows.
// Without a number it returns the default. For a value that is not a number it logs that, once for each field.
func (g *gate) numberField(object, field string, otherwise float64) float64 {
	var fields map[string]json.RawMessage
	var value any
	if json.Unmarshal([]byte(object), &fields) != nil || json.Unmarshal(fields[field], &value) != nil || value == nil {
		return otherwise
	}
	if number, ok := rules.Number(value); ok {
		return min(max(number, -maxSkill), maxSkill)
	}
	if _, said := g.loggedFields.LoadOrStore(field, nil); !said {
		g.Logger.Warn("skill value is not a number, the default is used property=%s", field)
	}
	return otherwise
}
