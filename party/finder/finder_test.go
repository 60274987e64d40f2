package finder_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/entry"
	"partyline/party/finder"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// reads counts the reads of the host's streams.
type reads struct {
	*partytest.Host
	n atomic.Int64
}

func (r *reads) StreamUserList(mode uint8, subject, subcontext, label string, hidden, notHidden bool) ([]runtime.Presence, error) {
	r.n.Add(1)
	return r.Host.StreamUserList(mode, subject, subcontext, label, hidden, notHidden)
}

// world is a finder on a fake host.
type world struct {
	t         testing.TB
	host      *partytest.Host
	streams   *reads
	admission partytest.Hooks
	finder    *finder.Service
	clock     *partytest.Time
	conf      rules.Config
	denied    map[string]bool // by party: a rule refuses
	asked     atomic.Int64    // how often rules were asked
}

func (w *world) Decide(_ context.Context, q party.Question) error {
	w.asked.Add(1)
	if w.denied[q.View.ID.String()] {
		return party.Refuse(party.RuleDenied, "no")
	}
	return nil
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, host: partytest.NewHost(), clock: partytest.NewTime(), conf: rules.Default(), denied: map[string]bool{}}
	policy := func() rules.Config { return w.conf }
	news := &party.News{}
	w.streams = &reads{Host: w.host}
	members := roster.New(w.streams, w.host, w.clock.Now)
	w.admission = partytest.NewHooks(ledger.Deps{
		Roster: members, Streams: w.host, Storage: w.host, News: news, Policy: policy, Logger: &partytest.Log{}, Now: w.clock.Now,
	}, admission.Deps{Sender: w.host}, w.host.Founder(members.Hidden.Set))
	w.finder = finder.New(finder.Deps{
		Entry:  entry.Entry{Admission: w.admission.Admission, Roster: members, Blocks: party.NewBlockList(nil, w.host), Judge: w, Policy: policy},
		Lister: w.host, News: news, Limits: party.NewLimits(policy, w.clock.Now), Now: w.clock.Now,
		Profiles: func(_ context.Context, ids []string) (faces []party.Profile, err error) {
			for _, id := range ids {
				faces = append(faces, party.Profile{UserID: id, DisplayName: "face of " + id})
			}
			return faces, nil
		},
		Attributes: func(_ context.Context, looks []reserve.Look) (map[party.ID]map[string]json.RawMessage, error) {
			public := map[party.ID]map[string]json.RawMessage{}
			for _, l := range looks {
				if l.MaxSize == 7 {
					public[l.ID] = map[string]json.RawMessage{"map": json.RawMessage(`"dust"`)}
				}
			}
			return public, nil
		},
		Seat: func(context.Context, party.ID, string, bool) (string, error) { return "match", nil },
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// party makes a party with a label.
func (w *world) party(s party.Session, open bool, size int, label string) party.ID {
	w.t.Helper()
	p := w.host.PartyCreate(s, open, size)
	p.Label = label
	w.clock.Advance(time.Millisecond)
	w.must(w.admission.EndCreate(context.Background(), s, p))
	id, err := party.ParseID(p.PartyId)
	w.must(err)
	return id
}

func (w *world) join(s party.Session, id party.ID) {
	w.t.Helper()
	w.must(w.admission.BeginJoin(context.Background(), id, s))
	w.must(w.host.PartyJoin(s, id))
	w.admission.EndJoin(context.Background(), id, s)
}

func caller(s party.Session) party.Caller {
	return party.Caller{UserID: s.UserID, Username: s.Username, SessionID: s.SessionID}
}

// find calls Find with a request as clients write it.
func (w *world) find(s party.Session, request string) (finder.List, error) {
	var r finder.Request
	if err := json.Unmarshal([]byte(request), &r); err != nil {
		w.t.Fatal(err)
	}
	return w.finder.Find(context.Background(), caller(s), r)
}

// ids returns the IDs of the parties found, over all pages.
func (w *world) ids(s party.Session, request string) (ids []string) {
	w.t.Helper()
	cursor := ""
	for {
		list, err := w.find(s, strings.Replace(request, "{", `{"cursor":"`+cursor+`",`, 1))
		w.must(err)
		for _, p := range list.Parties {
			ids = append(ids, p.PartyID)
		}
		if cursor = list.Cursor; cursor == "" {
			return ids
		}
	}
}

func (w *world) finds(s party.Session, request string, want ...party.ID) {
	w.t.Helper()
	var texts []string
	for _, id := range want {
		texts = append(texts, id.String())
	}
	for _, limit := range []string{"1", "2", "50"} {
		if got := w.ids(s, strings.Replace(request, "{", `{"limit":`+limit+`,`, 1)); !slices.Equal(got, texts) {
			w.t.Errorf("%s by %s: %v; want %v", request, limit, got, texts)
		}
	}
}

func TestFind(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(12)
	duo := w.party(p[0], true, 2, `{"mode":"duo","level":3,"ranked":true,"deep":{"a":1}}`)
	trio := w.party(p[1], true, 7, `{"mode":"trio","level":3.0}`)
	text := w.party(p[2], true, 4, `{"mode":"duo","level":"3"}`)
	bare := w.party(p[3], true, 4, `null`)
	closed := w.party(p[4], false, 4, `{"mode":"duo"}`)
	hidden := w.party(p[5], true, 4, `{"mode":"duo"}`)
	w.host.PartyUpdate(hidden, true, true, `{"mode":"duo"}`)
	w.admission.Updated(t.Context(), hidden, true, true, `{"mode":"duo"}`)
	me := p[9]
	w.finds(me, `{"free_seats":0}`, duo, trio, text, bare)
	w.finds(me, `{"label":{"mode":"duo"}}`, duo, text)
	w.finds(me, `{"label":{"level":3}}`, duo, trio)
	w.finds(me, `{"label":{"level":3e0,"mode":"duo"}}`, duo)
	w.finds(me, `{"label":{"level":"3"}}`, text)
	w.finds(me, `{"label":{"ranked":true}}`, duo)
	w.finds(me, `{"label":{"ranked":false}}`)
	w.finds(me, `{"label":{"mode":"quad"}}`)
	w.finds(me, `{"label":{},"free_seats":3}`, trio, text, bare)
	w.finds(me, `{"free_seats":4}`, trio)

	w.clock.Advance(90 * time.Second)
	w.join(p[6], duo)
	w.must(w.admission.Hold(t.Context(), trio, reserve.Hold{InviteID: "i", UserIDs: []string{p[7].UserID, p[8].UserID}, ExpiresAt: w.clock.Now().Add(time.Hour)}))
	w.admission.Stored(trio, "i")
	w.finds(me, `{"free_seats":1}`, trio, text, bare)
	w.finds(me, `{"free_seats":5}`)
	list, err := w.find(me, `{"label":{"mode":"trio"}}`)
	w.must(err)
	got, _ := json.Marshal(list.Parties)
	want := fmt.Sprintf(`[{"party_id":"%s","size":1,"max_size":7,"held":2,"open":true,"label":{"mode":"trio","level":3.0},`+
		`"leader":{"user_id":"%s","username":"","display_name":"face of %s","avatar_url":""},"age_sec":90,"attributes":{"map":"dust"}}]`, trio, p[1].UserID, p[1].UserID)
	if string(got) != want {
		t.Errorf("found %s; want %s", got, want)
	}

	if list, err = w.find(me, `{"free_seats":3}`); err != nil || string(list.Parties[2].Label) != "{}" {
		t.Errorf("found %+v, %v; want a label that is an object", list.Parties, err)
	}
	w.host.Block(p[1].UserID, me.UserID)
	w.host.Block(me.UserID, p[3].UserID)
	w.finds(me, `{"free_seats":0}`, duo, text)
	w.conf.Parties.ReconnectGrace = time.Minute
	w.join(p[10], text)
	w.host.Block(p[10].UserID, me.UserID)
	w.host.Disconnect(p[10])
	w.finds(me, `{"free_seats":0}`, duo) // a member who blocks may come back
	w.clock.Advance(2 * time.Minute)
	w.finds(me, `{"free_seats":0}`, duo, text)
	w.conf.Parties.ReconnectGrace = 0
	w.host.PartyUpdate(closed, true, false, `{"mode":"now open"}`)
	w.admission.Updated(t.Context(), closed, true, false, `{"mode":"now open"}`)
	w.host.PartyUpdate(text, false, false, ``)
	w.admission.Updated(t.Context(), text, false, false, ``)
	w.finds(me, `{"free_seats":0}`, duo, closed)
	w.finds(me, `{"label":{"mode":"now open"}}`, closed)
	w.host.PartyLeave(p[4], closed)
	w.admission.Left(t.Context(), closed, p[4])
	w.host.Disconnect(p[0])
	w.host.Disconnect(p[6]) // no hook was called for it yet
	w.finds(me, `{"free_seats":0}`)
}

// TestFind_refused: a request that is always wrong is refused with its field.
func TestFind_refused(t *testing.T) {
	w := newWorld(t)
	s := w.host.Players(1)[0]
	many := map[string]int{}
	for i := range 17 {
		many[fmt.Sprint(i)] = i
	}
	fields, _ := json.Marshal(many)
	for request, want := range map[string]string{
		`{"limit":0}`:                          "limit",
		`{"limit":51}`:                         "limit",
		`{"free_seats":-1}`:                    "free_seats",
		`{"free_seats":257}`:                   "free_seats",
		`{"label":[]}`:                         "label",
		`{"label":"mode"}`:                     "label",
		`{"label":{"mode":null}}`:              "label.mode",
		`{"label":{"mode":["duo"]}}`:           "label.mode",
		`{"label":{"mode":{}}}`:                "label.mode",
		`{"label":{"n":1e999}}`:                "label.n",
		`{"label":{"":1}}`:                     "label",
		`{"label":` + string(fields) + `}`:     "label",
		`{"label":{"m":"` + long(257) + `"}}`:  "label.m",
		`{"label":{"` + long(65) + `":1}}`:     "label",
		`{"cursor":"x"}`:                       "cursor",
		`{"cursor":"` + long(3000) + `"}`:      "cursor",
		`{"cursor":"IP-FAgEI_4AAAP-AAf8AAP8"}`: "cursor", // a cursor of the server's own format
		`{"cursor":"AAAAAAAAAAE=","limit":1}`:  "cursor",
	} {
		_, err := w.find(s, request)
		if party.ReasonOf(err) != party.InvalidRequest || !strings.HasPrefix(err.Error(), "invalid_request: "+want+": ") {
			t.Errorf("%s: %v; want %s named", request, err, want)
		}
	}
	if list, err := w.find(s, `{"cursor":"18446744073709551615"}`); err != nil || len(list.Parties) != 0 || list.Cursor != "" {
		t.Errorf("a cursor behind the end: %+v, %v", list, err)
	}
}

func long(n int) string { return strings.Repeat("x", n) }

// FuzzFind: any filter and cursor either finds parties or is refused.
func FuzzFind(f *testing.F) {
	f.Add([]byte(`{"mode":"duo"}`), "1", 3)
	f.Add([]byte(`{"a":{"b":1}}`), "", -1)
	w := newWorld(f)
	s := w.host.Players(2)
	w.party(s[0], true, 4, `{"mode":"duo"}`)
	f.Fuzz(func(t *testing.T, label []byte, cursor string, free int) {
		list, err := w.finder.Find(context.Background(), caller(s[1]), finder.Request{Label: label, Cursor: cursor, FreeSeats: &free})
		switch party.ReasonOf(err) {
		case "":
			if len(list.Parties) > 1 {
				t.Errorf("found %d of 1", len(list.Parties))
			}
		case party.InvalidRequest:
		default:
			t.Error(err)
		}
	})
}

// TestSweep: the sweep adds parties of the server's own list to the index, except those with a broken record.
func TestSweep(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(5)
	made := make([]party.ID, 4)
	for i := range made {
		var err error
		made[i], err = party.ParseID(w.host.PartyCreate(p[i], true, 4).PartyId) // without a hook
		w.must(err)
	}
	for _, id := range made[1:] {
		w.host.Break("partyline_parties", id.UUID.String())
	}
	w.finds(p[4], `{"free_seats":0}`)
	w.must(w.finder.Sweep(t.Context()))
	w.finds(p[4], `{"free_seats":0}`, made[0])
}

// Changes between two searches do not cost the next search a look at each party. Its result is correct all the same.
func TestFind_AfterManyChanges(t *testing.T) {
	w := newWorld(t)
	const n = 300
	leaders, joiners := w.host.Players(n), w.host.Players(n)
	var rare []party.ID
	for i, s := range leaders {
		label := `{"mode":"duo"}`
		if i%100 == 7 {
			label = `{"mode":"rare"}`
		}
		id := w.party(s, true, 3, label)
		switch i % 4 {
		case 0:
			w.join(joiners[i], id)
		case 1:
			w.must(w.admission.Hold(t.Context(), id, reserve.Hold{InviteID: "i", UserIDs: []string{joiners[i].UserID}, ExpiresAt: w.clock.Now().Add(time.Hour)}))
			w.admission.Stored(id, "i")
		case 2:
			w.join(joiners[i], id)
			w.host.PartyLeave(joiners[i], id)
			w.admission.Left(t.Context(), id, joiners[i])
		}
		if label == `{"mode":"rare"}` {
			rare = append(rare, id)
		}
	}
	before := w.streams.n.Load()
	w.finds(w.host.Players(1)[0], `{"label":{"mode":"rare"}}`, rare...)
	if n := w.streams.n.Load() - before; n > 50 {
		t.Errorf("three searches read %d streams of %d parties", n, len(leaders))
	}
	for free, want := range map[int]int{1: n, 2: n / 2, 3: 0} {
		if got := w.ids(w.host.Players(1)[0], fmt.Sprintf(`{"limit":50,"free_seats":%d}`, free)); len(got) != want {
			t.Errorf("%d parties have %d free seats; want %d", len(got), free, want)
		}
	}
}

// A party that is restored again and again has one entry, under its current ID, and none after its end. The server
// may report a lost connection only after the player is back.
func TestFind_Restored(t *testing.T) {
	w := newWorld(t)
	w.conf.Parties.ReconnectGrace = time.Minute
	p := w.host.Players(2)
	s, id := p[0], w.party(p[0], true, 4, "")
	w.finds(p[1], `{"free_seats":1}`, id)
	for i := range 101 {
		gone := s
		w.host.Disconnect(gone)
		if i%2 == 0 {
			w.must(w.admission.Ended(t.Context(), gone))
		}
		s = w.host.Connect(gone.UserID)
		w.must(w.admission.Admit(t.Context(), id, s, party.Grant{Back: true}, nil))
		if i%2 == 1 {
			w.must(w.admission.Ended(t.Context(), gone))
		}
	}
	now := w.admission.Current(id)
	before := w.streams.n.Load()
	w.finds(p[1], `{"free_seats":1}`, now)
	w.host.PartyLeave(s, now)
	w.admission.Left(t.Context(), now, s)
	w.finds(p[1], `{"free_seats":1}`)
	if n := w.streams.n.Load() - before; n > 20 {
		t.Errorf("two searches and a leave read %d streams", n)
	}
}

// Even if blocks hide many parties, one search reads blocks a limited number of times. All pages together contain
// every party behind those, once.
func TestFind_Bounded(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(601)
	var seen []party.ID
	for i, s := range p[1:] {
		if id := w.party(s, true, 4, `{}`); i%200 >= 195 {
			seen = append(seen, id)
		} else {
			w.host.Block(p[0].UserID, s.UserID)
		}
	}
	for _, limit := range []int{1, 20, 50} {
		lookups, streams := w.host.FriendLookups(), w.streams.n.Load()
		list, err := w.find(p[0], fmt.Sprintf(`{"limit":%d}`, limit))
		w.must(err)
		if list.Cursor == "" || len(list.Parties) > 5 {
			t.Errorf("limit %d: %d parties, cursor %q; want that it goes on", limit, len(list.Parties), list.Cursor)
		}
		lookups, streams = w.host.FriendLookups()-lookups, w.streams.n.Load()-streams
		if lookups > 20 || streams > 1000 {
			t.Errorf("limit %d: %d look-ups of blocks and %d reads of streams of %d parties", limit, lookups, streams, len(p)-1)
		}
	}
	w.finds(p[0], `{"free_seats":0}`, seen...)
}

// TestFind_Size: a page ends before it is too long for clients, and the next one goes on from there.
func TestFind_Size(t *testing.T) {
	w := newWorld(t)
	var all []party.ID
	for _, s := range w.host.Players(60) {
		all = append(all, w.party(s, true, 4, fmt.Sprintf(`{"x":"%s"}`, strings.Repeat("<", 1900))))
	}
	me := w.host.Player("me")
	w.finds(me, `{"free_seats":0}`, all...)
	list, err := w.find(me, `{"limit":50}`)
	w.must(err)
	if text, _ := party.PlainJSON(list); len(text) > 1<<15 || len(list.Parties) < 10 {
		t.Errorf("a page of %d parties and %d bytes", len(list.Parties), len(text))
	}
	big := w.party(me, true, 4, fmt.Sprintf(`{"big":true,"x":"%s"}`, strings.Repeat("<", 1<<16)))
	w.finds(me, `{"label":{"big":true}}`, big)
}

func (w *world) quick(s party.Session, label string) (finder.Joined, error) {
	f := finder.Filter{}
	if label != "" {
		f.Label = json.RawMessage(label)
	}
	return w.finder.QuickJoin(context.Background(), caller(s), f)
}

func TestQuickJoin(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(12)
	refused := func(err error, want party.Reason) {
		t.Helper()
		if party.ReasonOf(err) != want {
			t.Errorf("refusal %v; want %s", err, want)
		}
		w.clock.Advance(time.Second)
	}
	_, err := w.quick(p[9], "")
	refused(err, party.PartyNotFound)
	full := w.party(p[0], true, 1, `{"mode":"duo"}`)
	blocked := w.party(p[1], true, 4, `{"mode":"duo"}`)
	denied := w.party(p[2], true, 4, `{"mode":"duo"}`)
	fits := w.party(p[3], true, 2, `{"mode":"duo"}`)
	other := w.party(p[4], true, 4, `{"mode":"trio"}`)
	w.host.Block(p[1].UserID, p[9].UserID)
	w.conf.Parties.ReconnectGrace = time.Minute
	away := w.party(p[5], true, 4, `{"mode":"duo"}`)
	w.join(p[6], away)
	w.host.Block(p[9].UserID, p[6].UserID)
	w.host.Disconnect(p[6])
	w.denied[denied.String()] = true
	joined, err := w.quick(p[9], `{"mode":"duo"}`)
	if err != nil || joined != (finder.Joined{PartyID: fits.String(), Joined: true, MatchID: "match"}) {
		t.Fatalf("joined %+v, %v; want %s", joined, err, fits)
	}
	_, err = w.quick(p[9], `{"mode":"trio"}`)
	refused(err, party.RateLimited)
	_, err = w.quick(p[9], `{"mode":"duo"}`) // is a member of the only one
	refused(err, party.PartyNotFound)
	w.conf.Parties.OnePerUser = rules.OnePartyOnly
	_, err = w.quick(p[9], `{"mode":"trio"}`)
	refused(err, party.AlreadyInParty)
	w.conf.Parties.OnePerUser = rules.LeavePrevious
	joined, err = w.quick(p[9], `{"mode":"trio"}`)
	if err != nil || joined.PartyID != other.String() || len(w.host.Members(fits)) != 1 {
		t.Errorf("moved on to %+v, %v", joined, err)
	}
	w.host.Disconnect(p[10])
	gone := caller(p[10])
	gone.SessionID = ""
	_, err = w.finder.QuickJoin(t.Context(), gone, finder.Filter{})
	refused(err, party.NoLiveSession)
	_, err = w.finder.QuickJoin(t.Context(), caller(p[11]), finder.Filter{Label: json.RawMessage(`[]`)})
	refused(err, party.InvalidRequest)
	for _, id := range []party.ID{full, blocked, denied, away} {
		if n := len(w.host.Members(id)); n != 1 {
			t.Errorf("%s has %d members", id, n)
		}
	}
}

// A search finds a party before its hook has run.
func TestQuickJoin_PartyMadeThisMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		made := w.host.PartyCreate(p[0], true, 4)
		time.AfterFunc(50*time.Millisecond, func() { w.must(w.admission.EndCreate(t.Context(), p[0], made)) })
		joined, err := w.quick(p[1], `{}`)
		if err != nil || joined.PartyID != made.GetPartyId() {
			t.Errorf("quick join = %+v, %v; want the party", joined, err)
		}
	})
}

