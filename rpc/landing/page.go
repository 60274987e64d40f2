package landing

import (
	"bytes"
	"net/http"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// pageView is everything the page's template draws.
type pageView struct {
	T         texts
	Lang, Dir string
	Brand     string // the game's title, else the eyebrow
	Titled    bool
	Logo      string
	Accent    string // address of the accent's stylesheet

	Title       string // of the document and of the chat preview
	Description string
	Image       string
	URL         string

	State string // an invite's state, or the reason of a failure
	Live  bool
	Scene scene

	// The rest is empty on a failure.
	Host         *seat
	Message      string
	MessageLabel string
	Info         []party.InfoField

	// The rest is empty on an invite that is over.
	Poll, QR    string
	Play        *way
	Ways        []way
	Code        string
	ValidBefore string // around the time of expiry
	ValidAfter  string
	ValidTime   string
	ValidISO    string
}

// page is the landing page itself.
func (s *Site) page() route {
	return route{limited: true, fail: s.pageFailure, answer: func(r *http.Request) answer {
		code, p, err := s.preview(r)
		if err != nil {
			return s.pageFailure(r, s.failureOf(r, err))
		}
		v := inviteView(code, p, s.policy())
		status := http.StatusOK
		if !v.Live {
			status = http.StatusGone
		}
		return pageAnswer(status, v)
	}}
}

func (s *Site) pageFailure(_ *http.Request, f failure) answer {
	c := s.policy()
	v := newView(c)
	v.State, v.Scene = string(f.reason), failureScene(f, v.T)
	v.Title, v.Description = v.Scene.Headline, v.Scene.Note
	a := pageAnswer(f.status, v)
	a.wait = f.wait
	return a
}

// pageAnswer renders before anything is sent, so that a failing template is a clean 500.
func pageAnswer(status int, v pageView) answer {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "page.html", v); err != nil {
		panic(err)
	}
	return answer{status: status, kind: "text/html; charset=utf-8", cache: cacheNothing, policy: pagePolicy, noIndex: true, body: b.Bytes()}
}

func newView(c rules.Config) pageView {
	t := textsOf(c)
	v := pageView{T: t, Lang: t.lang(), Dir: t.dir(), Brand: gameTitle(c), Accent: accentURL(accentOf(c.Invites.Page.Accent))}
	v.Titled = v.Brand != ""
	v.Logo, v.Image = logoOf(c)
	if !v.Titled {
		v.Brand = t.get("eyebrow")
	}
	return v
}

// inviteView draws a known invite.
func inviteView(code string, p party.Preview, c rules.Config) pageView {
	v := newView(c)
	t := v.T
	host := profileSeat(p.Inviter, t)
	v.State, v.Live, v.Scene, v.Host = string(p.State), live(p.State), sceneOf(p, c), &host
	v.URL = publicURL(c, joinPath+code)
	v.Title, v.Description = v.Scene.Headline, v.Scene.Note
	if v.Image == "" {
		v.Image = host.Picture
	}
	if !v.Live {
		return v
	}
	v.Message = legibleLines(p.Message, messageLength)
	v.MessageLabel = t.get("message", "{inviter}", isolated(host.Name))
	for _, f := range p.Info {
		if f = (party.InfoField{Label: legible(f.Label, labelLength), Value: legible(f.Value, valueLength)}); f.Value != "" {
			v.Info = append(v.Info, f)
		}
	}
	v.Description = previewText(p, v.Message, t)
	v.Poll, v.QR = joinPath+code+stateSuffix, joinPath+code+qrSuffix
	v.Code = readableCode(code)
	v.Ways = waysOf(c.Invites.App, code, t)
	if len(v.Ways) > 0 && (v.Ways[0].Kind == wayDeep || v.Ways[0].Kind == wayWeb) {
		v.Play, v.Ways = &v.Ways[0], v.Ways[1:]
		v.Play.Label = t.get("play")
	}
	if p.ExpiresAt > 0 {
		at := time.Unix(p.ExpiresAt, 0).UTC()
		v.ValidBefore, v.ValidAfter = t.around("valid_until", "{time}")
		v.ValidTime, v.ValidISO = at.Format("2 Jan 2006, 15:04 UTC"), at.Format(time.RFC3339)
	}
	return v
}

// previewText is what chats show below the link.
func previewText(p party.Preview, message string, t texts) string {
	text := t.get("description_on")
	if p.State == party.StateOpen && p.Party != nil {
		text = t.get("description", "{size}", number(p.Party.Size), "{max}", number(p.Party.MaxSize))
	}
	if message != "" {
		return "“" + legible(message, messageLength) + "” · " + text
	}
	return text
}

// tile is a seat with the one sentence it needs beside its own values.
type tile struct {
	seat
	LeaderText string
}

// Tile makes a seat drawable.
func (v pageView) Tile(s seat) tile { return tile{s, v.T.get("leader")} }

// Blank is the tile that the page's script copies for seats that appear later.
func (v pageView) Blank() tile { return v.Tile(seat{Kind: "blank"}) }

// Text gives the template a sentence by its key.
func (v pageView) Text(key string) string { return v.T.get(key) }
