package rules

import "time"

// The types of this file and of schema_queues.go define the rules file. Their field comments are also the texts
// of the JSON Schema and of the reference. Write field comments for designers: they name nothing of Go. The
// comment of the field that holds a group of keys explains the group.
//
// Tags: yaml is the key. default is the value as a file would write it; without it the default is zero. limit
// is the allowed range: of the value for numbers and durations, of the characters for texts, of the entries for
// lists and maps. oneof lists the allowed words. form names a syntax of forms.go. Keys with required have no
// default.

// Config is the rules file with defaults applied. It is shared: do not write to it.
type Config struct {
	// Version of the file format. Always 1; every file that is not empty names it.
	Version int `yaml:"version" default:"1" limit:"1..1"`
	// What a party may look like and who may be in it.
	Parties Parties `yaml:"parties"`
	// Who invites, for how long an invite lives, and what a link leads to.
	Invites Invites `yaml:"invites"`
	// What members tell each other about loading and being ready.
	Status Status `yaml:"status"`
	// What parties and their members can set for everybody in them to read.
	Attributes Attributes `yaml:"attributes"`
	// How often one player or one address may do something.
	Limits Limits `yaml:"limits"`
	// What clients may search for in lists of parties and matches, and in tickets
	// where there are no queues.
	Queries Queries `yaml:"queries"`
	// Conditions on what players do, from first to last; the first whose condition
	// holds decides, and without any the action is allowed.
	Rules []Rule `yaml:"rules" limit:"..200"`
	// What concerns matchmaking as a whole, with or without queues.
	Matchmaking Matchmaking `yaml:"matchmaking"`
	// Ways to find a match, by name. A ticket chooses one with the text property
	// "queue". Without any, the server's own matchmaking is left as it is. The
	// first queue ever added needs a restart of the server; later changes do not.
	Queues map[string]Queue `yaml:"queues" limit:"..64" form:"name"`
}

type Parties struct {
	// How many players a party takes.
	MaxSize MaxSize `yaml:"max_size"`
	// Whether parties are open (anybody who knows the party joins at once) or
	// closed (the leader accepts). "any" leaves it to the player who creates the party.
	Open OpenPolicy `yaml:"open" default:"any" oneof:"any|open|closed"`
	// Whether a player is in one party at most: "true" refuses a second one,
	// "leave_previous" takes the player out of the first.
	OnePerUser OnePerUser `yaml:"one_per_user" default:"false" oneof:"false|true|leave_previous"`
	// What happens when a member joins the same party from a second device:
	// "refuse" keeps the first, "move" gives its seat to the second.
	SecondSocket SecondSocket `yaml:"second_socket" default:"refuse" oneof:"refuse|move"`
	// How long the seat of a member who lost the connection is kept. 0 keeps none.
	ReconnectGrace time.Duration `yaml:"reconnect_grace" limit:"0s..1h"`
	// Whether a player who connects again within reconnect_grace is put back into
	// the party at once, without the game asking for it.
	ResumeOnConnect bool `yaml:"resume_on_connect"`
	// What is kept when all members lose the connection.
	Survive Survive `yaml:"survive"`
	// How long a kicked player cannot come back. Only an invite made after the kick
	// that names the player lifts it. If left out, the ban is 10m and holds for invites
	// only; the server's own joins work as without Partyline. With 0 nobody is banned.
	// A change holds for later kicks.
	KickBan time.Duration `yaml:"kick_ban" default:"10m" limit:"0s..168h"`
	// KickBanJoins reports whether the file sets kick_ban. Then the ban also holds for native joins.
	KickBanJoins bool `yaml:"-"`
	// Who waits for a seat of a full party.
	Waitlist Waitlist `yaml:"waitlist"`
	// When nobody new may enter a party.
	Lock Lock `yaml:"lock"`
	// Requests to join a closed party.
	Requests Requests `yaml:"requests"`
}

type Survive struct {
	// Whether the party is kept for reconnect_grace when its last member loses the
	// connection.
	EveryoneAway bool `yaml:"everyone_away" default:"true"`
	// How long members may take to come back after the server has crashed or was
	// restarted. With 0 a restart ends each party that anybody was in.
	Restart time.Duration `yaml:"restart" limit:"0s..1h"`
}

