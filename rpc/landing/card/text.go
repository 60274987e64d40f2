package card

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
	"golang.org/x/image/vector"
)

//go:embed fonts/NotoSans-Bold.ttf
var notoSans []byte

//go:embed fonts/NotoSansArabic-Bold.ttf
var notoSansArabic []byte

//go:embed fonts/NotoSansHebrew-Bold.ttf
var notoSansHebrew []byte

// own are the fonts that come with the module, parsed when the first card is drawn.
var own = sync.OnceValues(func() (Fonts, error) {
	var fonts Fonts
	for _, file := range [][]byte{notoSans, notoSansArabic, notoSansHebrew} {
		face, err := font.ParseTTF(bytes.NewReader(file))
		if err != nil {
			return nil, fmt.Errorf("parse an embedded font: %w", err)
		}
		fonts = append(fonts, face.Font)
	}
	return fonts, nil
})

// Fonts are tried in their order for each letter. Safe for concurrent use.
type Fonts []*font.Font

// NewFonts are the embedded fonts (Latin, Greek, Cyrillic, Arabic, Hebrew), and behind
// them one of the operator's, a TrueType or OpenType file; nil for none.
func NewFonts(extra []byte) (Fonts, error) {
	fonts, err := own()
	if err != nil || extra == nil {
		return fonts, err
	}
	face, err := font.ParseTTF(bytes.NewReader(extra))
	if err != nil {
		return fonts, fmt.Errorf("parse the added font: %w", err)
	}
	return append(slices.Clip(fonts), face.Font), nil
}

// setter sets text in some fonts. Not safe for concurrent use.
type setter struct {
	faces []*font.Face
	fonts []*harfbuzz.Font
}

func newSetter(fonts Fonts) *setter {
	s := &setter{}
	for _, f := range fonts {
		face := font.NewFace(f)
		s.faces, s.fonts = append(s.faces, face), append(s.fonts, harfbuzz.NewFont(face))
	}
	return s
}

// plain takes out what no font of letters has and a sentence can do without: emoji and
// other symbols, and characters that only direct or join others around them.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.So, unicode.Sk, unicode.Co, unicode.Cn), r >= '\u2066' && r <= '\u2069', r >= '\ufe00' && r <= '\ufe0f':
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text)), " ")
}

// can reports whether the fonts have every letter of the text.
func (s *setter) can(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return s.faceOf(r, -1) < 0 })
}

// faceOf is the face that has the letter, preferably the one before; -1 if none has it.
func (s *setter) faceOf(r rune, before int) int {
	if before >= 0 && (invisible(r) || has(s.faces[before], r)) {
		return before
	}
	if invisible(r) {
		return 0
	}
	return slices.IndexFunc(s.faces, func(f *font.Face) bool { return has(f, r) })
}

func has(f *font.Face, r rune) bool {
	_, ok := f.NominalGlyph(r)
	return ok
}

func invisible(r rune) bool { return unicode.Is(unicode.Cf, r) }

// run is a piece of a line in one direction and one face.
type run struct {
	text []rune
	rtl  bool
	face int
}

// runs splits a line. Neutral characters go with the letters on both sides if those agree,
// else with the line, as the Unicode bidirectional algorithm has it for one level.
func (s *setter) runs(line []rune, rtl bool) []run {
	dirs := directions(line, rtl)
	var runs []run
	face := -1
	for i, r := range line {
		next := max(s.faceOf(r, face), 0)
		if n := len(runs); n > 0 && runs[n-1].rtl == dirs[i] && face == next {
			runs[n-1].text = append(runs[n-1].text, r)
		} else {
			runs = append(runs, run{[]rune{r}, dirs[i], next})
		}
		face = next
	}
	// What runs against the line keeps its own order inside.
	for i := 0; i < len(runs); {
		j := i
		for j < len(runs) && runs[j].rtl == runs[i].rtl {
			j++
		}
		if runs[i].rtl {
			slices.Reverse(runs[i:j])
		}
		i = j
	}
	if rtl {
		runs = reverseGroups(runs)
	}
	return runs
}

// reverseGroups turns a line of right-to-left writing round, leaving each stretch of one
// direction as it is.
func reverseGroups(runs []run) []run {
	turned := make([]run, 0, len(runs))
	for end := len(runs); end > 0; {
		start := end - 1
		for start > 0 && runs[start-1].rtl == runs[end-1].rtl {
			start--
		}
		turned = append(turned, runs[start:end]...)
		end = start
	}
	return turned
}

