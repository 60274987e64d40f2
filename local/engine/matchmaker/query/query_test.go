package query_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"partyline/local/engine/matchmaker/query"
)

// languageCases are queries on one set of documents. They are also the seeds of the fuzz target.
var languageCases = []struct {
	query string
	want  []string // IDs, sorted; nil for none
}{
	{"*", []string{"a", "b", "c"}},
	{"", nil},
	{"properties.region:eu", []string{"a", "b"}},
	{"+properties.region:eu", []string{"a", "b"}},
	{"-properties.region:eu", []string{"c"}},
	{"+properties.region:eu -properties.mode:duel", []string{"b"}},
	{"properties.region:eu properties.region:us", []string{"a", "b", "c"}},
	{"properties.mode:capture-the-flag", []string{"b"}},
	{"properties.mode:capture", nil},
	{"properties.mode:capture*", []string{"b"}},
	{`properties.mode:/d.+l/`, []string{"a"}},
	{"properties.mmr:>=15", []string{"b", "c"}},
	{"+properties.mmr:>10 +properties.mmr:<=20", []string{"b"}},
	{"properties.mmr:10", []string{"a"}},
	{"properties.ranked:T", []string{"a"}},
	{"properties.ranked:F", []string{"b"}},
	{"properties.since:>\"2026-01-01T00:00:00Z\"", []string{"b"}},
	{"properties.tags:x", []string{"a", "c"}},
	{"properties.deep.er:1", []string{"c"}},
	{"properties.region:eu properties.nothing:x", []string{"a", "b"}},
	{"region:eu", nil},
	{"eu", nil},
}

var badQueries = []string{
	" ",
	"\t\n",
	"+properties.region:",
	"properties.mmr:>=",
	"\"open",
	"a:\\",
	"x^nope",
}

func pool(t testing.TB) *query.Index {
	t.Helper()
	index, err := query.NewIndex()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := index.Close(); err != nil {
			t.Error(err)
		}
	})
	docs := map[string]string{
		"a": `{"region":"eu","mode":"duel","mmr":10,"ranked":true,"since":"2025-06-01","tags":["x","y"]}`,
		"b": `{"region":"eu","mode":"capture-the-flag","mmr":20,"ranked":false,"since":"2026-06-01T00:00:00Z","tags":[],"n":null}`,
		"c": `{"region":"us","mmr":30,"tags":["x"],"deep":{"er":1}}`,
	}
	var put []*query.Document
	for _, id := range []string{"a", "b", "c"} {
		var props map[string]any
		if err := json.Unmarshal([]byte(docs[id]), &props); err != nil {
			t.Fatal(err)
		}
		put = append(put, query.NewDocument(id).Object("properties", props).Keyword("id", id).Number("order", float64(len(put))))
	}
	if err := index.Change(put, nil); err != nil {
		t.Fatal(err)
	}
	return index
}

func find(t testing.TB, index *query.Index, q query.Query, limit int, order ...string) []string {
	t.Helper()
	var ids []string
	for id, err := range index.Search(t.Context(), q, limit, order...) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func TestParse_Language(t *testing.T) {
	index := pool(t)
	for _, c := range languageCases {
		t.Run(c.query, func(t *testing.T) {
			q, err := query.Parse(c.query)
			if err != nil {
				t.Fatal(err)
			}
			got := find(t, index, q, 10, "order")
			if !slices.Equal(got, c.want) {
				t.Errorf("Parse(%q) finds %v; want %v", c.query, got, c.want)
			}
		})
	}
}

func TestParse_Refused(t *testing.T) {
	for _, text := range badQueries {
		if _, err := query.Parse(text); !errors.Is(err, query.ErrInvalid) {
			t.Errorf("Parse(%q) = %v; want ErrInvalid", text, err)
		}
	}
}

// As on the real server, only the search finds a broken pattern.
func TestSearch_BrokenPattern(t *testing.T) {
	q, err := query.Parse("properties.region:/[/")
	if err != nil {
		t.Fatal(err)
	}
	failed := false
	for id, err := range pool(t).Search(t.Context(), q, 10) {
		if err == nil {
			t.Errorf("found %q", id)
		}
		failed = true
	}
	if !failed {
		t.Error("no error")
	}
}

func TestIndex_OrderAndLimit(t *testing.T) {
	index := pool(t)
	boosted, err := query.Parse("properties.region:us^3 properties.region:eu")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := find(t, index, boosted, 10, "_score", "order"), []string{"c", "a", "b"}; !slices.Equal(got, want) {
		t.Errorf("best score first: %v; want %v", got, want)
	}
	if got, want := find(t, index, query.All(), 2, "-order"), []string{"c", "b"}; !slices.Equal(got, want) {
		t.Errorf("descending with limit: %v; want %v", got, want)
	}
	within := query.And(query.All(), query.AtLeast("order", 1), query.AtMost("order", 2)).But(query.Is("id", "b"))
	if got, want := find(t, index, within, 10), []string{"c"}; !slices.Equal(got, want) {
		t.Errorf("combined: %v; want %v", got, want)
	}
}

func TestIndex_Change(t *testing.T) {
	index := pool(t)
	err := index.Change([]*query.Document{
		query.NewDocument("a").Keyword("id", "a").Number("order", 9),
		query.NewDocument("d").Keyword("id", "d").Number("order", 8),
		query.NewDocument("e").Keyword("id", "e").Number("order", 7),
	}, []string{"b", "e", "unknown"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := find(t, index, query.All(), 10, "order"), []string{"c", "d", "a"}; !slices.Equal(got, want) {
		t.Errorf("after the change: %v; want %v", got, want)
	}
}

func TestIndex_Closed(t *testing.T) {
	index := pool(t)
	if err := index.Close(); err != nil {
		t.Fatal(err)
	}
	if err := index.Change(nil, []string{"a"}); err == nil {
		t.Error("Change on a closed index: no error")
	}
	for id, err := range index.Search(t.Context(), query.All(), 1) {
		if err == nil {
			t.Errorf("Search on a closed index found %q", id)
		}
	}
}

// maxQueryLength is the maximum length of fuzzed queries. The library's cost of a pattern grows with the square of its
// length: four thousand characters take seconds.
const maxQueryLength = 250

func FuzzParse(f *testing.F) {
	for _, c := range languageCases {
		f.Add(c.query)
	}
	for _, text := range badQueries {
		f.Add(text)
	}
	index := pool(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > maxQueryLength {
			return
		}
		q, err := query.Parse(text)
		if err != nil {
			if !errors.Is(err, query.ErrInvalid) {
				t.Errorf("Parse(%q): foreign error %v", text, err)
			}
			return
		}
		// A query that parses may still fail in a search, for example because of a broken pattern. But it must
		// neither panic nor find documents that do not exist.
		for id, err := range index.Search(t.Context(), q, 10) {
			if err == nil && !slices.Contains([]string{"a", "b", "c"}, id) {
				t.Errorf("Parse(%q) found %q", text, id)
			}
		}
	})
}