type MaxSize struct {
	// Size of a party whose creator asks for none.
	Default int `yaml:"default" default:"8" limit:"1..256"`
	// Smallest size that may be asked for.
	Min int `yaml:"min" default:"1" limit:"1..256"`
	// Largest size that may be asked for. The server's own bound is 256.
	Max int `yaml:"max" default:"256" limit:"1..256"`
	// What to do about a size outside of min and max: refuse the party, or clamp
	// the size to the nearest allowed one.
	Outside OutsidePolicy `yaml:"outside" default:"refuse" oneof:"refuse|clamp"`
}

type (
	OutsidePolicy   string // refuse | clamp
	OpenPolicy      string // any | open | closed
	OnePerUser      string // false | true | leave_previous
	SecondSocket    string // refuse | move
	InviteRole      string // member | leader; also for who sets attributes
	SeveralSessions string // refuse | newest
	RegexPolicy     string // literal | any
)

const (
	OutsideRefuse OutsidePolicy = "refuse"
	OutsideClamp  OutsidePolicy = "clamp"

	OpenAny    OpenPolicy = "any"
	OpenOnly   OpenPolicy = "open"
	ClosedOnly OpenPolicy = "closed"

	OnePartyOnly  OnePerUser = "true"
	LeavePrevious OnePerUser = "leave_previous"

	SecondSocketRefuse SecondSocket = "refuse"
	SecondSocketMove   SecondSocket = "move"

	InviteMember InviteRole = "member"
	InviteLeader InviteRole = "leader"

	SeveralSessionsNewest SeveralSessions = "newest"

	RegexAny RegexPolicy = "any"
)

// Enabled reports whether a user may be in only one party at a time.
func (r OnePerUser) Enabled() bool { return r == OnePartyOnly || r == LeavePrevious }

type Waitlist struct {
	// How long a free seat is held for the first on the wait list.
	Hold time.Duration `yaml:"hold" default:"1m" limit:"5s..1h"`
	// How many players may wait for one party. 0 is none: full is full.
	Max int `yaml:"max" default:"50" limit:"0..256"`
}

type Lock struct {
	// While the party has a matchmaking ticket.
	WhileMatchmaking bool `yaml:"while_matchmaking"`
	// While the party is in a match.
	InMatch bool `yaml:"in_match"`
}

// Requests limits the requests to join a closed party, so that strangers cannot fill the leader's list.
type Requests struct {
	// How many requests may wait in one party before strangers cannot ask any more. Friends of a
	// member may. The server itself keeps at most as many as the party has seats, of which a quarter is for friends.
	Cap int `yaml:"cap" default:"16" limit:"1..256"`
	// How often one player may ask.
	Rate Rate `yaml:"rate" default:"10/m"`
	// Whether a player who is in another party may ask.
	WhileInParty bool `yaml:"while_in_party" default:"true"`
}

type Invites struct {
	// Who may make an invite: every member, or the leader alone.
	Who InviteRole `yaml:"who" default:"member" oneof:"member|leader"`
	// Whether an invite also overrides the rules for join below. Capacity, blocks
	// and locks hold in any case.
	OverridesRules bool `yaml:"overrides_rules"`
	// What to do when a link is used from a browser while the player's game runs
	// twice and the call does not name one: refuse, or take the newest.
	SeveralSessions SeveralSessions `yaml:"several_sessions" default:"refuse" oneof:"refuse|newest"`
	// Invites as links, to be sent and clicked.
	Link InviteLimits `yaml:"link" default:"{ttl: 24h, max_ttl: 720h}"`
	// Invites as short codes, to be read aloud.
	Code InviteLimits `yaml:"code" default:"{ttl: 5m, max_ttl: 15m, max_uses: 8}"`
	// Scheme and host (and path, if any) under which players reach this server;
	// links begin with it.
	PublicURL string `yaml:"public_url" default:"http://127.0.0.1:7350" form:"base_url" limit:"1..255"`
	// Where the play button of the landing page leads.
	App App `yaml:"app"`
	// Look and words of the landing page.
	Page Page `yaml:"page"`
}

type InviteLimits struct {
	// How long an invite is valid if it asks for no other time.
	TTL time.Duration `yaml:"ttl" limit:"10s..8760h"`
	// The longest time that an invite may ask for.
	MaxTTL time.Duration `yaml:"max_ttl" limit:"10s..8760h"`
	// How many players may use an invite that names no number; 0 is without limit.
	MaxUses int `yaml:"max_uses" limit:"0..100000"`
}

