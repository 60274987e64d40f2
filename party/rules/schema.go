package rules

import "time"

// Config is the rules file after defaults are applied. The field comments are
// the designers' reference: the JSON Schema is generated from them.
type Config struct {
	Version     int              `yaml:"version"`
	Parties     Parties          `yaml:"parties"`
	Invites     Invites          `yaml:"invites"`
	Status      Status           `yaml:"status"`
	Limits      Limits           `yaml:"limits"`
	Rules       []Rule           `yaml:"rules"`
	Matchmaking Matchmaking      `yaml:"matchmaking"`
	Queues      map[string]Queue `yaml:"queues"`
}

// Parties says what a party may look like.
type Parties struct {
	MaxSize        MaxSize       `yaml:"max_size"`
	Open           OpenPolicy    `yaml:"open"`
	OnePerUser     OnePerUser    `yaml:"one_per_user"`
	ReconnectGrace time.Duration `yaml:"reconnect_grace"`
	KickBan        time.Duration `yaml:"kick_ban"`
	Lock           Lock          `yaml:"lock"`
}

// MaxSize bounds the size a client may ask for.
type MaxSize struct {
	Default int           `yaml:"default"` // taken where the client names none
	Min     int           `yaml:"min"`
	Max     int           `yaml:"max"`
	Outside OutsidePolicy `yaml:"outside"`
}

type (
	OutsidePolicy string // refuse | clamp
	OpenPolicy    string // any | open | closed
	OnePerUser    string // false | true | leave_previous
	InviteRole    string // member | leader
)

const (
	OutsideRefuse OutsidePolicy = "refuse"
	OutsideClamp  OutsidePolicy = "clamp"

	OpenAny    OpenPolicy = "any"
	OpenOnly   OpenPolicy = "open"
	ClosedOnly OpenPolicy = "closed"

	ManyPerUser   OnePerUser = "false"
	OnePartyOnly  OnePerUser = "true"
	LeavePrevious OnePerUser = "leave_previous"

	InviteMember InviteRole = "member"
	InviteLeader InviteRole = "leader"
)

// Lock says when nobody new may enter a party.
type Lock struct {
	WhileMatchmaking bool `yaml:"while_matchmaking"`
	InMatch          bool `yaml:"in_match"`
}

// Invites says who invites, for how long, and what a link leads to.
type Invites struct {
	Who       InviteRole   `yaml:"who"`
	Link      InviteLimits `yaml:"link"`
	Code      InviteLimits `yaml:"code"`
	PublicURL string       `yaml:"public_url"` // scheme and host players reach the server at
	App       App          `yaml:"app"`
	Page      Page         `yaml:"page"`
}

// InviteLimits bounds one kind of invite.
type InviteLimits struct {
	TTL     time.Duration `yaml:"ttl"`
	MaxTTL  time.Duration `yaml:"max_ttl"`
	MaxUses int           `yaml:"max_uses"` // default of an invite that names none; 0 = without limit
}

// App says where the landing page's button leads; {code} stands for the invite's code.
type App struct {
	DeepLink string     `yaml:"deep_link"`
	Web      string     `yaml:"web"`
	IOS      IOSApp     `yaml:"ios"`
	Android  AndroidApp `yaml:"android"`
}

// IOSApp is what apple-app-site-association and the store link need.
type IOSApp struct {
	Store  string   `yaml:"store"`   // App Store URL
	AppIDs []string `yaml:"app_ids"` // "<team id>.<bundle id>"
}

// AndroidApp is what assetlinks.json and the store link need.
type AndroidApp struct {
	Store        string   `yaml:"store"` // Play Store URL
	Package      string   `yaml:"package"`
	Fingerprints []string `yaml:"fingerprints"` // SHA-256 certificate fingerprints, "AA:BB:..."
}

// Page is the look of the landing page.
type Page struct {
	Title       string            `yaml:"title"`
	Accent      string            `yaml:"accent"` // #rrggbb
	Logo        string            `yaml:"logo"`   // https URL of an image
	ShowMembers bool              `yaml:"show_members"`
	Texts       map[string]string `yaml:"texts"` // replaces the page's own sentences by key
}

