package landing

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"partyline/internal/web"
	"partyline/party"
	"partyline/party/rules"
)

// pageView is everything that the page's template shows.
type pageView struct {
	T         texts
	Lang, Dir string
	Brand     string // the game's title, or the text "eyebrow"
	Titled    bool
	Logo      string
	Accent    string // address of the accent colour's stylesheet
	Colour    string // "rrggbb", for the card: chat programs take the last theme colour, browsers the first

	Base        string // path from the page to "/party/", in front of every address on this server
	Title       string // of the document and of the card
	Description string
	Image       string // full address
	ImageAlt    string
	Drawn       bool // Image is the drawn card, whose size is known
	URL         string
	Banner      string // content of Safari's smart banner tag

	State string // an invite's state, or the reason of a failure
	Live  bool
	Scene scene
	Play  *way
	Ways  []way

	// The rest is empty on a failure.
	Host         *seat
	Message      string
	MessageLabel string
	Info         []party.InfoField

	// The rest is empty if the invite is over.
	Poll, QR    string
	Code        string
	ValidBefore string // text before the time of expiry
	ValidAfter  string
	ValidTime   string
	ValidISO    string
}

func (s *Site) page(r *http.Request) (web.Answer, error) {
	code, p, err := s.preview(r)
	if err != nil {
		return web.Answer{}, err
	}
	c, t := s.rulesAndTexts(r)
	v := inviteView(code, p, newView(r, c, t), c)
	if !v.Live {
		return pageAnswer(http.StatusGone, v), nil
	}
	if r.Method == http.MethodGet {
		s.OnPageRead(isFetcher(r.UserAgent()))
	}
	return pageAnswer(http.StatusOK, v), nil
}

func (s *Site) pageFailure(r *http.Request, f failure) web.Answer {
	c, t := s.rulesAndTexts(r)
	v := newView(r, c, t)
	v.State, v.Scene = string(f.reason), failureScene(f, v.T)
	v.Title, v.Description = v.Scene.Headline, v.Scene.Note
	v.Image = imageOf(c)
	if f.status == http.StatusNotFound || f.status == http.StatusGone {
		v.Ways = waysOf(c.Invites.App, "", t)
	}
	a := pageAnswer(f.status, v)
	a.RetryAfter = f.wait
	return a
}

// pageAnswer renders the page before anything is sent, so that a failing template results in a clean 500.
func pageAnswer(status int, v pageView) web.Answer {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "page.html", v); err != nil {
		panic(err)
	}
	return web.Answer{Status: status, ContentType: "text/html; charset=utf-8", Cache: web.NoStore, Policy: pagePolicy, NoIndex: true, Body: b.Bytes()}
}

func newView(r *http.Request, c rules.Config, t texts) pageView {
	base, accent := pageBase(r), accentOf(c.Invites.Page.Accent)
	v := pageView{
		T: t, Lang: t.tag, Dir: t.dir(), Brand: gameTitle(c), Base: base,
		Accent: accentURL(accent), Colour: accent, Logo: logoOf(c, base),
	}
	v.Titled = v.Brand != ""
	if !v.Titled {
		v.Brand = t.get("eyebrow")
	}
	return v
}

// inviteView fills a new view for a known invite.
func inviteView(code string, p party.Preview, v pageView, c rules.Config) pageView {
	t := v.T
	host := profileSeat(p.Inviter, t)
	v.State, v.Live, v.Scene, v.Host = string(p.State), live(p.State), sceneOf(p, c, t), &host
	v.URL = publicURL(c, joinPath+code)
	v.Title, v.Description = v.Scene.Headline, v.Scene.Note
	v.Image, v.ImageAlt = imageOf(c), v.Title
	if v.Image == "" {
		v.Image, v.Drawn = v.URL+cardSuffix, true
	}
	if !v.Live {
		v.Ways = waysOf(c.Invites.App, "", t)
		return v
	}
	v.Message = legibleLines(p.Message, messageLength)
	v.MessageLabel = t.get("message", "{inviter}", isolate(host.Name))
	for _, f := range p.Info {
		if f = (party.InfoField{Label: legible(f.Label, labelLength), Value: legible(f.Value, valueLength)}); f.Value != "" {
			v.Info = append(v.Info, f)
		}
	}
	v.Description = previewText(p, v.Message, t)
	v.Poll, v.QR = v.Base+"join/"+code+stateSuffix, v.Base+"join/"+code+qrSuffix
	v.Code = readableCode(code)
	v.Banner = smartBanner(c.Invites.App, v.URL)
	v.Ways = waysOf(c.Invites.App, code, t)
	if len(v.Ways) > 0 && (v.Ways[0].Kind == wayDeep || v.Ways[0].Kind == wayWeb) {
		v.Play, v.Ways = &v.Ways[0], v.Ways[1:]
		v.Play.Label = t.get("play")
		v.Play.Intent = androidIntent(c.Invites.App, code, v.URL)
	}
	if p.ExpiresAt > 0 {
		at := time.Unix(p.ExpiresAt, 0).UTC()
		v.ValidBefore, v.ValidAfter, _ = strings.Cut(t.get("valid_until"), "{time}")
		v.ValidTime, v.ValidISO = at.Format("2 Jan 2006, 15:04 UTC"), at.Format(time.RFC3339)
	}
	return v
}

// previewText returns the text that chat programs show below the link.
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

// tile is a seat with the one text that its template needs in addition.
type tile struct {
	seat
	LeaderText string
}

func (v pageView) Tile(s seat) tile { return tile{s, v.T.get("leader")} }

// Blank returns the empty tile that the page's script copies for seats that appear later.
func (v pageView) Blank() tile { return v.Tile(seat{Kind: "blank"}) }

// Asset returns the address of an embedded file for the page.
func (v pageView) Asset(name string) string { return v.Base + "assets/" + assets.Name(name) }

func (v pageView) Text(key string) string { return v.T.get(key) }
