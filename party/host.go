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

// Clock returns the time; tests inject their own.
type Clock = func() time.Time

// Policy returns the configuration in force. It is called for each decision, so that a reload takes effect at once.
type Policy func() rules.Config

// The interfaces below are the parts of runtime.NakamaModule that the module uses.

// Streams reads and changes the presences on a stream.
type Streams interface {
	StreamUserList(mode uint8, subject, subcontext, label string, includeHidden, includeNotHidden bool) ([]runtime.Presence, error)
	StreamUserGet(mode uint8, subject, subcontext, label, userID, sessionID string) (runtime.PresenceMeta, error)
	StreamUserJoin(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) (bool, error)
	StreamUserUpdate(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) error
	StreamUserLeave(mode uint8, subject, subcontext, label, userID, sessionID string) error
	StreamClose(mode uint8, subject, subcontext, label string) error
}

// Finder pages through the host's parties on this node: the last resort for a party whose facts no presence carries.
type Finder interface {
	PartyList(ctx context.Context, limit int, open *bool, hidden bool, query, cursor string) ([]*api.Party, string, error)
}

// SystemUser owns the objects that modules write to storage. A list has to name it: without an owner it has the objects
// of everybody, and any client may write objects into any collection.
const SystemUser = "00000000-0000-0000-0000-000000000000"

// Storage is Nakama's storage. A write with version "*" only creates; any other version is a compare-and-set, which
// fails with runtime.ErrStorageRejectedVersion. A rejected delete has no typed error. MultiUpdate does all or nothing.
type Storage interface {
	Objects
	StorageDelete(ctx context.Context, deletes []*runtime.StorageDelete) error
	MultiUpdate(ctx context.Context, accounts []*runtime.AccountUpdate, writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete, wallets []*runtime.WalletUpdate, updateLedger bool) ([]*api.StorageObjectAck, []*runtime.WalletUpdateResult, error)
	StorageList(ctx context.Context, callerID, userID, collection string, limit int, cursor string) ([]*api.StorageObject, string, error)
}

// Sender sends an envelope to presences of a stream, or to all of them if none are given.
type Sender interface {
	StreamSendRaw(mode uint8, subject, subcontext, label string, msg *rtapi.Envelope, presences []runtime.Presence, reliable bool) error
}

// Notifier sends notifications to users.
type Notifier interface {
	NotificationsSend(ctx context.Context, notifications []*runtime.NotificationSend) error
}

// Metrics takes measurements. A tag must have few values: never users, parties or codes.
type Metrics interface {
	MetricsCounterAdd(name string, tags map[string]string, delta int64)
	MetricsGaugeSet(name string, tags map[string]string, value float64)
	MetricsTimerRecord(name string, tags map[string]string, value time.Duration)
}

var _ Metrics = runtime.NakamaModule(nil)

// Logger is the part of runtime.Logger that the module uses.
type Logger interface {
	Info(format string, v ...any)
	Warn(format string, v ...any)
	Error(format string, v ...any)
}

// Session is one live socket of a user.
type Session struct{ UserID, SessionID, Username string }

// SessionOf returns the session of a presence.
func SessionOf(p runtime.Presence) Session {
	return Session{UserID: p.GetUserId(), SessionID: p.GetSessionId(), Username: p.GetUsername()}
}

// CheckNamed refuses a session in a client's message whose IDs cannot exist, before the host is asked about its user.
func CheckNamed(s Session) error {
	for _, id := range []string{s.UserID, s.SessionID} {
		if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
			return Refuse(InvalidRequest, "presence: it has to name a user and a session.")
		}
	}
	return nil
}

// Caller is the caller of an RPC. SessionID is empty over plain HTTP.
type Caller struct{ UserID, Username, SessionID, ClientIP string }

// Session returns the caller's session; its ID is empty over plain HTTP.
func (c Caller) Session() Session {
	return Session{UserID: c.UserID, SessionID: c.SessionID, Username: c.Username}
}