type App struct {
	// Link that opens the installed game, such as "mygame://party/{code}". {code}
	// stands for the invite's code.
	DeepLink string `yaml:"deep_link" form:"deep_link" limit:"..512"`
	// Address of the game in the browser, such as
	// "https://play.example.com/?party={code}".
	Web string `yaml:"web" form:"web_link" limit:"..512"`
	// The game on Apple devices.
	IOS IOSApp `yaml:"ios"`
	// The game on Android devices.
	Android AndroidApp `yaml:"android"`
	// Further ways to the game: other stores, launchers, a page of yours.
	More []AppLink `yaml:"more" limit:"..8"`
}

type AppLink struct {
	// What the button says.
	Label string `yaml:"label" form:"sentence" limit:"1..40" required:"true"`
	// Where it leads, such as "https://store.steampowered.com/app/480" or
	// "steam://run/480//{code}". {code} stands for the invite's code.
	URL string `yaml:"url" form:"app_link" limit:"1..512" required:"true"`
	// The devices that see it; empty for all. Phones are ios and android.
	On []string `yaml:"on" oneof:"ios|android|windows|macos|linux|desktop" limit:"..6"`
}

// IOSApp holds the values for apple-app-site-association and for the store link.
type IOSApp struct {
	// Address of the game in the App Store.
	Store string `yaml:"store" form:"https_url" limit:"..512"`
	// Apps that may open invite links themselves, each "<team id>.<bundle id>".
	AppIDs []string `yaml:"app_ids" form:"ios_app_id" limit:"..16"`
}

// AndroidApp holds the values for assetlinks.json and for the store link.
type AndroidApp struct {
	// Address of the game in the Play Store.
	Store string `yaml:"store" form:"https_url" limit:"..512"`
	// Application id, such as "com.example.game"; goes with fingerprints.
	Package string `yaml:"package" form:"android_package" limit:"..255"`
	// SHA-256 fingerprints of the certificates the game is signed with, "AA:BB:...".
	Fingerprints []string `yaml:"fingerprints" form:"fingerprint" limit:"..16"`
}

type Page struct {
	// Name of the game, shown as the page's title.
	Title string `yaml:"title" limit:"..80"`
	// Colour of buttons and progress bars, "#rrggbb".
	Accent string `yaml:"accent" form:"color"`
	// Address of an image, "https://..." or a path on this server beginning with "/".
	Logo string `yaml:"logo" form:"image" limit:"..512"`
	// Address of the picture that chats show beside the link, instead of the one the
	// server draws: PNG or JPEG, 1200 by 630 pixels, reached by https.
	Image string `yaml:"image" form:"picture" limit:"..512"`
	// A TrueType file (.ttf) with letters that the drawn picture lacks (it has Latin, Greek,
	// Cyrillic, Arabic and Hebrew), absolute or relative to this file's folder.
	Font string `yaml:"font" limit:"..512"`
	// Whether the page shows who is in the party. Hidden parties never do.
	ShowMembers bool `yaml:"show_members" default:"true"`
	// Sentences of the page in your own words, by key. They are in the language of the
	// text lang (en if there is none) and stand in for a language that has none of its own.
	Texts map[string]string `yaml:"texts" limit:"..128" form:"page_text"`
	// Sentences for visitors of other languages, by language ("de", "pt-BR") and key. The
	// module's own are en, de, fr, es, pt-BR, it, pl, tr, ru, ar, ja, ko and zh-Hans.
	Languages map[string]map[string]string `yaml:"languages" limit:"..32" form:"language"`
}

type Status struct {
	// The stages a member may be in, in the order they are passed.
	Stages []string `yaml:"stages" default:"[downloading, installing, tutorial, ready, failed]" limit:"1..32" form:"name"`
	// The stage that counts as ready; one of stages. Empty: the game has no ready check.
	Ready string `yaml:"ready" default:"ready" limit:"..64"`
	// Stages after which no progress is expected, so that nobody in them is called
	// stalled; each one of stages.
	Final []string `yaml:"final" default:"[ready, failed]" limit:"..32" form:"name"`
	// What takes members back from the ready stage: "membership", somebody comes or goes, or
	// "queue", the party's ticket ends.
	ResetOn []string `yaml:"reset_on" oneof:"membership|queue" limit:"..2"`
	// The stage they are taken back to; one of stages. Empty: the one before ready.
	ResetTo string `yaml:"reset_to" limit:"..64"`
	// How often a party is told what its members report, all of them together. News in
	// between is joined together; the last always arrives.
	Rate Rate `yaml:"rate" default:"2/s"`
	// After how long without progress a member counts as stalled. 0 is never.
	Stall time.Duration `yaml:"stall" default:"120s" limit:"0s..24h"`
	// How long an invited player who is not in the party yet stays listed as
	// incoming after the last news.
	Incoming time.Duration `yaml:"incoming" default:"10m" limit:"10s..24h"`
}

