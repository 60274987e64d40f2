package landing_test

import (
	"encoding/json"
	"math"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

type seat struct {
	Kind, Key, Name, Initial, Picture, Badge, Tone, Done, Activity string
	Leader                                                         bool
	Percent                                                        *int
	Hue                                                            int
}

type stateBody struct {
	State   string
	Reason  string
	Inviter map[string]any
	Party   map[string]any
	Message string
	Info    []party.InfoField
	Expires int64 `json:"expires_at"`
	View    struct {
		Headline, Note, Count, Left, Shared string
		Columns                             int
		Seats                               []seat
	}
}

func readState(t testing.TB, w *httptest.ResponseRecorder) stateBody {
	t.Helper()
	var b stateBody
	if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil {
		t.Fatalf("state %q: %v", w.Body, err)
	}
	return b
}

func keysOf(t *testing.T, v any, path string, into *[]string) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			*into = append(*into, path+k)
			keysOf(t, inner, path+k+".", into)
		}
	case []any:
		for _, inner := range v {
			keysOf(t, inner, path, into)
		}
	}
}

// A field that is added to the preview must not reach strangers by default.
func TestState_Fields(t *testing.T) {
	p := anInvite()
	p.Inviter.AvatarURL = "https://img.example.com/mira.png"
	p.Party.Members[0].AvatarURL = "https://img.example.com/kaito.png"
	p.Party.MaxSize, p.Party.Held = 12, 1
	var v any
	if err := json.Unmarshal(serve(t, always(p)).get(joinPath+linkCode+"/state").Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	var got []string
	keysOf(t, v, "", &got)
	slices.Sort(got)
	got = slices.Compact(got)
	want := strings.Fields(`expires_at info info.label info.value inviter inviter.avatar_url inviter.display_name inviter.username message
		party party.held party.max_size party.members party.members.avatar_url party.members.display_name party.members.leader
		party.members.progress party.members.stage party.members.text party.members.username party.open party.size state
		view view.columns view.count view.headline view.left view.note view.seats view.seats.activity view.seats.badge view.seats.done view.seats.hue
		view.seats.initial view.seats.key view.seats.kind view.seats.leader view.seats.name view.seats.percent view.seats.picture view.seats.tone view.shared view.waiting waiting`)
	if !slices.Equal(got, want) {
		t.Errorf("fields of the state:\n%s\nwant:\n%s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

func TestState_ETag(t *testing.T) {
	p := anInvite()
	source := &previews{answer: func(string, string) (party.Preview, error) { return p, nil }}
	s := serve(t, source)
	path := joinPath + linkCode + "/state"
	first := s.get(path)
	tag := first.Header().Get("ETag")
	if first.Code != 200 || len(tag) < 10 || tag[0] != '"' {
		t.Fatalf("state = %d with ETag %q; want 200 with a strong one", first.Code, tag)
	}
	for _, header := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		w := s.get(path, "If-None-Match", header)
		if w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") != tag || w.Header().Get("Content-Type") != "" {
			t.Errorf("If-None-Match %s = %d with %d bytes, %v; want a bare 304 with the ETag", header, w.Code, w.Body.Len(), w.Header())
		}
	}
	for _, header := range []string{`"other"`, strings.Trim(tag, `"`), "", `""`} {
		if w := s.get(path, "If-None-Match", header); w.Code != 200 || w.Body.String() != first.Body.String() {
			t.Errorf("If-None-Match %s = %d; want the whole 200", header, w.Code)
		}
	}
	p.Launch, p.MatchID = json.RawMessage(`{"other":true}`), "other"
	if got := s.get(path).Header().Get("ETag"); got != tag {
		t.Error("launch data, which strangers never see, changes the ETag")
	}
	p.Party = &party.PartyPreview{Size: 3, MaxSize: 4, Members: slices.Clone(p.Party.Members)}
	p.Party.Members[0].Progress = portion(0.43)
	if w := s.get(path, "If-None-Match", tag); w.Code != 200 || w.Header().Get("ETag") == tag {
		t.Errorf("after progress: %d, ETag %q; want 200 with a new one", w.Code, w.Header().Get("ETag"))
	}
	// An invite that ends reports it with its status, also to a page that has the same body.
	p.State = party.StateExpired
	gone := s.get(path)
	if w := s.get(path, "If-None-Match", gone.Header().Get("ETag")); w.Code != 410 {
		t.Errorf("a poll of an ended invite = %d; want 410", w.Code)
	}
}

func TestState_Seats(t *testing.T) {
	crowd := func(n int) (members []party.MemberProfile) {
		for i := range n {
			name := "p" + string(rune('a'+i%26)) + string(rune('a'+i/26))
			members = append(members, member(name, name, name, "", nil, ""))
		}
		return members
	}
	for _, c := range []struct {
		name    string
		party   *party.PartyPreview
		kinds   string // in order, the initial of each kind
		left    string
		columns int
		count   string
	}{
		{"free seats of a small party", &party.PartyPreview{Size: 3, MaxSize: 4, Members: crowd(3)}, "mmmf", "", 2, "3 of 4"},
		{"held seats come before free ones", &party.PartyPreview{Size: 2, MaxSize: 6, Held: 2, Members: crowd(2)}, "mmhhff", "", 3, "2 of 6"},
		{"alone", &party.PartyPreview{Size: 1, MaxSize: 8, Members: crowd(1)}, "mfffffff", "", 4, "1 of 8"},
		{"hidden members keep their seats", &party.PartyPreview{Size: 3, MaxSize: 4}, "tttf", "", 2, "3 of 4"},
		{"a large party counts its free seats", &party.PartyPreview{Size: 2, MaxSize: 9, Members: crowd(2)}, "mm", "Free seats: 7", 2, "2 of 9"},
		{"twelve are all shown", &party.PartyPreview{Size: 12, MaxSize: 40, Members: crowd(12)}, "mmmmmmmmmmmm", "Free seats: 28", 4, "12 of 40"},
		{"of more, eleven and a number", &party.PartyPreview{Size: 256, MaxSize: 256, Members: crowd(256)}, "mmmmmmmmmmm+", "", 4, "256 of 256"},
		{"over-full by a race", &party.PartyPreview{Size: 5, MaxSize: 4, Held: 1, Members: crowd(5)}, "mmmmmh", "", 3, "5 of 4"},
		{"nonsense is survived", &party.PartyPreview{Size: -3, MaxSize: -1, Held: -2}, "", "", 2, "-3 of -1"},
	} {
		p := anInvite()
		p.Party = c.party
		v := readState(t, serve(t, always(p)).get(joinPath+linkCode+"/state")).View
		var kinds strings.Builder
		for _, s := range v.Seats {
			kinds.WriteString(map[string]string{"member": "m", "held": "h", "free": "f", "taken": "t", "more": "+"}[s.Kind])
		}
		if kinds.String() != c.kinds || v.Left != c.left || v.Columns != c.columns || v.Count != c.count {
			t.Errorf("%s: seats %s, left %q, %d columns, %q; want %s, %q, %d, %q", c.name, kinds.String(), v.Left, v.Columns, v.Count, c.kinds, c.left, c.columns, c.count)
		}
	}
	p := anInvite()
	p.Party = &party.PartyPreview{Size: 40, MaxSize: 64, Members: crowd(40)}
	seats := readState(t, serve(t, always(p)).get(joinPath+linkCode+"/state")).View.Seats
	if last := seats[len(seats)-1]; last.Name != "+29" {
		t.Errorf("40 members are summed up as %q; want +29 beside 11 tiles", last.Name)
	}
}

func TestState_LeaderFirst(t *testing.T) {
	s := serve(t, always(anInvite()))
	seats := readState(t, s.get(joinPath+linkCode+"/state")).View.Seats
	var names []string
	for _, seat := range seats {
		names = append(names, seat.Name)
		if seat.Leader != (seat.Key == "mira") {
			t.Errorf("%s is leader: %v", seat.Name, seat.Leader)
		}
	}
	if want := []string{"Mira Okafor", "Kaito", "sol", "Free seat"}; !slices.Equal(names, want) {
		t.Errorf("seats = %q; want %q", names, want)
	}
	p := anInvite()
	p.Party.LeaderUserID = ""
	p.Party.Members[0].UserID = ""
	for _, seat := range readState(t, serve(t, always(p)).get(joinPath+linkCode+"/state")).View.Seats {
		if seat.Leader {
			t.Errorf("%s leads a party whose leader is not known", seat.Name)
		}
	}
}

func TestState_Badges(t *testing.T) {
	for _, c := range []struct {
		stage    string
		progress *float64
		want     string // badge, tone, done
	}{
		{"", nil, "||"},
		{"", portion(0.5), "||"},
		{"downloading", portion(0.42), "Downloading|loading|42 %"},
		{"downloading", portion(0.29), "Downloading|loading|29 %"}, // 0.29*100 is 28.99... in binary
		{"downloading", portion(0.999), "Downloading|loading|99 %"},
		{"downloading", portion(1), "Downloading|loading|100 %"},
		{"downloading", portion(0), "Downloading|loading|0 %"},
		{"downloading", portion(-1), "Downloading|loading|0 %"},
		{"downloading", portion(math.Inf(1)), "Downloading|loading|100 %"},
		{"downloading", portion(math.NaN()), "Downloading|loading|"},
		{"tutorial", nil, "In the tutorial|loading|"},
		{"ready", portion(0.5), "Ready|ready|"},
		{"failed", portion(0.5), "Needs help|failed|"},
		{"spectating", portion(0.5), "Spectating|final|"},
		{"waiting_for-host", nil, "Waiting for host|loading|"},
	} {
		p := anInvite()
		p.Party.Members = []party.MemberProfile{member("a", "a", "A", c.stage, c.progress, "")}
		s := serve(t, always(p), withPolicy(func(c *rules.Config) { c.Status.Final = append(c.Status.Final, "spectating") }))
		seat := readState(t, s.get(joinPath+linkCode+"/state")).View.Seats[0]
		if got := seat.Badge + "|" + seat.Tone + "|" + seat.Done; got != c.want {
			t.Errorf("stage %q: badge %q; want %q", c.stage, got, c.want)
		}
		if (seat.Percent != nil) != strings.HasSuffix(c.want, "%") {
			t.Errorf("stage %q: percent %v beside %q", c.stage, seat.Percent, c.want)
		}
	}
}

func TestState_Stalled(t *testing.T) {
	for stage, want := range map[string]string{"downloading": "stalled", "ready": "ready", "failed": "failed"} {
		p := anInvite()
		m := member("a", "a", "A", stage, portion(0.5), "")
		m.Stalled = true
		p.Party.Members = []party.MemberProfile{m}
		if got := readState(t, serve(t, always(p)).get(joinPath+linkCode+"/state")).View.Seats[0].Tone; got != want {
			t.Errorf("stage %q: tone %q; want %q", stage, got, want)
		}
	}
}

func TestState_Failures(t *testing.T) {
	for reason, status := range map[party.Reason]int{party.InviteNotFound: 404, party.RateLimited: 429, party.Internal: 500, party.InviteRevoked: 410} {
		w := serve(t, refusing(party.Refuse(reason, "x"))).get(joinPath + linkCode + "/state")
		b := readState(t, w)
		if w.Code != status || b.Reason != string(reason) || b.View.Headline == "" || b.View.Seats == nil {
			t.Errorf("%s: %d %s; want %d with the reason and a headline", reason, w.Code, w.Body, status)
		}
	}
	for _, state := range []party.InviteState{party.StateExpired, party.StateRevoked, party.StateExhausted, party.StatePartyGone} {
		ended := inState(state)
		ended.Waiting = 3
		w := serve(t, always(ended)).get(joinPath + linkCode + "/state")
		b := readState(t, w)
		if w.Code != 410 || b.State != string(state) || b.Party != nil || len(b.View.Seats) != 0 || !strings.Contains(w.Body.String(), `"waiting":0`) {
			t.Errorf("%s: %d %s; want 410 without a party, and nobody who waits for it", state, w.Code, w.Body)
		}
	}
}

func TestState_EmptyListsAreLists(t *testing.T) {
	p := anInvite()
	p.Info, p.Party.Members, p.Party.Size, p.Party.MaxSize = nil, nil, 0, 0
	body := serve(t, always(p)).get(joinPath + linkCode + "/state").Body.String()
	for _, want := range []string{`"info":[]`, `"members":[]`, `"seats":[]`} {
		if !strings.Contains(body, want) {
			t.Errorf("state lacks %s: %s", want, body)
		}
	}
}

// Two members whose names give the same colour get different colours.
func TestState_ColoursDiffer(t *testing.T) {
	p := anInvite()
	p.Party.Members = nil
	for range 8 {
		p.Party.Members = append(p.Party.Members, member("x", "same", "Same", "", nil, ""))
	}
	p.Party.Size, p.Party.MaxSize = 8, 8
	seen := map[int]bool{}
	for _, seat := range readState(t, serve(t, always(p)).get(joinPath+linkCode+"/state")).View.Seats {
		seen[seat.Hue] = true
	}
	if len(seen) != 8 {
		t.Errorf("8 members have %d colours", len(seen))
	}
}

// New rules show with the next preview, after at most a second.
func TestRules_AreReadAnew(t *testing.T) {
	c := policy()
	other := &previews{answer: func(string, string) (party.Preview, error) { return anInvite(), nil }}
	s := serve(t, other, withPolicy(func(r *rules.Config) { *r = c }))
	for _, title := range []string{"Starfall Arena", "Moonrise"} {
		c.Invites.Page.Title = title
		if got := readState(t, s.get(joinPath+linkCode+"/state")).View.Headline; !strings.HasSuffix(got, title) {
			t.Errorf("headline of the state = %q; want %q in it", got, title)
		}
		if body := s.get(joinPath + linkCode).Body.String(); !strings.Contains(body, title+"</h1>") {
			t.Errorf("the page's headline is without %q", title)
		}
	}
}

func TestState_PublicPart(t *testing.T) {
	b := readState(t, serve(t, always(anInvite())).get(joinPath+linkCode+"/state"))
	if b.State != "open" || b.Expires != noon.Add(6*time.Hour).Unix() || b.Message != anInvite().Message || !reflect.DeepEqual(b.Info, anInvite().Info) {
		t.Errorf("state = %+v; want the preview's own values", b)
	}
	if b.Party["size"] != 3.0 || b.Party["max_size"] != 4.0 || b.Inviter["username"] != "mira" {
		t.Errorf("party = %v, inviter = %v", b.Party, b.Inviter)
	}
}

// Numbers of the game are shown as the game wrote them. Only numbers, texts, true and false are shown.
func TestState_Shared(t *testing.T) {
	p := anInvite()
	p.Party.Attributes = map[string]json.RawMessage{"map": []byte(`"Summit"`), "best": []byte(`123456789`), "rate": []byte(`1.50`), "hard": []byte(`true`), "load": []byte(`{"a":1}`)}
	b := readState(t, serve(t, always(p)).get(joinPath+linkCode+"/state"))
	if want := "Best: 123456789 · Hard: true · Map: Summit · Rate: 1.50"; b.View.Shared != want {
		t.Errorf("shared = %q; want %q", b.View.Shared, want)
	}
}