// directions says of each character whether it runs right to left.
func directions(line []rune, rtl bool) []bool {
	dirs := make([]bool, len(line))
	strong := func(r rune) (isRTL, ok bool) {
		if unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko) && unicode.IsLetter(r) {
			return true, true
		}
		return false, unicode.IsLetter(r) || unicode.IsNumber(r)
	}
	before, open := rtl, 0 // open is where the neutral characters began
	for i, r := range line {
		dir, ok := strong(r)
		if !ok {
			dirs[i] = rtl
			continue
		}
		if dir == before {
			for j := open; j < i; j++ {
				dirs[j] = dir
			}
		}
		dirs[i], before, open = dir, dir, i+1
	}
	return dirs
}

// placed is a glyph of a line at a position in pixels, from the line's left end on its
// base line.
type placed struct {
	outline font.GlyphOutline
	x, y    float32
	scale   float32
}

// set lays a line out in a size in pixels and measures it.
func (s *setter) set(text string, size float32, rtl bool) (glyphs []placed, width float32) {
	for _, r := range s.runs([]rune(text), rtl) {
		buffer := harfbuzz.NewBuffer()
		buffer.AddRunes(r.text, 0, -1)
		buffer.Props.Direction, buffer.Props.Script = harfbuzz.LeftToRight, scriptOf(r.text)
		if r.rtl {
			buffer.Props.Direction = harfbuzz.RightToLeft
		}
		buffer.Shape(s.fonts[r.face], nil)
		face := s.faces[r.face]
		scale := size / float32(face.Upem())
		for i, info := range buffer.Info {
			at := buffer.Pos[i]
			if outline, ok := face.GlyphDataOutline(info.Glyph); ok {
				glyphs = append(glyphs, placed{outline, width + float32(at.XOffset)*scale, -float32(at.YOffset) * scale, scale})
			}
			width += float32(at.XAdvance) * scale
		}
	}
	return glyphs, width
}

// scriptOf is the script of a run's first letter.
func scriptOf(text []rune) language.Script {
	for _, r := range text {
		if unicode.IsLetter(r) {
			return language.LookupScript(r)
		}
	}
	return language.Latin
}

// wrap breaks a text into lines no wider than width; what does not fit into the last line
// is cut with an ellipsis.
func (s *setter) wrap(text string, size, width float32, lines int, rtl bool) []string {
	var done []string
	words := strings.Fields(text)
	line := ""
	fits := func(t string) bool { _, w := s.set(t, size, rtl); return w <= width }
	for i := 0; i < len(words); i++ {
		longer := strings.TrimSpace(line + " " + words[i])
		switch {
		case fits(longer):
			line = longer
		case len(done) == lines-1 || line == "":
			if len(done) == lines-1 {
				return append(done, s.cut(longer, size, width, rtl))
			}
			head := s.longest([]rune(words[i]), "", size, width, rtl)
			done = append(done, string([]rune(words[i])[:head]))
			words[i] = string([]rune(words[i])[head:])
			i--
		default:
			done, line = append(done, line), ""
			i--
		}
	}
	if line != "" {
		done = append(done, line)
	}
	return done
}

// cut shortens a line to what fits, with an ellipsis.
func (s *setter) cut(line string, size, width float32, rtl bool) string {
	if _, w := s.set(line, size, rtl); w <= width {
		return line
	}
	letters := []rune(line)
	return strings.TrimRight(string(letters[:s.longest(letters, "…", size, width, rtl)]), " ") + "…"
}

// longest is how many letters fit with the end behind them, at least one.
func (s *setter) longest(letters []rune, end string, size, width float32, rtl bool) int {
	low, high := 1, len(letters)
	for low < high {
		middle := (low + high + 1) / 2
		if _, w := s.set(string(letters[:middle])+end, size, rtl); w <= width {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// trace draws a glyph's outline.
func trace(v *vector.Rasterizer, g placed, x, y float32) {
	at := func(p opentype.SegmentPoint) (float32, float32) { return x + g.x + p.X*g.scale, y + g.y - p.Y*g.scale }
	for _, s := range g.outline.Segments {
		x0, y0 := at(s.Args[0])
		x1, y1 := at(s.Args[1])
		x2, y2 := at(s.Args[2])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			v.ClosePath()
			v.MoveTo(x0, y0)
		case opentype.SegmentOpLineTo:
			v.LineTo(x0, y0)
		case opentype.SegmentOpQuadTo:
			v.QuadTo(x0, y0, x1, y1)
		case opentype.SegmentOpCubeTo:
			v.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	v.ClosePath()
}
