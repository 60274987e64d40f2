class_name Partyline
extends RefCounted
## Typed client of Partyline over the Nakama SDK for Godot 4. Generated from the module's Go types:
## do not edit.
##
##     var party := Partyline.over_socket(socket)
##     var request := Partyline.InviteCreateRequest.new()
##     request.party_id = id
##     var invite := await party.invite_create(request)
##     if invite.refusal != null: show(invite.refusal.message)
##
## Times are Unix seconds. A later server may know more values of a text and send more fields. A
## field of a request that is left at null is not sent.

## Why a call, or a party message, was refused.
class Refusal extends RefCounted:
	## One of REASONS, or "other": not Partyline's, but the server's own.
	var reason := "other"
	## The designer's rule that refused; empty for every other reason.
	var rule := ""
	## For the player.
	var message := ""
	## In how many seconds to try again; -1 where the server does not say.
	var retry_after_sec := -1

	static func from(text: String) -> Refusal:
		var refusal := Refusal.new()
		refusal.message = text
		var found := RegEx.create_from_string("(?s)^([a-z_]+)(?:/([\\w-]+))?: (.*)$").search(text)
		if found == null or not REASONS.has(found.get_string(1)):
			return refusal
		refusal.reason = found.get_string(1)
		refusal.rule = found.get_string(2)
		refusal.message = found.get_string(3)
		var wait := RegEx.create_from_string("retry_after_sec=(\\d+)").search(refusal.message)
		if wait != null:
			refusal.retry_after_sec = wait.get_string(1).to_int()
		return refusal

## What every answer and message has.
class Answer extends RefCounted:
	## Why there is no answer; null where there is one.
	var refusal: Refusal = null

var _send: Callable

## Calls over a connected socket.
static func over_socket(socket: NakamaSocket) -> Partyline:
	var party := Partyline.new()
	party._send = func(id: String, payload: String): return await socket.rpc_async(id, payload)
	return party

## Calls over HTTP, for a launcher.
static func over_http(client: NakamaClient, session: NakamaSession) -> Partyline:
	var party := Partyline.new()
	party._send = func(id: String, payload: String): return await client.rpc_async(session, id, payload)
	return party

## Puts the answer's fields, or the refusal, into answer. The game's own servers call so too.
static func _call_into(send: Callable, answer: Answer, id: String, fields: Dictionary) -> Dictionary:
	var reply: NakamaAPI.ApiRpc = await send.call(id, JSON.stringify(fields))
	if reply.is_exception():
		answer.refusal = Refusal.from(reply.get_exception().message)
		return {}
	var got = JSON.parse_string(reply.payload)
	return got if got is Dictionary else {}

## Why something was refused, with the gRPC status number.
const REASONS := {
	# not JSON, an unknown field, a wrong type, out of bounds; the message names the field
	"invalid_request": 3,
	# nobody is signed in
	"unauthenticated": 16,
	# no such code, or not in the form of one
	"invite_not_found": 5,
	# the invite's time is over
	"invite_expired": 9,
	# the invite was revoked
	"invite_revoked": 9,
	# the invite was used up
	"invite_exhausted": 9,
	# the invite names other players
	"invite_not_for_you": 7,
	# no such party, or not in the form of an ID
	"party_not_found": 5,
	# no free seat; held ones count
	"party_full": 8,
	# nobody may enter while the party looks for a match or is in one
	"party_locked": 9,
	# everybody in the party has lost the connection; the message ends in retry_after_sec=5
	"party_away": 9,
	# the caller is not in the party
	"not_member": 7,
	# only the leader may do this
	"not_leader": 7,
	# the user is in the party, perhaps on another device
	"already_member": 6,
	# one party per user; leave the other first
	"already_in_party": 9,
	# kicked a short while ago, and not invited by name since
	"banned": 7,
	# a block stands between the user and somebody in the party
	"blocked": 7,
	# a rule of the designers; its ID is behind the slash
	"rule_denied": 7,
	# too often; the message ends in retry_after_sec=12
	"rate_limited": 8,
	# the player's game does not run
	"no_live_session": 9,
	# the game runs more than once; name a session
	"session_ambiguous": 9,
	# no such queue
	"unknown_queue": 9,
	# the party is larger than the queue takes
	"party_too_large": 9,
	# somebody is not ready, or another search for a match is in the way
	"not_ready": 9,
	# the match's free seats are kept for others
	"seat_reserved": 9,
	# the match has no free seat
	"match_full": 9,
	# the match is not offered to you any more
	"proposal_gone": 9,
	# no game server could be had in time
	"no_capacity": 8,
	# a list's or a ticket's query is too long or has a pattern that could cost the server dearly; see queries in the rules file
	"query_not_allowed": 3,
	# too many changed the same thing at once; try again
	"conflict": 10,
	# a fault on the server's side; its log says more
	"internal": 13,
}

class InviteEventName:
	const CREATED := "created"
	const REDEEMED := "redeemed"
	const DECLINED := "declined"
	const REVOKED := "revoked"

## InviteKind is the form of an invite's code.
class InviteKind:
	## 16 Crockford base32 characters, 80 random bits
	const LINK := "link"
	## 8 characters to read aloud; short-lived and guess-limited
	const CODE := "code"
	## DigitsInvite is 12 digits, for keypads and for platforms whose party codes are digits. It is as easy to guess as a code, and expires as soon.
	const DIGITS := "digits"

## InviteState is the state of an invite in a preview.
class InviteState:
	const OPEN := "open"
	const FULL := "full"
	## the rules let nobody in while the party is in a queue or a match
	const LOCKED := "locked"
	## all members have lost the connection and may come back
	const AWAY := "away"
	## it follows its inviter, who is in no party that it could lead to at the moment
	const BETWEEN := "between"
	const EXPIRED := "expired"
	const REVOKED := "revoked"
	const EXHAUSTED := "exhausted"
	const PARTY_GONE := "party_gone"

## JudgeCheckAction is an action that party_check answers about.
class JudgeCheckAction:
	const CREATE := "create"
	const JOIN := "join"
	const INVITE := "invite"
	const MATCHMAKE := "matchmake"

## QueueDropReason says why a ticket was dropped.
class QueueDropReason:
	## the event needs no reason.
	const NONE := ""
	## somebody joined or left. The host has removed the ticket. The party's next ticket keeps its age.
	const MEMBERSHIP := "membership"
	## the host removed the ticket for a match that then could not be made. The next ticket keeps its age.
	const INTERNAL := "internal"
	## it waited for the queue's max_wait
	const EXPIRED := "expired"
	## the party is now larger than the queue allows
	const PARTY_TOO_LARGE := "party_too_large"
	## the queue is gone from the rules file
	const UNKNOWN_QUEUE := "unknown_queue"
	## the queue now needs properties that the ticket does not have
	const INVALID_REQUEST := "invalid_request"
	## another ticket of the same players was matched first
	const MATCHED := "matched"
	## a player on it declined the match that was found
	const DECLINED := "declined"
	## a player on it did not answer in time
	const NO_ANSWER := "no_answer"
	## the player's party looks for a match
	const PARTY_QUEUED := "party_queued"
	## the ticket waits again, because nobody was found to replace a player who did not accept.
	const NO_REPLACEMENT := "no_replacement"
	## the ticket waits again, because there was no game server in time.
	const NO_CAPACITY := "no_capacity"

## QueueEventName says what became of a ticket.
class QueueEventName:
	## the ticket waits
	const QUEUED := "queued"
	## it no longer waits, for a reason; nobody asked for that
	const DROPPED := "dropped"
	## it has a match
	const MATCHED := "matched"
	## the leader cancelled it
	const CANCELLED := "cancelled"
	## there is a match for it, if everybody accepts
	const FOUND := "found"
	## another player is asked in place of one who did not accept
	const REPLACED := "replaced"

class ReconnectEventName:
	const AWAY := "away"
	const BACK := "back"
	const LOST := "lost"
	const RESTORED := "restored"
	const REMOVED := "removed"

class ReconnectRemovalKind:
	## was a member
	const KICKED := "kicked"
	## asked to join
	const REQUEST_REJECTED := "request_rejected"

## RulesAction is what a player is about to do.
class RulesAction:
	## a party
	const CREATE := "create"
	## a party, in any way
	const JOIN := "join"
	## another player into the party
	const INVITE := "invite"
	## the party's label, open or hidden
	const UPDATE := "update"
	## send a message to the party
	const DATA := "data"
	## add a ticket, alone or for the party
	const MATCHMAKE := "matchmake"
	## a member, also one who is away
	const KICK := "kick"
	## another member to be the leader
	const PROMOTE := "promote"

## SeatState is the state of a seat in a match.
class SeatState:
	const OPEN := "open"
	## for a player who is on the way; nobody else gets it
	const HELD := "held"
	const TAKEN := "taken"

## ActivityRequest is the request of party_activity.
class ActivityRequest extends Answer:
	var party_id: String = ""

	func fields() -> Dictionary:
		var all := {}
		if party_id != null: all["party_id"] = party_id
		return all

## ActivityAnswer is the answer of party_activity: a party in the form that the presence and invite APIs of platforms take, within the limits that they publish. All six parts are always present.
class ActivityAnswer extends Answer:
	var generic: ShareGeneric = ShareGeneric.new()
	var discord: ShareDiscordActivity = ShareDiscordActivity.new()
	var steam: ShareSteamPresence = ShareSteamPresence.new()
	var xbox: ShareXboxActivity = ShareXboxActivity.new()
	## its limits are not public
	var playstation: ShareLink = ShareLink.new()
	var apple: ShareAppleActivity = ShareAppleActivity.new()

	func read(got: Dictionary) -> ActivityAnswer:
		if got.get("generic") != null:
			generic = ShareGeneric.new().read(got["generic"])
		if got.get("discord") != null:
			discord = ShareDiscordActivity.new().read(got["discord"])
		if got.get("steam") != null:
			steam = ShareSteamPresence.new().read(got["steam"])
		if got.get("xbox") != null:
			xbox = ShareXboxActivity.new().read(got["xbox"])
		if got.get("playstation") != null:
			playstation = ShareLink.new().read(got["playstation"])
		if got.get("apple") != null:
			apple = ShareAppleActivity.new().read(got["apple"])
		return self

## ShareGeneric is for all other platforms.
class ShareGeneric extends Answer:
	var code: String = ""
	var url: String = ""
	## the same for all members; nobody can join the party with it
	var group: String = ""
	var size: int = 0
	var max_size: int = 0
	## Unix seconds; ask again before
	var expires_at: int = 0

	func read(got: Dictionary) -> ShareGeneric:
		if got.get("code") != null:
			code = got["code"]
		if got.get("url") != null:
			url = got["url"]
		if got.get("group") != null:
			group = got["group"]
		if got.get("size") != null:
			size = int(got["size"])
		if got.get("max_size") != null:
			max_size = int(got["max_size"])
		if got.get("expires_at") != null:
			expires_at = int(got["expires_at"])
		return self

