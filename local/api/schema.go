package api

import (
	"encoding/json"
	"fmt"
	"strings"
)

// apiDescription is the description at the start of every document.
const apiDescription = "Calls, messages and notifications of Partyline, generated from its Go types. Times are Unix seconds. " +
	"Requests are strict: an unknown field is refused. Answers may get more fields in a later version."

type object = map[string]any

// Schema returns a JSON Schema with a definition for every request, answer, event and
// notification. Its x-partyline section says which definition belongs to which call, event and notification.
func (a *API) Schema() []byte {
	definitions := a.definitions("#/$defs/")
	calls, events, notices := object{}, object{}, object{}
	for _, c := range a.Calls {
		calls[c.ID] = object{
			"description": c.Doc, "server_only": c.ServerOnly,
			"request": ref("#/$defs/", c.Request), "answer": ref("#/$defs/", c.Answer),
		}
	}
	for _, e := range a.Events {
		events[fmt.Sprint(e.Op)] = ref("#/$defs/", e.Data)
	}
	for _, n := range a.Notices {
		notices[fmt.Sprint(n.Code)] = object{"subject": n.Subject, "content": ref("#/$defs/", n.Content)}
	}
	return encodeJSON(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Partyline", "description": apiDescription, "$defs": definitions,
		"x-partyline": object{"calls": calls, "events": events, "notifications": notices},
	})
}

// OpenAPI describes the calls as HTTP requests, in OpenAPI 3.1.
func (a *API) OpenAPI() []byte {
	const schemas = "#/components/schemas/"
	paths := object{}
	for _, c := range a.Calls {
		security := object{"session": []string{}}
		if c.ServerOnly {
			security = object{"http_key": []string{}}
		}
		body := func(o *Object) object {
			return object{"application/json": object{"schema": ref(schemas, o)}}
		}
		paths["/v2/rpc/"+c.ID] = object{"post": object{
			"operationId": c.ID, "summary": c.Doc, "security": []object{security},
			"parameters": []object{{
				"name": "unwrap", "in": "query", "required": true, "schema": object{"type": "string", "enum": []string{"true"}},
				"description": "Body and answer are the JSON itself, not a text that holds it.",
			}},
			"requestBody": object{"required": true, "content": body(c.Request)},
			"responses": object{
				"200":     object{"description": "The answer.", "content": body(c.Answer)},
				"default": object{"description": "A refusal.", "content": object{"application/json": object{"schema": object{"$ref": schemas + "Refusal"}}}},
			},
		}}
	}
	definitions := a.definitions(schemas)
	definitions["Refusal"] = object{
		"type": "object", "description": "What the server answers instead.", "required": []string{"code", "message"},
		"properties": object{
			"code":    object{"type": "integer", "description": "gRPC status number."},
			"message": object{"type": "string", "description": "<reason>: <message for the player>; of a designer's rule rule_denied/<rule>: <message>."},
		},
	}
	return encodeJSON(object{
		"openapi": "3.1.0", "info": object{"title": "Partyline", "version": "1", "description": apiDescription}, "paths": paths,
		"components": object{"schemas": definitions, "securitySchemes": object{
			"session":  object{"type": "http", "scheme": "bearer", "description": "The player's session token."},
			"http_key": object{"type": "apiKey", "in": "query", "name": "http_key", "description": "The server's runtime.http_key."},
		}},
	})
}

// definitions returns all objects, all enumerations and the reasons. References begin with prefix.
func (a *API) definitions(prefix string) object {
	all := object{}
	for _, o := range a.Objects {
		properties, required := object{}, []string{}
		for _, f := range o.Fields {
			s := f.Type.schema(prefix)
			if f.Nullable {
				s = object{"anyOf": []object{s, {"type": "null"}}}
			}
			describe(s, f.Doc)
			properties[f.Name] = s
			if !f.Optional {
				required = append(required, f.Name)
			}
		}
		d := object{"type": "object", "properties": properties, "required": required}
		if o.Sent {
			d["additionalProperties"] = false
		}
		describe(d, o.Doc)
		all[o.Name] = d
	}
	for _, e := range a.Enums {
		all[e.Name] = values(e.Doc, e.Values)
	}
	reasons := make([]Value, len(a.Reasons))
	numbers := object{}
	for i, r := range a.Reasons {
		reasons[i], numbers[r.Name] = Value{r.Name, r.Doc}, r.Number
	}
	all["Reason"] = values("Why something was refused: the part before the colon of an error's message.", reasons)
	all["Reason"].(object)["x-numbers"] = numbers
	return all
}

func values(doc string, list []Value) object {
	names, docs := make([]string, len(list)), object{}
	for i, v := range list {
		names[i] = v.Text
		if v.Doc != "" {
			docs[v.Text] = v.Doc
		}
	}
	e := object{"type": "string", "enum": names}
	describe(e, doc)
	if len(docs) > 0 {
		e["x-descriptions"] = docs
	}
	return e
}

func (t Type) schema(prefix string) object {
	switch t.Kind {
	case Text:
		if t.Enum != nil {
			return object{"$ref": prefix + t.Enum.Name}
		}
		return object{"type": "string"}
	case Bool:
		return object{"type": "boolean"}
	case Whole:
		return object{"type": "integer"}
	case Number:
		return object{"type": "number"}
	case List:
		s := object{"type": "array", "items": t.Elem.schema(prefix)}
		if t.Length > 0 {
			s["minItems"], s["maxItems"] = t.Length, t.Length
		}
		return s
	case Map:
		return object{"type": "object", "additionalProperties": t.Elem.schema(prefix)}
	case Known:
		return ref(prefix, t.Object)
	}
	return object{}
}

func ref(prefix string, o *Object) object { return object{"$ref": prefix + o.Name} }

func describe(s object, doc string) {
	if doc != "" {
		s["description"] = doc
	}
}

func encodeJSON(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err) // v consists of maps and texts only
	}
	return []byte(b.String())
}
