package party

import (
	"time"

	"partyline/party/limit"
	"partyline/party/rules"
)

// Most keys one limit remembers. A bucket is some 200 bytes, so a limit stays below 20 MB.
const maxLimitKeys = 100_000

// Limits are the rate limits of the rules file, with one bucket per user or address.
// A refusal is RateLimited and names the wait.
type Limits struct {
	policy Policy

	partyCreate, joinRequest, inviteCreate, share, data, arrival, toStranger, fromStranger, attributes, quickJoin *limit.Keyed
	guessUser, guessIP                                                                                            *limit.Keyed
}

// NewLimits makes the limits that policy names.
func NewLimits(policy Policy, now Clock) *Limits {
	keyed := func() *limit.Keyed { return limit.New(now, maxLimitKeys) }
	return &Limits{
		policy: policy, partyCreate: keyed(), joinRequest: keyed(), inviteCreate: keyed(), share: keyed(), data: keyed(), arrival: keyed(), toStranger: keyed(), fromStranger: keyed(), attributes: keyed(), quickJoin: keyed(),
		guessUser: keyed(), guessIP: keyed(),
	}
}

// PartyCreate counts one party created by the user.
func (l *Limits) PartyCreate(userID string) error {
	return refuseWait(l.partyCreate.Take(userID, l.policy().Limits.PartyCreate))
}

// JoinRequest counts one request of the user to enter a closed party.
func (l *Limits) JoinRequest(userID string) error {
	return refuseWait(l.joinRequest.Take(userID, l.policy().Parties.Requests.Rate))
}

// InviteCreate counts one invite created by the user.
func (l *Limits) InviteCreate(userID string) error {
	return refuseWait(l.inviteCreate.Take(userID, l.policy().Limits.InviteCreate))
}

// InviteNamed counts the users an invite names: each brings a notification, so every ten
// of them cost as much as an invite. It is charged on credit, after InviteCreate has let
// the invite pass; the next one waits the longer.
func (l *Limits) InviteNamed(userID string, named int) {
	for range (named - 1) / namedPerInvite {
		l.inviteCreate.Charge(userID, l.policy().Limits.InviteCreate)
	}
}

// namedPerInvite is how many users an invite may name for one token.
const namedPerInvite = 10

// Share counts one call of the user that shares a party.
func (l *Limits) Share(userID string) error {
	return refuseWait(l.share.Take(userID, l.policy().Limits.Share))
}

// Data counts one message of party data sent by the user.
func (l *Limits) Data(userID string) error {
	return refuseWait(l.data.Take(userID, l.policy().Limits.Data.Rate))
}

// arrivalRate is how often a user on the way may tell its status: each time the invite is
// read, and whether a block stands in between.
var arrivalRate = rules.Rate{N: 120, Per: time.Minute}

// Arrival counts one status told by code by a user who is not in yet.
func (l *Limits) Arrival(userID string) error {
	return refuseWait(l.arrival.Take(userID, arrivalRate))
}

// attributesRate is how often a member may set attributes.
var attributesRate = rules.Rate{N: 20, Per: time.Second}

// Attributes counts one write of a member to the attributes of a party.
func (l *Limits) Attributes(id ID, userID string) error {
	return refuseWait(l.attributes.Take(userID+" "+id.String(), attributesRate))
}

// Notifications of invites between users who are no friends: how many of them one user sends,
// and one user gets, no matter who sends them.
var (
	strangerSends    = rules.Rate{N: 100, Per: time.Hour}
	strangerReceives = rules.Rate{N: 10, Per: time.Hour}
)

// Stranger reports whether a user may be notified of an invite by one who is no friend, and
// counts it if so.
func (l *Limits) Stranger(sender, receiver string) bool {
	return l.toStranger.Wait(sender, strangerSends) == 0 && l.Received(receiver) && l.toStranger.Take(sender, strangerSends) == 0
}

// Received does so where many are notified at once, by a member of the same group: it bounds
// what the receiver gets alone.
func (l *Limits) Received(receiver string) bool {
	return l.fromStranger.Take(receiver, strangerReceives) == 0
}

// quickJoinRate is how often a user may be brought into some party.
var quickJoinRate = rules.Rate{N: 1, Per: time.Second}

// QuickJoin counts one call of the user to be brought into some party.
func (l *Limits) QuickJoin(userID string) error {
	return refuseWait(l.quickJoin.Take(userID, quickJoinRate))
}

// MayPartyCreate, MayJoinRequest and MayInviteCreate answer what the calls without May
// would, and count nothing.
func (l *Limits) MayPartyCreate(userID string) error {
	return refuseWait(l.partyCreate.Wait(userID, l.policy().Limits.PartyCreate))
}

func (l *Limits) MayJoinRequest(userID string) error {
	return refuseWait(l.joinRequest.Wait(userID, l.policy().Parties.Requests.Rate))
}

func (l *Limits) MayInviteCreate(userID string) error {
	return refuseWait(l.inviteCreate.Wait(userID, l.policy().Limits.InviteCreate))
}

// Buckets is how many users and addresses each limit remembers, by the limit's name.
func (l *Limits) Buckets() map[string]int {
	return map[string]int{
		"party_create": l.partyCreate.Len(), "join_request": l.joinRequest.Len(), "invite_create": l.inviteCreate.Len(),
		"data": l.data.Len(), "share": l.share.Len(), "status_by_code": l.arrival.Len(), "invites_to_strangers": l.toStranger.Len(), "invites_from_strangers": l.fromStranger.Len(), "attributes": l.attributes.Len(), "quick_join": l.quickJoin.Len(), "invite_guess_user": l.guessUser.Len(), "invite_guess_ip": l.guessIP.Len(),
	}
}

// Guess starts an attempt at an invite code by a user, from an address, or both; an
// empty one is not counted, and an IPv6 client counts by its network. The caller ends
// the attempt with done, saying whether the code was wrong: only wrong codes count, and a right one does not reset them.
//
// A user's attempts under way count as wrong until they end, so that many at once
// cannot outrun the limit. An address's do not, because a whole school may follow one
// good link at the same moment; its wrong ones are charged on credit instead.
func (l *Limits) Guess(userID, clientIP string) (done func(wrong bool), err error) {
	rates := l.policy().Limits.InviteGuess
	address := ""
	if clientIP != "" {
		address = limit.Address(clientIP)
		if wait := l.guessIP.Wait(address, rates.PerIP); wait > 0 {
			return nil, RefuseRate(wait)
		}
	}
	var byUser limit.Attempt
	if userID != "" {
		var wait time.Duration
		if byUser, wait = l.guessUser.Begin(userID, rates.PerUser); wait > 0 {
			return nil, RefuseRate(wait)
		}
	}
	return func(wrong bool) {
		byUser.Done(wrong)
		if wrong && address != "" {
			l.guessIP.Charge(address, rates.PerIP)
		}
	}, nil
}

func refuseWait(wait time.Duration) error {
	if wait > 0 {
		return RefuseRate(wait)
	}
	return nil
}
