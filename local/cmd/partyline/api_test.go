package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAPI(t *testing.T) {
	for _, c := range []struct{ args, holds string }{
		{"schema", `"party_invite_redeem"`},
		{"schema openapi", `"/v2/rpc/party_invite_redeem"`},
		{"client ts", "inviteRedeem(request: InviteRedeemRequest): Promise<InviteRedeemAnswer>"},
		{"client csharp", "Task<InviteRedeemAnswer> InviteRedeemAsync(InviteRedeemRequest request)"},
		{"client gdscript", "func invite_redeem(request: InviteRedeemRequest) -> InviteRedeemAnswer:"},
	} {
		r := call(t, "", append([]string{"api"}, strings.Fields(c.args)...)...)
		if r.code != exitOK || r.err != "" || !strings.Contains(r.out, c.holds) {
			t.Errorf("api %s: %d, %s, %d bytes without %s", c.args, r.code, r.err, len(r.out), c.holds)
		}
		if strings.HasPrefix(c.args, "schema") && !json.Valid([]byte(r.out)) {
			t.Errorf("api %s is no JSON", c.args)
		}
	}
	for _, args := range [][]string{{"api"}, {"api", "client"}, {"api", "client", "rust"}, {"api", "schema", "openapi", "x"}} {
		if r := call(t, "", args...); r.code != exitUsage || r.out != "" || !strings.Contains(r.err, "client gdscript") {
			t.Errorf("%v: %+v", args, r)
		}
	}
}
