// Package access says who may call which function of the module. [Matrix] is the only source. This
// package's tests make every call in it, over HTTP and over the socket, and fail if a function is
// missing. local/e2e/docs compares it with docs/security.md.
//
// Only tests import it.
package access

// Roles are the callers, in the order of the cells of a [Row]. They know the worst case: every
// signed-in user knows the IDs of the party and of its invites, and the codes.
var Roles = [...]string{
	"anonymous", // no session, or a forged one, or a wrong HTTP key
	"outsider",  // signed in, in another party, named by no invite
	"invited",   // signed in, named by one of the invites, not in the party
	"member",    // of the party, not its leader; has made one of the invites
	"leader",    // of the party; has made the others
	"HTTP key",  // one of the game's own servers, without a user
}

// Outcomes of a call, besides the reason of a refusal.
const (
	Allowed = "allowed"
	// Unknown is the host's own refusal of a caller without a session, with HTTP status 401. The
	// call does not reach the module.
	Unknown = "401"
	// Says comes before a reason in the answer of party_check. The call itself is allowed.
	Says = "says "
)

// Row is one function in one situation.
type Row struct {
	ID      string
	With    string // the situation, in words; unique within the function
	Payload string // $party and other words: see the test's scene
	Cells   [len(Roles)]string
}

const (
	unauthenticated = "unauthenticated"
	notMember       = "not_member"
	notLeader       = "not_leader"
	alreadyMember   = "already_member"
	notForYou       = "invite_not_for_you"
	partyNotFound   = "party_not_found"
	proposalGone    = "proposal_gone"
)

