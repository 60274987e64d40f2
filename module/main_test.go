package main

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/runtime"
)

// A link beside the plugin's file makes the host call the plugin twice.
func TestInitModule_RefusesASecondName(t *testing.T) {
	start := func() error { return InitModule(t.Context(), nil, (*sql.DB)(nil), nil, noConfig{}) }
	if err := start(); !errors.Is(err, errNoConfig) {
		t.Errorf("the first call: %v; want %v", err, errNoConfig)
	}
	if err := start(); err == nil || !strings.Contains(err.Error(), "twice below runtime.path") {
		t.Errorf("the second call: %v", err)
	}
}

var errNoConfig = errors.New("no configuration")

type noConfig struct{ runtime.Initializer }

func (noConfig) GetConfig() (runtime.Config, error) { return nil, errNoConfig }
