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
	fontAge     = time.Minute      // how long the rules' own font is cached
	maxFont     = 32 << 20         // bytes of its file
)

// drawing is a drawn card, with its content and the rules' own font.
type drawing struct {
	shows card.Card
	font  string
	at    time.Time
	png   []byte
}

var errBusyDrawing = errors.New("too many pictures are being drawn")

// card serves the picture that chat programs show beside the link, in the language of the rules' own texts, because a
// program fetches it, not a visitor. An invite that is over gets one too, with status 200, or no program would show it.
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

// pictureOf returns the picture of an invite: the previous one, if that shows the same or is too new to be drawn again.
func (s *Site) pictureOf(r *http.Request, code string, shows card.Card, font string) ([]byte, error) {
	if known, ok := s.pictures.Peek(code); ok {
		if known.font == font && reflect.DeepEqual(known.shows, shows) || s.Now().Sub(known.at) < redrawAfter {
			return known.png, nil
		}
		s.pictures.Invalidate(code)
	}
	drawn, err := s.pictures.Get(r.Context(), code, func(ctx context.Context) (drawing, error) {
		select {
		case s.drawingSlots <- struct{}{}:
			defer func() { <-s.drawingSlots }()
		default:
			return drawing{}, errBusyDrawing
		}
		fonts, err := s.fonts.Get(ctx, font, func(context.Context) (card.Fonts, error) {
			fonts, err := loadFonts(font, s.Folder)
			if err != nil {
				s.logError(r, "landing: invites.page.font: %v", err)
			}
			return fonts, nil
		})
		if err != nil {
			return drawing{}, err
		}
		png, err := card.Draw(fonts, shows)
		return drawing{shows, font, s.Now(), png}, err
	})
	return drawn.png, err
}

// CheckFont warns if the rules' own font, whose path is relative to folder, cannot be used for pictures.
func CheckFont(set *rules.Set, folder string) rules.Problems {
	path := set.Config().Invites.Page.Font
	if path == "" {
		return nil
	}
	if _, err := loadFonts(path, folder); err != nil {
		return rules.Problems{set.Warning("invites.page.font", err.Error(), "expected a TrueType file (.ttf)")}
	}
	return nil
}

// loadFonts returns the module's own fonts and the one in a file; "" for none. It omits one that cannot be read.
func loadFonts(path, folder string) (card.Fonts, error) {
	if path == "" {
		return card.NewFonts(nil)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, path)
	}
	var font []byte
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case !info.Mode().IsRegular() || info.Size() == 0 || info.Size() > maxFont: // opening a pipe would wait for ever
		err = fmt.Errorf("%s must be a file of 1 to %d bytes", path, maxFont)
	default:
		font, err = os.ReadFile(path)
	}
	fonts, unread := card.NewFonts(font)
	return fonts, cmp.Or(err, unread)
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
