package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/keyed"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/pass"
)

// signalPrefix marks the signals of this module. All other signals are for the handler.
const signalPrefix = "partyline:"

// Values of signalRequest.Op.
const (
	signalReserve   = "reserve"  // reserve seats for all claims, or for none, and tell nobody
	signalHold      = "hold"     // hold seats for all claims, or for none
	signalWithdraw  = "withdraw" // open the reserved seats of all claims
	signalExtend    = "extend"   // a friend's progress moved: hold the seat longer
	signalAway      = "away"     // a member with a held seat lost the connection: hold it for the grace
	signalRelease   = "release"  // a friend will not come: open the held seat
	signalLate      = "late"     // a friend came to the party late: hold a seat by name
	signalMoved     = "moved"    // a party has another ID now
	signalSeats     = "seats"    // who sits where, and for a user the access to the game server
	signalSetServer = "serve"    // where the game server is, or new slots on it
	// Calls of the game server.
	signalServerSeats = "server_seats"
	signalServerJoin  = "server_join"
	signalServerLeave = "server_leave"
	signalServerEnd   = "server_end"
)

type signalRequest struct {
	Op      string        `json:"op"`
	Claims  []seats.Claim `json:"claims,omitempty"`
	PartyID string        `json:"party_id,omitempty"`
	UserID  string        `json:"user_id,omitempty"`
	Was     string        `json:"was,omitempty"` // the party's ID before it moved

	Awaited bool              `json:"awaited,omitempty"` // the party keeps a seat for the late friend
	Again   bool              `json:"again,omitempty"`   // the late friend came into the party earlier, and may have played and left since
	Server  *gameServer       `json:"server,omitempty"`
	Slots   map[string]string `json:"slots,omitempty"` // the fleet's own session by user; "" if it has none

	Token  string          `json:"token,omitempty"` // of a game server
	Pass   pass.Claims     `json:"pass,omitzero"`
	Reason string          `json:"reason,omitempty"` // of a leave
	Result json.RawMessage `json:"result,omitempty"`
}

// signalAnswer has a refusal, or the data that was asked for.
type signalAnswer struct {
	Refusal string            `json:"refusal,omitempty"` // the name of one of refusals, or the text of another error
	Map     *party.MatchSeats `json:"map,omitempty"`
	Users   []string          `json:"users,omitempty"`   // everybody with a seat, also with a reserved one
	Misfits []int             `json:"misfits,omitempty"` // claims that keep the others from being reserved
	Server  *gameServer       `json:"server,omitempty"`
	Out     bool              `json:"out,omitempty"`      // the user left the game server or did not come
	HasSlot bool              `json:"has_slot,omitempty"` // the user has an unused slot on the game server
	PartyID string            `json:"party_id,omitempty"` // of the player who joined the game server; the current ID
}

// Host is the part of runtime.NakamaModule that makes, lists and signals matches, and reads streams.
type Host interface {
	MatchCreate(ctx context.Context, handler string, params map[string]any) (string, error)
	MatchGet(ctx context.Context, id string) (*api.Match, error)
	MatchList(ctx context.Context, limit int, authoritative bool, label string, minSize, maxSize *int, query string) ([]*api.Match, error)
	MatchSignal(ctx context.Context, id, data string) (string, error)
	StreamUserList(mode uint8, subject, subcontext, label string, includeHidden, includeNotHidden bool) ([]runtime.Presence, error)
}

// ErrGone means that the match does not exist, or has no seats.
var ErrGone = errors.New("the match does not exist any more")

// matchClient lists, reads and signals matches.
type matchClient struct {
	host  Host
	locks keyed.Locks[string] // one signal at a time for each match
}

// Seats reads the seats of a match. For a user with a seat it also returns the access to the game server.
func (r *matchClient) Seats(ctx context.Context, matchID, userID string) (party.MatchSeats, error) {
	answer, err := r.signal(ctx, matchID, signalRequest{Op: signalSeats, UserID: userID})
	if err != nil {
		return party.MatchSeats{}, err
	}
	if answer.Map == nil {
		return party.MatchSeats{}, fmt.Errorf("match %s answered without its seats", matchID)
	}
	answer.Map.Seeks = answer.Server != nil && !answer.Out
	return *answer.Map, nil
}

// MaxCounted is how many matches are counted at most.
const MaxCounted = 10_000

