package faults_test

import (
	"context"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

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
	var invite party.CreatedInvite
	must(leader.Call(ctx, "party_invite_create", inviteRequest{PartyID: id, Follow: true}, &invite))
	var got []string
	for struck := true; struck; {
		must(w.settle(ctx, leader, friend))
		log.take()
		var failed string
		armed := w.layer.Arm(fault.Fault{When: ofModule, Skip: len(got), Times: 1, Before: func(c fault.Call) error {
			failed = nameOf(c)
			return errBroken
		}})
		err := friend.Player.Call(ctx, "party_invite_redeem", codeRequest{invite.Code}, nil)
		armed.Disarm()
		struck = armed.Struck() > 0
		must(w.settle(ctx, leader, friend))
		lines := log.take()
		if err != nil && len(lines) == 0 {
			t.Errorf("%s failed, the redeem with it (%v), and the log does not say why", failed, err)
		}
		if struck {
			got = append(got, failed+" -> "+strings.Join(lines, "; "))
		}
		if err == nil {
			must(friend.LeaveParty(ctx, id))
		}
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
	"StreamSendRaw(7) -> invite event not sent event=redeemed error",
	"StreamUserList(104) -> seat in match not sought error",
}
