// Package query is the search language of Nakama's matchmaker, match and party lists:
// the syntax of a query string, how properties and JSON labels become searchable
// fields, and an in-memory index to ask. It wraps the library the real server uses, so
// that a query means the same here and there. Any engine package may import it.
package query

import (
	"errors"
	"fmt"

	"github.com/blugelabs/bluge"
	"github.com/blugelabs/bluge/analysis/analyzer"
	querystring "github.com/blugelabs/query_string"
)

// ErrInvalid is wrapped by every error of [Parse].
var ErrInvalid = errors.New("query invalid")

// Query is a parsed query string. It holds no state and may be used for any number of
// searches.
type Query struct{ tree bluge.Query }

// All matches every document.
func All() Query { return Query{bluge.NewMatchAllQuery()} }

// Parse reads a query string. "*" matches everything; an empty string matches nothing,
// as in the language itself: callers that mean "no filter" pass "*". Every error wraps
// [ErrInvalid].
func Parse(text string) (q Query, err error) {
	// The library's parser indexes into its input by what the text claims; a text it did
	// not foresee must cost the caller an error and not the process.
	defer func() {
		if r := recover(); r != nil {
			q, err = Query{}, fmt.Errorf("%w: %v", ErrInvalid, r)
		}
	}()
	if text == "*" {
		return All(), nil
	}
	tree, err := querystring.ParseQueryString(text, querystring.DefaultOptions().WithDefaultAnalyzer(analyzer.NewKeywordAnalyzer()))
	if err != nil {
		return Query{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if v, ok := tree.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return Query{}, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return Query{tree}, nil
}
