package console

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"partyline/internal/web"
	"partyline/party"
	"partyline/party/invite"
	"partyline/party/overview"
	"partyline/party/rules"
)

//go:embed assets templates
var embedded embed.FS

var (
	assets = web.MustFiles(embedded, "assets")
	pages  = template.Must(template.New("").Funcs(templateFuncs).ParseFS(embedded, "templates/*.html"))
)

// asset serves the stylesheet under a name that changes with its content.
func (c *Console) asset(_ http.Header, r *http.Request) web.Answer {
	a := assets.Serve(strings.TrimPrefix(r.URL.Path, basePath+"/"))
	a.Cache = strings.Replace(a.Cache, "public", "private", 1)
	return a
}

// refreshEvery is how often the page reloads itself, if the operator asked for it.
const refreshEvery = 10 * time.Second

// page shows the page, or does the action of a form.
func (c *Console) page(h http.Header, r *http.Request) web.Answer {
	if r.Method == http.MethodPost {
		return c.handleAction(h, r)
	}
	return c.show(r, nil)
}

// show renders the page. refusal says why an action was not done; nil if there is none.
func (c *Console) show(r *http.Request, refusal *party.Error) web.Answer {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	view, err := c.view(ctx, r.URL.Query())
	if err != nil {
		switch failed := party.Outcome(r.Context(), err); failed.Reason {
		case party.InvalidRequest:
			return web.Plain(http.StatusBadRequest)
		case party.NoLiveSession: // the browser closed the connection
			return web.Plain(http.StatusServiceUnavailable)
		default:
			c.Logger.Error("console page failed error=%v cause=%v", err, failed.Cause)
			return web.Plain(http.StatusInternalServerError)
		}
	}
	status := http.StatusOK
	if refusal != nil {
		status, view.Refused = http.StatusConflict, refusal.Message
		if refusal.Reason == party.Internal {
			status = http.StatusInternalServerError
		}
	}
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, "page.html", view); err != nil {
		c.Logger.Error("console page failed error=%v", err)
		return web.Plain(http.StatusInternalServerError)
	}
	return web.Answer{Status: status, ContentType: "text/html; charset=utf-8", Cache: web.NoStore, Body: body.Bytes()}
}

type view struct {
	now      time.Time
	players  map[string]overview.Player
	Token    string
	Style    string
	Live     int    // seconds between two reloads; 0 for none
	Done     string // what an action has done
	Refused  string // why it was not done
	Rules    overview.Rules
	Stats    overview.Stats
	Denied   uint64 // denials of all rules
	Denials  []overview.Denial
	Query    string
	Problems []string // of the server's health, and what of the page cannot be read
	Parties  []overview.Party
	More     bool   // the search has more results than shown
	Next     string // address of the next page of parties
	Paged    bool   // this is not the first page
	Invites  []invite.Outstanding
	Matches  []party.RunningMatch
	Running  int // all matches, also those that are not in Matches
}

const maxQuery = 100 // bytes of a search

func (c *Console) view(ctx context.Context, query url.Values) (*view, error) {
	v := &view{
		now: c.Now(), Token: c.token, Style: "console/" + assets.Name("console.css"), Done: actionTexts[query.Get("done")],
		Query: strings.TrimSpace(strings.ToValidUTF8(query.Get("q")[:min(len(query.Get("q")), maxQuery)], "")),
	}
	if query.Has("live") {
		v.Live = int(refreshEvery / time.Second)
	}
	var err error
	if v.Rules, err = c.Source.Rules(ctx, false); err != nil {
		return nil, err
	}
	v.Rules.Problems = v.Rules.Problems[:min(len(v.Rules.Problems), maxProblems)]
	if v.Matches, v.Running, err = c.Source.Running(ctx, maxMatches); err != nil {
		return nil, err
	}
	v.Denials = c.Source.Denials(ctx)
	var list overview.Parties
	if v.Query == "" {
		list, err = c.Source.Parties(ctx, overview.DefaultPage, query.Get("cursor"))
	} else {
		list, v.More, err = c.Source.Search(ctx, v.Query)
	}
	if err != nil {
		return nil, err
	}
	v.Parties, v.Paged = list.Parties, query.Get("cursor") != ""
	if list.Cursor != "" {
		v.Next = "?" + url.Values{"cursor": {list.Cursor}}.Encode()
	}
	v.Stats, v.Invites = c.Source.StatsAndInvites(ctx, v.Query)
	for _, d := range v.Stats.Denials {
		v.Denied += d.Count
	}
	v.Problems = v.Stats.Health.Problems
	if v.Stats.Health.Rules.Broken { // this one has a place of its own
		v.Problems = v.Problems[1:]
	}
	if list.Problem != "" {
		v.Problems = append(v.Problems, "parties, attributes or names cannot be read: "+list.Problem)
	}
	if v.Rules.HistoryProblem != "" {
		v.Problems = append(v.Problems, "the history of rules cannot be read: "+v.Rules.HistoryProblem)
	}
	c.chooseInvites(ctx, v)
	return v, nil
}

