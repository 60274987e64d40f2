package wiring

import (
	"crypto/ed25519"
	"fmt"
	"net/http"

	"partyline/internal/web"
	"partyline/matchmaking"
	"partyline/pass"
)

// passPath is where game servers find the public keys of passes.
const passPath = "/party/keys.json"

// preparePasses makes what passes and game servers need. The keys it returns check passes.
func (m *Module) preparePasses(private []ed25519.PrivateKey, host matchmaking.FleetHost) (pass.Keys, error) {
	m.fleets = matchmaking.NewFleets(host, m.logger)
	if len(private) == 0 {
		_, own, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, fmt.Errorf("make the key of passes: %w", err)
		}
		private = []ed25519.PrivateKey{own}
	}
	m.passKeys = private
	public := pass.Keys{}
	for _, key := range private {
		own := key.Public().(ed25519.PublicKey)
		public[pass.KeyID(own)] = own
	}
	return public, nil
}

// passRoute publishes the public keys of passes, those of the last rotation too.
func (m *Module) passRoute() web.Route {
	var public []ed25519.PublicKey
	for _, key := range m.passKeys {
		public = append(public, key.Public().(ed25519.PublicKey))
	}
	return web.Get("pass_keys", passPath, func(w http.ResponseWriter, r *http.Request) {
		text, err := pass.Publish(public...)
		a := web.Answer{Status: http.StatusOK, Kind: "application/json", Cache: "public, max-age=60", Policy: web.DataPolicy, Tag: web.Tag(text), Body: text}
		if err != nil {
			m.logger.Error("keys of passes not published error=%v", err)
			a = web.Plain(http.StatusInternalServerError)
		}
		a.Write(w, r)
	})
}
