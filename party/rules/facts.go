package rules

import (
	"context"
	"time"
)

// Facts is everything a condition may ask about, under the names designers
// write. Callers fill in what they know without reading the database; the facts
// marked "read" below are taken from the [Loader], and only when a rule in play
// names them.
type Facts struct {
	// What the player is about to do.
	Action Action `yaml:"action"`
	// The server's time, UTC. See the functions hour, weekday and time_of_day.
	Now time.Time `yaml:"now"`
	// Whether the player comes with an invite; for join.
	Invited bool `yaml:"invited"`
	// The player.
	User UserFacts `yaml:"user"`
	// The party it is about; empty for create.
	Party PartyFacts `yaml:"party"`
	// The player's relation to the party; all false for create.
	Relation RelationFacts `yaml:"relation"`
	// What is asked for.
	Request RequestFacts `yaml:"request"`

	// Banned is whether the player was removed from the party a short while ago. That is
	// looked at before the rules, so no condition can name it; see [Set.Explain].
	Banned bool `yaml:"banned" expr:"-"`
}

// UserFacts is the player who acts.
type UserFacts struct {
	// User ID.
	ID string `yaml:"id" expr:"id"`
	// Unique user name.
	Username string `yaml:"username" expr:"username"`
	// Name to show. Read.
	DisplayName string `yaml:"display_name" expr:"display_name"`
	// Language tag of the session, such as "en".
	Lang string `yaml:"lang" expr:"lang"`
	// The account's metadata. Read. A field that is missing is nil: write
	// (user.metadata.level ?? 0).
	Metadata map[string]any `yaml:"metadata" expr:"metadata"`
	// Variables of the session, such as user.vars.platform; "" when missing.
	Vars map[string]string `yaml:"vars" expr:"vars"`
	// Time since the account was made. Read.
	AccountAge time.Duration `yaml:"account_age" expr:"account_age"`
	// Groups the player is a member of. Read.
	Groups []GroupFacts `yaml:"groups" expr:"groups"`
}

// GroupFacts is one group (guild, clan) of a player.
type GroupFacts struct {
	// Group ID.
	ID string `yaml:"id" expr:"id"`
	// Unique name of the group.
	Name string `yaml:"name" expr:"name"`
	// Whether the player is an admin of the group.
	Admin bool `yaml:"admin" expr:"admin"`
}

// What a party is doing, the values of party.state.
const (
	StateIdle        = "idle"
	StateMatchmaking = "matchmaking"
	StateInMatch     = "in_match"
)

// PartyFacts is the party as it is before the action.
type PartyFacts struct {
	// Party ID.
	ID string `yaml:"id" expr:"id"`
	// How many members it has.
	Size int `yaml:"size" expr:"size"`
	// How many it takes.
	MaxSize int `yaml:"max_size" expr:"max_size"`
	// Seats kept for invited players and for members who lost the connection.
	Held int `yaml:"held" expr:"held"`
	// Players expected who are not in yet: those seats, and invited players who told
	// that they are loading. Never more than the party has room for.
	OnTheWay int `yaml:"on_the_way" expr:"on_the_way"`
	// Whether anybody may join without being asked in.
	Open bool `yaml:"open" expr:"open"`
	// "idle", "matchmaking" or "in_match".
	State string `yaml:"state" expr:"state"`
	// The party's label, such as party.label.mode. A field that is missing is nil.
	Label map[string]any `yaml:"label" expr:"label"`
	// User ID of the leader.
	LeaderID string `yaml:"leader_id" expr:"leader_id"`
	// Time since the party was made.
	Age time.Duration `yaml:"age" expr:"age"`
	// The members, longest first.
	Members []MemberFacts `yaml:"members" expr:"members"`
	// How strong the members are, by the number that the queue's skill names. Read.
	Skill SkillFacts `yaml:"skill" expr:"skill"`
	// What the party has set for itself, such as party.attributes.map. A field that is
	// missing is nil.
	Attributes map[string]any `yaml:"attributes" expr:"attributes"`

	// LabelJSON is the label as the server has it. When Label is nil it is read
	// from here, and only if a rule in play names it.
	LabelJSON string `yaml:"-" expr:"-"`
}

