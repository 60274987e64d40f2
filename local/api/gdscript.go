package api

import (
	"fmt"
	"strings"
)

const gdscriptHead = `class_name Partyline
extends RefCounted
## Typed client of Partyline over the Nakama SDK for Godot 4. Generated from the module's Go types:
## do not edit.
##
##     var party := Partyline.over_socket(socket)
##     var request := Partyline.InviteCreateRequest.new()
##     request.party_id = id
##     var invite := await party.invite_create(request)
##     if invite.refusal != null: show(invite.refusal.message)
##
## Times are Unix seconds. A later server may know more values of a text and send more fields. A
## field of a request that is left at null is not sent.

## Why a call, or a party message, was refused.
class Refusal extends RefCounted:
	## One of REASONS, or "other": not Partyline's, but the server's own.
	var reason := "other"
	## The designer's rule that refused; empty for every other reason.
	var rule := ""
	## For the player.
	var message := ""
	## In how many seconds to try again; -1 where the server does not say.
	var retry_after_sec := -1

	static func from(text: String) -> Refusal:
		var refusal := Refusal.new()
		refusal.message = text
		var found := RegEx.create_from_string("(?s)^([a-z_]+)(?:/([\\w-]+))?: (.*)$").search(text)
		if found == null or not REASONS.has(found.get_string(1)):
			return refusal
		refusal.reason = found.get_string(1)
		refusal.rule = found.get_string(2)
		refusal.message = found.get_string(3)
		var wait := RegEx.create_from_string("retry_after_sec=(\\d+)").search(refusal.message)
		if wait != null:
			refusal.retry_after_sec = wait.get_string(1).to_int()
		return refusal

## What every answer and message has.
class Answer extends RefCounted:
	## Why there is no answer; null where there is one.
	var refusal: Refusal = null

var _send: Callable

## Calls over a connected socket.
static func over_socket(socket: NakamaSocket) -> Partyline:
	var party := Partyline.new()
	party._send = func(id: String, payload: String): return await socket.rpc_async(id, payload)
	return party

## Calls over HTTP, for a launcher.
static func over_http(client: NakamaClient, session: NakamaSession) -> Partyline:
	var party := Partyline.new()
	party._send = func(id: String, payload: String): return await client.rpc_async(session, id, payload)
	return party

## Puts the answer's fields, or the refusal, into answer. The game's own servers call so too.
static func _call_into(send: Callable, answer: Answer, id: String, fields: Dictionary) -> Dictionary:
	var reply: NakamaAPI.ApiRpc = await send.call(id, JSON.stringify(fields))
	if reply.is_exception():
		answer.refusal = Refusal.from(reply.get_exception().message)
		return {}
	var got = JSON.parse_string(reply.payload)
	return got if got is Dictionary else {}
`

// GDScript returns a typed client over the SDK for Godot 4.
func (a *API) GDScript() []byte {
	var b strings.Builder
	b.WriteString(gdscriptHead)
	b.WriteString("\n## Why something was refused, with the gRPC status number.\nconst REASONS := {\n")
	for _, r := range a.Reasons {
		if r.Doc != "" {
			fmt.Fprintf(&b, "\t# %s\n", r.Doc)
		}
		fmt.Fprintf(&b, "\t%q: %d,\n", r.Name, r.Number)
	}
	b.WriteString("}\n")
	for _, e := range a.Enums {
		b.WriteString("\n")
		gdDoc(&b, "", e.Doc)
		fmt.Fprintf(&b, "class %s:\n", e.Name)
		for _, v := range e.Values {
			gdDoc(&b, "\t", v.Doc)
			fmt.Fprintf(&b, "\tconst %s := %q\n", strings.ToUpper(v.name()), v.Text)
		}
	}
	for _, o := range a.Objects {
		if len(o.Fields) > 0 {
			gdObject(&b, o)
		}
	}
	a.gdCalls(&b, "", false)
	b.WriteString(`
## What the game's own servers call, with the HTTP key. Never ship the key to players.
class Server extends RefCounted:
	var _send: Callable

	func _init(client: NakamaClient, http_key: String) -> void:
		_send = func(id: String, payload: String): return await client.rpc_async_with_key(http_key, id, payload)
`)
	a.gdCalls(&b, "\t", true)
	a.gdMessages(&b)
	return []byte(b.String())
}

func gdObject(b *strings.Builder, o *Object) {
	b.WriteString("\n")
	gdDoc(b, "", o.Doc)
	fmt.Fprintf(b, "class %s extends Answer:\n", o.Name)
	for _, f := range o.Fields {
		doc := f.Doc
		if f.Type.Enum != nil {
			doc = strings.TrimSpace(fmt.Sprintf("One of [%s]. %s", f.Type.Enum.Name, doc))
		}
		gdDoc(b, "\t", doc)
		if f.Optional && o.Sent || f.Pointer && f.Type.Kind != Known {
			fmt.Fprintf(b, "\tvar %s = null # %s\n", gdName(f.Name), f.Type.gdscript())
			continue
		}
		zero := f.Type.gdZero()
		if f.Pointer {
			zero = "null"
		}
		fmt.Fprintf(b, "\tvar %s: %s = %s\n", gdName(f.Name), f.Type.gdscript(), zero)
	}
	if o.Sent {
		b.WriteString("\n\tfunc fields() -> Dictionary:\n\t\tvar all := {}\n")
		for _, f := range o.Fields {
			fmt.Fprintf(b, "\t\tif %s != null: all[%q] = %s\n", gdName(f.Name), f.Name, f.Type.gdSent(gdName(f.Name), 0))
		}
		b.WriteString("\t\treturn all\n")
	}
	if !o.Sent || !strings.HasSuffix(o.Name, "Request") {
		fmt.Fprintf(b, "\n\tfunc read(got: Dictionary) -> %s:\n", o.Name)
		for _, f := range o.Fields {
			fmt.Fprintf(b, "\t\tif got.get(%q) != null:\n", f.Name)
			f.Type.gdRead(b, "\t\t\t", gdName(f.Name), fmt.Sprintf("got[%q]", f.Name))
		}
		b.WriteString("\t\treturn self\n")
	}
}