## ShareDiscordActivity is Discord's activity. Texts and secrets have 2 to 128 characters.
class ShareDiscordActivity extends Answer:
	var state: String = ""
	var party: ShareDiscordParty = ShareDiscordParty.new()
	## Secrets.Join is what the friend's game is started with: the code.
	var secrets: ShareDiscordSecrets = ShareDiscordSecrets.new()

	func read(got: Dictionary) -> ShareDiscordActivity:
		if got.get("state") != null:
			state = got["state"]
		if got.get("party") != null:
			party = ShareDiscordParty.new().read(got["party"])
		if got.get("secrets") != null:
			secrets = ShareDiscordSecrets.new().read(got["secrets"])
		return self

class ShareDiscordParty extends Answer:
	var id: String = ""
	## current and maximum size
	var size: Array[int] = []

	func read(got: Dictionary) -> ShareDiscordParty:
		if got.get("id") != null:
			id = got["id"]
		if got.get("size") != null:
			for item in got["size"]: size.append(int(item))
		return self

class ShareDiscordSecrets extends Answer:
	var join: String = ""

	func read(got: Dictionary) -> ShareDiscordSecrets:
		if got.get("join") != null:
			join = got["join"]
		return self

## ShareSteamPresence is the keys and values of Steam's rich presence. Values have at most 256 bytes.
class ShareSteamPresence extends Answer:
	## the command line of the friend's game
	var connect: String = ""
	var steam_player_group: String = ""
	var steam_player_group_size: String = ""

	func read(got: Dictionary) -> ShareSteamPresence:
		if got.get("connect") != null:
			connect = got["connect"]
		if got.get("steam_player_group") != null:
			steam_player_group = got["steam_player_group"]
		if got.get("steam_player_group_size") != null:
			steam_player_group_size = got["steam_player_group_size"]
		return self

## ShareXboxActivity is Xbox's multiplayer activity. The connection string has less than 512 characters, the group less than 128. Counts are from 1 to 100.
class ShareXboxActivity extends Answer:
	var connectionString: String = ""
	## Followed for an open party, otherwise InviteOnly
	var joinRestriction: String = ""
	var groupId: String = ""
	## omitted if above Xbox's limit
	var currentPlayers: int = 0
	var maxPlayers: int = 0

	func read(got: Dictionary) -> ShareXboxActivity:
		if got.get("connectionString") != null:
			connectionString = got["connectionString"]
		if got.get("joinRestriction") != null:
			joinRestriction = got["joinRestriction"]
		if got.get("groupId") != null:
			groupId = got["groupId"]
		if got.get("currentPlayers") != null:
			currentPlayers = int(got["currentPlayers"])
		if got.get("maxPlayers") != null:
			maxPlayers = int(got["maxPlayers"])
		return self

## ShareLink is the part that every platform can carry.
class ShareLink extends Answer:
	var code: String = ""
	var url: String = ""

	func read(got: Dictionary) -> ShareLink:
		if got.get("code") != null:
			code = got["code"]
		if got.get("url") != null:
			url = got["url"]
		return self

## ShareAppleActivity is for a game activity of Game Center. Its party codes have two parts of up to six digits, so the party has a second, short-lived invite for them.
class ShareAppleActivity extends Answer:
	var code: String = ""
	var url: String = ""
	var party_code: String = ""
	## of the party code; Unix seconds
	var expires_at: int = 0

	func read(got: Dictionary) -> ShareAppleActivity:
		if got.get("code") != null:
			code = got["code"]
		if got.get("url") != null:
			url = got["url"]
		if got.get("party_code") != null:
			party_code = got["party_code"]
		if got.get("expires_at") != null:
			expires_at = int(got["expires_at"])
		return self

class AdminPartiesRequest extends Answer:
	## from 1 to 100; 50 if absent
	var limit = null # int
	## cursor from the previous page
	var cursor = null # String

	func fields() -> Dictionary:
		var all := {}
		if limit != null: all["limit"] = limit
		if cursor != null: all["cursor"] = cursor
		return all

## AdminPartiesAnswer is the answer of party_admin_parties.
class AdminPartiesAnswer extends Answer:
	var parties: Array[OverviewParty] = []
	## for the next page, with the same limit; "" on the last page
	var cursor: String = ""
	## why parties, attributes or display names are missing; absent if all could be read
	var problem: String = ""

	func read(got: Dictionary) -> AdminPartiesAnswer:
		if got.get("parties") != null:
			for item in got["parties"]: parties.append(OverviewParty.new().read(item))
		if got.get("cursor") != null:
			cursor = got["cursor"]
		if got.get("problem") != null:
			problem = got["problem"]
		return self

## OverviewParty is one live party.
class OverviewParty extends Answer:
	var party_id: String = ""
	var size: int = 0
	var max_size: int = 0
	## seats held or kept for users who are not in it
	var held: int = 0
	var open: bool = false
	var hidden: bool = false
	var label: String = ""
	## idle | matchmaking | in_match
	var state: String = ""
	var match_id: String = ""
	var created_at: int = 0
	## requests to join that are still open
	var requests: int = 0
	## in the order they joined
	var members: Array[OverviewMember] = []
	## on the wait list
	var waiting: Array[OverviewWaiter] = []
	## users who may not come back yet
	var kicked: Array[OverviewKicked] = []
	## a change is under way: held, requests, waiting and kicked are not known
	var busy: bool = false
	## absent if none are set
	var attributes: AttributesDocument = null

	func read(got: Dictionary) -> OverviewParty:
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("size") != null:
			size = int(got["size"])
		if got.get("max_size") != null:
			max_size = int(got["max_size"])
		if got.get("held") != null:
			held = int(got["held"])
		if got.get("open") != null:
			open = got["open"]
		if got.get("hidden") != null:
			hidden = got["hidden"]
		if got.get("label") != null:
			label = got["label"]
		if got.get("state") != null:
			state = got["state"]
		if got.get("match_id") != null:
			match_id = got["match_id"]
		if got.get("created_at") != null:
			created_at = int(got["created_at"])
		if got.get("requests") != null:
			requests = int(got["requests"])
		if got.get("members") != null:
			for item in got["members"]: members.append(OverviewMember.new().read(item))
		if got.get("waiting") != null:
			for item in got["waiting"]: waiting.append(OverviewWaiter.new().read(item))
		if got.get("kicked") != null:
			for item in got["kicked"]: kicked.append(OverviewKicked.new().read(item))
		if got.get("busy") != null:
			busy = got["busy"]
		if got.get("attributes") != null:
			attributes = AttributesDocument.new().read(got["attributes"])
		return self

## OverviewMember is one member with the last status.
class OverviewMember extends Answer:
	var user_id: String = ""
	var username: String = ""
	var display_name: String = ""
	var leader: bool = false
	## 0 if not known
	var joined_at: int = 0
	var stage: String = ""
	## 0..1; absent if none was set
	var progress = null # float
	var text: String = ""

	func read(got: Dictionary) -> OverviewMember:
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("username") != null:
			username = got["username"]
		if got.get("display_name") != null:
			display_name = got["display_name"]
		if got.get("leader") != null:
			leader = got["leader"]
		if got.get("joined_at") != null:
			joined_at = int(got["joined_at"])
		if got.get("stage") != null:
			stage = got["stage"]
		if got.get("progress") != null:
			progress = got["progress"]
		if got.get("text") != null:
			text = got["text"]
		return self

## OverviewWaiter is a user on the wait list of a full party.
class OverviewWaiter extends Answer:
	var user_id: String = ""
	var username: String = ""
	var display_name: String = ""
	var since: int = 0
	## while a seat is held for them
	var held_until: int = 0

	func read(got: Dictionary) -> OverviewWaiter:
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("username") != null:
			username = got["username"]
		if got.get("display_name") != null:
			display_name = got["display_name"]
		if got.get("since") != null:
			since = int(got["since"])
		if got.get("held_until") != null:
			held_until = int(got["held_until"])
		return self

## OverviewKicked is a user whom the leader removed.
class OverviewKicked extends Answer:
	var user_id: String = ""
	var username: String = ""
	var display_name: String = ""
	var until: int = 0

	func read(got: Dictionary) -> OverviewKicked:
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("username") != null:
			username = got["username"]
		if got.get("display_name") != null:
			display_name = got["display_name"]
		if got.get("until") != null:
			until = int(got["until"])
		return self

## AttributesDocument is all attributes of a party, and the answer of party_attributes_get. The message to the party (op code OpAttributes) has the same form, with only the changes; many changes go out in several messages.
class AttributesDocument extends Answer:
	## rises with every write; 0 before the first
	var version: int = 0
	var party: Dictionary = {}
	## by user ID
	var members: Dictionary = {}

	func read(got: Dictionary) -> AttributesDocument:
		if got.get("version") != null:
			version = int(got["version"])
		if got.get("party") != null:
			party = got["party"]
		if got.get("members") != null:
			members = got["members"]
		return self

class AdminRulesRequest extends Answer:
	## read the file now; it is watched in any case
	var reload = null # bool

	func fields() -> Dictionary:
		var all := {}
		if reload != null: all["reload"] = reload
		return all

## AdminRulesAnswer is the answer of party_admin_rules.
class AdminRulesAnswer extends Answer:
	## path of the file; "" = defaults
	var source: String = ""
	var version: int = 0
	var loaded_at: int = 0
	## SHA-256 of the file in force; "" for defaults
	var hash: String = ""
	## why the newest file is not in force; "" if it is
	var error: String = ""
	## of the newest file
	var problems: Array[OverviewProblem] = []
	## in force, in the order they are asked
	var rules: Array[OverviewRule] = []
	## the whole file in force, with defaults filled in
	var config: Variant = null
	## the next rules, which are tried too; absent if there are none
	var next: OverviewNext = null
	## the state of the recording; absent if there is none
	var record: JudgeRecordReport = null
	## address of the page to try rules on; absent if the operator sets none
	var playground: String = ""
	## files that were in force on any node, also before restarts, the newest first
	var history: Array[JudgeVersion] = []
	## why history is empty; absent if it could be read
	var history_problem: String = ""

	func read(got: Dictionary) -> AdminRulesAnswer:
		if got.get("source") != null:
			source = got["source"]
		if got.get("version") != null:
			version = int(got["version"])
		if got.get("loaded_at") != null:
			loaded_at = int(got["loaded_at"])
		if got.get("hash") != null:
			hash = got["hash"]
		if got.get("error") != null:
			error = got["error"]
		if got.get("problems") != null:
			for item in got["problems"]: problems.append(OverviewProblem.new().read(item))
		if got.get("rules") != null:
			for item in got["rules"]: rules.append(OverviewRule.new().read(item))
		if got.get("config") != null:
			config = got["config"]
		if got.get("next") != null:
			next = OverviewNext.new().read(got["next"])
		if got.get("record") != null:
			record = JudgeRecordReport.new().read(got["record"])
		if got.get("playground") != null:
			playground = got["playground"]
		if got.get("history") != null:
			for item in got["history"]: history.append(JudgeVersion.new().read(item))
		if got.get("history_problem") != null:
			history_problem = got["history_problem"]
		return self

