package realtime_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestParty_Open(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"open":true,"max_size":2,"label":"{\"a\":1}"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`,
		`alice = {"party":{"label":"{\"a\":1}","leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`carol = {"error":{"code":3,"message":"Error joining party: party full"}}`)
	w.step(bob, `{"party_data_send":{"party_id":"$P1","op_code":"5","data":"aGk="}}`,
		`alice : {"party_data":{"data":"aGk=","op_code":"5","party_id":"$P1","presence":"bob"}}`,
		`bob = {}`)
	w.step(carol, `{"party_data_send":{"party_id":"$P1","op_code":"5","data":"aGk="}}`,
		`carol = {"error":{"code":3,"message":"Error sending party data: party member not found"}}`)
	w.step(bob, `{"party_leave":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"leaves":["bob"],"party_id":"$P1"}}`,
		`bob = {}`)
	w.step(bob, `{"party_leave":{"party_id":"$P1"}}`,
		`bob = {}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`carol = {}`,
		`carol : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice","carol"],"self":"carol"}}`,
		`carol : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`)
	w.drop(carol,
		`alice : {"party_presence_event":{"leaves":["carol"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_data_send":{"party_id":"$P1","op_code":"5"}}`,
		`alice = {}`)
	w.step(alice, `{"party_leave":{"party_id":"$P1"}}`,
		`alice = {}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {"error":{"code":3,"message":"Error joining party: party not found"}}`)
}

func TestParty_MemberJoinsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"open":true,"max_size":3}}`,
		`alice = {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_matchmaker_add":{"party_id":"$P1","min_count":4,"max_count":4}}`,
		`alice = {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T1"}}`,
		`bob : {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {}`)
	w.step(alice, `{"party_matchmaker_remove":{"party_id":"$P1","ticket":"$T1"}}`,
		`alice = {"error":{"code":3,"message":"Error closing party: matchmaker ticket not found"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`bob : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`carol = {}`,
		`carol : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice","bob","carol"],"self":"carol"}}`,
		`carol : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {"error":{"code":3,"message":"Error joining party: party full"}}`)
}

