package console_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/internal/web"
	"partyline/party"
)

const partyID = "3f1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1"

// tokenOf reads the token in the forms of the page.
func tokenOf(t *testing.T, page web.Route) string {
	t.Helper()
	html := get(page, http.MethodGet, "/party/console", "Bearer "+key).Body.String()
	found := regexp.MustCompile(`name="token" value="([0-9a-f]{64})"`).FindStringSubmatch(html)
	if found == nil {
		t.Fatal("the page has no form with a token")
	}
	return found[1]
}

func post(page web.Route, form url.Values, edit func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "https://game.example/party/console", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://game.example")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Authorization", basic("ann", key))
	if edit != nil {
		edit(r)
	}
	w := httptest.NewRecorder()
	page.Handler(w, r)
	return w
}

// Each action is done once, leaves a line in the log that names it, and leads back to the page.
func TestAct(t *testing.T) {
	for name, tt := range map[string]struct {
		form url.Values
		did  string
		log  string
		says string
	}{
		"revoke": {url.Values{"action": {"revoke_invite"}, "invite": {"7d0f4a12"}}, "revoke 7d0f4a12", `action=revoke_invite on="invite 7d0f4a12" by="ann" from="192.0.2.1"`, "The invite is revoked."},
		"pardon": {url.Values{"action": {"pardon"}, "party": {partyID}, "user": {"u4"}}, "pardon u4 in " + partyID, `action=pardon on="user u4 in party ` + partyID + `" by="ann"`, "The player may come back."},
		"reload": {url.Values{"action": {"reload_rules"}}, "reload", `action=reload_rules on="version 3 in force, newest broken: false" by="ann"`, "The rules file was read again."},
	} {
		t.Run(name, func(t *testing.T) {
			s := aServer()
			routes, l := serve(t, s)
			page := routes["console_page"]
			tt.form.Set("token", tokenOf(t, page))
			answer := post(page, tt.form, nil)
			location := answer.Header().Get("Location")
			if answer.Code != http.StatusSeeOther || location != "console?done="+tt.form.Get("action") || !slices.Equal(s.did, []string{tt.did}) {
				t.Fatalf("answer %d to %q, done %q", answer.Code, location, s.did)
			}
			if len(l.lines) != 1 || !strings.HasPrefix(l.lines[0], "info console action ") || !strings.Contains(l.lines[0], tt.log) {
				t.Errorf("log %q", l.lines)
			}
			if body := get(page, http.MethodGet, "/party/"+location, "Bearer "+key).Body.String(); !strings.Contains(body, tt.says) {
				t.Errorf("the page does not say %q", tt.says)
			}
			if get(page, http.MethodGet, "/party/"+location, "Bearer "+key); len(s.did) != 1 {
				t.Errorf("looking at the page did %q", s.did)
			}
		})
	}
}

// A form that is not from this page, or is sent without the key, does nothing.
func TestAct_Forged(t *testing.T) {
	form := func(token string) url.Values {
		return url.Values{"action": {"revoke_invite"}, "invite": {"7d0f4a12"}, "token": {token}}
	}
	for name, tt := range map[string]struct {
		edit  func(*http.Request)
		token func(string) string
		code  int
	}{
		"no token":    {token: func(string) string { return "" }, code: 403},
		"wrong token": {token: func(real string) string { return real[1:] + "0" }, code: 403},
		"another site": {edit: func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Origin", "https://evil.example")
		}, code: 403},
		"a sister site": {edit: func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "same-site")
			r.Header.Set("Origin", "https://b.example")
		}, code: 403},
		"an old browser": {edit: func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "https://evil.example") }, code: 403},
		"origin null":    {edit: func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "null") }, code: 403},
		"no key":         {edit: func(r *http.Request) { r.Header.Del("Authorization") }, code: 401},
		"wrong key":      {edit: func(r *http.Request) { r.Header.Set("Authorization", basic("ann", "0123456789abcdeX")) }, code: 401},
		"in the address": {edit: func(r *http.Request) {
			_ = r.ParseForm()
			r.URL.RawQuery, r.Body, r.Form, r.PostForm = r.PostForm.Encode(), http.NoBody, nil, nil
		}, code: 403},
		"as JSON":          {edit: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, code: 403},
		"far too long":     {token: func(real string) string { return real + strings.Repeat("x", 9000) }, code: 400},
		"GET with a body":  {edit: func(r *http.Request) { r.Method = http.MethodGet }, code: 200},
		"HEAD with a body": {edit: func(r *http.Request) { r.Method = http.MethodHead }, code: 200},
	} {
		t.Run(name, func(t *testing.T) {
			s := aServer()
			routes, l := serve(t, s)
			page := routes["console_page"]
			token := tokenOf(t, page)
			if tt.token != nil {
				token = tt.token(token)
			}
			answer := post(page, form(token), tt.edit)
			if answer.Code != tt.code || len(s.did) > 0 {
				t.Errorf("answer %d, done %q; want %d and nothing", answer.Code, s.did, tt.code)
			}
			for _, line := range l.lines {
				if strings.HasPrefix(line, "info") || strings.Contains(line, key) {
					t.Errorf("log %q", line)
				}
			}
		})
	}
}

