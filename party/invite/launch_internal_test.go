package invite

import (
	"encoding/json"
	"testing"
)

// Launch data comes out of a record as it went in, whichever way it was stored.
func TestLaunchText(t *testing.T) {
	for _, data := range []string{`{"map":"night"}`, `"word"`, `7`, `[1e400,"\u0000"]`} {
		kept, err := json.Marshal(record{Launch: launchText(data)})
		if err != nil {
			t.Fatal(err)
		}
		for _, stored := range []string{string(kept), `{"launch":` + data + `}`} {
			var r record
			if err := json.Unmarshal([]byte(stored), &r); err != nil || string(r.Launch.raw()) != data {
				t.Errorf("%s stored as %s comes back as %s, %v", data, stored, r.Launch, err)
			}
		}
	}
}
