package rules

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// accounts reads what n names of needAccount and needMembers, in one read.
func (m *machine) accounts(ctx context.Context, n need) error {
	u, p := &m.facts.User, &m.facts.Party
	if n&needMembers != 0 {
		// The caller's list is not written to, and conditions find the new one.
		p.Members = slices.Clone(p.Members)
		m.set &^= 1 << factIndex["party.members"]
	}
	if m.load != nil {
		if err := m.loadAccounts(ctx, n); err != nil {
			return err
		}
	}
	if n&needAccount != 0 {
		u.DisplayName = cut(u.DisplayName)
		u.Metadata, _ = bounded(u.Metadata).(map[string]any)
	}
	if n&needMembers != 0 {
		for i := range p.Members {
			p.Members[i].Metadata, _ = bounded(p.Members[i].Metadata).(map[string]any)
		}
	}
	return nil
}

func (m *machine) loadAccounts(ctx context.Context, n need) error {
	u, p := &m.facts.User, &m.facts.Party
	var ids []string
	if n&needAccount != 0 {
		ids = append(ids, u.ID)
	}
	if n&needMembers != 0 {
		for _, mem := range p.Members {
			if !slices.Contains(ids, mem.UserID) {
				ids = append(ids, mem.UserID)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	accounts, err := m.load.Accounts(ctx, ids)
	if err != nil {
		return unread{fmt.Errorf("read accounts: %w", err)}
	}
	if n&needAccount != 0 {
		a, ok := accounts[u.ID]
		if !ok {
			return fmt.Errorf("no account of user %s", u.ID)
		}
		u.DisplayName, u.AccountAge = a.DisplayName, max(0, m.facts.Now.Sub(a.CreatedAt))
		if u.Metadata, err = object("user.metadata", a.Metadata); err != nil {
			return err
		}
	}
	if n&needMembers == 0 {
		return nil
	}
	for i := range p.Members {
		mem := &p.Members[i]
		a, ok := accounts[mem.UserID]
		if !ok { // deleted while in the party: as a new account with nothing in it
			mem.Metadata, mem.AccountAge = map[string]any{}, 0
			continue
		}
		mem.AccountAge = max(0, m.facts.Now.Sub(a.CreatedAt))
		if mem.Metadata, err = object("a member's metadata", a.Metadata); err != nil {
			return err
		}
	}
	return nil
}

// strength computes party.skill. Without a Loader it is as it was given, unless the
// members' metadata say it.
func (m *machine) strength(context.Context, need) error {
	p, skill := &m.facts.Party, m.rules.skill(m.facts.Request.Queue)
	if skill == nil || m.load == nil && p.Skill != (SkillFacts{}) {
		return nil
	}
	bags := []map[string]any{m.facts.User.Metadata}
	if len(p.Members) > 0 {
		bags = bags[:0]
		for _, mem := range p.Members {
			bags = append(bags, mem.Metadata)
		}
	}
	var s SkillFacts
	for i, bag := range bags {
		v, err := skill.of(bag)
		if err != nil {
			return err
		}
		if i == 0 {
			s.Min, s.Max = v, v
		}
		s.Min, s.Max = min(s.Min, v), max(s.Max, v)
		s.Mean += v / float64(len(bags))
	}
	s.Spread = s.Max - s.Min
	p.Skill = s
	return nil
}

// of is the strength that an account's metadata names; a text counts as the number it
// spells.
func (s *Skill) of(metadata map[string]any) (float64, error) {
	switch v := metadata[s.Property].(type) {
	case nil:
		return s.Default, nil
	case string:
		x, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil {
			return 0, fmt.Errorf("%s in a member's metadata is the text %s and no number", s.Property, show(v))
		}
		return x, nil
	default:
		x, ok := number(v)
		if !ok {
			return 0, fmt.Errorf("%s in a member's metadata is no number", s.Property)
		}
		return x, nil
	}
}

// attributes bounds what players have set, which the caller brings along.
func (m *machine) attributes(context.Context, need) error {
	p := &m.facts.Party
	p.Members = slices.Clone(p.Members)
	m.set &^= 1 << factIndex["party.members"]
	p.Attributes, _ = bounded(p.Attributes).(map[string]any)
	for i := range p.Members {
		p.Members[i].Attributes, _ = bounded(p.Members[i].Attributes).(map[string]any)
	}
	return nil
}
