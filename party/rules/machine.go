package rules

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/expr-lang/expr/vm"
)

// machine evaluates the conditions of one decision and reads each fact they
// need once. It belongs to one goroutine at a time.
type machine struct {
	vm     vm.VM
	facts  Facts
	values map[string]any // facts by full name, as conditions find them
	set    factSet        // which are in values
	load   Loader
	rules  *Set         // which are asked
	ready  need         // what was read into facts
	own    []GroupFacts // the player's groups, once read
}

// machines keeps machines for reuse: a decision then allocates little.
var machines = sync.Pool{New: func() any { return &machine{values: map[string]any{}} }}

// maxElements bounds what the lists that one condition builds may hold together.
const maxElements = 200_000

func (m *machine) begin(s *Set, f Facts, load Loader) {
	f.Now = f.Now.UTC()
	f.Party.Members = f.Party.Members[:min(len(f.Party.Members), maxMembers)]
	m.facts = f
	m.rules, m.load, m.ready = s, load, 0
	m.vm.MemoryBudget = maxElements
}

func (m *machine) release() {
	m.facts, m.rules, m.load, m.own, m.set = Facts{}, nil, nil, nil, 0
	clear(m.values)
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
	for missing := c.facts &^ m.set; missing != 0; missing &= missing - 1 {
		if f := &facts[bits.TrailingZeros64(uint64(missing))]; f.get != nil {
			m.values[f.name] = f.get(&m.facts)
		}
	}
	m.set |= c.facts
	out, err := m.vm.Run(c.program, m.values)
	if err != nil {
		return false, runError(err)
	}
	holds, ok := out.(bool)
	if !ok {
		return false, errors.New("is neither true nor false for these facts")
	}
	return holds, nil
}

// read makes the facts of n ready.
func (m *machine) read(ctx context.Context, n need) error {
	type reading struct {
		bit  need
		read func(context.Context, need) error
	}
	for _, r := range []reading{
		{needAccount | needMembers, m.accounts}, {needSkill, m.strength}, {needAttributes, m.attributes}, {needGroups, m.groups}, {needSameGroup, m.sameGroup}, {needFriends, m.friends},
		{needBlocked, m.blocked}, {needPartyLabel, m.partyLabel}, {needRequestLabel, m.requestLabel}, {needVars, m.vars},
	} {
		r.bit &= n
		if r.bit == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return unread{err}
		}
		if err := r.read(ctx, r.bit); err != nil {
			return err
		}
		m.ready |= r.bit
	}
	return nil
}

func (m *machine) groupsOf(ctx context.Context) ([]GroupFacts, error) {
	if m.own != nil {
		return m.own, nil
	}
	g, err := m.load.Groups(ctx, m.facts.User.ID)
	if err != nil {
		return nil, unread{fmt.Errorf("read groups: %w", err)}
	}
	if m.own = g; g == nil {
		m.own = []GroupFacts{}
	}
	return m.own, nil
}

func (m *machine) groups(ctx context.Context, _ need) (err error) {
	u := &m.facts.User
	if m.load != nil {
		if u.Groups, err = m.groupsOf(ctx); err != nil {
			return err
		}
	}
	u.Groups = u.Groups[:min(len(u.Groups), maxGroups)]
	return nil
}

func (m *machine) sameGroup(ctx context.Context, _ need) error {
	p := &m.facts.Party
	if m.leads() {
		m.facts.Relation.SameGroup = true
		return nil
	}
	if m.load == nil {
		return nil
	}
	if m.facts.Relation.SameGroup = false; p.LeaderID == "" {
		return nil
	}
	own, err := m.groupsOf(ctx)
	if err != nil || len(own) == 0 {
		return err
	}
	theirs, err := m.load.Groups(ctx, p.LeaderID)
	if err != nil {
		return unread{fmt.Errorf("read the leader's groups: %w", err)}
	}
	ids := make(map[string]bool, len(own))
	for _, g := range own {
		ids[g.ID] = true
	}
	m.facts.Relation.SameGroup = slices.ContainsFunc(theirs, func(g GroupFacts) bool { return ids[g.ID] })
	return nil
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

// leads reports whether the player is the leader, who is nearer to the leader than any
// friend: a rule for friends does not shut out the leader.
func (m *machine) leads() bool {
	return m.facts.Party.LeaderID != "" && m.facts.Party.LeaderID == m.facts.User.ID
}

func (m *machine) friends(ctx context.Context, _ need) error {
	rel := &m.facts.Relation
	if m.load == nil {
		rel.FriendOfLeader = rel.FriendOfLeader || m.leads()
		return nil
	}
	rel.FriendOfAny, rel.FriendOfLeader = false, m.leads()
	others := m.others()
	if len(others) == 0 {
		return nil
	}
	friends, err := m.load.Friends(ctx, m.facts.User.ID, others)
	if err != nil {
		return unread{fmt.Errorf("read friends: %w", err)}
	}
	for _, id := range friends {
		rel.FriendOfAny = rel.FriendOfAny || slices.Contains(others, id)
		rel.FriendOfLeader = rel.FriendOfLeader || id == m.facts.Party.LeaderID
	}
	return nil
}

func (m *machine) blocked(ctx context.Context, _ need) (err error) {
	if m.load == nil {
		return nil
	}
	m.facts.Relation.Blocked = false
	if others := m.others(); len(others) > 0 {
		if m.facts.Relation.Blocked, err = m.load.Blocked(ctx, m.facts.User.ID, others); err != nil {
			return unread{fmt.Errorf("read blocks: %w", err)}
		}
	}
	return nil
}

func (m *machine) partyLabel(context.Context, need) (err error) {
	m.facts.Party.Label, err = labelOf("party.label", m.facts.Party.Label, m.facts.Party.LabelJSON)
	return err
}

func (m *machine) requestLabel(context.Context, need) (err error) {
	m.facts.Request.Label, err = labelOf("request.label", m.facts.Request.Label, m.facts.Request.LabelJSON)
	return err
}

func labelOf(name string, label map[string]any, text string) (map[string]any, error) {
	if label == nil {
		var err error
		if label, err = object(name, text); err != nil {
			return nil, err
		}
	}
	out, _ := bounded(label).(map[string]any)
	return out, nil
}

func (m *machine) vars(context.Context, need) error {
	for _, v := range m.facts.User.Vars {
		if len(v) > maxDynamic {
			vars := make(map[string]string, len(m.facts.User.Vars))
			for k, v := range m.facts.User.Vars {
				vars[k] = cut(v)
			}
			m.facts.User.Vars = vars
			break
		}
	}
	return nil
}