// Running lists the newest matches with seats, at most most, and counts all of them.
func (r *matchClient) Running(ctx context.Context, most int) (running []party.RunningMatch, total int, err error) {
	listed, err := r.list(ctx, MaxCounted, seatsQuery)
	if err != nil {
		return nil, 0, err
	}
	for _, match := range listed[:min(len(listed), most)] {
		if l, err := readLabel(match.GetLabel().GetValue()); err == nil {
			running = append(running, party.RunningMatch{
				MatchID: match.GetMatchId(), Queue: l.Queue, Region: l.Region, Size: int(match.GetSize()), OpenSeats: l.OpenSeats, Parties: l.Parties,
			})
		}
	}
	return running, len(listed), nil
}

// Count counts matches with seats, at most most. It reads no labels.
func (r *matchClient) Count(ctx context.Context, most int) (int, error) {
	listed, err := r.list(ctx, most, seatsQuery)
	return len(listed), err
}

func (r *matchClient) list(ctx context.Context, most int, query string) ([]*api.Match, error) {
	listed, err := r.host.MatchList(ctx, most, true, "", nil, nil, query)
	if err != nil {
		return nil, fmt.Errorf("list matches %s: %w", query, err)
	}
	return listed, nil
}

// maxOpenMatches limits how many open matches are listed: more than one pass can fill.
const maxOpenMatches = 256

// Open lists running matches of a queue that have open seats to fill, the newest first. A seat may be gone when it
// is wanted: only [Matches.Reserve] can say.
func (r *matchClient) Open(ctx context.Context, queue string) ([]formation.OpenMatch, error) {
	listed, err := r.list(ctx, maxOpenMatches, openQuery(queue))
	if err != nil {
		return nil, err
	}
	var open []formation.OpenMatch
	for _, match := range listed {
		l, err := r.label(ctx, match.GetMatchId())
		if errors.Is(err, ErrGone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if l.Backfill && l.OpenSeats > 0 && l.Queue == queue {
			open = append(open, formation.OpenMatch{ID: match.GetMatchId(), Key: l.Key, Skill: l.Skill, Open: l.Open, Region: l.Region})
		}
	}
	return open, nil
}

// label reads the current label; the label in a list is up to a second old. It is read before a signal goes to a
// match that a caller names: the handler of another module may panic on the signal, and the host then ends that
// match.
func (r *matchClient) label(ctx context.Context, matchID string) (label, error) {
	match, err := r.host.MatchGet(ctx, matchID)
	if err != nil && !errors.Is(err, runtime.ErrMatchIdInvalid) {
		return label{}, fmt.Errorf("read match %s: %w", matchID, err)
	}
	if err != nil || match == nil {
		return label{}, ErrGone
	}
	return readLabel(match.GetLabel().GetValue())
}

// signalTimeout is how long a signal waits for its answer; the host uses the same time.
const signalTimeout = 10 * time.Second

// signal sends a signal to a match and waits for the answer. It sends one signal at a time to a match: the host
// refuses signals when many come at once.
func (r *matchClient) signal(ctx context.Context, matchID string, request signalRequest) (signalAnswer, error) {
	text, err := party.PlainJSON(request) // a result goes on to players as it is
	if err != nil {
		return signalAnswer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, signalTimeout)
	defer cancel()
	unlock, err := r.locks.Lock(ctx, matchID)
	if err != nil {
		return signalAnswer{}, fmt.Errorf("ask match %s to %s: %w", matchID, request.Op, err)
	}
	defer unlock()
	reply, err := r.host.MatchSignal(ctx, matchID, signalPrefix+text)
	gone := errors.Is(err, runtime.ErrMatchNotFound) || errors.Is(err, runtime.ErrMatchIdInvalid)
	if errors.Is(err, runtime.ErrMatchBusy) { // the host returns this also for a match that ends while it is asked
		_, labelErr := r.label(ctx, matchID)
		gone = errors.Is(labelErr, ErrGone)
	}
	if gone {
		return signalAnswer{}, ErrGone
	}
	if err != nil {
		return signalAnswer{}, fmt.Errorf("ask match %s to %s: %w", matchID, request.Op, err)
	}
	var answer signalAnswer
	if err := json.Unmarshal([]byte(reply), &answer); err != nil {
		return signalAnswer{}, fmt.Errorf("%w: match %s has no seats: %w", ErrGone, matchID, err)
	}
	if answer.Refusal == "" {
		return answer, nil
	}
	for _, known := range refusals {
		if answer.Refusal == known.name {
			return signalAnswer{}, asRefusal(known.cause)
		}
	}
	return signalAnswer{}, fmt.Errorf("match %s refused to %s: %s", matchID, request.Op, answer.Refusal)
}

func ignoreGone(err error) error {
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}
