package landing

import (
	"html/template"
	"net/url"
	"regexp"
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
	wayMore    = "more"
)

type way struct {
	Kind   string
	Label  string
	URL    template.URL
	On     string       // the devices it is for, with spaces between; "" for all
	Intent template.URL // of the same for Android's browsers; "" for none
}

// waysOf lists the ways the rules configure, with the code in each, as the page offers them without knowing
// the device: the installed game, the browser, the stores, others. Without a code, on the page of an invite
// that is over, those remain that are on the web.
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

// androidIntent is the deep link as Android's browsers open it in the one app that it is
// for. Where that is not installed they come back to the page, which then shows the ways
// to get it: nobody is sent to a store without having asked for it.
func androidIntent(app rules.App, code, page string) template.URL {
	link, ok := linkTo(app.DeepLink, code, false)
	scheme, rest, found := strings.Cut(string(link), "://")
	if !ok || !found || app.Android.Package == "" || scheme == "http" || scheme == "https" || strings.Contains(rest, "#") { // which an intent has no place for
		return ""
	}
	return template.URL("intent://" + rest + "#Intent;scheme=" + scheme + ";package=" + app.Android.Package +
		";S.browser_fallback_url=" + url.QueryEscape(page+"#get") + ";end")
}

var appleID = regexp.MustCompile(`/id([0-9]{5,12})(?:[/?]|$)`)

// smartBanner is what Safari shows an app's banner by: the app's number, which its store
// link holds, and the address the app is opened with.
func smartBanner(app rules.App, page string) string {
	if id := appleID.FindStringSubmatch(app.IOS.Store); id != nil {
		return "app-id=" + id[1] + ", app-argument=" + page
	}
	return ""
}

// linkTo puts the code, escaped, into an operator's link. The result is marked as safe for an href, because
// html/template lets no game's own scheme pass; every scheme that could run in the page is refused here.
// web means that only http and https will do.
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

// logoOf is the configured logo as the page loads it: an https address, or a path on this
// server, from the page's base.
func logoOf(c rules.Config, base string) string {
	logo := c.Invites.Page.Logo
	if strings.HasPrefix(logo, "/") && !strings.HasPrefix(logo, "//") {
		return base + "../" + strings.TrimPrefix(logo, "/")
	}
	return picture(logo)
}

// imageOf is the operator's own picture for chats, which need its whole address; "" for none.
func imageOf(c rules.Config) string {
	image := c.Invites.Page.Image
	if strings.HasPrefix(image, "/") && !strings.HasPrefix(image, "//") {
		return publicURL(c, image)
	}
	return image
}

// publicURL is where players reach a path of this server.
func publicURL(c rules.Config, path string) string {
	return strings.TrimRight(c.Invites.PublicURL, "/") + path
}

// publicPath is the path of public_url, "" where it has none.
func publicPath(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.EscapedPath(), "/")
}
