package attributes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/attributes"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

const collection = "partyline_attributes"

// world is the attributes service on one node of a fake host.
type world struct {
	unread    error // of reads of storage
	t         testing.TB
	host      *partytest.Host
	log       *partytest.Log
	admission partytest.Hooks
	service   *attributes.Service
	conf      rules.Config

	mu   sync.Mutex
	told []told
}

// told is one message of op code -6.
type told struct {
	at time.Time
	to []string // sessions; none = all
	attributes.Document
}

// reader is storage that cannot be read while err is set.
type reader struct {
	*partytest.Host
	err *error
}

func (r reader) StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error) {
	if *r.err != nil {
		return nil, *r.err
	}
	return r.Host.StorageRead(ctx, reads)
}

// newWorld makes another node on the host of others, or a node with its own host.
func newWorld(t testing.TB, others ...*world) *world {
	w := &world{t: t, host: partytest.NewHost(), log: &partytest.Log{}, conf: rules.Default()}
	if len(others) > 0 {
		w.host = others[0].host
	} else {
		w.host.OnSend = w.sent
	}
	w.conf.Parties.ReconnectGrace = time.Minute
	policy := func() rules.Config { return w.conf }
	news := &party.News{}
	w.admission = partytest.NewHooks(ledger.Deps{
		Roster: roster.New(w.host, w.host, time.Now), Streams: w.host, Storage: w.host, News: news, Policy: policy, Logger: w.log, Now: time.Now,
	}, admission.Deps{Sender: w.host}, nil)
	w.service = attributes.New(attributes.Deps{
		Storage: reader{w.host, &w.unread}, Streams: w.host, Sender: w.host, Admission: w.admission.Admission, News: news,
		Limits: party.NewLimits(policy, time.Now), Policy: policy, Logger: w.log, Now: time.Now,
	})
	t.Cleanup(w.service.Close)
	return w
}

func (w *world) sent(s partytest.Sent) {
	data := s.Envelope.GetPartyData()
	if data.GetOpCode() != party.OpAttributes {
		return
	}
	m := told{at: time.Now(), to: s.To}
	if err := json.Unmarshal(data.GetData(), &m.Document); err != nil {
		w.t.Errorf("message %s: %v", data.GetData(), err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, m)
}

// heard returns the messages since the previous call.
func (w *world) heard() []told {
	w.mu.Lock()
	defer w.mu.Unlock()
	told := w.told
	w.told = nil
	return told
}

func (w *world) party(sessions ...party.Session) party.ID {
	w.t.Helper()
	p := w.host.PartyCreate(sessions[0], true, 256)
	w.must(w.admission.EndCreate(w.t.Context(), sessions[0], p))
	id, err := party.ParseID(p.PartyId)
	w.must(err)
	for _, s := range sessions[1:] {
		w.join(s, id)
	}
	return id
}

func (w *world) join(s party.Session, id party.ID) {
	w.t.Helper()
	w.must(w.admission.BeginJoin(w.t.Context(), id, s))
	w.must(w.host.PartyJoin(s, id))
	w.admission.EndJoin(w.t.Context(), id, s)
}

func (w *world) leave(s party.Session, id party.ID) {
	w.host.PartyLeave(s, id)
	w.admission.Left(w.t.Context(), id, s)
}

func (w *world) drop(s party.Session) {
	w.host.Disconnect(s)
	w.must(w.admission.Ended(w.t.Context(), s))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) set(s party.Session, id party.ID, shared, own string, version ...int64) (int64, error) {
	r := attributes.Request{PartyID: id.String(), Party: raw(shared), Member: raw(own)}
	if len(version) > 0 {
		r.Version = &version[0]
	}
	written, err := w.service.Set(w.t.Context(), caller(s), r)
	return written.Version, err
}

func (w *world) mustSet(s party.Session, id party.ID, shared, own string) int64 {
	w.t.Helper()
	version, err := w.set(s, id, shared, own)
	w.must(err)
	return version
}

// get returns what a member reads, as JSON.
func (w *world) get(s party.Session, id party.ID) string {
	w.t.Helper()
	d, err := w.service.Get(w.t.Context(), caller(s), id.String())
	w.must(err)
	return text(d)
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

func caller(s party.Session) party.Caller {
	return party.Caller{UserID: s.UserID, Username: s.Username, SessionID: s.SessionID}
}

func TestSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(3)
		id := w.party(p[0], p[1])
		if got, want := w.get(p[1], id), `{"version":0,"party":{},"members":{}}`; got != want {
			t.Errorf("before the first write: %s; want %s", got, want)
		}
		steps := []struct {
			who         party.Session
			shared, own string
			version     []int64
			reason      party.Reason
		}{
			{p[0], `{"map":"dust","teams":[1,2.50,1e100]}`, ``, nil, ""},
			{p[1], ``, `{"character":"mage","loadout":{"a":"<&>"}}`, nil, ""},
			{p[1], `{"map":"snow"}`, ``, nil, party.NotLeader},
			{p[1], `{"map":"snow"}`, `{"character":"elf"}`, nil, party.NotLeader}, // all or nothing
			{p[0], `{"map":"ice"}`, ``, []int64{1}, party.Conflict},
			{p[0], `{"map":"ice"}`, `{"character":"elf"}`, []int64{2}, ""},
			{p[0], `{"teams":null,"never":null}`, ``, []int64{3}, ""},
			{p[2], ``, `{"character":"thief"}`, nil, party.NotMember},
		}
		version := int64(0)
		for i, step := range steps {
			got, err := w.set(step.who, id, step.shared, step.own, step.version...)
			if party.ReasonOf(err) != step.reason {
				t.Fatalf("step %d: %v; want %q", i, err, step.reason)
			}
			if err == nil {
				if version++; got != version {
					t.Errorf("step %d: version %d; want %d", i, got, version)
				}
			}
		}
		want := fmt.Sprintf(`{"version":4,"party":{"map":"ice"},"members":{"%s":{"character":"elf"},"%s":{"character":"mage","loadout":{"a":"\u003c\u0026\u003e"}}}}`, p[0].UserID, p[1].UserID)
		if p[0].UserID > p[1].UserID {
			want = fmt.Sprintf(`{"version":4,"party":{"map":"ice"},"members":{"%s":{"character":"mage","loadout":{"a":"\u003c\u0026\u003e"}},"%s":{"character":"elf"}}}`, p[1].UserID, p[0].UserID)
		}
		if got := w.get(p[1], id); got != want {
			t.Errorf("set %s; want %s", got, want)
		}
		w.conf.Attributes.Party = rules.InviteMember
		w.mustSet(p[1], id, `{"map":"snow"}`, ``)
		if _, err := w.service.Get(t.Context(), caller(p[2]), id.String()); party.ReasonOf(err) != party.NotMember {
			t.Errorf("a stranger reads: %v", err)
		}
	})
}

