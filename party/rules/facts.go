package rules

import (
	"context"
	"time"
)

// Facts holds everything that a condition may ask about, under the names that designers write. Callers set what
// they know without reading the database. The facts marked "Read." come from the [Loader], and only if a rule
// that is asked names them. Their need tags list what has to be read. A fact with an on tag is empty for all
// other actions. The JSON form is complete: facts that are read back give the same decision.
type Facts struct {
	// What the player is about to do.
	Action Action `yaml:"action" expr:"action" json:"action,omitzero"`
	// The server's time, UTC. See the functions hour, weekday and time_of_day.
	Now time.Time `yaml:"now" expr:"now" json:"now,omitzero"`
	// Whether the player comes with an invite; for join.
	Invited bool `yaml:"invited" expr:"invited" on:"join" json:"invited,omitzero"`
	// The player.
	User UserFacts `yaml:"user" expr:"user" json:"user,omitzero"`
	// The party it is about; empty for create, but for its state and skill.
	Party PartyFacts `yaml:"party" expr:"party" on:"join invite update data matchmake kick promote" json:"party,omitzero"`
	// The player's relation to the party; all false for create.
	Relation RelationFacts `yaml:"relation" expr:"relation" on:"join invite update data matchmake kick promote" json:"relation,omitzero"`
	// What is asked for.
	Request RequestFacts `yaml:"request" expr:"request" json:"request,omitzero"`

	// Banned is whether the player was kicked from the party a short while ago. The server checks it before the
	// rules, so no condition can name it. See [Set.Explain].
	Banned bool `yaml:"banned" expr:"-" json:"banned,omitzero"`
}

// UserFacts is the player who acts.
type UserFacts struct {
	// User ID.
	ID string `yaml:"id" expr:"id" json:"id,omitzero"`
	// Unique user name.
	Username string `yaml:"username" expr:"username" json:"username,omitzero"`
	// Name to show. Read.
	DisplayName string `yaml:"display_name" expr:"display_name" need:"account" json:"display_name,omitzero"`
	// Language tag of the socket, such as "en"; "" for a call over HTTP, which has none.
	Lang string `yaml:"lang" expr:"lang" json:"lang,omitzero"`
	// The account's metadata. Read. A field that is missing is nil: write
	// (user.metadata.level ?? 0).
	Metadata map[string]any `yaml:"metadata" expr:"metadata" need:"account" json:"metadata,omitzero"`
	// Variables of the session, such as user.vars.platform; "" when missing.
	Vars map[string]string `yaml:"vars" expr:"vars" need:"vars" json:"vars,omitzero"`
	// Time since the account was made. Read.
	AccountAge time.Duration `yaml:"account_age" expr:"account_age" need:"account" json:"account_age,omitzero"`
	// Groups the player is a member of. Read.
	Groups []GroupFacts `yaml:"groups" expr:"groups" need:"groups" json:"groups,omitzero"`
}

// GroupFacts is one group (a guild or clan) of a player.
type GroupFacts struct {
	// Group ID.
	ID string `yaml:"id" expr:"id" json:"id,omitzero"`
	// Unique name of the group.
	Name string `yaml:"name" expr:"name" json:"name,omitzero"`
	// Whether the player is an admin of the group.
	Admin bool `yaml:"admin" expr:"admin" json:"admin,omitzero"`
}

// The values of party.state.
const (
	StateIdle        = "idle"
	StateMatchmaking = "matchmaking"
	StateInMatch     = "in_match"
)

// PartyFacts is the party as it is before the action.
type PartyFacts struct {
	// Party ID.
	ID string `yaml:"id" expr:"id" json:"id,omitzero"`
	// How many members it has.
	Size int `yaml:"size" expr:"size" json:"size,omitzero"`
	// How many it takes.
	MaxSize int `yaml:"max_size" expr:"max_size" json:"max_size,omitzero"`
	// Seats kept for invited players and for members who lost the connection.
	Held int `yaml:"held" expr:"held" json:"held,omitzero"`
	// Players expected who are not in yet: those seats, and invited players who told
	// that they are loading. On `join` the player who asks does not count. Never more than
	// the party has room for.
	OnTheWay int `yaml:"on_the_way" expr:"on_the_way" json:"on_the_way,omitzero"`
	// Whether anybody may join without being asked in.
	Open bool `yaml:"open" expr:"open" json:"open,omitzero"`
	// "idle", "matchmaking" or "in_match"; "idle" without a party.
	State string `yaml:"state" expr:"state" json:"state,omitzero"`
	// The party's label, such as party.label.mode. A field that is missing is nil.
	Label map[string]any `yaml:"label" expr:"label" need:"party_label" json:"label,omitzero"`
	// User ID of the leader.
	LeaderID string `yaml:"leader_id" expr:"leader_id" json:"leader_id,omitzero"`
	// Time since the party was made.
	Age time.Duration `yaml:"age" expr:"age" json:"age,omitzero"`
	// The members, the longest in the party first.
	Members []MemberFacts `yaml:"members" expr:"members" json:"members,omitzero"`
	// How strong the members are, by the number that the queue's skill names. Read.
	Skill SkillFacts `yaml:"skill" expr:"skill" on:"create join invite update data matchmake kick promote" need:"account members skill" json:"skill,omitzero"`
	// What the party has set for itself, such as party.attributes.map. A field that is
	// missing is nil.
	Attributes map[string]any `yaml:"attributes" expr:"attributes" need:"attributes" json:"attributes,omitzero"`

	// LabelJSON is the label as the server stores it. If Label is nil it is parsed from here, and only if a
	// rule that is asked names it.
	LabelJSON string `yaml:"-" expr:"-" json:"label_json,omitzero"`

	// Away lists the user IDs of members who are away. A block between them and the player counts too.
	Away []string `yaml:"-" expr:"-" json:"-"`
}

