package party

import (
	"context"
	"encoding/json"

	"github.com/heroiclabs/nakama-common/runtime"
)

// Notice is the code of a notification to one user, in a party or not. Clients distinguish notifications by it.
type Notice int

// All notices. The server stores only invites for users who are offline.
const (
	NoticeInvite   Notice = 1001 // the user is invited; kept until the invite ends
	NoticeDeclined Notice = 1002 // to an inviter who has left the party meanwhile
	NoticeDropped  Notice = 1003 // a ticket of a player without a party was cancelled
	NoticeRemoved  Notice = 1004 // a leader removed the player, or rejected their request
	NoticeSeatFree Notice = 1005 // a seat is held for a player on the wait list
	NoticeFound    Notice = 1006 // a player without a party is asked to accept a match
	NoticeServer   Notice = 1007 // the game server of a player without a party is ready
)

var subjects = map[Notice]string{
	NoticeInvite: "party_invite", NoticeDeclined: "party_invite_declined", NoticeDropped: "matchmaking", NoticeRemoved: "party_removed",
	NoticeSeatFree: "party_seat_free", NoticeFound: "match_found", NoticeServer: "server_ready",
}

// Subject returns the name that goes with the code.
func (n Notice) Subject() string { return subjects[n] }

// To makes such a notification to a user. by is the user who caused it, "" for the server. content is a struct.
func (n Notice) To(userID, by string, content any) *runtime.NotificationSend {
	var fields map[string]any
	text, err := json.Marshal(content)
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err != nil {
		panic(err) // content was not a struct of plain values
	}
	return &runtime.NotificationSend{
		UserID: userID, Sender: by, Code: int(n), Subject: n.Subject(), Content: fields, Persistent: n == NoticeInvite,
	}
}

// Notify sends notifications. Its error is the host's.
func Notify(ctx context.Context, by Notifier, notices ...*runtime.NotificationSend) error {
	return by.NotificationsSend(ctx, notices)
}
