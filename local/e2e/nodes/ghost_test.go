package nodes_test

import (
	"testing"

	"partyline/local/engine/fault"
	"partyline/party"
)

// Two nodes each put a player on the stream of a party with one free seat, before either node checks
// again. The engine makes the first a member and leaves the second on the stream without membership.
// Then the first leaves. The module must not take the second for a member, because it would hear the
// party without being in it.
func TestCapacity_NoGhostIsTakenForAMember(t *testing.T) {
	w := start(t)
	ann, bob, cid := w.north.play("ann"), w.south.play("bob"), w.north.play("cid")
	id := w.party(ann, false, 2)
	link := w.invite(ann, id, nil)
	south, north := holdJoins(&w.south.module), holdJoins(&w.north.module)
	results := map[*game]chan error{bob: make(chan error, 1), cid: make(chan error, 1)}
	arrive := func(gate *fault.Gate) {
		select {
		case <-gate.Arrived():
		case <-w.ctx.Done():
			t.Fatal("nobody came to the gate")
		}
	}
	for g, at := range map[*game]joinGates{bob: south, cid: north} {
		go func() { results[g] <- w.redeem(g, link.Code) }()
		arrive(at.outside) // has seen the free seat
	}
	for _, at := range []joinGates{south, north} {
		at.outside.Open()
		arrive(at.inside)
		w.cluster.WaitForEvents() // the engine has processed it
	}
	south.inside.Open()
	first := <-results[bob]
	north.inside.Open()
	second := <-results[cid]

	parsed, err := party.ParseID(id)
	w.must(err)
	w.cluster.WaitForEvents()
	members := 1
	for g, err := range map[*game]error{bob: first, cid: second} {
		if err != nil {
			w.refused(err, party.PartyFull)
			continue
		}
		members++
		if err := g.SendData(w.ctx, id, 1, []byte("I am a member")); err != nil {
			t.Errorf("was let in and is no member: %v", err)
		}
	}
	if on := w.cluster.OnParty(parsed.UUID, parsed.Node); on != members || members > 2 {
		t.Errorf("%d sessions are on the stream, %d were let in", on, members)
	}
	if members == 1 {
		w.enters(bob, link.Code, id)
	}
}

// joinGates is where a module's next join waits: before the session is put on the party's stream, and
// after it.
type joinGates struct{ outside, inside *fault.Gate }

func holdJoins(layer *fault.Layer) joinGates {
	d := joinGates{fault.NewGate(), fault.NewGate()}
	layer.Arm(fault.Fault{
		Name: "StreamUserJoin", Times: 1,
		When:   func(c fault.Call) bool { return c.Args[0] == party.StreamMode },
		Before: d.outside.Wait,
		After:  func(c fault.Call, err error) error { _ = d.inside.Wait(c); return err },
	})
	return d
}
