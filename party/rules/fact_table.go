package rules

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

// fact is one value a condition can name.
type fact struct {
	need need
	get  func(*Facts) any // nil for a fact of each member, which is found in party.members
}

// memberFact begins the full name of a fact that costs something and that each member has.
const memberFact = "party.members."

// facts are all of them by their full names, by which a running condition finds them too:
// that is much faster than going through structs by reflection.
var facts = map[string]fact{
	"action":                    {0, func(f *Facts) any { return string(f.Action) }},
	"now":                       {0, func(f *Facts) any { return f.Now }},
	"invited":                   {0, func(f *Facts) any { return f.Invited }},
	"user.id":                   {0, func(f *Facts) any { return f.User.ID }},
	"user.username":             {0, func(f *Facts) any { return f.User.Username }},
	"user.display_name":         {needAccount, func(f *Facts) any { return f.User.DisplayName }},
	"user.lang":                 {0, func(f *Facts) any { return f.User.Lang }},
	"user.metadata":             {needAccount, func(f *Facts) any { return f.User.Metadata }},
	"user.vars":                 {needVars, func(f *Facts) any { return f.User.Vars }},
	"user.account_age":          {needAccount, func(f *Facts) any { return f.User.AccountAge }},
	"user.groups":               {needGroups, func(f *Facts) any { return pointers(f.User.Groups) }},
	"party.id":                  {0, func(f *Facts) any { return f.Party.ID }},
	"party.size":                {0, func(f *Facts) any { return f.Party.Size }},
	"party.max_size":            {0, func(f *Facts) any { return f.Party.MaxSize }},
	"party.held":                {0, func(f *Facts) any { return f.Party.Held }},
	"party.on_the_way":          {0, func(f *Facts) any { return f.Party.OnTheWay }},
	"party.open":                {0, func(f *Facts) any { return f.Party.Open }},
	"party.state":               {0, func(f *Facts) any { return f.Party.State }},
	"party.label":               {needPartyLabel, func(f *Facts) any { return f.Party.Label }},
	"party.leader_id":           {0, func(f *Facts) any { return f.Party.LeaderID }},
	"party.age":                 {0, func(f *Facts) any { return f.Party.Age }},
	"party.members":             {0, func(f *Facts) any { return pointers(f.Party.Members) }},
	"party.skill":               {needAccount | needMembers | needSkill, func(f *Facts) any { return &f.Party.Skill }},
	"party.attributes":          {needAttributes, func(f *Facts) any { return f.Party.Attributes }},
	memberFact + "metadata":     {needMembers, nil},
	memberFact + "account_age":  {needMembers, nil},
	memberFact + "attributes":   {needAttributes, nil},
	"relation.friend_of_leader": {needFriends, func(f *Facts) any { return f.Relation.FriendOfLeader }},
	"relation.friend_of_any":    {needFriends, func(f *Facts) any { return f.Relation.FriendOfAny }},
	"relation.same_group":       {needSameGroup, func(f *Facts) any { return f.Relation.SameGroup }},
	"relation.blocked":          {needBlocked, func(f *Facts) any { return f.Relation.Blocked }},
	"request.max_size":          {0, func(f *Facts) any { return f.Request.MaxSize }},
	"request.open":              {0, func(f *Facts) any { return f.Request.Open }},
	"request.label":             {needRequestLabel, func(f *Facts) any { return f.Request.Label }},
	"request.queue":             {0, func(f *Facts) any { return f.Request.Queue }},
	"request.data_size":         {0, func(f *Facts) any { return f.Request.DataSize }},
	"request.target_id":         {0, func(f *Facts) any { return f.Request.TargetID }},
}

// pointers is a list of entries that a loop can visit without copying each.
func pointers[T any](list []T) []any {
	out := make([]any, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}
