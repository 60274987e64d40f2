package landing_test

import (
	"errors"
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/rules"
	"partyline/rpc/landing"
)

var update = flag.Bool("update", false, "write the golden pages again")

// assetHash matches what every change of an embedded file changes in every page.
var assetHash = regexp.MustCompile(`\.[0-9a-f]{10}\.(css|js|svg)`)

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = assetHash.ReplaceAllString(got, ".HASH.$1")
	file := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (write it with -update, then read it)", err)
	}
	if got != string(want) {
		line := 0
		gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for line < len(gotLines) && line < len(wantLines) && gotLines[line] == wantLines[line] {
			line++
		}
		t.Errorf("%s differs from line %d on:\n got %q\nwant %q", file, line+1, lineOf(gotLines, line), lineOf(wantLines, line))
	}
}

func lineOf(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

func TestPage_Golden(t *testing.T) {
	full := inState(party.StateFull)
	full.Party.Size, full.Party.Held = 3, 1
	secret := anInvite()
	secret.Party.Members = nil
	plain := anInvite()
	plain.Message, plain.Info, plain.ExpiresAt = "", nil, 0
	plain.Inviter.AvatarURL = ""
	plain.Party.MaxSize = 12
	noLinks := func(c *rules.Config) {
		c.Invites.App, c.Invites.Page.Title, c.Invites.Page.Accent = rules.App{}, "", ""
	}

	for _, c := range []struct {
		name   string
		source *previews
		policy func(*rules.Config)
		status int
	}{
		{"open", always(anInvite()), nil, 200},
		{"full", always(full), nil, 200},
		{"hidden_members", always(secret), nil, 200},
		{"no_links", always(plain), noLinks, 200},
		{"expired", always(inState(party.StateExpired)), nil, 410},
		{"revoked", always(inState(party.StateRevoked)), nil, 410},
		{"exhausted", always(inState(party.StateExhausted)), nil, 410},
		{"party_gone", always(inState(party.StatePartyGone)), nil, 410},
		{"not_found", refusing(party.Refuse(party.InviteNotFound, "x")), nil, 404},
		{"rate_limited", refusing(party.RefuseRate(17 * time.Second)), nil, 429},
		{"error", refusing(errors.New("database is gone")), nil, 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.policy == nil {
				c.policy = func(*rules.Config) {}
			}
			w := serve(t, c.source, withPolicy(c.policy)).get(joinPath + linkCode)
			if w.Code != c.status {
				t.Errorf("status = %d; want %d", w.Code, c.status)
			}
			golden(t, c.name, w.Body.String())
		})
	}
}

// The same answers may also come as refusals, if the invite service knows only the reason.
func TestPage_Refusals(t *testing.T) {
	for reason, want := range map[party.Reason]struct {
		status   int
		headline string
	}{
		party.InviteNotFound:  {404, "We cannot find this invite"},
		party.InvalidRequest:  {404, "We cannot find this invite"},
		party.InviteExpired:   {410, "This invite has expired"},
		party.InviteRevoked:   {410, "This invite was revoked"},
		party.InviteExhausted: {410, "This invite has been used up"},
		party.PartyNotFound:   {410, "This party is over"},
		party.RateLimited:     {429, "One moment, please"},
		party.Conflict:        {500, "Something went wrong on our side"},
		party.Internal:        {500, "Something went wrong on our side"},
	} {
		w := serve(t, refusing(party.Refuse(reason, "x"))).get(joinPath + linkCode)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.headline) {
			t.Errorf("%s: %d without %q; want %d with it", reason, w.Code, want.headline, want.status)
		}
	}
}

func TestPage_RetryAfter(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{party.RefuseRate(17 * time.Second), "17"},
		{party.RefuseRate(100 * time.Millisecond), "1"},
		{party.Refuse(party.RateLimited, "slow down"), "1"},
		{party.Refuse(party.InviteNotFound, "not here"), ""},
	} {
		if got := serve(t, refusing(c.err)).get(joinPath + linkCode).Header().Get("Retry-After"); got != c.want {
			t.Errorf("%v: Retry-After = %q; want %q", c.err, got, c.want)
		}
	}
}

func TestPage_SaysNothingOfLaunchAndIDs(t *testing.T) {
	s := serve(t, always(anInvite()))
	for _, path := range []string{joinPath + linkCode, joinPath + linkCode + "/state"} {
		body := s.get(path).Body.String()
		for _, secret := range []string{"launch-data", "match-id", "party-id", "invite-id", "user-mira", "user-kaito"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s contains %q", path, secret)
			}
		}
	}
	over := serve(t, always(inState(party.StateExpired)))
	for _, path := range []string{joinPath + linkCode, joinPath + linkCode + "/state"} {
		if body := over.get(path).Body.String(); strings.Contains(body, "Kaito") {
			t.Errorf("%s of an expired invite still names members", path)
		}
	}
}

