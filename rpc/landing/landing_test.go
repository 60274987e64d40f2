package landing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"partyline/party"
	"partyline/party/rules"
	"partyline/rpc/landing"
)

const (
	linkCode  = "7K4MQ2XWB9TRC3HD"
	shortCode = "7K4MQ2XW"
	joinPath  = "/party/join/"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// previews is an invite service that returns what a test sets, and counts the calls. The page uses only one function
// of it, which only reads, so the page cannot change anything.
type previews struct {
	mu     sync.Mutex
	asked  []string // "code by ip"
	answer func(code, ip string) (party.Preview, error)
}

func (p *previews) PublicPreview(_ context.Context, code, ip string) (party.Preview, error) {
	p.mu.Lock()
	p.asked = append(p.asked, code+" by "+ip)
	p.mu.Unlock()
	return p.answer(code, ip)
}

func (p *previews) calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

func always(v party.Preview) *previews {
	return &previews{answer: func(string, string) (party.Preview, error) { return v, nil }}
}

func refusing(err error) *previews {
	return &previews{answer: func(string, string) (party.Preview, error) { return party.Preview{}, err }}
}

// logs stores what would go to the operator's log.
type logs struct {
	party.Logger
	mu    sync.Mutex
	lines []string
}

func (l *logs) Error(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, v...))
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

func portion(v float64) *float64 { return &v }

func member(id, username, name, stage string, progress *float64, text string) party.MemberProfile {
	return party.MemberProfile{
		Profile: party.Profile{UserID: id, Username: username, DisplayName: name},
		Stage:   stage, Progress: progress, Text: text,
	}
}

// anInvite returns an open invite to a party with three of four seats taken.
func anInvite() party.Preview {
	return party.Preview{
		ID: "invite-id", State: party.StateOpen,
		Inviter: party.Profile{UserID: "user-mira", Username: "mira", DisplayName: "Mira Okafor", AvatarURL: "https://img.example.com/mira.png"},
		Party: &party.PartyPreview{
			PartyID: "party-id", Size: 3, MaxSize: 4, LeaderUserID: "user-mira",
			Members: []party.MemberProfile{
				member("user-kaito", "kaito", "Kaito", "downloading", portion(0.42), "4.1 of 9.8 GB"),
				member("user-mira", "mira", "Mira Okafor", "ready", nil, ""),
				member("user-sol", "sol", "", "tutorial", nil, ""),
			},
		},
		Message: "One more for the Glass Citadel?\nBring a healer!",
		Info:    []party.InfoField{{Label: "Mode", Value: "Ranked raid"}, {Label: "Region", Value: "Europe"}},
		Launch:  json.RawMessage(`{"secret":"launch-data"}`), MatchID: "match-id",
		ExpiresAt: noon.Add(6 * time.Hour).Unix(),
	}
}

func inState(state party.InviteState) party.Preview {
	p := anInvite()
	p.State = state
	if state == party.StatePartyGone || state == party.StateBetween {
		p.Party = nil
	}
	return p
}

var defaults = rules.Default()

// policy returns the rules of a game with every way in configured.
func policy() rules.Config {
	c := defaults
	c.Invites.PublicURL = "https://party.example.com/"
	c.Invites.Page.Title = "Starfall Arena"
	c.Invites.Page.Accent = "#2f6fd6"
	c.Invites.App = rules.App{
		DeepLink: "starfall://party/{code}",
		Web:      "https://play.example.com/?party={code}",
		IOS:      rules.IOSApp{Store: "https://apps.example.com/app/id1", AppIDs: []string{"TEAM.com.example.starfall"}},
		Android:  rules.AndroidApp{Store: "https://store.example.com/?referrer={code}", Package: "com.example.starfall", Fingerprints: []string{"AA:BB"}},
	}
	return c
}

// site is a Site behind the router that the host uses.
type site struct {
	http.Handler
	previews *previews
	logs     *logs
}

func options(p *previews) landing.Options {
	return landing.Options{
		Preview: p.PublicPreview, Policy: policy, OnPageRead: func(bool) {}, Limit: func(string) time.Duration { return 0 }, Logger: &logs{}, ProxyCount: 1, Now: time.Now,
	}
}

func serve(t testing.TB, p *previews, change ...func(*landing.Options)) site {
	t.Helper()
	l := &logs{}
	o := options(p)
	o.Logger = l
	for _, f := range change {
		f(&o)
	}
	s := landing.New(o)
	router := mux.NewRouter()
	for _, r := range s.Routes() {
		router.HandleFunc(r.Pattern, r.Handler).Methods(r.Methods...)
	}
	// The host sets this before any handler runs.
	preset := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Cache-Control", "no-store, no-cache, must-revalidate")
		router.ServeHTTP(w, r)
	})
	return site{preset, p, l}
}

func withPolicy(change func(*rules.Config)) func(*landing.Options) {
	return func(o *landing.Options) {
		o.Policy = func() rules.Config {
			c := policy()
			change(&c)
			return c
		}
	}
}

func request(method, path string, header ...string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = "203.0.113.7:50000"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func (s site) get(path string, header ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request(http.MethodGet, path, header...))
	return w
}

func TestRoutes_Table(t *testing.T) {
	s := landing.New(options(always(anInvite())))
	want := []string{
		"landing_page GET,HEAD /party/join/{code}{slash:/?}",
		"landing_state GET,HEAD /party/join/{code}/state",
		"landing_qr GET,HEAD /party/join/{code}/qr.svg",
		"landing_card GET,HEAD /party/join/{code}/card.png",
		"landing_asset GET,HEAD /party/assets/{file}",
		"favicon GET,HEAD /favicon.ico",
		"landing_apple GET,HEAD /.well-known/apple-app-site-association",
		"landing_android GET,HEAD /.well-known/assetlinks.json",
	}
	var got []string
	for _, r := range s.Routes() {
		got = append(got, r.Name+" "+strings.Join(r.Methods, ",")+" "+r.Pattern)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("routes:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
