package roster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"partyline/party"
)

// shared has the fields that every presence on a party's mirror repeats. If presences differ, the highest revision
// counts. So a presence that could not be rewritten, because its session is on another node, does no harm.
type shared struct {
	party.Facts
	rev      int64  // grows with every change of the other fields; 0 = the facts are not known
	seatsRev int64  // grows with every change of reserved seats, so that other nodes read them again
	leader   string // session ID of the creator or the member promoted last; "" = the longest-standing member
	origin   string // the party's first ID, if this native party continues another; else ""
}

// mirrorEntry is the status of one presence on the mirror.
type mirrorEntry struct {
	shared
	joinedAt time.Time
}

const mirrorVersion = "2"

// The bits of an entry's flags.
const (
	flagOpen = 1 << iota
	flagHidden
	flagAttributes
)

// encode returns the version and the fields, separated by single spaces. The label is last, because only it may have
// spaces. It is not JSON, because hooks read and write it on every join.
func (e mirrorEntry) encode() string {
	flags := 0
	for i, set := range [...]bool{e.Open, e.Hidden, e.Attributes} { // in the order of the bits
		if set {
			flags |= 1 << i
		}
	}
	return fmt.Sprintf("%s %d %d %d %d %d %d %s %s %s", mirrorVersion,
		e.rev, e.seatsRev, party.Nanos(e.joinedAt), party.Nanos(e.CreatedAt), e.MaxSize, flags, e.leader, e.origin, e.Label)
}

// decodeMirror reads the text of encode; false for any other text.
func decodeMirror(s string) (e mirrorEntry, ok bool) {
	var fields [9]string
	for i := range fields {
		if fields[i], s, ok = strings.Cut(s, " "); !ok {
			return e, false
		}
	}
	var n [6]int64
	for i := range n {
		v, err := strconv.ParseInt(fields[1+i], 10, 64)
		if err != nil || v < 0 {
			return e, false
		}
		n[i] = v
	}
	return mirrorEntry{
		shared: shared{
			Facts: party.Facts{
				MaxSize: int(n[4]), Open: n[5]&flagOpen != 0, Hidden: n[5]&flagHidden != 0,
				Label: s, CreatedAt: party.FromNanos(n[3]), Attributes: n[5]&flagAttributes != 0,
			},
			rev: n[0], seatsRev: n[1], leader: fields[7], origin: fields[8],
		},
		joinedAt: party.FromNanos(n[2]),
	}, fields[0] == mirrorVersion
}

// mirrors are the hidden presences with the data that a party's own stream does not have.
type mirrors struct {
	stripes // by party: read-modify-write of its mirror
	streams party.Streams
	now     party.Clock
}

type mirrorPresence struct {
	mirrorEntry
	party.Session
}

// readMirror reads the party's mirror: the members' entries, and the marks of sessions that withdrew.
func (m *mirrors) readMirror(id party.ID) (entries []mirrorPresence, marks string, err error) {
	presences, err := m.streams.StreamUserList(party.MirrorMode, id.UUID.String(), "", id.Node, true, false)
	if err != nil {
		return nil, "", fmt.Errorf("read mirror: %w", err)
	}
	entries = make([]mirrorPresence, 0, len(presences))
	var gone []string
	for _, p := range presences {
		status := p.GetStatus()
		if e, ok := decodeMirror(status); ok {
			entries = append(entries, mirrorPresence{e, party.SessionOf(p)})
		} else if strings.HasPrefix(status, withdrawn) {
			gone = append(gone, p.GetSessionId()+status)
		}
	}
	slices.Sort(gone)
	return entries, strings.Join(gone, ","), nil
}

// Update mirrors a PartyUpdate, which replaces all three values.
func (m *mirrors) Update(id party.ID, open, hidden bool, label string) {
	m.change(id, func(sh *shared) { sh.Open, sh.Hidden, sh.Label = open, hidden, label })
}

// NoteAttributes mirrors that the party has attributes.
func (m *mirrors) NoteAttributes(id party.ID) {
	m.change(id, func(sh *shared) { sh.Attributes = true })
}

// Announce tells the other nodes that the party's reserved seats have changed. It returns the revision before and
// after; both are 0 if no presence has one.
func (m *mirrors) Announce(id party.ID) (before, after int64) {
	m.change(id, func(sh *shared) {
		before = sh.seatsRev
		sh.seatsRev = max(sh.seatsRev+1, party.Nanos(m.now()))
		after = sh.seatsRev
	})
	return before, after
}