// The player for whom an invite holds a seat comes into the party. Everybody finds it after the invite's end, even if
// nothing else has happened in the party.
func TestFind_HeldSeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(4)
		held, other := w.party(p[0], true, 2, `{"mode":"duo"}`), w.party(p[1], true, 2, `{"mode":"duo"}`)
		for invite, ends := range map[string]time.Duration{"short": time.Minute, "long": time.Hour} {
			id := map[string]party.ID{"short": held, "long": other}[invite]
			w.must(w.admission.Hold(t.Context(), id, reserve.Hold{InviteID: invite, UserIDs: []string{p[2].UserID}, ExpiresAt: w.clock.Now().Add(ends)}))
			w.admission.Stored(id, invite)
		}
		w.finds(p[2], `{"free_seats":0}`, held, other)
		w.finds(p[3], `{"free_seats":1}`)
		if _, err := w.quick(p[3], `{"mode":"duo"}`); party.ReasonOf(err) != party.PartyNotFound {
			t.Errorf("a stranger into held seats: %v", err)
		}
		w.clock.Advance(2 * time.Minute)
		time.Sleep(2 * time.Minute)
		w.finds(p[3], `{"free_seats":1}`, held)
		if joined, err := w.quick(p[3], `{"mode":"duo"}`); err != nil || joined.PartyID != held.String() {
			t.Errorf("after the hold: %+v, %v", joined, err)
		}
		if joined, err := w.quick(p[2], `{"mode":"duo"}`); err != nil || joined.PartyID != other.String() {
			t.Errorf("the player it is held for: %+v, %v", joined, err)
		}
	})
}

