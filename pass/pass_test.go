package pass_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/pass"
)

// vectors are passes with the expected result of a check. Every example in docs/passes is checked with them.
type vectors struct {
	Keys    json.RawMessage `json:"keys"`
	MatchID string          `json:"match_id"`
	Now     int64           `json:"now"`
	Passes  []vector        `json:"passes"`
}

type vector struct {
	Name  string       `json:"name"`
	Pass  string       `json:"pass"`
	Valid *pass.Claims `json:"valid,omitempty"` // nil: must be refused
}

func testKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// makeVectors makes the vectors from fixed keys.
func makeVectors(t testing.TB) vectors {
	t.Helper()
	current, older, foreign := testKey(1), testKey(2), testKey(3)
	keys, err := pass.Publish(current.Public().(ed25519.PublicKey), older.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	v := vectors{Keys: keys, MatchID: "0f0e6f0a-7a0c-4a0e-9a55-3f3f6a1c1b01.nakama1", Now: 1790000000}
	good := pass.Claims{ID: "p1", MatchID: v.MatchID, UserID: "6a1c1b01-0000-4000-8000-000000000001", PartyID: "6a1c1b01-0000-4000-8000-0000000000aa.nakama1", Team: 1, Expires: v.Now + 60}
	alone := good
	alone.PartyID, alone.Team = "", 0
	sign := func(key ed25519.PrivateKey, change func(*pass.Claims)) string {
		c := good
		change(&c)
		text, err := pass.Sign(key, c)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	same := func(*pass.Claims) {}
	whole := sign(current, same)
	parts := strings.Split(whole, ".")
	altered := good
	altered.Team = 0
	body, _ := json.Marshal(altered)
	noKey := `{"alg":"none","typ":"JWT","kid":"` + pass.KeyID(current.Public().(ed25519.PublicKey)) + `"}`
	v.Passes = []vector{
		{Name: "good", Pass: whole, Valid: &good},
		{Name: "good, older key", Pass: sign(older, same), Valid: &good},
		{Name: "good, no party", Pass: sign(current, func(c *pass.Claims) { *c = alone }), Valid: &alone},
		{Name: "expired", Pass: sign(current, func(c *pass.Claims) { c.Expires = v.Now })},
		{Name: "other match", Pass: sign(current, func(c *pass.Claims) { c.MatchID = "0f0e6f0a-7a0c-4a0e-9a55-3f3f6a1c1b02.nakama1" })},
		{Name: "foreign key", Pass: sign(foreign, same)},
		{Name: "altered", Pass: parts[0] + "." + base64.RawURLEncoding.EncodeToString(body) + "." + parts[2]},
		{Name: "no signature", Pass: parts[0] + "." + parts[1] + "."},
		{Name: "signature in a second form", Pass: parts[0] + "." + parts[1] + "." + secondForm(t, parts[2])},
		{Name: "line breaks behind it", Pass: whole + "\n\n\n\n"},
		{Name: "padding behind it", Pass: whole + "=="},
		{Name: "algorithm none", Pass: encode(noKey) + "." + parts[1] + "."},
		{Name: "algorithm none, signature of another head", Pass: encode(noKey) + "." + parts[1] + "." + parts[2]},
		{Name: "no user", Pass: sign(current, func(c *pass.Claims) { c.UserID = "" })},
		{Name: "longer than 2048", Pass: sign(current, func(c *pass.Claims) { c.PartyID = strings.Repeat("a", 2048) })},
		{Name: "two parts", Pass: parts[0] + "." + parts[1]},
		{Name: "empty", Pass: ""},
		{Name: "no base64", Pass: "!!.!!.!!"},
		{Name: "no text", Pass: encode("{\"alg\":\"EdDSA\",\"kid\":\"\xb2\"}") + "." + parts[1] + "." + parts[2]},
	}
	for _, head := range []string{"[]", "null", "1", `"kid"`, strings.Repeat("[", 1200)} {
		v.Passes = append(v.Passes, vector{Name: fmt.Sprintf("the head is %.10s", head), Pass: encode(head) + "." + parts[1] + "." + parts[2]})
	}
	return v
}

// secondForm adds the group's order to the number in a signature. The result fits the same equation, but RFC 8032
// refuses it.
func secondForm(t testing.TB, signature string) string {
	b, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	slices.Reverse(b[32:])
	new(big.Int).Add(new(big.Int).SetBytes(b[32:]), order).FillBytes(b[32:])
	slices.Reverse(b[32:])
	return base64.RawURLEncoding.EncodeToString(b)
}

const vectorFile = "testdata/vectors.json"

func TestVectors(t *testing.T) {
	v := makeVectors(t)
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(vectorFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if stored, err := os.ReadFile(vectorFile); err != nil || !bytes.Equal(stored, text) {
		t.Errorf("%s is not what the package makes (error %v); run with UPDATE=1 if that is meant", vectorFile, err)
	}
	keys, err := pass.ReadKeys(v.Keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range v.Passes {
		got, err := keys.Verify(p.Pass, v.MatchID, time.Unix(v.Now, 0))
		switch {
		case p.Valid == nil && err == nil:
			t.Errorf("%s: taken as %+v", p.Name, got)
		case p.Valid != nil && (err != nil || got != *p.Valid):
			t.Errorf("%s: %+v, error %v; want %+v", p.Name, got, err, *p.Valid)
		}
	}
}

func TestVerify_NamesWhatIsWrong(t *testing.T) {
	v := makeVectors(t)
	keys, err := pass.ReadKeys(v.Keys)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]error{
		"expired": pass.ErrExpired, "other match": pass.ErrMatch, "foreign key": pass.ErrKey, "altered": pass.ErrSignature,
		"no signature": pass.ErrSignature, "signature in a second form": pass.ErrSignature, "line breaks behind it": pass.ErrMalformed,
		"algorithm none": pass.ErrMalformed, "no user": pass.ErrMalformed, "empty": pass.ErrMalformed,
	}
	for _, p := range v.Passes {
		if cause := want[p.Name]; cause != nil {
			if _, err := keys.Verify(p.Pass, v.MatchID, time.Unix(v.Now, 0)); !errors.Is(err, cause) {
				t.Errorf("%s: error %v; want %v", p.Name, err, cause)
			}
		}
	}
}

func TestReadKeys(t *testing.T) {
	if keys, err := pass.ReadKeys([]byte(`{"keys":[{"kty":"RSA","kid":"a"}]}`)); err != nil || len(keys) != 0 {
		t.Errorf("a key of another kind: %v, error %v; want it left out", keys, err)
	}
	for _, text := range []string{``, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"AAAA"}]}`} {
		if keys, err := pass.ReadKeys([]byte(text)); err == nil {
			t.Errorf("%q is read as %v", text, keys)
		}
	}
}

// The examples in JavaScript and C# need only the test set-up of this repository. `make passes` also runs those in
// Python and C++.
func TestExample_JavaScript(t *testing.T) {
	checks(t, "node", "../docs/passes/check.mjs", vectorFile)
}

func TestExample_CSharp(t *testing.T) {
	finder := exec.CommandContext(t.Context(), "../local/api/mcs.sh")
	finder.Stderr = os.Stderr
	compiler, err := finder.Output()
	if err != nil {
		t.Fatal("no C# compiler; its finder says above what to install")
	}
	program := filepath.Join(t.TempDir(), "check.exe")
	out, err := exec.CommandContext(t.Context(), strings.TrimSpace(string(compiler)), "-langversion:7", "-warnaserror",
		"-r:System.Numerics.dll", "-r:System.Runtime.Serialization.dll", "-out:"+program,
		"../docs/passes/Check.cs", "../docs/passes/Vectors.cs").CombinedOutput()
	if err != nil {
		t.Fatalf("docs/passes/Check.cs: %v\n%s", err, out)
	}
	checks(t, "mono", program, vectorFile)
}

// checks runs an example with all vectors.
func checks(t *testing.T, example ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), example[0], example[1:]...).CombinedOutput()
	if err != nil || string(out) != fmt.Sprintln(len(makeVectors(t).Passes), "passes as expected") {
		t.Errorf("%s: %v\n%s", example, err, out)
	}
}

func FuzzVerify(f *testing.F) {
	v := makeVectors(f)
	keys, err := pass.ReadKeys(v.Keys)
	if err != nil {
		f.Fatal(err)
	}
	signed := map[string]bool{}
	for _, p := range v.Passes {
		f.Add(p.Pass)
		signed[p.Pass] = p.Valid != nil
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := keys.Verify(text, v.MatchID, time.Unix(v.Now, 0)); err == nil && !signed[text] {
			t.Errorf("%q was never signed, but is taken as %+v", text, c)
		}
	})
}
