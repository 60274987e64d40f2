package party

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party/rules"
)

// Clock tells the time; tests inject their own.
type Clock = func() time.Time

// Policy is the configuration in force. It is asked again for each decision, so a
// reload takes effect at once.
type Policy func() rules.Config

// The interfaces below are the parts of runtime.NakamaModule the kernel meets the host
// through; a *runtime.NakamaModule satisfies all of them.

// Streams reads and changes who is on a stream.
type Streams interface {
	StreamUserList(mode uint8, subject, subcontext, label string, includeHidden, includeNotHidden bool) ([]runtime.Presence, error)
	StreamUserGet(mode uint8, subject, subcontext, label, userID, sessionID string) (runtime.PresenceMeta, error)
	StreamUserJoin(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) (bool, error)
	StreamUserUpdate(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) error
	StreamUserLeave(mode uint8, subject, subcontext, label, userID, sessionID string) error
	StreamClose(mode uint8, subject, subcontext, label string) error
}

// Finder pages through the native engine's parties of this node. It is the last resort for a
// party whose facts no presence carries.
type Finder interface {
	PartyList(ctx context.Context, limit int, open *bool, hidden bool, query, cursor string) ([]*api.Party, string, error)
}

// SystemUser owns what modules write to storage. A list names it: a list that names nobody
// has everybody's objects in it, and any client may write objects of its own into any
// collection.
const SystemUser = "00000000-0000-0000-0000-000000000000"

// Storage is Nakama's storage. A write with version "*" creates only, with any other
// version it is compare-and-set; a rejected write is runtime.ErrStorageRejectedVersion. A
// rejected delete is an error without a name. MultiUpdate does all it is given or nothing.
type Storage interface {
	Objects
	StorageDelete(ctx context.Context, deletes []*runtime.StorageDelete) error
	MultiUpdate(ctx context.Context, accounts []*runtime.AccountUpdate, writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete, wallets []*runtime.WalletUpdate, updateLedger bool) ([]*api.StorageObjectAck, []*runtime.WalletUpdateResult, error)
	StorageList(ctx context.Context, callerID, userID, collection string, limit int, cursor string) ([]*api.StorageObject, string, error)
}

// Sender sends an envelope to a stream; without presences, to everybody on it.
type Sender interface {
	StreamSendRaw(mode uint8, subject, subcontext, label string, msg *rtapi.Envelope, presences []runtime.Presence, reliable bool) error
}

// Notifier sends notifications to users.
type Notifier interface {
	NotificationsSend(ctx context.Context, notifications []*runtime.NotificationSend) error
}

// Metrics takes measurements. Tags must be of few values: never users, parties or codes.
type Metrics interface {
	MetricsCounterAdd(name string, tags map[string]string, delta int64)
	MetricsGaugeSet(name string, tags map[string]string, value float64)
	MetricsTimerRecord(name string, tags map[string]string, value time.Duration)
}

var _ Metrics = runtime.NakamaModule(nil)

// Logger is the part of runtime.Logger the kernel writes to.
type Logger interface {
	Info(format string, v ...any)
	Warn(format string, v ...any)
	Error(format string, v ...any)
}

// Session is one live socket of a user.
type Session struct{ UserID, SessionID, Username string }

// SessionOf is the session behind a presence.
func SessionOf(p runtime.Presence) Session {
	return Session{UserID: p.GetUserId(), SessionID: p.GetSessionId(), Username: p.GetUsername()}
}

// CheckNamed refuses a session that a client's message names and that cannot be anybody's,
// before the host is asked about its user.
func CheckNamed(s Session) error {
	for _, id := range []string{s.UserID, s.SessionID} {
		if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
			return Refuse(InvalidRequest, "presence: it has to name a user and a session.")
		}
	}
	return nil
}

// Caller is who calls an RPC. SessionID is empty over plain HTTP.
type Caller struct{ UserID, Username, SessionID, ClientIP string }

// Session is the caller's own, without an ID over plain HTTP.
func (c Caller) Session() Session {
	return Session{UserID: c.UserID, SessionID: c.SessionID, Username: c.Username}
}