// chooseInvites reads the names of the invites' makers, and keeps only the invites that match the search.
func (c *Console) chooseInvites(ctx context.Context, v *view) {
	words := strings.ToLower(v.Query)
	ids := make([]string, len(v.Invites))
	for i, inv := range v.Invites {
		ids[i] = inv.CreatedBy
	}
	if words == "" {
		ids = ids[:min(len(ids), maxInvites)]
	}
	var err error
	if v.players, err = c.Source.Players(ctx, ids); err != nil {
		v.Problems = append(v.Problems, "names cannot be read: "+err.Error())
	}
	v.Invites = slices.DeleteFunc(v.Invites, func(inv invite.Outstanding) bool {
		by := v.Player(inv.CreatedBy)
		return words != "" && !strings.HasPrefix(inv.ID, words) && !strings.HasPrefix(strings.ToLower(inv.PartyID), words) && !by.Matches(words)
	})
	v.Invites = v.Invites[:min(len(v.Invites), maxInvites)]
}

func (v *view) Player(userID string) overview.Player {
	if p, ok := v.players[userID]; ok {
		return p
	}
	return overview.Player{UserID: userID}
}

func (v *view) Uptime() string { return formatDuration(time.Duration(v.Stats.UptimeSec) * time.Second) }

func (v *view) Ago(unix int64) string {
	if unix <= 0 {
		return "unknown"
	}
	return formatDuration(v.now.Sub(time.Unix(unix, 0))) + " ago"
}

// Lasting is the time since a Unix time.
func (v *view) Lasting(unix int64) string { return formatDuration(v.now.Sub(time.Unix(unix, 0))) }

// Left is the time until a Unix time.
func (v *view) Left(unix int64) string { return formatDuration(time.Unix(unix, 0).Sub(v.now)) }

// templateFuncs are the functions of the templates.
var templateFuncs = template.FuncMap{
	"called": func(p overview.Player) string { // the best name that the player has
		return cmp.Or(strings.TrimSpace(p.DisplayName), p.Username, shortID(p.UserID))
	},
	"clock":   func(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05 UTC") },
	"json":    plainJSON,
	"level":   func(part rules.Part) int { return min(part.Depth, 6) },                                   // the style of a part of a condition
	"outcome": func(t rules.RuleTrace) string { return strings.ReplaceAll(string(t.Outcome), " ", "-") }, // the style of a rule
	"percent": web.Percent,
	"seats":   seatStyles,
	"short":   shortID,
	"wait":    func(seconds int64) string { return (time.Duration(seconds) * time.Second).String() },
}

// plainJSON is a value as JSON, which the template escapes. Characters that turn the direction of what follows are
// escaped here: one player's text must not turn another player's around.
func plainJSON(value any) (string, error) {
	text, err := party.PlainJSON(value)
	var b strings.Builder
	for _, r := range text {
		if unicode.Is(unicode.Bidi_Control, r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String(), err
}

// shortID is the beginning of an ID, enough to tell it from others.
func shortID(id string) string { return id[:min(len(id), 8)] }

// maxSeats is how many seats are drawn. The numbers beside them are exact.
const maxSeats = 16

// seatStyles returns a party's seats in order, each as the name of its style.
func seatStyles(p overview.Party) []string {
	seats := slices.Repeat([]string{"taken"}, p.Size)
	seats = append(seats, slices.Repeat([]string{"held"}, max(0, p.Held))...)
	seats = append(seats, slices.Repeat([]string{"free"}, max(0, p.MaxSize-p.Size-p.Held))...)
	return seats[:min(len(seats), maxSeats)]
}

// formatDuration shows a duration in its largest unit.
func formatDuration(d time.Duration) string {
	switch d = max(0, d); {
	case d < time.Minute:
		return plural(int(d/time.Second), "second")
	case d < time.Hour:
		return plural(int(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return plural(int(d/time.Hour), "hour")
	}
	return plural(int(d/(24*time.Hour)), "day")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
