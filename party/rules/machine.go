package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"time"

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
	ready  need         // what was read into facts
	own    []GroupFacts // the player's groups, once read
}

// machines keeps machines for reuse: a decision then allocates little.
var machines = sync.Pool{New: func() any { return &machine{values: map[string]any{}} }}

// maxElements bounds what the lists that one condition builds may hold together.
const maxElements = 200_000

func (m *machine) begin(f Facts, load Loader) {
	f.Now = f.Now.UTC()
	f.Party.Members = f.Party.Members[:min(len(f.Party.Members), maxMembers)]
	m.facts = f
	m.load, m.ready = load, 0
	m.vm.MemoryBudget = maxElements
}

func (m *machine) release() {
	m.facts, m.load, m.own, m.set = Facts{}, nil, nil, 0
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
		f := &facts[bits.TrailingZeros64(uint64(missing))]
		m.values[f.name] = f.get(&m.facts)
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
		read func(context.Context) error
	}
	for _, r := range []reading{
		{needAccount, m.account}, {needGroups, m.groups}, {needSameGroup, m.sameGroup}, {needFriends, m.friends},
		{needBlocked, m.blocked}, {needPartyLabel, m.partyLabel}, {needRequestLabel, m.requestLabel}, {needVars, m.vars},
	} {
		if n&r.bit == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return unread{err}
		}
		if err := r.read(ctx); err != nil {
			return err
		}
		m.ready |= r.bit
	}
	return nil
}

func (m *machine) account(ctx context.Context) (err error) {
	u := &m.facts.User
	if m.load != nil {
		a, err := m.load.Account(ctx, u.ID)
		if err != nil {
			return unread{fmt.Errorf("read account: %w", err)}
		}
		u.DisplayName, u.AccountAge = a.DisplayName, max(0, m.facts.Now.Sub(a.CreatedAt))
		if u.Metadata, err = object("user.metadata", a.Metadata); err != nil {
			return err
		}
	}
	u.DisplayName = cut(u.DisplayName)
	u.Metadata, _ = bounded(u.Metadata).(map[string]any)
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

func (m *machine) groups(ctx context.Context) (err error) {
	u := &m.facts.User
	if m.load != nil {
		if u.Groups, err = m.groupsOf(ctx); err != nil {
			return err
		}
	}
	u.Groups = u.Groups[:min(len(u.Groups), maxGroups)]
	return nil
}

func (m *machine) sameGroup(ctx context.Context) error {
	p := &m.facts.Party
	if m.load == nil {
		return nil
	}
	m.facts.Relation.SameGroup = false
	if p.LeaderID == "" || p.LeaderID == m.facts.User.ID {
		m.facts.Relation.SameGroup = p.LeaderID != ""
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

func (m *machine) friends(ctx context.Context) error {
	rel := &m.facts.Relation
	if m.load == nil {
		return nil
	}
	rel.FriendOfAny, rel.FriendOfLeader = false, false
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

func (m *machine) blocked(ctx context.Context) (err error) {
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

func (m *machine) partyLabel(context.Context) (err error) {
	m.facts.Party.Label, err = labelOf("party.label", m.facts.Party.Label, m.facts.Party.LabelJSON)
	return err
}

func (m *machine) requestLabel(context.Context) (err error) {
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

func (m *machine) vars(context.Context) error {
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

// maxJSON bounds metadata and labels; the server keeps both far smaller.
const maxJSON = 64 << 10

func object(name, text string) (map[string]any, error) {
	if strings.TrimSpace(text) == "" {
		return map[string]any{}, nil
	}
	if len(text) > maxJSON {
		return nil, fmt.Errorf("%s is %d bytes long, more than %d", name, len(text), maxJSON)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("%s is not a JSON object", name)
	}
	return out, nil
}

// bounded is v with texts and lists cut to what the step count of conditions
// assumes, and whole numbers as int, which is what % and lists of numbers need.
func bounded(v any) any {
	switch v := v.(type) {
	case string:
		return cut(v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int(v)
		}
	case []any:
		out := make([]any, min(len(v), maxDynamic))
		for i := range out {
			out[i] = bounded(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = bounded(e)
		}
		return out
	case nil, bool, int, time.Duration, time.Time:
	default:
		return nil // not a value JSON has
	}
	return v
}

// cut bounds a text without splitting a character.
func cut(s string) string {
	if len(s) <= maxDynamic {
		return s
	}
	return strings.ToValidUTF8(s[:maxDynamic], "")
}