// TestSet_refused: a request that is always wrong is refused with its field, and changes nothing.
func TestSet_refused(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(1)
	id := w.party(p[0])
	w.mustSet(p[0], id, `{"map":"dust"}`, ``)
	before := w.get(p[0], id)
	many := func(n int) string {
		bag := map[string]int{}
		for i := range n {
			bag[fmt.Sprint(i)] = i
		}
		return text(bag)
	}
	fat := func(n int) string { return `{"k":"` + strings.Repeat("x", n-2) + `"}` }
	minus := int64(-1)
	for name, c := range map[string]struct {
		request attributes.Request
		want    string
	}{
		"nothing":          {attributes.Request{PartyID: id.String()}, "invalid_request: party: "},
		"empty bags":       {attributes.Request{PartyID: id.String(), Party: raw(`{}`), Member: raw(`{}`)}, "invalid_request: party: "},
		"no party":         {attributes.Request{Member: raw(`{"k":1}`)}, "invalid_request: party_id: "},
		"strange party":    {attributes.Request{PartyID: "x", Member: raw(`{"k":1}`)}, "party_not_found: "},
		"a list":           {attributes.Request{PartyID: id.String(), Party: raw(`[1]`)}, "invalid_request: party: "},
		"a text":           {attributes.Request{PartyID: id.String(), Member: raw(`"k"`)}, "invalid_request: member: "},
		"an empty key":     {attributes.Request{PartyID: id.String(), Member: raw(`{"":1}`)}, "invalid_request: member: "},
		"a long key":       {attributes.Request{PartyID: id.String(), Member: raw(`{"` + strings.Repeat("ä", 32) + `x":1}`)}, "invalid_request: member: "},
		"a NUL in a key":   {attributes.Request{PartyID: id.String(), Member: raw(`{"a\u0000":1}`)}, "invalid_request: member: "},
		"a large number":   {attributes.Request{PartyID: id.String(), Party: raw(`{"k":{"of":[1e400]}}`)}, "invalid_request: party.k: "},
		"a large value":    {attributes.Request{PartyID: id.String(), Party: raw(fat(1025))}, "invalid_request: party.k: "},
		"33 keys":          {attributes.Request{PartyID: id.String(), Member: raw(many(33))}, "invalid_request: member: "},
		"33 keys together": {attributes.Request{PartyID: id.String(), Party: raw(many(32))}, "invalid_request: party: "},
		"below 0":          {attributes.Request{PartyID: id.String(), Member: raw(`{"k":1}`), Version: &minus}, "invalid_request: version: "},
	} {
		if _, err := w.service.Set(t.Context(), caller(p[0]), c.request); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	if after := w.get(p[0], id); after != before {
		t.Errorf("after refusals %s; want %s", after, before)
	}
	w.mustSet(p[0], id, fat(1024), many(32)) // the limits themselves are allowed
	w.mustSet(p[0], id, `{"`+strings.Repeat("ä", 32)+`":{"deep":[[[]]],"nul":"\u0000"}}`, ``)
}

// TestSet_total: a party has at most 16 KiB. A full party can be emptied.
func TestSet_total(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(1)
		id := w.party(p[0])
		value := `"` + strings.Repeat("<", 1020) + `"`
		n := 0
		for ; ; n++ {
			time.Sleep(time.Second)
			if _, err := w.set(p[0], id, fmt.Sprintf(`{"k%02d":%s}`, n, value), ``); err != nil {
				if party.ReasonOf(err) != party.InvalidRequest {
					t.Fatal(err)
				}
				break
			}
		}
		if want := 16 * 1024 / (1022 + 3); n != want {
			t.Errorf("%d values of 1 KiB fit; want %d", n, want)
		}
		w.mustSet(p[0], id, `{"k00":null}`, ``)
		w.mustSet(p[0], id, `{"k00":`+value+`}`, ``)
	})
}