// Status says which stages members pass and how often they may tell.
type Status struct {
	Stages []string      `yaml:"stages"`
	Rate   Rate          `yaml:"rate"`
	Stall  time.Duration `yaml:"stall"`
}

// Limits bounds what one user or address may do.
type Limits struct {
	PartyCreate  Rate        `yaml:"party_create"`
	InviteCreate Rate        `yaml:"invite_create"`
	InviteGuess  GuessLimits `yaml:"invite_guess"`
	Data         DataLimits  `yaml:"data"`
}

// GuessLimits counts failed codes only; a success does not reset it.
type GuessLimits struct {
	PerUser Rate `yaml:"per_user"`
	PerIP   Rate `yaml:"per_ip"`
}

// DataLimits bounds party data sent by clients.
type DataLimits struct {
	Rate  Rate `yaml:"rate"`
	Bytes int  `yaml:"bytes"`
}

// Rate is so many events per time, written "20/m"; the zero value means without limit.
type Rate struct {
	N   int
	Per time.Duration
}

// Rule is one designer's rule: the first whose condition holds decides.
type Rule struct {
	ID      string   `yaml:"id"`
	On      []Action `yaml:"on"`
	Deny    string   `yaml:"deny"`
	Allow   string   `yaml:"allow"`
	Message string   `yaml:"message"`
}

// Action is what a player is about to do.
type Action string

const (
	ActionCreate    Action = "create"
	ActionJoin      Action = "join"
	ActionInvite    Action = "invite"
	ActionUpdate    Action = "update"
	ActionData      Action = "data"
	ActionMatchmake Action = "matchmake"
	ActionKick      Action = "kick"
	ActionPromote   Action = "promote"
)

// Matchmaking holds what is not of one queue.
type Matchmaking struct {
	CreateMatch bool `yaml:"create_match"`
}

// Queue is one way to find a match.
type Queue struct {
	Teams       int           `yaml:"teams"`
	TeamSize    int           `yaml:"team_size"`
	MaxParty    int           `yaml:"max_party"`
	MatchOn     []string      `yaml:"match_on"`
	Skill       *Skill        `yaml:"skill"`
	HoldInvited bool          `yaml:"hold_invited"`
	SeatHold    time.Duration `yaml:"seat_hold"`
	Backfill    bool          `yaml:"backfill"`
	Match       string        `yaml:"match"`
}

// Skill says how strength is read and how far apart it may be.
type Skill struct {
	Property string  `yaml:"property"`
	Source   string  `yaml:"source"` // account | storage | ticket
	Party    string  `yaml:"party"`  // mean | max
	Window   float64 `yaml:"window"`
	Widen    Rate    `yaml:"widen"`
	Max      float64 `yaml:"max"`
}

// Default is the configuration of an absent or empty file: native behaviour.
func Default() Config {
	return Config{
		Version: 1,
		Parties: Parties{
			MaxSize:    MaxSize{Default: 8, Min: 1, Max: 256, Outside: OutsideRefuse},
			Open:       OpenAny,
			OnePerUser: ManyPerUser,
			KickBan:    10 * time.Minute,
		},
		Invites: Invites{
			Who:       InviteMember,
			Link:      InviteLimits{TTL: 24 * time.Hour, MaxTTL: 720 * time.Hour},
			Code:      InviteLimits{TTL: 5 * time.Minute, MaxTTL: 15 * time.Minute, MaxUses: 8},
			PublicURL: "http://127.0.0.1:7350",
			Page:      Page{ShowMembers: true},
		},
		Status: Status{
			Stages: []string{"downloading", "installing", "tutorial", "ready", "failed"},
			Rate:   Rate{N: 2, Per: time.Second},
			Stall:  120 * time.Second,
		},
		Limits: Limits{
			PartyCreate:  Rate{N: 10, Per: time.Minute},
			InviteCreate: Rate{N: 20, Per: time.Minute},
			InviteGuess:  GuessLimits{PerUser: Rate{N: 5, Per: time.Minute}, PerIP: Rate{N: 100, Per: time.Minute}},
			Data:         DataLimits{Rate: Rate{N: 50, Per: time.Second}, Bytes: 4096},
		},
	}
}
