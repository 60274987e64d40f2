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

// need is a set of facts that have to be read, parsed or bounded before a condition can use them.
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
	needMembers                       // read: the accounts of all members
	needSkill                         // computed from needMembers
	needAttributes                    // bounded
)

// needNames are the words of the need tag, in the order of the constants.
var needNames = strings.Fields("account groups friends same_group blocked party_label request_label vars members skill attributes")

func needOf(fact reflect.StructField) (n need) {
	for _, word := range strings.Fields(fact.Tag.Get("need")) {
		n |= 1 << slices.Index(needNames, word)
	}
	return n
}

// factOf returns the field of a fact or a group of facts by its name in group.
func factOf(group reflect.Type, name string) reflect.StructField {
	fact, _ := fieldByTag(group, "expr", name)
	return fact
}

// machine evaluates the conditions of one decision. It reads each fact that they need once. Only one goroutine
// may use it at a time.
type machine struct {
	vm         vm.VM
	facts      env
	loader     Loader
	rules      *Set         // the Set that is asked
	ready      need         // the facts that are read or prepared
	userGroups []GroupFacts // the player's groups
	groupsRead bool         // whether own was read
}

// machines keeps machines for reuse, so that a decision allocates little.
var machines = sync.Pool{New: func() any { return new(machine) }}

// maxElements limits the total size of the lists that one condition builds.
const maxElements = 200_000

func (m *machine) begin(s *Set, f Facts, load Loader) {
	f.Party.Members = f.Party.Members[:min(len(f.Party.Members), maxMembers)]
	if f.Party.ID == "" && f.Party.State == "" { // there is no party yet
		f.Party.State = StateIdle
	}
	f.Now = f.Now.UTC()
	m.facts = env{f, string(f.Action)}
	m.rules, m.loader, m.ready = s, load, 0
	m.vm.MemoryBudget = maxElements
}

func (m *machine) release() {
	m.facts, m.rules, m.loader, m.userGroups, m.groupsRead = env{}, nil, nil, nil, false
	clear(m.vm.Stack)
	machines.Put(m)
}

// eval runs one condition. The expression engine recovers from its own panics. [Set.Decide] recovers from those
// of a Loader.
func (m *machine) eval(ctx context.Context, c *condition) (holds bool, err error) {
	if missing := c.needs &^ m.ready; missing != 0 {
		if err := m.readFacts(ctx, missing); err != nil {
			return false, err
		}
	}
	out, err := m.vm.Run(c.program, &m.facts)
	if err != nil {
		if at := new(file.Error); errors.As(err, &at) && c.requestFacts[at.From] != "" {
			return false, sentError{runError(err), c.requestFacts[at.From]}
		}
		return false, runError(err)
	}
	holds, ok := out.(bool)
	if !ok {
		return false, errors.New("is neither true nor false for these facts")
	}
	return holds, nil
}

// readFacts prepares the facts of n: it reads them from the Loader, if there is one, and bounds them.
func (m *machine) readFacts(ctx context.Context, n need) error {
	if n&(needMembers|needAttributes) != 0 {
		m.facts.Party.Members = slices.Clone(m.facts.Party.Members) // the caller's list must not change
	}
	for _, r := range []struct {
		facts need
		load  func(context.Context, need) error
	}{
		{needAccount | needMembers, m.loadAccounts}, {needGroups, m.loadGroups}, {needSameGroup, m.loadSameGroup},
		{needFriends, m.loadFriends}, {needBlocked, m.loadBlocked},
	} {
		missing := r.facts & n
		if missing == 0 || m.loader == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return unreadError{err}
		}
		if err := r.load(ctx, missing); err != nil {
			return err
		}
	}
	if err := m.boundFacts(n); err != nil {
		return err
	}
	m.ready |= n
	return nil
}

// boundFacts cuts facts to the bounds that the step count of conditions assumes. It computes the facts that follow
// from others.
func (m *machine) boundFacts(n need) (err error) {
	u, p, r := &m.facts.User, &m.facts.Party, &m.facts.Request
	if n&needAccount != 0 {
		u.DisplayName, u.Metadata = cut(u.DisplayName), boundedFields(u.Metadata)
	}
	if n&needGroups != 0 {
		u.Groups = u.Groups[:min(len(u.Groups), maxGroups)]
	}
	if n&needVars != 0 {
		for k, v := range u.Vars {
			if len(v) > maxDynamic { // the caller's map must not change
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
	// A rule that admits the leader's friends or guild must not shut out the leader.
	rel, leads := &m.facts.Relation, m.isLeader()
	rel.FriendOfLeader = rel.FriendOfLeader || leads && n&needFriends != 0
	rel.SameGroup = rel.SameGroup || leads && n&needSameGroup != 0
	if n&needPartyLabel != 0 {
		if p.Label, err = parseLabel("party.label", p.Label, p.LabelJSON); err != nil {
			return err
		}
	}
	if n&needRequestLabel != 0 {
		if r.Label, err = parseLabel("request.label", r.Label, r.LabelJSON); err != nil {
			return sentError{err, "label"}
		}
	}
	if n&needSkill != 0 {
		return m.computeSkill()
	}
	return nil
}

func parseLabel(name string, label map[string]any, text string) (_ map[string]any, err error) {
	if label == nil {
		if label, err = parseObject(name, text); err != nil {
			return nil, err
		}
	}
	return boundedFields(label), nil
}

// otherMembers returns the user IDs of the members, without the player.
func (m *machine) otherMembers() []string {
	var ids []string
	for _, mem := range m.facts.Party.Members {
		if mem.UserID != m.facts.User.ID {
			ids = append(ids, mem.UserID)
		}
	}
	return ids
}

func (m *machine) isLeader() bool {
	return m.facts.Party.LeaderID != "" && m.facts.Party.LeaderID == m.facts.User.ID
}
