package overhead

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
	"partyline/party"
)

// BenchmarkRedeem compares the redeem of an invite with one bare write to storage through the
// server's own API. Both are calls over HTTP by the same user, in turn. The ratio is how many redeems
// a server does in the time of one write.
func BenchmarkRedeem(b *testing.B) {
	addr := target.Module(b)
	ctx, api := b.Context(), client.New(addr)
	var leader, friend *player.Game
	var id string
	redeem, write := make([]time.Duration, 0, b.N), make([]time.Duration, 0, b.N)
	const warm = 10
	for i := range b.N + warm {
		if i%invitesEach == 0 {
			leader, friend = play(b, api), play(b, api)
			var err error
			if id, err = leader.CreateParty(ctx, false, 4); err != nil {
				b.Fatal(err)
			}
		}
		var invite party.CreatedInvite
		if err := leader.Call(ctx, "party_invite_create", map[string]any{"party_id": id}, &invite); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := friend.Player.Call(ctx, "party_invite_redeem", map[string]any{"code": invite.Code}, nil); err != nil {
			b.Fatal(err)
		}
		redeemed := time.Since(began)
		began = time.Now()
		if err := bareWrite(ctx, api, friend.Player.Session); err != nil {
			b.Fatal(err)
		}
		if i >= warm {
			redeem, write = append(redeem, redeemed), append(write, time.Since(began))
		}
		if err := friend.LeaveParty(ctx, id); err != nil {
			b.Fatal(err)
		}
		for _, g := range []*player.Game{leader, friend} {
			if err := g.Barrier(ctx); err != nil {
				b.Fatal(err)
			}
			g.Drain()
		}
	}
	r, w := median(redeem), median(write)
	b.ReportMetric(microseconds(r), "redeem-us")
	b.ReportMetric(microseconds(w), "write-us")
	b.ReportMetric(float64(w)/float64(r), "ratio")
}

// bareWrite stores a value that is as large as an invite's.
func bareWrite(ctx context.Context, api *client.Client, s client.Session) error {
	value := fmt.Sprintf(`{"text":%q}`, strings.Repeat("x", 400))
	in := map[string]any{"objects": []map[string]any{{"collection": "bare", "key": uuid.NewString(), "value": value}}}
	return api.Call(ctx, http.MethodPut, "/v2/storage", s.Auth(), in, nil)
}

func play(b *testing.B, api *client.Client) *player.Game {
	b.Helper()
	p, err := player.SignIn(b.Context(), api, "bench")
	if err != nil {
		b.Fatal(err)
	}
	g, err := p.Play(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(g.Abort)
	return g
}