// Matrix has all functions. The party is closed.
var Matrix = []Row{
	{"party_invite_create", "the party's ID", `{"party_id":"$party"}`,
		signedIn(notMember, notMember, Allowed, Allowed)},
	{"party_invite_preview", "the code of an invite for everybody", `{"code":"$link"}`,
		signedIn(Allowed, Allowed, Allowed, Allowed)},
	{"party_invite_preview", "the code of an invite for named users", `{"code":"$named"}`,
		signedIn(notForYou, Allowed, Allowed, Allowed)},
	{"party_invite_redeem", "the code of an invite for everybody", `{"code":"$link"}`,
		signedIn(Allowed, Allowed, Allowed, Allowed)},
	{"party_invite_redeem", "the code of an invite for named users", `{"code":"$named"}`,
		signedIn(notForYou, Allowed, notForYou, notForYou)},
	{"party_invite_redeem", "a session of somebody else", `{"code":"$link","session_id":"$session"}`,
		signedIn("invalid_request", "invalid_request", "invalid_request", Allowed)},
	{"party_invite_list", "the party's ID", `{"party_id":"$party"}`,
		signedIn(notMember, notMember, Allowed, Allowed)},
	{"party_invite_revoke", "the ID of the leader's invite", `{"id":"$linkID"}`,
		signedIn(notLeader, notLeader, notLeader, Allowed)},
	{"party_invite_revoke", "the code of the leader's invite", `{"code":"$link"}`,
		signedIn(notLeader, notLeader, notLeader, Allowed)},
	{"party_invite_revoke", "the ID of the member's invite", `{"id":"$ownID"}`,
		signedIn(notLeader, notLeader, Allowed, Allowed)},
	{"party_invite_decline", "the code of an invite for everybody", `{"code":"$link"}`,
		signedIn(notForYou, notForYou, notForYou, notForYou)},
	{"party_invite_decline", "the code of an invite for named users", `{"code":"$named"}`,
		signedIn(notForYou, Allowed, notForYou, notForYou)},
	{"party_status_set", "the party's ID", `{"party_id":"$party","stage":"ready"}`,
		signedIn(notMember, notMember, Allowed, Allowed)},
	{"party_status_set", "the code of an invite for everybody", `{"code":"$link","stage":"installing"}`,
		signedIn(Allowed, Allowed, alreadyMember, alreadyMember)},
	{"party_status_set", "the code of an invite for named users", `{"code":"$named","stage":"installing"}`,
		signedIn(notForYou, Allowed, notForYou, notForYou)},
	{"party_status_list", "the party's ID", `{"party_id":"$party"}`,
		signedIn(notMember, notMember, Allowed, Allowed)},
	{"party_attributes_set", "the party's own", `{"party_id":"$party","party":{"map":"dust"}}`,
		signedIn(notMember, notMember, notLeader, Allowed)},
	{"party_attributes_set", "the caller's own", `{"party_id":"$party","member":{"character":"mage"}}`,
		signedIn(notMember, notMember, Allowed, Allowed)},
	{"party_attributes_get", "the party's ID", `{"party_id":"$party"}`,
		signedIn(notMember, notMember, Allowed, Allowed)},
	{"party_wait", "the code of an invite for everybody", `{"code":"$link"}`,
		signedIn(Allowed, Allowed, alreadyMember, alreadyMember)},
	{"party_wait", "the code of an invite for named users", `{"code":"$named"}`,
		signedIn(notForYou, Allowed, notForYou, notForYou)},
	{"party_wait", "the party's ID", `{"party_id":"$party"}`,
		signedIn(notMember, notMember, alreadyMember, alreadyMember)},
	{"party_wait", "leaving the wait list, by the party's ID", `{"party_id":"$party","leave":true}`,
		signedIn(Allowed, Allowed, Allowed, Allowed)},
	{"party_find", "nothing", `{}`,
		signedIn(Allowed, Allowed, Allowed, Allowed)},
	{"party_quick_join", "a label that no party has", `{"label":{"mode":"nobody's"}}`,
		signedIn(partyNotFound, partyNotFound, partyNotFound, partyNotFound)},
	{"party_share", "followers", `{"party_id":"$party","to":{"status":true}}`,
		signedIn(notMember, notMember, Allowed, Allowed)},
	{"party_share", "a group the leader is in", `{"party_id":"$party","to":{"group_id":"$group"}}`,
		signedIn(notMember, notMember, notMember, Allowed)},
	{"party_activity", "the party's ID", `{"party_id":"$party"}`,
		signedIn(notMember, notMember, Allowed, Allowed)},
	{"party_check", "creating", `{"action":"create"}`,
		signedIn(Allowed, Allowed, Allowed, Allowed)},
	{"party_check", "joining another party, by its ID", `{"action":"join","party_id":"$other"}`,
		signedIn(Allowed, Allowed, Allowed, Allowed)},
	{"party_check", "inviting, by the party's ID", `{"action":"invite","party_id":"$party"}`,
		signedIn(Says+notMember, Says+notMember, Allowed, Allowed)},
	{"party_check", "matchmaking, by the party's ID", `{"action":"matchmake","party_id":"$party","queue":"duo_race"}`,
		signedIn(Says+notMember, Says+notMember, Says+notLeader, Allowed)},
	{"party_match", "the party's ID", `{"party_id":"$party"}`,
		signedIn(notMember, notMember, Allowed, Allowed)},
	{"party_match", "a match the caller has no seat in", `{"match_id":"nothing.nakama1"}`,
		signedIn(Allowed, Allowed, Allowed, Allowed)},
	{"party_queue", "the party's ID", `{"party_id":"$party"}`,
		signedIn(notMember, notMember, Allowed, Allowed)},
	{"party_match_accept", "a ticket that nobody was asked about", `{"ticket":"nothing","accept":true}`,
		signedIn(proposalGone, proposalGone, proposalGone, proposalGone)},
	{"party_resume", "nothing", `{}`,
		signedIn(Allowed, partyNotFound, Allowed, Allowed)},
	{"party_admin_rules", "reading", `{}`, serverOnly},
	{"party_admin_rules", "a reload", `{"reload":true}`, serverOnly},
	{"party_admin_parties", "all parties", `{"limit":1}`, serverOnly},
	{"party_admin_stats", "nothing", `{}`, serverOnly},
	{"party_server_seats", "a match that is over", `{"match_id":"nothing.nakama1","server_token":"x"}`, gameServer},
	{"party_server_join", "a forged pass", `{"match_id":"nothing.nakama1","server_token":"x","pass":"x"}`, gameServer},
	{"party_server_leave", "a match that is over", `{"match_id":"nothing.nakama1","server_token":"x","user_id":"x","reason":"left"}`, gameServer},
	{"party_server_end", "a match that is over", `{"match_id":"nothing.nakama1","server_token":"x"}`, gameServer},
}

// signedIn returns the cells of a call for users. A caller without a session gets Unknown.
func signedIn(outsider, invited, member, leader string) [len(Roles)]string {
	return [...]string{Unknown, outsider, invited, member, leader, unauthenticated}
}

// gameServer has the cells of a call for game servers: the HTTP key alone gives no access to a match.
var gameServer = [len(Roles)]string{Unknown, unauthenticated, unauthenticated, unauthenticated, unauthenticated, "invalid_request"}

// serverOnly has the cells of a call for the game's own servers.
var serverOnly = [len(Roles)]string{Unknown, unauthenticated, unauthenticated, unauthenticated, unauthenticated, Allowed}
