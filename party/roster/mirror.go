package roster

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"partyline/party"
)

// shared is what every presence on a party's mirror repeats. Where they differ the
// highest revision counts, so that one that could not be rewritten (its session lives
// on another node) does no harm.
type shared struct {
	party.Facts
	rev    int64  // grows with every change of the other fields; 0 = the facts are not known
	state  int64  // grows with every change of what is reserved; tells other nodes to read it again
	leader string // session ID of the creator or the member promoted last; "" = the longest-standing member
	origin string // ID of the party at its beginning, where this native one goes on with it; else ""
}

// mirrorEntry is the status of one presence on the mirror.
type mirrorEntry struct {
	shared
	joinedAt time.Time
}

const (
	mirrorVersion  = "2"
	flagOpen       = 1
	flagHidden     = 2
	flagAttributes = 4
)

// encode is the version, then the fields by single spaces, the label last because only
// it may hold spaces. Hooks read and write this on every join, so it is no JSON.
func (e mirrorEntry) encode() string {
	flags := int64(0)
	if e.Open {
		flags |= flagOpen
	}
	if e.Hidden {
		flags |= flagHidden
	}
	if e.Attributes {
		flags |= flagAttributes
	}
	b := make([]byte, 0, 160+len(e.Label))
	b = append(b, mirrorVersion...)
	for _, n := range [...]int64{e.rev, e.state, party.Nanos(e.joinedAt), party.Nanos(e.CreatedAt), int64(e.MaxSize), flags} {
		b = append(b, ' ')
		b = strconv.AppendInt(b, n, 10)
	}
	b = append(b, ' ')
	b = append(b, e.leader...)
	b = append(b, ' ')
	b = append(b, e.origin...)
	b = append(b, ' ')
	return string(append(b, e.Label...))
}

// decodeMirror reads what encode wrote; false for anything else.
func decodeMirror(s string) (mirrorEntry, bool) {
	rest, ok := strings.CutPrefix(s, mirrorVersion+" ")
	if !ok {
		return mirrorEntry{}, false
	}
	var n [6]int64
	for i := range n {
		var field string
		if field, rest, ok = strings.Cut(rest, " "); !ok {
			return mirrorEntry{}, false
		}
		v, err := strconv.ParseInt(field, 10, 64)
		if err != nil || v < 0 {
			return mirrorEntry{}, false
		}
		n[i] = v
	}
	leader, rest, _ := strings.Cut(rest, " ")
	origin, label, ok := strings.Cut(rest, " ")
	if !ok {
		return mirrorEntry{}, false
	}
	return mirrorEntry{
		shared: shared{
			Facts: party.Facts{
				MaxSize: int(n[4]), Open: n[5]&flagOpen != 0, Hidden: n[5]&flagHidden != 0,
				Label: label, CreatedAt: party.FromNanos(n[3]), Attributes: n[5]&flagAttributes != 0,
			},
			rev: n[0], state: n[1], leader: leader, origin: origin,
		},
		joinedAt: party.FromNanos(n[2]),
	}, true
}

// The status of a presence on a user's stream is the list of the session's parties, the
// latest last: "<id>@<since>" by single spaces, since being Unix nanoseconds.

// presentParty is one entry of it.
type presentParty struct {
	id    party.ID
	since time.Time
}

// Most parties remembered per session; the oldest are forgotten first.
const maxPartiesPerSession = 32

func listWithout(list []presentParty, id party.ID) []presentParty {
	return slices.DeleteFunc(list, func(p presentParty) bool { return p.id == id })
}

func listWith(list []presentParty, id party.ID, since time.Time) []presentParty {
	list = append(listWithout(list, id), presentParty{id, since})
	return list[max(0, len(list)-maxPartiesPerSession):]
}

func encodeList(list []presentParty) string {
	entries := make([]string, len(list))
	for i, p := range list {
		entries[i] = p.id.String() + "@" + strconv.FormatInt(party.Nanos(p.since), 10)
	}
	return strings.Join(entries, " ")
}

// decodeList reads one and leaves out what it cannot read.
func decodeList(list string) []presentParty {
	var parties []presentParty
	for entry := range strings.SplitSeq(list, " ") {
		idText, at, _ := strings.Cut(entry, "@")
		id, err := party.ParseID(idText)
		ns, errAt := strconv.ParseInt(at, 10, 64)
		if err != nil || errAt != nil || ns < 0 {
			continue
		}
		parties = append(parties, presentParty{id, party.FromNanos(ns)})
	}
	return parties
}