func TestPage_CodeForms(t *testing.T) {
	for _, raw := range []string{linkCode, strings.ToLower(linkCode), "7K4M-Q2XW-B9TR-C3HD", "7k4m%20q2xw-b9tr-c3hd",
		linkCode + "/", linkCode + ").", linkCode + "%2C", linkCode + "%3Ffbclid=x", "%E2%80%8B" + linkCode + "%C2%A0", linkCode + "?fbclid=x"} {
		s := serve(t, always(anInvite()))
		w := s.get(joinPath + raw)
		if w.Code != 200 || !strings.Contains(w.Body.String(), ">7K4M-Q2XW-B9TR-C3HD<") {
			t.Errorf("%s: %d, or the page does not show the code", raw, w.Code)
		}
		if want := []string{linkCode + " by 203.0.113.7"}; !slices.Equal(s.previews.calls(), want) {
			t.Errorf("%s: kernel was asked %q; want %q", raw, s.previews.calls(), want)
		}
	}
	s := serve(t, always(anInvite()))
	if s.get(joinPath + "o1iL-mnpq"); !slices.Equal(s.previews.calls(), []string{"0111MNPQ by 203.0.113.7"}) {
		t.Errorf("look-alikes: kernel was asked %q", s.previews.calls())
	}
	for _, raw := range []string{"short", linkCode + "0", "7K4MQ2XU", "%3Cscript%3E", "7K4MQ2X%00", strings.Repeat("7", 5000), "-", "ＡＢＣＤＥＦＧＵ"} {
		s := serve(t, always(anInvite()))
		if w := s.get(joinPath + raw); w.Code != 404 {
			t.Errorf("%.40s: %d; want 404", raw, w.Code)
		}
		if calls := s.previews.calls(); len(calls) != 0 {
			t.Errorf("%.40s: kernel was asked %q; want no call", raw, calls)
		}
	}
}

func TestPage_PlayLinks(t *testing.T) {
	for _, c := range []struct {
		name string
		app  rules.App
		want []string
		none []string
	}{
		{"every way, the game first", policy().Invites.App, []string{
			`id="play" href="starfall://party/` + linkCode + `"`,
			`href="https://play.example.com/?party=` + linkCode + `"`,
			`href="https://apps.example.com/app/id1"`,
			`href="https://store.example.com/?referrer=` + linkCode + `"`,
		}, nil},
		{"browser only", rules.App{Web: "https://play.example.com/{code}"}, []string{`id="play" href="https://play.example.com/` + linkCode + `"`}, []string{`id="ways"`}},
		{"stores only are no play button", rules.App{IOS: rules.IOSApp{Store: "https://apps.example.com"}}, []string{`href="https://apps.example.com"`, "Open the game"}, []string{`id="play"`}},
		{"script schemes are refused", rules.App{DeepLink: "javascript:alert('{code}')", Web: "data:text/html,{code}"}, []string{"Open the game"}, []string{"alert", "data:", `id="play"`}},
		{"upper-case scheme too", rules.App{DeepLink: "JaVaScRiPt:alert(1)"}, nil, []string{"alert", `id="play"`}},
		{"a store link needs http", rules.App{Android: rules.AndroidApp{Store: "market://details?id=x"}}, nil, []string{"market:"}},
		{"no scheme", rules.App{DeepLink: "/somewhere/{code}"}, nil, []string{"/somewhere"}},
	} {
		body := serve(t, always(anInvite()), withPolicy(func(r *rules.Config) { r.Invites.App = c.app })).get(joinPath + linkCode).Body.String()
		for _, want := range c.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: page lacks %q", c.name, want)
			}
		}
		for _, none := range c.none {
			if strings.Contains(body, none) {
				t.Errorf("%s: page contains %q", c.name, none)
			}
		}
	}
}