## OverviewProblem is one problem of the file.
class OverviewProblem extends Answer:
	## error | warning
	var severity: String = ""
	var file: String = ""
	## from 1; 0 if it has no place
	var line: int = 0
	var column: int = 0
	var path: String = ""
	var problem: String = ""
	## what would be right
	var allowed: String = ""
	## the line of the file, and one with a caret
	var excerpt: String = ""

	func read(got: Dictionary) -> OverviewProblem:
		if got.get("severity") != null:
			severity = got["severity"]
		if got.get("file") != null:
			file = got["file"]
		if got.get("line") != null:
			line = int(got["line"])
		if got.get("column") != null:
			column = int(got["column"])
		if got.get("path") != null:
			path = got["path"]
		if got.get("problem") != null:
			problem = got["problem"]
		if got.get("allowed") != null:
			allowed = got["allowed"]
		if got.get("excerpt") != null:
			excerpt = got["excerpt"]
		return self

## OverviewRule is one rule in force, with its counts since it was first loaded.
class OverviewRule extends Answer:
	## Name of the rule. Players' clients see it in a refusal, "rule_denied/<id>".
	var id: String = ""
	## The actions the rule is about.
	var on: Array[String] = []
	## Condition under which the action is refused.
	var deny: String = ""
	## Condition under which the action is allowed and no later rule is asked.
	var allow: String = ""
	## Sentence the refused player reads.
	var message: String = ""
	var asked: int = 0
	## times its condition held
	var hits: int = 0
	## times it could not be evaluated
	var errors: int = 0

	func read(got: Dictionary) -> OverviewRule:
		if got.get("id") != null:
			id = got["id"]
		if got.get("on") != null:
			on.assign(got["on"])
		if got.get("deny") != null:
			deny = got["deny"]
		if got.get("allow") != null:
			allow = got["allow"]
		if got.get("message") != null:
			message = got["message"]
		if got.get("asked") != null:
			asked = int(got["asked"])
		if got.get("hits") != null:
			hits = int(got["hits"])
		if got.get("errors") != null:
			errors = int(got["errors"])
		return self

## OverviewNext is a file that is not in force yet, and what it would have answered.
class OverviewNext extends Answer:
	var source: String = ""
	var version: int = 0
	## 0 with version 0: before the first file, nothing is asked
	var loaded_at: int = 0
	## why the newest file is not asked, and which one is; "" if it is
	var error: String = ""
	## of the newest file
	var problems: Array[OverviewProblem] = []
	## from the rules in force, in words
	var changes: Array[String] = []
	var asked: int = 0
	## how many of these were answered differently
	var differs: int = 0
	## questions that came faster than they could be asked
	var dropped: int = 0
	## by action and the two answers
	var counts: Array[JudgeShadowCount] = []
	## answered differently, the newest first
	var examples: Array[OverviewExample] = []

	func read(got: Dictionary) -> OverviewNext:
		if got.get("source") != null:
			source = got["source"]
		if got.get("version") != null:
			version = int(got["version"])
		if got.get("loaded_at") != null:
			loaded_at = int(got["loaded_at"])
		if got.get("error") != null:
			error = got["error"]
		if got.get("problems") != null:
			for item in got["problems"]: problems.append(OverviewProblem.new().read(item))
		if got.get("changes") != null:
			changes.assign(got["changes"])
		if got.get("asked") != null:
			asked = int(got["asked"])
		if got.get("differs") != null:
			differs = int(got["differs"])
		if got.get("dropped") != null:
			dropped = int(got["dropped"])
		if got.get("counts") != null:
			for item in got["counts"]: counts.append(JudgeShadowCount.new().read(item))
		if got.get("examples") != null:
			for item in got["examples"]: examples.append(OverviewExample.new().read(item))
		return self

## JudgeShadowCount counts how often a pair of outcomes occurred, in the notation of case files.
class JudgeShadowCount extends Answer:
	## One of [RulesAction].
	var action: String = ""
	## the answer that was given
	var now: String = ""
	## the answer that would have been
	var next: String = ""
	var times: int = 0

	func read(got: Dictionary) -> JudgeShadowCount:
		if got.get("action") != null:
			action = got["action"]
		if got.get("now") != null:
			now = got["now"]
		if got.get("next") != null:
			next = got["next"]
		if got.get("times") != null:
			times = int(got["times"])
		return self

## OverviewExample is one question that the next rules answer differently.
class OverviewExample extends Answer:
	var at: int = 0
	## One of [RulesAction].
	var action: String = ""
	var user_id: String = ""
	var username: String = ""
	## "" for an action without a party
	var party_id: String = ""
	var now: String = ""
	var next: String = ""

	func read(got: Dictionary) -> OverviewExample:
		if got.get("at") != null:
			at = int(got["at"])
		if got.get("action") != null:
			action = got["action"]
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("username") != null:
			username = got["username"]
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("now") != null:
			now = got["now"]
		if got.get("next") != null:
			next = got["next"]
		return self

## JudgeRecordReport is how a recording fares.
class JudgeRecordReport extends Answer:
	var path: String = ""
	## decisions since the process began
	var written: int = 0
	## decisions that were left out
	var dropped: int = 0
	## why nothing is written; "" when it is
	var error: String = ""

	func read(got: Dictionary) -> JudgeRecordReport:
		if got.get("path") != null:
			path = got["path"]
		if got.get("written") != null:
			written = int(got["written"])
		if got.get("dropped") != null:
			dropped = int(got["dropped"])
		if got.get("error") != null:
			error = got["error"]
		return self

## JudgeVersion is one rules file that came into force.
class JudgeVersion extends Answer:
	var at: int = 0
	## path of the file; "" = defaults
	var source: String = ""
	## SHA-256 of the file; "" for the defaults
	var hash: String = ""
	## against the version before, in words; empty for the first
	var changes: Array[String] = []
	## changes that are left out
	var more: int = 0

	func read(got: Dictionary) -> JudgeVersion:
		if got.get("at") != null:
			at = int(got["at"])
		if got.get("source") != null:
			source = got["source"]
		if got.get("hash") != null:
			hash = got["hash"]
		if got.get("changes") != null:
			changes.assign(got["changes"])
		if got.get("more") != null:
			more = int(got["more"])
		return self

## AdminStatsAnswer is the answer of party_admin_stats. It is about this node since the process started, except for the outstanding invites.
class AdminStatsAnswer extends Answer:
	var build: BuildInfo = BuildInfo.new()
	var started_at: int = 0
	var uptime_sec: int = 0
	var health: OverviewHealth = OverviewHealth.new()
	## by rule, without rules that denied nothing
	var denials: Array[OverviewRuleDenials] = []
	var live: LedgerPopulation = LedgerPopulation.new()
	var invites: OverviewInviteStats = OverviewInviteStats.new()
	## as the last pass left them
	var queues: Array[QueueReport] = []
	var memory: AdmissionStats = AdmissionStats.new()
	## how many users and addresses each rate limit remembers
	var buckets: Dictionary = {}

	func read(got: Dictionary) -> AdminStatsAnswer:
		if got.get("build") != null:
			build = BuildInfo.new().read(got["build"])
		if got.get("started_at") != null:
			started_at = int(got["started_at"])
		if got.get("uptime_sec") != null:
			uptime_sec = int(got["uptime_sec"])
		if got.get("health") != null:
			health = OverviewHealth.new().read(got["health"])
		if got.get("denials") != null:
			for item in got["denials"]: denials.append(OverviewRuleDenials.new().read(item))
		if got.get("live") != null:
			live = LedgerPopulation.new().read(got["live"])
		if got.get("invites") != null:
			invites = OverviewInviteStats.new().read(got["invites"])
		if got.get("queues") != null:
			for item in got["queues"]: queues.append(QueueReport.new().read(item))
		if got.get("memory") != null:
			memory = AdmissionStats.new().read(got["memory"])
		if got.get("buckets") != null:
			buckets = got["buckets"]
		return self

## BuildInfo describes a build.
class BuildInfo extends Answer:
	var version: String = ""
	var commit: String = ""
	## "3.40.0"; "server" if it was built for one given server
	var nakama: String = ""
	## "go1.26.5"
	var go: String = ""

	func read(got: Dictionary) -> BuildInfo:
		if got.get("version") != null:
			version = got["version"]
		if got.get("commit") != null:
			commit = got["commit"]
		if got.get("nakama") != null:
			nakama = got["nakama"]
		if got.get("go") != null:
			go = got["go"]
		return self

## OverviewHealth reports whether this node's module is well, for a probe, and why not. OK is false only for problems that a person has to look at. Refusals and lost races are normal.
class OverviewHealth extends Answer:
	var ok: bool = false
	## why it is not OK, for people
	var problems: Array[String] = []
	var rules: OverviewInForce = OverviewInForce.new()
	## in the order they first ran
	var tasks: Array[OverviewTask] = []
	var storage: OverviewStorageVitals = OverviewStorageVitals.new()
	var failures: OverviewFailures = OverviewFailures.new()
	## waiting for a match
	var tickets: int = 0
	## made so far
	var matches: int = 0
	## for kept seats, and for sessions expected to resume
	var seat_timers: int = 0

	func read(got: Dictionary) -> OverviewHealth:
		if got.get("ok") != null:
			ok = got["ok"]
		if got.get("problems") != null:
			problems.assign(got["problems"])
		if got.get("rules") != null:
			rules = OverviewInForce.new().read(got["rules"])
		if got.get("tasks") != null:
			for item in got["tasks"]: tasks.append(OverviewTask.new().read(item))
		if got.get("storage") != null:
			storage = OverviewStorageVitals.new().read(got["storage"])
		if got.get("failures") != null:
			failures = OverviewFailures.new().read(got["failures"])
		if got.get("tickets") != null:
			tickets = int(got["tickets"])
		if got.get("matches") != null:
			matches = int(got["matches"])
		if got.get("seat_timers") != null:
			seat_timers = int(got["seat_timers"])
		return self

## OverviewInForce is a summary of the rules file.
class OverviewInForce extends Answer:
	var source: String = ""
	var version: int = 0
	var loaded_at: int = 0
	## the newest file is not the one in force
	var broken: bool = false
	## of the newest file, warnings included
	var problems: int = 0

	func read(got: Dictionary) -> OverviewInForce:
		if got.get("source") != null:
			source = got["source"]
		if got.get("version") != null:
			version = int(got["version"])
		if got.get("loaded_at") != null:
			loaded_at = int(got["loaded_at"])
		if got.get("broken") != null:
			broken = got["broken"]
		if got.get("problems") != null:
			problems = int(got["problems"])
		return self

## OverviewTask is one kind of background work.
class OverviewTask extends Answer:
	var name: String = ""
	var runs: int = 0
	var failures: int = 0
	## the last run failed
	var failing: bool = false
	var last_run: int = 0
	var last_error: String = ""
	## 0 if none ever failed
	var last_error_at: int = 0

	func read(got: Dictionary) -> OverviewTask:
		if got.get("name") != null:
			name = got["name"]
		if got.get("runs") != null:
			runs = int(got["runs"])
		if got.get("failures") != null:
			failures = int(got["failures"])
		if got.get("failing") != null:
			failing = got["failing"]
		if got.get("last_run") != null:
			last_run = int(got["last_run"])
		if got.get("last_error") != null:
			last_error = got["last_error"]
		if got.get("last_error_at") != null:
			last_error_at = int(got["last_error_at"])
		return self