// gdName returns the name of a member. "pass" is a keyword of GDScript.
func gdName(name string) string {
	if name == "pass" {
		return "pass_text"
	}
	return name
}

func (a *API) gdCalls(b *strings.Builder, indent string, server bool) {
	for _, c := range a.Calls {
		if c.ServerOnly != server {
			continue
		}
		parameter, payload, answer := "", "{}", "Answer"
		if len(c.Request.Fields) > 0 {
			parameter, payload = "request: "+c.Request.Name, "request.fields()"
		}
		if len(c.Answer.Fields) > 0 {
			answer = c.Answer.Name
		}
		b.WriteString("\n")
		gdDoc(b, indent, c.Doc)
		fmt.Fprintf(b, "%sfunc %s(%s) -> %s:\n", indent, strings.TrimPrefix(strings.TrimPrefix(c.ID, "party_"), "admin_"), parameter, answer)
		fmt.Fprintf(b, "%s\tvar answer := %s.new()\n", indent, answer)
		call := fmt.Sprintf("await Partyline._call_into(_send, answer, %q, %s)", c.ID, payload)
		if answer == "Answer" {
			fmt.Fprintf(b, "%s\t%s\n%s\treturn answer\n", indent, call, indent)
		} else {
			fmt.Fprintf(b, "%s\treturn answer.read(%s)\n", indent, call)
		}
	}
}

func (a *API) gdMessages(b *strings.Builder) {
	b.WriteString("\n## Reads a message of the server's to the party, by its op code; null for what members send.\n")
	b.WriteString("static func party_event(message: NakamaRTAPI.PartyData) -> Answer:\n\tif message.op_code >= 0:\n\t\treturn null\n")
	b.WriteString("\tvar got = JSON.parse_string(message.data)\n\tif not got is Dictionary:\n\t\treturn null\n\tmatch message.op_code:\n")
	for _, e := range a.Events {
		fmt.Fprintf(b, "\t\t%d: return %s.new().read(got)\n", e.Op, e.Data.Name)
	}
	b.WriteString("\treturn null\n\n## Reads a notification, by its code; null for others.\n")
	b.WriteString("static func party_notice(notification: NakamaAPI.ApiNotification) -> Answer:\n")
	b.WriteString("\tvar got = JSON.parse_string(notification.content)\n\tif not got is Dictionary:\n\t\treturn null\n\tmatch notification.code:\n")
	for _, n := range a.Notices {
		fmt.Fprintf(b, "\t\t%d: return %s.new().read(got)\n", n.Code, n.Content.Name)
	}
	b.WriteString("\treturn null\n")
}

func gdDoc(b *strings.Builder, indent, doc string) {
	if doc != "" {
		fmt.Fprintf(b, "%s## %s\n", indent, doc)
	}
}

func (t Type) gdscript() string {
	switch t.Kind {
	case Text:
		return "String"
	case Bool:
		return "bool"
	case Whole:
		return "int"
	case Number:
		return "float"
	case List:
		if t.Elem.Kind == List || t.Elem.Kind == Any {
			return "Array"
		}
		return "Array[" + t.Elem.gdscript() + "]"
	case Map:
		return "Dictionary"
	case Known:
		return t.Object.Name
	}
	return "Variant"
}

func (t Type) gdZero() string {
	switch t.Kind {
	case Text:
		return `""`
	case Bool:
		return "false"
	case Whole:
		return "0"
	case Number:
		return "0.0"
	case List:
		return "[]"
	case Map:
		return "{}"
	case Known:
		return t.Object.Name + ".new()"
	}
	return "null"
}

// gdSent returns the expression that puts a value into a request. depth keeps the names of loop variables apart.
func (t Type) gdSent(value string, depth int) string {
	switch {
	case t.Kind == Known:
		return value + ".fields()"
	case t.Kind == List && t.Elem.Kind == Known:
		return value + fmt.Sprintf(".map(func(item%d): return item%d.fields())", depth, depth)
	}
	return value
}

// gdRead writes the code that puts a value of the answer into a field. GDScript reads all JSON numbers as floats.
func (t Type) gdRead(b *strings.Builder, indent, field, got string) {
	switch {
	case t.Kind == Whole:
		fmt.Fprintf(b, "%s%s = int(%s)\n", indent, field, got)
	case t.Kind == Known:
		fmt.Fprintf(b, "%s%s = %s.new().read(%s)\n", indent, field, t.Object.Name, got)
	case t.Kind == List && t.Elem.Kind == Known:
		fmt.Fprintf(b, "%sfor item in %s: %s.append(%s.new().read(item))\n", indent, got, field, t.Elem.Object.Name)
	case t.Kind == List && t.Elem.Kind == Whole:
		fmt.Fprintf(b, "%sfor item in %s: %s.append(int(item))\n", indent, got, field)
	case t.Kind == List && t.Elem.Kind != Any && t.Elem.Kind != List:
		fmt.Fprintf(b, "%s%s.assign(%s)\n", indent, field, got)
	case t.Kind == Map && t.Elem.Kind == Known:
		fmt.Fprintf(b, "%sfor key in %s: %s[key] = %s.new().read(%s[key])\n", indent, got, field, t.Elem.Object.Name, got)
	default:
		fmt.Fprintf(b, "%s%s = %s\n", indent, field, got)
	}
}
