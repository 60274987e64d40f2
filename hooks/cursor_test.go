package hooks_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
)

// announcing makes a cursor whose encoding begins with the given bytes.
func announcing(begins string) string { return base64.RawURLEncoding.EncodeToString([]byte(begins)) }

// A cursor that announces a great length does not cost that much memory.
func TestListParties_CursorAnnounces(t *testing.T) {
	value, err := base64.RawURLEncoding.DecodeString(hostCursor(t, "*", nil, 10, 10))
	if err != nil {
		t.Fatal(err)
	}
	typed := string(value[:1+int(value[0])]) // the first of two messages; the value follows
	for _, begins := range []string{"\xfc\x3f\xff\xff\xff\x02\x01\x02", typed + "\xfc\x3f\xff\xff\xff\x02\x01\x02"} {
		cursor := announcing(begins)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if party.CheckListCursor(cursor, nil) == nil {
			t.Errorf("%x: passed on", begins)
		}
		runtime.ReadMemStats(&after)
		if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 1<<20 {
			t.Errorf("%x: %d bytes of memory", begins, bytes)
		}
	}
}

// hostCursor encodes a list position as the host does, with the same field names.
func hostCursor(t testing.TB, query string, open *bool, offset, limit int) string {
	t.Helper()
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(struct {
		Query  string
		Open   *bool
		Offset int
		Limit  int
	}{query, open, offset, limit})
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b.Bytes())
}

func listRequest(open *bool, cursor string) *api.ListPartiesRequest {
	in := &api.ListPartiesRequest{}
	if open != nil {
		in.Open = wrapperspb.Bool(*open)
	}
	if cursor != "" {
		in.Cursor = wrapperspb.String(cursor)
	}
	return in
}

func TestListParties_Cursor(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		name    string
		open    *bool
		cursor  string
		refused bool
	}{
		{name: "first_page"},
		{name: "first_page_of_open", open: &yes},
		{name: "first_page_of_closed", open: &no},
		{name: "second_page", cursor: hostCursor(t, "*", nil, 10, 10)},
		{name: "second_page_of_open", open: &yes, cursor: hostCursor(t, "*", &yes, 10, 10)},
		{name: "later_page_with_query", cursor: hostCursor(t, "+label.mode:ranked", nil, 300, 100)},

		// The first of these crashes a stock server when it gets the next page, the others when pages are mixed.
		{name: "second_page_of_closed", open: &no, cursor: hostCursor(t, "*", &no, 10, 10), refused: true},
		{name: "cursor_of_open_without_filter", cursor: hostCursor(t, "*", &yes, 10, 10), refused: true},
		{name: "cursor_without_filter_for_open", open: &yes, cursor: hostCursor(t, "*", nil, 10, 10), refused: true},
		{name: "cursor_of_open_for_closed", open: &no, cursor: hostCursor(t, "*", &yes, 10, 10), refused: true},

		{name: "negative_offset", cursor: hostCursor(t, "*", nil, -1, 10), refused: true},
		{name: "far_offset", cursor: hostCursor(t, "*", nil, 1<<40, 10), refused: true},
		{name: "not_base64", cursor: "!!!", refused: true},
		{name: "not_a_position", cursor: base64.RawURLEncoding.EncodeToString([]byte("hello")), refused: true},
		{name: "of_more_than_it_has", cursor: announcing("\xfc\x3f\xff\xff\xff\x02\x01\x02"), refused: true},
		{name: "of_more_than_a_number", cursor: announcing("\x80\x02\x01\x02"), refused: true},
		{name: "endless", cursor: strings.Repeat("A", 4000), refused: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newKernel()
			h := serve(t, k.tables()...)
			in := listRequest(tt.open, tt.cursor)
			out, err := h.list(contextOf("guest"), &h.log, nil, nil, in)
			if !tt.refused {
				if out != in || err != nil {
					t.Errorf("list = %v, %v; want it passed on", out, err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), string(party.InvalidRequest)+": cursor: ") {
				t.Errorf("list = %v; want invalid_request naming the cursor", err)
			}
		})
	}
}

// For any cursor, the check returns, and a cursor that it passes on is a position that does not crash the host.
func FuzzListCursor(f *testing.F) {
	yes, no := true, false
	for _, open := range []*bool{nil, &yes, &no} {
		raw, err := base64.RawURLEncoding.DecodeString(hostCursor(f, "*", open, 10, 10))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, true, true)
		f.Add(raw, true, false)
		f.Add(raw, false, false)
	}
	f.Add([]byte("hello"), false, false)
	f.Fuzz(func(t *testing.T, raw []byte, filtered, open bool) {
		k := newKernel()
		h := serve(t, k.tables()...)
		var filter *bool
		if filtered {
			filter = &open
		}
		_, err := h.list(contextOf("guest"), &h.log, nil, nil, listRequest(filter, base64.RawURLEncoding.EncodeToString(raw)))
		if contains(h.log.lines, "panic") {
			t.Fatalf("panicked: %q", h.log.lines)
		}
		if err != nil || len(raw) == 0 {
			return
		}
		var at struct {
			Query  string
			Open   *bool
			Offset int
			Limit  int
		}
		if err := gob.NewDecoder(bytes.NewReader(raw)).Decode(&at); err != nil {
			t.Fatalf("passed on a cursor that is no position: %v", err)
		}
		if at.Offset < 0 || (filter != at.Open && (filter == nil || at.Open == nil)) {
			t.Fatalf("passed on %+v with filter %v", at, filter)
		}
	})
}
