package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"partyline/party"
	"partyline/party/invite"
	"partyline/party/overview"
	"partyline/party/rules"
)

//go:embed assets templates
var embedded embed.FS

var (
	stylesheet = mustRead("assets/console.css")
	styleName  = "console." + contentHash(stylesheet) + ".css"
	pages      = template.Must(template.New("").ParseFS(embedded, "templates/*.html"))
)

// mustRead panics only where a file is missing from the build.
func mustRead(name string) []byte {
	body, err := embedded.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return body
}

func contentHash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:5])
}

// asset serves the stylesheet, under a name that changes with its content.
func asset(r *http.Request) answer {
	if r.URL.Path != root+"/"+styleName {
		return plain(http.StatusNotFound)
	}
	return answer{http.StatusOK, "text/css; charset=utf-8", "private, max-age=31536000, immutable", stylesheet}
}

// refreshEvery is how often the page reloads itself where it is asked to.
const refreshEvery = 10 * time.Second

// page shows everything at the moment of the request.
func (c *Console) page(r *http.Request) answer {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	view, err := c.view(ctx, r.URL.Query())
	if party.ReasonOf(err) == party.InvalidRequest {
		return plain(http.StatusBadRequest)
	}
	if err != nil {
		c.logger.Error("console page failed error=%v cause=%v", err, party.AsError(err).Cause)
		return plain(http.StatusInternalServerError)
	}
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, "page.html", view); err != nil {
		c.logger.Error("console page failed error=%v", err)
		return plain(http.StatusInternalServerError)
	}
	return answer{http.StatusOK, "text/html; charset=utf-8", "no-store", body.Bytes()}
}

// view is the page's content.
type view struct {
	now     time.Time
	Style   string
	Live    int // seconds between two reloads, 0 for none
	Toggle  string
	Rules   overview.Rules
	Stats   overview.Stats
	Denied  uint64 // by all rules
	Denials []overview.Denial
	Parties []overview.Party
	Members int    // of the parties shown
	Next    string // where the next parties are
	Paged   bool   // these are not the first
	Invites []invite.Outstanding
}

func (c *Console) view(ctx context.Context, query url.Values) (*view, error) {
	v := &view{now: c.now(), Style: root + "/" + styleName}
	if query.Has("live") {
		v.Live, v.Toggle = int(refreshEvery/time.Second), root
	} else {
		v.Toggle = root + "?live"
	}
	var err error
	if v.Rules, err = c.source.Rules(ctx, false); err != nil {
		return nil, err
	}
	v.Rules.Problems = v.Rules.Problems[:min(len(v.Rules.Problems), mostProblems)]
	if v.Stats, v.Invites, err = c.source.Invited(ctx); err != nil {
		return nil, err
	}
	v.Invites = v.Invites[:min(len(v.Invites), mostInvites)]
	for _, d := range v.Stats.Denials {
		v.Denied += d.Count
	}
	v.Denials = c.source.Denials(ctx)
	cursor := query.Get("cursor")
	list, err := c.source.Parties(ctx, overview.DefaultPage, cursor)
	if err != nil {
		return nil, err
	}
	v.Parties, v.Paged = list.Parties, cursor != ""
	for _, p := range v.Parties {
		v.Members += p.Size
	}
	if list.Cursor != "" {
		v.Next = root + "?" + url.Values{"cursor": {list.Cursor}}.Encode()
	}
	return v, nil
}

// Broken reports whether the newest rules file is not in force.
func (v *view) Broken() bool { return v.Rules.Error != "" }

// Kind is what the rule does when its condition holds.
func (*view) Kind(r overview.Rule) string {
	if r.Allow != "" {
		return "allow"
	}
	return "deny"
}

// Condition is the rule's condition.
func (*view) Condition(r overview.Rule) string { return r.Deny + r.Allow }

// Wait is a number of seconds, such as 1m35s.
func (*view) Wait(seconds int64) string { return (time.Duration(seconds) * time.Second).String() }

// Uptime is how long the process runs.
func (v *view) Uptime() string { return span(time.Duration(v.Stats.UptimeSec) * time.Second) }

// Ago is how long ago a Unix time was.
func (v *view) Ago(unix int64) string {
	if unix <= 0 {
		return "unknown"
	}
	return span(v.now.Sub(time.Unix(unix, 0))) + " ago"
}

// Since is Ago for a time.
func (v *view) Since(at time.Time) string { return v.Ago(at.Unix()) }

// Left is how long it is until a Unix time.
func (v *view) Left(unix int64) string { return span(time.Unix(unix, 0).Sub(v.now)) }

// Clock is a Unix time to the second, in UTC.
func (*view) Clock(unix int64) string {
	return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05 UTC")
}

// Short is the part of an ID that tells it from others at a glance.
func (*view) Short(id string) string { return id[:min(len(id), 8)] }

// Seats are a party's seats in order, each with a name for its look.
func (*view) Seats(p overview.Party) []string {
	seats := slices.Repeat([]string{"taken"}, p.Size)
	seats = append(seats, slices.Repeat([]string{"held"}, max(0, p.Held))...)
	seats = append(seats, slices.Repeat([]string{"free"}, max(0, p.MaxSize-p.Size-p.Held))...)
	return seats[:min(len(seats), maxSeats)]
}

// maxSeats is how many seats are drawn; the numbers beside them are exact.
const maxSeats = 16

// Percent is a progress of 0 to 1 as people read it.
func (*view) Percent(progress float64) int { return int(progress * 100) }

// State is a party's state in words.
func (*view) State(p overview.Party) string {
	switch p.State {
	case rules.StateMatchmaking:
		return "looking for a match"
	case rules.StateInMatch:
		return "in a match"
	}
	return "together"
}

// Level is the style of a part of a condition by how deep it is.
func (*view) Level(part rules.Part) int { return min(part.Depth, 6) }

// Outcome is the style of what became of a rule.
func (*view) Outcome(t rules.RuleTrace) string {
	return strings.ReplaceAll(string(t.Outcome), " ", "-")
}

// Limit is how often an invite may be used.
func (*view) Limit(i invite.Outstanding) string {
	if i.MaxUses == 0 {
		return "no limit"
	}
	return "of " + plural(i.MaxUses, "use")
}

// span is a duration in its largest unit.
func span(d time.Duration) string {
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
