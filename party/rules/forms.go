package rules

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// form is a syntax for texts of the rules file. The form tags of the schema name it.
type form struct {
	valid   func(string) bool
	allowed string // for the message of a problem
	pattern string // for the JSON Schema; "" if no regular expression describes it
}

func patternForm(re, allowed string) form {
	return form{valid: regexp.MustCompile(re).MatchString, allowed: allowed, pattern: re}
}

var nameForm = patternForm(`^[a-z0-9][a-z0-9_-]{0,63}$`,
	"allowed are up to 64 of a-z, 0-9, - and _, beginning with a letter or digit")

var forms = map[string]form{
	"name": nameForm,
	"property": patternForm(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`,
		"allowed are up to 64 letters, digits, _, . and -, beginning with a letter"),
	"color":      patternForm(`^#[0-9a-fA-F]{6}$`, `expected a colour such as "#7c5cff"`),
	"ios_app_id": patternForm(`^[A-Z0-9]{10}\.[A-Za-z0-9.-]{1,155}$`, `expected "<team id>.<bundle id>", such as "ABCDE12345.com.example.game"`),
	"android_package": patternForm(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`,
		`expected an application id such as "com.example.game"`),
	"fingerprint": patternForm(`^([0-9A-F]{2}:){31}[0-9A-F]{2}$`, `expected 32 pairs of 0-9 and A-F with colons, "AA:BB:..."`),
	"base_url":    {valid: isBaseURL, allowed: `expected http:// or https:// with a host and no slash at the end, such as "https://play.example.com"`, pattern: `^https?://[^?#]*[^/?#]$`},
	"https_url":   {valid: func(s string) bool { return isWeb(s, "https") }, allowed: `expected an address that begins with "https://"`, pattern: `^https://`},
	"web_link":    {valid: isWebLink, allowed: `expected an http:// or https:// address that contains {code}`, pattern: `^https?://.*\{code\}`},
	"deep_link":   {valid: func(s string) bool { return isAppLink(s) && strings.Contains(s, "{code}") }, allowed: `expected the game's own scheme and {code}, such as "mygame://party/{code}"`, pattern: `^[a-z][a-z0-9+.-]*:.*\{code\}`},
	"app_link":    {valid: isAppLink, allowed: `expected an address such as "https://store.example.com/game" or "launcher://game?party={code}"`, pattern: `^[a-z][a-z0-9+.-]*:`},
	"picture":     {valid: func(s string) bool { return isImage(s) || isWeb(s, "http") }, allowed: `expected "https://..." or a path such as "/images/invite.png"`, pattern: `^(https?://|/[^/])`},
	"language":    patternForm(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`, `expected a language such as "de" or "pt-BR"`),
	"direction":   patternForm(`^(ltr|rtl)$`, `expected "ltr" or "rtl"`),
	"page_text":   nameForm, // [decoder.checkPageTexts] says more of an unknown key
	"image":       {valid: isImage, allowed: `expected "https://..." or a path such as "/static/logo.svg"`, pattern: `^(https://|/[^/])`},
	"sentence":    {valid: func(s string) bool { return strings.TrimSpace(s) != "" }, allowed: "expected a sentence"},
}

// FormPattern returns the regular expression of a form, or "" if none describes it. It is for package
// reference.
func FormPattern(name string) string { return forms[name].pattern }

func parseURL(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r == '<' || r == '>' || r == '\\' }) {
		return nil, false
	}
	return u, true
}

// isWeb reports whether s is a web address with one of the schemes. {code} can be anywhere but in its host.
func isWeb(s string, schemes ...string) bool {
	u, ok := parseURL(s)
	return ok && slices.Contains(schemes, u.Scheme) && u.Hostname() != ""
}

func isBaseURL(s string) bool {
	return isWeb(s, "http", "https") && !strings.ContainsAny(s, "?#") && !strings.HasSuffix(s, "/")
}

func isWebLink(s string) bool { return isWeb(s, "http", "https") && strings.Contains(s, "{code}") }

// scriptSchemes are schemes of links that run or show something other than a game.
var scriptSchemes = []string{"javascript", "data", "vbscript", "file", "blob", "about", "view-source"}

// isAppLink reports whether s is an address that can lead to a game. {code} may be its host, which no parser takes.
func isAppLink(s string) bool {
	u, ok := parseURL(strings.ReplaceAll(s, "{code}", "0000"))
	return ok && u.Scheme != "" && !slices.Contains(scriptSchemes, u.Scheme) && !strings.Contains(s[:len(u.Scheme)], "{")
}

func isImage(s string) bool {
	if path := strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//"); path {
		_, ok := parseURL(s)
		return ok
	}
	return isWeb(s, "https")
}

// isControl reports whether r could break or disguise a line, a log or a page.
func isControl(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