func TestPage_Pictures(t *testing.T) {
	for address, shown := range map[string]bool{
		"https://img.example.com/a.png":               true,
		"http://img.example.com/a.png":                false,
		"javascript:alert(1)":                         false,
		"data:image/svg+xml,<svg/>":                   false,
		"//img.example.com/a.png":                     false,
		"https://user:pw@img.example.com/a":           false,
		"https://":                                    false,
		"avatar:12":                                   false,
		"https://x.test/" + strings.Repeat("a", 1100): false,
	} {
		p := anInvite()
		p.Inviter.AvatarURL, p.Party.Members[0].AvatarURL = address, address
		s := serve(t, always(p))
		body := s.get(joinPath + linkCode).Body.String()
		if got := strings.Count(body, `class="picture" src="`+address) > 0; got != shown {
			t.Errorf("picture %.60q on the page = %v; want %v", address, got, shown)
		}
		if strings.Contains(body, `<meta property="og:image" content="`+address) && address != "https://" {
			t.Errorf("picture %.60q is the chat preview's", address)
		}
		if state := s.get(joinPath + linkCode + "/state").Body.String(); !shown && address != "https://" && strings.Contains(state, address) {
			t.Errorf("picture %.60q is in the state", address)
		}
	}
	onServer := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) { c.Invites.Page.Logo = "/files/logo.png" })).get(joinPath + linkCode).Body.String()
	if !strings.Contains(onServer, `<img class="logo" src="../../files/logo.png"`) {
		t.Error("a logo on this server is not shown")
	}
	const card = `<meta property="og:image" content="https://party.example.com/party/join/` + linkCode + `/card.png">`
	for image, want := range map[string]string{
		"":                                   card,
		"https://cdn.example.com/invite.png": `<meta property="og:image" content="https://cdn.example.com/invite.png">`,
		"/files/invite.png":                  `<meta property="og:image" content="https://party.example.com/files/invite.png">`,
	} {
		s := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) {
			c.Invites.Page.Image = image
			c.Invites.Page.Logo = "https://cdn.example.com/logo.svg"
		}))
		if body := s.get(joinPath + linkCode).Body.String(); !strings.Contains(body, want) || strings.Count(body, `property="og:image"`) != 1 {
			t.Errorf("page.image %q: the page lacks %s, or has several", image, want)
		}
	}
}

func TestPage_Texts(t *testing.T) {
	s := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) {
		c.Invites.Page.Texts = map[string]string{
			"heading_titled": "{inviter} lädt dich zu {title} ein", "lang": "de", "stage_downloading": "Lädt", "count": "{size} von {max}",
			"valid_until": "Bis {time} <b>gültig</b>", "play": "",
		}
	}))
	body := s.get(joinPath + linkCode).Body.String()
	for _, want := range []string{
		`<html lang="de" dir="ltr">`, `>Mira Okafor lädt dich zu Starfall Arena ein</h1>`, `>Lädt<`, `>3 von 4<`,
		`Bis <time`, `&lt;b&gt;gültig&lt;/b&gt;`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	rtl := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) {
		c.Invites.Page.Texts = map[string]string{"lang": "ar", "dir": "rtl"}
	})).get(joinPath + linkCode).Body.String()
	if !strings.Contains(rtl, `<html lang="ar" dir="rtl">`) {
		t.Error("texts cannot turn the page right to left")
	}
}

// An intent cannot contain what a deep link has after #. Such a link is used unchanged, with the code.
func TestPage_Intent(t *testing.T) {
	for link, intended := range map[string]bool{"starfall://party/{code}": true, "starfall://open#party={code}": false, "starfall://open?party={code}#x": false} {
		body := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) { c.Invites.App.DeepLink = link })).get(joinPath + linkCode).Body.String()
		if !strings.Contains(body, strings.ReplaceAll(link, "{code}", linkCode)) || strings.Contains(body, "intent://") != intended {
			t.Errorf("%s: is not on the page, or its intent is not there: %t", link, intended)
		}
	}
}

// A placeholder in a player's name is not filled in.
func TestPage_NamesAreNoTemplates(t *testing.T) {
	p := anInvite()
	p.Inviter.DisplayName = "{title} {max}"
	if body := serve(t, always(p)).get(joinPath + linkCode).Body.String(); !strings.Contains(body, ">{title} {max} invites you to play Starfall Arena</h1>") {
		t.Error("a name with braces was filled in")
	}
}

func TestPage_BotsChangeNothing(t *testing.T) {
	for _, agent := range []string{"Discordbot/2.0", "WhatsApp/2.23", "Twitterbot/1.0", "facebookexternalhit/1.1", "Slackbot-LinkExpanding 1.0", ""} {
		s := serve(t, always(anInvite()))
		w := s.get(joinPath+linkCode, "User-Agent", agent)
		body := w.Body.String()
		for _, want := range []string{
			`<meta property="og:title" content="Mira Okafor invites you to play Starfall Arena">`,
			`<meta property="og:url" content="https://party.example.com/party/join/` + linkCode + `">`,
			`<meta name="twitter:card" content="summary_large_image">`, `<meta property="og:image:width" content="1200">`, `<meta property="og:image:height" content="630">`,
			`<meta property="og:image:alt" content="Mira Okafor invites you to play Starfall Arena">`,
		} {
			if w.Code != 200 || !strings.Contains(body, want) {
				t.Errorf("%q: %d, or no %q", agent, w.Code, want)
			}
		}
		if calls := s.previews.calls(); len(calls) != 1 {
			t.Errorf("%q: kernel was asked %d times; want once, to read", agent, len(calls))
		}
	}
}

