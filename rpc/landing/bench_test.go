package landing_test

import (
	"net/http"
	"testing"

	"partyline/party"
)

// discard is a ResponseWriter that drops everything.
type discard struct{ header http.Header }

func (d discard) Header() http.Header {
	if d.header == nil {
		return http.Header{}
	}
	return d.header
}
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func benchmark(b *testing.B, path string, header ...string) {
	measure(b, always(anInvite()), path, header...)
}

func measure(b *testing.B, source *previews, path string, header ...string) {
	s := serve(b, source)
	r := request(http.MethodGet, path, header...)
	w := discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		s.ServeHTTP(w, r)
	}
}

func BenchmarkPage(b *testing.B)  { benchmark(b, joinPath+linkCode) }
func BenchmarkState(b *testing.B) { benchmark(b, joinPath+linkCode+"/state") }
func BenchmarkQR(b *testing.B)    { benchmark(b, joinPath+linkCode+"/qr.svg") }

// BenchmarkStateAnew measures a state that is not cached.
func BenchmarkStateAnew(b *testing.B) {
	measure(b, &previews{answer: func(string, string) (party.Preview, error) { return anInvite(), nil }}, joinPath+linkCode+"/state")
}

// BenchmarkStateUnchanged measures the cost of an open page while nothing happens.
func BenchmarkStateUnchanged(b *testing.B) {
	tag := serve(b, always(anInvite())).get(joinPath + linkCode + "/state").Header().Get("ETag")
	benchmark(b, joinPath+linkCode+"/state", "If-None-Match", tag)
}

// BenchmarkBare measures a handler that does nothing, behind the same router, for comparison.
func BenchmarkBare(b *testing.B) { benchmark(b, "/party/assets/none.0.css") }