func TestParty_LeaderRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol, dave := w.player("alice"), w.player("bob"), w.player("carol"), w.player("dave")
	w.step(alice, `{"party_create":{"open":true,"max_size":8}}`,
		`alice = {"party":{"leader":"alice","max_size":8,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":8,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":8,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`bob : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`carol = {}`,
		`carol : {"party":{"leader":"alice","max_size":8,"open":true,"party_id":"$P1","presences":["alice","bob","carol"],"self":"carol"}}`,
		`carol : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`)
	w.step(dave, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["dave"],"party_id":"$P1"}}`,
		`bob : {"party_presence_event":{"joins":["dave"],"party_id":"$P1"}}`,
		`carol : {"party_presence_event":{"joins":["dave"],"party_id":"$P1"}}`,
		`dave = {}`,
		`dave : {"party":{"leader":"alice","max_size":8,"open":true,"party_id":"$P1","presences":["alice","bob","carol","dave"],"self":"dave"}}`,
		`dave : {"party_presence_event":{"joins":["dave"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_promote":{"party_id":"$P1","presence":"@carol"}}`,
		`alice : {"party_leader":{"party_id":"$P1","presence":"carol"}}`,
		`alice = {}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"carol"}}`,
		`carol : {"party_leader":{"party_id":"$P1","presence":"carol"}}`,
		`dave : {"party_leader":{"party_id":"$P1","presence":"carol"}}`)
	w.step(alice, `{"party_promote":{"party_id":"$P1","presence":"@alice"}}`,
		`alice = {"error":{"code":3,"message":"Error promoting new party leader: party leader only"}}`)
	w.drop(carol,
		`alice : {"party_leader":{"party_id":"$P1","presence":"alice"}}`,
		`alice : {"party_presence_event":{"leaves":["carol"],"party_id":"$P1"}}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"alice"}}`,
		`bob : {"party_presence_event":{"leaves":["carol"],"party_id":"$P1"}}`,
		`dave : {"party_leader":{"party_id":"$P1","presence":"alice"}}`,
		`dave : {"party_presence_event":{"leaves":["carol"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_leave":{"party_id":"$P1"}}`,
		`alice = {}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`bob : {"party_presence_event":{"leaves":["alice"],"party_id":"$P1"}}`,
		`dave : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`dave : {"party_presence_event":{"leaves":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_leave":{"party_id":"$P1"}}`,
		`bob = {}`,
		`dave : {"party_leader":{"party_id":"$P1","presence":"dave"}}`,
		`dave : {"party_presence_event":{"leaves":["bob"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"dave","max_size":8,"open":true,"party_id":"$P1","presences":["dave","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`dave : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(dave, `{"party_promote":{"party_id":"$P1","presence":"@dave"}}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"dave"}}`,
		`dave : {"party_leader":{"party_id":"$P1","presence":"dave"}}`,
		`dave = {}`)
	w.drop(dave,
		`bob : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`bob : {"party_presence_event":{"leaves":["dave"],"party_id":"$P1"}}`)
	w.drop(bob)
	w.step(alice, `{"party_join":{"party_id":"$P1"}}`,
		`alice = {"error":{"code":3,"message":"Error joining party: party not found"}}`)
}

func TestParty_Requests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol, dave := w.player("alice"), w.player("bob"), w.player("carol"), w.player("dave")
	w.step(alice, `{"party_create":{"max_size":3}}`,
		`alice = {"party":{"leader":"alice","max_size":3,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":3,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_join_request_list":{"party_id":"$P1"}}`,
		`alice = {"party_join_request":{"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["bob"]}}`,
		`bob = {}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {"error":{"code":3,"message":"Error joining party: party join request duplicate"}}`)
	w.step(bob, `{"party_join_request_list":{"party_id":"$P1"}}`,
		`bob = {"error":{"code":3,"message":"Error listing party join requests: party leader only"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`carol = {}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["carol"]}}`)
	w.step(alice, `{"party_join_request_list":{"party_id":"$P1"}}`,
		`alice = {"party_join_request":{"party_id":"$P1","presences":["bob","carol"]}}`)
	w.step(carol, `{"party_accept":{"party_id":"$P1","presence":"@bob"}}`,
		`carol = {"error":{"code":3,"message":"Error accepting party join request: party leader only"}}`)
	w.step(alice, `{"party_accept":{"party_id":"$P1","presence":"@bob"}}`,
		`alice = {}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob : {"party":{"leader":"alice","max_size":3,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_accept":{"party_id":"$P1","presence":"@bob"}}`,
		`alice = {"error":{"code":3,"message":"Error accepting party join request: party join request not found"}}`)
	w.step(alice, `{"party_remove":{"party_id":"$P1","presence":"@carol"}}`,
		`alice = {}`)
	w.step(alice, `{"party_remove":{"party_id":"$P1","presence":"@carol"}}`,
		`alice = {"error":{"code":3,"message":"Error removing party member or join request: party member not found"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`carol = {}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["carol"]}}`)
	w.step(dave, `{"party_join":{"party_id":"$P1"}}`,
		`dave = {}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["dave"]}}`)
	w.step(alice, `{"party_accept":{"party_id":"$P1","presence":"@dave"}}`,
		`alice = {}`,
		`alice : {"party_presence_event":{"joins":["dave"],"party_id":"$P1"}}`,
		`bob : {"party_presence_event":{"joins":["dave"],"party_id":"$P1"}}`,
		`dave : {"party":{"leader":"alice","max_size":3,"party_id":"$P1","presences":["alice","bob","dave"],"self":"dave"}}`,
		`dave : {"party_presence_event":{"joins":["dave"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_accept":{"party_id":"$P1","presence":"@carol"}}`,
		`alice = {"error":{"code":3,"message":"Error accepting party join request: party full"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {"error":{"code":3,"message":"Error joining party: party full"}}`)
}

func TestParty_MemberAsksAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"max_size":3}}`,
		`alice = {"party":{"leader":"alice","max_size":3,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":3,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["alice"]}}`,
		`alice = {}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["bob"]}}`,
		`bob = {}`)
	w.step(alice, `{"party_accept":{"party_id":"$P1","presence":"@bob"}}`,
		`alice = {}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob : {"party":{"leader":"alice","max_size":3,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["bob"]}}`,
		`bob = {}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["carol"]}}`,
		`carol = {}`)
	second := w.secondSocket(carol, "carol2")
	w.step(second, `{"party_join":{"party_id":"$P1"}}`,
		`carol2 = {"error":{"code":3,"message":"Error joining party: party join requests full"}}`)
	w.step(alice, `{"party_accept":{"party_id":"$P1","presence":"@alice"}}`,
		`alice = {}`)
	w.step(alice, `{"party_accept":{"party_id":"$P1","presence":"@bob"}}`,
		`alice = {}`)
	w.step(alice, `{"party_accept":{"party_id":"$P1","presence":"@carol"}}`,
		`alice = {}`,
		`carol : {"party":{"leader":"alice","max_size":3,"party_id":"$P1","presences":["alice","bob","carol"],"self":"carol"}}`,
		`carol : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`bob : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`)
}

func TestParty_RequestsOutliveSockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol, dave := w.player("alice"), w.player("bob"), w.player("carol"), w.player("dave")
	w.step(alice, `{"party_create":{"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["bob"]}}`)
	gone := *bob
	w.drop(bob)
	bob = w.secondSocket(bob, "bob2")
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob2 = {"error":{"code":3,"message":"Error joining party: party join request duplicate"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`carol = {}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["carol"]}}`)
	w.step(dave, `{"party_join":{"party_id":"$P1"}}`,
		`dave = {"error":{"code":3,"message":"Error joining party: party join requests full"}}`)
	w.step(alice, fmt.Sprintf(`{"party_accept":{"party_id":"$P1","presence":{"user_id":%q,"session_id":%q,"username":%q}}}`, gone.userID, gone.sessionID, gone.username),
		`alice = {"error":{"code":3,"message":"Error accepting party join request: party could not accept request"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["bob2"]}}`,
		`bob2 = {}`)
	w.step(alice, `{"party_join_request_list":{"party_id":"$P1"}}`,
		`alice = {"party_join_request":{"party_id":"$P1","presences":["carol","bob2"]}}`)
	w.step(alice, `{"party_accept":{"party_id":"$P1","presence":"@bob2"}}`,
		`alice = {}`,
		`alice : {"party_presence_event":{"joins":["bob2"],"party_id":"$P1"}}`,
		`bob2 : {"party":{"leader":"alice","max_size":2,"party_id":"$P1","presences":["alice","bob2"],"self":"bob2"}}`,
		`bob2 : {"party_presence_event":{"joins":["bob2"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_leave":{"party_id":"$P1"}}`,
		`alice = {}`,
		`bob2 : {"party_leader":{"party_id":"$P1","presence":"bob2"}}`,
		`bob2 : {"party_presence_event":{"leaves":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join_request_list":{"party_id":"$P1"}}`,
		`bob2 = {"party_join_request":{"party_id":"$P1","presences":["carol"]}}`)
}

func TestParty_SameUserTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.player("alice"), w.player("bob")
	second := w.secondSocket(bob, "bob2")
	w.step(alice, `{"party_create":{"open":true,"max_size":3}}`,
		`alice = {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(second, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob2"],"party_id":"$P1"}}`,
		`bob : {"party_presence_event":{"joins":["bob2"],"party_id":"$P1"}}`,
		`bob2 = {}`,
		`bob2 : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice","bob","bob2"],"self":"bob2"}}`,
		`bob2 : {"party_presence_event":{"joins":["bob2"],"party_id":"$P1"}}`)
	w.step(second, `{"party_data_send":{"party_id":"$P1","op_code":"-7","data":"AA=="}}`,
		`bob2 = {}`,
		`alice : {"party_data":{"data":"AA==","op_code":"-7","party_id":"$P1","presence":"bob2"}}`,
		`bob : {"party_data":{"data":"AA==","op_code":"-7","party_id":"$P1","presence":"bob2"}}`)
	w.step(alice, `{"party_remove":{"party_id":"$P1","presence":"@bob"}}`,
		`alice = {}`,
		`alice : {"party_presence_event":{"leaves":["bob"],"party_id":"$P1"}}`,
		`bob : {"party_close":{"party_id":"$P1"}}`,
		`bob2 : {"party_presence_event":{"leaves":["bob"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_promote":{"party_id":"$P1","presence":"@bob"}}`,
		`alice = {"error":{"code":3,"message":"Error promoting new party leader: party member not found"}}`)
	w.step(alice, `{"party_promote":{"party_id":"$P1","presence":"@bob2"}}`,
		`alice : {"party_leader":{"party_id":"$P1","presence":"bob2"}}`,
		`alice = {}`,
		`bob2 : {"party_leader":{"party_id":"$P1","presence":"bob2"}}`)
}

func TestParty_Remove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"open":true,"max_size":4}}`,
		`alice = {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`carol = {}`,
		`bob : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`carol : {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice","bob","carol"],"self":"carol"}}`,
		`carol : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_remove":{"party_id":"$P1","presence":"@carol"}}`,
		`bob = {"error":{"code":3,"message":"Error removing party member or join request: party leader only"}}`)
	w.step(alice, `{"party_remove":{"party_id":"$P1","presence":"@alice"}}`,
		`alice = {"error":{"code":3,"message":"Error removing party member or join request: party cannot remove self"}}`)
	w.step(alice, `{"party_remove":{"party_id":"$P1","presence":"@carol"}}`,
		`alice = {}`,
		`bob : {"party_presence_event":{"leaves":["carol"],"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"leaves":["carol"],"party_id":"$P1"}}`,
		`carol : {"party_close":{"party_id":"$P1"}}`)
	w.step(alice, `{"party_remove":{"party_id":"$P1","presence":"@carol"}}`,
		`alice = {"error":{"code":3,"message":"Error removing party member or join request: party member not found"}}`)
	w.step(carol, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`carol = {"error":{"code":3,"message":"Error sending party data: party member not found"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`carol = {}`,
		`alice : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`bob : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`carol : {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice","bob","carol"],"self":"carol"}}`,
		`carol : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_promote":{"party_id":"$P1","presence":{"user_id":"$bob.user","session_id":"$bob.session","username":"somebody"}}}`,
		`alice = {"error":{"code":3,"message":"Error promoting new party leader: party member not found"}}`)
}

func TestParty_Close(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.player("alice"), w.player("bob")
	w.step(alice, `{"party_create":{"open":true,"max_size":4}}`,
		`alice = {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob : {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_close":{"party_id":"$P1"}}`,
		`bob = {"error":{"code":3,"message":"Error closing party: party leader only"}}`)
	w.step(alice, `{"party_close":{"party_id":"$P1"}}`,
		`alice : {"party_close":{"party_id":"$P1"}}`,
		`alice = {}`,
		`bob : {"party_close":{"party_id":"$P1"}}`)
	w.step(alice, `{"party_close":{"party_id":"$P1"}}`,
		`alice = {"error":{"code":3,"message":"Error closing party: party not found"}}`)
	w.step(bob, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`bob = {"error":{"code":3,"message":"Error sending party data: party not found"}}`)
	w.step(bob, `{"party_leave":{"party_id":"$P1"}}`,
		`bob = {}`)
}

func TestParty_Update(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"open":true,"hidden":true,"max_size":4,"label":"{\"mode\":\"x\"}"}}`,
		`alice = {"party":{"hidden":true,"label":"{\"mode\":\"x\"}","leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob : {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_update":{"party_id":"$P1","open":false}}`,
		`bob = {"error":{"code":3,"message":"Error updating party: party leader only"}}`)
	w.step(alice, `{"party_update":{"party_id":"$P1","label":"{\"mode\":\"y\"}","hidden":true}}`,
		`alice = {"error":{"code":3,"message":"Error updating party: party is hidden and label is not empty, invalid operation"}}`)
	w.step(alice, `{"party_update":{"party_id":"$P1","label":"[]"}}`,
		`alice = {"error":{"code":3,"message":"Error updating party: failed to unmarshal party label: json: cannot unmarshal array into Go value of type map[string]interface {}"}}`)
	w.step(alice, `{"party_update":{"party_id":"$P1","label":"no json"}}`,
		`alice = {"error":{"code":3,"message":"Error updating party: failed to unmarshal party label: invalid character 'o' in literal null (expecting 'u')"}}`)
	w.step(alice, `{"party_update":{"party_id":"$P1","label":"`+strings.Repeat(" ", 2049)+`"}}`,
		`alice = {"error":{"code":3,"message":"Error updating party: party label too long"}}`)
	w.step(alice, `{"party_update":{"party_id":"$P1","label":"null"}}`,
		`alice : {"party_update":{"label":"null","party_id":"$P1"}}`,
		`alice = {}`,
		`bob : {"party_update":{"label":"null","party_id":"$P1"}}`)
	w.step(alice, `{"party_update":{"party_id":"$P1","label":"{\"mode\":\"y\"}","open":true}}`,
		`alice : {"party_update":{"label":"{\"mode\":\"y\"}","open":true,"party_id":"$P1"}}`,
		`alice = {}`,
		`bob : {"party_update":{"label":"{\"mode\":\"y\"}","open":true,"party_id":"$P1"}}`)
	w.step(alice, `{"party_update":{"party_id":"$P1","hidden":true}}`,
		`alice : {"party_update":{"hidden":true,"party_id":"$P1"}}`,
		`alice = {}`,
		`bob : {"party_update":{"hidden":true,"party_id":"$P1"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_join_request":{"party_id":"$P1","presences":["carol"]}}`,
		`carol = {}`)
	w.step(bob, `{"party_update":{"party_id":"$P1","label":"{\"a\":1}","hidden":true}}`,
		`bob = {"error":{"code":3,"message":"Error updating party: party is hidden and label is not empty, invalid operation"}}`)
}

func TestParty_CreateRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.player("alice")
	w.step(alice, `{"party_create":{"open":true,"max_size":257}}`,
		`alice = {"error":{"code":3,"message":"Invalid party max size, must be 1-256"}}`)
	w.step(alice, `{"party_create":{"open":true,"max_size":-1}}`,
		`alice = {"error":{"code":3,"message":"Invalid party max size, must be 1-256"}}`)
	w.step(alice, `{"party_create":{"open":true,"max_size":2,"label":"x"}}`,
		`alice = {"error":{"code":3,"message":"Error creating party: failed to unmarshal party label: invalid character 'x' looking for beginning of value"}}`)
	w.step(alice, `{"party_create":{"open":true,"max_size":2,"label":"5"}}`,
		`alice = {"error":{"code":3,"message":"Error creating party: failed to unmarshal party label: json: cannot unmarshal number into Go value of type map[string]interface {}"}}`)
	w.step(alice, `{"party_create":{"open":true,"max_size":2,"label":"`+strings.Repeat("x", 2049)+`"}}`,
		`alice = {"error":{"code":3,"message":"Error creating party: party label too long"}}`)
	w.step(alice, `{"party_create":{"max_size":256}}`,
		`alice = {"party":{"leader":"alice","max_size":256,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":256,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_create":{"max_size":1,"open":true}}`,
		`alice = {"party":{"leader":"alice","max_size":1,"open":true,"party_id":"$P2","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":1,"open":true,"party_id":"$P2","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P2"}}`)
}

// A party with size 0 has a leader and no members.
func TestParty_SizeZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.player("alice"), w.player("bob")
	w.step(alice, `{"party_create":{"open":true}}`,
		`alice = {"party":{"leader":"alice","open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {"error":{"code":3,"message":"Error joining party: party full"}}`)
	w.step(alice, `{"party_join":{"party_id":"$P1"}}`,
		`alice = {"error":{"code":3,"message":"Error joining party: party full"}}`)
	w.step(alice, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`alice = {"error":{"code":3,"message":"Error sending party data: party member not found"}}`)
	w.step(alice, `{"party_promote":{"party_id":"$P1","presence":"@alice"}}`,
		`alice = {"error":{"code":3,"message":"Error promoting new party leader: party member not found"}}`)
	w.step(alice, `{"party_join_request_list":{"party_id":"$P1"}}`,
		`alice = {"party_join_request":{"party_id":"$P1"}}`)
	w.step(alice, `{"party_update":{"party_id":"$P1"}}`,
		`alice : {"party_update":{"party_id":"$P1"}}`,
		`alice = {}`)
	w.step(alice, `{"party_leave":{"party_id":"$P1"}}`,
		`alice = {}`)
	w.step(alice, `{"party_close":{"party_id":"$P1"}}`,
		`alice = {}`)
}

func TestParty_Search(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"open":true,"max_size":4}}`,
		`alice = {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":4,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_matchmaker_add":{"party_id":"$P1","min_count":1,"max_count":8}}`,
		`alice = {"error":{"code":3,"message":"Invalid minimum count, must be >= 2"}}`)
	w.step(alice, `{"party_matchmaker_add":{"party_id":"$P1","min_count":4,"max_count":3}}`,
		`alice = {"error":{"code":3,"message":"Invalid maximum count, must be >= minimum count"}}`)
	w.step(alice, `{"party_matchmaker_add":{"party_id":"$P1","min_count":4,"max_count":8,"count_multiple":0}}`,
		`alice = {"error":{"code":3,"message":"Invalid count multiple, must be >= 1"}}`)
	w.step(alice, `{"party_matchmaker_add":{"party_id":"$P1","min_count":4,"max_count":8,"count_multiple":3}}`,
		`alice = {"error":{"code":3,"message":"Invalid count multiple for minimum count, must divide"}}`)
	w.step(alice, `{"party_matchmaker_add":{"party_id":"$P1","min_count":4,"max_count":9,"count_multiple":4}}`,
		`alice = {"error":{"code":3,"message":"Invalid count multiple for maximum count, must divide"}}`)
	w.step(alice, `{"party_matchmaker_add":{"party_id":"bad","min_count":4,"max_count":8}}`,
		`alice = {"error":{"code":3,"message":"Invalid party ID"}}`)
	w.step(bob, `{"party_matchmaker_add":{"party_id":"$P1","min_count":4,"max_count":8}}`,
		`bob = {"error":{"code":3,"message":"Error adding party to matchmaker: party leader only"}}`)
	w.step(alice, `{"party_matchmaker_add":{"party_id":"$P1","min_count":4,"max_count":8,"count_multiple":4,"string_properties":{"mode":"x"},"numeric_properties":{"rank":3}}}`,
		`alice = {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T1"}}`,
		`bob : {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T1"}}`)
	w.step(bob, `{"party_matchmaker_remove":{"party_id":"$P1","ticket":"$T1"}}`,
		`bob = {"error":{"code":3,"message":"Error closing party: party leader only"}}`)
	w.step(alice, `{"party_matchmaker_remove":{"party_id":"$P1"}}`,
		`alice = {"error":{"code":3,"message":"Invalid matchmaker ticket"}}`)
	w.step(alice, `{"party_matchmaker_remove":{"party_id":"$P1","ticket":"nope"}}`,
		`alice = {"error":{"code":3,"message":"Error closing party: matchmaker ticket not found"}}`)
	w.step(alice, `{"party_promote":{"party_id":"$P1","presence":"@bob"}}`,
		`alice : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`alice = {}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"bob"}}`)
	w.step(alice, `{"party_matchmaker_remove":{"party_id":"$P1","ticket":"$T1"}}`,
		`alice = {"error":{"code":3,"message":"Error closing party: party leader only"}}`)
	w.step(bob, `{"party_matchmaker_remove":{"party_id":"$P1","ticket":"$T1"}}`,
		`bob = {}`)
	w.step(bob, `{"party_matchmaker_add":{"party_id":"$P1","min_count":6,"max_count":8}}`,
		`alice : {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T2"}}`,
		`bob = {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T2"}}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`carol = {}`,
		`bob : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`carol : {"party":{"leader":"bob","max_size":4,"open":true,"party_id":"$P1","presences":["alice","bob","carol"],"self":"carol"}}`,
		`carol : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_matchmaker_remove":{"party_id":"$P1","ticket":"$T2"}}`,
		`bob = {"error":{"code":3,"message":"Error closing party: matchmaker ticket not found"}}`)
	w.step(bob, `{"party_matchmaker_add":{"party_id":"$P1","min_count":6,"max_count":8}}`,
		`bob = {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T3"}}`,
		`alice : {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T3"}}`,
		`carol : {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T3"}}`)
	w.step(carol, `{"party_leave":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"leaves":["carol"],"party_id":"$P1"}}`,
		`carol = {}`,
		`bob : {"party_presence_event":{"leaves":["carol"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_matchmaker_remove":{"party_id":"$P1","ticket":"$T3"}}`,
		`bob = {"error":{"code":3,"message":"Error closing party: matchmaker ticket not found"}}`)
	w.step(bob, `{"party_matchmaker_add":{"party_id":"$P1","min_count":6,"max_count":8}}`,
		`bob = {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T4"}}`,
		`alice : {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T4"}}`)
	w.step(bob, `{"party_remove":{"party_id":"$P1","presence":"@alice"}}`,
		`bob = {}`,
		`alice : {"party_close":{"party_id":"$P1"}}`,
		`bob : {"party_presence_event":{"leaves":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_matchmaker_remove":{"party_id":"$P1","ticket":"$T4"}}`,
		`bob = {"error":{"code":3,"message":"Error closing party: matchmaker ticket not found"}}`)
	w.step(bob, `{"party_matchmaker_add":{"party_id":"$P1","min_count":2,"max_count":8}}`,
		`bob = {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T5"}}`)
	w.step(bob, `{"party_matchmaker_remove":{"party_id":"$P1","ticket":"$T5"}}`,
		`bob = {}`)
}