## OverviewStorageVitals counts the module's calls of the host's storage.
class OverviewStorageVitals extends Answer:
	var reads: int = 0
	var writes: int = 0
	## writes that lost a race; they are tried again
	var conflicts: int = 0
	var errors: int = 0

	func read(got: Dictionary) -> OverviewStorageVitals:
		if got.get("reads") != null:
			reads = int(got["reads"])
		if got.get("writes") != null:
			writes = int(got["writes"])
		if got.get("conflicts") != null:
			conflicts = int(got["conflicts"])
		if got.get("errors") != null:
			errors = int(got["errors"])
		return self

## OverviewFailures counts results of "internal": errors of the host and panics. The log explains each of them.
class OverviewFailures extends Answer:
	var calls: int = 0
	var hooks: int = 0
	var pages: int = 0
	## panics of background work
	var background: int = 0

	func read(got: Dictionary) -> OverviewFailures:
		if got.get("calls") != null:
			calls = int(got["calls"])
		if got.get("hooks") != null:
			hooks = int(got["hooks"])
		if got.get("pages") != null:
			pages = int(got["pages"])
		if got.get("background") != null:
			background = int(got["background"])
		return self

## OverviewRuleDenials is how often one rule refused an action.
class OverviewRuleDenials extends Answer:
	var rule: String = ""
	var count: int = 0

	func read(got: Dictionary) -> OverviewRuleDenials:
		if got.get("rule") != null:
			rule = got["rule"]
		if got.get("count") != null:
			count = int(got["count"])
		return self

## LedgerPopulation counts the parties, members and waiting players of this node, as far as it knows.
class LedgerPopulation extends Answer:
	var parties: int = 0
	var members: int = 0
	## places on wait lists
	var waiting: int = 0

	func read(got: Dictionary) -> LedgerPopulation:
		if got.get("parties") != null:
			parties = int(got["parties"])
		if got.get("members") != null:
			members = int(got["members"])
		if got.get("waiting") != null:
			waiting = int(got["waiting"])
		return self

## OverviewInviteStats is what happened to invites.
class OverviewInviteStats extends Answer:
	var created: int = 0
	## pages read by chat programs and search engines
	var fetched: int = 0
	## pages opened in browsers
	var opened: int = 0
	var redeemed: int = 0
	## players who came by an invite and got a match with the party, once a party
	var matched: int = 0
	var declined: int = 0
	var revoked: int = 0
	## that can still be used, of all nodes
	var outstanding: int = 0
	## there are more than were counted
	var more: bool = false
	## storage cannot be read, and outstanding is 0; health says why
	var unknown: bool = false

	func read(got: Dictionary) -> OverviewInviteStats:
		if got.get("created") != null:
			created = int(got["created"])
		if got.get("fetched") != null:
			fetched = int(got["fetched"])
		if got.get("opened") != null:
			opened = int(got["opened"])
		if got.get("redeemed") != null:
			redeemed = int(got["redeemed"])
		if got.get("matched") != null:
			matched = int(got["matched"])
		if got.get("declined") != null:
			declined = int(got["declined"])
		if got.get("revoked") != null:
			revoked = int(got["revoked"])
		if got.get("outstanding") != null:
			outstanding = int(got["outstanding"])
		if got.get("more") != null:
			more = got["more"]
		if got.get("unknown") != null:
			unknown = got["unknown"]
		return self

## QueueReport is the state of a queue after the last pass, for operators.
class QueueReport extends Answer:
	var queue: String = ""
	## waiting tickets, without those in proposals
	var tickets: int = 0
	## seats that the tickets need, including held ones
	var players: int = 0
	## the longest wait
	var oldest_sec: int = 0
	## by seats, the smallest first
	var sizes: Array[QueueSize] = []
	## proposals that players are asked about
	var proposals: int = 0
	## players who have accepted one of them
	var accepted: int = 0
	## players who are asked
	var needed: int = 0
	## for a ticket made now; null while too little is known
	var eta_sec: QueueETA = null

	func read(got: Dictionary) -> QueueReport:
		if got.get("queue") != null:
			queue = got["queue"]
		if got.get("tickets") != null:
			tickets = int(got["tickets"])
		if got.get("players") != null:
			players = int(got["players"])
		if got.get("oldest_sec") != null:
			oldest_sec = int(got["oldest_sec"])
		if got.get("sizes") != null:
			for item in got["sizes"]: sizes.append(QueueSize.new().read(item))
		if got.get("proposals") != null:
			proposals = int(got["proposals"])
		if got.get("accepted") != null:
			accepted = int(got["accepted"])
		if got.get("needed") != null:
			needed = int(got["needed"])
		if got.get("eta_sec") != null:
			eta_sec = QueueETA.new().read(got["eta_sec"])
		return self

## QueueSize is how many tickets of one size wait.
class QueueSize extends Answer:
	var seats: int = 0
	var tickets: int = 0

	func read(got: Dictionary) -> QueueSize:
		if got.get("seats") != null:
			seats = int(got["seats"])
		if got.get("tickets") != null:
			tickets = int(got["tickets"])
		return self

## QueueETA estimates the seconds that remain: half of such tickets waited at most p50, nine of ten at most p90.
class QueueETA extends Answer:
	var p50: int = 0
	var p90: int = 0

	func read(got: Dictionary) -> QueueETA:
		if got.get("p50") != null:
			p50 = int(got["p50"])
		if got.get("p90") != null:
			p90 = int(got["p90"])
		return self

## AdmissionStats is what an Admission has in memory, on this node only.
class AdmissionStats extends Answer:
	## parties that it has dealt with and not yet forgotten
	var parties: int = 0
	## invites that hold seats
	var holds: int = 0
	## users who may not come back yet
	var kicks: int = 0
	## requests to enter closed parties
	var requests: int = 0
	## joins under way
	var joins: int = 0
	## sessions that the host counts as members although they are not there
	var lost: int = 0
	## parties whose lock was not free in time, so that nothing else is counted of them
	var busy: int = 0

	func read(got: Dictionary) -> AdmissionStats:
		if got.get("parties") != null:
			parties = int(got["parties"])
		if got.get("holds") != null:
			holds = int(got["holds"])
		if got.get("kicks") != null:
			kicks = int(got["kicks"])
		if got.get("requests") != null:
			requests = int(got["requests"])
		if got.get("joins") != null:
			joins = int(got["joins"])
		if got.get("lost") != null:
			lost = int(got["lost"])
		if got.get("busy") != null:
			busy = int(got["busy"])
		return self

class AttributesGetRequest extends Answer:
	var party_id: String = ""

	func fields() -> Dictionary:
		var all := {}
		if party_id != null: all["party_id"] = party_id
		return all

## AttributesGetAnswer is all attributes of a party, and the answer of party_attributes_get. The message to the party (op code OpAttributes) has the same form, with only the changes; many changes go out in several messages.
class AttributesGetAnswer extends Answer:
	## rises with every write; 0 before the first
	var version: int = 0
	var party: Dictionary = {}
	## by user ID
	var members: Dictionary = {}

	func read(got: Dictionary) -> AttributesGetAnswer:
		if got.get("version") != null:
			version = int(got["version"])
		if got.get("party") != null:
			party = got["party"]
		if got.get("members") != null:
			members = got["members"]
		return self

## AttributesSetRequest is the payload of party_attributes_set.
class AttributesSetRequest extends Answer:
	var party_id: String = ""
	## an object: what to set for the party, null to remove
	var party = null # Variant
	## the same for the caller
	var member = null # Variant
	## write only if the document has this version
	var version = null # int

	func fields() -> Dictionary:
		var all := {}
		if party_id != null: all["party_id"] = party_id
		if party != null: all["party"] = party
		if member != null: all["member"] = member
		if version != null: all["version"] = version
		return all

## AttributesSetAnswer is the answer of party_attributes_set.
class AttributesSetAnswer extends Answer:
	var version: int = 0

	func read(got: Dictionary) -> AttributesSetAnswer:
		if got.get("version") != null:
			version = int(got["version"])
		return self

class CheckRequest extends Answer:
	## One of [JudgeCheckAction].
	var action: String = ""
	var party_id = null # String
	## for create, as is open
	var max_size = null # int
	var open = null # bool
	## for matchmake
	var queue = null # String

	func fields() -> Dictionary:
		var all := {}
		if action != null: all["action"] = action
		if party_id != null: all["party_id"] = party_id
		if max_size != null: all["max_size"] = max_size
		if open != null: all["open"] = open
		if queue != null: all["queue"] = queue
		return all

## CheckAnswer has the refusal that the action would meet; the texts are empty if it is allowed.
class CheckAnswer extends Answer:
	var allowed: bool = false
	var reason: String = ""
	var message: String = ""
	var rule: String = ""

	func read(got: Dictionary) -> CheckAnswer:
		if got.get("allowed") != null:
			allowed = got["allowed"]
		if got.get("reason") != null:
			reason = got["reason"]
		if got.get("message") != null:
			message = got["message"]
		if got.get("rule") != null:
			rule = got["rule"]
		return self

## FindRequest is the payload of party_find.
class FindRequest extends Answer:
	## an object: fields of the party's label, as for party_quick_join
	var label = null # Variant
	## at least this many
	var free_seats = null # int
	## from 1 to 50
	var limit = null # int
	## of the previous answer
	var cursor = null # String

	func fields() -> Dictionary:
		var all := {}
		if label != null: all["label"] = label
		if free_seats != null: all["free_seats"] = free_seats
		if limit != null: all["limit"] = limit
		if cursor != null: all["cursor"] = cursor
		return all

## FindAnswer is the answer of party_find.
class FindAnswer extends Answer:
	var parties: Array[FinderFound] = []
	## for the next parties, even if there are few here or none; "" at the end
	var cursor: String = ""

	func read(got: Dictionary) -> FindAnswer:
		if got.get("parties") != null:
			for item in got["parties"]: parties.append(FinderFound.new().read(item))
		if got.get("cursor") != null:
			cursor = got["cursor"]
		return self

## FinderFound is one party of a list.
class FinderFound extends Answer:
	var party_id: String = ""
	var size: int = 0
	var max_size: int = 0
	## seats held or kept for others than the caller
	var held: int = 0
	var open: bool = false
	## an object
	var label: Variant = null
	var leader: Profile = Profile.new()
	var age_sec: int = 0
	## the ones that the rules make public
	var attributes: Dictionary = {}

	func read(got: Dictionary) -> FinderFound:
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("size") != null:
			size = int(got["size"])
		if got.get("max_size") != null:
			max_size = int(got["max_size"])
		if got.get("held") != null:
			held = int(got["held"])
		if got.get("open") != null:
			open = got["open"]
		if got.get("label") != null:
			label = got["label"]
		if got.get("leader") != null:
			leader = Profile.new().read(got["leader"])
		if got.get("age_sec") != null:
			age_sec = int(got["age_sec"])
		if got.get("attributes") != null:
			attributes = got["attributes"]
		return self

