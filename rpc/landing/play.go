package landing

import (
	"html/template"
	"net/url"
	"regexp"
	"strings"

	"partyline/party/rules"
)

// codePlaceholder is the placeholder for the invite's code in a configured link.
const codePlaceholder = "{code}"

// The kinds of ways, as the page's script knows them.
const (
	wayDeep    = "deep"
	wayWeb     = "web"
	wayIOS     = "ios"
	wayAndroid = "android"
	wayMore    = "more"
)

type way struct {
	Kind   string
	Label  string
	URL    template.URL
	On     string       // devices it is for, separated by spaces; "" for all
	Intent template.URL // the same way for Android's browsers; "" for none
}

// waysOf returns the ways into the game that the rules configure, with the code in each, for any device. Without a
// code, on the page of an invite that is over, it returns only those with http and https links.
func waysOf(app rules.App, code string, t texts) []way {
	var ways []way
	add := func(kind, label, link, on string, web bool) {
		if u, ok := linkTo(link, code, web || code == ""); ok {
			ways = append(ways, way{Kind: kind, Label: label, URL: u, On: on})
		}
	}
	add(wayDeep, t.get("play"), app.DeepLink, "", false)
	add(wayWeb, t.get("play_web"), app.Web, "", true)
	add(wayIOS, t.get("store_ios"), app.IOS.Store, "ios desktop", true)
	add(wayAndroid, t.get("store_android"), app.Android.Store, "android desktop", true)
	for _, more := range app.More {
		add(wayMore, legible(more.Label, labelLength), more.URL, strings.Join(more.On, " "), false)
	}
	return ways
}

// androidIntent returns the deep link in the form that lets Android's browsers open it in the one app that it is for.
// If that is not installed, the browser returns to the page: nobody is sent to a store without asking for it.
func androidIntent(app rules.App, code, page string) template.URL {
	link, ok := linkTo(app.DeepLink, code, false)
	scheme, rest, found := strings.Cut(string(link), "://")
	if !ok || !found || app.Android.Package == "" || scheme == "http" || scheme == "https" || strings.Contains(rest, "#") { // not in an intent
		return ""
	}
	return template.URL("intent://" + rest + "#Intent;scheme=" + scheme + ";package=" + app.Android.Package +
		";S.browser_fallback_url=" + url.QueryEscape(page+"#get") + ";end")
}

var appleID = regexp.MustCompile(`/id([0-9]{5,12})(?:[/?]|$)`)

// smartBanner returns the content of Safari's banner tag: the app's number in the store, and the address to open.
func smartBanner(app rules.App, page string) string {
	if id := appleID.FindStringSubmatch(app.IOS.Store); id != nil {
		return "app-id=" + id[1] + ", app-argument=" + page
	}
	return ""
}

// linkTo puts the code into an operator's link. Because html/template would reject a game's own scheme, it marks the
// result as safe, and itself refuses every scheme that could run code in the page. web allows only http and https.
func linkTo(link, code string, web bool) (template.URL, bool) {
	if link == "" {
		return "", false
	}
	u, err := url.Parse(strings.ReplaceAll(link, codePlaceholder, url.QueryEscape(code)))
	if err != nil {
		return "", false
	}
	switch u.Scheme { // url.Parse returns it in lower case and refuses unusual characters
	case "", "javascript", "data", "vbscript", "blob", "file", "about", "filesystem":
		return "", false
	case "http", "https":
		return template.URL(u.String()), u.Host != ""
	}
	return template.URL(u.String()), !web
}

// picture returns an image's address if it is a plain https address, else "": the page shows an initial then.
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

// logoOf returns the address of the logo for the page: an https address, or a path relative to the page's base.
func logoOf(c rules.Config, base string) string {
	logo := c.Invites.Page.Logo
	if strings.HasPrefix(logo, "/") && !strings.HasPrefix(logo, "//") {
		return base + "../" + strings.TrimPrefix(logo, "/")
	}
	return picture(logo)
}

// imageOf returns the full address of the operator's own picture for chat programs, or "" if there is none.
func imageOf(c rules.Config) string {
	image := c.Invites.Page.Image
	if strings.HasPrefix(image, "/") && !strings.HasPrefix(image, "//") {
		return publicURL(c, image)
	}
	return image
}

// publicURL returns the address at which players reach a path of this server.
func publicURL(c rules.Config, path string) string {
	return strings.TrimRight(c.Invites.PublicURL, "/") + path
}

// publicPath returns the path of public_url, or "" if it has none.
func publicPath(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.EscapedPath(), "/")
}
