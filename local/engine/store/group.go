package store

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// States of a group's member. States below groupRequest count as members.
const (
	groupSuperadmin int32 = 0
	groupAdmin      int32 = 1
	groupMember     int32 = 2
	groupRequest    int32 = 3
	groupBanned     int32 = 4
)

// group has its members, requests and bans.
type group struct {
	id          uuid.UUID
	creator     uuid.UUID
	name        string
	description string
	avatarURL   string
	langTag     string
	metadata    string // jsonb text
	open        bool
	count       int32 // members; requests and bans do not count
	maxCount    int32
	createTime  time.Time
	updateTime  time.Time
	members     map[uuid.UUID]*membership
}

type membership struct {
	state    int32
	position int64
}

func (g *group) message() *api.Group {
	return &api.Group{
		Id: g.id.String(), CreatorId: g.creator.String(), Name: g.name, Description: g.description,
		LangTag: g.langTag, Metadata: g.metadata, AvatarUrl: g.avatarURL, Open: wrapperspb.Bool(g.open),
		EdgeCount: g.count, MaxCount: g.maxCount, CreateTime: seconds(g.createTime), UpdateTime: seconds(g.updateTime),
	}
}

// otherSuperadmins counts the superadmins except one user.
func (g *group) otherSuperadmins(userID uuid.UUID) (n int) {
	for id, m := range g.members {
		if id != userID && m.state == groupSuperadmin {
			n++
		}
	}
	return n
}

// groups has all groups with indexes of their unique names and of their users.
type groups struct {
	byID   map[uuid.UUID]*group
	byName map[string]*group
	byUser map[uuid.UUID]map[uuid.UUID]*group // in any state except banned
}

func newGroups() groups {
	return groups{byID: map[uuid.UUID]*group{}, byName: map[string]*group{}, byUser: map[uuid.UUID]map[uuid.UUID]*group{}}
}

func (gs *groups) setMember(g *group, userID uuid.UUID, m *membership) {
	g.members[userID] = m
	if m.state == groupBanned {
		delete(gs.byUser[userID], g.id)
		return
	}
	if gs.byUser[userID] == nil {
		gs.byUser[userID] = map[uuid.UUID]*group{}
	}
	gs.byUser[userID][g.id] = g
}

func (gs *groups) removeMember(g *group, userID uuid.UUID) {
	delete(g.members, userID)
	delete(gs.byUser[userID], g.id)
}

func (gs *groups) remove(g *group) {
	delete(gs.byID, g.id)
	delete(gs.byName, g.name)
	for userID := range g.members {
		delete(gs.byUser[userID], g.id)
	}
}

// NewGroup has the values of a new group.
type NewGroup struct {
	Name, Description, AvatarURL string
	LangTag                      string // "" means "en"
	Metadata                     string // a JSON object; "" means "{}"
	Open                         bool
	MaxCount                     int // at least 1
}

// CreateGroup makes a group. userID becomes its superadmin. creatorID is stored as its creator.
func (s *Store) CreateGroup(userID, creatorID uuid.UUID, n NewGroup) (*api.Group, error) {
	if userID == uuid.Nil {
		return nil, runtime.ErrGroupCreatorInvalid
	}
	if n.LangTag == "" {
		n.LangTag = "en"
	}
	if n.Metadata == "" {
		n.Metadata = "{}"
	}
	metadata, err := formatJSONB(n.Metadata)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	g := &group{
		id: uuid.New(), creator: creatorID, name: n.Name, description: n.Description, avatarURL: n.AvatarURL,
		langTag: n.LangTag, metadata: metadata, open: n.Open, count: 1, maxCount: int32(n.MaxCount),
		createTime: now, updateTime: now, members: map[uuid.UUID]*membership{},
	}
	if err := g.validate(); err != nil {
		return nil, err
	}
	if s.groups.byName[g.name] != nil {
		return nil, runtime.ErrGroupNameInUse
	}
	s.groups.byID[g.id], s.groups.byName[g.name] = g, g
	s.groups.setMember(g, userID, &membership{groupSuperadmin, s.position()})
	return g.message(), nil
}

// validate returns an error for values that the database's columns refuse.
func (g *group) validate() error {
	for _, column := range []struct {
		text  string
		limit int
	}{{g.name, 255}, {g.description, 255}, {g.avatarURL, 512}, {g.langTag, 18}} {
		if err := checkText(column.text, column.limit); err != nil {
			return err
		}
	}
	if g.maxCount < 1 || g.count > g.maxCount {
		return newDatabaseError("new row for relation %q violates check constraint %q (SQLSTATE 23514)", "groups", "groups_check")
	}
	return nil
}