## Profile is the public profile of a user.
class Profile extends Answer:
	var user_id: String = ""
	var username: String = ""
	var display_name: String = ""
	var avatar_url: String = ""

	func read(got: Dictionary) -> Profile:
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("username") != null:
			username = got["username"]
		if got.get("display_name") != null:
			display_name = got["display_name"]
		if got.get("avatar_url") != null:
			avatar_url = got["avatar_url"]
		return self

## InviteCreateRequest asks for an invite. An optional field that is left out gets the rules' default.
class InviteCreateRequest extends Answer:
	var party_id: String = ""
	var ttl_sec = null # int
	## 0 = without limit
	var max_uses = null # int
	## One of [InviteKind].
	var kind = null # String
	var for_user_ids = null # Array[String]
	var hold_seat = null # bool
	var follow_inviter = null # bool
	## at most 255 bytes
	var message = null # String
	## at most 8
	var info = null # Array[InfoField]
	## any JSON, at most 1024 bytes
	var launch = null # Variant

	func fields() -> Dictionary:
		var all := {}
		if party_id != null: all["party_id"] = party_id
		if ttl_sec != null: all["ttl_sec"] = ttl_sec
		if max_uses != null: all["max_uses"] = max_uses
		if kind != null: all["kind"] = kind
		if for_user_ids != null: all["for_user_ids"] = for_user_ids
		if hold_seat != null: all["hold_seat"] = hold_seat
		if follow_inviter != null: all["follow_inviter"] = follow_inviter
		if message != null: all["message"] = message
		if info != null: all["info"] = info.map(func(item0): return item0.fields())
		if launch != null: all["launch"] = launch
		return all

## InfoField is one line of the party's card on the landing page.
class InfoField extends Answer:
	## at most 63 bytes
	var label: String = ""
	## at most 511 bytes
	var value: String = ""

	func fields() -> Dictionary:
		var all := {}
		if label != null: all["label"] = label
		if value != null: all["value"] = value
		return all

	func read(got: Dictionary) -> InfoField:
		if got.get("label") != null:
			label = got["label"]
		if got.get("value") != null:
			value = got["value"]
		return self

## InviteCreateAnswer answers party_invite_create. No other answer contains the code.
class InviteCreateAnswer extends Answer:
	var id: String = ""
	var code: String = ""
	var url: String = ""
	var qr_url: String = ""
	var party_id: String = ""
	## One of [InviteKind].
	var kind: String = ""
	var created_at: int = 0
	var expires_at: int = 0
	var max_uses: int = 0
	var uses: int = 0
	var hold_seat: bool = false
	var follow_inviter: bool = false
	var for_user_ids: Array[String] = []
	var message: String = ""
	var info: Array[InfoField] = []
	var launch: Variant = null

	func read(got: Dictionary) -> InviteCreateAnswer:
		if got.get("id") != null:
			id = got["id"]
		if got.get("code") != null:
			code = got["code"]
		if got.get("url") != null:
			url = got["url"]
		if got.get("qr_url") != null:
			qr_url = got["qr_url"]
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("kind") != null:
			kind = got["kind"]
		if got.get("created_at") != null:
			created_at = int(got["created_at"])
		if got.get("expires_at") != null:
			expires_at = int(got["expires_at"])
		if got.get("max_uses") != null:
			max_uses = int(got["max_uses"])
		if got.get("uses") != null:
			uses = int(got["uses"])
		if got.get("hold_seat") != null:
			hold_seat = got["hold_seat"]
		if got.get("follow_inviter") != null:
			follow_inviter = got["follow_inviter"]
		if got.get("for_user_ids") != null:
			for_user_ids.assign(got["for_user_ids"])
		if got.get("message") != null:
			message = got["message"]
		if got.get("info") != null:
			for item in got["info"]: info.append(InfoField.new().read(item))
		if got.get("launch") != null:
			launch = got["launch"]
		return self

class InviteDeclineRequest extends Answer:
	var code: String = ""

	func fields() -> Dictionary:
		var all := {}
		if code != null: all["code"] = code
		return all

class InviteListRequest extends Answer:
	var party_id: String = ""

	func fields() -> Dictionary:
		var all := {}
		if party_id != null: all["party_id"] = party_id
		return all

class InviteListAnswer extends Answer:
	var invites: Array[InviteSummary] = []
	## older ones are left out, because the answer would be too long
	var more: bool = false

	func read(got: Dictionary) -> InviteListAnswer:
		if got.get("invites") != null:
			for item in got["invites"]: invites.append(InviteSummary.new().read(item))
		if got.get("more") != null:
			more = got["more"]
		return self

## InviteSummary is one row of party_invite_list.
class InviteSummary extends Answer:
	var id: String = ""
	## One of [InviteKind].
	var kind: String = ""
	var created_by: String = ""
	var created_at: int = 0
	var expires_at: int = 0
	var max_uses: int = 0
	var uses: int = 0
	var for_user_ids: Array[String] = []
	var hold_seat: bool = false
	var follow_inviter: bool = false
	var message: String = ""

	func read(got: Dictionary) -> InviteSummary:
		if got.get("id") != null:
			id = got["id"]
		if got.get("kind") != null:
			kind = got["kind"]
		if got.get("created_by") != null:
			created_by = got["created_by"]
		if got.get("created_at") != null:
			created_at = int(got["created_at"])
		if got.get("expires_at") != null:
			expires_at = int(got["expires_at"])
		if got.get("max_uses") != null:
			max_uses = int(got["max_uses"])
		if got.get("uses") != null:
			uses = int(got["uses"])
		if got.get("for_user_ids") != null:
			for_user_ids.assign(got["for_user_ids"])
		if got.get("hold_seat") != null:
			hold_seat = got["hold_seat"]
		if got.get("follow_inviter") != null:
			follow_inviter = got["follow_inviter"]
		if got.get("message") != null:
			message = got["message"]
		return self

class InvitePreviewRequest extends Answer:
	var code: String = ""

	func fields() -> Dictionary:
		var all := {}
		if code != null: all["code"] = code
		return all

## InvitePreviewAnswer answers party_invite_preview.
class InvitePreviewAnswer extends Answer:
	var id: String = ""
	## One of [InviteState].
	var state: String = ""
	## players on the wait list
	var waiting: int = 0
	var inviter: Profile = Profile.new()
	## absent after the party has ended
	var party: PartyPreview = null
	var message: String = ""
	var info: Array[InfoField] = []
	var launch: Variant = null
	var expires_at: int = 0
	var match_id: String = ""

	func read(got: Dictionary) -> InvitePreviewAnswer:
		if got.get("id") != null:
			id = got["id"]
		if got.get("state") != null:
			state = got["state"]
		if got.get("waiting") != null:
			waiting = int(got["waiting"])
		if got.get("inviter") != null:
			inviter = Profile.new().read(got["inviter"])
		if got.get("party") != null:
			party = PartyPreview.new().read(got["party"])
		if got.get("message") != null:
			message = got["message"]
		if got.get("info") != null:
			for item in got["info"]: info.append(InfoField.new().read(item))
		if got.get("launch") != null:
			launch = got["launch"]
		if got.get("expires_at") != null:
			expires_at = int(got["expires_at"])
		if got.get("match_id") != null:
			match_id = got["match_id"]
		return self

## PartyPreview is the party in a preview.
class PartyPreview extends Answer:
	var party_id: String = ""
	var size: int = 0
	var max_size: int = 0
	## seats kept for users who are not in: invited players, or members who are away
	var held: int = 0
	## held, and users who reported that they are on the way; see Footprint
	var on_the_way: int = 0
	var open: bool = false
	var leader_user_id: String = ""
	var members: Array[MemberProfile] = []
	## the party's attributes that the rules make public
	var attributes: Dictionary = {}

	func read(got: Dictionary) -> PartyPreview:
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("size") != null:
			size = int(got["size"])
		if got.get("max_size") != null:
			max_size = int(got["max_size"])
		if got.get("held") != null:
			held = int(got["held"])
		if got.get("on_the_way") != null:
			on_the_way = int(got["on_the_way"])
		if got.get("open") != null:
			open = got["open"]
		if got.get("leader_user_id") != null:
			leader_user_id = got["leader_user_id"]
		if got.get("members") != null:
			for item in got["members"]: members.append(MemberProfile.new().read(item))
		if got.get("attributes") != null:
			attributes = got["attributes"]
		return self

## MemberProfile is a member in a preview, with the live status.
class MemberProfile extends Answer:
	var user_id: String = ""
	var username: String = ""
	var display_name: String = ""
	var avatar_url: String = ""
	var stage: String = ""
	## 0..1; absent if none was set
	var progress = null # float
	var text: String = ""
	## no progress for a long time
	var stalled: bool = false

	func read(got: Dictionary) -> MemberProfile:
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("username") != null:
			username = got["username"]
		if got.get("display_name") != null:
			display_name = got["display_name"]
		if got.get("avatar_url") != null:
			avatar_url = got["avatar_url"]
		if got.get("stage") != null:
			stage = got["stage"]
		if got.get("progress") != null:
			progress = got["progress"]
		if got.get("text") != null:
			text = got["text"]
		if got.get("stalled") != null:
			stalled = got["stalled"]
		return self

class InviteRedeemRequest extends Answer:
	var code: String = ""
	## which of the user's running games; needed over HTTP when there are several
	var session_id = null # String

	func fields() -> Dictionary:
		var all := {}
		if code != null: all["code"] = code
		if session_id != null: all["session_id"] = session_id
		return all

## InviteRedeemAnswer answers party_invite_redeem.
class InviteRedeemAnswer extends Answer:
	var party_id: String = ""
	var joined: bool = false
	var match_id: String = ""
	var message: String = ""
	var info: Array[InfoField] = []
	var launch: Variant = null

	func read(got: Dictionary) -> InviteRedeemAnswer:
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("joined") != null:
			joined = got["joined"]
		if got.get("match_id") != null:
			match_id = got["match_id"]
		if got.get("message") != null:
			message = got["message"]
		if got.get("info") != null:
			for item in got["info"]: info.append(InfoField.new().read(item))
		if got.get("launch") != null:
			launch = got["launch"]
		return self

class InviteRevokeRequest extends Answer:
	## either id or code, not both
	var id = null # String
	var code = null # String

	func fields() -> Dictionary:
		var all := {}
		if id != null: all["id"] = id
		if code != null: all["code"] = code
		return all

class MatchRequest extends Answer:
	var party_id = null # String
	## instead, for a player without a party
	var match_id = null # String

	func fields() -> Dictionary:
		var all := {}
		if party_id != null: all["party_id"] = party_id
		if match_id != null: all["match_id"] = match_id
		return all