// TestSet_rate: each player has 20 writes a second, however many parties they are in. A refusal tells the wait.
func TestSet_rate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		id, other := w.party(p...), w.party(p[0])
		for range 10 {
			w.mustSet(p[0], id, ``, `{"k":1}`)
			w.mustSet(p[0], other, ``, `{"k":1}`)
		}
		if _, err := w.set(p[0], id, ``, `{"k":2}`); party.ReasonOf(err) != party.RateLimited || !strings.Contains(err.Error(), "retry_after_sec=1") {
			t.Errorf("21st write: %v", err)
		}
		w.mustSet(p[1], id, ``, `{"k":1}`)
		time.Sleep(time.Second)
		w.mustSet(p[0], id, ``, `{"k":2}`)
	})
}

// TestSet_concurrent: of 100 writers on two nodes none is refused and no write is lost. With a version, exactly one
// of many succeeds.
func TestSet_concurrent(t *testing.T) {
	w := newWorld(t)
	nodes := []*world{w, newWorld(t, w)}
	p := w.host.Players(100)
	id := w.party(p...)
	var all sync.WaitGroup
	versions := make([]int64, len(p))
	for i, s := range p {
		all.Go(func() {
			var err error
			if versions[i], err = nodes[i%2].set(s, id, ``, fmt.Sprintf(`{"n":%d}`, i)); err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	all.Wait()
	slices.Sort(versions)
	for i, version := range versions {
		if version != int64(i+1) {
			t.Fatalf("versions %v; want each from 1 to %d once", versions, len(p))
		}
	}
	d, err := nodes[1].service.Get(t.Context(), caller(p[0]), id.String())
	w.must(err)
	for i, s := range p {
		if got := string(d.Members[s.UserID]["n"]); got != fmt.Sprint(i) {
			t.Errorf("member %d has %q", i, got)
		}
	}
	w.conf.Attributes.Party = rules.InviteMember
	nodes[1].conf.Attributes.Party = rules.InviteMember
	var won, lost int
	var mu sync.Mutex
	for i, s := range p {
		all.Go(func() {
			_, err := nodes[i%2].set(s, id, `{"winner":1}`, ``, 100)
			mu.Lock()
			defer mu.Unlock()
			switch party.ReasonOf(err) {
			case "":
				won++
			case party.Conflict:
				lost++
			default:
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if won != 1 || lost != len(p)-1 {
		t.Errorf("%d won and %d lost; want 1 and %d", won, lost, len(p)-1)
	}
}

// TestNews: the party gets at most two messages a second, only with changes, and always with the last value. null
// means that a key was removed.
func TestNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		id := w.party(p...)
		for n := range 30 {
			w.mustSet(p[0], id, fmt.Sprintf(`{"n":%d}`, n), ``)
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond) // not at the moment when a message is due
		w.mustSet(p[1], id, ``, `{"a":1,"b":2}`)
		w.mustSet(p[1], id, ``, `{"a":null}`)
		time.Sleep(2 * time.Second)
		heard := w.heard()
		if len(heard) < 6 || len(heard) > 8 {
			t.Errorf("%d messages in 3 seconds; want about 7", len(heard))
		}
		for i, m := range heard {
			if i > 0 && m.at.Sub(heard[i-1].at) < 500*time.Millisecond {
				t.Errorf("messages %v apart", m.at.Sub(heard[i-1].at))
			}
			if len(m.to) != 0 {
				t.Errorf("message to %v; want to everybody", m.to)
			}
		}
		last := heard[len(heard)-1]
		want := fmt.Sprintf(`{"version":32,"party":{},"members":{"%s":{"a":null,"b":2}}}`, p[1].UserID)
		if got := text(last.Document); got != want {
			t.Errorf("last message %s; want %s", got, want)
		}
		n := ""
		for _, m := range heard {
			if value := m.Party["n"]; value != nil {
				n = string(value)
			}
		}
		if n != "29" {
			t.Errorf("the last n that was told is %s; want 29", n)
		}
		time.Sleep(time.Minute)
		if more := w.heard(); len(more) != 0 {
			t.Errorf("told again: %v", more)
		}
	})
}

// TestNews_long: what is too long for one message goes out at once in several that clients take.
func TestNews_long(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(5)
		id := w.party(p[:4]...)
		want := map[string]string{}
		for _, s := range p[:4] {
			bag := map[string]int{}
			for i := range 32 {
				key := strings.Repeat("\x01", 60) + fmt.Sprint(i) // six times as long in JSON
				bag[key], want[s.UserID+key] = i, fmt.Sprint(i)
			}
			w.mustSet(s, id, ``, text(bag))
			time.Sleep(time.Millisecond)
		}
		whole := func(to int) {
			t.Helper()
			time.Sleep(time.Minute)
			heard, got := w.heard(), map[string]string{}
			for _, m := range heard {
				if text, _ := party.PlainJSON(m.Document); len(text) > 1<<15 || len(m.to) != to || m.Version < 1 {
					t.Errorf("a message of %d bytes to %v with version %d", len(text), m.to, m.Version)
				}
				for user, bag := range m.Members {
					for key, value := range bag {
						got[user+key] = string(value)
					}
				}
			}
			if !maps.Equal(got, want) || len(heard) < 2 || heard[1].at != heard[len(heard)-1].at {
				t.Errorf("%d messages have %d of %d keys; want all, together", len(heard), len(got), len(want))
			}
		}
		whole(0)
		w.join(p[4], id)
		whole(1)
	})
}

// TestDocument_Halves: the pieces of a long message have each key once, with the version.
func TestDocument_Halves(t *testing.T) {
	bag := func(keys string) attributes.Bag {
		b := attributes.Bag{}
		for _, key := range keys {
			b[string(key)] = json.RawMessage("1")
		}
		return b
	}
	got := map[string]int{}
	all := attributes.Document{Version: 7, Party: bag("abc"), Members: map[string]attributes.Bag{"u": bag("ab"), "v": bag("a")}}
	for _, d := range partytest.Pieces(all) {
		if d.Version != 7 || d.Party == nil || d.Members == nil {
			t.Errorf("a piece %+v", d)
		}
		for key := range d.Party {
			got[key]++
		}
		for user, bag := range d.Members {
			for key := range bag {
				got[user+key]++
			}
		}
	}
	if want := (map[string]int{"a": 1, "b": 1, "c": 1, "ua": 1, "ub": 1, "va": 1}); !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// TestLate: on any node, a new member alone is sent the whole document. If nothing is set, nobody is sent anything
// and storage is not read.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		other := newWorld(t, w)
		p := w.host.Players(5)
		id := w.party(p[0])
		w.join(p[1], id)
		time.Sleep(time.Second)
		if reads, _ := w.host.Calls(); len(w.heard()) != 0 || reads != 0 {
			t.Errorf("a join into a party without attributes cost %d reads", reads)
		}
		w.mustSet(p[0], id, `{"map":"dust"}`, `{"c":1}`)
		time.Sleep(time.Second)
		w.heard()
		for node, s := range map[*world]party.Session{w: p[2], other: p[3]} {
			node.join(s, id)
			time.Sleep(time.Second)
			heard := w.heard()
			if len(heard) != 1 || !reflect.DeepEqual(heard[0].to, []string{s.SessionID}) || text(heard[0].Document) != w.get(s, id) {
				t.Errorf("a newcomer heard %+v; want %s", heard, w.get(s, id))
			}
		}
		w.leave(p[0], id) // the leader, who comes back with the same session
		w.join(p[0], id)
		time.Sleep(2 * time.Second)
		var greeted bool
		for _, m := range w.heard() {
			greeted = greeted || slices.Equal(m.to, []string{p[0].SessionID})
		}
		if !greeted {
			t.Error("who came back heard nothing")
		}
	})
}

