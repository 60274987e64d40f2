package wiring

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"partyline/internal/web"
)

func TestCheckRoutes_ListsEveryMistake(t *testing.T) {
	both := []string{http.MethodGet, http.MethodHead}
	serve := func(http.ResponseWriter, *http.Request) {}
	err := checkRoutes([]web.Route{
		{Name: "a", Pattern: "/party/a", Methods: both, Handler: serve},
		{Name: "b", Pattern: "/party/a", Methods: both, Handler: serve},
		{Name: "a", Pattern: "/party/b", Methods: both, Handler: serve},
		{Name: "c", Pattern: "/v2/account", Methods: both, Handler: serve},
		{Name: "d", Pattern: "party/d", Methods: both, Handler: serve},
		{Name: "e", Pattern: "/party/e", Methods: both[:1], Handler: serve},
		{Name: "f", Pattern: "/party/f", Handler: serve},
		{Name: "g", Pattern: "/party/g", Methods: both},
	})
	if err == nil {
		t.Fatal("checkRoutes found nothing")
	}
	want := []string{
		"route b /party/a: the path is already taken by a",
		"route a /party/b: the name is taken",
		"route c /v2/account: paths begin with one of /party/ /.well-known/ /favicon.ico",
		"route d party/d: paths begin with one of /party/ /.well-known/ /favicon.ico",
		"route e /party/e: HEAD is missing beside GET; the host answers listed methods only",
		"route f /party/f: it lists no method, and would answer all",
		"route g /party/g: it has no handler",
	}
	if got := strings.Split(err.Error(), "\n"); !slices.Equal(got, want) {
		t.Errorf("checkRoutes =\n%v\nwant\n%v", err, strings.Join(want, "\n"))
	}
}
