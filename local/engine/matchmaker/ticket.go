package matchmaker

import (
	"cmp"
	"slices"

	"partyline/local/engine/matchmaker/query"
	"partyline/local/engine/presence"

	"github.com/google/uuid"
)

// Fields that the default matching searches in addition to the properties.
const (
	fieldMin     = "min_count"
	fieldMax     = "max_count"
	fieldParty   = "party_id"
	fieldCreated = "created_at"
)

// ticket is a group of players who are matched together or not at all. When the ticket is in the pool, only intervals
// changes.
type ticket struct {
	id        string
	sessionID string // owner of a solo ticket
	partyID   string // owner of a party ticket
	created   int64  // Unix nanoseconds

	min, max, multiple int
	query              query.Query
	properties         map[string]any
	sessions           map[uuid.UUID]bool
	entries            []*Entry

	seq       uint64 // order of arrival, set by the pool
	intervals int    // passes while active; only the pass uses it
}

// addEntries makes the ticket's entries. It returns false if a session appears twice.
func (t *ticket) addEntries(presences []presence.Presence, strings map[string]string, numbers map[string]float64) bool {
	t.sessions = make(map[uuid.UUID]bool, len(presences))
	for _, p := range presences {
		if t.sessions[p.ID.SessionID] {
			return false
		}
		t.sessions[p.ID.SessionID] = true
		t.entries = append(t.entries, &Entry{
			Ticket:            t.id,
			Player:            &Player{ID: p.ID, UserID: p.UserID.String(), Username: p.Meta.Username},
			Properties:        t.properties,
			PartyID:           t.partyID,
			CreateTime:        t.created,
			StringProperties:  strings,
			NumericProperties: numbers,
		})
	}
	return true
}

func (t *ticket) owns(e *Entry) bool { return slices.Contains(t.entries, e) }

// size returns the number of players.
func (t *ticket) size() int { return len(t.entries) }

// fits reports whether the ticket accepts a match of n players.
func (t *ticket) fits(n int) bool { return t.min <= n && n <= t.max && n%t.multiple == 0 }

// sharesSession reports whether a session is on both tickets.
func (t *ticket) sharesSession(other *ticket) bool {
	for id := range t.sessions {
		if other.sessions[id] {
			return true
		}
	}
	return false
}

// document returns the ticket for the search index.
func (t *ticket) document() *query.Document {
	return query.NewDocument(t.id).
		Keyword("ticket", t.id).
		Number(fieldMin, float64(t.min)).
		Number(fieldMax, float64(t.max)).
		Keyword(fieldParty, t.partyID).
		Number(fieldCreated, float64(t.created)).
		Object("properties", t.properties)
}

// searchQuery returns the ticket's search: its own query, only tickets whose sizes are within its own limits, and no
// tickets of its own party.
func (t *ticket) searchQuery() query.Query {
	q := query.And(t.query, query.AtLeast(fieldMin, float64(t.min)), query.AtMost(fieldMax, float64(t.max)))
	if t.partyID != "" {
		q = q.But(query.Is(fieldParty, t.partyID))
	}
	return q
}

func byAge(a, b *ticket) int { return cmp.Compare(a.seq, b.seq) }

// pool has the waiting tickets with indexes of their owners.
type pool struct {
	tickets   map[string]*ticket
	active    map[string]*ticket // tickets that still search by themselves
	bySession map[string]map[*ticket]bool
	byParty   map[string]map[*ticket]bool
	nextSeq   uint64
}

func newPool() pool {
	return pool{
		tickets:   map[string]*ticket{},
		active:    map[string]*ticket{},
		bySession: map[string]map[*ticket]bool{},
		byParty:   map[string]map[*ticket]bool{},
	}
}

// overLimit reports whether one of t's sessions, or its party, already has limit tickets.
func (p *pool) overLimit(t *ticket, limit int) bool {
	for id := range t.sessions {
		if len(p.bySession[id.String()]) >= limit {
			return true
		}
	}
	return t.partyID != "" && len(p.byParty[t.partyID]) >= limit
}

func (p *pool) add(t *ticket) {
	p.nextSeq++
	t.seq = p.nextSeq
	p.tickets[t.id] = t
	p.active[t.id] = t
	for id := range t.sessions {
		addToSet(p.bySession, id.String(), t)
	}
	if t.partyID != "" {
		addToSet(p.byParty, t.partyID, t)
	}
}

func (p *pool) remove(t *ticket) {
	delete(p.tickets, t.id)
	delete(p.active, t.id)
	for id := range t.sessions {
		removeFromSet(p.bySession, id.String(), t)
	}
	removeFromSet(p.byParty, t.partyID, t)
}

// allWaiting reports whether all of ts still wait.
func (p *pool) allWaiting(ts []*ticket) bool {
	return !slices.ContainsFunc(ts, func(t *ticket) bool { return p.tickets[t.id] != t })
}

func addToSet(owners map[string]map[*ticket]bool, owner string, t *ticket) {
	if owners[owner] == nil {
		owners[owner] = map[*ticket]bool{}
	}
	owners[owner][t] = true
}

func removeFromSet(owners map[string]map[*ticket]bool, owner string, t *ticket) {
	delete(owners[owner], t)
	if len(owners[owner]) == 0 {
		delete(owners, owner)
	}
}
