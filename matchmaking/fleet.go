package matchmaking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/cache"
	"partyline/internal/caught"
	"partyline/party"
)

// FleetHost has the operator's fleet manager and records metrics. Nakama 3.41 and newer also have fleet managers by
// name; there, the host has GetFleetManagerByName too.
type FleetHost interface {
	GetFleetManager() runtime.FleetManager
	MetricsTimerRecord(name string, tags map[string]string, value time.Duration)
}

// MetricServer times how long a game server takes from the order until it is ready, by queue and by result: "ready"
// or "failed".
const MetricServer = "partyline_queue_server"

// Fleets calls the operator's fleet managers. A call may take long, so never call it while holding a lock, from a
// match or from a matchmaker pass. Safe for concurrent use.
type Fleets struct {
	host   FleetHost
	logger party.Logger
}

// NewFleets makes a Fleets. It takes the host, because a module may register a fleet manager later.
func NewFleets(host FleetHost, logger party.Logger) *Fleets {
	return &Fleets{host: host, logger: logger}
}

// fleetTimeout limits a call of a fleet manager that nobody waits for.
const fleetTimeout = 10 * time.Second

func (f *Fleets) manager(name string) (m runtime.FleetManager, err error) {
	byName, ok := f.host.(interface {
		GetFleetManagerByName(name string) runtime.FleetManager
	})
	switch {
	case name == "":
		m = f.host.GetFleetManager()
	case ok:
		m = byName.GetFleetManagerByName(name)
	default:
		return nil, fmt.Errorf("fleet manager %q: this version of Nakama has no fleet managers by name", name)
	}
	if m == nil {
		return nil, fmt.Errorf("fleet manager %q: no module has registered it", name)
	}
	return m, nil
}

// background runs work in a goroutine and logs its error.
func (f *Fleets) background(what string, work func(context.Context) error) {
	go func() {
		if err := f.withTimeout(work); err != nil {
			f.logger.Warn("game server call failed call=%q error=%v", what, err)
		}
	}()
}

// withTimeout runs work for at most fleetTimeout. It turns a panic of a fleet manager into an error.
func (f *Fleets) withTimeout(work func(context.Context) error) (err error) {
	defer caught.Recover(&err, "call the fleet manager")
	ctx, cancel := context.WithTimeout(context.Background(), fleetTimeout)
	defer cancel()
	return work(ctx)
}

// maxJoinUsers is the most users of one Join call: Amazon GameLift takes no more.
const maxJoinUsers = 25

// join reserves slots for users, for about a minute. It returns the fleet's own session for each user, "" if the
// fleet has none. It fails if any user gets no slot; the other users may have slots then.
func (f *Fleets) join(ctx context.Context, s gameServer, users []string) (sessions map[string]string, err error) {
	m, err := f.manager(s.Manager)
	if err != nil {
		return nil, err
	}
	sessions = map[string]string{}
	for some := range slices.Chunk(users, maxJoinUsers) {
		info, failed := m.Join(ctx, s.Instance, some, nil)
		if failed != nil {
			return sessions, errors.Join(err, failed)
		}
		var given []*runtime.SessionInfo
		if info != nil {
			given = info.SessionInfo
		}
		known := sessionsByUser(given)
		for _, user := range some {
			if session, has := known[user]; has || given == nil {
				sessions[user] = session
			} else { // this is how some managers report that no slot is left
				err = errors.Join(err, fmt.Errorf("no slot for user %s", user))
			}
		}
	}
	return sessions, err
}

// deleteServer tells the fleet that a server is no longer needed, if the fleet manager has a Delete method.
func (f *Fleets) deleteServer(manager, instance string) {
	f.background("end of a game server", func(ctx context.Context) error {
		m, err := f.manager(manager)
		if err != nil {
			return err
		}
		if d, ok := m.(interface {
			Delete(ctx context.Context, id string) error
		}); ok {
			return d.Delete(ctx, instance)
		}
		return nil
	})
}

