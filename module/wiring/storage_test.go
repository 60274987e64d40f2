package wiring_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/build"
	"partyline/local/engine"
	"partyline/module/wiring"
)

// record writes the storage's format as another server of the same database would.
func record(value string) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, runtime.Initializer) error {
	return func(ctx context.Context, _ runtime.Logger, _ *sql.DB, nk runtime.NakamaModule, _ runtime.Initializer) error {
		_, err := nk.StorageWrite(ctx, []*runtime.StorageWrite{{Collection: "partyline_meta", Key: "storage", Value: value}})
		return err
	}
}

func TestRegister_StorageFormat(t *testing.T) {
	own := `{"major": 1, "minor": 0, "written_by": "` + build.Version + `"}`
	for _, tt := range []struct {
		name, before, after string
		refused             string
	}{
		{"new database", "", own, ""},
		{"own", own, own, ""},
		{"newer minor", `{"major": 1, "minor": 7, "written_by": "1.7.0"}`, `{"major": 1, "minor": 7, "written_by": "1.7.0"}`, ""},
		{"newer major", `{"major": 2, "minor": 0, "written_by": "2.0.1"}`, `{"major": 2, "minor": 0, "written_by": "2.0.1"}`, "Start Partyline 2.0.1 or newer"},
		{"broken", `{"major": "two"}`, `{"major": "two"}`, "the record partyline_meta/storage is broken"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			options := engine.Options{}
			if tt.before != "" {
				options.Init = record(tt.before)
			}
			first, err := engine.Start(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			first.Close()
			var got string
			second, err := engine.Start(t.Context(), engine.Options{Data: first.Data(), Init: func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, initializer runtime.Initializer) error {
				started := wiring.Register(ctx, logger, db, nk, initializer)
				objects, err := nk.StorageRead(ctx, []*runtime.StorageRead{{Collection: "partyline_meta", Key: "storage"}})
				if len(objects) == 1 {
					got = objects[0].Value
				}
				return errors.Join(started, err)
			}})
			if err == nil {
				second.Close()
			}
			if tt.refused == "" && err != nil || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
				t.Errorf("the module starts with %v; want %q", err, tt.refused)
			}
			squeeze := strings.NewReplacer(" ", "")
			if squeeze.Replace(got) != squeeze.Replace(tt.after) {
				t.Errorf("the record is %s; want %s", got, tt.after)
			}
		})
	}
}
