// Package pass makes and checks the passes that players show to a game server.
//
// A pass is a JSON Web Token signed with Ed25519 (alg EdDSA), so a game server in any language can check it with an
// existing library. It names the match, the user, the party, the team and the expiry. This package uses only the
// standard library and is outside the plugin's packages, because game servers import it.
package pass

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Claims is the content of a pass.
type Claims struct {
	ID      string `json:"jti"` // ID of this pass, so that it works only once
	MatchID string `json:"match_id"`
	UserID  string `json:"user_id"`
	PartyID string `json:"party_id"` // "" for a player without a party
	Team    int    `json:"team"`     // from 0
	Expires int64  `json:"exp"`      // Unix seconds
}

// Errors of [Keys.Verify].
var (
	ErrMalformed = errors.New("the pass is malformed")
	ErrKey       = errors.New("the pass is signed with an unknown key") // fetch the keys again, at most once a minute
	ErrSignature = errors.New("the signature of the pass is wrong")
	ErrExpired   = errors.New("the pass has expired")
	ErrMatch     = errors.New("the pass is for another match")
)

// maxPass is the longest pass that is accepted, in bytes.
const maxPass = 2048

type header struct {
	Alg string `json:"alg"`
	Typ string `json:"typ"`
	Key string `json:"kid"`
}

const algorithm = "EdDSA"

var encoding = base64.RawURLEncoding.Strict()

// KeyID is the name of a public key in passes and in the published keys.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// Sign makes a pass.
func Sign(key ed25519.PrivateKey, c Claims) (string, error) {
	head, err := json.Marshal(header{Alg: algorithm, Typ: "JWT", Key: KeyID(key.Public().(ed25519.PublicKey))})
	if err != nil {
		return "", fmt.Errorf("write the head of a pass: %w", err)
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write a pass: %w", err)
	}
	signed := encoding.EncodeToString(head) + "." + encoding.EncodeToString(body)
	return signed + "." + encoding.EncodeToString(ed25519.Sign(key, []byte(signed))), nil
}

// Keys are public keys by [KeyID]. A map that nobody changes is safe for concurrent use.
type Keys map[string]ed25519.PublicKey

// Verify checks a pass for a match at a time, and returns its content. It does not know whether the pass was used
// before: call party_server_join for that.
func (k Keys) Verify(pass, matchID string, now time.Time) (Claims, error) {
	signed, head, body, signature, err := decodeParts(pass)
	if err != nil {
		return Claims{}, err
	}
	var h header
	var c Claims
	if err := json.Unmarshal(head, &h); err != nil || h.Alg != algorithm {
		return Claims{}, ErrMalformed
	}
	key, known := k[h.Key]
	if !known {
		return Claims{}, ErrKey
	}
	if !ed25519.Verify(key, []byte(signed), signature) {
		return Claims{}, ErrSignature
	}
	switch err := json.Unmarshal(body, &c); {
	case err != nil, c.ID == "", c.UserID == "", c.MatchID == "":
		return Claims{}, ErrMalformed
	case now.Unix() >= c.Expires:
		return Claims{}, ErrExpired
	case c.MatchID != matchID:
		return Claims{}, ErrMatch
	}
	return c, nil
}

func decodeParts(pass string) (signed string, head, body, signature []byte, err error) {
	parts := strings.Split(pass, ".")
	if len(pass) > maxPass || len(parts) != 3 || strings.ContainsAny(pass, "\r\n") { // line breaks: the decoder would skip them
		return "", nil, nil, nil, ErrMalformed
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i], err = encoding.DecodeString(part); err != nil {
			return "", nil, nil, nil, ErrMalformed
		}
	}
	return parts[0] + "." + parts[1], decoded[0], decoded[1], decoded[2], nil
}

// jwk is a public key as JSON (RFC 8037).
type jwk struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	ID    string `json:"kid"`
	X     string `json:"x"`
	Alg   string `json:"alg"`
	Use   string `json:"use"`
}

type keySet struct {
	Keys []jwk `json:"keys"`
}

// Publish returns the JSON Web Key Set of public keys, in the given order.
func Publish(keys ...ed25519.PublicKey) ([]byte, error) {
	set := keySet{Keys: []jwk{}}
	for _, key := range keys {
		set.Keys = append(set.Keys, jwk{Type: "OKP", Curve: "Ed25519", ID: KeyID(key), X: encoding.EncodeToString(key), Alg: algorithm, Use: "sig"})
	}
	return json.Marshal(set)
}

// ReadKeys reads a published key set. It skips keys of other kinds.
func ReadKeys(text []byte) (Keys, error) {
	var set keySet
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("read the keys of passes: %w", err)
	}
	keys := Keys{}
	for _, k := range set.Keys {
		if k.Type != "OKP" || k.Curve != "Ed25519" {
			continue
		}
		x, err := encoding.DecodeString(k.X)
		if err != nil || len(x) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("read the keys of passes: key %q is no Ed25519 key", k.ID)
		}
		keys[k.ID] = x
	}
	return keys, nil
}