// A refusal is shown on the page, and the page shows nothing as done.
func TestAct_Refused(t *testing.T) {
	for name, tt := range map[string]struct {
		form   url.Values
		refuse error
		code   int
		says   string
	}{
		"unknown invite": {url.Values{"action": {"revoke_invite"}, "invite": {"x"}}, party.Refuse(party.InviteNotFound, "There is no <b>such</b> invite."), 409, "There is no &lt;b&gt;such&lt;/b&gt; invite."},
		"bad party":      {url.Values{"action": {"pardon"}, "party": {"x"}}, nil, 409, "Not done"},
		"no action":      {url.Values{"action": {"format_disk"}}, nil, 409, "there is no such action"},
		"failure":        {url.Values{"action": {"reload_rules"}}, errors.New("the database is down"), 500, "Not done"},
	} {
		t.Run(name, func(t *testing.T) {
			s := aServer()
			s.refuse = tt.refuse
			routes, l := serve(t, s)
			page := routes["console_page"]
			tt.form.Set("token", tokenOf(t, page))
			answer := post(page, tt.form, nil)
			if body := answer.Body.String(); answer.Code != tt.code || !strings.Contains(body, tt.says) || strings.Contains(body, "database is down") || strings.Contains(body, `role="status"`) {
				t.Errorf("answer %d", answer.Code)
			}
			if (tt.code == 500) != (len(l.lines) == 1) || len(l.lines) == 1 && !strings.HasPrefix(l.lines[0], "error") {
				t.Errorf("log %q", l.lines)
			}
		})
	}
}

// Wrong keys of one address are limited. This does not affect another address, or a browser that has not asked for
// the key yet.
func TestGuesses(t *testing.T) {
	s := aServer()
	routes, l := serve(t, s)
	page := routes["console_page"]
	try := func(address, authorization string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/party/console", nil)
		r.RemoteAddr = address
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		page.Handler(w, r)
		return w
	}
	for range 30 {
		if code := try("192.0.2.7:1", "").Code; code != 401 {
			t.Fatalf("without a key = %d", code)
		}
	}
	for i := range 10 {
		if code := try("192.0.2.7:1", "Bearer wrong").Code; code != 401 {
			t.Fatalf("wrong key %d = %d", i, code)
		}
	}
	for _, guess := range []string{"Bearer wrong", "Bearer " + key} {
		if a := try("192.0.2.7:1", guess); a.Code != 429 || a.Header().Get("Retry-After") == "" || strings.Contains(a.Body.String(), "mira") {
			t.Errorf("the eleventh guess %q = %d", guess, a.Code)
		}
	}
	if code := try("192.0.2.8:1", "Bearer "+key).Code; code != 200 {
		t.Errorf("from elsewhere = %d", code)
	}
	if len(l.lines) != 10 || strings.Contains(strings.Join(l.lines, ""), "Bearer") {
		t.Errorf("log %q", l.lines)
	}
}
