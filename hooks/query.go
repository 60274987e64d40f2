package hooks

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
	"partyline/party/rules"
)

// Queries limits the ticket searches of clients to what the server can bear, also if a queue replaces the search
// later. [Register] checks the searches of party and match lists.
func Queries(policy party.Policy) []Hook {
	return []Hook{
		{Message: MatchmakerAdd, Name: "query", Before: func(_ context.Context, call *Call) error {
			return CheckQuery(call.In.GetMatchmakerAdd().GetQuery(), policy().Queries)
		}},
		{Message: PartyMatchmakerAdd, Name: "query", Before: func(_ context.Context, call *Call) error {
			return CheckQuery(call.In.GetPartyMatchmakerAdd().GetQuery(), policy().Queries)
		}},
	}
}

// checkPartyList refuses cursors that would crash the host's process, and costly queries.
func checkPartyList(request *api.ListPartiesRequest, bounds rules.Queries) error {
	var open *bool
	if asked := request.GetOpen(); asked != nil {
		open = new(asked.GetValue())
	}
	if err := party.CheckListCursor(request.GetCursor().GetValue(), open); err != nil {
		return err
	}
	return CheckQuery(request.GetQuery().GetValue(), bounds)
}

// Limits of a search, besides those of the rules file. The server turns a pattern into an automaton. Its size grows
// with the pattern's length, and much faster with every wildcard in it.
const (
	maxOpenPattern   = 80 // characters of a pattern with a wildcard before its end
	maxStars         = 8  // "*" in one wildcard pattern
	maxQuestionMarks = 2  // "?" behind the first "*"
)

// CheckQuery refuses, with QueryNotAllowed, a query of the host's search language that could be too costly for the
// host. It reads the language as the host does and refuses patterns that it does not understand. Allowed between
// slashes are: literal characters, with ".*" at either end, or alternatives of literals. Wildcards are limited. The
// check takes time in proportion to the query's length.
func CheckQuery(query string, bounds rules.Queries) error {
	if len(query) > bounds.MaxLength {
		return queryRefused("%d bytes are too many; at most %d", len(query), bounds.MaxLength)
	}
	if !utf8.ValidString(query) {
		return queryRefused("it has to be UTF-8")
	}
	terms := scanQuery(query)
	if len(terms) > bounds.Terms {
		return queryRefused("it has more than %d terms", bounds.Terms)
	}
	if bounds.Regex == rules.RegexAny {
		return nil
	}
	for _, t := range terms {
		if problem := t.check(); problem != "" {
			return queryRefused("%s", problem)
		}
	}
	return nil
}

func queryRefused(format string, args ...any) error {
	return party.Refuse(party.QueryNotAllowed, "query: "+format+".", args...)
}

// term is a word of a query: a field's name or a value, as the server's parser reads it.
type term struct {
	text  string
	fuzzy bool // followed by "~": also matches similar values
}

func (t term) check() string {
	switch {
	case t.fuzzy && utf8.RuneCountInString(t.text) > maxOpenPattern:
		return "a fuzzy term is too long"
	case t.fuzzy:
		return ""
	case strings.HasPrefix(t.text, "/") && strings.HasSuffix(t.text, "/"):
		return checkPattern(t.text[min(1, len(t.text)-1) : len(t.text)-1])
	case strings.ContainsAny(t.text, "*?"):
		return checkWildcards(t.text)
	}
	return ""
}

// checkPattern checks the text between two slashes. The server reads it as a regular expression that must match a
// whole value.
func checkPattern(pattern string) string {
	body, leading := strings.CutPrefix(pattern, ".*")
	body, trailing := strings.CutSuffix(body, ".*")
	if leading && utf8.RuneCountInString(body) > maxOpenPattern {
		return "a regular expression is too long"
	}
	alternatives := false
	if inner, ok := strings.CutPrefix(body, "("); ok {
		if body, ok = strings.CutSuffix(inner, ")"); !ok {
			return "this regular expression is not allowed"
		}
		alternatives = true
	}
	escaped := false
	for _, r := range body {
		switch {
		case escaped && !isPunctuation(r): // a character class, or the start of another construct
			return "this regular expression is not allowed"
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '|':
			alternatives = true
		case strings.ContainsRune(`.*+?()[]{}^$`, r):
			return "this regular expression is not allowed"
		}
	}
	if escaped || alternatives && (leading || trailing) {
		return "this regular expression is not allowed"
	}
	return ""
}

// isPunctuation reports whether a backslash before r stands for r itself.
func isPunctuation(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsPunct(r) || unicode.IsSymbol(r))
}

func checkWildcards(text string) string {
	stars, marks := strings.Count(text, "*"), 0
	if first := strings.IndexByte(text, '*'); first >= 0 {
		marks = strings.Count(text[first:], "?")
	}
	switch {
	case stars > maxStars:
		return "a term has too many *"
	case marks > maxQuestionMarks:
		return "a term has too many ? behind a *"
	case utf8.RuneCountInString(text) > maxOpenPattern:
		return "a term with wildcards is too long"
	}
	return ""
}

// termEnd are the characters that end an unquoted term.
const termEnd = " :^~"

// scanQuery reads the terms of a query. A backslash escapes the next character if that one has a meaning: it does
// not end the term then, but an escaped slash or star still counts as one. Quoted text has no patterns; a phrase
// counts as one term. After "^" and "~" comes a number that ends at the next space.
func scanQuery(query string) (terms []term) {
	s := scanner{rest: query}
	for s.rest != "" {
		switch r, size := utf8.DecodeRuneInString(s.rest); {
		case unicode.IsSpace(r) || strings.ContainsRune("+-:<>=", r):
			s.rest = s.rest[size:]
		case r == '"':
			s.rest = s.rest[size:]
			s.take(`"`)
			s.rest = s.rest[min(1, len(s.rest)):]
			terms = append(terms, term{})
		case r == '^' || r == '~':
			s.rest = s.rest[size:]
			s.take(" ")
			if r == '~' && len(terms) > 0 {
				terms[len(terms)-1].fuzzy = true
			}
		default:
			terms = append(terms, term{text: s.take(termEnd)})
		}
	}
	return terms
}

type scanner struct{ rest string }

// take reads up to one of the characters in end, which stays unread, or to the end of the query.
func (s *scanner) take(end string) string {
	var text strings.Builder
	for s.rest != "" {
		r, size := utf8.DecodeRuneInString(s.rest)
		if strings.ContainsRune(end, r) {
			break
		}
		s.rest = s.rest[size:]
		if r == '\\' {
			if s.rest == "" { // the server's parser drops it
				break
			}
			if r, size = utf8.DecodeRuneInString(s.rest); !strings.ContainsRune(escapable, r) {
				text.WriteByte('\\')
			}
			s.rest = s.rest[size:]
		}
		text.WriteRune(r)
	}
	return text.String()
}

// escapable are the characters that a backslash may escape.
const escapable = "+-=&|><!(){}[]^\"~*?:\\/ "