// TestBags_end: a member's bag lasts as long as the member or the kept seat. The document lasts as long as the party.
func TestBags_end(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(5)
		id := w.party(p...)
		for _, s := range p {
			w.mustSet(s, id, ``, `{"c":1}`)
		}
		bags := func() (users []string) {
			time.Sleep(2 * time.Second)
			d, err := w.service.Get(t.Context(), caller(p[0]), id.String())
			w.must(err)
			for _, s := range p {
				if d.Members[s.UserID] != nil {
					users = append(users, s.Username)
				}
			}
			return users
		}
		same := func(when string, want ...party.Session) {
			t.Helper()
			var names []string
			for _, s := range want {
				names = append(names, s.Username)
			}
			if got := bags(); !slices.Equal(got, names) {
				t.Errorf("%s: bags of %v; want %v", when, got, names)
			}
		}
		same("at first", p...)
		w.heard()
		w.leave(p[1], id)
		same("after leaving", p[0], p[2], p[3], p[4])
		if heard := w.heard(); len(heard) != 1 || string(heard[0].Members[p[1].UserID]["c"]) != "null" || heard[0].Version != 6 {
			t.Errorf("the others heard %+v", heard)
		}
		w.must(w.admission.BeginKick(t.Context(), id, p[2], p[0]))
		w.must(w.host.PartyRemove(p[0], p[2], id))
		w.must(w.admission.Kicked(t.Context(), id, p[2]))
		same("after a kick", p[0], p[3], p[4])
		w.drop(p[3])
		same("while a seat is kept", p[0], p[3], p[4])
		back := w.host.Connect(p[3].UserID)
		w.must(w.admission.Admit(t.Context(), id, back, party.Grant{Back: true}, nil))
		same("after coming back", p[0], p[3], p[4])
		w.leave(p[4], id)
		w.join(p[4], id)
		same("after leaving and coming in again at once", p[0], p[3])
		w.mustSet(p[4], id, ``, `{"c":1}`)
		w.leave(p[4], id)
		w.join(p[4], id)
		w.mustSet(p[4], id, ``, `{"d":2}`)
		same("after a new bag", p[0], p[3], p[4])
		if d, err := w.service.Get(t.Context(), caller(p[0]), id.String()); err != nil || len(d.Members[p[4].UserID]) != 1 {
			t.Errorf("the new bag: %+v, %v", d, err)
		}
		w.conf.Parties.ReconnectGrace = 0
		w.drop(p[4])
		same("after a drop without grace", p[0], p[3])
		w.leave(back, id)
		w.leave(p[0], id)
		time.Sleep(2 * time.Second)
		if n := w.host.Objects(collection); n != 0 {
			t.Errorf("%d documents are left of an ended party", n)
		}
		closed := w.party(p[0])
		w.mustSet(p[0], closed, `{"map":1}`, ``)
		w.host.PartyClose(closed)
		w.admission.Closed(t.Context(), closed)
		time.Sleep(2 * time.Second)
		if n := w.host.Objects(collection); n != 0 {
			t.Errorf("%d documents are left of a closed party", n)
		}
	})
}

