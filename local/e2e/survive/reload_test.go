package survive_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/e2e/client"
	"partyline/local/engine"
	"partyline/local/engine/fault"
	"partyline/module/wiring"
	"partyline/party"
)

// A reload that switches on survive.restart also covers older parties in which nothing happens before
// the crash. The test can see writes only on an engine, so it uses one, whatever the environment says.
func TestRestart_SwitchedOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yml")
	write(t, file, []byte(strings.Replace(crashRules, ", restart: 2m", "", 1)))
	layer := &fault.Layer{}
	options := engine.Options{Env: map[string]string{wiring.EnvRules: file}, Init: layer.Init(wiring.Register)}
	server, err := engine.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: t.Context(), api: client.New(server.Addr())}
	g := w.game("alone")
	_, err = g.CreateParty(w.ctx, false, 4)
	w.must(err)
	written := make(chan struct{})
	layer.Arm(fault.Fault{Name: "MultiUpdate", Times: 1, After: func(c fault.Call, err error) error {
		if len(c.Args[1].([]*runtime.StorageWrite)) == 2 && err == nil { // the party's record, and where the player's seat is
			close(written)
		}
		return err
	}})
	write(t, file, []byte(crashRules))
	_, err = w.api.RPCWithKey(w.ctx, client.DefaultHTTPKey, "party_admin_rules", `{"reload":true}`)
	w.must(err)
	<-written
	layer.Cut()
	server.Close()

	options.Init, options.Data = wiring.Register, server.Data()
	again, err := engine.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	g.Player.API = client.New(again.Addr())
	back := w.play(g.Player)
	var got party.Resumption
	w.must(back.Call(w.ctx, "party_resume", object{}, &got))
	if !got.Joined {
		t.Errorf("party_resume = %+v; want that the player is in", got)
	}
}