## MatchAnswer answers party_match: the match that a party is in, with all its seats. All fields are empty if the party is in no match. Whenever it changes, players of the match receive it as match data with op code OpMatch.
class MatchAnswer extends Answer:
	var match_id: String = ""
	var queue: String = ""
	## where the match is played, in a queue with regions
	var region: String = ""
	var seats: Array[MatchSeat] = []
	## Server is the caller's access to the game server. It is set if the match has one and the caller has a seat.
	var server: ServerAccess = null

	func read(got: Dictionary) -> MatchAnswer:
		if got.get("match_id") != null:
			match_id = got["match_id"]
		if got.get("queue") != null:
			queue = got["queue"]
		if got.get("region") != null:
			region = got["region"]
		if got.get("seats") != null:
			for item in got["seats"]: seats.append(MatchSeat.new().read(item))
		if got.get("server") != null:
			server = ServerAccess.new().read(got["server"])
		return self

## MatchSeat is one seat of a match.
class MatchSeat extends Answer:
	## absent for an open seat, and for a seat held for a friend whose user ID is not known
	var user_id: String = ""
	## empty for an open seat and for a player without a party
	var party_id: String = ""
	## from 0
	var team: int = 0
	## One of [SeatState].
	var state: String = ""
	## of a held seat
	var expires_at: int = 0

	func read(got: Dictionary) -> MatchSeat:
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("team") != null:
			team = int(got["team"])
		if got.get("state") != null:
			state = got["state"]
		if got.get("expires_at") != null:
			expires_at = int(got["expires_at"])
		return self

## ServerAccess is what a player needs to join a game server.
class ServerAccess extends Answer:
	## an IP address, or a name if there is no address
	var address: String = ""
	## for clients that need a name, for example for TLS
	var dns_name: String = ""
	var port: int = 0
	## proves who comes; valid for one join of this player
	var pass_text: String = ""
	var pass_expires_at: int = 0
	## the fleet's own session ID, if it has one
	var player_session: String = ""

	func read(got: Dictionary) -> ServerAccess:
		if got.get("address") != null:
			address = got["address"]
		if got.get("dns_name") != null:
			dns_name = got["dns_name"]
		if got.get("port") != null:
			port = int(got["port"])
		if got.get("pass") != null:
			pass_text = got["pass"]
		if got.get("pass_expires_at") != null:
			pass_expires_at = int(got["pass_expires_at"])
		if got.get("player_session") != null:
			player_session = got["player_session"]
		return self

class MatchAcceptRequest extends Answer:
	var ticket: String = ""
	var accept = null # bool

	func fields() -> Dictionary:
		var all := {}
		if ticket != null: all["ticket"] = ticket
		if accept != null: all["accept"] = accept
		return all

## MatchAcceptAnswer is how many players of a proposal have accepted so far. Counts are of players; AcceptBy is Unix seconds.
class MatchAcceptAnswer extends Answer:
	var accepted: int = 0
	var needed: int = 0
	var accept_by: int = 0

	func read(got: Dictionary) -> MatchAcceptAnswer:
		if got.get("accepted") != null:
			accepted = int(got["accepted"])
		if got.get("needed") != null:
			needed = int(got["needed"])
		if got.get("accept_by") != null:
			accept_by = int(got["accept_by"])
		return self

class QueueRequest extends Answer:
	var party_id = null # String

	func fields() -> Dictionary:
		var all := {}
		if party_id != null: all["party_id"] = party_id
		return all

## QueueAnswer answers party_queue: why there is no match yet. It names no other players.
class QueueAnswer extends Answer:
	var tickets: Array[QueueTicket] = []

	func read(got: Dictionary) -> QueueAnswer:
		if got.get("tickets") != null:
			for item in got["tickets"]: tickets.append(QueueTicket.new().read(item))
		return self

## QueueTicket is one waiting ticket.
class QueueTicket extends Answer:
	var ticket: String = ""
	var queue: String = ""
	var waited_sec: int = 0
	## null while too little is known of the queue
	var eta_sec: QueueETA = null
	var window: QueueWindow = QueueWindow.new()
	## tickets in the queue, including this one
	var pool: int = 0
	## other tickets that could be in a match with it
	var in_reach: int = 0
	var holding_back: Array[HoldingBack] = []
	## while its players are asked to accept
	var proposal: ProposalState = null

	func read(got: Dictionary) -> QueueTicket:
		if got.get("ticket") != null:
			ticket = got["ticket"]
		if got.get("queue") != null:
			queue = got["queue"]
		if got.get("waited_sec") != null:
			waited_sec = int(got["waited_sec"])
		if got.get("eta_sec") != null:
			eta_sec = QueueETA.new().read(got["eta_sec"])
		if got.get("window") != null:
			window = QueueWindow.new().read(got["window"])
		if got.get("pool") != null:
			pool = int(got["pool"])
		if got.get("in_reach") != null:
			in_reach = int(got["in_reach"])
		if got.get("holding_back") != null:
			for item in got["holding_back"]: holding_back.append(HoldingBack.new().read(item))
		if got.get("proposal") != null:
			proposal = ProposalState.new().read(got["proposal"])
		return self

## QueueWindow is how far a ticket may reach at present; null is without bound.
class QueueWindow extends Answer:
	var skill = null # float
	var latency_ms = null # float

	func read(got: Dictionary) -> QueueWindow:
		if got.get("skill") != null:
			skill = got["skill"]
		if got.get("latency_ms") != null:
			latency_ms = got["latency_ms"]
		return self

## HoldingBack counts the tickets that one reason keeps from a ticket: match_on, skill, latency, size, parity, blocks, team_spread, or waiting for others and the next pass.
class HoldingBack extends Answer:
	var reason: String = ""
	var tickets: int = 0

	func read(got: Dictionary) -> HoldingBack:
		if got.get("reason") != null:
			reason = got["reason"]
		if got.get("tickets") != null:
			tickets = int(got["tickets"])
		return self

## ProposalState is how many players of a proposal have accepted so far. Counts are of players; AcceptBy is Unix seconds.
class ProposalState extends Answer:
	var accepted: int = 0
	var needed: int = 0
	var accept_by: int = 0

	func read(got: Dictionary) -> ProposalState:
		if got.get("accepted") != null:
			accepted = int(got["accepted"])
		if got.get("needed") != null:
			needed = int(got["needed"])
		if got.get("accept_by") != null:
			accept_by = int(got["accept_by"])
		return self

## QuickJoinRequest says which parties fit, and is the payload of party_quick_join.
class QuickJoinRequest extends Answer:
	## an object: fields of the party's label with a text, a number, or true or false
	var label = null # Variant
	## at least this many
	var free_seats = null # int

	func fields() -> Dictionary:
		var all := {}
		if label != null: all["label"] = label
		if free_seats != null: all["free_seats"] = free_seats
		return all

## QuickJoinAnswer is the answer of party_quick_join.
class QuickJoinAnswer extends Answer:
	var party_id: String = ""
	var joined: bool = false
	var match_id: String = ""

	func read(got: Dictionary) -> QuickJoinAnswer:
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("joined") != null:
			joined = got["joined"]
		if got.get("match_id") != null:
			match_id = got["match_id"]
		return self

## ResumeAnswer answers party_resume.
class ResumeAnswer extends Answer:
	var party_id: String = ""
	## false: the session comes in as soon as the user's older connection has ended
	var joined: bool = false

	func read(got: Dictionary) -> ResumeAnswer:
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("joined") != null:
			joined = got["joined"]
		return self

class ServerEndRequest extends Answer:
	var match_id: String = ""
	var server_token: String = ""
	var result = null # Variant

	func fields() -> Dictionary:
		var all := {}
		if match_id != null: all["match_id"] = match_id
		if server_token != null: all["server_token"] = server_token
		if result != null: all["result"] = result
		return all

class ServerJoinRequest extends Answer:
	var match_id: String = ""
	var server_token: String = ""
	var pass_text: String = ""

	func fields() -> Dictionary:
		var all := {}
		if match_id != null: all["match_id"] = match_id
		if server_token != null: all["server_token"] = server_token
		if pass_text != null: all["pass"] = pass_text
		return all

## ServerJoinAnswer is a player who has joined a game server.
class ServerJoinAnswer extends Answer:
	var user_id: String = ""
	## "" for a player without a party
	var party_id: String = ""
	## from 0
	var team: int = 0

	func read(got: Dictionary) -> ServerJoinAnswer:
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("team") != null:
			team = int(got["team"])
		return self

class ServerLeaveRequest extends Answer:
	var match_id: String = ""
	var server_token: String = ""
	var user_id: String = ""
	## left, dropped, kicked or no_show
	var reason: String = ""

	func fields() -> Dictionary:
		var all := {}
		if match_id != null: all["match_id"] = match_id
		if server_token != null: all["server_token"] = server_token
		if user_id != null: all["user_id"] = user_id
		if reason != null: all["reason"] = reason
		return all

class ServerSeatsRequest extends Answer:
	var match_id: String = ""
	var server_token: String = ""

	func fields() -> Dictionary:
		var all := {}
		if match_id != null: all["match_id"] = match_id
		if server_token != null: all["server_token"] = server_token
		return all

## ServerSeatsAnswer answers party_match: the match that a party is in, with all its seats. All fields are empty if the party is in no match. Whenever it changes, players of the match receive it as match data with op code OpMatch.
class ServerSeatsAnswer extends Answer:
	var match_id: String = ""
	var queue: String = ""
	## where the match is played, in a queue with regions
	var region: String = ""
	var seats: Array[MatchSeat] = []
	## Server is the caller's access to the game server. It is set if the match has one and the caller has a seat.
	var server: ServerAccess = null

	func read(got: Dictionary) -> ServerSeatsAnswer:
		if got.get("match_id") != null:
			match_id = got["match_id"]
		if got.get("queue") != null:
			queue = got["queue"]
		if got.get("region") != null:
			region = got["region"]
		if got.get("seats") != null:
			for item in got["seats"]: seats.append(MatchSeat.new().read(item))
		if got.get("server") != null:
			server = ServerAccess.new().read(got["server"])
		return self

## ShareRequest is the request of party_share.
class ShareRequest extends Answer:
	var party_id: String = ""
	var to: ShareTo = ShareTo.new()
	## at most 255 bytes; "" keeps the invite's message
	var message = null # String

	func fields() -> Dictionary:
		var all := {}
		if party_id != null: all["party_id"] = party_id
		if to != null: all["to"] = to.fields()
		if message != null: all["message"] = message
		return all

## ShareTo says who should see the shared party. At least one field must be set.
class ShareTo extends Answer:
	## followers, by the caller's Nakama status
	var status = null # bool
	## mutual friends
	var friends = null # bool
	## the members of a group that the caller is in
	var group_id = null # String
	## at most 100
	var user_ids = null # Array[String]

	func fields() -> Dictionary:
		var all := {}
		if status != null: all["status"] = status
		if friends != null: all["friends"] = friends
		if group_id != null: all["group_id"] = group_id
		if user_ids != null: all["user_ids"] = user_ids
		return all

	func read(got: Dictionary) -> ShareTo:
		if got.get("status") != null:
			status = got["status"]
		if got.get("friends") != null:
			friends = got["friends"]
		if got.get("group_id") != null:
			group_id = got["group_id"]
		if got.get("user_ids") != null:
			user_ids.assign(got["user_ids"])
		return self