// Attributes that were set for the first time just before a crash are still there after it.
func TestSet_crash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.conf.Parties.Survive.Restart = time.Minute
		p := w.host.Players(2)
		id := w.party(p...)
		time.Sleep(time.Second) // its members are written
		w.mustSet(p[0], id, `{"map":"dust"}`, `{}`)
		for _, s := range p {
			w.host.Disconnect(s)
		}
		again := newWorld(t, w)
		again.conf.Parties.Survive.Restart = time.Minute
		look, err := again.admission.Look(t.Context(), id)
		if party.ReasonOf(err) != party.PartyAway {
			t.Fatal(err)
		}
		if d, err := again.service.Cached(t.Context(), look.View); err != nil || string(d.Party["map"]) != `"dust"` {
			t.Errorf("after the crash: %+v, %v", d, err)
		}
		w.admission.Close()
		again.admission.Close()
	})
}

func TestSweep(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	ended, lives := w.party(p[0]), w.party(p[1])
	w.mustSet(p[0], ended, `{"map":1}`, ``)
	w.mustSet(p[1], lives, `{"map":2}`, ``)
	w.host.WriteAsClient(p[0].UserID, collection, "x", `{"party_id":"`+lives.String()+`"}`) // an object of a client
	w.host.Disconnect(p[0])
	w.must(newWorld(t, w).service.Sweep(t.Context()))
	if n := w.host.Objects(collection); n != 1 {
		t.Errorf("%d documents after a sweep; want 1", n)
	}
	if got := w.get(p[1], lives); !strings.Contains(got, `"map":2`) {
		t.Errorf("the other party has %s", got)
	}
}

