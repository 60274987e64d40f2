package card

import (
	_ "embed"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/golang/freetype/truetype"
	hinting "golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

//go:embed fonts/NotoSans-Bold.ttf
var notoSans []byte

//go:embed fonts/NotoSansArabic-Bold.ttf
var notoSansArabic []byte

//go:embed fonts/NotoSansHebrew-Bold.ttf
var notoSansHebrew []byte

// embeddedFonts are the fonts that come with the module, parsed when the first card is drawn.
var embeddedFonts = sync.OnceValues(func() (Fonts, error) {
	var fonts Fonts
	for _, file := range [][]byte{notoSans, notoSansArabic, notoSansHebrew} {
		font, err := truetype.Parse(file)
		if err != nil {
			return nil, fmt.Errorf("parse an embedded font: %w", err)
		}
		fonts = append(fonts, font)
	}
	return fonts, nil
})

// Fonts are tried in order for each letter. Safe for concurrent use.
type Fonts []*truetype.Font

// NewFonts returns the embedded fonts and after them one of the operator's, a TrueType file, if extra is not nil. If
// that cannot be read, it returns the embedded fonts and the error.
func NewFonts(extra []byte) (Fonts, error) {
	fonts, err := embeddedFonts()
	if err != nil || extra == nil {
		return fonts, err
	}
	font, err := parse(extra)
	if err != nil {
		return fonts, fmt.Errorf("the font cannot be read: %w", err)
	}
	return append(slices.Clip(fonts), font), nil
}

// parse reads a font file. It turns a panic of the library about a broken file into an error.
func parse(file []byte) (font *truetype.Font, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("it is broken: %v", v)
		}
	}()
	return truetype.Parse(file)
}

// typesetter lays out text in some fonts. Not safe for concurrent use.
type typesetter struct {
	fonts Fonts
	glyph truetype.GlyphBuf
}

// StripSymbols removes what fonts of letters do not have and a sentence does not need: emoji, symbols, direction marks.
func StripSymbols(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.So, unicode.Sk, unicode.Co), r == '\u200d', r >= '\u2066' && r <= '\u2069', r >= '\ufe00' && r <= '\ufe0f':
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text)), " ")
}

// unshapedScripts are the scripts whose letters can be drawn one by one, without being joined, stacked or moved.
var unshapedScripts = []*unicode.RangeTable{
	unicode.Common, unicode.Inherited, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Armenian, unicode.Georgian,
	unicode.Ethiopic, unicode.Cherokee, unicode.Han, unicode.Bopomofo, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao,
}

// canDraw reports whether the fonts have every letter of the text and can show it correctly. Of a script that needs
// shaping only a single letter is possible, as an initial.
func (s *typesetter) canDraw(text string) bool {
	alone := utf8.RuneCountInString(text) == 1
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return s.fontOf(r, -1) < 0 || !alone && !unicode.IsNumber(r) && !unicode.In(r, unshapedScripts...)
	})
}

// fontOf returns the index of the font that has the letter, preferably the previous one, or -1 if none has it.
func (s *typesetter) fontOf(r rune, before int) int {
	if before >= 0 && s.fonts[before].Index(r) != 0 {
		return before
	}
	return slices.IndexFunc(s.fonts, func(f *truetype.Font) bool { return f.Index(r) != 0 })
}

// run is a part of a line in one direction, with its characters in the order of drawing, from the left.
type run struct {
	text []rune
	rtl  bool
}

// runs splits a line into runs. Neutral characters take the direction of the letters on both sides if those agree,
// otherwise that of the line. This is what the Unicode bidirectional algorithm does for one level.
func runs(line []rune, rtl bool) []run {
	dirs := directions(line, rtl)
	var all []run
	for i, r := range line {
		if n := len(all); n > 0 && all[n-1].rtl == dirs[i] {
			all[n-1].text = append(all[n-1].text, r)
		} else {
			all = append(all, run{[]rune{r}, dirs[i]})
		}
	}
	for i := range all {
		if all[i].rtl {
			all[i].text = mirrored(all[i].text)
		}
	}
	if rtl {
		slices.Reverse(all)
	}
	return all
}

// mirrored reverses a text and turns its brackets.
func mirrored(text []rune) []rune {
	const brackets, turned = "()[]{}<>«»", ")(][}{><»«"
	from, to := []rune(brackets), []rune(turned)
	out := make([]rune, 0, len(text))
	for _, r := range slices.Backward(text) {
		if i := slices.Index(from, r); i >= 0 {
			r = to[i]
		}
		out = append(out, r)
	}
	return out
}