## ShareAnswer is the answer of party_share.
class ShareAnswer extends Answer:
	var url: String = ""
	## the invite's
	var id: String = ""
	## Unix seconds
	var expires_at: int = 0
	var delivered: ShareDelivered = ShareDelivered.new()

	func read(got: Dictionary) -> ShareAnswer:
		if got.get("url") != null:
			url = got["url"]
		if got.get("id") != null:
			id = got["id"]
		if got.get("expires_at") != null:
			expires_at = int(got["expires_at"])
		if got.get("delivered") != null:
			delivered = ShareDelivered.new().read(got["delivered"])
		return self

## ShareDelivered counts the users that the call reached. Each user is counted once: a named user who is a friend counts as named, a friend who is in the group counts as a friend.
class ShareDelivered extends Answer:
	## 1 if the caller's status was set
	var status: int = 0
	var friends: int = 0
	var group: int = 0
	var users: int = 0

	func read(got: Dictionary) -> ShareDelivered:
		if got.get("status") != null:
			status = int(got["status"])
		if got.get("friends") != null:
			friends = int(got["friends"])
		if got.get("group") != null:
			group = int(got["group"])
		if got.get("users") != null:
			users = int(got["users"])
		return self

class StatusListRequest extends Answer:
	var party_id: String = ""

	func fields() -> Dictionary:
		var all := {}
		if party_id != null: all["party_id"] = party_id
		return all

## StatusListAnswer is the statuses of a party, and the answer of party_status_list. The message to the party (op code OpStatus) has the same form, with only the rows that changed; many rows go out in several messages.
class StatusListAnswer extends Answer:
	var members: Array[StatusMember] = []
	var incoming: Array[StatusIncoming] = []

	func read(got: Dictionary) -> StatusListAnswer:
		if got.get("members") != null:
			for item in got["members"]: members.append(StatusMember.new().read(item))
		if got.get("incoming") != null:
			for item in got["incoming"]: incoming.append(StatusIncoming.new().read(item))
		return self

## StatusMember is the status of one session in the party.
class StatusMember extends Answer:
	var user_id: String = ""
	var session_id: String = ""
	var username: String = ""
	var leader: bool = false
	## empty before the first report
	var stage: String = ""
	## 0..1; absent if none was reported
	var progress = null # float
	var text: String = ""
	## no progress for longer than the rules' stall
	var stalled: bool = false
	## Unix seconds; 0 before the first report
	var updated_at: int = 0
	## Lost marks a session that the server counts as a member although its connection ended while joining. The seat is taken until the leader removes the member.
	var lost: bool = false

	func read(got: Dictionary) -> StatusMember:
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("session_id") != null:
			session_id = got["session_id"]
		if got.get("username") != null:
			username = got["username"]
		if got.get("leader") != null:
			leader = got["leader"]
		if got.get("stage") != null:
			stage = got["stage"]
		if got.get("progress") != null:
			progress = got["progress"]
		if got.get("text") != null:
			text = got["text"]
		if got.get("stalled") != null:
			stalled = got["stalled"]
		if got.get("updated_at") != null:
			updated_at = int(got["updated_at"])
		if got.get("lost") != null:
			lost = got["lost"]
		return self

## StatusIncoming is the status of a user on the way. In a message, a row without a stage means that the user is no longer on the way: come in, declined, or without a report for too long.
class StatusIncoming extends Answer:
	var user_id: String = ""
	var username: String = ""
	var stage: String = ""
	var progress = null # float
	var text: String = ""
	var stalled: bool = false
	var updated_at: int = 0

	func read(got: Dictionary) -> StatusIncoming:
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("username") != null:
			username = got["username"]
		if got.get("stage") != null:
			stage = got["stage"]
		if got.get("progress") != null:
			progress = got["progress"]
		if got.get("text") != null:
			text = got["text"]
		if got.get("stalled") != null:
			stalled = got["stalled"]
		if got.get("updated_at") != null:
			updated_at = int(got["updated_at"])
		return self

## StatusSetRequest is a player's status, and the request of party_status_set. It replaces the player's previous report as a whole.
class StatusSetRequest extends Answer:
	## of a member's party, or
	var party_id = null # String
	## of the invite of a user who is not in yet
	var code = null # String
	## one of the rules' stages
	var stage: String = ""
	## within the stage, 0 to 1; a small rounding error is accepted
	var progress = null # float
	## at most 80 characters
	var text = null # String
	## rising; a report with a lower number than the last is ignored
	var seq = null # int

	func fields() -> Dictionary:
		var all := {}
		if party_id != null: all["party_id"] = party_id
		if code != null: all["code"] = code
		if stage != null: all["stage"] = stage
		if progress != null: all["progress"] = progress
		if text != null: all["text"] = text
		if seq != null: all["seq"] = seq
		return all

## WaitRequest is the payload of party_wait.
class WaitRequest extends Answer:
	## of an invite, or
	var code = null # String
	## an open party
	var party_id = null # String
	var leave = null # bool

	func fields() -> Dictionary:
		var all := {}
		if code != null: all["code"] = code
		if party_id != null: all["party_id"] = party_id
		if leave != null: all["leave"] = leave
		return all

## WaitAnswer answers party_wait.
class WaitAnswer extends Answer:
	## from 1; 0 for a player who has a seat, or has left the wait list
	var place: int = 0
	## how many wait
	var of: int = 0
	## Unix seconds, while a seat is held
	var held_until: int = 0

	func read(got: Dictionary) -> WaitAnswer:
		if got.get("place") != null:
			place = int(got["place"])
		if got.get("of") != null:
			of = int(got["of"])
		if got.get("held_until") != null:
			held_until = int(got["held_until"])
		return self

## StatusEvent is the statuses of a party, and the answer of party_status_list. The message to the party (op code OpStatus) has the same form, with only the rows that changed; many rows go out in several messages.
class StatusEvent extends Answer:
	var members: Array[StatusMember] = []
	var incoming: Array[StatusIncoming] = []

	func read(got: Dictionary) -> StatusEvent:
		if got.get("members") != null:
			for item in got["members"]: members.append(StatusMember.new().read(item))
		if got.get("incoming") != null:
			for item in got["incoming"]: incoming.append(StatusIncoming.new().read(item))
		return self

## InviteEvent is a message to the party, with op code OpInvite. By is the user who caused it. User is the user it is about, if any.
class InviteEvent extends Answer:
	## One of [InviteEventName].
	var event: String = ""
	## the invite's
	var id: String = ""
	var by: String = ""
	var user: String = ""

	func read(got: Dictionary) -> InviteEvent:
		if got.get("event") != null:
			event = got["event"]
		if got.get("id") != null:
			id = got["id"]
		if got.get("by") != null:
			by = got["by"]
		if got.get("user") != null:
			user = got["user"]
		return self

## MatchmakingEvent is a message to the party, op code OpMatchmaking. A player without a party gets it in a notification.
class MatchmakingEvent extends Answer:
	## One of [QueueEventName].
	var event: String = ""
	## "" if the host itself matches
	var queue: String = ""
	var ticket: String = ""
	## One of [QueueDropReason]. "" if the event needs none
	var reason: String = ""
	## AcceptBy is the deadline for an answer, Unix seconds; only with found and replaced.
	var accept_by: int = 0

	func read(got: Dictionary) -> MatchmakingEvent:
		if got.get("event") != null:
			event = got["event"]
		if got.get("queue") != null:
			queue = got["queue"]
		if got.get("ticket") != null:
			ticket = got["ticket"]
		if got.get("reason") != null:
			reason = got["reason"]
		if got.get("accept_by") != null:
			accept_by = int(got["accept_by"])
		return self

## MatchEvent is what a party hears about its match, as party data with op code OpMatch. Players also get the end as match data. An end with a user ID is only for the device that gets it: the user plays on with another one.
class MatchEvent extends Answer:
	var event: String = ""
	var match_id: String = ""
	## absent for a seat held for a friend not known by name
	var user_id: String = ""
	## from 0; absent when the match ended
	var team = null # int
	var expires_at: int = 0
	## an IP address, or a name if there is no address
	var address: String = ""
	## for clients that need a name, for example for TLS
	var dns_name: String = ""
	var port: int = 0
	## proves who comes; valid for one join of this player
	var pass_text: String = ""
	var pass_expires_at: int = 0
	## the fleet's own session ID, if it has one
	var player_session: String = ""
	## with ended, where a game server gave one
	var result: Variant = null

	func read(got: Dictionary) -> MatchEvent:
		if got.get("event") != null:
			event = got["event"]
		if got.get("match_id") != null:
			match_id = got["match_id"]
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("team") != null:
			team = int(got["team"])
		if got.get("expires_at") != null:
			expires_at = int(got["expires_at"])
		if got.get("address") != null:
			address = got["address"]
		if got.get("dns_name") != null:
			dns_name = got["dns_name"]
		if got.get("port") != null:
			port = int(got["port"])
		if got.get("pass") != null:
			pass_text = got["pass"]
		if got.get("pass_expires_at") != null:
			pass_expires_at = int(got["pass_expires_at"])
		if got.get("player_session") != null:
			player_session = got["player_session"]
		if got.get("result") != null:
			result = got["result"]
		return self

## MemberEvent is the message to members, op code OpMember.
class MemberEvent extends Answer:
	## One of [ReconnectEventName].
	var event: String = ""
	var user_id: String = ""
	## Unix seconds; the end of the kept seat
	var until: int = 0
	## for removed: the leader's user ID
	var by: String = ""
	## for restored: the party's native ID before
	var was: String = ""
	## for back: the user who led when the connection was lost
	var led: String = ""

	func read(got: Dictionary) -> MemberEvent:
		if got.get("event") != null:
			event = got["event"]
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("until") != null:
			until = int(got["until"])
		if got.get("by") != null:
			by = got["by"]
		if got.get("was") != null:
			was = got["was"]
		if got.get("led") != null:
			led = got["led"]
		return self

## AttributesEvent is all attributes of a party, and the answer of party_attributes_get. The message to the party (op code OpAttributes) has the same form, with only the changes; many changes go out in several messages.
class AttributesEvent extends Answer:
	## rises with every write; 0 before the first
	var version: int = 0
	var party: Dictionary = {}
	## by user ID
	var members: Dictionary = {}

	func read(got: Dictionary) -> AttributesEvent:
		if got.get("version") != null:
			version = int(got["version"])
		if got.get("party") != null:
			party = got["party"]
		if got.get("members") != null:
			members = got["members"]
		return self

## InviteNotice is the content of notification 1001: who invites to which party.
class InviteNotice extends Answer:
	var party_id: String = ""
	var url: String = ""
	var code: String = ""
	## the inviter's username
	var from: String = ""
	var message: String = ""

	func read(got: Dictionary) -> InviteNotice:
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("url") != null:
			url = got["url"]
		if got.get("code") != null:
			code = got["code"]
		if got.get("from") != null:
			from = got["from"]
		if got.get("message") != null:
			message = got["message"]
		return self

## DeclinedNotice is the content of notification 1002: who will not come.
class DeclinedNotice extends Answer:
	var party_id: String = ""
	## the invite's
	var id: String = ""
	## the username of the player who declined
	var from: String = ""

	func read(got: Dictionary) -> DeclinedNotice:
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("id") != null:
			id = got["id"]
		if got.get("from") != null:
			from = got["from"]
		return self

