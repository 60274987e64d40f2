package api

import "net/http"

// table lists the endpoints of the API. Only paths of storage overlap: there the fixed path must come first.
func (s *Server) table() []endpoint {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	table := []endpoint{
		newEndpoint(byAnyone, "Healthcheck", get, "/healthcheck", "", healthcheck),

		newEndpoint(byServerKey, "AuthenticateDevice", post, "/v2/account/authenticate/device", "account", authenticateDevice),
		newEndpoint(byServerKey, "AuthenticateEmail", post, "/v2/account/authenticate/email", "account", authenticateEmail),
		newEndpoint(byServerKey, "AuthenticateCustom", post, "/v2/account/authenticate/custom", "account", authenticateCustom),
		newEndpoint(byServerKey, "SessionRefresh", post, "/v2/account/session/refresh", "*", sessionRefresh),
		newEndpoint(bySession, "SessionLogout", post, "/v2/session/logout", "*", sessionLogout),

		newEndpoint(bySession, "GetAccount", get, "/v2/account", "", getAccount),
		newEndpoint(bySession, "UpdateAccount", put, "/v2/account", "*", updateAccount),
		newEndpoint(bySession, "DeleteAccount", del, "/v2/account", "", deleteAccount),
		newEndpoint(bySession, "GetUsers", get, "/v2/user", "", getUsers),

		newEndpoint(bySession, "ListFriends", get, "/v2/friend", "", listFriends),
		newEndpoint(bySession, "ListFriendsOfFriends", get, "/v2/friend/friends", "", listFriendsOfFriends),
		newEndpoint(bySession, "AddFriends", post, "/v2/friend", "", addFriends),
		newEndpoint(bySession, "DeleteFriends", del, "/v2/friend", "", deleteFriends),
		newEndpoint(bySession, "BlockFriends", post, "/v2/friend/block", "", blockFriends),

		newEndpoint(bySession, "ListGroups", get, "/v2/group", "", listGroups),
		newEndpoint(bySession, "CreateGroup", post, "/v2/group", "*", createGroup),
		newEndpoint(bySession, "UpdateGroup", put, "/v2/group/{group_id}", "*", updateGroup),
		newEndpoint(bySession, "DeleteGroup", del, "/v2/group/{group_id}", "", deleteGroup),
		newEndpoint(bySession, "JoinGroup", post, "/v2/group/{group_id}/join", "", joinGroup),
		newEndpoint(bySession, "LeaveGroup", post, "/v2/group/{group_id}/leave", "", leaveGroup),
		newEndpoint(bySession, "AddGroupUsers", post, "/v2/group/{group_id}/add", "", addGroupUsers),
		newEndpoint(bySession, "KickGroupUsers", post, "/v2/group/{group_id}/kick", "", kickGroupUsers),
		newEndpoint(bySession, "BanGroupUsers", post, "/v2/group/{group_id}/ban", "", banGroupUsers),
		newEndpoint(bySession, "PromoteGroupUsers", post, "/v2/group/{group_id}/promote", "", promoteGroupUsers),
		newEndpoint(bySession, "DemoteGroupUsers", post, "/v2/group/{group_id}/demote", "", demoteGroupUsers),
		newEndpoint(bySession, "ListGroupUsers", get, "/v2/group/{group_id}/user", "", listGroupUsers),
		newEndpoint(bySession, "ListUserGroups", get, "/v2/user/{user_id}/group", "", listUserGroups),

		newEndpoint(bySession, "ListNotifications", get, "/v2/notification", "", listNotifications),
		newEndpoint(bySession, "DeleteNotifications", del, "/v2/notification", "", deleteNotifications),

		newEndpoint(bySession, "ReadStorageObjects", post, "/v2/storage", "*", readStorage),
		newEndpoint(bySession, "WriteStorageObjects", put, "/v2/storage", "*", writeStorage),
		newEndpoint(bySession, "DeleteStorageObjects", put, "/v2/storage/delete", "*", deleteStorage),
		newEndpoint(bySession, "ListStorageObjects", get, "/v2/storage/{collection}", "", listStorage),
		newEndpoint(bySession, "ListStorageObjects", get, "/v2/storage/{collection}/{user_id}", "", listStorage),
	}
	if s.opts.Parties != nil {
		table = append(table, newEndpoint(bySession, "ListParties", get, "/v2/party", "", listParties))
	}
	if s.opts.Tickets != nil {
		table = append(table, newEndpoint(bySession, "GetMatchmakerStats", get, "/v2/matchmaker/stats", "", matchmakerStats))
	}
	if s.opts.Matches != nil {
		table = append(table, newEndpoint(bySession, "ListMatches", get, "/v2/match", "", listMatches))
	}
	return table
}
