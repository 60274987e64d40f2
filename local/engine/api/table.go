package api

import "net/http"

// table lists the endpoints of the API. Only paths of storage overlap: there the fixed path must come first.
func (s *Server) table() []endpoint {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	table := []endpoint{
		on(byAnyone, "Healthcheck", get, "/healthcheck", "", healthcheck),

		on(byServerKey, "AuthenticateDevice", post, "/v2/account/authenticate/device", "account", authenticateDevice),
		on(byServerKey, "AuthenticateEmail", post, "/v2/account/authenticate/email", "account", authenticateEmail),
		on(byServerKey, "AuthenticateCustom", post, "/v2/account/authenticate/custom", "account", authenticateCustom),
		on(byServerKey, "SessionRefresh", post, "/v2/account/session/refresh", "*", sessionRefresh),
		on(bySession, "SessionLogout", post, "/v2/session/logout", "*", sessionLogout),

		on(bySession, "GetAccount", get, "/v2/account", "", getAccount),
		on(bySession, "UpdateAccount", put, "/v2/account", "*", updateAccount),
		on(bySession, "DeleteAccount", del, "/v2/account", "", deleteAccount),
		on(bySession, "GetUsers", get, "/v2/user", "", getUsers),

		on(bySession, "ListFriends", get, "/v2/friend", "", listFriends),
		on(bySession, "ListFriendsOfFriends", get, "/v2/friend/friends", "", listFriendsOfFriends),
		on(bySession, "AddFriends", post, "/v2/friend", "", addFriends),
		on(bySession, "DeleteFriends", del, "/v2/friend", "", deleteFriends),
		on(bySession, "BlockFriends", post, "/v2/friend/block", "", blockFriends),

		on(bySession, "ListGroups", get, "/v2/group", "", listGroups),
		on(bySession, "CreateGroup", post, "/v2/group", "*", createGroup),
		on(bySession, "UpdateGroup", put, "/v2/group/{group_id}", "*", updateGroup),
		on(bySession, "DeleteGroup", del, "/v2/group/{group_id}", "", deleteGroup),
		on(bySession, "JoinGroup", post, "/v2/group/{group_id}/join", "", joinGroup),
		on(bySession, "LeaveGroup", post, "/v2/group/{group_id}/leave", "", leaveGroup),
		on(bySession, "AddGroupUsers", post, "/v2/group/{group_id}/add", "", addGroupUsers),
		on(bySession, "KickGroupUsers", post, "/v2/group/{group_id}/kick", "", kickGroupUsers),
		on(bySession, "BanGroupUsers", post, "/v2/group/{group_id}/ban", "", banGroupUsers),
		on(bySession, "PromoteGroupUsers", post, "/v2/group/{group_id}/promote", "", promoteGroupUsers),
		on(bySession, "DemoteGroupUsers", post, "/v2/group/{group_id}/demote", "", demoteGroupUsers),
		on(bySession, "ListGroupUsers", get, "/v2/group/{group_id}/user", "", listGroupUsers),
		on(bySession, "ListUserGroups", get, "/v2/user/{user_id}/group", "", listUserGroups),

		on(bySession, "ListNotifications", get, "/v2/notification", "", listNotifications),
		on(bySession, "DeleteNotifications", del, "/v2/notification", "", deleteNotifications),

		on(bySession, "ReadStorageObjects", post, "/v2/storage", "*", readStorage),
		on(bySession, "WriteStorageObjects", put, "/v2/storage", "*", writeStorage),
		on(bySession, "DeleteStorageObjects", put, "/v2/storage/delete", "*", deleteStorage),
		on(bySession, "ListStorageObjects", get, "/v2/storage/{collection}", "", listStorage),
		on(bySession, "ListStorageObjects", get, "/v2/storage/{collection}/{user_id}", "", listStorage),
	}
	if s.opts.Parties != nil {
		table = append(table, on(bySession, "ListParties", get, "/v2/party", "", listParties))
	}
	if s.opts.Tickets != nil {
		table = append(table, on(bySession, "GetMatchmakerStats", get, "/v2/matchmaker/stats", "", matchmakerStats))
	}
	if s.opts.Matches != nil {
		table = append(table, on(bySession, "ListMatches", get, "/v2/match", "", listMatches))
	}
	return table
}
