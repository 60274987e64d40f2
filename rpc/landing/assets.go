package landing

import (
	"embed"
	"html/template"
	"net/http"
	"strings"

	"partyline/internal/web"
)

//go:embed assets templates
var embedded embed.FS

var (
	assets    = web.MustFiles(embedded, "assets")
	templates = template.Must(template.ParseFS(embedded, "templates/*.html"))
)

const accentPrefix = "accent-"

// accentURL returns the address of the accent colour's stylesheet, relative to the page's base.
func accentURL(hex string) string {
	sheet, _ := accentSheet(hex)
	return "assets/" + web.Hashed(accentPrefix+hex+".css", sheet)
}

// icon serves the icon at the address that browsers try by default.
func (s *Site) icon(*http.Request) (web.Answer, error) {
	a := assets.Serve(assets.Name("icon.svg"))
	a.Cache = cacheAnHour
	return a, nil
}

// asset serves an embedded file, or the stylesheet of an accent colour, by its hashed name.
func (s *Site) asset(r *http.Request) (web.Answer, error) {
	served := strings.TrimPrefix(r.URL.Path, assetPath)
	name := web.Unhashed(served)
	if hex, isAccent := strings.CutPrefix(strings.TrimSuffix(name, ".css"), accentPrefix); isAccent {
		if sheet, ok := accentSheet(hex); ok {
			return web.Content(name, served, sheet), nil
		}
	}
	return assets.Serve(served), nil
}
