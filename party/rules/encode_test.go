package rules_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"partyline/party/rules"
)

func asJSON(t testing.TB, c rules.Config) string {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestConfig_JSONIsAFile checks that the configuration that the admin RPC returns can be loaded again.
func TestConfig_JSONIsAFile(t *testing.T) {
	for path, data := range goldenCases(t) {
		input, _, _ := bytes.Cut(data, []byte(dashes))
		set, err := rules.Load(input, "rules.yml")
		if err != nil {
			continue
		}
		once := asJSON(t, set.Config())
		again, err := rules.Load([]byte(once), "again.json")
		if err != nil {
			t.Errorf("%s: its JSON is refused: %v\n%s", path, err, once)
			continue
		}
		if twice := asJSON(t, again.Config()); twice != once {
			t.Errorf("%s: not stable\n%s\n%s", path, once, twice)
		}
		if is, was := again.Config().Parties.KickBanJoins, set.Config().Parties.KickBanJoins; is != was {
			t.Errorf("%s: a kick binds native joins: %v, before %v", path, is, was)
		}
	}
}
