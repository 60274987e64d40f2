// Package query is the search language of Nakama's matchmaker, match and party lists:
// the syntax of a query string, how properties and JSON labels become searchable
// fields, and an in-memory index to ask. It wraps the library the real server uses, so
// that a query means the same here and there. Any engine package may import it.
package query

import (
	"errors"
	"math"

	"github.com/blugelabs/bluge"
	"github.com/blugelabs/bluge/analysis/analyzer"
	querystring "github.com/blugelabs/query_string"
)

// ErrInvalid is what every error of [Parse] is. Their texts are the library's own, as
// they reach clients through the real server too.
var ErrInvalid = errors.New("query invalid")

type invalid struct{ error }

func (invalid) Is(target error) bool { return target == ErrInvalid }

// keyword takes a whole value as one term, so that "eu-west" is not two words.
var keyword = analyzer.NewKeywordAnalyzer()

// Query is a parsed query string. It holds no state and may be used for any number of
// searches.
type Query struct{ tree bluge.Query }

// Parse reads a query string. "*" matches everything; an empty string matches nothing,
// as in the language itself: callers that mean "no filter" pass "*". Every error is
// [ErrInvalid].
func Parse(text string) (Query, error) {
	if text == "*" {
		return All(), nil
	}
	tree, err := querystring.ParseQueryString(text, querystring.DefaultOptions().WithDefaultAnalyzer(keyword))
	if err != nil {
		return Query{}, invalid{err}
	}
	if v, ok := tree.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return Query{}, invalid{err}
		}
	}
	return Query{tree}, nil
}

// All matches every document.
func All() Query { return Query{bluge.NewMatchAllQuery()} }

// Is matches documents whose keyword field holds exactly value.
func Is(field, value string) Query { return Query{bluge.NewTermQuery(value).SetField(field)} }

// IsTrue matches documents whose field of [Document.Bool] holds value.
func IsTrue(field string, value bool) Query { return Is(field, flag(value)) }

// AtLeast matches documents whose number field is min or more.
func AtLeast(field string, min float64) Query { return between(field, min, math.Inf(1)) }

// AtMost matches documents whose number field is max or less.
func AtMost(field string, max float64) Query { return between(field, math.Inf(-1), max) }

func between(field string, min, max float64) Query {
	return Query{bluge.NewNumericRangeInclusiveQuery(min, max, true, true).SetField(field)}
}

// And matches what every one of qs matches.
func And(qs ...Query) Query {
	all := bluge.NewBooleanQuery()
	for _, q := range qs {
		all.AddMust(q.tree)
	}
	return Query{all}
}

// But matches what q matches and not does not.
func (q Query) But(not Query) Query {
	return Query{bluge.NewBooleanQuery().AddMust(q.tree).AddMustNot(not.tree)}
}
