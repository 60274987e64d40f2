package landing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/rules"
	"partyline/rpc/landing"
)

// Every language has every text, with the same placeholders.
func TestLanguages_Complete(t *testing.T) {
	want := []string{"ar", "de", "en", "es", "fr", "it", "ja", "ko", "pl", "pt-BR", "ru", "tr", "zh-Hans"}
	if got := landing.Languages(); !slices.Equal(got, want) {
		t.Errorf("languages = %q; want %q", got, want)
	}
	words := func(text string) []string {
		found := regexp.MustCompile(`\{[a-z]+\}`).FindAllString(text, -1)
		slices.Sort(found)
		return found
	}
	for _, language := range want {
		if language == "en" {
			continue
		}
		file, err := os.ReadFile("languages/" + language + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(file, &texts); err != nil {
			t.Fatal(err)
		}
		for key, english := range rules.PageTexts() {
			if key == "lang" || key == "dir" {
				continue
			}
			if text := texts[key]; text == "" || !slices.Equal(words(text), words(english)) || len([]rune(text)) > 140 {
				t.Errorf("%s: %s = %q; want what %q says", language, key, text, english)
			}
			delete(texts, key)
		}
		for key := range texts {
			t.Errorf("%s has the text %q, which is never shown", language, key)
		}
	}
}

func TestPage_Languages(t *testing.T) {
	own := func(c *rules.Config) {
		c.Invites.Page.Texts = map[string]string{"play": "Jump in", "stage_downloading": "Fetching"}
		c.Invites.Page.Languages = map[string]map[string]string{"de": {"play": "Zur Gruppe"}, "sv": {"play": "Gå med"}, "he": {"play": "הצטרפות"}}
	}
	for _, tt := range []struct{ header, html, play string }{
		{"", `<html lang="en" dir="ltr">`, "Jump in"},
		{"en-US,en;q=0.9", `<html lang="en" dir="ltr">`, "Jump in"},
		{"de-AT,de;q=0.9,en;q=0.8", `<html lang="de" dir="ltr">`, "Zur Gruppe"},
		{"fr", `<html lang="fr" dir="ltr">`, "Rejoindre le groupe"},
		{"en;q=0.1, FR;q=0.9", `<html lang="fr" dir="ltr">`, "Rejoindre le groupe"},
		{"ar-EG", `<html lang="ar" dir="rtl">`, "انضم إلى المجموعة"},
		{"he", `<html lang="he" dir="rtl">`, "הצטרפות"},
		{"sv", `<html lang="sv" dir="ltr">`, "Gå med"},
		{"pt", `<html lang="pt-BR" dir="ltr">`, "Entrar no grupo"},
		{"pt-PT", `<html lang="pt-BR" dir="ltr">`, "Entrar no grupo"},
		{"zh-CN", `<html lang="zh-Hans" dir="ltr">`, "加入队伍"},
		{"zh-TW,ja;q=0.5", `<html lang="ja" dir="ltr">`, "パーティーに参加"},
		{"xx, *;q=0.5", `<html lang="en" dir="ltr">`, "Jump in"},
		{"fr;q=0, de;q=oops, ru", `<html lang="ru" dir="ltr">`, "Войти в группу"},
		{"xx\nde", `<html lang="de" dir="ltr">`, "Zur Gruppe"}, // as two lines
		{strings.Repeat("xx,", 5000), `<html lang="en" dir="ltr">`, "Jump in"},
	} {
		s := serve(t, always(anInvite()), withPolicy(own))
		var headers []string
		for line := range strings.SplitSeq(tt.header, "\n") {
			headers = append(headers, "Accept-Language", line)
		}
		w := s.get(joinPath+linkCode, headers...)
		if body := w.Body.String(); !strings.Contains(body, tt.html) || !strings.Contains(body, "<span>"+tt.play+"</span>") {
			t.Errorf("Accept-Language %.40q: want %s and %q on the page", tt.header, tt.html, tt.play)
		}
		for _, path := range []string{joinPath + linkCode, joinPath + linkCode + "/state"} {
			if vary := s.get(path, "Accept-Language", tt.header).Header().Values("Vary"); !slices.Contains(vary, "Accept-Language") {
				t.Errorf("%s: Vary = %q", path, vary)
			}
		}
	}
}

// The rules' texts under a language's own tag are shown. Missing ones are shown in the language that it is a variety
// of. Chinese is chosen by its script, which a region stands for.
func TestPage_Varieties(t *testing.T) {
	const portuguese, german, simplified = "Entrar no grupo", "Gruppe beitreten", "加入队伍"
	for _, tt := range []struct {
		own    string // languages that the rules have a text of, separated by spaces
		wanted string
		tag    string
		word   string // the language of the shown text, "" for none
		play   string
	}{
		{"zh-TW", "zh-TW", "zh-TW", "zh-TW", "Join the party"},
		{"zh-TW", "zh-HK", "zh-TW", "zh-TW", "Join the party"},
		{"zh-TW zh-Hant", "zh-TW", "zh-TW", "zh-TW", "Join the party"},
		{"zh-Hant", "zh-TW", "zh-Hant", "zh-Hant", "Join the party"},
		{"zh-TW", "zh-CN", "zh-Hans", "", simplified},
		{"zh-CN", "zh-CN", "zh-CN", "zh-CN", simplified},
		{"zh", "zh-CN", "zh", "zh", simplified},
		{"zh", "zh-TW", "en", "", "Join the party"},
		{"pt-PT", "pt-PT", "pt-PT", "pt-PT", portuguese},
		{"pt-PT", "pt-BR", "pt-BR", "", portuguese},
		{"pt", "pt-PT", "pt", "pt", portuguese},
		{"de-AT", "de-AT", "de-AT", "de-AT", german},
		{"de-AT de", "de-AT", "de-AT", "de-AT", german},
		{"de-AT", "de", "de", "", german},
	} {
		languages := map[string]map[string]string{}
		for tag := range strings.FieldsSeq(tt.own) {
			languages[tag] = map[string]string{"code": "word of " + tag}
		}
		s := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) { c.Invites.Page.Languages = languages }))
		body := s.get(joinPath+linkCode, "Accept-Language", tt.wanted).Body.String()
		_, word, _ := strings.Cut(body, "word of ")
		word, _, _ = strings.Cut(word, `"`)
		if word != tt.word || !strings.Contains(body, `<html lang="`+tt.tag+`"`) || !strings.Contains(body, "<span>"+tt.play+"</span>") {
			t.Errorf("own words for %s, visitor %s: word of %q; want of %q, and %q in %s", tt.own, tt.wanted, word, tt.word, tt.play, tt.tag)
		}
	}
}

