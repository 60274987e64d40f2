package invite

import (
	"encoding/json"
	"testing"
)

// A record returns launch data unchanged.
func TestLaunch(t *testing.T) {
	for _, data := range []string{`{"map":"night"}`, `"word"`, `7`, `[1e400,"\u0000"]`} {
		text, err := launchText(json.RawMessage(data))
		if err != nil {
			t.Fatal(err)
		}
		stored, err := json.Marshal(record{Launch: text})
		if err != nil {
			t.Fatal(err)
		}
		var r record
		if err := json.Unmarshal(stored, &r); err != nil || r.Launch != data {
			t.Errorf("%s stored as %s comes back as %s, %v", data, stored, r.Launch, err)
		}
	}
}
