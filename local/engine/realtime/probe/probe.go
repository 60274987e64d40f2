// Package probe offers the stream calls of a server's runtime to tests, through one RPC. The RPC is the same for the
// embedded engine and for a module in a real server, so one suite can compare the two. Only tests and testdata/probe
// import it.
package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/encoding/protojson"
)

// ID is the RPC's name.
const ID = "probe"

// Streams has the methods of runtime.NakamaModule that the probe calls.
type Streams interface {
	StreamUserList(mode uint8, subject, subcontext, label string, includeHidden, includeNotHidden bool) ([]runtime.Presence, error)
	StreamUserGet(mode uint8, subject, subcontext, label, userID, sessionID string) (runtime.PresenceMeta, error)
	StreamUserJoin(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) (bool, error)
	StreamUserUpdate(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) error
	StreamUserLeave(mode uint8, subject, subcontext, label, userID, sessionID string) error
	StreamCount(mode uint8, subject, subcontext, label string) (int, error)
	StreamClose(mode uint8, subject, subcontext, label string) error
	StreamSend(mode uint8, subject, subcontext, label, data string, presences []runtime.Presence, reliable bool) error
	StreamSendRaw(mode uint8, subject, subcontext, label string, msg *rtapi.Envelope, presences []runtime.Presence, reliable bool) error
	SessionDisconnect(ctx context.Context, sessionID string, reason ...runtime.PresenceReason) error
}

// Request is one call. Op is the method's name in lower case, without "Stream" or "StreamUser".
type Request struct {
	Op         string          `json:"op"`
	Mode       uint8           `json:"mode"`
	Subject    string          `json:"subject"`
	Subcontext string          `json:"subcontext"`
	Label      string          `json:"label"`
	User       string          `json:"user"`
	Session    string          `json:"session"`
	Hidden     bool            `json:"hidden"`
	Status     string          `json:"status"`
	Data       string          `json:"data"`
	Raw        json.RawMessage `json:"raw"`
}

// Call makes the call in payload and returns its result as JSON.
func Call(ctx context.Context, nk Streams, payload string) (string, error) {
	var r Request
	if err := json.Unmarshal([]byte(payload), &r); err != nil {
		return "", err
	}
	result, err := r.call(ctx, nk)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(result)
	return string(text), err
}

func (r Request) call(ctx context.Context, nk Streams) (any, error) {
	switch r.Op {
	case "list":
		list, err := nk.StreamUserList(r.Mode, r.Subject, r.Subcontext, r.Label, true, true)
		var names []string
		for _, p := range list {
			names = append(names, describe(p.GetUsername(), p))
		}
		slices.SortFunc(names, strings.Compare)
		return names, err
	case "get":
		meta, err := nk.StreamUserGet(r.Mode, r.Subject, r.Subcontext, r.Label, r.User, r.Session)
		if meta == nil {
			return nil, err
		}
		return describe(meta.GetUsername(), meta), err
	case "join":
		return nk.StreamUserJoin(r.Mode, r.Subject, r.Subcontext, r.Label, r.User, r.Session, r.Hidden, false, r.Status)
	case "update":
		return nil, nk.StreamUserUpdate(r.Mode, r.Subject, r.Subcontext, r.Label, r.User, r.Session, r.Hidden, false, r.Status)
	case "leave":
		return nil, nk.StreamUserLeave(r.Mode, r.Subject, r.Subcontext, r.Label, r.User, r.Session)
	case "count":
		return nk.StreamCount(r.Mode, r.Subject, r.Subcontext, r.Label)
	case "close":
		return nil, nk.StreamClose(r.Mode, r.Subject, r.Subcontext, r.Label)
	case "send":
		return nil, nk.StreamSend(r.Mode, r.Subject, r.Subcontext, r.Label, r.Data, nil, true)
	case "sendraw":
		var e *rtapi.Envelope
		if r.Raw != nil {
			e = &rtapi.Envelope{}
			if err := protojson.Unmarshal(r.Raw, e); err != nil {
				return nil, err
			}
		}
		return nil, nk.StreamSendRaw(r.Mode, r.Subject, r.Subcontext, r.Label, e, nil, true)
	case "disconnect":
		return nil, nk.SessionDisconnect(ctx, r.Session)
	}
	return nil, fmt.Errorf("probe: no op %q", r.Op)
}

func describe(name string, m runtime.PresenceMeta) string {
	if m.GetHidden() {
		name += " hidden"
	}
	return name + " " + m.GetStatus()
}
