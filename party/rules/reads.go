package rules

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// loadAccounts reads the accounts for needAccount and needMembers in one read.
func (m *machine) loadAccounts(ctx context.Context, n need) error {
	u := &m.facts.User
	var ids []string
	if n&needAccount != 0 {
		ids = append(ids, u.ID)
	}
	var members []MemberFacts
	if n&needMembers != 0 {
		members = m.facts.Party.Members
	}
	for _, mem := range members {
		if !slices.Contains(ids, mem.UserID) {
			ids = append(ids, mem.UserID)
		}
	}
	accounts, err := m.loader.Accounts(ctx, ids)
	if err != nil {
		return unreadError{fmt.Errorf("read accounts: %w", err)}
	}
	if n&needAccount != 0 {
		a, ok := accounts[u.ID]
		if !ok {
			return fmt.Errorf("no account of user %s", u.ID)
		}
		u.DisplayName, u.AccountAge = a.DisplayName, max(0, m.facts.Now.Sub(a.CreatedAt))
		if u.Metadata, err = parseObject("user.metadata", a.Metadata); err != nil {
			return err
		}
	}
	for i := range members {
		mem := &members[i]
		a, ok := accounts[mem.UserID]
		if !ok { // deleted while in the party: counts as a new account without metadata
			mem.Metadata, mem.AccountAge = map[string]any{}, 0
			continue
		}
		mem.AccountAge = max(0, m.facts.Now.Sub(a.CreatedAt))
		if mem.Metadata, err = parseObject("a member's metadata", a.Metadata); err != nil {
			return err
		}
	}
	return nil
}

// computeSkill computes party.skill from the members' metadata. Without a Loader, a skill that the caller gave
// stays.
func (m *machine) computeSkill() error {
	p, skill := &m.facts.Party, m.rules.skillFor(m.facts.Request.Queue)
	if skill == nil || m.loader == nil && p.Skill != (SkillFacts{}) {
		return nil
	}
	bags := []map[string]any{m.facts.User.Metadata}
	if len(p.Members) > 0 {
		bags = bags[:0]
		for _, mem := range p.Members {
			bags = append(bags, mem.Metadata)
		}
	}
	s := SkillFacts{Min: math.Inf(1), Max: math.Inf(-1)}
	for _, bag := range bags {
		v, err := skill.valueIn(bag)
		if err != nil {
			return err
		}
		s.Min, s.Max = min(s.Min, v), max(s.Max, v)
		s.Mean += v / float64(len(bags))
	}
	s.Spread = s.Max - s.Min
	p.Skill = s
	return nil
}

// valueIn returns the strength from an account's metadata. A text that spells a number counts as that number.
func (s *Skill) valueIn(metadata map[string]any) (float64, error) {
	v := metadata[s.Property]
	if v == nil {
		return s.Default, nil
	}
	n, ok := Number(v)
	if !ok {
		return 0, fmt.Errorf("%s in a member's metadata is %s and no number", s.Property, describeValue(v))
	}
	return n, nil
}

// readUserGroups returns the player's own groups. It reads them once.
func (m *machine) readUserGroups(ctx context.Context) (_ []GroupFacts, err error) {
	if !m.groupsRead {
		if m.userGroups, err = m.loader.Groups(ctx, m.facts.User.ID); err != nil {
			return nil, unreadError{fmt.Errorf("read groups: %w", err)}
		}
		m.groupsRead = true
	}
	return m.userGroups, nil
}

func (m *machine) loadGroups(ctx context.Context, _ need) (err error) {
	m.facts.User.Groups, err = m.readUserGroups(ctx)
	return err
}

func (m *machine) loadSameGroup(ctx context.Context, _ need) error {
	leader, same := m.facts.Party.LeaderID, &m.facts.Relation.SameGroup
	if *same = false; leader == "" || m.isLeader() {
		return nil
	}
	own, err := m.readUserGroups(ctx)
	if err != nil || len(own) == 0 {
		return err
	}
	theirs, err := m.loader.Groups(ctx, leader)
	if err != nil {
		return unreadError{fmt.Errorf("read the leader's groups: %w", err)}
	}
	*same = slices.ContainsFunc(theirs, func(g GroupFacts) bool {
		return slices.ContainsFunc(own, func(mine GroupFacts) bool { return mine.ID == g.ID })
	})
	return nil
}

func (m *machine) loadFriends(ctx context.Context, _ need) error {
	rel, others := &m.facts.Relation, m.otherMembers()
	if rel.FriendOfAny, rel.FriendOfLeader = false, false; len(others) == 0 {
		return nil
	}
	friends, err := m.loader.Friends(ctx, m.facts.User.ID, others)
	if err != nil {
		return unreadError{fmt.Errorf("read friends: %w", err)}
	}
	for _, id := range friends {
		rel.FriendOfAny = rel.FriendOfAny || slices.Contains(others, id)
		rel.FriendOfLeader = rel.FriendOfLeader || id == m.facts.Party.LeaderID
	}
	return nil
}

func (m *machine) loadBlocked(ctx context.Context, _ need) (err error) {
	others, blocked := append(m.otherMembers(), m.facts.Party.Away...), &m.facts.Relation.Blocked
	if *blocked = false; len(others) == 0 {
		return nil
	}
	if *blocked, err = m.loader.Blocked(ctx, m.facts.User.ID, others); err != nil {
		return unreadError{fmt.Errorf("read blocks: %w", err)}
	}
	return nil
}
