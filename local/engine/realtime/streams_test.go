package realtime_test

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// These tests check a module's stream calls on a party's stream. A real server needs the module in testdata/probe for
// them.

func TestStreams_JoinMakesMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_matchmaker_add":{"party_id":"$P1","min_count":4,"max_count":4}}`,
		`alice = {"party_matchmaker_ticket":{"party_id":"$P1","ticket":"$T1"}}`)
	w.probe(alice, `{"op":"join","mode":7,"subject":"$P1.id","label":"$node","user":"$bob.user","session":"$bob.session"}`,
		`alice = {"rpc":true}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob : {"party":{"leader":"alice","max_size":2,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.probe(alice, `{"op":"join","mode":7,"subject":"$P1.id","label":"$node","user":"$bob.user","session":"$bob.session"}`,
		`alice = {"rpc":false}`)
	w.step(bob, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`bob = {}`,
		`alice : {"party_data":{"op_code":"1","party_id":"$P1","presence":"bob"}}`)
	w.step(alice, `{"party_matchmaker_remove":{"party_id":"$P1","ticket":"$T1"}}`,
		`alice = {}`)
	w.probe(carol, `{"op":"leave","mode":7,"subject":"$P1.id","label":"$node","user":"$carol.user","session":"$bob.session"}`,
		`carol = {"rpc":null}`)
	w.probe(carol, `{"op":"list","mode":7,"subject":"$P1.id","label":"$node"}`,
		`carol = {"rpc":["alice ","bob "]}`)
	w.probe(carol, `{"op":"leave","mode":7,"subject":"$P1.id","label":"$node","user":"$alice.user","session":"$alice.session"}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`bob : {"party_presence_event":{"leaves":["alice"],"party_id":"$P1"}}`,
		`carol = {"rpc":null}`)
	w.step(bob, `{"party_promote":{"party_id":"$P1","presence":"@bob"}}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`bob = {}`)
}

// A session that is put on the stream of a full party hears the stream but is not a member.
func TestStreams_GhostOfFullParty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"open":true,"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.probe(carol, `{"op":"join","mode":7,"subject":"$P1.id","label":"$node","user":"$carol.user","session":"$carol.session"}`,
		`carol = {"rpc":true}`,
		`carol : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`,
		`bob : {"party_presence_event":{"joins":["carol"],"party_id":"$P1"}}`)
	w.step(carol, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`carol = {"error":{"code":3,"message":"Error sending party data: party member not found"}}`)
	w.step(alice, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`alice = {}`,
		`bob : {"party_data":{"op_code":"1","party_id":"$P1","presence":"alice"}}`)
	w.step(alice, `{"party_update":{"party_id":"$P1","open":true}}`,
		`alice : {"party_update":{"open":true,"party_id":"$P1"}}`,
		`alice = {}`,
		`bob : {"party_update":{"open":true,"party_id":"$P1"}}`,
		`carol : {"party_update":{"open":true,"party_id":"$P1"}}`)
	w.step(bob, `{"party_leave":{"party_id":"$P1"}}`,
		`bob = {}`,
		`alice : {"party_presence_event":{"leaves":["bob"],"party_id":"$P1"}}`,
		`carol : {"party_presence_event":{"leaves":["bob"],"party_id":"$P1"}}`)
	w.probe(alice, `{"op":"count","mode":7,"subject":"$P1.id","label":"$node"}`,
		`alice = {"rpc":2}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`carol = {}`)
	w.step(carol, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`alice : {"party_data":{"op_code":"1","party_id":"$P1","presence":"carol"}}`,
		`carol = {}`)
	w.step(alice, `{"party_close":{"party_id":"$P1"}}`,
		`alice : {"party_close":{"party_id":"$P1"}}`,
		`alice = {}`,
		`carol : {"party_close":{"party_id":"$P1"}}`)
}

