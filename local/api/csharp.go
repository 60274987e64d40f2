package api

import (
	_ "embed"
	"fmt"
	"strings"
)

const csharpHead = `// Typed client of Partyline over the Nakama SDK for .NET and Unity. Generated from the module's
// Go types: do not edit.
//
//   var party = new PartylineClient(Transports.OverSocket(socket));
//   var invite = await party.InviteCreateAsync(new InviteCreateRequest { PartyId = id, Message = "Come and play!" });
//
// Times are Unix seconds. A later server may know more values of a text and send more fields.

using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Serialization;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Nakama;

namespace Partyline
{
    /// <summary>Carries a call: JSON to the server, JSON back.</summary>
    public delegate Task<string> Transport(string id, string payload);

    /// <summary>The ways a call can go.</summary>
    public static class Transports
    {
        /// <summary>Over a connected socket.</summary>
        public static Transport OverSocket(ISocket socket)
        {
            return async (id, payload) => (await socket.RpcAsync(id, payload)).Payload;
        }

        /// <summary>Over HTTP, for a launcher.</summary>
        public static Transport OverHttp(IClient client, ISession session)
        {
            return async (id, payload) => (await client.RpcAsync(session, id, payload)).Payload;
        }

        /// <summary>Of the game's own servers. Never ship the key to players.</summary>
        public static Transport WithHttpKey(IClient client, string httpKey)
        {
            return async (id, payload) => (await client.RpcAsync(httpKey, id, payload)).Payload;
        }
    }

    /// <summary>Why a call, or a party message, was refused. The message is for the player.</summary>
    public sealed class Refusal : Exception
    {
        /// <summary>One of Reasons.</summary>
        public readonly string Reason;

        /// <summary>The designer's rule that refused; empty for every other reason.</summary>
        public readonly string Rule;

        /// <summary>In how many seconds to try again; null where the server does not say.</summary>
        public readonly int? RetryAfterSec;

        private Refusal(string reason, string rule, string message, int? retryAfterSec, Exception cause) : base(message, cause)
        {
            Reason = reason;
            Rule = rule;
            RetryAfterSec = retryAfterSec;
        }

        /// <summary>Reads what the SDK has thrown; null if it is none of Partyline's.</summary>
        public static Refusal From(Exception error)
        {
            // Where the SDK repeats a call, the last failure is inside of the one that it throws. For a fault of the
            // server over HTTP the message is the whole body.
            if (error == null) return null;
            var said = error.Message;
            if (said.StartsWith("{", StringComparison.Ordinal))
            {
                try
                {
                    said = PartyJson.Read<Dictionary<string, object>>(said).TryGetValue("message", out var message) ? message as string ?? "" : "";
                }
                catch (FormatException)
                {
                }
            }
            var found = Regex.Match(said, @"^([a-z_]+)(?:/([\w-]+))?: (.*)$", RegexOptions.Singleline);
            if (!found.Success || !Reasons.Numbers.ContainsKey(found.Groups[1].Value)) return From(error.InnerException);
            var text = found.Groups[3].Value;
            var wait = Regex.Match(text, @"retry_after_sec=(\d+)");
            var seconds = wait.Success ? int.Parse(wait.Groups[1].Value, CultureInfo.InvariantCulture) : (int?)null;
            return new Refusal(found.Groups[1].Value, found.Groups[2].Value, text, seconds, error);
        }

        internal static async Task<string> Watch(Task<string> call)
        {
            try
            {
                return await call;
            }
            catch (Exception error)
            {
                var refusal = From(error);
                if (refusal == null) throw;
                throw refusal;
            }
        }
    }

    // Unity's linker keeps what has an attribute of this name, from any namespace.
    internal sealed class PreserveAttribute : Attribute
    {
    }
`

// csharpJSON is the client's own reader and writer.
//
//go:embed json.cs
var csharpJSON string

// CSharp returns a typed client over the SDK for .NET and Unity, in C# 7.
func (a *API) CSharp() []byte {
	var b strings.Builder
	b.WriteString(csharpHead + csharpJSON)
	csEnum(&b, "Reasons", "Why something was refused.", reasonValues(a.Reasons), func() {
		b.WriteString("\n        /// <summary>The gRPC status number of each.</summary>\n")
		b.WriteString("        public static readonly IReadOnlyDictionary<string, int> Numbers = new Dictionary<string, int>\n        {\n")
		for _, r := range a.Reasons {
			fmt.Fprintf(&b, "            { %s, %d },\n", camelCase(r.Name), r.Number)
		}
		b.WriteString("        };\n")
	})
	for _, e := range a.Enums {
		csEnum(&b, e.Name, e.Doc, e.Values, func() {})
	}
	for _, o := range a.Objects {
		if len(o.Fields) > 0 {
			csObject(&b, o)
		}
	}
	a.csClass(&b, "PartylineClient", "What players call.", false)
	a.csClass(&b, "PartylineServer", "What the game's own servers call, with the HTTP key.", true)
	a.csMessages(&b)
	b.WriteString("}\n")
	return []byte(b.String())
}

func csObject(b *strings.Builder, o *Object) {
	b.WriteString("\n")
	csDoc(b, "    ", o.Doc)
	fmt.Fprintf(b, "    [Preserve] public sealed class %s\n    {\n", o.Name)
	for i, f := range o.Fields {
		if i > 0 {
			b.WriteString("\n")
		}
		doc := f.Doc
		if f.Type.Enum != nil {
			doc = strings.TrimSpace(fmt.Sprintf("One of %s. %s", f.Type.Enum.Name, doc))
		}
		csDoc(b, "        ", doc)
		name, kind := camelCase(f.Name), f.Type.csharp()
		if name == o.Name {
			name += "Value" // a member cannot have the name of its class
		}
		if scalar := f.Type.Kind == Bool || f.Type.Kind == Whole || f.Type.Kind == Number; scalar && (o.Sent && f.Optional || f.Pointer) {
			kind += "?"
		}
		fmt.Fprintf(b, "        [DataMember(Name = %q), Preserve] public %s %s { get; set; }\n", f.Name, kind, name)
	}
	b.WriteString("    }\n")
}

func (a *API) csClass(b *strings.Builder, name, doc string, server bool) {
	fmt.Fprintf(b, `
    /// <summary>%s</summary>
    public sealed class %s
    {
        private readonly Transport send;

        public %s(Transport send)
        {
            this.send = send;
        }
`, doc, name, name)
	for _, c := range a.Calls {
		if c.ServerOnly != server {
			continue
		}
		parameter, payload := "", `"{}"`
		if len(c.Request.Fields) > 0 {
			parameter, payload = c.Request.Name+" request", "PartyJson.Write(request)"
		}
		b.WriteString("\n")
		csDoc(b, "        ", c.Doc)
		if len(c.Answer.Fields) == 0 {
			fmt.Fprintf(b, "        public async Task %sAsync(%s)\n        {\n            await Refusal.Watch(send(%q, %s));\n        }\n", methodName(c), parameter, c.ID, payload)
			continue
		}
		fmt.Fprintf(b, "        public async Task<%s> %sAsync(%s)\n        {\n            return PartyJson.Read<%s>(await Refusal.Watch(send(%q, %s)));\n        }\n",
			c.Answer.Name, methodName(c), parameter, c.Answer.Name, c.ID, payload)
	}
	b.WriteString("    }\n")
}

func (a *API) csMessages(b *strings.Builder) {
	b.WriteString(`
    /// <summary>Reads messages of the server's to the party, as ReceivedPartyData brings them.</summary>
    public sealed class PartyEvents
    {
`)
	for _, e := range a.Events {
		fmt.Fprintf(b, "        /// <summary>Op code %d.</summary>\n        public event Action<string, %s> %s;\n\n", e.Op, e.Data.Name, strings.TrimSuffix(e.Data.Name, "Event"))
	}
	b.WriteString(`        /// <summary>Raises the event of a message, with the party's ID; false for what members send.</summary>
        public bool Receive(IPartyData message)
        {
            switch (message.OpCode)
            {
`)
	for _, e := range a.Events {
		fmt.Fprintf(b, "                case %d: %s?.Invoke(message.PartyId, PartyJson.Read<%s>(Encoding.UTF8.GetString(message.Data))); return true;\n",
			e.Op, strings.TrimSuffix(e.Data.Name, "Event"), e.Data.Name)
	}
	b.WriteString(`            }
            return false;
        }
    }

    /// <summary>Reads notifications, as ReceivedNotification and ListNotificationsAsync bring them.</summary>
    public sealed class PartyNotices
    {
`)
	for _, n := range a.Notices {
		fmt.Fprintf(b, "        /// <summary>Code %d, subject %s.</summary>\n        public event Action<IApiNotification, %s> %s;\n\n", n.Code, n.Subject, n.Content.Name, strings.TrimSuffix(n.Content.Name, "Notice"))
	}
	b.WriteString(`        /// <summary>Raises the event of a notification; false for others.</summary>
        public bool Receive(IApiNotification notification)
        {
            switch (notification.Code)
            {
`)
	for _, n := range a.Notices {
		fmt.Fprintf(b, "                case %d: %s?.Invoke(notification, PartyJson.Read<%s>(notification.Content)); return true;\n", n.Code, strings.TrimSuffix(n.Content.Name, "Notice"), n.Content.Name)
	}
	b.WriteString("            }\n            return false;\n        }\n    }\n")
}

func csEnum(b *strings.Builder, name, doc string, values []Value, more func()) {
	b.WriteString("\n")
	csDoc(b, "    ", doc)
	fmt.Fprintf(b, "    public static class %s\n    {\n", name)
	for _, v := range values {
		csDoc(b, "        ", v.Doc)
		fmt.Fprintf(b, "        public const string %s = %q;\n", camelCase(v.name()), v.Text)
	}
	more()
	b.WriteString("    }\n")
}

func csDoc(b *strings.Builder, indent, doc string) {
	if doc != "" {
		fmt.Fprintf(b, "%s/// <summary>%s</summary>\n", indent, strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(doc))
	}
}

func (t Type) csharp() string {
	switch t.Kind {
	case Text:
		return "string"
	case Bool:
		return "bool"
	case Whole:
		return "long"
	case Number:
		return "double"
	case List:
		return "List<" + t.Elem.csharp() + ">"
	case Map:
		return "Dictionary<string, " + t.Elem.csharp() + ">"
	case Known:
		return t.Object.Name
	}
	return "object"
}
