package contract

import (
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The requests that the scenarios send, each with only the fields that vary.

func partyCreate(open bool, maxSize int32) *rtapi.Envelope {
	return partyCreateWith(&rtapi.PartyCreate{Open: open, MaxSize: maxSize})
}

func partyCreateWith(p *rtapi.PartyCreate) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: p}}
}

func partyJoin(party string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: party}}}
}

func partyLeave(party string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: party}}}
}

func partyClose(party string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyClose{PartyClose: &rtapi.PartyClose{PartyId: party}}}
}

func partyRequests(party string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyJoinRequestList{PartyJoinRequestList: &rtapi.PartyJoinRequestList{PartyId: party}}}
}

func partyAccept(party string, who *rtapi.UserPresence) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyAccept{PartyAccept: &rtapi.PartyAccept{PartyId: party, Presence: who}}}
}

func partyRemove(party string, who *rtapi.UserPresence) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyRemove{PartyRemove: &rtapi.PartyRemove{PartyId: party, Presence: who}}}
}

func partyPromote(party string, who *rtapi.UserPresence) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyPromote{PartyPromote: &rtapi.PartyPromote{PartyId: party, Presence: who}}}
}

func partyData(party string, opCode int64, data string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyDataSend{PartyDataSend: &rtapi.PartyDataSend{
		PartyId: party, OpCode: opCode, Data: []byte(data),
	}}}
}

func partyUpdate(party, label string, open, hidden bool) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyUpdate{PartyUpdate: &rtapi.PartyUpdate{
		PartyId: party, Label: label, Open: open, Hidden: hidden,
	}}}
}

func partyTicket(party, query string, minCount, maxCount int32) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
		PartyId: party, Query: query, MinCount: minCount, MaxCount: maxCount,
	}}}
}

func partyTicketRemove(party, ticket string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerRemove{PartyMatchmakerRemove: &rtapi.PartyMatchmakerRemove{
		PartyId: party, Ticket: ticket,
	}}}
}

func soloTicket(query string, minCount, maxCount int32) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: &rtapi.MatchmakerAdd{
		Query: query, MinCount: minCount, MaxCount: maxCount,
	}}}
}

func soloTicketRemove(ticket string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerRemove{MatchmakerRemove: &rtapi.MatchmakerRemove{Ticket: ticket}}}
}

func matchCreate(name string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_MatchCreate{MatchCreate: &rtapi.MatchCreate{Name: name}}}
}

func matchJoin(match string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_MatchId{MatchId: match}}}}
}

func matchJoinToken(token string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_Token{Token: token}}}}
}

func matchLeave(match string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: match}}}
}

func matchData(match string, opCode int64, data string, to ...*rtapi.UserPresence) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_MatchDataSend{MatchDataSend: &rtapi.MatchDataSend{
		MatchId: match, OpCode: opCode, Data: []byte(data), Presences: to, Reliable: true,
	}}}
}

func statusFollow(userIDs ...string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_StatusFollow{StatusFollow: &rtapi.StatusFollow{UserIds: userIDs}}}
}

func statusFollowNames(usernames ...string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_StatusFollow{StatusFollow: &rtapi.StatusFollow{Usernames: usernames}}}
}

func statusUnfollow(userIDs ...string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_StatusUnfollow{StatusUnfollow: &rtapi.StatusUnfollow{UserIds: userIDs}}}
}

func statusUpdate(text string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_StatusUpdate{StatusUpdate: &rtapi.StatusUpdate{Status: wrapperspb.String(text)}}}
}

func statusHide() *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_StatusUpdate{StatusUpdate: &rtapi.StatusUpdate{}}}
}

func rpc(id, payload string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_Rpc{Rpc: &api.Rpc{Id: id, Payload: payload}}}
}

func ping() *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_Ping{Ping: &rtapi.Ping{}}}
}

func pong() *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_Pong{Pong: &rtapi.Pong{}}}
}
