package evening

import "testing"

func FuzzShares(f *testing.F) {
	for _, seed := range []string{"1:50,2:25", "eu:4, us", "", ":", "a:b", "a:1e999", "a:-1", "a:NaN"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseShares(text)
		if err == nil && len(list) == 0 {
			t.Error("nothing, and no error")
		}
		for _, s := range list {
			if s.Value == "" || !(s.Weight >= 0) {
				t.Errorf("shares(%q) = %+v", text, list)
			}
		}
	})
}

func TestAxis(t *testing.T) {
	for _, tt := range []struct {
		from, to float64
		ticks    int
		first    float64
		last     float64
	}{{0, 27, 6, 0, 30}, {0, 0, 6, 0, 1}, {612, 2280, 8, 500, 2500}, {-3, 3, 6, -3, 3}, {0, 0.03, 5, 0, 0.03}} {
		a := newAxis(tt.from, tt.to, 0, 100, tt.ticks)
		got := a.ticks()
		if a.from != tt.first || !near(a.to, tt.last) || !near(got[len(got)-1], tt.last) || a.px(a.from) != 0 || !near(a.px(a.to), 100) || a.px(a.to+9) > 100 {
			t.Errorf("axis of %v to %v: %v to %v, ticks %v; want %v to %v", tt.from, tt.to, a.from, a.to, got, tt.first, tt.last)
		}
	}
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }
