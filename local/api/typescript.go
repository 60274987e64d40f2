package api

import (
	"fmt"
	"strings"
)

const typescriptHead = `// Typed client of Partyline over nakama-js 2.8. Generated from the module's Go types: do not edit.
//
//   const party = new Partyline(overSocket(socket));
//   const invite = await party.inviteCreate({ party_id, message: "Come and play!" });
//
// Times are Unix seconds. A later server may know more values of a text and send more fields.

import type { Client, Notification, PartyData, Session, Socket } from "@heroiclabs/nakama-js";

/** What carries a call: overSocket, overHttp or withHttpKey. */
export type Transport = (id: string, payload: object) => Promise<unknown>;

/** Calls over a connected socket. */
export function overSocket(socket: Socket): Transport {
  return async (id, payload) => JSON.parse((await socket.rpc(id, JSON.stringify(payload))).payload ?? "{}");
}

/** Calls over HTTP, for a launcher or a web page. */
export function overHttp(client: Client, session: Session): Transport {
  return async (id, payload) => (await client.rpc(session, id, payload)).payload ?? {};
}

/** Calls of the game's own servers. Never ship the key to players. */
export function withHttpKey(client: Client, httpKey: string): Transport {
  return async (id, payload) => (await client.rpcHttpKey(httpKey, id, payload)).payload ?? {};
}

/** Why a call, or a party message, was refused. The message is for the player. */
export class Refusal extends Error {
  constructor(
    readonly reason: Reason,
    /** The designer's rule that refused; "" for every other reason. */
    readonly rule: string,
    message: string,
    /** In how many seconds to try again; undefined where the server does not say. */
    readonly retryAfterSec?: number,
  ) {
    super(message);
  }

  /** Reads what the SDK has thrown; undefined if it is none of Partyline's. */
  static async of(error: unknown): Promise<Refusal | undefined> {
    let thrown: unknown = error;
    if (typeof Response !== "undefined" && error instanceof Response) thrown = await error.clone().json().catch(() => undefined);
    const text = typeof thrown === "string" ? thrown : (thrown as { message?: unknown } | undefined)?.message;
    const found = /^([a-z_]+)(?:\/([\w-]+))?: (.*)$/s.exec(typeof text === "string" ? text : "");
    if (!found || !(found[1]! in reasonNumbers)) return undefined;
    const wait = /retry_after_sec=(\d+)/.exec(found[3]!);
    return new Refusal(found[1] as Reason, found[2] ?? "", found[3]!, wait ? Number(wait[1]) : undefined);
  }
}

async function call<Answer>(send: Transport, id: string, payload: object): Promise<Answer> {
  try {
    return (await send(id, payload)) as Answer;
  } catch (error) {
    throw (await Refusal.of(error)) ?? error;
  }
}
`

// TypeScript returns a typed client over nakama-js.
func (a *API) TypeScript() []byte {
	var b strings.Builder
	b.WriteString(typescriptHead)
	tsEnum(&b, "Reason", "Why something was refused.", reasonValues(a.Reasons))
	b.WriteString("\n/** The gRPC status number of each reason. */\nexport const reasonNumbers: Readonly<Record<Reason, number>> = {\n")
	for _, r := range a.Reasons {
		fmt.Fprintf(&b, "  %s: %d,\n", r.Name, r.Number)
	}
	b.WriteString("};\n")
	for _, e := range a.Enums {
		tsEnum(&b, e.Name, e.Doc, e.Values)
	}
	for _, o := range a.Objects {
		if len(o.Fields) == 0 {
			continue
		}
		b.WriteString("\n")
		tsDoc(&b, "", o.Doc)
		fmt.Fprintf(&b, "export interface %s {\n", o.Name)
		for _, f := range o.Fields {
			tsDoc(&b, "  ", f.Doc)
			optional, null := "", ""
			if f.Optional {
				optional = "?"
			}
			if f.Nullable {
				null = " | null"
			}
			fmt.Fprintf(&b, "  %s%s: %s%s;\n", f.Name, optional, f.Type.typescript(), null)
		}
		b.WriteString("}\n")
	}
	a.tsClass(&b, "Partyline", "What players call.", false)
	a.tsClass(&b, "PartylineServer", "What the game's own servers call, with the HTTP key.", true)
	a.tsMessages(&b)
	return []byte(b.String())
}

