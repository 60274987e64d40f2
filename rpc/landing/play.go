package landing

import (
	"html/template"
	"net/url"
	"strings"

	"partyline/party/rules"
)

// codePlace is where a configured link takes the invite's code.
const codePlace = "{code}"

// The kinds of ways, as the page's script knows them.
const (
	wayDeep    = "deep"
	wayWeb     = "web"
	wayIOS     = "ios"
	wayAndroid = "android"
)

// way is one way into the game.
type way struct {
	Kind  string
	Label string
	URL   template.URL
}

// waysOf lists the ways the rules configure, with the code in each, in the order the
// page offers them without knowing the player's platform: the installed game, the
// browser, the stores.
func waysOf(app rules.App, code string, t texts) []way {
	var ways []way
	add := func(kind, label, link string, web bool) {
		if u, ok := linkTo(link, code, web); ok {
			ways = append(ways, way{kind, label, u})
		}
	}
	add(wayDeep, t.get("play"), app.DeepLink, false)
	add(wayWeb, t.get("play_web"), app.Web, true)
	add(wayIOS, t.get("store_ios"), app.IOS.Store, true)
	add(wayAndroid, t.get("store_android"), app.Android.Store, true)
	return ways
}

// linkTo puts the code, escaped, into an operator's link. The result is marked as safe for
// an href, because a game's own scheme ("mygame:") is none that html/template lets pass; in
// exchange every scheme that could run in the page is refused here. web means that
// only http and https will do.
func linkTo(link, code string, web bool) (template.URL, bool) {
	if link == "" {
		return "", false
	}
	u, err := url.Parse(strings.ReplaceAll(link, codePlace, url.QueryEscape(code)))
	if err != nil {
		return "", false
	}
	switch u.Scheme { // url.Parse lower-cases it and allows no odd characters
	case "", "javascript", "data", "vbscript", "blob", "file", "about", "filesystem":
		return "", false
	case "http", "https":
		return template.URL(u.String()), u.Host != ""
	}
	return template.URL(u.String()), !web
}

// picture lets an image's address through if it is a plain https one; anything else is
// "", and the page shows an initial.
func picture(address string) string {
	const longest = 1024
	if len(address) > longest {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// logoOf is the configured logo as the page loads it, an https address or a path on this
// server, and as others do, who need the whole address.
func logoOf(c rules.Config) (source, absolute string) {
	logo := c.Invites.Page.Logo
	if strings.HasPrefix(logo, "/") && !strings.HasPrefix(logo, "//") {
		return logo, publicURL(c, logo)
	}
	address := picture(logo)
	return address, address
}

// publicURL is where players reach a path of this server.
func publicURL(c rules.Config, path string) string {
	return strings.TrimRight(c.Invites.PublicURL, "/") + path
}
