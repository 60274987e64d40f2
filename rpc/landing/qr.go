package landing

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	qrcode "github.com/skip2/go-qrcode"

	"partyline/internal/web"
	"partyline/party/invite"
)

// qr draws the QR code of the link, also if there is no such invite: it shows no more than the request's address.
func (s *Site) qr(r *http.Request) (web.Answer, error) {
	code, err := invite.ParseCode(rawCode(r.URL.Path))
	if err != nil {
		return web.Answer{}, errNotFound
	}
	svg, err := qrSVG(publicURL(s.Policy(), joinPath+code.Reveal()))
	if err != nil {
		return web.Answer{}, fmt.Errorf("draw the QR code: %w", err)
	}
	return web.Answer{Status: http.StatusOK, ContentType: "image/svg+xml", Cache: cachePrivHour, Policy: web.DataPolicy, Tag: web.Tag(svg), NoIndex: true, Body: svg}, nil
}

// qrSVG draws a link as a QR code, dark on light: one path with a rectangle for each run of dark modules. It fails for
// a link that is too long.
func qrSVG(link string) ([]byte, error) {
	code, err := qrcode.New(link, qrcode.Medium)
	if err != nil {
		return nil, err
	}
	modules := code.Bitmap() // with the margin that scanners need
	var d strings.Builder
	for y, row := range modules {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			start := x
			for x < len(row) && row[x] {
				x++
			}
			length := strconv.Itoa(x - start)
			d.WriteString("M" + strconv.Itoa(start) + " " + strconv.Itoa(y) + "h" + length + "v1h-" + length + "z")
		}
	}
	side := len(modules)
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#0b0d14" d="%s"/></svg>`+"\n", side, side, side, side, d.String()), nil
}
