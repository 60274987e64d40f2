package reconnect_test

import (
	"fmt"
	"testing"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
)

// A kick that an older build has stored does not say whether it bars the host's own joins, so the rules decide.
func TestGrace_KickOfAnOlderBuild(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	w.conf.Parties.KickBanJoins = false
	p := w.host.Players(3)
	id := w.party(true, 4, p[0], p[1])
	since, until := w.now(), w.now().Add(minute)
	_, err := w.host.StorageWrite(t.Context(), []*runtime.StorageWrite{{Collection: "partyline_parties", Key: id.UUID.String(),
		Value: fmt.Sprintf(`{"party_id":%q,"kicks":{%q:{"at":%d,"until":%d}}}`, id, p[2].UserID, party.Nanos(since), party.Nanos(until))}})
	w.must(err)
	w.node = w.newNode()
	w.must(w.join(p[2], id))
}