// MemberFacts is one member of the party.
type MemberFacts struct {
	// User ID.
	UserID string `yaml:"user_id" expr:"user_id" json:"user_id,omitzero"`
	// Unique user name.
	Username string `yaml:"username" expr:"username" json:"username,omitzero"`
	// Whether the member leads the party.
	Leader bool `yaml:"leader" expr:"leader" json:"leader,omitzero"`
	// The stage the member last told, "" before the first.
	Stage string `yaml:"stage" expr:"stage" json:"stage,omitzero"`
	// Progress within the stage, 0 to 1.
	Progress float64 `yaml:"progress" expr:"progress" json:"progress,omitzero"`
	// The account's metadata, as user.metadata. Read, for all members at once.
	Metadata map[string]any `yaml:"metadata" expr:"metadata" need:"members" json:"metadata,omitzero"`
	// Time since the account was made. Read, for all members at once.
	AccountAge time.Duration `yaml:"account_age" expr:"account_age" need:"members" json:"account_age,omitzero"`
	// What the member has set for the others to see, such as .attributes.character. A
	// field that is missing is nil.
	Attributes map[string]any `yaml:"attributes" expr:"attributes" need:"attributes" json:"attributes,omitzero"`
}

// SkillFacts is the strength of the party's members, or of the player alone if there is no party.
type SkillFacts struct {
	// The weakest member.
	Min float64 `yaml:"min" expr:"min" json:"min,omitzero"`
	// The strongest member.
	Max float64 `yaml:"max" expr:"max" json:"max,omitzero"`
	// The members' mean.
	Mean float64 `yaml:"mean" expr:"mean" json:"mean,omitzero"`
	// How far apart the strongest and the weakest are.
	Spread float64 `yaml:"spread" expr:"spread" json:"spread,omitzero"`
}

// RelationFacts is the player's relation to the party's members. All of it is read from the database.
type RelationFacts struct {
	// The player and the leader are friends, or the player is the leader.
	FriendOfLeader bool `yaml:"friend_of_leader" expr:"friend_of_leader" need:"friends" json:"friend_of_leader,omitzero"`
	// The player and at least one member are friends.
	FriendOfAny bool `yaml:"friend_of_any" expr:"friend_of_any" need:"friends" json:"friend_of_any,omitzero"`
	// The player and the leader share a group, or the player is the leader.
	SameGroup bool `yaml:"same_group" expr:"same_group" need:"same_group" json:"same_group,omitzero"`
	// The player blocked a member, or a member the player. A member who may come back counts.
	Blocked bool `yaml:"blocked" expr:"blocked" need:"blocked" json:"blocked,omitzero"`
}

// RequestFacts is what the player asks for. Fields that the action does not use are empty.
type RequestFacts struct {
	// Size asked for, after the default; for create.
	MaxSize int `yaml:"max_size" expr:"max_size" on:"create" json:"max_size,omitzero"`
	// Whether an open party is asked for; for create and update.
	Open bool `yaml:"open" expr:"open" on:"create update" json:"open,omitzero"`
	// The label asked for, such as request.label.mode; for create and update. A
	// field that is missing is nil.
	Label map[string]any `yaml:"label" expr:"label" on:"create update" need:"request_label" json:"label,omitzero"`
	// The queue asked for; for matchmake.
	Queue string `yaml:"queue" expr:"queue" on:"matchmake" json:"queue,omitzero"`
	// Bytes of the message; for data.
	DataSize int `yaml:"data_size" expr:"data_size" on:"data" json:"data_size,omitzero"`
	// User ID of the other player; for kick and promote.
	TargetID string `yaml:"target_id" expr:"target_id" on:"kick promote" json:"target_id,omitzero"`

	// LabelJSON is the label as the client sent it, see [PartyFacts].
	LabelJSON string `yaml:"-" expr:"-" json:"label_json,omitzero"`

	// Wish is what the client asked for. Each rules file computes MaxSize and Open from it. It is nil if the
	// client asked for neither, and in recordings of older versions.
	Wish *PartyRequest `yaml:"-" expr:"-" json:"wish,omitempty"`
}

// PartyRequest is the size and openness that a client asks for.
type PartyRequest struct {
	MaxSize int  `json:"max_size,omitzero"` // 0 = the default size
	Open    bool `json:"open,omitzero"`
}

// Loader reads the facts that need the database. One decision asks for each user at most once. Implementations
// may cache. They are called from several goroutines. After an error, the rule that needs the fact refuses the
// action, see [Set.Decide].
type Loader interface {
	// Accounts reads the display name, metadata and age of users in one read. Users who do not exist are left
	// out.
	Accounts(ctx context.Context, userIDs []string) (map[string]Account, error)
	// Groups lists the groups that the user is a member of. Requests and invitations do not count.
	Groups(ctx context.Context, userID string) ([]GroupFacts, error)
	// Friends lists the users among others who are mutual friends of the user.
	Friends(ctx context.Context, userID string, others []string) ([]string, error)
	// Blocked reports whether the user blocks one of others, or one of others blocks the user.
	Blocked(ctx context.Context, userID string, others []string) (bool, error)
}

// Account is the part of a user's account that facts are read from.
type Account struct {
	DisplayName string
	Metadata    string // JSON object
	CreatedAt   time.Time
}

// Decision is the answer of the rules to an action.
type Decision struct {
	Allowed bool
	Rule    string // the rule that decided, "" when none did
	Message string // for the refused player; never empty in a refusal
}
