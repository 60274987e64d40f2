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

// rawCode is the code as it stands in the path of any invite route, "" elsewhere.
func rawCode(path string) string {
	rest, ok := strings.CutPrefix(path, joinPath)
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(rest, "/")
	return code
}

// pageBase is the way from the page back to "/party/" on this server, as the browser
// counts it, so that everything the page loads is found under whatever path a proxy has
// put in front.
func pageBase(r *http.Request) string {
	_, below, _ := strings.Cut(r.URL.EscapedPath(), "/party/")
	return strings.Repeat("../", strings.Count(below, "/"))
}

// fetchers are words in the names of programs that read pages for people: chats that show a
// preview of a link, search engines, scanners.
var fetchers = []string{"bot", "facebookexternalhit", "whatsapp", "preview", "crawl", "spider", "scanner"}

// fetches reports whether a request is from such a program, by what it calls itself.
func fetches(userAgent string) bool {
	name := strings.ToLower(userAgent)
	return name == "" || slices.ContainsFunc(fetchers, func(word string) bool { return strings.Contains(name, word) })
}

// readableCode breaks a canonical code into groups of four: "ABCD-EFGH".
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
