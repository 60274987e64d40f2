package landing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"time"

	"partyline/internal/web"
	"partyline/party"
	"partyline/party/rules"
	"partyline/rpc/landing/card"
)

const (
	redrawAfter = 10 * time.Second // shortest time between two drawings of an invite
	maxDrawings = 2                // drawings at the same time
	maxPictures = 256              // cached, about 50 kB each
	pictureAge  = 10 * time.Minute // how long an unchanged picture is cached
	maxFont     = 32 << 20         // bytes of the rules' own font file
)

type fonts struct {
	mu   sync.Mutex
	file fontFile // the rules' font that all contains
	all  card.Fonts
}

// fontFile identifies the rules' own font file. It has only the path if the file cannot be used.
type fontFile struct {
	path    string
	size    int64
	changed time.Time
}

// drawing is a drawn card, with its content and its font.
type drawing struct {
	shows card.Card
	font  fontFile
	at    time.Time
	png   []byte
}

var errBusyDrawing = errors.New("too many pictures are being drawn")

// card serves the picture that chat programs show beside the link. It uses the language of the rules' own texts,
// because a chat program's server fetches it, not a visitor. An invite that is over also gets a picture, with status
// 200, because chat programs show no picture with another status.
func (s *Site) card(r *http.Request) (web.Answer, error) {
	code, p, err := s.preview(r)
	if err != nil {
		return web.Answer{}, err
	}
	c := s.Policy()
	png, err := s.pictureOf(r, code, cardOf(p, c), c.Invites.Page.Font)
	if err != nil {
		return web.Answer{}, fmt.Errorf("draw the card: %w", err)
	}
	return web.Answer{Status: http.StatusOK, ContentType: "image/png", Cache: "public, max-age=10", Policy: web.DataPolicy, Tag: web.Tag(png), NoIndex: true, Body: png}, nil
}

// pictureOf returns the picture of an invite. It reuses the previous one if that shows the same, or is too new to be
// drawn again.
func (s *Site) pictureOf(r *http.Request, code string, shows card.Card, path string) ([]byte, error) {
	font, fontErr := fontFileOf(path, s.Folder)
	if known, ok := s.pictures.Peek(code); ok {
		if known.font == font && reflect.DeepEqual(known.shows, shows) || s.Now().Sub(known.at) < redrawAfter {
			return known.png, nil
		}
		s.pictures.Invalidate(code)
	}
	drawn, err := s.pictures.Get(r.Context(), code, func(context.Context) (drawing, error) {
		select {
		case s.drawingSlots <- struct{}{}:
			defer func() { <-s.drawingSlots }()
		default:
			return drawing{}, errBusyDrawing
		}
		fonts, err := s.fonts.load(font, fontErr)
		if err != nil {
			s.logError(r, "landing: invites.page.font: %v", err)
		}
		png, err := card.Draw(fonts, shows)
		return drawing{shows, font, s.Now(), png}, err
	})
	return drawn.png, err
}

// load returns the module's own fonts and the font in file, which it reads again when the file changes. A font that
// cannot be read is omitted, and the error is returned once.
func (f *fonts) load(file fontFile, err error) (card.Fonts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all != nil && f.file == file {
		return f.all, nil
	}
	var font []byte
	if file.size > 0 {
		font, err = os.ReadFile(file.path)
	}
	all, unread := card.NewFonts(font)
	f.file, f.all = file, all
	return all, cmp.Or(err, unread)
}

// CheckFont reads the rules' own font, whose path is relative to folder. It warns if the font cannot be used for
// pictures.
func CheckFont(set *rules.Set, folder string) rules.Problems {
	path := set.Config().Invites.Page.Font
	if path == "" {
		return nil
	}
	if _, err := new(fonts).load(fontFileOf(path, folder)); err != nil {
		return rules.Problems{set.Warning("invites.page.font", err.Error(), "expected a TrueType file (.ttf)")}
	}
	return nil
}

// fontFileOf looks at the rules' own font file. It returns the zero value if there is none.
func fontFileOf(path, folder string) (fontFile, error) {
	if path == "" {
		return fontFile{}, nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fontFile{path: path}, err
	}
	if size := info.Size(); !info.Mode().IsRegular() || size == 0 || size > maxFont { // opening a pipe would wait for ever
		return fontFile{path: path}, fmt.Errorf("%s must be a file of 1 to %d bytes", path, maxFont)
	}
	return fontFile{path, info.Size(), info.ModTime()}, nil
}

// cardOf returns the content of an invite's picture.
func cardOf(p party.Preview, c rules.Config) card.Card {
	t := textsIn(ownLanguage(c.Invites.Page), c.Invites.Page)
	for _, name := range []*string{&p.Inviter.DisplayName, &p.Inviter.Username} {
		if card.StripSymbols(*name) == "" { // it has only emoji
			*name = ""
		}
	}
	sc := sceneOf(p, c, t)
	host := profileSeat(p.Inviter, t)
	accent, _ := parseColour(accentOf(c.Invites.Page.Accent))
	drawn := card.Card{
		Brand: cmp.Or(gameTitle(c), t.get("eyebrow")), Headlines: []string{sc.Headline}, Count: sc.Count,
		Host: card.Tile{Kind: card.Player, Initial: host.Initial, Hue: host.Hue}, Accent: accent.rgba(), RTL: t.dir() == "rtl", Over: !live(p.State),
	}
	if live(p.State) { // alternatives for a name or a title that the fonts cannot show
		drawn.Headlines = append(drawn.Headlines, headline(t.get("someone"), c, t),
			t.get("heading", "{inviter}", isolate(host.Name)), t.get("heading", "{inviter}", t.get("someone")), gameTitle(c))
	} else {
		drawn.Note = sc.Note // the note of a live invite is about the open page
	}
	for _, st := range sc.Seats {
		drawn.Seats = append(drawn.Seats, card.Tile{Kind: card.Kind(st.Kind), Initial: st.Initial, Hue: st.Hue})
	}
	return drawn
}