func (a *API) tsClass(b *strings.Builder, name, doc string, server bool) {
	fmt.Fprintf(b, "\n/** %s */\nexport class %s {\n  constructor(private readonly send: Transport) {}\n", doc, name)
	for _, c := range a.Calls {
		if c.ServerOnly != server {
			continue
		}
		parameter, payload, answer := "", "{}", "Record<string, never>"
		if len(c.Request.Fields) > 0 {
			parameter, payload = "request: "+c.Request.Name, "request"
		}
		if len(c.Answer.Fields) > 0 {
			answer = c.Answer.Name
		}
		b.WriteString("\n")
		tsDoc(b, "  ", c.Doc)
		fmt.Fprintf(b, "  %s(%s): Promise<%s> {\n    return call(this.send, %q, %s);\n  }\n", lowerFirst(methodName(c)), parameter, answer, c.ID, payload)
	}
	b.WriteString("}\n")
}

func (a *API) tsMessages(b *strings.Builder) {
	b.WriteString("\n/** A message of the server's to the party, by its op code. */\nexport type PartyEvent =\n")
	for i, e := range a.Events {
		fmt.Fprintf(b, "  | { op: %d; data: %s }%s\n", e.Op, e.Data.Name, suffixOfLast(i, len(a.Events), ";"))
	}
	fmt.Fprintf(b, `
/** Reads what onpartydata brings; undefined for what members send and for messages of a newer server. */
export function partyEvent(message: PartyData): PartyEvent | undefined {
  const op = Number(message.op_code);
  if (!(op <= -1 && op >= %d)) return undefined;
  return { op, data: JSON.parse(new TextDecoder().decode(message.data)) } as PartyEvent;
}

/** A notification of Partyline's, by its code. */
export type PartyNotice =
`, a.Events[len(a.Events)-1].Op)
	codes := make([]string, len(a.Notices))
	for i, n := range a.Notices {
		codes[i] = fmt.Sprint(n.Code)
		fmt.Fprintf(b, "  | { code: %d; content: %s }%s\n", n.Code, n.Content.Name, suffixOfLast(i, len(a.Notices), ";"))
	}
	fmt.Fprintf(b, `
/** Reads what onnotification brings; undefined for other notifications. */
export function partyNotice(notification: Notification): PartyNotice | undefined {
  const code = Number(notification.code);
  if (![%s].includes(code)) return undefined;
  return { code, content: notification.content } as unknown as PartyNotice;
}
`, strings.Join(codes, ", "))
}

func tsEnum(b *strings.Builder, name, doc string, values []Value) {
	b.WriteString("\n")
	tsDoc(b, "", doc)
	fmt.Fprintf(b, "export type %s =\n", name)
	for i, v := range values {
		tsDoc(b, "  ", v.Doc)
		fmt.Fprintf(b, "  | %q%s\n", v.Text, suffixOfLast(i, len(values), ";"))
	}
}

func tsDoc(b *strings.Builder, indent, doc string) {
	if doc != "" {
		fmt.Fprintf(b, "%s/** %s */\n", indent, strings.ReplaceAll(doc, "*/", "* /"))
	}
}

func (t Type) typescript() string {
	switch t.Kind {
	case Text:
		if t.Enum != nil {
			return t.Enum.Name
		}
		return "string"
	case Bool:
		return "boolean"
	case Whole, Number:
		return "number"
	case List:
		if t.Length > 0 {
			return "[" + strings.Join(repeat(t.Elem.typescript(), t.Length), ", ") + "]"
		}
		return t.Elem.typescript() + "[]"
	case Map:
		return "Record<string, " + t.Elem.typescript() + ">"
	case Known:
		return t.Object.Name
	}
	return "unknown"
}
