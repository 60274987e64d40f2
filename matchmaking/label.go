package matchmaking

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// maxLabel is the longest label that the host accepts, in bytes.
const maxLabel = 2048

// maxListed is more parties than fit in a label: each has an ID of at least 38 bytes, two quotes and a comma.
const maxListed = maxLabel / 41

// label is what the host's lists of matches show of a match with seats. If the handler's own label is a JSON
// object, its fields are part of the same object.
type label struct {
	Queue     string   `json:"queue"`
	OpenSeats int      `json:"open_seats"`
	Parties   []string `json:"parties"`          // as many as fit in the label
	Region    string   `json:"region,omitempty"` // where the match is played, in a queue with regions
	// Unlisted is the number of parties that did not fit.
	Unlisted int `json:"unlisted_parties,omitempty"`

	Backfill bool    `json:"backfill,omitempty"` // the queue fills open seats; only then the next three fields are set
	Open     []int   `json:"open,omitempty"`     // open seats by team
	Key      string  `json:"key,omitempty"`
	Skill    float64 `json:"skill,omitempty"`
}

// encode encodes the label for the host, together with the handler's own fields. If it is too long, encode drops as
// many parties as needed. It returns runtime.ErrMatchLabelTooLong if that is not enough.
func (l label) encode(own map[string]json.RawMessage) (string, error) {
	all := l.Parties
	for n := min(len(all), maxListed); n >= 0; n-- {
		l.Parties, l.Unlisted = all[:n], len(all)-n
		if text, err := l.encodeMerged(own); err != nil || len(text) <= maxLabel {
			return text, err
		}
	}
	return "", runtime.ErrMatchLabelTooLong
}

func (l label) encodeMerged(own map[string]json.RawMessage) (string, error) {
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

// parseInnerLabel reads the label of the handler behind the seats. A label that is not a JSON object is kept whole
// in the field "inner". Numbers stay as they are written.
func parseInnerLabel(text string) map[string]json.RawMessage {
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

// readLabel decodes a label. It returns ErrGone if open_seats or parties is missing: the match has no seats. The
// decoder ignores case, so the handler's own fields with capitals are removed first.
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

// openQuery finds matches of a queue with open seats to fill. A queue's name has no characters with a meaning in a
// query.
func openQuery(queue string) string {
	return fmt.Sprintf("+label.queue:%s +label.backfill:T +label.open_seats:>0", queue)
}

// seatsQuery finds every match with seats.
const seatsQuery = "+label.open_seats:>=0"

// partyQuery finds the matches in which a party has seats. A party ID needs no quotes; with quotes the server finds
// nothing.
func partyQuery(id party.ID) string { return "+label.parties:" + id.String() }
