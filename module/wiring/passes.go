package wiring

import (
	"crypto/ed25519"
	"net/http"

	"partyline/internal/web"
	"partyline/pass"
)

// passPath is where game servers find the public keys of passes.
const passPath = "/party/keys.json"

// preparePasses sets the key that signs passes; it makes one if the operator configured none. It returns all public
// keys that check passes, also those from before the last rotation, and the route that publishes them.
func (m *Module) preparePasses(private []ed25519.PrivateKey) (pass.Keys, web.Route, error) {
	if len(private) == 0 {
		_, own, _ := ed25519.GenerateKey(nil) // never fails
		private = []ed25519.PrivateKey{own}
	}
	m.passKey = private[0]
	var public []ed25519.PublicKey
	for _, key := range private {
		public = append(public, key.Public().(ed25519.PublicKey))
	}
	text, err := pass.Publish(public...)
	if err != nil {
		return nil, web.Route{}, err
	}
	answer := web.Answer{Status: http.StatusOK, ContentType: "application/json", Cache: "public, max-age=60", Policy: web.DataPolicy, Tag: web.Tag(text), Body: text}
	keys, err := pass.ReadKeys(text)
	return keys, web.Get("pass_keys", passPath, answer.Write), err
}