// change applies f to the shared fields of all the party's presences.
func (m *mirrors) change(id party.ID, f func(*shared)) {
	defer m.lock(string(id.UUID[:])).Unlock()
	if entries, _, err := m.readMirror(id); err == nil {
		m.rewrite(id, entries, f)
	}
}

// rewrite is change for a caller that holds the mirror's lock and has read it. It cannot write a presence of another
// node; the newest revision counts.
func (m *mirrors) rewrite(id party.ID, entries []mirrorPresence, f func(*shared)) {
	sh, _ := newest(entries)
	if sh.rev == 0 {
		return
	}
	if f(&sh); !slices.ContainsFunc(entries, func(e mirrorPresence) bool { return e.shared != sh }) {
		return
	}
	sh.rev = max(sh.rev+1, party.Nanos(m.now()))
	for _, e := range entries {
		e.shared = sh
		_ = m.streams.StreamUserUpdate(party.MirrorMode, id.UUID.String(), "", id.Node, e.UserID, e.SessionID, true, false, e.encode())
	}
}

// newest returns the shared fields with the highest revision, and the time of the latest join.
func newest(entries []mirrorPresence) (sh shared, lastJoin time.Time) {
	for _, e := range entries {
		if e.rev > sh.rev {
			sh = e.shared
		}
		if e.joinedAt.After(lastJoin) {
			lastJoin = e.joinedAt
		}
	}
	return sh, lastJoin
}

// Two nodes may each put a session onto a party's stream for its last seat. The host makes the first one a member and
// leaves the other a ghost, but the module may take off either. So a session that withdraws first leaves a mark on the
// party's mirror. A caller that finds a new mark since its first look enters again, because the host may not have taken
// its session before.

// withdrawn begins the status of a mark; a number that differs each time follows. No member's entry begins so.
const withdrawn = "withdrawn "

// Marks reads all marks, as one text to compare.
func (m *mirrors) Marks(id party.ID) (string, error) {
	_, marks, err := m.readMirror(id)
	return marks, err
}

// Mark notes that the session is about to withdraw. The mark stays until the session ends or enters.
func (m *mirrors) Mark(id party.ID, s party.Session) error {
	defer m.lock(string(id.UUID[:])).Unlock()
	return m.setPresence(party.MirrorMode, id.UUID.String(), id.Node, s, withdrawn+strconv.FormatInt(party.Nanos(m.now()), 10))
}

// setPresence writes a presence, whether one exists or not.
func (m *mirrors) setPresence(mode uint8, subject, label string, s party.Session, status string) error {
	isNew, err := m.streams.StreamUserJoin(mode, subject, "", label, s.UserID, s.SessionID, true, false, status)
	if err != nil || isNew {
		return err
	}
	return m.streams.StreamUserUpdate(mode, subject, "", label, s.UserID, s.SessionID, true, false, status)
}

// The status of a presence on a user's stream is the list of the session's parties, the latest last: "<id>@<since>"
// separated by single spaces, with since in Unix nanoseconds, later than that of the entry before. Decoded entries have
// no session.

// maxPartiesPerSession is the length of such a list; the oldest are forgotten first.
const maxPartiesPerSession = 32

func listWithout(list []party.Membership, id party.ID) []party.Membership {
	return slices.DeleteFunc(list, func(p party.Membership) bool { return p.ID == id })
}

func listWith(list []party.Membership, id party.ID, since time.Time) []party.Membership {
	list = listWithout(list, id)
	if n := len(list); n > 0 && !since.After(list[n-1].Since) { // entered through a node whose clock is ahead
		since = list[n-1].Since.Add(1)
	}
	list = append(list, party.Membership{ID: id, Since: since})
	return list[max(0, len(list)-maxPartiesPerSession):]
}

func encodeList(list []party.Membership) string {
	entries := make([]string, len(list))
	for i, p := range list {
		entries[i] = p.ID.String() + "@" + strconv.FormatInt(party.Nanos(p.Since), 10)
	}
	return strings.Join(entries, " ")
}

// decodeList reads such a list and leaves out what it cannot read.
func decodeList(list string) []party.Membership {
	var parties []party.Membership
	for entry := range strings.SplitSeq(list, " ") {
		idText, at, _ := strings.Cut(entry, "@")
		id, err := party.ParseID(idText)
		ns, errAt := strconv.ParseInt(at, 10, 64)
		if err != nil || errAt != nil || ns < 0 {
			continue
		}
		parties = append(parties, party.Membership{ID: id, Since: party.FromNanos(ns)})
	}
	return parties
}
