package evening

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// drawing is an SVG picture under construction. Coordinates are pixels from the top left.
type drawing struct {
	b             strings.Builder
	width, height float64
}

// Colours of drawings: ink, its lighter shades, and colours that colour-blind people can tell
// apart too.
const (
	ink    = "#1f2430"
	grey   = "#6b7280"
	rule   = "#e5e7eb"
	accent = "#4f46e5"
	warm   = "#ea7317"
)

var palette = [...]string{"#4f46e5", "#0891b2", "#16a34a", "#ca8a04", "#dc2626", "#9333ea", "#475569", "#db2777"}

func newDrawing(width, height float64) *drawing {
	d := &drawing{width: width, height: height}
	fmt.Fprintf(&d.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" font-family="system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif" font-size="12">`+"\n",
		px(width), px(height), px(width), px(height))
	d.rect(0, 0, width, height, "#ffffff", 1)
	return d
}

// String returns the finished picture.
func (d *drawing) String() string { return d.b.String() + "</svg>\n" }

// px formats a coordinate with at most one decimal.
func px(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

func (d *drawing) rect(x, y, w, h float64, fill string, opacity float64) {
	fmt.Fprintf(&d.b, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s" fill-opacity="%s"/>`+"\n", px(x), px(y), px(w), px(h), fill, px(opacity))
}

func (d *drawing) line(x1, y1, x2, y2 float64, stroke string, width float64) {
	fmt.Fprintf(&d.b, `<line x1="%s" y1="%s" x2="%s" y2="%s" stroke="%s" stroke-width="%s" stroke-linecap="round"/>`+"\n", px(x1), px(y1), px(x2), px(y2), stroke, px(width))
}

func (d *drawing) dot(x, y, r float64, fill string) {
	fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="%s" fill="%s"/>`+"\n", px(x), px(y), px(r), fill)
}

// ring draws a dot with a hole, which differs from a dot in more than colour.
func (d *drawing) ring(x, y, r float64, stroke string) {
	fmt.Fprintf(&d.b, `<circle cx="%s" cy="%s" r="%s" fill="#ffffff" stroke="%s" stroke-width="2"/>`+"\n", px(x), px(y), px(r), stroke)
}

// path draws a line through points, with dashes in SVG's notation. If fill is not empty, it
// closes and fills the path.
func (d *drawing) path(points [][2]float64, stroke, fill, dash string, width float64) {
	if len(points) == 0 {
		return
	}
	var p strings.Builder
	for i, at := range points {
		if i == 0 {
			p.WriteString("M")
		} else {
			p.WriteString("L")
		}
		p.WriteString(px(at[0]) + " " + px(at[1]))
	}
	if fill != "" {
		fmt.Fprintf(&d.b, `<path d="%sZ" fill="%s" fill-opacity="0.18" stroke="none"/>`+"\n", p.String(), fill)
	}
	if stroke != "" {
		if dash != "" {
			dash = ` stroke-dasharray="` + dash + `"`
		}
		fmt.Fprintf(&d.b, `<path d="%s" fill="none" stroke="%s" stroke-width="%s" stroke-linejoin="round"%s/>`+"\n", p.String(), stroke, px(width), dash)
	}
}

// text writes s to the right of x, to its left with anchor "end", or centred on it with "middle".
func (d *drawing) text(x, y float64, anchor, fill string, size float64, bold bool, s string) {
	weight := ""
	if bold {
		weight = ` font-weight="600"`
	}
	fmt.Fprintf(&d.b, `<text x="%s" y="%s" text-anchor="%s" fill="%s" font-size="%s"%s>%s</text>`+"\n", px(x), px(y), anchor, fill, px(size), weight, html.EscapeString(s))
}

// axis maps values to pixels, with ticks at round numbers.
type axis struct {
	from, to float64 // values
	at, size float64 // pixel of from, and pixels between from and to (negative upwards)
	step     float64
}

// newAxis returns an axis from..to, widened to whole steps.
func newAxis(from, to, at, size float64, ticks int) axis {
	if !(to > from) {
		to = from + 1
	}
	step := niceStep((to - from) / float64(ticks))
	return axis{from: math.Floor(from/step) * step, to: math.Ceil(to/step-1e-9) * step, at: at, size: size, step: step}
}

// niceStep rounds up to the next of 1, 2, 2.5, 5, 10 ...
func niceStep(rough float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range [...]float64{1, 2, 2.5, 5} {
		if rough <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

func (a axis) px(v float64) float64 {
	return a.at + (min(max(v, a.from), a.to)-a.from)/(a.to-a.from)*a.size
}

// ticks returns the values to label.
func (a axis) ticks() []float64 {
	var values []float64
	for i := 0; ; i++ {
		v := a.from + float64(i)*a.step
		if v > a.to+a.step*1e-6 {
			return values
		}
		values = append(values, v)
	}
}

// plot is one of the plots of a drawing.
type plot struct {
	*drawing
	left, top, width, height float64 // of the plot itself, without labels
}

// titleIndent is how far titles start to the left of a plot, above its labels.
const titleIndent = 45

// newPlot starts a plot with a title and a subtitle.
func (d *drawing) newPlot(left, top, width, height float64, title, subtitle string) plot {
	d.text(left-titleIndent, top-30, "start", ink, 14, true, title)
	d.text(left-titleIndent, top-13, "start", grey, 11, false, subtitle)
	return plot{d, left, top, width, height}
}

// grid draws the axes that are not nil: vertical lines for x, horizontal lines for y.
func (p plot) grid(x, y *axis, yUnit string) {
	if y != nil {
		for _, v := range y.ticks() {
			p.line(p.left, y.px(v), p.left+p.width, y.px(v), rule, 1)
			p.text(p.left-8, y.px(v)+4, "end", grey, 11, false, formatLabel(v)+yUnit)
		}
	}
	if x != nil {
		for _, v := range x.ticks() {
			if y == nil {
				p.line(x.px(v), p.top, x.px(v), p.top+p.height, rule, 1)
			} else {
				p.line(x.px(v), p.top+p.height, x.px(v), p.top+p.height+4, rule, 1)
			}
			p.text(x.px(v), p.top+p.height+18, "middle", grey, 11, false, formatLabel(v))
		}
	}
}

// legendMark is how a legend shows one series, with its name. Series differ in more than colour.
type legendMark struct {
	name, colour, dash string
	shape              shape
}

type shape int

const (
	asLine shape = iota
	asDot
	asRing
	asBar
)

// dashes tell lines apart without colour.
var dashes = [...]string{"", "8 4", "2 3", "10 3 2 3", "5 2", "1 5", "12 4", "4 4"}

// legend draws a row of marks and names that ends at the plot's right edge.
func (p plot) legend(marks ...legendMark) {
	x, y := p.left+p.width, p.top-34
	for i := len(marks) - 1; i >= 0; i-- {
		m := marks[i]
		p.text(x, p.top-30, "end", grey, 11, false, m.name)
		x -= 6.5*float64(len([]rune(m.name))) + 9
		switch m.shape {
		case asDot:
			p.dot(x, y, 4, m.colour)
		case asRing:
			p.ring(x, y, 4, m.colour)
		case asBar:
			p.rect(x-6, y-4, 12, 8, m.colour, 0.75)
		default:
			p.path([][2]float64{{x - 22, y}, {x + 2, y}}, m.colour, "", m.dash, 2)
			x -= 18
		}
		x -= 16
	}
}

// formatLabel formats a number for a label.
func formatLabel(v float64) string {
	if math.Abs(v) >= 10_000 {
		return strconv.FormatFloat(v/1000, 'f', -1, 64) + "k"
	}
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}
