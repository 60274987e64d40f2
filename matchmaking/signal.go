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
)

// signalPrefix marks the signals that are ours. All others are the handler's own.
const signalPrefix = "partyline:"

// What a signal asks of a match.
const (
	signalReserve  = "reserve"  // reserve seats for all claims, or for none, and tell nobody
	signalHold     = "hold"     // hold seats for all claims, or for none
	signalWithdraw = "withdraw" // open what is reserved for all claims
	signalExtend   = "extend"   // a friend's progress moved: hold the seat longer
	signalAway     = "away"     // a member on the way has lost the connection: hold the seat for the grace
	signalRelease  = "release"  // a friend will not come: open the held seat, or a party's spare ones
	signalLate     = "late"     // a friend came to the party late: hold a seat by name
	signalMoved    = "moved"    // a party has another ID now
	signalSeats    = "seats"    // who sits where, and for a user how to get to the game server
	signalServe    = "serve"    // where the game server is, or new slots on it
	signalServer   = "server"   // what the game server itself asks
)

type signalRequest struct {
	Op      string        `json:"op"`
	Claims  []seats.Claim `json:"claims,omitempty"`
	PartyID string        `json:"party_id,omitempty"`
	UserID  string        `json:"user_id,omitempty"`
	Was     string        `json:"was,omitempty"` // the ID of a party before it moved

	Awaited bool              `json:"awaited,omitempty"` // the party keeps a seat for the late friend
	Slot    bool              `json:"slot,omitempty"`    // the game server has one for the late friend
	Server  *gameServer       `json:"server,omitempty"`
	Slots   map[string]string `json:"slots,omitempty"` // on the game server, by user: the fleet's own session, or ""
	Call    *serverCall       `json:"call,omitempty"`
}

// signalAnswer has a refusal, or what was asked for.
type signalAnswer struct {
	Refusal string            `json:"refusal,omitempty"` // the name of one of the refusals, else a text
	Map     *party.MatchSeats `json:"map,omitempty"`
	Users   []string          `json:"users,omitempty"`   // everybody with a seat, those it is reserved for among them
	Misfits []int             `json:"misfits,omitempty"` // claims that keep the others from being reserved
	Server  *gameServer       `json:"server,omitempty"`
	Out     bool              `json:"out,omitempty"`      // the user has left the game server, or did not come
	PartyID string            `json:"party_id,omitempty"` // of the player who has come to the game server, as it is now
}

// Host is the part of runtime.NakamaModule that makes and reaches matches, and reads who is on a stream.
type Host interface {
	MatchCreate(ctx context.Context, handler string, params map[string]any) (string, error)
	MatchGet(ctx context.Context, id string) (*api.Match, error)
	MatchList(ctx context.Context, limit int, authoritative bool, label string, minSize, maxSize *int, query string) ([]*api.Match, error)
	MatchSignal(ctx context.Context, id, data string) (string, error)
	StreamUserList(mode uint8, subject, subcontext, label string, includeHidden, includeNotHidden bool) ([]runtime.Presence, error)
}

// ErrGone means that there is no such match, or none with seats.
var ErrGone = errors.New("the match does not exist any more")

// reach asks the host about matches, and the matches themselves.
type reach struct {
	host  Host
	turns keyed.Locks[string] // of signals, by match
}

// Seats reads the seats of a match; with a user, who has a seat in it, also how to get to
// its game server.
func (r *reach) Seats(ctx context.Context, matchID, userID string) (party.MatchSeats, error) {
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

// Running lists matches with seats, at most so many.
func (r *reach) Running(ctx context.Context, most int) ([]party.RunningMatch, error) {
	listed, err := r.list(ctx, most, seatsQuery)
	if err != nil {
		return nil, err
	}
	running := make([]party.RunningMatch, 0, len(listed))
	for _, match := range listed {
		if l, err := readLabel(match.GetLabel().GetValue()); err == nil {
			running = append(running, party.RunningMatch{
				MatchID: match.GetMatchId(), Queue: l.Queue, Region: l.Region, Size: int(match.GetSize()), OpenSeats: l.OpenSeats, Parties: l.Parties,
			})
		}
	}
	return running, nil
}

// Count counts matches with seats, at most so many, and reads no label.
func (r *reach) Count(ctx context.Context, most int) (int, error) {
	listed, err := r.list(ctx, most, seatsQuery)
	return len(listed), err
}

func (r *reach) list(ctx context.Context, most int, query string) ([]*api.Match, error) {
	listed, err := r.host.MatchList(ctx, most, true, "", nil, nil, query)
	if err != nil {
		return nil, fmt.Errorf("list matches %s: %w", query, err)
	}
	return listed, nil
}

// maxOpen bounds how many open matches are looked at: more than anybody fills at once.
const maxOpen = 256

// Open lists running matches of a queue that have open seats to fill, the newest first. Whether
// a seat is still open when somebody wants it only [Matches.Reserve] can say.
func (r *reach) Open(ctx context.Context, queue string) ([]formation.OpenMatch, error) {
	listed, err := r.list(ctx, maxOpen, openQuery(queue))
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

// label is the label of the moment; what a list shows is up to a second old. It is read before a match that
// a caller names is sent a signal: another module's handler may fail at ours, and the host ends its match then.
func (r *reach) label(ctx context.Context, matchID string) (label, error) {
	match, err := r.host.MatchGet(ctx, matchID)
	if err != nil && !errors.Is(err, runtime.ErrMatchIdInvalid) {
		return label{}, fmt.Errorf("read match %s: %w", matchID, err)
	}
	if err != nil || match == nil {
		return label{}, ErrGone
	}
	return readLabel(match.GetLabel().GetValue())
}

// signalWait is how long a signal waits for its answer, as with the host.
const signalWait = 10 * time.Second

// signal asks a match and waits for its answer. One goes after the other: the host takes a few at once
// and refuses the others, of players who all come at the same time.
func (r *reach) signal(ctx context.Context, matchID string, request signalRequest) (signalAnswer, error) {
	text, err := json.Marshal(request)
	if err != nil {
		return signalAnswer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, signalWait)
	defer cancel()
	unlock, err := r.turns.Lock(ctx, matchID)
	if err != nil {
		return signalAnswer{}, fmt.Errorf("ask match %s to %s: %w", matchID, request.Op, err)
	}
	defer unlock()
	reply, err := r.host.MatchSignal(ctx, matchID, signalPrefix+string(text))
	gone := errors.Is(err, runtime.ErrMatchNotFound) || errors.Is(err, runtime.ErrMatchIdInvalid)
	if errors.Is(err, runtime.ErrMatchBusy) { // the host says so of a match that ends while it is asked, too
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
			return signalAnswer{}, refuse(known.cause)
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