// A reader of a page is counted as a person or as a program, and only if the invite can still be used.
func TestPage_Read(t *testing.T) {
	const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
	for name, tt := range map[string]struct {
		agent, method string
		state         party.InviteState
		want          string
	}{
		"browser":      {phone, "GET", party.StateOpen, "person"},
		"full":         {phone, "GET", party.StateFull, "person"},
		"head":         {phone, "HEAD", party.StateOpen, ""},
		"over":         {phone, "GET", party.StateExpired, ""},
		"discord":      {"Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "GET", party.StateOpen, "program"},
		"imessage":     {"Mozilla/5.0 (Macintosh) AppleWebKit/601.2.4 Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0", "GET", party.StateOpen, "program"},
		"whatsapp":     {"WhatsApp/2.23.20.0", "GET", party.StateOpen, "program"},
		"telegram":     {"TelegramBot (like TwitterBot)", "GET", party.StateOpen, "program"},
		"says nothing": {"", "GET", party.StateOpen, "program"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			s := serve(t, always(inState(tt.state)), func(o *landing.Options) {
				o.OnPageRead = func(byProgram bool) {
					got += map[bool]string{true: "program", false: "person"}[byProgram]
				}
			})
			s.ServeHTTP(httptest.NewRecorder(), request(tt.method, joinPath+linkCode, "User-Agent", tt.agent))
			s.ServeHTTP(httptest.NewRecorder(), request(tt.method, joinPath+linkCode+"/state", "User-Agent", tt.agent))
			if got != tt.want {
				t.Errorf("read by %q; want %q", got, tt.want)
			}
		})
	}
}

func TestPage_PanicBecomes500(t *testing.T) {
	s := serve(t, &previews{answer: func(code, _ string) (party.Preview, error) { panic("no good: " + code) }})
	for path, want := range map[string]string{"": "Something went wrong on our side", "/state": `"reason":"internal"`} {
		w := s.get(joinPath + "7k4m-q2xw-b9tr-c3hd" + path)
		if w.Code != 500 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q: %d %.80q; want 500 with %q", path, w.Code, w.Body, want)
		}
	}
	if text := s.logs.String(); !strings.Contains(text, "no good: <code>") || !strings.Contains(text, "goroutine") {
		t.Errorf("the log lacks the panic or its stack: %.200s", text)
	}
	broken := serve(t, always(anInvite()), func(o *landing.Options) { o.Policy = func() rules.Config { panic("no rules") } })
	if w := broken.get(joinPath + linkCode); w.Code != 500 || w.Body.String() != "Internal Server Error\n" {
		t.Errorf("without rules: %d %q; want a plain 500", w.Code, w.Body)
	}
}

func TestLogs_HoldNoCodes(t *testing.T) {
	for _, raw := range []string{linkCode, strings.ToLower(linkCode), "7K4M-Q2XW-B9TR-C3HD", "7k4m-q2xw-b9tr-c3hd"} {
		s := serve(t, &previews{answer: func(code, _ string) (party.Preview, error) {
			return party.Preview{}, errors.New("read invite " + code + " of link " + raw + ": timeout")
		}})
		s.get(joinPath + raw)
		s.get(joinPath + raw + "/state")
		text := strings.ToUpper(s.logs.String())
		if !strings.Contains(text, "TIMEOUT") {
			t.Errorf("%s: the failure is not in the log: %q", raw, text)
		}
		if strings.Contains(strings.ReplaceAll(text, "-", ""), linkCode) {
			t.Errorf("%s: the code is in the log: %q", raw, text)
		}
	}
	quiet := serve(t, refusing(party.Refuse(party.InviteNotFound, "x")))
	if quiet.get(joinPath + linkCode); quiet.logs.String() != "" {
		t.Errorf("an unknown code is logged: %q", quiet.logs)
	}
}

// A byte behind the code that is no text must not end the request, nor bring the code into the log.
func TestLogs_BytesThatAreNoText(t *testing.T) {
	for _, tail := range []string{"%FF", "%20%FF", ",%FF"} {
		for _, rest := range []string{"", "/state", "/card.png"} {
			s := serve(t, &previews{answer: func(code, _ string) (party.Preview, error) {
				return party.Preview{}, errors.New("read invite " + code + ": database is away")
			}})
			w := s.get(joinPath + linkCode + tail + rest)
			if log := s.logs.String(); w.Code != 500 || !strings.Contains(log, "database is away") || strings.Contains(log, linkCode) {
				t.Errorf("%s%s: %d, log %.150q", tail, rest, w.Code, log)
			}
		}
	}
}