// MemberFacts is one member of the party.
type MemberFacts struct {
	// User ID.
	UserID string `yaml:"user_id" expr:"user_id"`
	// Unique user name.
	Username string `yaml:"username" expr:"username"`
	// Whether the member leads the party.
	Leader bool `yaml:"leader" expr:"leader"`
	// The stage the member last told, "" before the first.
	Stage string `yaml:"stage" expr:"stage"`
	// Progress within the stage, 0 to 1.
	Progress float64 `yaml:"progress" expr:"progress"`
	// The account's metadata, as user.metadata. Read, for all members at once.
	Metadata map[string]any `yaml:"metadata" expr:"metadata"`
	// Time since the account was made. Read, for all members at once.
	AccountAge time.Duration `yaml:"account_age" expr:"account_age"`
	// What the member has set for the others to see, such as .attributes.character. A
	// field that is missing is nil.
	Attributes map[string]any `yaml:"attributes" expr:"attributes"`
}

// SkillFacts is the strength of a party's members; of the player alone where there is no
// party.
type SkillFacts struct {
	// The weakest member.
	Min float64 `yaml:"min" expr:"min"`
	// The strongest member.
	Max float64 `yaml:"max" expr:"max"`
	// The members' mean.
	Mean float64 `yaml:"mean" expr:"mean"`
	// How far apart the strongest and the weakest are.
	Spread float64 `yaml:"spread" expr:"spread"`
}

// RelationFacts is how the player stands to the party's members. All are read.
type RelationFacts struct {
	// The player and the leader are friends, or the player is the leader.
	FriendOfLeader bool `yaml:"friend_of_leader" expr:"friend_of_leader"`
	// The player and at least one member are friends.
	FriendOfAny bool `yaml:"friend_of_any" expr:"friend_of_any"`
	// The player and the leader share a group, or the player is the leader.
	SameGroup bool `yaml:"same_group" expr:"same_group"`
	// The player blocked a member, or a member the player.
	Blocked bool `yaml:"blocked" expr:"blocked"`
}

// RequestFacts is what the player asks for; what an action has no use for is empty.
type RequestFacts struct {
	// Size asked for, after the default; for create.
	MaxSize int `yaml:"max_size" expr:"max_size"`
	// Whether an open party is asked for; for create and update.
	Open bool `yaml:"open" expr:"open"`
	// The label asked for, such as request.label.mode; for create and update. A
	// field that is missing is nil.
	Label map[string]any `yaml:"label" expr:"label"`
	// The queue asked for; for matchmake.
	Queue string `yaml:"queue" expr:"queue"`
	// Bytes of the message; for data.
	DataSize int `yaml:"data_size" expr:"data_size"`
	// User ID of the other player; for kick and promote.
	TargetID string `yaml:"target_id" expr:"target_id"`

	// LabelJSON is the label as the client sent it, see [PartyFacts].
	LabelJSON string `yaml:"-" expr:"-"`
}

// Loader reads the facts that cost a database read. One decision asks for
// each user at most once. Implementations may cache; they are called from
// several goroutines. An error makes the rule that needed the fact refuse the
// action, see [Set.Decide].
type Loader interface {
	// Accounts of users, in one read: display name, metadata, age. Users who do not exist
	// are left out.
	Accounts(ctx context.Context, userIDs []string) (map[string]Account, error)
	// Groups the user is a member of; requests and invitations do not count.
	Groups(ctx context.Context, userID string) ([]GroupFacts, error)
	// Friends lists those of others who are mutual friends of the user.
	Friends(ctx context.Context, userID string, others []string) ([]string, error)
	// Blocked reports whether there is a block between the user and any of others,
	// whoever made it.
	Blocked(ctx context.Context, userID string, others []string) (bool, error)
}

// Account is what the database knows of a user.
type Account struct {
	DisplayName string
	Metadata    string // JSON object
	CreatedAt   time.Time
}

// Decision says whether an action goes ahead.
type Decision struct {
	Allowed bool
	Rule    string // the rule that decided, "" when none did
	Message string // for the refused player; never empty in a refusal
}