// TestStorage_fails: the caller gets an error and nothing is set. After storage is back, writes work again, and
// documents of parties that ended meanwhile are deleted.
func TestStorage_fails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		id := w.party(p...)
		w.mustSet(p[1], id, ``, `{"c":1}`)
		var broken sync.Mutex
		down := true
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			broken.Lock()
			defer broken.Unlock()
			if down {
				return errors.New("no database")
			}
			return nil
		}
		if _, err := w.set(p[0], id, `{"map":1}`, ``); party.ReasonOf(err) != party.Internal {
			t.Errorf("written without a database: %v", err)
		}
		w.leave(p[1], id)
		time.Sleep(3 * time.Second)
		broken.Lock()
		down = false
		broken.Unlock()
		time.Sleep(3 * time.Second)
		if got, want := w.get(p[0], id), `{"version":2,"party":{},"members":{}}`; got != want {
			t.Errorf("after the database was back: %s; want %s", got, want)
		}
	})
}

// TestStorage_unread: what is in memory is listed, beside the error.
func TestStorage_unread(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	known, unknown := w.party(p[0]), w.party(p[1])
	w.mustSet(p[0], known, `{"map":1}`, ``)
	newWorld(t, w).mustSet(p[1], unknown, `{"map":2}`, ``)
	w.unread = errors.New("no database")
	looks := []reserve.Look{{View: party.View{ID: known, Facts: party.Facts{Attributes: true}}}, {View: party.View{ID: unknown, Facts: party.Facts{Attributes: true}}}}
	if docs, err := w.service.CachedOf(t.Context(), looks); err == nil || len(docs) != 1 || string(docs[known].Party["map"]) != "1" {
		t.Errorf("LatelyOf = %+v, %v", docs, err)
	}
}

// TestStorage_broken: a document that cannot be decoded costs its own party's attributes only, and is logged once.
func TestStorage_broken(t *testing.T) {
	w := newWorld(t)
	w.conf.Attributes.Public = []string{"map"}
	p := w.host.Players(2)
	good, bad := w.party(p[0]), w.party(p[1])
	w.mustSet(p[0], good, `{"map":1}`, ``)
	w.host.Break(collection, bad.UUID.String())
	look := func(id party.ID) reserve.Look {
		return reserve.Look{Origin: id, View: party.View{ID: id, Facts: party.Facts{Attributes: true}}}
	}
	again := newWorld(t, w)
	again.conf.Attributes.Public = w.conf.Attributes.Public
	looks := []reserve.Look{look(bad), look(good)}
	if docs, err := again.service.CachedOf(t.Context(), looks); err == nil || !strings.Contains(err.Error(), collection+"/"+bad.UUID.String()) || len(docs) != 1 || string(docs[good].Party["map"]) != "1" {
		t.Errorf("CachedOf = %+v, %v; want the good one, and the broken one named", docs, err)
	}
	if public, err := again.service.PublicOf(t.Context(), looks); err != nil || len(public) != 1 || string(public[good]["map"]) != "1" {
		t.Errorf("PublicOf = %+v, %v", public, err)
	}
	if public, err := again.service.Public(t.Context(), look(bad).View); err != nil || len(public) > 0 {
		t.Errorf("Public = %v, %v; want none", public, err)
	}
	w.must(again.service.Sweep(t.Context()))
	if n := len(again.log.Lines()); n != 1 || w.host.Objects(collection) != 2 {
		t.Errorf("%d documents, log: %q; want two, and one line", w.host.Objects(collection), again.log.Lines())
	}
}

