package queue_test

import (
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
	"partyline/party/rules"
)

func TestSkill_Sources(t *testing.T) {
	field := func(k rules.Skill, field string) rules.Skill { k.Storage.Field = field; return k }
	account := rules.Skill{Property: "mmr", Source: rules.SkillFromAccount, Party: rules.PartySkillMean, Default: 700}
	strongest := account
	strongest.Party = rules.PartySkillMax
	storage := rules.Skill{Property: "mmr", Source: rules.SkillFromStorage, Default: 700, Storage: rules.SkillStorage{Collection: "stats", Key: "ranked"}}
	ticket := rules.Skill{Property: "mmr", Source: rules.SkillFromTicket, Default: 700}
	tests := []struct {
		name     string
		skill    rules.Skill
		metadata []string // of the members; nil for no such field
		ticket   any      // a number or a text that the client sets
		want     float64
		reason   party.Reason
	}{
		{"mean", account, []string{`{"mmr":1000}`, `{"mmr":2000}`}, nil, 1500, ""},
		{"max", strongest, []string{`{"mmr":1000}`, `{"mmr":2000}`}, nil, 2000, ""},
		{"default", account, []string{`{"mmr":1300}`, `{}`}, nil, 1000, ""},
		{"zero_is_a_number", account, []string{`{"mmr":0}`, `{"mmr":0}`}, nil, 0, ""},
		{"as_text", account, []string{`{"mmr":" 2000"}`, `{"mmr":"1e3"}`}, nil, 1500, ""},
		{"not_a_number", account, []string{`{"mmr":"high"}`, `{"mmr":null}`}, nil, 700, ""},
		{"no_object", account, []string{``, `[1]`}, nil, 700, ""},
		{"beyond_bounds", account, []string{`{"mmr":1e9}`, `{"mmr":1e9}`}, nil, 1e6, ""},
		{"storage", storage, []string{`{"mmr":1000}`, `{"mmr":1400}`}, nil, 1200, ""},
		{"storage_field", field(storage, "elo"), []string{`{"elo":1000,"mmr":5}`, `{"elo":1400}`}, nil, 1200, ""},
		{"ticket", ticket, nil, 1234.0, 1234, ""},
		{"ticket_as_text", ticket, nil, " 1234 ", 1234, ""},
		{"ticket_as_word", ticket, nil, "high", 0, party.InvalidRequest},
		{"ticket_without", ticket, nil, nil, 700, ""},
		{"ticket_infinite", ticket, nil, math.Inf(1), 0, party.InvalidRequest},
		{"ticket_no_number", ticket, nil, math.NaN(), 0, party.InvalidRequest},
		{"ticket_is_not_asked", account, []string{`{"mmr":1}`, `{"mmr":1}`}, 9000.0, 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, configWithQueues())
			q := w.cfg.Queues["ranked"]
			q.Skill = &tt.skill
			w.cfg.Queues["ranked"] = q
			id, players := w.party(2)
			for i, object := range tt.metadata {
				w.accounts.metadata[players[i].UserID] = object
				if tt.skill.Source == rules.SkillFromStorage {
					w.objects[[3]string{"stats", "ranked", players[i].UserID}] = object
				}
			}
			add := &rtapi.PartyMatchmakerAdd{StringProperties: maps.Clone(rankedEU), NumericProperties: map[string]float64{}}
			switch v := tt.ticket.(type) {
			case float64:
				add.NumericProperties["mmr"] = v
			case string:
				add.StringProperties["mmr"] = v
			}
			err := w.CheckParty(t.Context(), id, players[0], add)
			w.wantReason(err, tt.reason)
			if err == nil && add.NumericProperties["mmr"] != tt.want {
				t.Errorf("skill = %v; want %v", add.NumericProperties["mmr"], tt.want)
			}
		})
	}
}

func TestSkill_NotRead(t *testing.T) {
	w := newWorld(t, configWithQueues())
	s := w.player()
	w.accounts.err = errBroken
	w.wantReason(w.CheckSolo(t.Context(), s, &rtapi.MatchmakerAdd{StringProperties: rankedEU}), party.Internal)
}

// A value that is not a number is logged once, not once for every player.
func TestSkill_NoNumberIsSaid(t *testing.T) {
	w := newWorld(t, configWithQueues())
	for range 3 {
		s := w.player()
		w.accounts.metadata[s.UserID] = `{"mmr": [1]}`
		w.queueSolo(s, rankedEU)
	}
	if lines := w.log.Lines(); len(lines) != 1 || !strings.Contains(lines[0], "property=mmr") {
		t.Errorf("logged %q; want one line that names the property", lines)
	}
}
