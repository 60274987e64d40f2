package queue

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"partyline/party/rules"
)

var fuzzed = func() rules.Queue {
	q := rules.DefaultOf[rules.Queue]()
	q.Teams, q.TeamSize.Max = 2, 5
	q.MatchOn = []string{"region", "build"}
	q.Skill = &rules.Skill{Property: "mmr", Source: rules.SkillFromTicket}
	return q
}()

// parseProperties understands what ticketProperties lets through in the same way. It refuses other properties without a
// panic, and never lets a number through that formation cannot sort.
func FuzzTicketProperties(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"region":"eu","build":"12","mmr":1500}`, `{"queue":"x","region":7,"party_size":9,"held":-1,"queued_since":1e300}`,
		`{"region":"a\nbuild=1","build":"1"}`, `{"region":"eu","build":"","mmr":1e999}`, `[]`, `{"mmr":null,"region":"` + "\u0000" + `"}`,
		`{"region":"eu","build":"1","mmr":-5,"party_size":2,"held":1,"queued_since":1700000000.25}`,
	} {
		f.Add(seed, 1500.0)
	}
	f.Add(`{"region":"eu","build":"1"}`, math.Inf(1))
	f.Fuzz(func(t *testing.T, object string, skill float64) {
		var raw map[string]any
		if json.Unmarshal([]byte(object), &raw) != nil {
			return
		}
		if _, s, err := parseProperties(fuzzed, raw); err == nil {
			if math.IsNaN(s.skill) || math.Abs(s.skill) > maxSkill || s.size < 1 || s.held < 0 {
				t.Fatalf("read let through %+v", s)
			}
		}
		texts, numbers := map[string]string{}, map[string]float64{}
		for k, v := range raw {
			switch v := v.(type) {
			case string:
				texts[k] = v
			case float64:
				numbers[k] = v
			}
		}
		in := ticketValues{size: 3, held: 1, skill: skill, since: time.UnixMilli(1_700_000_000_123)}
		texts, numbers, err := ticketProperties("ranked", fuzzed, texts, numbers, in)
		if err != nil || math.IsNaN(skill) || math.Abs(skill) > maxSkill {
			return
		}
		merged := map[string]any{} // as the host merges them
		for k, v := range texts {
			merged[k] = v
		}
		for k, v := range numbers {
			merged[k] = v
		}
		key, out, err := parseProperties(fuzzed, merged)
		if err != nil || out.size != in.size || out.held != in.held || out.skill != in.skill || !out.since.Equal(in.since) {
			t.Fatalf("filled %+v, read %+v, %v", in, out, err)
		}
		if want := "region=" + texts["region"] + "\nbuild=" + texts["build"]; key != want || merged[PropertyQueue] != "ranked" {
			t.Fatalf("key %q; want %q", key, want)
		}
	})
}