// GroupChange says what to change in a group. A nil field changes nothing, a pointer to "" clears the value. A zero
// MaxCount or Creator changes nothing.
type GroupChange struct {
	Name, LangTag, Description, AvatarURL, Metadata *string
	Open                                            *bool
	MaxCount                                        int
	Creator                                         uuid.UUID
}

// UpdateGroup changes a group. callerID must be one of its admins, or the zero UUID for the server.
func (s *Store) UpdateGroup(id, callerID uuid.UUID, change GroupChange) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups.byID[id]
	if !g.permits(callerID, groupAdmin) {
		return runtime.ErrGroupPermissionDenied
	}
	if change == (GroupChange{}) {
		return runtime.ErrGroupNoUpdateOps
	}
	if g == nil {
		return runtime.ErrGroupNotUpdated
	}
	next := *g
	for _, field := range []struct{ from, to *string }{
		{change.Name, &next.name}, {change.LangTag, &next.langTag}, {change.Description, &next.description},
		{change.AvatarURL, &next.avatarURL},
	} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	if change.Metadata != nil {
		metadata, err := formatJSONB(*change.Metadata)
		if err != nil {
			return err
		}
		next.metadata = metadata
	}
	if change.Open != nil {
		next.open = *change.Open
	}
	if change.MaxCount > 0 {
		next.maxCount = int32(change.MaxCount)
	}
	if change.Creator != uuid.Nil {
		next.creator = change.Creator
	}
	if err := next.validate(); err != nil {
		return err
	}
	if owner := s.groups.byName[next.name]; owner != nil && owner != g {
		return runtime.ErrGroupNameInUse
	}
	delete(s.groups.byName, g.name)
	next.updateTime = s.now()
	*g = next
	s.groups.byName[g.name] = g
	return nil
}

// permits reports whether the caller is a member with the state upTo or a lower one. The server (the zero UUID) may
// do everything. For a missing group (nil), nobody else may.
func (g *group) permits(callerID uuid.UUID, upTo int32) bool {
	if callerID == uuid.Nil {
		return true
	}
	if g == nil {
		return false
	}
	m := g.members[callerID]
	return m != nil && m.state <= upTo
}

// DeleteGroup removes a group. callerID must be one of its superadmins, or the zero UUID for the server. For the
// server a missing group is no error.
func (s *Store) DeleteGroup(id, callerID uuid.UUID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups.byID[id]
	if !g.permits(callerID, groupSuperadmin) {
		return runtime.ErrGroupPermissionDenied
	}
	if g != nil {
		s.groups.remove(g)
	}
	return nil
}

// Groups returns the groups with these IDs, each once, oldest first. It leaves out unknown IDs.
func (s *Store) Groups(ids []uuid.UUID) []*api.Group {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var rows []*group
	for _, id := range unique(ids) {
		if g := s.groups.byID[id]; g != nil {
			rows = append(rows, g)
		}
	}
	slices.SortFunc(rows, func(a, b *group) int {
		if c := a.createTime.Compare(b.createTime); c != 0 {
			return c
		}
		return compareIDs(a.id, b.id)
	})
	return groupMessages(rows)
}

func groupMessages(rows []*group) []*api.Group {
	list := make([]*api.Group, 0, len(rows))
	for _, g := range rows {
		list = append(list, g.message())
	}
	return list
}

// leaveAllGroups takes a deleted account out of its groups. It removes groups without another superadmin. The lock
// must be held for writing.
func (s *Store) leaveAllGroups(userID uuid.UUID) {
	for _, g := range s.groups.byID {
		m := g.members[userID]
		switch {
		case m == nil:
		case m.state == groupSuperadmin && g.otherSuperadmins(userID) == 0:
			s.groups.remove(g)
		default:
			s.dropMember(g, userID)
		}
	}
}

// dropMember removes a user in any state from a group.
func (s *Store) dropMember(g *group, userID uuid.UUID) {
	if g.members[userID].state < groupRequest {
		g.count--
		g.updateTime = s.now()
	}
	s.groups.removeMember(g, userID)
}

func (s *Store) groupNotification(to, from uuid.UUID, code int32, subject string, content map[string]string) delivery {
	text, _ := json.Marshal(content)
	return delivery{to, s.newNotification(subject, string(text), code, from, true)}
}