func TestStreams_HiddenObserver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"open":true,"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.probe(carol, `{"op":"join","mode":7,"subject":"$P1.id","label":"$node","user":"$carol.user","session":"$carol.session","hidden":true,"status":"watching"}`,
		`carol = {"rpc":true}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`carol : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_promote":{"party_id":"$P1","presence":"@bob"}}`,
		`alice : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`alice = {}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`carol : {"party_leader":{"party_id":"$P1","presence":"bob"}}`)
	w.step(alice, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`alice = {}`,
		`bob : {"party_data":{"op_code":"1","party_id":"$P1","presence":"alice"}}`)
	w.probe(carol, `{"op":"get","mode":7,"subject":"$P1.id","label":"$node","user":"$carol.user","session":"$carol.session"}`,
		`carol = {"rpc":"carol hidden watching"}`)
	w.probe(carol, `{"op":"list","mode":7,"subject":"$P1.id","label":"$node"}`,
		`carol = {"rpc":["alice ","bob ","carol hidden watching"]}`)
	w.drop(carol)
	w.drop(bob,
		`alice : {"party_leader":{"party_id":"$P1","presence":"alice"}}`,
		`alice : {"party_presence_event":{"leaves":["bob"],"party_id":"$P1"}}`)
}

// An update of a member's presence removes the member from the party. After a leader's update, the next member leads.
// After the last member's update, the party closes.
func TestStreams_UpdateEvicts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.player("alice"), w.player("bob")
	w.step(alice, `{"party_create":{"open":true,"max_size":3}}`,
		`alice = {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.probe(bob, `{"op":"update","mode":7,"subject":"$P1.id","label":"$node","user":"$alice.user","session":"$alice.session","status":"x"}`,
		`bob = {"rpc":null}`,
		`alice : {"party":{"leader":"alice","max_size":3,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"alice"}}`,
		`alice : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"leaves":["alice"],"party_id":"$P1"}}`,
		`bob : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["alice"],"leaves":["alice"],"party_id":"$P1"}}`)
	w.step(alice, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`alice = {"error":{"code":3,"message":"Error sending party data: party member not found"}}`)
	w.step(bob, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`bob = {}`)
	w.probe(bob, `{"op":"update","mode":7,"subject":"$P1.id","label":"$node","user":"$bob.user","session":"$bob.session","status":"x"}`,
		`bob = {"rpc":null}`,
		`bob : {"party":{"leader":"bob","max_size":3,"open":true,"party_id":"$P1","presences":["bob"],"self":"bob"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {"error":{"code":3,"message":"Error joining party: party not found"}}`)
	w.probe(bob, `{"op":"count","mode":7,"subject":"$P1.id","label":"$node"}`,
		`bob = {"rpc":0}`)
}

// After StreamClose on a party's stream, the party keeps its members, but they hear nothing.
func TestStreams_CloseLeavesMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	w.step(alice, `{"party_create":{"open":true,"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob = {}`,
		`bob : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.probe(alice, `{"op":"close","mode":7,"subject":"$P1.id","label":"$node"}`,
		`alice = {"rpc":null}`)
	w.probe(alice, `{"op":"count","mode":7,"subject":"$P1.id","label":"$node"}`,
		`alice = {"rpc":0}`)
	w.step(alice, `{"party_data_send":{"party_id":"$P1","op_code":"1"}}`,
		`alice = {}`,
		`bob : {"party_data":{"op_code":"1","party_id":"$P1","presence":"alice"}}`)
	w.step(alice, `{"party_promote":{"party_id":"$P1","presence":"@bob"}}`,
		`alice = {}`)
	w.step(carol, `{"party_join":{"party_id":"$P1"}}`,
		`carol = {"error":{"code":3,"message":"Error joining party: party full"}}`)
	w.drop(alice)
	w.step(bob, `{"party_close":{"party_id":"$P1"}}`,
		`bob = {}`)
}

func TestStreams_Send(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.player("alice"), w.player("bob")
	w.step(alice, `{"party_create":{"open":true,"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.probe(alice, `{"op":"send","mode":7,"subject":"$P1.id","label":"$node","data":"hello"}`,
		`alice : {"stream_data":{"data":"hello","reliable":true,"stream":{"label":"$node","mode":7,"subject":"$P1.id"}}}`,
		`alice = {"rpc":null}`,
		`bob : {"stream_data":{"data":"hello","reliable":true,"stream":{"label":"$node","mode":7,"subject":"$P1.id"}}}`)
	w.probe(alice, `{"op":"sendraw","mode":7,"subject":"$P1.id","label":"$node","raw":{"party_data":{"party_id":"$P1","op_code":"-1","data":"e30="}}}`,
		`alice : {"party_data":{"data":"e30=","op_code":"-1","party_id":"$P1"}}`,
		`alice = {"rpc":null}`,
		`bob : {"party_data":{"data":"e30=","op_code":"-1","party_id":"$P1"}}`)
	w.probe(alice, `{"op":"sendraw","mode":7,"subject":"$P1.id","label":"$node"}`,
		`alice = {"error":{"code":7,"message":"expects a valid message"}}`)
	w.probe(alice, `{"op":"send","mode":7,"subject":"$P1.id","label":"elsewhere","data":"hello"}`,
		`alice = {"rpc":null}`)
}

func TestStreams_Custom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob, carol := w.player("alice"), w.player("bob"), w.player("carol")
	const stream = `"mode":101,"subject":"$alice.user","subcontext":"$bob.user","label":"room"`
	w.probe(alice, `{"op":"join",`+stream+`,"user":"$alice.user","session":"$alice.session","status":"one"}`,
		`alice = {"rpc":true}`,
		`alice : {"stream_presence_event":{"joins":["alice"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`)
	w.probe(alice, `{"op":"join",`+stream+`,"user":"$bob.user","session":"$bob.session","status":"two"}`,
		`alice = {"rpc":true}`,
		`bob : {"stream_presence_event":{"joins":["bob"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`,
		`alice : {"stream_presence_event":{"joins":["bob"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`)
	w.probe(alice, `{"op":"join",`+stream+`,"user":"$carol.user","session":"$carol.session","hidden":true}`,
		`alice = {"rpc":true}`)
	w.probe(alice, `{"op":"join",`+stream+`,"user":"$carol.user","session":"$carol.session"}`,
		`alice = {"rpc":false}`)
	w.probe(alice, `{"op":"list",`+stream+`}`,
		`alice = {"rpc":["alice one","bob two","carol hidden "]}`)
	w.probe(alice, `{"op":"count",`+stream+`}`,
		`alice = {"rpc":3}`)
	w.probe(alice, `{"op":"update",`+stream+`,"user":"$bob.user","session":"$bob.session","status":"three"}`,
		`alice = {"rpc":null}`,
		`alice : {"stream_presence_event":{"joins":["bob"],"leaves":["bob"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`,
		`bob : {"stream_presence_event":{"joins":["bob"],"leaves":["bob"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`,
		`carol : {"stream_presence_event":{"joins":["bob"],"leaves":["bob"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`)
	w.probe(alice, `{"op":"update",`+stream+`,"user":"$bob.user","session":"$bob.session","status":"four","hidden":true}`,
		`alice = {"rpc":null}`,
		`bob : {"stream_presence_event":{"leaves":["bob"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`,
		`carol : {"stream_presence_event":{"leaves":["bob"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`,
		`alice : {"stream_presence_event":{"leaves":["bob"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`)
	w.probe(alice, `{"op":"update",`+stream+`,"user":"$bob.user","session":"$bob.session","status":"five","hidden":true}`,
		`alice = {"rpc":null}`)
	w.probe(alice, `{"op":"update",`+stream+`,"user":"$carol.user","session":"$carol.session","status":"six"}`,
		`alice = {"rpc":null}`,
		`alice : {"stream_presence_event":{"joins":["carol"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`,
		`bob : {"stream_presence_event":{"joins":["carol"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`,
		`carol : {"stream_presence_event":{"joins":["carol"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`)
	w.probe(alice, `{"op":"get",`+stream+`,"user":"$carol.user","session":"$carol.session"}`,
		`alice = {"rpc":"carol six"}`)
	w.probe(alice, `{"op":"get",`+stream+`,"user":"$carol.user","session":"$alice.session"}`,
		`alice = {"rpc":null}`)
	w.probe(alice, `{"op":"send",`+stream+`,"data":"hi"}`,
		`alice : {"stream_data":{"data":"hi","reliable":true,"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`,
		`alice = {"rpc":null}`,
		`bob : {"stream_data":{"data":"hi","reliable":true,"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`,
		`carol : {"stream_data":{"data":"hi","reliable":true,"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`)
	w.drop(bob)
	w.drop(carol,
		`alice : {"stream_presence_event":{"leaves":["carol"],"stream":{"label":"room","mode":101,"subcontext":"bob.user","subject":"alice.user"}}}`)
	w.probe(alice, `{"op":"leave",`+stream+`,"user":"$alice.user","session":"$alice.session"}`,
		`alice = {"rpc":null}`)
	w.probe(alice, `{"op":"leave",`+stream+`,"user":"$alice.user","session":"$alice.session"}`,
		`alice = {"rpc":null}`)
	w.probe(alice, `{"op":"list",`+stream+`}`,
		`alice = {"rpc":null}`)
	w.probe(alice, `{"op":"join","mode":102,"user":"$alice.user","session":"$alice.session"}`,
		`alice = {"rpc":true}`,
		`alice : {"stream_presence_event":{"joins":["alice"],"stream":{"mode":102}}}`)
	w.probe(alice, `{"op":"list","mode":0,"subject":"$alice.user"}`,
		`alice = {"rpc":["alice hidden "]}`)
	w.probe(alice, `{"op":"update","mode":1,"subject":"$alice.user","user":"$alice.user","session":"$alice.session","status":"set by the server"}`,
		`alice = {"rpc":null}`,
		`alice : {"status_presence_event":{"joins":["alice set by the server"],"leaves":["alice "]}}`)
}

func TestStreams_Refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.player("alice"), w.player("bob")
	w.probe(alice, `{"op":"list","mode":101,"subject":"x"}`,
		`alice = {"error":{"code":7,"message":"stream subject must be a valid identifier"}}`)
	w.probe(alice, `{"op":"count","mode":101,"subcontext":"x"}`,
		`alice = {"error":{"code":7,"message":"stream subcontext must be a valid identifier"}}`)
	w.probe(alice, `{"op":"close","mode":101,"subject":"x"}`,
		`alice = {"error":{"code":7,"message":"stream subject must be a valid identifier"}}`)
	w.probe(alice, `{"op":"send","mode":101,"subject":"x"}`,
		`alice = {"error":{"code":7,"message":"stream subject must be a valid identifier"}}`)
	w.probe(alice, `{"op":"sendraw","mode":101,"subject":"x"}`,
		`alice = {"error":{"code":7,"message":"stream subject must be a valid identifier"}}`)
	w.probe(alice, `{"op":"get","mode":101,"user":"x","session":"x"}`,
		`alice = {"error":{"code":7,"message":"expects valid user id"}}`)
	w.probe(alice, `{"op":"join","mode":101,"user":"x","session":"x"}`,
		`alice = {"error":{"code":7,"message":"expects valid user id"}}`)
	w.probe(alice, `{"op":"join","mode":101,"user":"$alice.user","session":"x"}`,
		`alice = {"error":{"code":7,"message":"expects valid session id"}}`)
	w.probe(alice, `{"op":"join","mode":101,"subject":"x","user":"$alice.user","session":"$alice.session"}`,
		`alice = {"error":{"code":7,"message":"stream subject must be a valid identifier"}}`)
	w.probe(alice, `{"op":"join","mode":101,"user":"$alice.user","session":"0b3cf4e6-5ba1-4d9c-8b9e-3a1c4f5c9f01"}`,
		`alice = {"error":{"code":7,"message":"node not found"}}`)
	w.probe(alice, `{"op":"update","mode":101,"user":"$alice.user","session":"0b3cf4e6-5ba1-4d9c-8b9e-3a1c4f5c9f01"}`,
		`alice = {"error":{"code":7,"message":"node not found"}}`)
	w.probe(alice, `{"op":"leave","mode":101,"user":"$alice.user","session":"0b3cf4e6-5ba1-4d9c-8b9e-3a1c4f5c9f01"}`,
		`alice = {"error":{"code":7,"message":"node not found"}}`)
	w.probe(alice, `{"op":"disconnect","session":"x"}`,
		`alice = {"error":{"code":7,"message":"expects valid session id"}}`)
	w.probe(alice, `{"op":"disconnect","session":"0b3cf4e6-5ba1-4d9c-8b9e-3a1c4f5c9f01"}`,
		`alice = {"rpc":null}`)
	w.drop(bob)
	w.probe(alice, `{"op":"join","mode":101,"user":"$bob.user","session":"$bob.session"}`,
		`alice = {"error":{"code":7,"message":"session not found"}}`)
	w.probe(alice, `{"op":"update","mode":101,"user":"$bob.user","session":"$bob.session"}`,
		`alice = {"error":{"code":7,"message":"session not found"}}`)
	w.probe(alice, `{"op":"leave","mode":101,"user":"$bob.user","session":"$bob.session"}`,
		`alice = {"rpc":null}`)
	w.step(alice, `{"rpc":{"id":""}}`,
		`alice = {"error":{"code":3,"message":"RPC ID must be set"}}`)
	w.step(alice, `{"rpc":{"id":"nothing"}}`,
		`alice = {"error":{"code":6,"message":"RPC function not found"}}`)
}

func TestStreams_Disconnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.player("alice"), w.player("bob")
	w.step(alice, `{"party_create":{"open":true,"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	w.step(bob, `{"party_join":{"party_id":"$P1"}}`,
		`bob = {}`,
		`alice : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`,
		`bob : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice","bob"],"self":"bob"}}`,
		`bob : {"party_presence_event":{"joins":["bob"],"party_id":"$P1"}}`)
	w.cutOff(bob, alice, `{"rpc":{"id":"Probe","payload":"{\"op\":\"disconnect\",\"session\":\"$alice.session\"}"}}`, "server-side session disconnect",
		`bob : {"party_leader":{"party_id":"$P1","presence":"bob"}}`,
		`bob : {"party_presence_event":{"leaves":["alice"],"party_id":"$P1"}}`,
		`bob = {"rpc":null}`)
}

// A server still handles messages from a socket that it has closed, until the client has confirmed the close or
// CloseWait has passed. A session that joins an open party in that time is a member without a stream. Only the
// leader's remove ends that.
func TestStreams_DeadSocketJoins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.player("alice"), w.player("bob")
	w.step(alice, `{"party_create":{"open":true,"max_size":2}}`,
		`alice = {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice"],"self":"alice"}}`,
		`alice : {"party_presence_event":{"joins":["alice"],"party_id":"$P1"}}`)
	bob.conn.SetCloseHandler(func(int, string) error {
		bob.sendText(w.expand(`{"party_join":{"party_id":"$P1"}}`))
		return bob.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(timeout))
	})
	w.cutOff(alice, bob, `{"rpc":{"id":"Probe","payload":"{\"op\":\"disconnect\",\"session\":\"$bob.session\"}"}}`, "server-side session disconnect",
		`alice = {"rpc":null}`)
	w.probe(alice, `{"op":"count","mode":7,"subject":"$P1.id","label":"$node"}`, `alice = {"rpc":1}`)
	cyd := w.player("cyd")
	w.step(cyd, `{"party_join":{"party_id":"$P1"}}`,
		`cyd = {"error":{"code":3,"message":"Error joining party: party full"}}`)
	w.step(alice, `{"party_remove":{"party_id":"$P1","presence":{"user_id":"$bob.user","session_id":"$bob.session","username":"$bob"}}}`,
		`alice = {}`)
	w.step(cyd, `{"party_join":{"party_id":"$P1"}}`,
		`cyd = {}`,
		`alice : {"party_presence_event":{"joins":["cyd"],"party_id":"$P1"}}`,
		`cyd : {"party":{"leader":"alice","max_size":2,"open":true,"party_id":"$P1","presences":["alice","cyd"],"self":"cyd"}}`,
		`cyd : {"party_presence_event":{"joins":["cyd"],"party_id":"$P1"}}`)
}
