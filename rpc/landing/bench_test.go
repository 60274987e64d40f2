package landing_test

import (
	"net/http"
	"testing"
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
	s := serve(b, always(anInvite()))
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

// BenchmarkStateUnchanged measures the cost of an open page while nothing happens.
func BenchmarkStateUnchanged(b *testing.B) {
	tag := serve(b, always(anInvite())).get(joinPath + linkCode + "/state").Header().Get("ETag")
	benchmark(b, joinPath+linkCode+"/state", "If-None-Match", tag)
}

// BenchmarkBare measures a handler that does nothing, behind the same router, for comparison.
func BenchmarkBare(b *testing.B) { benchmark(b, "/party/assets/none.0.css") }