// TestStorage_othersReadFails: a document that another call cannot read is listed by a call that can, with all others.
func TestStorage_othersReadFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		known, unknown := w.party(p[0]), w.party(p[1])
		w.mustSet(p[0], known, `{"map":1}`, ``)
		newWorld(t, w).mustSet(p[1], unknown, `{"map":2}`, ``)
		storage := &failsFirst{Storage: w.host, fail: make(chan struct{})}
		w.service.Storage = storage
		look := func(id party.ID) reserve.Look {
			return reserve.Look{Origin: id, View: party.View{ID: id, Facts: party.Facts{Attributes: true}}}
		}
		go func() { _, _ = w.service.Cached(t.Context(), look(unknown).View) }()
		synctest.Wait()
		go func() {
			synctest.Wait()
			close(storage.fail)
		}()
		docs, err := w.service.CachedOf(t.Context(), []reserve.Look{look(known), look(unknown)})
		if err != nil || string(docs[known].Party["map"]) != "1" || string(docs[unknown].Party["map"]) != "2" {
			t.Errorf("CachedOf = %+v, %v", docs, err)
		}
	})
}

// failsFirst is storage whose first read hangs until fail is closed, and then fails.
type failsFirst struct {
	party.Storage
	fail  chan struct{}
	reads atomic.Int32
}

func (f *failsFirst) StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error) {
	if f.reads.Add(1) == 1 {
		<-f.fail
		return nil, errors.New("no database")
	}
	return f.Storage.StorageRead(ctx, reads)
}

