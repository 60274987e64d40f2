package evening

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"partyline/party/rules"
)

// evening is when a simulation begins, because rules may depend on the hour and the day.
var evening = time.Date(2025, time.January, 3, 19, 0, 0, 0, time.UTC) // a Friday

// accountAge is the age of every account.
const accountAge = 365 * 24 * time.Hour

// people are the simulated players as rules see them. All are ready, none are friends, and
// their metadata contains only the queue's skill.
type people struct {
	rules    *rules.Set
	queue    string
	skill    string // property of the metadata, "" for none
	stage    string
	players  int               // number of players so far; each has a unique ID, for rules that admit a share of the players
	metadata map[string]string // by user
}

// asks returns a function that asks the rules about each ticket of a queue, or nil if no rule
// is about matchmaking.
func asks(set *rules.Set, queue string) func(skills []float64, at time.Duration) string {
	if !set.Has(rules.ActionMatchmake) {
		return nil
	}
	p := &people{rules: set, queue: queue, stage: set.Config().Status.Ready}
	if k := set.Config().Queues[queue].Skill; k != nil {
		p.skill = k.Property
	}
	return p.ask
}

// ask decides about one ticket. A rule that fails refuses, as on a server.
func (p *people) ask(skills []float64, at time.Duration) string {
	p.metadata = map[string]string{}
	f := rules.Facts{Action: rules.ActionMatchmake, Now: evening.Add(at), Request: rules.RequestFacts{Queue: p.queue}}
	for i, skill := range skills {
		p.players++
		user := "player-" + strconv.Itoa(p.players)
		p.metadata[user] = "{}"
		if p.skill != "" {
			text, _ := json.Marshal(map[string]float64{p.skill: skill}) // a number always marshals
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

func (p *people) Accounts(_ context.Context, users []string) (map[string]rules.Account, error) {
	accounts := map[string]rules.Account{}
	for _, user := range users {
		accounts[user] = rules.Account{DisplayName: user, Metadata: p.metadata[user], CreatedAt: evening.Add(-accountAge)}
	}
	return accounts, nil
}

func (*people) Groups(context.Context, string) ([]rules.GroupFacts, error)  { return nil, nil }
func (*people) Friends(context.Context, string, []string) ([]string, error) { return nil, nil }
func (*people) Blocked(context.Context, string, []string) (bool, error)     { return false, nil }