// A heading in the rules replaces the page's, also if the game has a title.
func TestPage_OwnHeading(t *testing.T) {
	s := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) {
		c.Invites.Page.Title = "My Game"
		c.Invites.Page.Texts = map[string]string{"heading": "Come along!"}
		c.Invites.Page.Languages = map[string]map[string]string{
			"sv": {"heading": "Häng med!"}, "da": {"heading": "Kom!", "heading_titled": "Kom og spil {title}!"},
		}
	}))
	for wanted, heading := range map[string]string{"en": "Come along!", "sv": "Häng med!", "da": "Kom og spil My Game!", "fr": "invite à jouer à My Game"} {
		if body := s.get(joinPath+linkCode, "Accept-Language", wanted).Body.String(); !strings.Contains(body, heading) {
			t.Errorf("%s: the page lacks %q", wanted, heading)
		}
	}
}

// Behind a proxy that strips a path, everything on the page is found under that path.
func TestPage_UnderAPath(t *testing.T) {
	s := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) { c.Invites.PublicURL = "https://x.example.com/games/a%20y" }))
	for path, base := range map[string]string{linkCode: "../", linkCode + "/": "../../", linkCode + "%2F": "../"} {
		body := s.get(joinPath + path).Body.String()
		for _, want := range []string{
			`src="` + base + `assets/landing.`, `href="` + base + `assets/landing.`, `href="` + base + `assets/accent-`,
			`data-poll="` + base + `join/` + linkCode + `/state"`, `src="` + base + `join/` + linkCode + `/qr.svg"`,
			`content="https://x.example.com/games/a%20y/party/join/` + linkCode + `/card.png"`,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page lacks %s", path, want)
			}
		}
	}
	if body := s.get("/.well-known/apple-app-site-association").Body.String(); !strings.Contains(body, `"/games/a%20y/party/join/*"`) {
		t.Errorf("apple-app-site-association = %s; want the path in it", body)
	}
}