type Attributes struct {
	// Who sets the party's own attributes: its leader, or every member. Each
	// member sets their own attributes.
	Party InviteRole `yaml:"party" default:"leader" oneof:"leader|member"`
	// Keys of the party's attributes that people outside see as well: on the page and in
	// the preview of an invite, and in lists of parties.
	Public []string `yaml:"public" limit:"..32"`
}

type Limits struct {
	// Parties one player may create.
	PartyCreate Rate `yaml:"party_create"`
	// Invites one player may make. One that names many players counts once more for
	// every ten beyond the first.
	InviteCreate Rate `yaml:"invite_create" default:"60/m"`
	// Codes that turn out wrong.
	InviteGuess GuessLimits `yaml:"invite_guess"`
	// How often one player may share a party with party_share.
	Share Rate `yaml:"share" default:"6/m"`
	// The most players that one call of party_share reaches.
	ShareRecipients int `yaml:"share_recipients" default:"200" limit:"1..1000"`
	// Requests one address may make to the landing page and its parts. Be generous:
	// a school or a console network shares one address.
	PagePerIP Rate `yaml:"page_per_ip" default:"6000/m"`
	// Messages clients send to their party.
	Data DataLimits `yaml:"data"`
}

// GuessLimits counts only wrong codes. A correct code does not reset the count.
type GuessLimits struct {
	// Wrong codes of one player.
	PerUser Rate `yaml:"per_user" default:"5/m"`
	// Wrong codes from one address, or from one network where addresses are IPv6.
	PerIP Rate `yaml:"per_ip" default:"100/m"`
}

// Queries limits searches, because a search with an unusual pattern can keep the server busy for seconds.
type Queries struct {
	// Longest query in bytes.
	MaxLength int `yaml:"max_length" default:"2048" limit:"1..65536"`
	// How many words, field names and values a query may have.
	Terms int `yaml:"terms" default:"64" limit:"1..1024"`
	// Which patterns a query may have: "literal" allows a regular expression that is
	// literal characters with ".*" before or behind them or alternatives of literals,
	// and a few wildcards; "any" allows everything the server understands.
	Regex RegexPolicy `yaml:"regex" default:"literal" oneof:"literal|any"`
}

type DataLimits struct {
	// Messages one member may send to the party.
	Rate Rate `yaml:"rate" default:"50/s"`
	// Longest message in bytes; 0 is without limit. The server's own socket.max_message_size_bytes
	// (4096 unless changed) holds as well.
	Bytes int `yaml:"bytes" default:"4096" limit:"0..1048576"`
}

// Rule is one rule of the designers. It sets either Deny or Allow; [Load] refuses any other rule.
type Rule struct {
	// Name of the rule. Players' clients see it in a refusal, "rule_denied/<id>".
	ID string `yaml:"id" json:"id" form:"name" required:"true"`
	// The actions the rule is about.
	On []Action `yaml:"on" json:"on" oneof:"create|join|invite|update|data|matchmake|kick|promote" limit:"1..8" required:"true"`
	// Condition under which the action is refused.
	Deny string `yaml:"deny" json:"deny,omitempty" form:"condition" limit:"..2048"`
	// Condition under which the action is allowed and no later rule is asked.
	Allow string `yaml:"allow" json:"allow,omitempty" form:"condition" limit:"..2048"`
	// Sentence the refused player reads.
	Message string `yaml:"message" json:"message" form:"sentence" limit:"..255"`
}

// Action is what a player is about to do.
type Action string

const (
	ActionCreate    Action = "create"    // a party
	ActionJoin      Action = "join"      // a party, in any way
	ActionInvite    Action = "invite"    // another player into the party
	ActionUpdate    Action = "update"    // the party's label, open or hidden
	ActionData      Action = "data"      // send a message to the party
	ActionMatchmake Action = "matchmake" // add a ticket, alone or for the party
	ActionKick      Action = "kick"      // a member, also one who is away
	ActionPromote   Action = "promote"   // another member to be the leader
)

// Actions lists every action that a rule can name, in the order of the reference.
func Actions() []Action {
	return []Action{ActionCreate, ActionJoin, ActionInvite, ActionUpdate, ActionData, ActionMatchmake, ActionKick, ActionPromote}
}