func TestParty_BadIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.player("alice")
	w.step(alice, `{"party_create":{"open":true,"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	const nobody = "0b3cf4e6-5ba1-4d9c-8b9e-3a1c4f5c9f01"
	for message, what := range map[string]string{
		`"party_join":{`:                                       "Error joining party",
		`"party_close":{`:                                      "Error closing party",
		`"party_join_request_list":{`:                          "Error listing party join requests",
		`"party_data_send":{`:                                  "Error sending party data",
		`"party_update":{`:                                     "Error updating party",
		`"party_promote":{"presence":"@alice",`:                "Error promoting new party leader",
		`"party_accept":{"presence":"@alice",`:                 "Error accepting party join request",
		`"party_remove":{"presence":"@alice",`:                 "Error removing party member or join request",
		`"party_matchmaker_add":{"min_count":2,"max_count":2,`: "Error adding party to matchmaker",
		`"party_matchmaker_remove":{"ticket":"t",`:             "Error closing party",
	} {
		for _, id := range []string{"", "xyz", nobody, "xyz.$node", "." + nobody} {
			w.step(alice, "{"+message+`"party_id":"`+id+`"}}`,
				`alice = {"error":{"code":3,"message":"Invalid party ID"}}`)
		}
		for _, id := range []string{nobody + ".$node", nobody + ".elsewhere", "$P1.id.elsewhere", "$P1.more", "$P1.id."} {
			w.step(alice, "{"+message+`"party_id":"`+id+`"}}`,
				`alice = {"error":{"code":3,"message":"`+what+`: party not found"}}`)
		}
	}
	w.step(alice, `{"party_leave":{"party_id":"xyz"}}`, `alice = {"error":{"code":3,"message":"Invalid party ID"}}`)
	w.step(alice, `{"party_leave":{"party_id":"$P1.id.elsewhere"}}`, `alice = {}`)
	for _, message := range []string{"party_promote", "party_accept", "party_remove"} {
		for _, presence := range []string{`{}`, `{"user_id":"$alice.user","session_id":"$alice.session"}`} {
			w.step(alice, `{"`+message+`":{"party_id":"xyz","presence":`+presence+`}}`,
				`alice = {"error":{"code":3,"message":"Invalid presence"}}`)
		}
	}
}

func TestParty_TwoParties(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.player("alice"), w.player("bob")
	w.step(alice, `{"party_create":{"open":true,"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_create":{"open":true,"max_size":3}}`,
		`bob = {"party":{"leader":"bob","max_size":3,"open":true,"party_id":"$P2","presences":["bob"],"self":"bob"}}`,
		`bob : {"party":{"leader":"bob","max_size":3,"open":true,"party_id":"$P2","presences":["bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P2"}}`)
	w.step(alice, `{"party_join":{"party_id":"$P2"}}`,
		`alice = {}`,
		`alice : {"party":{"leader":"bob","max_size":3,"open":true,"party_id":"$P2","presences":["bob","alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P2"}}`,
		`bob : {"party_presence_event":{"joins":["alice"],"party_id":"$P2"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_leave":{"party_id":"$P1"}}`,
		`alice = {}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`bob : {"party_presence_event":{"leaves":["alice"],"party_id":"$P1"}}`)
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.player("alice"), w.player("bob")
	w.step(alice, `{"status_follow":{}}`,
		`alice = {"status":{}}`)
	w.step(alice, `{"status_follow":{"user_ids":["$alice.user"]}}`,
		`alice = {"status":{}}`)
	w.step(alice, `{"status_follow":{"user_ids":["nobody"]}}`,
		`alice = {"error":{"code":3,"message":"Invalid user identifier"}}`)
	w.step(alice, `{"status_follow":{"usernames":[""]}}`,
		`alice = {"error":{"code":3,"message":"Invalid username"}}`)
	w.step(alice, `{"status_follow":{"user_ids":["$bob.user"]}}`,
		`alice = {"status":{"presences":["bob "]}}`)
	w.step(bob, `{"status_update":{"status":"in a party"}}`,
		`alice : {"status_presence_event":{"joins":["bob in a party"],"leaves":["bob "]}}`,
		`bob = {}`,
		`bob : {"status_presence_event":{"joins":["bob in a party"],"leaves":["bob "]}}`)
	w.step(bob, `{"status_update":{"status":"`+strings.Repeat("x", 2049)+`"}}`,
		`bob = {"error":{"code":3,"message":"Status must be 2048 characters or less"}}`)
	w.step(bob, `{"status_update":{}}`,
		`alice : {"status_presence_event":{"leaves":["bob in a party"]}}`,
		`bob = {}`,
		`bob : {"status_presence_event":{"leaves":["bob in a party"]}}`)
	w.step(bob, `{"status_update":{}}`,
		`bob = {}`)
	w.step(bob, `{"status_update":{"status":""}}`,
		`alice : {"status_presence_event":{"joins":["bob "]}}`,
		`bob = {}`,
		`bob : {"status_presence_event":{"joins":["bob "]}}`)
	w.step(alice, `{"status_unfollow":{"user_ids":["nobody"]}}`,
		`alice = {"error":{"code":3,"message":"Invalid user identifier"}}`)
	w.step(alice, `{"status_unfollow":{}}`,
		`alice = {}`)
	w.step(alice, `{"status_unfollow":{"user_ids":["$bob.user","$alice.user"]}}`,
		`alice = {}`)
	w.step(bob, `{"status_update":{"status":"quiet"}}`,
		`bob = {}`,
		`bob : {"status_presence_event":{"joins":["bob quiet"],"leaves":["bob "]}}`)
	w.step(alice, `{"status_follow":{"user_ids":["$bob.user","$bob.user"]}}`,
		`alice = {"status":{"presences":["bob quiet"]}}`)
	w.drop(bob,
		`alice : {"status_presence_event":{"leaves":["bob quiet"]}}`)
}
