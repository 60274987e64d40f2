package landing

import (
	"net"
	"net/http"
	"net/netip"
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

// clientIP finds who asks, by the host's own method, so that limits, logs and the
// host's sessions mean the same address: the X-Forwarded-For entries (or, without that
// header, the connection's address) are read from the right, loopback addresses left out,
// and the entry that many proxies further left is the client; the leftmost usable one if
// there are fewer. "" means that nothing usable was found.
//
// Trust: the header is believed as the host believes it. A server that players reach
// without a proxy, or a proxy_count higher than the proxies there really are, lets a
// client name any address and so escape the bounds per address. Behind a proxy it must
// overwrite or append to the header.
func clientIP(r *http.Request, proxies int) string {
	candidates := []string{r.RemoteAddr}
	if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" {
		candidates = strings.Split(forwarded, ",")
	}
	var found string
	passed := 0
	for i := len(candidates) - 1; i >= 0; i-- {
		if found != "" {
			passed++
		}
		ip := parseAddress(strings.TrimSpace(candidates[i]))
		if !ip.IsValid() || i > 0 && ip.IsLoopback() {
			continue
		}
		found = ip.String()
		if passed >= proxies {
			break
		}
	}
	return found
}

// parseAddress reads "ip", "ip:port", "[ip]:port" or "[ip]".
func parseAddress(s string) netip.Addr {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip.Unmap().WithZone("")
	}
	host, _, err := net.SplitHostPort(s)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}
