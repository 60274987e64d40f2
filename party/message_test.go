package party_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// texts is data that can be sent in pieces.
type texts []string

func (t texts) Halves() (a, b party.Rows, ok bool) { return t[:len(t)/2], t[len(t)/2:], len(t) > 1 }

// failingSender fails at one of the messages, counted from 1.
type failingSender struct {
	party.Sender
	fail, sent int
}

func (s *failingSender) StreamSendRaw(uint8, string, string, string, *rtapi.Envelope, []runtime.Presence, bool) error {
	if s.sent++; s.sent == s.fail {
		return errors.New("not sent")
	}
	return nil
}

// The error of any piece is that of the message, so that the caller sends all of it again.
func TestSendData_pieces(t *testing.T) {
	row := strings.Repeat("x", 20<<10)
	for fail := range 5 {
		s := &failingSender{fail: fail}
		if err := party.SendData(s, party.ID{}, party.OpStatus, texts{row, row, row, row}); (err != nil) != (fail > 0) || err == nil && s.sent != 4 {
			t.Errorf("piece %d of %d fails: %v", fail, s.sent, err)
		}
	}
}
