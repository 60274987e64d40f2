package landing

import (
	"encoding/hex"
	"fmt"
	"image/color"
	"math"
	"strings"
)

// The accent colour reaches the page in its own stylesheet, because the Content-Security-Policy allows no inline
// style. The colour in the sheet's address alone decides its content, so it is cached like a file.

const defaultAccent = "7c5cff"

// accentOf returns the digits of the rules' "#rrggbb", or the default for any other text.
func accentOf(configured string) string {
	digits := strings.ToLower(strings.TrimPrefix(configured, "#"))
	if _, ok := parseColour(digits); !ok {
		return defaultAccent
	}
	return digits
}

// colour is an sRGB colour; each part is from 0 to 1.
type colour [3]float64

// parseColour reads exactly six lower-case hexadecimal digits.
func parseColour(digits string) (colour, bool) {
	parts, err := hex.DecodeString(digits)
	if err != nil || len(parts) != 3 || digits != strings.ToLower(digits) {
		return colour{}, false
	}
	return colour{float64(parts[0]) / 255, float64(parts[1]) / 255, float64(parts[2]) / 255}, true
}

func (c colour) rgba() color.RGBA {
	part := func(v float64) uint8 { return uint8(math.Round(v * 255)) }
	return color.RGBA{part(c[0]), part(c[1]), part(c[2]), 0xff}
}

func (c colour) hex() string {
	part := c.rgba()
	return fmt.Sprintf("#%02x%02x%02x", part.R, part.G, part.B)
}

// luminance returns WCAG's relative luminance.
func (c colour) luminance() float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast returns WCAG's contrast ratio, from 1 to 21.
func contrast(a, b colour) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func mix(a, b colour, share float64) colour {
	for i := range a {
		a[i] += (b[i] - a[i]) * share
	}
	return a
}

var (
	white = colour{1, 1, 1}
	black = colour{}
	// The surfaces of landing.css behind accent-coloured text. Of each scheme it is the one with less contrast.
	darkSurface  = colour{0x22 / 255.0, 0x27 / 255.0, 0x38 / 255.0}
	lightSurface = colour{0xf1 / 255.0, 0xf2 / 255.0, 0xf8 / 255.0}
)

const minContrast = 4.5 // WCAG AA for text

// readableShade mixes target into c until c is readable on the surface.
func readableShade(c, target, surface colour) colour {
	const steps = 50
	for i := range steps + 1 {
		if m := mix(c, target, float64(i)/steps); contrast(m, surface) >= minContrast {
			return m
		}
	}
	return target
}

// fillOf returns the fill of buttons and the colour of their text. It prefers white text on the colour itself or on a
// slightly darker one, which looks best on strong colours. Otherwise the text is black.
func fillOf(c colour) (fill, on colour) {
	const steps, darkest = 10, 0.15
	for i := range steps + 1 {
		if m := mix(c, black, darkest*float64(i)/steps); contrast(m, white) >= minContrast {
			return m, white
		}
	}
	return c, black // at least 4.58 on every colour on which white is below 4.5
}

// accentSheet returns the stylesheet of an accent colour: the fill of buttons, the colour of their text, and the
// nearest shades that are readable as text in the dark and the light scheme.
func accentSheet(digits string) ([]byte, bool) {
	c, ok := parseColour(digits)
	if !ok {
		return nil, false
	}
	fill, on := fillOf(c)
	return fmt.Appendf(nil, ":root{--accent:%s;--on-accent:%s;--accent-on-dark:%s;--accent-on-light:%s}\n",
		fill.hex(), on.hex(), readableShade(c, white, darkSurface).hex(), readableShade(c, black, lightSurface).hex()), true
}