// directions returns, for each character, whether it runs right to left.
func directions(line []rune, rtl bool) []bool {
	dirs := make([]bool, len(line))
	strong := func(r rune) (isRTL, ok bool) {
		if unicode.In(r, unicode.Hebrew, unicode.Arabic) && !unicode.IsNumber(r) { // all that the fonts have
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

// placedGlyph is a glyph of a line. Its position is in pixels from the line's left end on the base line.
type placedGlyph struct {
	points []truetype.Point // in 64ths of a pixel
	ends   []int            // ends of the contours in points
	x      float32
}

// layOut lays out a line in a size in pixels and measures it.
func (s *typesetter) layOut(text string, size float32, rtl bool) (glyphs []placedGlyph, width float32) {
	scale := fixed.Int26_6(size * 64)
	font := -1
	for _, r := range runs([]rune(text), rtl) {
		for _, letter := range r.text {
			if unicode.Is(unicode.Cf, letter) {
				continue
			}
			font = max(s.fontOf(letter, font), 0)
			f := s.fonts[font]
			index := f.Index(letter)
			if err := s.glyph.Load(f, scale, index, hinting.HintingNone); err != nil {
				continue // skip a glyph of a broken font
			}
			glyphs = append(glyphs, placedGlyph{slices.Clone(s.glyph.Points), slices.Clone(s.glyph.Ends), width})
			width += float32(s.glyph.AdvanceWidth) / 64
		}
	}
	return glyphs, width
}

// wrap breaks a text into lines of at most the given width. A text that is too long ends with an ellipsis.
func (s *typesetter) wrap(text string, size, width float32, lines int, rtl bool) (done []string) {
	words := strings.Fields(text)
	for len(words) > 0 && len(done) < lines {
		fit := sort.Search(len(words), func(n int) bool {
			_, w := s.layOut(strings.Join(words[:n+1], " "), size, rtl)
			return w > width
		})
		line := strings.Join(words[:fit], " ")
		if fit == 0 { // a word that is longer than a line
			letters := []rune(words[0])
			head := s.longest(letters, "", size, width, rtl)
			line, words[0] = string(letters[:head]), string(letters[head:])
		}
		done, words = append(done, line), words[fit:]
	}
	if len(words) > 0 {
		last := &done[len(done)-1]
		*last = s.cut(*last+" "+strings.Join(words, " "), size, width, rtl)
	}
	return done
}

// cut shortens a line to the width, with an ellipsis.
func (s *typesetter) cut(line string, size, width float32, rtl bool) string {
	if _, w := s.layOut(line, size, rtl); w <= width {
		return line
	}
	letters := []rune(line)
	return strings.TrimRight(string(letters[:s.longest(letters, "…", size, width, rtl)]), " ") + "…"
}

// longest returns how many letters fit together with end, at least one.
func (s *typesetter) longest(letters []rune, end string, size, width float32, rtl bool) int {
	return max(1, sort.Search(len(letters), func(fit int) bool {
		_, w := s.layOut(string(letters[:fit+1])+end, size, rtl)
		return w > width
	}))
}

// trace draws a glyph's outline of quadratic curves. Between two control points there is an implied point on the curve.
func trace(v *vector.Rasterizer, g placedGlyph, x, y float32) {
	at := func(p truetype.Point) (float32, float32) {
		return x + g.x + float32(p.X)/64, y - float32(p.Y)/64
	}
	onCurve := func(p truetype.Point) bool { return p.Flags&1 != 0 }
	between := func(a, b truetype.Point) truetype.Point {
		return truetype.Point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2, Flags: 1}
	}
	start := 0
	for _, end := range g.ends {
		contour := g.points[start:end]
		start = end
		if len(contour) < 2 {
			continue
		}
		first := contour[0]
		if !onCurve(first) {
			if first = contour[len(contour)-1]; !onCurve(first) {
				first = between(first, contour[0])
			}
		}
		v.MoveTo(at(first))
		for i, p := range contour {
			if onCurve(p) {
				v.LineTo(at(p))
				continue
			}
			next := first
			if i+1 < len(contour) {
				next = contour[i+1]
			}
			if !onCurve(next) {
				next = between(p, next)
			}
			x1, y1 := at(p)
			x2, y2 := at(next)
			v.QuadTo(x1, y1, x2, y2)
		}
		v.LineTo(at(first))
		v.ClosePath()
	}
}
