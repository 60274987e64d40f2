package faults_test

import (
	"context"
	"log/slog"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"partyline/local/e2e/client"
	"partyline/local/engine"
	"partyline/local/engine/fault"
	"partyline/party"
)

// journal keeps what is logged about errors of this package's faults, without what follows
// in the line.
type journal struct {
	slog.Handler
	mu    sync.Mutex
	lines []string
}

// named are the keys whose values are others in each run.
var named = regexp.MustCompile(` (party|user|session|invite)=\S+`)

func (j *journal) Enabled(context.Context, slog.Level) bool { return true }
func (j *journal) WithAttrs([]slog.Attr) slog.Handler       { return j }

func (j *journal) Handle(_ context.Context, r slog.Record) error {
	if line, _, broken := strings.Cut(r.Message, errBroken.Error()); broken {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.lines = append(j.lines, strings.TrimRight(named.ReplaceAllString(line, ""), ": ="))
	}
	return nil
}

func (j *journal) empty() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.lines) == 0
}

func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

// Each call of the server that a redeem makes fails once. What the operator reads then says
// which step it was.
func TestRedeem_EachFailureNamesItsStep(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sample, err := os.ReadFile("../../rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	log := &journal{Handler: slog.DiscardHandler}
	w := prepareWorld(t, string(sample))
	w.start(t, engine.Options{Logger: slog.New(log)})
	leader, friend := play(ctx, t, w.api, "leader"), play(ctx, t, w.api, "friend")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	id, err := leader.CreateParty(ctx, false, 4)
	must(err)
	// redeem has the call after so many others fail, and gives that step; "" if there are not so many.
	redeem := func(code string, skip int) (step string) {
		must(w.settle(ctx, leader, friend))
		log.take()
		var name atomic.Value // of the call that failed
		name.Store("")
		armed := w.layer.Arm(fault.Fault{When: ofModule, Skip: skip, Times: 1, Before: func(c fault.Call) error {
			name.Store(nameOf(c))
			return errBroken
		}})
		err := friend.Player.Call(ctx, "party_invite_redeem", codeRequest{code}, nil)
		for heard := err != nil; !heard && ctx.Err() == nil; { // the party is told a moment later
			heard = len(friend.Socket.TakeAll(toldOfRedeem)) > 0 || name.Load() == "StreamSendRaw(7)" && !log.empty()
			runtime.Gosched()
		}
		armed.Disarm()
		failed := name.Load().(string)
		must(w.settle(ctx, leader, friend))
		lines := log.take()
		if err != nil && len(lines) == 0 {
			t.Errorf("%s failed, the redeem with it (%v), and the log does not say why", failed, err)
		}
		if err == nil {
			must(friend.LeaveParty(ctx, id))
		}
		if armed.Struck() == 0 {
			return ""
		}
		return failed + " -> " + strings.Join(lines, "; ")
	}
	const unknown = "AAAA-BBBB" // no invite that this node has made, so it is read
	got := []string{redeem(unknown, 0)}
	for skip := 0; ; skip++ {
		var invite party.CreatedInvite
		must(leader.Call(ctx, "party_invite_create", inviteRequest{PartyID: id, Follow: true}, &invite))
		step := redeem(invite.Code, skip)
		if step == "" {
			break
		}
		got = append(got, step)
	}
	if !slices.Equal(got, redeemSteps) {
		t.Errorf("steps:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(redeemSteps, "\n"))
	}
}

// redeemSteps is each call of the server that an invite which follows its inviter costs over
// HTTP, with what the log says when it fails. Where it says nothing, what is missing ends
// with the session, and every reader does without it.
var redeemSteps = []string{
	"StorageRead -> rpc failed: read invite",
	"StreamUserList(102) -> rpc failed: look at party: follow inviter: read parties of user",
	"StreamUserList(7) -> rpc failed: look at party: follow inviter: read members",
	"StreamUserList(7) -> rpc failed: look at party: read members",
	"StreamUserList(101) -> rpc failed: look at party: read mirror",
	"StreamUserList(0) -> rpc failed: choose session: read sockets of user",
	"UsersGetFriendStatus -> rpc failed: read blocks",
	"UsersGetFriendStatus -> rpc failed: read blocks",
	"UsersGetFriendStatus -> rule not evaluated rule=blocked action=join error=rule blocked: read blocks; rpc failed: rule blocked: read blocks",
	"UsersGetFriendStatus -> rule not evaluated rule=blocked action=join error=rule blocked: read blocks; rpc failed: rule blocked: read blocks",
	"StorageWrite -> rpc failed: claim use: write invite",
	"StreamUserJoin(7) -> rpc failed: admit: join party stream",
	"StreamUserList(7) -> rpc failed: admit: look after join: read members",
	"StreamUserList(101) -> rpc failed: admit: look after join: read mirror",
	"StreamUserJoin(101) -> party member not mirrored error=write mirror",
	"StreamUserJoin(102) -> ",
	"StreamUserList(104) -> search for a seat in the match failed error",
	"StreamSendRaw(7) -> party not notified of a new member op=-2 error",
}

// toldOfRedeem is the message to the party that somebody has come in by an invite.
func toldOfStatus(m client.Message) bool {
	return m.Envelope.GetPartyData().GetOpCode() == party.OpStatus
}

func toldOfRedeem(m client.Message) bool {
	data := m.Envelope.GetPartyData()
	return data.GetOpCode() == party.OpInvite && strings.Contains(string(data.GetData()), "redeemed")
}
