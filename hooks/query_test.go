package hooks_test

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/blugelabs/bluge"
	querystring "github.com/blugelabs/query_string"

	"partyline/hooks"
	"partyline/party"
	"partyline/party/rules"
)

var queryBounds = rules.Default().Queries

var allowedQueries = []string{
	"", "*", "+label.mode:duel", "+properties.region:eu -properties.mode:duel^2",
	"+properties.skill:>=90 +properties.skill:<=110", `label.text:"two words"`, `label.text:"/.{1,1000}/"`,
	`-properties.blocked:/.*6f1f2a0e\-90a7\-4f0e\-a5d7\-7c1f3c0f5c11.*/`,
	"+label.mode:/(freeforall|teams)/", "+label.mode:/a|b|c/", "label.name:/abc/", "label.name:/abc.*/", "label.name:/.*/",
	"label.name:abc*", "label.name:*a*b??", "label.name:????", "label.name:abc~2", "properties.a.b:5 ~ x", "/", "//", "label.x:/",
	"a:" + strings.Repeat("a", 80) + "~2", "a:*" + strings.Repeat("a", 79), "a:/.*" + strings.Repeat("a", 80) + "/", "a:*a*a*a*a*a*a*a*a", "a:?????*??",
	"label.name:/" + strings.Repeat("a", 1500) + "/", "_id:aaaaaaaa-bbbb.nakama1", "a\\ b:c", "+label.created:>\"2026-01-01T00:00:00Z\"",
}

var refusedQueries = []string{
	"label.desc:/.{1,1000}.{1,1000}b/", "/.*a.*b/", "label.desc:/(a|b)+/", "/[a-z]*/", "/a?/", `/\d/`, `/\pL/`, "/(?i)a/", "/((a))/",
	"/.*(a|b).*/", "/.*a|b/", "/.*a|b.*/", "/.*(a)/", "/(a).*/", "/a.b/", `\/.{9}\/`, `label.x:\/a+\/`, "\t/a+/", "/ a+/ /a+/",
	"label.desc:*a????????????", "label.desc:*a*a*a*a*a*a*a*a*a", `a:\*\*\*\*\*\*\*\*\*`, "a:*\\?\\?\\?",
	"label.desc:/.*" + strings.Repeat("ab", 900) + ".*/", "label.desc:*" + strings.Repeat("ab", 900) + "??", strings.Repeat("?", 1500),
	"a:" + strings.Repeat("a", 81) + "~2", "a:*" + strings.Repeat("a", 80), "a:/.*" + strings.Repeat("a", 81) + "/", "a:*a*a*a*a*a*a*a*a*", "a:*???",
	"a:" + strings.Repeat("ab", 500) + "~2", strings.Repeat("a ", 65), strings.Repeat("a", 2049), "a:\xff", "1:/a+/", `/a+/\`, `label.n:/.{1,200}.{1,200}b/\`, `a "/a+/" /a+/\`,
}

func TestCheckQuery(t *testing.T) {
	for _, q := range allowedQueries {
		if err := hooks.CheckQuery(q, queryBounds); err != nil {
			t.Errorf("%.60q is refused: %v", q, err)
		}
	}
	for _, q := range refusedQueries {
		if err := hooks.CheckQuery(q, queryBounds); party.ReasonOf(err) != party.QueryNotAllowed {
			t.Errorf("%.60q = %v; want query_not_allowed", q, err)
		}
	}
	loose := rules.Queries{MaxLength: 10, Terms: 2, Regex: rules.RegexAny}
	for q, refused := range map[string]bool{"a:/a+.{9}/": false, "a:/a+.{10}/": true, "a b": false, "a b c": true} {
		if err := hooks.CheckQuery(q, loose); (err != nil) != refused {
			t.Errorf("%q with any pattern = %v; want refused %v", q, err, refused)
		}
	}
}

// If a query is allowed, the server's own parser finds no costly pattern in it.
func FuzzCheckQuery(f *testing.F) {
	for _, q := range append(allowedQueries, refusedQueries...) {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		if hooks.CheckQuery(q, queryBounds) != nil {
			return
		}
		tree, err := querystring.ParseQueryString(q, querystring.DefaultOptions())
		if err != nil {
			return // the server refuses it
		}
		top, ok := tree.(*bluge.BooleanQuery)
		if !ok {
			return // the empty query
		}
		leaves := append(append(top.Musts(), top.Shoulds()...), top.MustNots()...)
		if len(leaves) > queryBounds.Terms {
			t.Fatalf("%q has %d terms", q, len(leaves))
		}
		for _, leaf := range leaves {
			switch leaf := leaf.(type) {
			case *bluge.RegexpQuery:
				if !cheap(leaf.Regexp()) {
					t.Fatalf("%q lets the regular expression %q pass", q, leaf.Regexp())
				}
			case *bluge.WildcardQuery:
				w := leaf.Wildcard()
				_, behind, _ := strings.Cut(w, "*")
				if strings.Count(w, "*") > 8 || strings.Count(behind, "?") > 2 || len([]rune(w)) > 80 {
					t.Fatalf("%q lets the wildcard %q pass", q, w)
				}
			case *bluge.MatchQuery:
				if leaf.Fuzziness() > 0 && len([]rune(leaf.Match())) > 80 {
					t.Fatalf("%q lets a fuzzy term of %d characters pass", q, len(leaf.Match()))
				}
			}
		}
	})
}

var escaped = regexp.MustCompile(`\\.`)

// cheap reports, by the syntax tree, whether a regular expression is cheap: literals, one of several literals, or
// one literal between parts that match anything.
func cheap(pattern string) bool {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return true // the server refuses it
	}
	if plain := escaped.ReplaceAllString(pattern, ""); !strings.ContainsAny(plain, "()[]?") && alternatives(re) {
		return true // a|b|c; the parser may have factored out a common beginning
	}
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	for i, part := range parts {
		anything := part.Op == syntax.OpStar && (part.Sub[0].Op == syntax.OpAnyCharNotNL || part.Sub[0].Op == syntax.OpAnyChar)
		if anything && i != 0 && i != len(parts)-1 {
			return false
		}
		if anything {
			continue
		}
		if len(parts) == 1 && alternatives(part) {
			continue
		}
		if part.Op != syntax.OpLiteral && part.Op != syntax.OpEmptyMatch {
			return false
		}
		if part.Flags&syntax.FoldCase != 0 {
			return false
		}
	}
	return true
}

// alternatives reports whether the expression is one of several literals. The parser may have factored them.
func alternatives(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpEmptyMatch, syntax.OpCharClass:
		return true
	case syntax.OpAlternate, syntax.OpConcat, syntax.OpCapture, syntax.OpQuest:
		for _, sub := range re.Sub {
			if !alternatives(sub) {
				return false
			}
		}
		return true
	}
	return false
}
