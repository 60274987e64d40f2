package caught_test

import (
	"errors"
	"strings"
	"testing"

	"partyline/internal/caught"
)

func TestRecover(t *testing.T) {
	own := errors.New("its own")
	do := func(work func() error) (err error) {
		defer caught.Recover(&err, "work")
		return work()
	}
	if err := do(func() error { return own }); !errors.Is(err, own) {
		t.Errorf("without a panic: %v; want %v", err, own)
	}
	err := do(func() error { panic("as asked") })
	if err == nil || !strings.HasPrefix(err.Error(), "work: panic: as asked\n") || !strings.Contains(err.Error(), "caught_test.go") {
		t.Errorf("with a panic: %v", err)
	}
}
