package landing

import (
	"net/http"
	"slices"
	"strings"
)

const (
	joinPath    = "/party/join/"
	stateSuffix = "/state"
	qrSuffix    = "/qr.svg"
	cardSuffix  = "/card.png"
	assetPath   = "/party/assets/"
	applePath   = "/.well-known/apple-app-site-association"
	androidPath = "/.well-known/assetlinks.json"
)

// rawCode returns the code in the path of an invite route as the request has it, or "" for other paths.
func rawCode(path string) string {
	rest, ok := strings.CutPrefix(path, joinPath)
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(rest, "/")
	return code
}

// pageBase returns the relative path from the page to "/party/" on this server, as the browser resolves it. So the
// page finds all that it loads, whatever path a proxy has put in front.
func pageBase(r *http.Request) string {
	_, below, _ := strings.Cut(r.URL.EscapedPath(), "/party/")
	return strings.Repeat("../", strings.Count(below, "/"))
}

// fetcherNames are parts of the names of programs that read pages for people: chat programs, search engines, scanners.
var fetcherNames = []string{"bot", "facebookexternalhit", "whatsapp", "preview", "crawl", "spider", "scanner"}

// isFetcher reports whether the user agent names such a program.
func isFetcher(userAgent string) bool {
	name := strings.ToLower(userAgent)
	return name == "" || slices.ContainsFunc(fetcherNames, func(word string) bool { return strings.Contains(name, word) })
}

// readableCode splits a canonical code into groups of four: "ABCD-EFGH".
func readableCode(code string) string {
	var b strings.Builder
	for i, c := range code {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(c)
	}
	return b.String()
}
