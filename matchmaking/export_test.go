package matchmaking

import (
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// WithSeatsAt is WithSeats with a clock of the test's own.
func WithSeatsAt(inner runtime.Match, clock party.Clock) runtime.Match {
	return &seated{inner: inner, clock: clock}
}

// EmptyAfter is how long a deserted match goes on.
const EmptyAfter = emptyAfter

// MaxLabel is the longest label the host takes.
const MaxLabel = maxLabel
