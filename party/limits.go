package party

import (
	"time"

	"partyline/party/limit"
	"partyline/party/rules"
)

// maxLimitKeys is the most keys of one limit. A bucket takes some 300 bytes, so a limit takes 30 MB at most.
const maxLimitKeys = 100_000

// Limit is one rate limit, with a bucket for each user, address or other key.
type Limit struct {
	buckets *limit.Keyed
	rate    func() rules.Rate
}

// Take counts one action. It refuses with RateLimited and the time to wait.
func (l Limit) Take(key string) error { return refuseWait(l.buckets.Take(key, l.rate())) }

// Check returns what Take would, and counts nothing.
func (l Limit) Check(key string) error { return refuseWait(l.buckets.Wait(key, l.rate())) }

// begin starts an action that may cost n, and counts it until the caller calls done, which says whether it counts.
func (l Limit) begin(key string, n int) (done func(counts bool), err error) {
	attempt, wait := l.buckets.Begin(key, l.rate(), n)
	return attempt.Done, refuseWait(wait)
}

// charge counts n on credit, so that the next action has to wait longer. An empty key is not counted.
func (l Limit) charge(key string, n int) {
	if key != "" {
		l.buckets.Charge(key, l.rate(), n)
	}
}

// Limits has all rate limits, those of the rules file and the constant ones. A user's key is their ID.
type Limits struct {
	PartyCreate  Limit // parties created
	JoinRequest  Limit // requests to enter a closed party
	InviteCreate Limit
	Share        Limit // calls that share a party
	Data         Limit // messages of party data
	Arrival      Limit // statuses reported by code: each reads the invite, and whether a block stands in between
	Attributes   Limit // writes of attributes, by user
	QuickJoin    Limit // calls to be brought into some party

	// Notifications of invites between users who are not friends: those that one user sends, and receives.
	toStranger, fromStranger Limit

	guessUser, guessIP Limit

	named map[string]Limit // all of them, by name
}

// NewLimits makes the limits. policy has the rates.
func NewLimits(policy Policy, now Clock) *Limits {
	l := &Limits{named: map[string]Limit{}}
	of := func(name string, rate func(rules.Config) rules.Rate) Limit {
		l.named[name] = Limit{limit.New(now, maxLimitKeys), func() rules.Rate { return rate(policy()) }}
		return l.named[name]
	}
	always := func(name string, n int, per time.Duration) Limit {
		return of(name, func(rules.Config) rules.Rate { return rules.Rate{N: n, Per: per} })
	}
	l.PartyCreate = of("party_create", func(c rules.Config) rules.Rate { return c.Limits.PartyCreate })
	l.JoinRequest = of("join_request", func(c rules.Config) rules.Rate { return c.Parties.Requests.Rate })
	l.InviteCreate = of("invite_create", func(c rules.Config) rules.Rate { return c.Limits.InviteCreate })
	l.Share = of("share", func(c rules.Config) rules.Rate { return c.Limits.Share })
	l.Data = of("data", func(c rules.Config) rules.Rate { return c.Limits.Data.Rate })
	l.Arrival = always("status_by_code", 120, time.Minute)
	l.Attributes = always("attributes", 20, time.Second)
	l.QuickJoin = always("quick_join", 1, time.Second)
	l.toStranger = always("invites_to_strangers", 100, time.Hour)
	l.fromStranger = always("invites_from_strangers", 10, time.Hour)
	l.guessUser = of("invite_guess_user", func(c rules.Config) rules.Rate { return c.Limits.InviteGuess.PerUser })
	l.guessIP = of("invite_guess_ip", func(c rules.Config) rules.Rate { return c.Limits.InviteGuess.PerIP })
	return l
}

// Invite starts the creation of an invite that names this many users. The caller calls done once. Each named user gets
// a notification, so every ten cost as much as an invite, on credit: the next invite waits longer.
func (l *Limits) Invite(userID string, named int) (done func(made bool), err error) {
	return l.InviteCreate.begin(userID, 1+max(0, named-1)/namedPerInvite)
}

// namedPerInvite is how many users an invite may name for one token.
const namedPerInvite = 10

// Stranger reports whether sender may notify receiver, who is not a friend, of an invite. If so, it counts it.
func (l *Limits) Stranger(sender, receiver string) bool {
	return l.toStranger.Check(sender) == nil && l.Received(receiver) && l.toStranger.Take(sender) == nil
}

// Received is Stranger for a sender who notifies many members of the same group: it limits only the receiver.
func (l *Limits) Received(receiver string) bool { return l.fromStranger.Take(receiver) == nil }

// Buckets returns how many keys each limit remembers, by the limit's name.
func (l *Limits) Buckets() map[string]int {
	buckets := map[string]int{}
	for name, of := range l.named {
		buckets[name] = of.buckets.Len()
	}
	return buckets
}

// Guess starts an attempt at an invite code by a user, from an address, or both. An empty one is not counted, but
// attempts with neither share one key. The caller calls done once with the number of wrong codes; only those count.
//
// A user's unfinished attempts count as wrong codes, so that many at once cannot exceed the limit. An address's do not,
// because a whole school may use one good link at the same moment. Its wrong codes are charged on credit.
func (l *Limits) Guess(userID, clientIP string) (done func(wrong int), err error) {
	address := ""
	if clientIP != "" || userID == "" {
		address = limit.Address(clientIP)
		if err := l.guessIP.Check(address); err != nil {
			return nil, err
		}
	}
	byUser := func(bool) {}
	if userID != "" {
		if byUser, err = l.guessUser.begin(userID, 1); err != nil {
			return nil, err
		}
	}
	return func(wrong int) {
		byUser(wrong > 0)
		l.guessUser.charge(userID, wrong-1)
		l.guessIP.charge(address, wrong)
	}, nil
}

func refuseWait(wait time.Duration) error {
	if wait > 0 {
		return RefuseRate(wait)
	}
	return nil
}
