// Package card draws an invite as the picture that chat programs show beside its link: 1200 by 630 pixels, PNG. It
// fetches nothing; players are shown by their initials. A text is omitted if no font has one of its letters, or if its
// script, such as Arabic or Devanagari, needs letters to be joined or moved. The next possible text takes its place.
package card

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"golang.org/x/image/vector"
)

// Size of a card in pixels, the one that chat programs show large.
const (
	Width  = 1200
	Height = 630
)

// Card is the content of a card. Each text is one line and is cut if it is too long.
type Card struct {
	Brand     string   // the name of the game
	Headlines []string // the first one that the fonts can show is used
	Note      string   // what the visitor should know; "" for nothing
	Count     string   // of seats
	Host      Tile
	Seats     []Tile
	Accent    color.RGBA // of the host's tile and of held seats
	RTL       bool
	Over      bool // the invite cannot be used any more
}

type Tile struct {
	Kind    Kind
	Initial string
	Hue     uint
}

// Kind is the kind of a tile, as on the page. Any other value means a player without a name.
type Kind string

const (
	Player Kind = "member"
	Held   Kind = "held"
	Free   Kind = "free"
)

var (
	background = color.RGBA{0x0d, 0x0f, 0x18, 0xff}
	panel      = color.RGBA{0x1c, 0x20, 0x30, 0xff}
	line       = color.RGBA{0x3a, 0x41, 0x5a, 0xff}
	textColour = color.RGBA{0xf3, 0xf5, 0xfb, 0xff}
	muted      = color.RGBA{0xaa, 0xb2, 0xc9, 0xff}
	white      = color.RGBA{0xff, 0xff, 0xff, 0xff}

	// The colours of players without a picture, as on the page.
	hues = [...]color.RGBA{
		{0x56, 0x46, 0xdb, 0xff}, {0x0d, 0x6b, 0x8f, 0xff}, {0x10, 0x70, 0x54, 0xff}, {0xa3, 0x43, 0x16, 0xff}, {0xa3, 0x2d, 0x5d, 0xff},
		{0x7d, 0x34, 0xa7, 0xff}, {0x25, 0x59, 0xb2, 0xff}, {0x96, 0x2c, 0x3b, 0xff}, {0x0c, 0x70, 0x71, 0xff}, {0x4a, 0x4f, 0x6f, 0xff},
	}
)

const (
	margin     = 76
	hostSide   = 168
	headSize   = 62
	lineHeight = 78
	maxSeats   = 8 // tiles of a party that is shown completely; a larger party has fewer tiles and the count
)

func Draw(fonts Fonts, c Card) ([]byte, error) {
	p := painter{typesetter: &typesetter{fonts: fonts}, image: image.NewRGBA(image.Rect(0, 0, Width, Height)), rtl: c.RTL}
	p.ground(c)
	p.brand(c)
	p.head(c)
	p.seats(c)
	var b bytes.Buffer
	err := png.Encode(&b, p.image)
	return bytes.Clone(b.Bytes()), err // the buffer may be twice as large, and the picture is kept
}

type painter struct {
	*typesetter
	image *image.RGBA
	rtl   bool
}

// ground draws the background: plain, so that the file stays small, with a band of the accent colour.
func (p *painter) ground(c Card) {
	draw.Draw(p.image, p.image.Bounds(), image.NewUniform(background), image.Point{}, draw.Src)
	accent := c.Accent
	if c.Over {
		accent = line
	}
	for y := range 220 {
		share := float64(220-y) / 220 * .34
		draw.Draw(p.image, image.Rect(0, y, Width, y+1), image.NewUniform(blend(background, accent, share)), image.Point{}, draw.Src)
	}
	draw.Draw(p.image, image.Rect(0, 0, Width, 10), image.NewUniform(accent), image.Point{}, draw.Src)
}

func (p *painter) brand(c Card) {
	if brand := StripSymbols(c.Brand); p.canDraw(brand) {
		p.write(p.cut(brand, 34, Width-2*margin, p.rtl), 34, margin, Width-2*margin, 100, textColour)
	}
}

// head draws the host's tile, the headline beside it and the note below.
func (p *painter) head(c Card) {
	const top = 162
	at := image.Rect(margin, top, margin+hostSide, top+hostSide)
	left, width := float32(margin+hostSide+52), float32(Width-2*margin-hostSide-52)
	if p.rtl {
		at = image.Rect(Width-margin-hostSide, top, Width-margin, top+hostSide)
		left = margin
	}
	if !c.Over {
		p.fillRounded(at.Inset(-10), 58, c.Accent)
		p.fillRounded(at.Inset(-5), 54, background)
	}
	p.tile(at, 48, c.Host, c)
	var lines []string
	for _, text := range c.Headlines {
		if text = StripSymbols(text); p.canDraw(text) {
			lines = p.wrap(text, headSize, width, 3, p.rtl)
			break
		}
	}
	y := float32(top+hostSide/2+headSize*.36) - float32(len(lines)-1)*lineHeight/2
	for _, l := range lines {
		p.write(l, headSize, left, width, y, textColour)
		y += lineHeight
	}
	if note := StripSymbols(c.Note); p.canDraw(note) {
		y = max(y-lineHeight+64, top+hostSide+52)
		for _, l := range p.wrap(note, 32, width, 2, p.rtl) {
			p.write(l, 32, left, width, y, muted)
			y += 44
		}
	}
}