func sessionsByUser(infos []*runtime.SessionInfo) map[string]string {
	sessions := map[string]string{}
	for _, s := range infos {
		if s != nil && s.UserId != "" {
			sessions[s.UserId] = s.SessionId
		}
	}
	return sessions
}

// gameServer is the server that a match is played on.
type gameServer struct {
	Manager  string `json:"manager,omitempty"`
	Instance string `json:"instance"`
	Address  string `json:"address"`            // an IP address, or a name if there is none
	DNSName  string `json:"dns_name,omitempty"` // for clients that need a name, such as for TLS
	Port     int    `json:"port"`
}

// parseGameServer reads what a fleet manager reports. The error says what is missing.
func parseGameServer(manager string, info *runtime.InstanceInfo) (gameServer, error) {
	at := info.ConnectionInfo
	if at == nil {
		return gameServer{}, fmt.Errorf("game server %s has no connection information", info.Id)
	}
	s := gameServer{Manager: manager, Instance: info.Id, Address: cmp.Or(at.IpAddress, at.DnsName), DNSName: at.DnsName, Port: at.Port}
	if s.Address == "" || s.Port < 1 || s.Port > 65535 {
		return gameServer{}, fmt.Errorf("game server %s has no address: %+v", info.Id, *at)
	}
	return s, nil
}

// slots reserves slots for users on the game servers of matches.
type slots struct {
	client *matchClient
	fleets *Fleets
	asked  *cache.Cache[[2]string, bool] // whether the fleet gave a late friend a slot, by match and user
}

// reserve reserves slots on the server of a match. It does nothing for a match without a server.
func (s *slots) reserve(ctx context.Context, matchID string, users []string) error {
	answer, err := s.client.signal(ctx, matchID, signalRequest{Op: signalSeats})
	if err != nil || answer.Server == nil {
		return err
	}
	sessions, err := s.fleets.join(ctx, *answer.Server, users)
	if err != nil {
		err = fmt.Errorf("join game server %s: %w", answer.Server.Instance, err)
	}
	if len(sessions) > 0 {
		_, told := s.client.signal(ctx, matchID, signalRequest{Op: signalSetServer, Slots: sessions})
		err = errors.Join(err, told)
	}
	return err
}

// A late friend may ask for a seat as often as they like. The fleet is asked once in answerTTL.
const (
	answerTTL   = time.Second
	maxAnswers  = 10_000          // users
	slotTimeout = 2 * time.Second // the friend's socket waits meanwhile
)

// reserveInTime reports whether the fleet gives a late friend a slot within slotTimeout. The match hears of a slot that
// comes later too, so that the friend gets the seat when they ask again.
func (s *slots) reserveInTime(ctx context.Context, matchID, userID string) bool {
	answer := make(chan bool, 1)
	s.fleets.background("slot of a late friend", func(ctx context.Context) error { // a fleet manager may ignore its context
		answer <- s.reserveOnce(ctx, matchID, userID)
		return nil
	})
	ctx, cancel := context.WithTimeout(ctx, slotTimeout)
	defer cancel()
	select {
	case given := <-answer:
		return given
	case <-ctx.Done():
		return false
	}
}

// reserveOnce asks the fleet for a slot for a late friend, or returns the recent answer of the fleet.
func (s *slots) reserveOnce(ctx context.Context, matchID, userID string) bool {
	key := [2]string{matchID, userID}
	given, _ := s.asked.Get(ctx, key, func(context.Context) (bool, error) {
		err := s.fleets.withTimeout(func(ctx context.Context) error {
			match, err := s.client.signal(ctx, matchID, signalRequest{Op: signalSeats, UserID: userID})
			if err != nil || match.HasSlot { // an earlier request has got it since the match was asked
				return err
			}
			return s.reserve(ctx, matchID, []string{userID})
		})
		if err != nil {
			s.fleets.logger.Info("no slot for a late friend user=%s match=%s error=%v", userID, matchID, err)
		}
		return err == nil, nil
	})
	if given {
		s.asked.Invalidate(key) // the match knows the slot now, and when it is used up
	}
	return given
}