func TestPage_States(t *testing.T) {
	for state, note := range map[party.InviteState]string{party.StateLocked: "They are in a match or looking for one.", party.StateAway: "Everybody is away", party.StateBetween: "There is no party to join"} {
		w := serve(t, always(inState(state))).get(joinPath + linkCode)
		if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, note) || !strings.Contains(body, `data-state="`+string(state)+`"`) {
			t.Errorf("%s: %d, or the page does not say %q", state, w.Code, note)
		}
	}
	for _, state := range []party.InviteState{party.StateExpired, party.StateRevoked, party.StateExhausted, party.StatePartyGone} {
		body := serve(t, always(inState(state))).get(joinPath + linkCode).Body.String()
		if !strings.Contains(body, "Get the game") || !strings.Contains(body, "https://apps.example.com/app/id1") || strings.Contains(body, "starfall://") {
			t.Errorf("%s: want the ways to the game, and none into the party", state)
		}
	}
}

func TestCard(t *testing.T) {
	now := noon
	current := anInvite()
	source := &previews{answer: func(string, string) (party.Preview, error) { return current, nil }}
	s := serve(t, source, func(o *landing.Options) { o.Now = func() time.Time { return now } })
	path := joinPath + linkCode + "/card.png"
	first := s.get(path)
	picture, err := png.Decode(bytes.NewReader(first.Body.Bytes()))
	if err != nil || first.Code != 200 || picture.Bounds().Dx() != 1200 || picture.Bounds().Dy() != 630 {
		t.Fatalf("card = %d %v", first.Code, err)
	}
	if w := s.get(path, "If-None-Match", first.Header().Get("ETag")); w.Code != 304 {
		t.Errorf("asked again = %d; want 304", w.Code)
	}
	current = inState(party.StateExpired)
	if w := s.get(path); !bytes.Equal(w.Body.Bytes(), first.Body.Bytes()) {
		t.Error("drawn twice within ten seconds")
	}
	now = now.Add(11 * time.Second)
	if w := s.get(path); w.Code != 200 || bytes.Equal(w.Body.Bytes(), first.Body.Bytes()) {
		t.Errorf("the card of an invite that has ended = %d; want 200 and another picture", w.Code)
	}
	if w := serve(t, refusing(party.Refuse(party.InviteNotFound, "No."))).get(path); w.Code != 404 {
		t.Errorf("the card of an unknown invite = %d; want 404", w.Code)
	}
}

// A picture has no instructions to the page's readers, because a chat program keeps it.
func TestCard_Notes(t *testing.T) {
	for state, wanted := range map[party.InviteState]bool{party.StateFull: false, party.StateLocked: false, party.StateAway: false, party.StateBetween: false, party.StateExpired: true} {
		var pictures []string
		for _, note := range []string{"Keep this page open.", "Wait here."} {
			s := serve(t, always(inState(state)), withPolicy(func(c *rules.Config) {
				c.Invites.Page.Texts = map[string]string{"note_" + string(state): note, string(state) + "_note": note}
			}))
			pictures = append(pictures, s.get(joinPath+linkCode+"/card.png").Body.String())
		}
		if drawn := pictures[0] != pictures[1]; drawn != wanted {
			t.Errorf("%s: the note is in the picture: %t; want %t", state, drawn, wanted)
		}
	}
}

// If the fonts lack a part of the texts, the picture shows the rest.
func TestCard_Lacking(t *testing.T) {
	draw := func(p party.Preview, page rules.Page) string {
		return serve(t, always(p), withPolicy(func(c *rules.Config) { c.Invites.Page = page })).get(joinPath + linkCode + "/card.png").Body.String()
	}
	named := func(display string) party.Preview {
		p := anInvite()
		p.Inviter.DisplayName, p.Inviter.Username = display, "mira"
		return p
	}
	titled := func(heading string) rules.Page {
		return rules.Page{Title: "桜の港", Texts: map[string]string{"heading": heading, "heading_titled": "{inviter}: {title}"}}
	}
	if draw(named("🎉🎉"), rules.Page{}) != draw(named(""), rules.Page{}) {
		t.Error("a name of emoji alone does not give way to the username")
	}
	if draw(named("Mira"), titled("{inviter} invites you")) == draw(named("Mira"), titled("")) {
		t.Error("a title that cannot be set takes the whole headline away")
	}
	if draw(named("田中"), titled("{inviter} invites you")) != draw(named("田中"), titled("A player invites you")) {
		t.Error("a title and a name that cannot be set take the whole headline away")
	}
}

