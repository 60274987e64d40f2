package queue

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"partyline/party"
	"partyline/party/rules"
)

// Properties of a ticket. A client sets Queue, the properties in the queue's match_on, latencies and join in progress.
// The server owns the rest and the queue's skill, and overwrites what a client put there.
const (
	PropertyQueue = "queue"        // text: the queue's name
	PropertySize  = "party_size"   // number: players on the ticket
	PropertyHeld  = "held"         // number: held and kept seats, in addition to the players
	PropertySince = "queued_since" // number: when the wait began, Unix seconds
	// PropertyJoinInProgress is a text that the client sets: "no" keeps the ticket out of running matches.
	PropertyJoinInProgress = "join_in_progress"
	// PropertyLatency and the name of a region make the name of a number: the milliseconds to that region.
	PropertyLatency = "latency_"
)

const (
	maxValue = 128 // bytes of a match_on value
	maxSkill = 1e6 // the limit in the rules file
)

// ticketValues is what the properties say about a ticket.
type ticketValues struct {
	size, held int
	skill      float64
	since      time.Time
	latency    []float64 // to each region of the queue; NaN if the ticket does not say
	newOnly    bool      // not into running matches
}

// ticketProperties returns the properties that the host gets with a ticket. It overwrites properties that a client may
// not set, as text and as number: the host merges both, numbers last.
func ticketProperties(name string, q rules.Queue, givenTexts map[string]string, givenNumbers map[string]float64, s ticketValues) (map[string]string, map[string]float64, error) {
	texts, numbers := map[string]string{}, map[string]float64{}
	maps.Copy(texts, givenTexts)
	maps.Copy(numbers, givenNumbers)
	for _, key := range q.MatchOn {
		if why := matchValueError(texts[key]); why != "" {
			return nil, nil, party.Refuse(party.InvalidRequest, "string_properties.%s: %s; this queue matches players by this property.", key, why)
		}
		delete(numbers, key)
	}
	set := func(key string, value float64) {
		delete(texts, key)
		numbers[key] = value
	}
	if q.Skill != nil {
		set(q.Skill.Property, s.skill)
	}
	set(PropertySize, float64(s.size))
	set(PropertyHeld, float64(s.held))
	set(PropertySince, float64(s.since.UnixMilli())/1000)
	delete(numbers, PropertyQueue)
	delete(numbers, PropertyJoinInProgress)
	if v := texts[PropertyJoinInProgress]; v != "" && v != "yes" && v != "no" {
		return nil, nil, party.Refuse(party.InvalidRequest, "string_properties.%s: say yes or no.", PropertyJoinInProgress)
	}
	if err := checkLatency(q.Latency, numbers); err != nil {
		return nil, nil, err
	}
	texts[PropertyQueue] = name
	return texts, numbers, nil
}

// checkLatency refuses a ticket with an invalid latency, or with none for any region of the queue.
func checkLatency(l *rules.Latency, numbers map[string]float64) error {
	if l == nil {
		return nil
	}
	said := false
	for _, region := range l.Regions {
		ms, ok := numbers[PropertyLatency+region]
		if ok && !milliseconds(ms) {
			return party.Refuse(party.InvalidRequest, "numeric_properties.%s%s: a number of milliseconds, 0 or more.", PropertyLatency, region)
		}
		said = said || ok
	}
	if !said {
		return party.Refuse(party.InvalidRequest, "numeric_properties.%s%s: say how many milliseconds away at least one region is.", PropertyLatency, l.Regions[0])
	}
	return nil
}

func milliseconds(ms float64) bool { return ms >= 0 && !math.IsInf(ms, 0) }

// matchValueError says what is wrong with a match_on value; "" for nothing.
func matchValueError(value string) string {
	switch {
	case value == "":
		return "missing"
	case len(value) > maxValue:
		return fmt.Sprintf("longer than %d bytes", maxValue)
	case strings.ContainsFunc(value, unicode.IsControl):
		return "it has control characters"
	}
	return ""
}

// parseProperties is the reverse of ticketProperties: it reads the properties of a ticket in the pool. It fails for a
// ticket that the queue, as it is now, would refuse.
func parseProperties(q rules.Queue, properties map[string]any) (key string, s ticketValues, err error) {
	if key, err = matchKey(q.MatchOn, properties); err != nil {
		return "", ticketValues{}, err
	}
	number := func(name string, least, most float64) float64 {
		value, ok := properties[name].(float64)
		if err == nil && (!ok || !(value >= least && value <= most)) { // so that NaN fails
			err = fmt.Errorf("property %s is %v", name, properties[name])
		}
		return value
	}
	s.size = int(number(PropertySize, 1, math.MaxInt16))
	s.held = int(number(PropertyHeld, 0, math.MaxInt16))
	s.since = time.UnixMilli(int64(math.Round(number(PropertySince, 0, 1<<40) * 1000)))
	if q.Skill != nil {
		s.skill = number(q.Skill.Property, -maxSkill, maxSkill)
	}
	if err != nil {
		return "", ticketValues{}, err
	}
	s.newOnly = properties[PropertyJoinInProgress] == "no"
	if q.Latency != nil {
		s.latency = make([]float64, len(q.Latency.Regions))
		for i, region := range q.Latency.Regions {
			ms, ok := properties[PropertyLatency+region].(float64)
			if !ok || !milliseconds(ms) {
				ms = math.NaN()
			}
			s.latency[i] = ms
		}
		if !slices.ContainsFunc(s.latency, milliseconds) {
			return "", ticketValues{}, errors.New("no region of the queue has a latency")
		}
	}
	return key, s, nil
}

// matchKey returns the key that all tickets of a match share. match_on values have no control characters, so different
// values never make the same key.
func matchKey(matchOn []string, properties map[string]any) (string, error) {
	var key []string
	for _, name := range matchOn {
		value, _ := properties[name].(string)
		if why := matchValueError(value); why != "" {
			return "", fmt.Errorf("property %s is %s", name, why)
		}
		key = append(key, name+"="+value)
	}
	return strings.Join(key, "\n"), nil
}

// queueIn finds the queue that a client names. The refusal lists all queues: their names are no secret, and a
// misspelled one is a mistake of the game, not of the player.
func queueIn(c rules.Config, name string) (rules.Queue, error) {
	q, ok := c.Queues[name]
	if ok {
		return q, nil
	}
	known := strings.Join(slices.Sorted(maps.Keys(c.Queues)), ", ")
	if known == "" {
		return q, party.Refuse(party.UnknownQueue, "There is nothing to play here at the moment.")
	}
	if name == "" {
		return q, party.Refuse(party.UnknownQueue, "string_properties.queue: name the queue to play in: %s.", known)
	}
	return q, party.Refuse(party.UnknownQueue, "string_properties.queue: there is no queue of this name; there are: %s.", known)
}
