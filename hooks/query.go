package hooks

import (
	"context"
	"regexp"
	"strings"
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
// host. It reads the language as the host does and refuses patterns that it does not understand, in linear time.
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

// allowedPattern is what may be between two slashes, where the server reads a regular expression for a whole value: a
// literal with ".*" at either end, or alternatives of literals. Only before punctuation a backslash is harmless.
var allowedPattern = func() *regexp.Regexp {
	const literal = `(?:[^\\.*+?()\[\]{}^$|]|\\[[:punct:]])*`
	const alternatives = literal + `(?:\|` + literal + `)*`
	return regexp.MustCompile(`^(?:(?:\.\*)?` + literal + `(?:\.\*)?|` + alternatives + `|\(` + alternatives + `\))$`)
}()

func checkPattern(pattern string) string {
	if body, open := strings.CutPrefix(pattern, ".*"); open && utf8.RuneCountInString(strings.TrimSuffix(body, ".*")) > maxOpenPattern {
		return "a regular expression is too long"
	}
	if !allowedPattern.MatchString(pattern) {
		return "this regular expression is not allowed"
	}
	return ""
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

// queryPart is a part of a query as the server's parser reads it. It drops a backslash at the end of the query.
var queryPart = regexp.MustCompile(`(?s)` +
	`[\s\v\x{85}\p{Z}+:<>=-]` + // separates terms
	`|"(?:[^"\\]|\\.)*[\\"]?` + // quoted text
	`|[\^~](?:[^ \\]|\\.)*\\?` + // a number, up to the next space
	`|((?:[^ :^~\\]|\\.)+)\\?`) // a term

// escape matches a backslash and a character that it may escape.
var escape = regexp.MustCompile(`\\([-+=&|><!(){}\[\]^"~*?:\\/ ])`)

// scanQuery reads the terms of a query. An escaped slash or star still counts as one; quoted text has no patterns.
func scanQuery(query string) (terms []term) {
	for _, part := range queryPart.FindAllStringSubmatch(query, -1) {
		switch {
		case part[1] != "":
			terms = append(terms, term{text: escape.ReplaceAllString(part[1], "$1")})
		case part[0][0] == '"':
			terms = append(terms, term{})
		case part[0][0] == '~' && len(terms) > 0:
			terms[len(terms)-1].fuzzy = true
		}
	}
	return terms
}
