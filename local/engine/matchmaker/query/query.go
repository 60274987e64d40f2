// Package query is the search language of Nakama's matchmaker, match lists and party lists. It has the syntax of a
// query string, the conversion of properties and JSON labels into fields, and an in-memory index. It wraps the
// library that the real server uses, so a query has the same meaning in both. Any engine package may import it.
package query

import (
	"errors"
	"math"

	"github.com/blugelabs/bluge"
	"github.com/blugelabs/bluge/analysis/analyzer"
	querystring "github.com/blugelabs/query_string"
)

// ErrInvalid matches every error of [Parse]. The texts come from the library and reach clients, as on the real
// server.
var ErrInvalid = errors.New("query invalid")

type parseError struct{ error }

func (parseError) Is(target error) bool { return target == ErrInvalid }

// keywordAnalyzer makes one term of a whole value, so that "eu-west" is not two words.
var keywordAnalyzer = analyzer.NewKeywordAnalyzer()

// Query is a parsed query string. It has no state and can be used for many searches.
type Query struct{ tree bluge.Query }

// Parse parses a query string. "*" matches everything. An empty string matches nothing, as the language defines, so
// callers that want no filter pass "*". Every error is [ErrInvalid].
func Parse(text string) (Query, error) {
	if text == "*" {
		return All(), nil
	}
	tree, err := querystring.ParseQueryString(text, querystring.DefaultOptions().WithDefaultAnalyzer(keywordAnalyzer))
	if err != nil {
		return Query{}, parseError{err}
	}
	if v, ok := tree.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return Query{}, parseError{err}
		}
	}
	return Query{tree}, nil
}

// All matches every document.
func All() Query { return Query{bluge.NewMatchAllQuery()} }

// Is matches documents whose keyword field is exactly value.
func Is(field, value string) Query { return Query{bluge.NewTermQuery(value).SetField(field)} }

// IsTrue matches documents whose field of [Document.Bool] has this value.
func IsTrue(field string, value bool) Query { return Is(field, boolTerm(value)) }

// AtLeast matches documents whose number field is min or more.
func AtLeast(field string, min float64) Query { return between(field, min, math.Inf(1)) }

// AtMost matches documents whose number field is max or less.
func AtMost(field string, max float64) Query { return between(field, math.Inf(-1), max) }

func between(field string, min, max float64) Query {
	return Query{bluge.NewNumericRangeInclusiveQuery(min, max, true, true).SetField(field)}
}

// And matches what all of qs match.
func And(qs ...Query) Query {
	all := bluge.NewBooleanQuery()
	for _, q := range qs {
		all.AddMust(q.tree)
	}
	return Query{all}
}

// But matches what q matches, except what not matches.
func (q Query) But(not Query) Query {
	return Query{bluge.NewBooleanQuery().AddMust(q.tree).AddMustNot(not.tree)}
}
