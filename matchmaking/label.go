package matchmaking

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// maxLabel is the longest label the host takes, in bytes.
const maxLabel = 2048

// label is what a match with seats tells lists of itself. A handler's own label, if it
// is a JSON object, is part of the same object.
type label struct {
	Queue     string   `json:"queue"`
	OpenSeats int      `json:"open_seats"`
	Parties   []string `json:"parties"`          // the largest first; as many as the label has room for
	Region    string   `json:"region,omitempty"` // where it is played, in a queue with regions
	// Unlisted is the number of parties that did not fit.
	Unlisted int `json:"unlisted_parties,omitempty"`

	Backfill bool    `json:"backfill,omitempty"` // the queue fills open seats; then the next three are there
	Open     []int   `json:"open,omitempty"`     // open seats by team
	Key      string  `json:"key,omitempty"`
	Skill    float64 `json:"skill,omitempty"`
}

// text is the label as the host takes it, with the fields of own that are not ours, and without as many
// of the smallest parties as must be left out; runtime.ErrMatchLabelTooLong where that is not enough.
func (l label) text(own map[string]json.RawMessage) (string, error) {
	all := l.Parties
	for n := len(all); ; n-- {
		l.Parties, l.Unlisted = all[:n], len(all)-n
		text, err := l.merged(own)
		if err != nil || len(text) <= maxLabel {
			return text, err
		}
		if n == 0 {
			return "", runtime.ErrMatchLabelTooLong
		}
		// Most of the way at once: every party takes its ID, two quotes and a comma.
		for over := len(text) - maxLabel - len(all[n-1]) - 3; over > 0 && n > 1; n-- {
			over -= len(all[n-2]) + 3
		}
	}
}

func (l label) merged(own map[string]json.RawMessage) (string, error) {
	ours, err := party.PlainJSON(l)
	if err != nil || len(own) == 0 {
		return ours, err
	}
	merged := maps.Clone(own)
	if err := json.Unmarshal([]byte(ours), &merged); err != nil {
		return "", err
	}
	return party.PlainJSON(merged)
}

// ownLabel reads the label of the handler behind the seats. A label that is no JSON
// object is kept whole in the field "inner". Its numbers stay as they are written.
func ownLabel(text string) map[string]json.RawMessage {
	if text == "" {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		inner, _ := party.PlainJSON(text)
		return map[string]json.RawMessage{"inner": json.RawMessage(inner)}
	}
	return fields
}

// readLabel reads a label back. One without both fields that ours always have is ErrGone: the match has no seats.
// A handler's own fields may have the names of ours in capitals, which the decoder would take for ours.
func readLabel(text string) (label, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return label{}, ErrGone
	}
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool { return name != strings.ToLower(name) })
	l := label{OpenSeats: -1}
	ours, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(ours, &l)
	}
	if err != nil || l.Parties == nil || l.OpenSeats < 0 {
		return label{}, ErrGone
	}
	return l, nil
}

// openQuery finds matches of a queue with open seats to fill. Names of queues have no
// characters that mean anything in a query.
func openQuery(queue string) string {
	return fmt.Sprintf("+label.queue:%s +label.backfill:T +label.open_seats:>0", queue)
}

// seatsQuery finds every match with seats.
const seatsQuery = "+label.open_seats:>=0"

// partyQuery finds the matches a party has seats in. Every character of an ID is one of
// a plain term; quoted, the server finds nothing.
func partyQuery(id party.ID) string { return "+label.parties:" + id.String() }
