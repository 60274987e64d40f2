package hooks_test

import (
	"context"
	"errors"
	"testing"

	"partyline/hooks"
	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// joining is a kernel with a party that a user is joining.
type joining struct {
	*kernel
	user string
}

func (j joining) Look(ctx context.Context, id party.ID) (reserve.Look, error) {
	l, err := j.kernel.Look(ctx, id)
	l.Joining, l.Expected = []string{j.user}, []string{j.user}
	return l, err
}

// A user who is joining may be a member when the host handles the removal. Package admission then treats it as a
// kick, with a ban.
func TestRules_KickOfWhoIsJoining(t *testing.T) {
	k := newKernel()
	k.ruled = map[rules.Action]bool{rules.ActionKick: true}
	k.answer["may kick"] = errors.New("no")
	judged := hooks.RuleChecks(k, joining{k, "other"}, func(a rules.Action) bool { return k.ruled[a] }, func(rules.Action) bool { return true })
	if _, err := serve(t, judged).before("leader", hooks.PartyRemove, messageOf(hooks.PartyRemove)); err == nil {
		t.Error("passed; want the rule asked")
	}
}