// Even if rules refuse many parties, one call tries only a limited number.
func TestQuickJoin_Bounded(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(601)
	for _, s := range p[1:] {
		w.denied[w.party(s, true, 4, `{}`).String()] = true
	}
	_, err := w.quick(p[0], `{}`)
	if n := w.asked.Load(); party.ReasonOf(err) != party.PartyNotFound || n < 100 || n > 300 {
		t.Errorf("refusal %v after %d tries", err, n)
	}
}

// A page that ends at its size in the middle of an earlier step continues there.
func TestFind_SizeAfterSteps(t *testing.T) {
	w := newWorld(t)
	me := w.host.Player("me")
	var all []party.ID
	for i, s := range w.host.Players(60) {
		id := w.party(s, true, 4, fmt.Sprintf(`{"x":"%s"}`, strings.Repeat("<", 1900)))
		if i >= 20 && i < 50 {
			w.host.Block(s.UserID, me.UserID)
		} else {
			all = append(all, id)
		}
	}
	w.finds(me, `{"free_seats": 0}`, all...)
}

// The tries of one call are a fair sample of the parties that fit, however many others there are or were.
func TestQuickJoin_FairSample(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(1440)
	parties := func(by []party.Session, labels ...string) (ids []party.ID) {
		for i, s := range by {
			ids = append(ids, w.party(s, true, 80, labels[i%len(labels)]))
		}
		return ids
	}
	const wanted = `{"mode":"duo","lang":"en"}`
	ended := parties(p[:400], wanted)
	w.finds(p[0], `{"label": {"no": "such"}}`)
	for _, id := range ended {
		w.host.PartyClose(id)
		w.admission.Closed(t.Context(), id)
	}
	ids := parties(p[400:720], wanted)
	parties(p[720:1400], `{"mode":"duo","lang":"de"}`, `{"mode":"trio","lang":"en"}`)
	newer := 0
	for _, s := range p[1400:1420] {
		joined, err := w.quick(s, wanted)
		w.must(err)
		if slices.IndexFunc(ids, func(id party.ID) bool { return id.String() == joined.PartyID }) >= 160 {
			newer++
		}
	}
	if newer < 2 || newer > 18 {
		t.Errorf("%d of 20 players came into the newer half", newer)
	}
	for _, id := range ids[:160] {
		w.denied[id.String()] = true
	}
	for _, s := range p[1420:] {
		if _, err := w.quick(s, wanted); err != nil {
			t.Errorf("half of the parties let everybody in: %v", err)
		}
	}
}

