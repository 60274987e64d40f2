package matchmaking

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party/rules"
)

// orderSlack is how much longer than a game server may take its seat match waits for the
// commit: until the next passes, however rare they are.
const orderSlack = time.Minute

var errNoServer = errors.New("the fleet manager has no game server")

// OrderServer makes the seat match of a launch, unannounced, and asks the fleet for a server
// for it. It returns at once; users are those who are to have slots on it, latencies what
// they are known to be from its regions.
func (m *Matches) OrderServer(ctx context.Context, l Launch, fleet rules.Fleet, users []string, latencies []runtime.FleetUserLatencies) (matchID string, o *Order, err error) {
	l.Handler, l.Unannounced = SeatMatch, true
	l.Server = &serverSetup{Token: rand.Text(), Wait: fleet.ReadyWithin + orderSlack}
	if matchID, err = m.Launch(ctx, l); err != nil {
		return "", nil, err
	}
	o = &Order{fleets: m.fleets, manager: fleet.Manager}
	metadata, err := serverMetadata(fleet.Metadata, ServerInfo{MatchID: matchID, Token: l.Server.Token, Queue: l.Queue, Region: l.Region, Teams: l.Teams, TeamSize: l.TeamSize})
	if err != nil {
		return "", nil, err
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), fleet.ReadyWithin)
		defer cancel()
		err := m.fleets.protected(func() error {
			manager, err := m.fleets.manager(fleet.Manager)
			if err != nil {
				return err
			}
			_, err = manager.Create(ctx, l.Teams*l.TeamSize, users, latencies, metadata, m.created(matchID, o))
			return err
		})
		if err != nil {
			o.conclude(fmt.Errorf("create a game server: %w", err))
		}
	}()
	return matchID, o, nil
}

// created is what the fleet manager calls, once or more often, now, later or never.
func (m *Matches) created(matchID string, o *Order) runtime.FmCreateCallbackFn {
	return func(status runtime.FmCreateStatus, info *runtime.InstanceInfo, sessions []*runtime.SessionInfo, _ map[string]any, cause error) {
		err := m.fleets.protected(func() error {
			if status != runtime.CreateSuccess {
				return errors.Join(errNoServer, cause)
			}
			s, err := serverOf(o.manager, info)
			if err != nil || !o.take(s.Instance) {
				return err
			}
			ctx, cancel := context.WithTimeout(context.Background(), fleetCall)
			defer cancel()
			if _, err := m.signal(ctx, matchID, signalRequest{Op: signalServe, Server: &s, Sessions: sessionsOf(sessions)}); err != nil {
				return fmt.Errorf("tell the match of its game server: %w", err)
			}
			o.conclude(nil)
			return nil
		})
		if err != nil {
			o.conclude(err)
		}
	}
}

// OrderSlots asks for slots on the server of a running match.
func (m *Matches) OrderSlots(matchID string, users []string) *Order {
	o := &Order{fleets: m.fleets, slots: true}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), fleetCall)
		defer cancel()
		o.conclude(m.fleets.protected(func() error { return m.slots(ctx, matchID, users) }))
	}()
	return o
}

// slots reserves slots on the server of a match; there is nothing to do for a match without.
func (m *Matches) slots(ctx context.Context, matchID string, users []string) error {
	answer, err := m.signal(ctx, matchID, signalRequest{Op: signalSeats})
	if err != nil || answer.Server == nil {
		return err
	}
	sessions, err := m.fleets.join(ctx, *answer.Server, users)
	if err != nil {
		return err
	}
	_, err = m.signal(ctx, matchID, signalRequest{Op: signalServe, Sessions: sessions})
	return err
}

// ServerInfo is what a game server is told of its match, as JSON in the metadata of its
// creation: under the key "partyline", and wherever a text of the queue's metadata has
// "{partyline}".
type ServerInfo struct {
	MatchID  string `json:"match_id"`
	Token    string `json:"server_token"` // secret: with it, and the HTTP key, it may report to this match alone
	Queue    string `json:"queue"`
	Region   string `json:"region,omitempty"`
	Teams    int    `json:"teams"`
	TeamSize int    `json:"team_size"`
}

const metadataKey = "partyline"

func serverMetadata(own map[string]string, info ServerInfo) (map[string]any, error) {
	text, err := json.Marshal(info)
	if err != nil {
		return nil, fmt.Errorf("write what a game server is told: %w", err)
	}
	metadata := map[string]any{metadataKey: string(text)}
	for key, value := range own {
		metadata[key] = strings.ReplaceAll(value, "{"+metadataKey+"}", string(text))
	}
	return metadata, nil
}
