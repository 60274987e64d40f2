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

// errorLog keeps the log lines about this package's injected errors, up to the error.
type errorLog struct {
	slog.Handler
	mu    sync.Mutex
	lines []string
}

// variableFields matches the fields with values that differ in each run.
var variableFields = regexp.MustCompile(` (party|user|session|invite)=\S+`)

func (j *errorLog) Enabled(context.Context, slog.Level) bool { return true }
func (j *errorLog) WithAttrs([]slog.Attr) slog.Handler       { return j }

func (j *errorLog) Handle(_ context.Context, r slog.Record) error {
	if line, _, broken := strings.Cut(r.Message, errBroken.Error()); broken {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.lines = append(j.lines, strings.TrimRight(variableFields.ReplaceAllString(line, ""), ": ="))
	}
	return nil
}

func (j *errorLog) empty() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.lines) == 0
}

func (j *errorLog) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

// Each server call of a redeem fails once. The operator's log then names the step that failed.
func TestRedeem_EachFailureNamesItsStep(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	sample, err := os.ReadFile("../../rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	log := &errorLog{Handler: slog.DiscardHandler}
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
	// redeem makes the call after skip others fail, and returns that step; "" if there are not so many calls.
	redeem := func(code string, skip int) (step string) {
		must(w.settle(ctx, leader, friend))
		log.take()
		var name atomic.Value // of the call that failed
		name.Store("")
		armed := w.layer.Arm(fault.Fault{When: fromModule, Skip: skip, Times: 1, Before: func(c fault.Call) error {
			name.Store(nameOf(c))
			return errBroken
		}})
		err := friend.Player.Call(ctx, "party_invite_redeem", codeRequest{code}, nil)
		for heard := err != nil; !heard && ctx.Err() == nil; { // the message to the party comes a moment later
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
		if armed.Count() == 0 {
			return ""
		}
		return failed + " -> " + strings.Join(lines, "; ")
	}
	const unknown = "AAAA-BBBB" // this node has not made such an invite, so it reads the storage
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

// redeemSteps lists each server call that a redeem over HTTP makes for an invite that follows its
// inviter, with the log line if the call fails. If there is no line, the missing data lasts only as
// long as the session, and every reader works without it.
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

func toldOfStatus(m client.Message) bool {
	return m.Envelope.GetPartyData().GetOpCode() == party.OpStatus
}

// toldOfRedeem accepts the message to the party that a player has redeemed an invite.
func toldOfRedeem(m client.Message) bool {
	data := m.Envelope.GetPartyData()
	return data.GetOpCode() == party.OpInvite && strings.Contains(string(data.GetData()), "redeemed")
}