## DroppedNotice is a message to the party, op code OpMatchmaking. A player without a party gets it in a notification.
class DroppedNotice extends Answer:
	## One of [QueueEventName].
	var event: String = ""
	## "" if the host itself matches
	var queue: String = ""
	var ticket: String = ""
	## One of [QueueDropReason]. "" if the event needs none
	var reason: String = ""
	## AcceptBy is the deadline for an answer, Unix seconds; only with found and replaced.
	var accept_by: int = 0

	func read(got: Dictionary) -> DroppedNotice:
		if got.get("event") != null:
			event = got["event"]
		if got.get("queue") != null:
			queue = got["queue"]
		if got.get("ticket") != null:
			ticket = got["ticket"]
		if got.get("reason") != null:
			reason = got["reason"]
		if got.get("accept_by") != null:
			accept_by = int(got["accept_by"])
		return self

## RemovedNotice is the content of notification 1004.
class RemovedNotice extends Answer:
	var party_id: String = ""
	## the leader's user ID
	var by: String = ""
	## One of [ReconnectRemovalKind].
	var kind: String = ""

	func read(got: Dictionary) -> RemovedNotice:
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("by") != null:
			by = got["by"]
		if got.get("kind") != null:
			kind = got["kind"]
		return self

## SeatFreeNotice is the content of notification 1005: the player takes the seat by redeeming the code or, in an open party, by joining it. In a closed party party_wait with its ID takes the seat too; with a code it does not.
class SeatFreeNotice extends Answer:
	var party_id: String = ""
	## Unix seconds
	var held_until: int = 0

	func read(got: Dictionary) -> SeatFreeNotice:
		if got.get("party_id") != null:
			party_id = got["party_id"]
		if got.get("held_until") != null:
			held_until = int(got["held_until"])
		return self

## FoundNotice is the content of notification 1006.
class FoundNotice extends Answer:
	var ticket: String = ""
	var queue: String = ""
	## the deadline for an answer, Unix seconds
	var accept_by: int = 0

	func read(got: Dictionary) -> FoundNotice:
		if got.get("ticket") != null:
			ticket = got["ticket"]
		if got.get("queue") != null:
			queue = got["queue"]
		if got.get("accept_by") != null:
			accept_by = int(got["accept_by"])
		return self

## ServerNotice is what a party hears about its match, as party data with op code OpMatch. Players also get the end as match data. An end with a user ID is only for the device that gets it: the user plays on with another one.
class ServerNotice extends Answer:
	var event: String = ""
	var match_id: String = ""
	## absent for a seat held for a friend not known by name
	var user_id: String = ""
	## from 0; absent when the match ended
	var team = null # int
	var expires_at: int = 0
	## an IP address, or a name if there is no address
	var address: String = ""
	## for clients that need a name, for example for TLS
	var dns_name: String = ""
	var port: int = 0
	## proves who comes; valid for one join of this player
	var pass_text: String = ""
	var pass_expires_at: int = 0
	## the fleet's own session ID, if it has one
	var player_session: String = ""
	## with ended, where a game server gave one
	var result: Variant = null

	func read(got: Dictionary) -> ServerNotice:
		if got.get("event") != null:
			event = got["event"]
		if got.get("match_id") != null:
			match_id = got["match_id"]
		if got.get("user_id") != null:
			user_id = got["user_id"]
		if got.get("team") != null:
			team = int(got["team"])
		if got.get("expires_at") != null:
			expires_at = int(got["expires_at"])
		if got.get("address") != null:
			address = got["address"]
		if got.get("dns_name") != null:
			dns_name = got["dns_name"]
		if got.get("port") != null:
			port = int(got["port"])
		if got.get("pass") != null:
			pass_text = got["pass"]
		if got.get("pass_expires_at") != null:
			pass_expires_at = int(got["pass_expires_at"])
		if got.get("player_session") != null:
			player_session = got["player_session"]
		if got.get("result") != null:
			result = got["result"]
		return self

## Gives the party as the presence and invite APIs of platforms take it.
func activity(request: ActivityRequest) -> ActivityAnswer:
	var answer := ActivityAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_activity", request.fields()))

## Gives the attributes of the party and of its members.
func attributes_get(request: AttributesGetRequest) -> AttributesGetAnswer:
	var answer := AttributesGetAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_attributes_get", request.fields()))

## Writes attributes of the party, of the caller in it, or both.
func attributes_set(request: AttributesSetRequest) -> AttributesSetAnswer:
	var answer := AttributesSetAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_attributes_set", request.fields()))

## Says whether an action would be refused, and why, without doing it.
func check(request: CheckRequest) -> CheckAnswer:
	var answer := CheckAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_check", request.fields()))

## Lists open parties that fit, with live counts, the longest open first.
func find(request: FindRequest) -> FindAnswer:
	var answer := FindAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_find", request.fields()))

## Makes an invite into a party that the caller is in.
func invite_create(request: InviteCreateRequest) -> InviteCreateAnswer:
	var answer := InviteCreateAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_invite_create", request.fields()))

## Declines an invite that names the caller, frees the seat and tells the inviter.
func invite_decline(request: InviteDeclineRequest) -> Answer:
	var answer := Answer.new()
	await Partyline._call_into(_send, answer, "party_invite_decline", request.fields())
	return answer

## Lists the invites of a party, for its members, the newest first.
func invite_list(request: InviteListRequest) -> InviteListAnswer:
	var answer := InviteListAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_invite_list", request.fields()))

## Says what an invite leads to, without using it.
func invite_preview(request: InvitePreviewRequest) -> InvitePreviewAnswer:
	var answer := InvitePreviewAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_invite_preview", request.fields()))

## Uses an invite: the caller's running game becomes a member at once.
func invite_redeem(request: InviteRedeemRequest) -> InviteRedeemAnswer:
	var answer := InviteRedeemAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_invite_redeem", request.fields()))

## Ends an invite, for the user who made it and for the leader.
func invite_revoke(request: InviteRevokeRequest) -> Answer:
	var answer := Answer.new()
	await Partyline._call_into(_send, answer, "party_invite_revoke", request.fields())
	return answer

## Names the match that the party is in, with its seats.
func match(request: MatchRequest) -> MatchAnswer:
	var answer := MatchAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_match", request.fields()))

## Answers for the caller whether they take the match that was found.
func match_accept(request: MatchAcceptRequest) -> MatchAcceptAnswer:
	var answer := MatchAcceptAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_match_accept", request.fields()))

## Says why a ticket has no match yet; without a party, of all tickets that the caller is on.
func queue(request: QueueRequest) -> QueueAnswer:
	var answer := QueueAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_queue", request.fields()))

## Makes the caller a member of an open party that fits, at once.
func quick_join(request: QuickJoinRequest) -> QuickJoinAnswer:
	var answer := QuickJoinAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_quick_join", request.fields()))

## Puts the caller back into the seat kept after a dropped connection.
func resume() -> ResumeAnswer:
	var answer := ResumeAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_resume", {}))

## Makes the party known to followers, friends, a group or certain users.
func share(request: ShareRequest) -> ShareAnswer:
	var answer := ShareAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_share", request.fields()))

## Lists how far everybody in the party and on the way to it is.
func status_list(request: StatusListRequest) -> StatusListAnswer:
	var answer := StatusListAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_status_list", request.fields()))

## Tells how far the caller is, as a member or, by an invite's code, as somebody on the way.
func status_set(request: StatusSetRequest) -> Answer:
	var answer := Answer.new()
	await Partyline._call_into(_send, answer, "party_status_set", request.fields())
	return answer

## Puts the caller on the wait list of a full party, or takes them off it.
func wait(request: WaitRequest) -> WaitAnswer:
	var answer := WaitAnswer.new()
	return answer.read(await Partyline._call_into(_send, answer, "party_wait", request.fields()))

## What the game's own servers call, with the HTTP key. Never ship the key to players.
class Server extends RefCounted:
	var _send: Callable

	func _init(client: NakamaClient, http_key: String) -> void:
		_send = func(id: String, payload: String): return await client.rpc_async_with_key(http_key, id, payload)

	## Lists the parties there are.
	func parties(request: AdminPartiesRequest) -> AdminPartiesAnswer:
		var answer := AdminPartiesAnswer.new()
		return answer.read(await Partyline._call_into(_send, answer, "party_admin_parties", request.fields()))

	## Shows the rules in force and what is wrong with the newest file.
	func rules(request: AdminRulesRequest) -> AdminRulesAnswer:
		var answer := AdminRulesAnswer.new()
		return answer.read(await Partyline._call_into(_send, answer, "party_admin_rules", request.fields()))

	## Counts denials, invites and what the module remembers.
	func stats() -> AdminStatsAnswer:
		var answer := AdminStatsAnswer.new()
		return answer.read(await Partyline._call_into(_send, answer, "party_admin_stats", {}))

	## The match is over; its parties hear the result.
	func server_end(request: ServerEndRequest) -> Answer:
		var answer := Answer.new()
		await Partyline._call_into(_send, answer, "party_server_end", request.fields())
		return answer

	## A player has come with a pass. It works once.
	func server_join(request: ServerJoinRequest) -> ServerJoinAnswer:
		var answer := ServerJoinAnswer.new()
		return answer.read(await Partyline._call_into(_send, answer, "party_server_join", request.fields()))

	## A player has gone, or has lost the connection and may come back.
	func server_leave(request: ServerLeaveRequest) -> Answer:
		var answer := Answer.new()
		await Partyline._call_into(_send, answer, "party_server_leave", request.fields())
		return answer

	## The seats of the match, and a sign of life of its game server.
	func server_seats(request: ServerSeatsRequest) -> ServerSeatsAnswer:
		var answer := ServerSeatsAnswer.new()
		return answer.read(await Partyline._call_into(_send, answer, "party_server_seats", request.fields()))

## Reads a message of the server's to the party, by its op code; null for what members send.
static func party_event(message: NakamaRTAPI.PartyData) -> Answer:
	if message.op_code >= 0:
		return null
	var got = JSON.parse_string(message.data)
	if not got is Dictionary:
		return null
	match message.op_code:
		-1: return StatusEvent.new().read(got)
		-2: return InviteEvent.new().read(got)
		-3: return MatchmakingEvent.new().read(got)
		-4: return MatchEvent.new().read(got)
		-5: return MemberEvent.new().read(got)
		-6: return AttributesEvent.new().read(got)
	return null

## Reads a notification, by its code; null for others.
static func party_notice(notification: NakamaAPI.ApiNotification) -> Answer:
	var got = JSON.parse_string(notification.content)
	if not got is Dictionary:
		return null
	match notification.code:
		1001: return InviteNotice.new().read(got)
		1002: return DeclinedNotice.new().read(got)
		1003: return DroppedNotice.new().read(got)
		1004: return RemovedNotice.new().read(got)
		1005: return SeatFreeNotice.new().read(got)
		1006: return FoundNotice.new().read(got)
		1007: return ServerNotice.new().read(got)
	return null
