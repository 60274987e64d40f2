package rules

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// need is a set of facts that are not at hand when a decision begins.
type need uint16

const (
	needAccount      need = 1 << iota // read
	needGroups                        // read
	needFriends                       // read
	needSameGroup                     // read
	needBlocked                       // read
	needPartyLabel                    // parsed
	needRequestLabel                  // parsed
	needVars                          // bounded
	needMembers                       // read: accounts of all members
	needSkill                         // computed from these
	needAttributes                    // bounded
)

// needNames are the words of the need tag of a fact, in the order of the constants.
var needNames = strings.Fields("account groups friends same_group blocked party_label request_label vars members skill attributes")

func needOf(fact reflect.StructField) (n need) {
	for _, word := range strings.Fields(fact.Tag.Get("need")) {
		n |= 1 << slices.Index(needNames, word)
	}
	return n
}

// factOf is the fact, or the group of facts, of that name in a group.
func factOf(group reflect.Type, name string) reflect.StructField {
	fact, _ := fieldOf(group, "expr", name)
	return fact
}

// machine evaluates the conditions of one decision and reads each fact they
// need once. It belongs to one goroutine at a time.
type machine struct {
	vm    vm.VM
	facts env
	load  Loader
	rules *Set         // which are asked
	ready need         // what was read into facts
	own   []GroupFacts // the player's groups
	owned bool         // these were read
}

// machines keeps machines for reuse: a decision then allocates little.
var machines = sync.Pool{New: func() any { return new(machine) }}

// maxElements bounds what the lists that one condition builds may hold together.
const maxElements = 200_000

func (m *machine) begin(s *Set, f Facts, load Loader) {
	f.Party.Members = f.Party.Members[:min(len(f.Party.Members), maxMembers)]
	f.Now = f.Now.UTC()
	m.facts = env{f, string(f.Action)}
	m.rules, m.load, m.ready = s, load, 0
	m.vm.MemoryBudget = maxElements
}

func (m *machine) release() {
	m.facts, m.rules, m.load, m.own, m.owned = env{}, nil, nil, nil, false
	clear(m.vm.Stack)
	machines.Put(m)
}

// eval runs one condition. The expression engine recovers from its own panics;
// a Loader's are for [Set.Decide] to catch.
func (m *machine) eval(ctx context.Context, c *condition) (holds bool, err error) {
	if missing := c.needs &^ m.ready; missing != 0 {
		if err := m.read(ctx, missing); err != nil {
			return false, err
		}
	}
	out, err := m.vm.Run(c.program, &m.facts)
	if err != nil {
		if at := new(file.Error); errors.As(err, &at) && c.sent[at.From] != "" {
			return false, sent{runError(err), c.sent[at.From]}
		}
		return false, runError(err)
	}
	holds, ok := out.(bool)
	if !ok {
		return false, errors.New("is neither true nor false for these facts")
	}
	return holds, nil
}

// read makes the facts of n ready: it takes them from the Loader, if there is one, and
// bounds them.
func (m *machine) read(ctx context.Context, n need) error {
	if n&(needMembers|needAttributes) != 0 {
		m.facts.Party.Members = slices.Clone(m.facts.Party.Members) // the caller's list is not written to
	}
	for _, r := range []struct {
		facts need
		load  func(context.Context, need) error
	}{
		{needAccount | needMembers, m.loadAccounts}, {needGroups, m.loadGroups}, {needSameGroup, m.loadSameGroup},
		{needFriends, m.loadFriends}, {needBlocked, m.loadBlocked},
	} {
		missing := r.facts & n
		if missing == 0 || m.load == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return unread{err}
		}
		if err := r.load(ctx, missing); err != nil {
			return err
		}
	}
	if err := m.bound(n); err != nil {
		return err
	}
	m.ready |= n
	return nil
}

// bound cuts facts to what the step count of conditions assumes, and computes those that
// follow from others.
func (m *machine) bound(n need) (err error) {
	u, p, r := &m.facts.User, &m.facts.Party, &m.facts.Request
	if n&needAccount != 0 {
		u.DisplayName, u.Metadata = cut(u.DisplayName), boundedFields(u.Metadata)
	}
	if n&needGroups != 0 {
		u.Groups = u.Groups[:min(len(u.Groups), maxGroups)]
	}
	if n&needVars != 0 {
		for k, v := range u.Vars {
			if len(v) > maxDynamic { // the caller's are not written to
				u.Vars = maps.Clone(u.Vars)
				u.Vars[k] = cut(v)
			}
		}
	}
	if n&needAttributes != 0 {
		p.Attributes = boundedFields(p.Attributes)
	}
	for i := range p.Members {
		mem := &p.Members[i]
		if n&needMembers != 0 {
			mem.Metadata = boundedFields(mem.Metadata)
		}
		if n&needAttributes != 0 {
			mem.Attributes = boundedFields(mem.Attributes)
		}
	}
	// The leader is nearer to the leader than any friend: a rule for friends does not shut
	// out the leader.
	rel, leads := &m.facts.Relation, m.leads()
	rel.FriendOfLeader = rel.FriendOfLeader || leads && n&needFriends != 0
	rel.SameGroup = rel.SameGroup || leads && n&needSameGroup != 0
	if n&needPartyLabel != 0 {
		if p.Label, err = labelOf("party.label", p.Label, p.LabelJSON); err != nil {
			return err
		}
	}
	if n&needRequestLabel != 0 {
		if r.Label, err = labelOf("request.label", r.Label, r.LabelJSON); err != nil {
			return sent{err, "label"}
		}
	}
	if n&needSkill != 0 {
		return m.strength()
	}
	return nil
}

func labelOf(name string, label map[string]any, text string) (_ map[string]any, err error) {
	if label == nil {
		if label, err = object(name, text); err != nil {
			return nil, err
		}
	}
	return boundedFields(label), nil
}

// others are the party's members without the player.
func (m *machine) others() []string {
	var ids []string
	for _, mem := range m.facts.Party.Members {
		if mem.UserID != m.facts.User.ID {
			ids = append(ids, mem.UserID)
		}
	}
	return ids
}

func (m *machine) leads() bool {
	return m.facts.Party.LeaderID != "" && m.facts.Party.LeaderID == m.facts.User.ID
}