func (p *painter) seats(c Card) {
	if len(c.Seats) == 0 {
		return
	}
	const side, gap, top = 92, 20, Height - margin - 92
	shown := c.Seats
	if len(shown) > maxSeats {
		shown = shown[:maxSeats-2] // leave room for a long count
	}
	for i, t := range shown {
		x := margin + i*(side+gap)
		if p.rtl {
			x = Width - margin - side - i*(side+gap)
		}
		p.tile(image.Rect(x, top, x+side, top+side), 26, t, c)
	}
	if count := StripSymbols(c.Count); p.canDraw(count) {
		taken := float32(margin + len(shown)*(side+gap) + 12)
		left, width := taken, Width-margin-taken
		if p.rtl {
			left = margin
		}
		p.write(p.cut(count, 38, width, p.rtl), 38, left, width, top+side/2+14, muted)
	}
}

func (p *painter) tile(at image.Rectangle, radius float32, t Tile, c Card) {
	fill, border := hues[t.Hue%uint(len(hues))], color.RGBA{}
	switch t.Kind {
	case Player:
	case Held:
		fill, border = panel, c.Accent
	case Free:
		fill, border = panel, line
	default:
		fill = line
	}
	if c.Over {
		fill = blend(fill, line, .6)
	}
	if border.A != 0 {
		p.fillRounded(at, radius, border)
		at, radius = at.Inset(4), radius-4
	}
	p.fillRounded(at, radius, fill)
	switch initial := StripSymbols(t.Initial); {
	case t.Kind == Player && p.canDraw(initial):
		size := float32(at.Dy()) * .5
		glyphs, width := p.layOut(initial, size, p.rtl)
		p.glyphs(glyphs, float32(at.Min.X+at.Max.X)/2-width/2, float32(at.Min.Y+at.Max.Y)/2+size*.36, at, white)
	case t.Kind != Free:
		ink := white
		if t.Kind == Held {
			ink = muted
		}
		p.drawFigure(at, ink)
	}
}

// drawFigure draws a symbol for a player without an initial.
func (p *painter) drawFigure(at image.Rectangle, ink color.RGBA) {
	side, x := at.Dx(), (at.Min.X+at.Max.X)/2
	head := side * 17 / 100
	p.fillRounded(image.Rect(x-head, at.Min.Y+side*20/100, x+head, at.Min.Y+side*20/100+2*head), float32(head), ink)
	body := image.Rect(x-side*28/100, at.Min.Y+side*60/100, x+side*28/100, at.Min.Y+side*82/100)
	p.fillRounded(body, float32(body.Dy())*.7, ink)
}

// write draws one line of text at the start of its space.
func (p *painter) write(text string, size, left, width, base float32, ink color.RGBA) {
	glyphs, w := p.layOut(text, size, p.rtl)
	if p.rtl {
		left += width - w
	}
	box := image.Rect(int(left)-8, int(base-size*1.4), int(left+w)+8, int(base+size*.7))
	p.glyphs(glyphs, left, base, box, ink)
}

func (p *painter) glyphs(glyphs []placedGlyph, x, y float32, box image.Rectangle, ink color.RGBA) {
	p.fill(box, ink, func(v *vector.Rasterizer, dx, dy float32) {
		for _, g := range glyphs {
			trace(v, g, x-dx, y-dy)
		}
	})
}

func (p *painter) fillRounded(at image.Rectangle, radius float32, ink color.RGBA) {
	p.fill(at, ink, func(v *vector.Rasterizer, _, _ float32) {
		w, h := float32(at.Dx()), float32(at.Dy())
		r := min(radius, w/2, h/2)
		const k = .5523 // a quarter of a circle as a cubic curve
		c := r * (1 - k)
		v.MoveTo(r, 0)
		v.LineTo(w-r, 0)
		v.CubeTo(w-c, 0, w, c, w, r)
		v.LineTo(w, h-r)
		v.CubeTo(w, h-c, w-c, h, w-r, h)
		v.LineTo(r, h)
		v.CubeTo(c, h, 0, h-c, 0, h-r)
		v.LineTo(0, r)
		v.CubeTo(0, c, c, 0, r, 0)
		v.ClosePath()
	})
}

// fill paints a path inside a box. The path is relative to the box's corner.
func (p *painter) fill(box image.Rectangle, ink color.RGBA, path func(v *vector.Rasterizer, dx, dy float32)) {
	box = box.Intersect(p.image.Bounds())
	if box.Empty() {
		return
	}
	v := vector.NewRasterizer(box.Dx(), box.Dy())
	path(v, float32(box.Min.X), float32(box.Min.Y))
	v.Draw(p.image, box, image.NewUniform(ink), image.Point{})
}

func blend(a, b color.RGBA, share float64) color.RGBA {
	part := func(x, y uint8) uint8 { return uint8(float64(x) + (float64(y)-float64(x))*share) }
	return color.RGBA{part(a.R, b.R), part(a.G, b.G), part(a.B, b.B), 0xff}
}