// TestStorage_answerLost: a write that storage did is told to the party, although storage returned an error.
func TestStorage_answerLost(t *testing.T) {
	for name, tt := range map[string]struct {
		repeated bool // another write comes before the result is known
		want     string
	}{
		"known_later":  {false, `{"version":5,"party":{"gone":null,"map":"new"},"members":{"%[1]s":{"hat":"new"},"%[2]s":{"c":null}}}`},
		"written_over": {true, `{"version":5,"party":{"gone":null,"map":"new","mode":1},"members":{"%[1]s":{"hat":"new"},"%[2]s":{"c":null}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				p := w.host.Players(3)
				id := w.party(p...)
				w.mustSet(p[0], id, `{"map":"old","gone":1}`, `{"hat":"old","same":1}`)
				w.mustSet(p[1], id, ``, `{"c":1}`)
				time.Sleep(2 * time.Second)
				w.heard()
				fails := 2
				w.host.AfterWrite = func(writes []*runtime.StorageWrite) error {
					if fails == 0 || writes[0].Collection != collection {
						return nil
					}
					fails--
					return errors.New("answer lost")
				}
				if _, err := w.set(p[0], id, `{"map":"new","gone":null}`, `{"hat":"new"}`); party.ReasonOf(err) != party.Internal {
					t.Errorf("Set = %v", err)
				}
				w.leave(p[1], id)
				time.Sleep(time.Millisecond) // during which the bag of the user who left is removed
				if tt.repeated {
					w.mustSet(p[0], id, `{"mode":1}`, ``)
				}
				time.Sleep(5 * time.Second)
				told := attributes.Document{Party: attributes.Bag{}, Members: map[string]attributes.Bag{}}
				for _, m := range w.heard() {
					if m.Version < told.Version {
						t.Errorf("version %d after %d", m.Version, told.Version)
					}
					told.Version = m.Version
					maps.Copy(told.Party, m.Party)
					maps.Copy(told.Members, m.Members)
				}
				var want attributes.Document
				w.must(json.Unmarshal(fmt.Appendf(nil, tt.want, p[0].UserID, p[1].UserID), &want))
				if text(told) != text(want) {
					t.Errorf("told %s; want %s", text(told), text(want))
				}
			})
		})
	}
}

// TestStorage_doneLate: storage does a write long after it returned an error, and takes no other write before. The
// party is told all the same.
func TestStorage_doneLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		id := w.party(p...)
		w.mustSet(p[0], id, `{"map":"old"}`, ``)
		time.Sleep(2 * time.Second)
		w.heard()
		var stalled atomic.Bool
		stalled.Store(true)
		var late []*runtime.StorageWrite
		w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
			if !stalled.Load() || writes[0].Collection != collection {
				return nil
			}
			if late == nil {
				late = writes
			}
			return errors.New("no answer in time")
		}
		if _, err := w.set(p[0], id, `{"map":"new"}`, ``); party.ReasonOf(err) != party.Internal {
			t.Errorf("Set = %v", err)
		}
		time.Sleep(3500 * time.Millisecond)
		stalled.Store(false)
		if _, err := w.host.StorageWrite(t.Context(), late); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		told := w.heard()
		if len(told) != 1 || string(told[0].Party["map"]) != `"new"` {
			t.Errorf("told %s; want the new map", text(told))
		}
		if got, want := w.get(p[1], id), `{"version":3,"party":{"map":"new"},"members":{}}`; got != want {
			t.Errorf("get = %s; want %s", got, want)
		}
	})
}

// TestFacts: rules and people outside see only what they may.
func TestFacts(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p...)
	w.mustSet(p[0], id, `{"map":"dust","rank":3,"secret":true}`, `{"hero":"elf"}`)
	look, err := w.admission.Look(t.Context(), id)
	w.must(err)
	shared, members, err := w.service.Facts(t.Context(), look.View)
	w.must(err)
	if shared["map"] != "dust" || shared["rank"] != 3.0 || members[p[0].UserID]["hero"] != "elf" {
		t.Errorf("facts are %v and %v", shared, members)
	}
	public := func() map[string]json.RawMessage {
		got, err := w.service.Public(t.Context(), look.View)
		w.must(err)
		return got
	}
	if got := public(); got != nil {
		t.Errorf("public by default: %s", text(got))
	}
	w.conf.Attributes.Public = []string{"map", "hero", "absent"}
	if got := text(public()); got != `{"map":"dust"}` {
		t.Errorf("public: %s", got)
	}
}

// The attributes of a list of parties cost at most one query. A newer write of this process takes precedence.
func TestPublicOf(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(5)
	var ids []party.ID
	for i, s := range p {
		ids = append(ids, w.party(s))
		if i < 4 {
			w.mustSet(s, ids[i], fmt.Sprintf(`{"map":%d,"secret":1}`, i), `{}`)
		}
	}
	another := newWorld(t, w) // another process has read none
	public := func(w *world, queries int, want ...string) {
		t.Helper()
		var looks []reserve.Look
		for _, id := range ids {
			look, err := w.admission.Look(t.Context(), id)
			w.must(err)
			looks = append(looks, look)
		}
		before, _ := w.host.Calls()
		got, err := w.service.PublicOf(t.Context(), looks)
		w.must(err)
		for i, id := range ids {
			if string(got[id]["map"]) != want[i] || got[id]["secret"] != nil {
				t.Errorf("public of party %d: %s; want map %s", i, text(got[id]), want[i])
			}
		}
		if reads, _ := w.host.Calls(); reads-before != queries {
			t.Errorf("%d queries; want %d", reads-before, queries)
		}
	}
	public(another, 0, "", "", "", "", "")
	w.conf.Attributes.Public, another.conf.Attributes.Public = []string{"map"}, []string{"map"}
	public(another, 1, "0", "1", "2", "3", "")
	public(another, 0, "0", "1", "2", "3", "")
	public(w, 0, "0", "1", "2", "3", "")
	w.mustSet(p[0], ids[0], `{"map":7}`, `{}`)
	public(w, 0, "7", "1", "2", "3", "")
}

// FuzzSet: any request is either refused with a reason, or stored as it was sent, within the limits, in a form that
// storage can return.
func FuzzSet(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":null}`, `{"":1}`, `{"a":{"b":[1e999,"\u0000\ud800"]}}`, `[]`, `{"a":1`, `{"a" : [ ] }`, `{"a":1,"a":2}`} {
		f.Add([]byte(seed), []byte(`{"b":"<&>"}`))
	}
	w := newWorld(f)
	p := w.host.Players(1)
	id := w.party(p[0])
	f.Fuzz(func(t *testing.T, shared, own []byte) {
		who := caller(p[0])
		before, err := w.service.Get(context.Background(), who, id.String())
		if err != nil {
			t.Fatal(err)
		}
		written, err := w.service.Set(context.Background(), who, attributes.Request{PartyID: id.String(), Party: shared, Member: own})
		after, getErr := w.service.Get(context.Background(), who, id.String())
		if getErr != nil {
			t.Fatal(getErr)
		}
		switch party.ReasonOf(err) {
		case "":
			if after.Version != written.Version || after.Version != before.Version+1 {
				t.Errorf("version %d after %d, said %d", after.Version, before.Version, written.Version)
			}
		case party.InvalidRequest, party.RateLimited:
			if text(before) != text(after) {
				t.Errorf("a refusal changed %s to %s", text(before), text(after))
			}
		default:
			t.Errorf("refused with %v", err)
		}
		total := 0
		for _, bag := range []attributes.Bag{after.Party, after.Members[p[0].UserID]} {
			if len(bag) > 32 {
				t.Errorf("%d keys", len(bag))
			}
			for key, value := range bag {
				total += len(key) + len(value)
				if len(key) > 64 || len(value) > 1024 || !json.Valid(value) || string(value) == "null" {
					t.Errorf("%q is %s", key, value)
				}
			}
		}
		if total > 16*1024 {
			t.Errorf("%d bytes in all", total)
		}
	})
}