// The rules' own font is read again after a while, and pictures are drawn again with it.
func TestCard_FontChanges(t *testing.T) {
	now, folder := noon, t.TempDir()
	s := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) { c.Invites.Page.Font = "own.ttf" }), func(o *landing.Options) {
		o.Now, o.Folder = func() time.Time { return now }, folder
	})
	draw := func(what string, failures int) {
		t.Helper()
		now = now.Add(11 * time.Minute) // nothing is kept longer
		for range 2 {
			if w := s.get(joinPath + linkCode + "/card.png"); w.Code != 200 {
				t.Errorf("%s: %d", what, w.Code)
			}
		}
		if got := strings.Count(s.logs.String(), "landing: "); got != failures {
			t.Errorf("%s: %d failures in the log; want %d: %s", what, got, failures, s.logs)
		}
	}
	write := func(font []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, "own.ttf"), font, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	draw("no file", 1)
	write([]byte("no font"))
	draw("a file that is no font", 2)
	font, err := os.ReadFile("card/fonts/NotoSansHebrew-Bold.ttf")
	if err != nil {
		t.Fatal(err)
	}
	write(font)
	draw("a font", 2)
	if err := os.Remove(filepath.Join(folder, "own.ttf")); err != nil {
		t.Fatal(err)
	}
	draw("a file that is gone", 3)
}

// Another font in the rules file counts as soon as a picture may be drawn again.
func TestCard_AnotherFont(t *testing.T) {
	now, font := noon, ""
	s := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) { c.Invites.Page.Font = font }), func(o *landing.Options) {
		o.Now, o.Folder = func() time.Time { return now }, t.TempDir()
	})
	for _, missing := range []string{"", "one.ttf", "two.ttf"} {
		font, now = missing, now.Add(11*time.Second)
		if w := s.get(joinPath + linkCode + "/card.png"); w.Code != 200 {
			t.Errorf("font %q: %d", font, w.Code)
		}
		if !strings.Contains(s.logs.String(), missing) {
			t.Errorf("the picture was not drawn again with the font %s", missing)
		}
	}
}

// Requests beyond the server's capacity are refused quickly, and none fails otherwise.
func TestRequestsInFlight_Bounded(t *testing.T) {
	gate, began := make(chan struct{}), make(chan struct{}, 2000)
	var mu sync.Mutex
	most, now := 0, 0
	source := &previews{answer: func(string, string) (party.Preview, error) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		began <- struct{}{}
		<-gate
		mu.Lock()
		now--
		mu.Unlock()
		return anInvite(), nil
	}}
	s := serve(t, source)
	codes := make(chan int, 1000)
	for range 1000 {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			w := &header{headers: http.Header{}}
			s.ServeHTTP(w, request(http.MethodGet, joinPath+linkCode+"/state").WithContext(ctx))
			if w.status == http.StatusServiceUnavailable && w.headers.Get("Retry-After") == "" {
				w.status = 0
			}
			codes <- w.status
		}()
	}
	<-began
	refused := 0
	for range 1000 - 16 { // all except those that are being answered
		if code := <-codes; code == http.StatusServiceUnavailable {
			refused++
		} else {
			t.Errorf("a request was answered with %d while the kernel answers nobody", code)
		}
	}
	for _, part := range []string{"", "/state", "/qr.svg", "/card.png"} {
		w := &header{headers: http.Header{}}
		if s.ServeHTTP(w, request(http.MethodGet, joinPath+linkCode+part)); w.status != http.StatusServiceUnavailable {
			t.Errorf("%q is answered with %d while nothing more can be", part, w.status)
		}
	}
	close(gate)
	for range 16 {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("a request that was let in = %d", code)
		}
	}
	if most > 16 || refused != 1000-16 {
		t.Errorf("%d requests at once reached the kernel, %d were refused", most, refused)
	}
}

// header is a response that keeps only the status and the headers.
type header struct {
	headers http.Header
	status  int
}

func (h *header) Header() http.Header { return h.headers }
func (h *header) WriteHeader(status int) {
	h.status = status
}
func (h *header) Write(b []byte) (int, error) {
	if h.status == 0 {
		h.status = http.StatusOK
	}
	return len(b), nil
}
