package evening

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"partyline/party/rules"
)

// startTime is when a simulation begins, because rules may depend on the hour and the day.
var startTime = time.Date(2025, time.January, 3, 19, 0, 0, 0, time.UTC) // a Friday

// accountAge is the age of every account.
const accountAge = 365 * 24 * time.Hour

// simPlayers are the simulated players as rules see them. All are ready, none are friends, and
// their metadata contains only the queue's skill.
type simPlayers struct {
	rules         *rules.Set
	queue         string
	skillProperty string // property of the metadata, "" for none
	stage         string
	players       int               // players so far; each has a unique ID, for rules that admit a share of them
	metadata      map[string]string // by user
}

// rulesCheck returns a function that asks the rules about each ticket of a queue, or nil if no rule
// is about matchmaking.
func rulesCheck(set *rules.Set, queue string) func(skills []float64, at time.Duration) string {
	if !set.Has(rules.ActionMatchmake) {
		return nil
	}
	p := &simPlayers{rules: set, queue: queue, stage: set.Config().Status.Ready}
	if k := set.Config().Queues[queue].Skill; k != nil {
		p.skillProperty = k.Property
	}
	return p.checkTicket
}

// checkTicket decides about one ticket. A rule that fails refuses, as on a server.
func (p *simPlayers) checkTicket(skills []float64, at time.Duration) string {
	p.metadata = map[string]string{}
	f := rules.Facts{Action: rules.ActionMatchmake, Now: startTime.Add(at), Request: rules.RequestFacts{Queue: p.queue}}
	for i, skill := range skills {
		p.players++
		user := "player-" + strconv.Itoa(p.players)
		p.metadata[user] = "{}"
		if p.skillProperty != "" {
			text, _ := json.Marshal(map[string]float64{p.skillProperty: skill}) // a number always marshals
			p.metadata[user] = string(text)
		}
		f.Party.Members = append(f.Party.Members, rules.MemberFacts{UserID: user, Username: user, Leader: i == 0, Stage: p.stage, Progress: 1})
	}
	leader := f.Party.Members[0]
	f.User = rules.UserFacts{ID: leader.UserID, Username: leader.Username}
	if f.Party.Size = len(skills); f.Party.Size == 1 {
		f.Party = rules.PartyFacts{} // a player alone is in no party
	} else {
		f.Party.ID, f.Party.LeaderID, f.Party.MaxSize, f.Party.State = "party-of-"+leader.UserID, leader.UserID, f.Party.Size, rules.StateIdle
	}
	d, err := p.rules.Try(context.Background(), f, p)
	switch {
	case err != nil:
		return fmt.Sprintf("%s failed", d.Rule)
	case d.Allowed:
		return ""
	}
	return d.Rule
}

func (p *simPlayers) Accounts(_ context.Context, users []string) (map[string]rules.Account, error) {
	accounts := map[string]rules.Account{}
	for _, user := range users {
		accounts[user] = rules.Account{DisplayName: user, Metadata: p.metadata[user], CreatedAt: startTime.Add(-accountAge)}
	}
	return accounts, nil
}

func (*simPlayers) Groups(context.Context, string) ([]rules.GroupFacts, error)  { return nil, nil }
func (*simPlayers) Friends(context.Context, string, []string) ([]string, error) { return nil, nil }
func (*simPlayers) Blocked(context.Context, string, []string) (bool, error)     { return false, nil }