// A round tries each party once.
func TestQuickJoin_TriesEachOnce(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(61)
	for _, s := range p[1:] {
		w.denied[w.party(s, true, 4, `{}`).String()] = true
	}
	if _, err := w.quick(p[0], `{}`); party.ReasonOf(err) != party.PartyNotFound || w.asked.Load() != 120 {
		t.Errorf("%v after %d tries; want two rounds over 60 parties", err, w.asked.Load())
	}
}

// TestQuickJoin_crowd: 200 players at once, and 50 parties with 200 free seats. All players get in, none twice, and
// no party exceeds its size.
func TestQuickJoin_crowd(t *testing.T) {
	w := newWorld(t)
	const parties, size = 50, 5
	var ids []party.ID
	for _, s := range w.host.Players(parties) {
		ids = append(ids, w.party(s, true, size, `{"mode":"duo"}`))
	}
	var all sync.WaitGroup
	for _, s := range w.host.Players(parties * (size - 1)) {
		all.Go(func() {
			if joined, err := w.quick(s, `{"mode":"duo"}`); err != nil || !joined.Joined {
				t.Errorf("%s: %+v, %v", s.Username, joined, err)
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, id := range ids {
		members := w.host.Members(id)
		if len(members) != size || len(w.host.Ghosts(id)) != 0 {
			t.Errorf("%s has %d members and %d ghosts", id, len(members), len(w.host.Ghosts(id)))
		}
		for _, m := range members {
			if seen[m.UserID] {
				t.Errorf("%s is in two parties", m.Username)
			}
			seen[m.UserID] = true
		}
	}
	if _, err := w.quick(w.host.Players(1)[0], ""); party.ReasonOf(err) != party.PartyNotFound {
		t.Errorf("into full parties: %v", err)
	}
}

// BenchmarkFind_AfterChanges: the first search after a number of changes.
func BenchmarkFind_AfterChanges(b *testing.B) {
	n := 9000
	if testing.Short() {
		n = 900
	}
	w := newWorld(b)
	players := w.host.Players(n)
	var ids []party.ID
	for i, s := range players {
		ids = append(ids, w.party(s, true, 4, fmt.Sprintf(`{"mode":"m%d"}`, i%(n/10))))
	}
	me := w.host.Players(1)[0]
	for b.Loop() {
		b.StopTimer()
		for i, id := range ids {
			w.admission.Updated(b.Context(), id, true, false, fmt.Sprintf(`{"mode":"m%d"}`, i%(n/10)))
		}
		b.StartTimer()
		if list, err := w.finder.Find(b.Context(), caller(me), finder.Request{Label: json.RawMessage(`{"mode":"m3"}`)}); err != nil || len(list.Parties) != 10 {
			b.Fatalf("%d, %v", len(list.Parties), err)
		}
	}
}

// BenchmarkFind: 10 parties fit, of a varying number. The cost of a search depends only on those 10.
func BenchmarkFind(b *testing.B) {
	sizes := []int{100, 1000, 10_000}
	if testing.Short() {
		sizes = sizes[:2]
	}
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld(b)
			for i, s := range w.host.Players(n) {
				w.party(s, true, 4, fmt.Sprintf(`{"mode":"m%d","level":%d}`, i%(n/10), i%7))
			}
			me := w.host.Players(1)[0]
			request := finder.Request{Label: json.RawMessage(`{"mode":"m3"}`)}
			if list, err := w.finder.Find(b.Context(), caller(me), request); err != nil || len(list.Parties) != 10 {
				b.Fatalf("%d, %v", len(list.Parties), err)
			}
			for b.Loop() {
				if _, err := w.finder.Find(b.Context(), caller(me), request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
