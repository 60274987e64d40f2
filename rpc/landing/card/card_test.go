package card_test

import (
	"bytes"
	"flag"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"partyline/rpc/landing/card"
)

var keep = flag.String("keep", "", "a folder to write the cards of the tests to, to be looked at")

var accent = color.RGBA{0x7c, 0x5c, 0xff, 0xff}

func seats(initials string) []card.Tile {
	var tiles []card.Tile
	for i, r := range []rune(initials) {
		switch r {
		case '+':
			tiles = append(tiles, card.Tile{Kind: card.Held})
		case '_':
			tiles = append(tiles, card.Tile{Kind: card.Free})
		case '?':
			tiles = append(tiles, card.Tile{Kind: "taken"})
		default:
			tiles = append(tiles, card.Tile{Kind: card.Player, Initial: string(r), Hue: uint(i + 1)})
		}
	}
	return tiles
}

var cards = map[string]card.Card{
	"open":     {Brand: "Harbour Raiders", Headlines: []string{"Mira invites you to play Harbour Raiders"}, Count: "3 of 4", Host: card.Tile{Kind: card.Player, Initial: "M"}, Seats: seats("MJK_")},
	"greek":    {Brand: "Παιχνίδι", Headlines: []string{"Η Ελένη σε προσκαλεί"}, Count: "1 / 8", Host: card.Tile{Kind: card.Player, Initial: "Ε", Hue: 4}, Seats: seats("Ε+______")},
	"cyrillic": {Headlines: []string{"Анна зовёт вас играть"}, Count: "2 из 5", Host: card.Tile{Kind: card.Player, Initial: "А", Hue: 2}, Seats: seats("АБ?__")},
	"arabic":   {Brand: "Harbour Raiders", Headlines: []string{"\u2068مريم\u2069 تدعوك إلى لعب Harbour Raiders", "Harbour Raiders"}, Count: "2 من 4", Host: card.Tile{Kind: card.Player, Initial: "م", Hue: 5}, Seats: seats("مس+_"), RTL: true},
	"hebrew":   {Brand: "Harbour Raiders", Headlines: []string{"\u2068דנה\u2069 invites you to play Harbour Raiders"}, Count: "2 of 4", Host: card.Tile{Kind: card.Player, Initial: "ד", Hue: 6}, Seats: seats("דא__")},
	"unknown_letters": {Brand: "桜の港", Headlines: []string{"田中さんからの招待", "A player invites you to play"}, Count: "1 of 4",
		Host: card.Tile{Kind: card.Player, Initial: "田"}, Seats: seats("田___")},
	"emoji": {Brand: "Harbour Raiders", Headlines: []string{"🎉👩‍👩‍👧 Zoë \ufe0f🎮 invites you to the party"}, Host: card.Tile{Kind: card.Player, Initial: "Z", Hue: 3}, Count: "8 of 8", Seats: seats("ZABCDEFG")},
	"long": {Brand: strings.Repeat("Very long title ", 20), Headlines: []string{strings.Repeat("W", 200) + " invites you to play " + strings.Repeat("a very long name of a game ", 10)},
		Count: "248 of 256", Host: card.Tile{Kind: card.Player, Initial: "W", Hue: 7}, Seats: seats("ABCDEFGHIJKLMNOP")},
	"hostile": {Brand: "<script>\u202e", Headlines: []string{"e" + strings.Repeat("\u0301", 300) + "\u202e\u200b invites you"}, Host: card.Tile{Kind: card.Player, Initial: "\u0301", Hue: 1 << 40}, Count: "\x00"},
	"over":    {Brand: "Harbour Raiders", Headlines: []string{"This invite has expired"}, Note: "Ask Mira for a new link.", Host: card.Tile{Kind: card.Player, Initial: "M"}, Over: true},
	"nothing": {},
}

func TestDraw(t *testing.T) {
	fonts, err := card.NewFonts(nil)
	if err != nil {
		t.Fatal(err)
	}
	pictures := map[string][]byte{}
	for name, c := range cards {
		t.Run(name, func(t *testing.T) {
			c.Accent = accent
			picture, err := card.Draw(fonts, c)
			if err != nil {
				t.Fatal(err)
			}
			if *keep != "" {
				if err := os.WriteFile(filepath.Join(*keep, name+".png"), picture, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			decoded, err := png.Decode(bytes.NewReader(picture))
			if err != nil {
				t.Fatal(err)
			}
			if size := decoded.Bounds().Size(); size.X != 1200 || size.Y != 630 {
				t.Errorf("the picture is %v", size)
			}
			if len(picture) > 300<<10 { // the limit of the strictest chat program
				t.Errorf("the picture has %d bytes", len(picture))
			}
			for other, bytesOf := range pictures {
				if bytes.Equal(bytesOf, picture) {
					t.Errorf("the picture is the same as that of %s", other)
				}
			}
			pictures[name] = picture
		})
	}
}

// Letters that must be joined or moved cannot be drawn, so the next headline is used. A single letter can.
func TestDraw_NeedsShaping(t *testing.T) {
	fonts, err := card.NewFonts(nil)
	if err != nil {
		t.Fatal(err)
	}
	draw := func(initial string, headlines ...string) string {
		drawn, err := card.Draw(fonts, card.Card{Headlines: headlines, Host: card.Tile{Kind: card.Player, Initial: initial}})
		if err != nil {
			t.Fatal(err)
		}
		return string(drawn)
	}
	plain, bare := draw("", "A player invites you"), draw("")
	for _, name := range []string{"مريم", "अमित", "Mira किरण"} {
		if draw("", name, "A player invites you") != plain {
			t.Errorf("%q was set", name)
		}
	}
	for _, name := range []string{"Zoë", "Ελένη", "Анна", "דנה", "N'Guyễn", "3"} {
		if got := draw("", name, "A player invites you"); got == plain || got == bare {
			t.Errorf("%q was not set", name)
		}
	}
	for _, initial := range []string{"م", "अ"} {
		if draw(initial) == bare {
			t.Errorf("the initial %q was not set", initial)
		}
	}
}
