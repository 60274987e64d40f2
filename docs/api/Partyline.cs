// Typed client of Partyline over the Nakama SDK for .NET and Unity. Generated from the module's
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

    /// <summary>Reads and writes JSON. The SDK's own reader loses escapes, large numbers and exponents where the type is object.</summary>
    public static class PartyJson
    {
        /// <summary>Reads a value. Where the type is object, a whole number is a long and any other a double, a list is a List&lt;object&gt; and an object a Dictionary&lt;string, object&gt;. Of own types it fills public fields and properties that can be set. What does not fit the type is a FormatException.</summary>
        public static T Read<T>(string json)
        {
            var at = 0;
            json = json ?? "";
            var value = Value(json, ref at);
            if (Next(json, ref at) != '\0') throw Wrong(at);
            return (T)Fill(typeof(T), value, "the value");
        }

        /// <summary>Writes a value: of own types the public fields and the properties that can be set, without those that are null; of anonymous types all. NaN, more than 64 levels and a type with nothing that can be set are an ArgumentException.</summary>
        public static string Write(object value)
        {
            var text = new StringBuilder();
            Append(text, value, 0);
            return text.ToString();
        }

        private static FormatException Wrong(int at)
        {
            return new FormatException("not JSON at character " + at.ToString(CultureInfo.InvariantCulture));
        }

        // Skips white space and returns what follows, a zero at the end.
        private static char Next(string json, ref int at)
        {
            while (at < json.Length && " \t\r\n".IndexOf(json[at]) >= 0) at++;
            return at < json.Length ? json[at] : '\0';
        }

        private static object Value(string json, ref int at)
        {
            switch (Next(json, ref at))
            {
                case '"':
                    return Text(json, ref at);
                case '{':
                    var fields = new Dictionary<string, object>();
                    for (var first = true; More(json, ref at, first, '}'); first = false)
                    {
                        Next(json, ref at);
                        var name = Text(json, ref at);
                        if (Next(json, ref at) != ':') throw Wrong(at);
                        at++;
                        fields[name] = Value(json, ref at);
                    }
                    return fields;
                case '[':
                    var items = new List<object>();
                    for (var first = true; More(json, ref at, first, ']'); first = false) items.Add(Value(json, ref at));
                    return items;
            }
            var start = at;
            while (at < json.Length && ",]} \t\r\n".IndexOf(json[at]) < 0) at++;
            var word = json.Substring(start, at - start);
            if (word == "null") return null;
            if (word == "true" || word == "false") return word == "true";
            if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) return whole;
            if (!Regex.IsMatch(word, @"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$")) throw Wrong(start);
            if (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return number;
            return word[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity; // too large
        }

        // Passes the bracket or the comma before an item, or the bracket after the last.
        private static bool More(string json, ref int at, bool first, char end)
        {
            if (first) at++;
            var next = Next(json, ref at);
            if (first && next != end) return true;
            if (next != end && next != ',') throw Wrong(at);
            at++;
            return next == ',';
        }

        private static string Text(string json, ref int at)
        {
            var text = new StringBuilder();
            if (Next(json, ref at) != '"') throw Wrong(at);
            for (at++; at < json.Length && json[at] != '"'; at++)
            {
                if (json[at] != '\\')
                {
                    text.Append(json[at]);
                    continue;
                }
                at++;
                var escape = at < json.Length ? "\"\\/bfnrtu".IndexOf(json[at]) : -1;
                if (escape < 0) throw Wrong(at);
                if (json[at] != 'u')
                {
                    text.Append("\"\\/\b\f\n\r\t"[escape]);
                    continue;
                }
                if (at + 4 >= json.Length || !ushort.TryParse(json.Substring(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)) throw Wrong(at);
                text.Append((char)code);
                at += 4;
            }
            if (at == json.Length) throw Wrong(at);
            at++;
            return text.ToString();
        }

        // Gives a value that was read the type that is asked for.
        private static object Fill(Type type, object value, string name)
        {
            var kind = Nullable.GetUnderlyingType(type) ?? type;
            if (value == null ? kind != type || !type.IsValueType : type.IsInstanceOfType(value)) return value;
            var code = kind.IsEnum || kind == typeof(Guid) ? TypeCode.Empty : Type.GetTypeCode(kind);
            var isList = typeof(IList).IsAssignableFrom(kind);
            Exception cause = null;
            try
            {
                if (value is List<object> items && isList)
                {
                    var of = kind.GetElementType() ?? kind.GetGenericArguments()[0];
                    var list = kind.IsArray ? Array.CreateInstance(of, items.Count) : (IList)Activator.CreateInstance(kind);
                    for (var i = 0; i < items.Count; i++)
                    {
                        var item = Fill(of, items[i], name);
                        if (kind.IsArray) list[i] = item;
                        else list.Add(item);
                    }
                    return list;
                }
                if (value is Dictionary<string, object> fields && code == TypeCode.Object && !isList)
                {
                    var made = Activator.CreateInstance(kind);
                    if (made is IDictionary map)
                    {
                        var of = kind.GetGenericArguments();
                        foreach (var field in fields) map.Add(Fill(of[0], field.Key, name), Fill(of[1], field.Value, field.Key));
                        return made;
                    }
                    foreach (var member in Members(kind))
                    {
                        if (!fields.TryGetValue(Name(member), out var part)) continue;
                        if (member is PropertyInfo property) property.SetValue(made, Fill(property.PropertyType, part, Name(member)), null);
                        else ((FieldInfo)member).SetValue(made, Fill(((FieldInfo)member).FieldType, part, Name(member)));
                    }
                    return made;
                }
                if (value is string text)
                {
                    if (kind.IsEnum) return Enum.Parse(kind, text);
                    if (kind == typeof(Guid)) return new Guid(text);
                    if (code == TypeCode.Char) return char.Parse(text);
                    if (code == TypeCode.DateTime) return DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
                }
                if ((value is long || value is double) && code >= TypeCode.SByte && code <= TypeCode.Decimal)
                {
                    var number = value as double? ?? 0;
                    var made = Convert.ChangeType(value, code, CultureInfo.InvariantCulture);
                    if (made is float ? float.IsInfinity((float)made) == double.IsInfinity(number) : made is decimal || number == (long)number) return made;
                }
            }
            catch (Exception error) when (value is string || !(error is FormatException))
            {
                cause = error;
            }
            var got = value is string ? "a text" : value is IDictionary ? "an object" : value is IList ? "a list" : Write(value);
            throw new FormatException(name + ": wanted " + kind.Name + ", got " + got, cause);
        }

        // What is read and written of a type. Properties that cannot be set may lead on without an end, as DateTime.Date
        // does; those of anonymous types cannot be set either.
        private static IEnumerable<MemberInfo> Members(Type type)
        {
            var anonymous = type.IsDefined(typeof(CompilerGeneratedAttribute), false);
            var open = BindingFlags.Instance | BindingFlags.Public;
            var none = type.GetProperties(open).Length > 0;
            foreach (var member in type.GetMembers(open))
            {
                if (member is PropertyInfo property ? !property.CanRead || !property.CanWrite && !anonymous || property.GetIndexParameters().Length > 0 : !(member is FieldInfo)) continue;
                none = false;
                if (!member.IsDefined(typeof(IgnoreDataMemberAttribute), true)) yield return member;
            }
            if (none) throw new ArgumentException(type.Name + " has nothing that can be set");
        }

        private static void Append(StringBuilder text, object value, int depth)
        {
            var before = "";
            if (depth > 64) throw new ArgumentException("the value has more than 64 levels, or holds itself");
            if (value == null) text.Append("null");
            else if (value is bool) text.Append((bool)value ? "true" : "false");
            else if (value is double || value is float)
            {
                var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
                if (double.IsNaN(number)) throw new ArgumentException("JSON has no NaN");
                if (double.IsInfinity(number)) text.Append(number > 0 ? "1e999" : "-1e999");
                else text.Append(((IFormattable)value).ToString("R", CultureInfo.InvariantCulture));
            }
            else if (value is DateTime) Quote(text, ((DateTime)value).ToString("o", CultureInfo.InvariantCulture));
            else if (value is string || value is char || value is Enum || value is Guid) Quote(text, value.ToString());
            else if (value.GetType().IsPrimitive || value is decimal) text.Append(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
            else if (value is IDictionary)
            {
                text.Append('{');
                foreach (DictionaryEntry field in (IDictionary)value)
                {
                    Quote(text.Append(before), Convert.ToString(field.Key, CultureInfo.InvariantCulture));
                    Append(text.Append(':'), field.Value, depth + 1);
                    before = ",";
                }
                text.Append('}');
            }
            else if (value is IEnumerable)
            {
                text.Append('[');
                foreach (var item in (IEnumerable)value)
                {
                    Append(text.Append(before), item, depth + 1);
                    before = ",";
                }
                text.Append(']');
            }
            else
            {
                text.Append('{');
                foreach (var member in Members(value.GetType()))
                {
                    var part = member is PropertyInfo ? ((PropertyInfo)member).GetValue(value, null) : ((FieldInfo)member).GetValue(value);
                    if (part == null) continue;
                    Quote(text.Append(before), Name(member));
                    Append(text.Append(':'), part, depth + 1);
                    before = ",";
                }
                text.Append('}');
            }
        }

        private static void Quote(StringBuilder text, string value)
        {
            text.Append('"');
            foreach (var c in value)
            {
                var escape = "\"\\\b\f\n\r\t".IndexOf(c);
                if (escape >= 0) text.Append('\\').Append("\"\\bfnrt"[escape]);
                else if (c < ' ') text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                else text.Append(c);
            }
            text.Append('"');
        }

        private static string Name(MemberInfo member)
        {
            var named = (DataMemberAttribute)Attribute.GetCustomAttribute(member, typeof(DataMemberAttribute), true);
            return string.IsNullOrEmpty(named?.Name) ? member.Name : named.Name;
        }
    }

    /// <summary>Why something was refused.</summary>
    public static class Reasons
    {
        /// <summary>not JSON, an unknown field, a wrong type, out of bounds; the message names the field</summary>
        public const string InvalidRequest = "invalid_request";
        /// <summary>nobody is signed in</summary>
        public const string Unauthenticated = "unauthenticated";
        /// <summary>no such code, or not in the form of one</summary>
        public const string InviteNotFound = "invite_not_found";
        /// <summary>the invite's time is over</summary>
        public const string InviteExpired = "invite_expired";
        /// <summary>the invite was revoked</summary>
        public const string InviteRevoked = "invite_revoked";
        /// <summary>the invite was used up</summary>
        public const string InviteExhausted = "invite_exhausted";
        /// <summary>the invite names other players</summary>
        public const string InviteNotForYou = "invite_not_for_you";
        /// <summary>no such party, or not in the form of an ID</summary>
        public const string PartyNotFound = "party_not_found";
        /// <summary>no free seat; held ones count</summary>
        public const string PartyFull = "party_full";
        /// <summary>nobody may enter while the party looks for a match or is in one</summary>
        public const string PartyLocked = "party_locked";
        /// <summary>everybody in the party has lost the connection; the message ends in retry_after_sec=5</summary>
        public const string PartyAway = "party_away";
        /// <summary>the caller is not in the party</summary>
        public const string NotMember = "not_member";
        /// <summary>only the leader may do this</summary>
        public const string NotLeader = "not_leader";
        /// <summary>the user is in the party, perhaps on another device</summary>
        public const string AlreadyMember = "already_member";
        /// <summary>one party per user; leave the other first</summary>
        public const string AlreadyInParty = "already_in_party";
        /// <summary>kicked a short while ago, and not invited by name since</summary>
        public const string Banned = "banned";
        /// <summary>a block stands between the user and somebody in the party</summary>
        public const string Blocked = "blocked";
        /// <summary>a rule of the designers; its ID is behind the slash</summary>
        public const string RuleDenied = "rule_denied";
        /// <summary>too often; the message ends in retry_after_sec=12</summary>
        public const string RateLimited = "rate_limited";
        /// <summary>the player's game does not run</summary>
        public const string NoLiveSession = "no_live_session";
        /// <summary>the game runs more than once; name a session</summary>
        public const string SessionAmbiguous = "session_ambiguous";
        /// <summary>no such queue</summary>
        public const string UnknownQueue = "unknown_queue";
        /// <summary>the party is larger than the queue takes</summary>
        public const string PartyTooLarge = "party_too_large";
        /// <summary>somebody is not ready, or another search for a match is in the way</summary>
        public const string NotReady = "not_ready";
        /// <summary>the match's free seats are kept for others</summary>
        public const string SeatReserved = "seat_reserved";
        /// <summary>the match has no free seat</summary>
        public const string MatchFull = "match_full";
        /// <summary>the match is not offered to you any more</summary>
        public const string ProposalGone = "proposal_gone";
        /// <summary>no game server could be had in time</summary>
        public const string NoCapacity = "no_capacity";
        /// <summary>a list's or a ticket's query is too long or has a pattern that could cost the server dearly; see queries in the rules file</summary>
        public const string QueryNotAllowed = "query_not_allowed";
        /// <summary>too many changed the same thing at once; try again</summary>
        public const string Conflict = "conflict";
        /// <summary>a fault on the server's side; its log says more</summary>
        public const string Internal = "internal";

        /// <summary>The gRPC status number of each.</summary>
        public static readonly IReadOnlyDictionary<string, int> Numbers = new Dictionary<string, int>
        {
            { InvalidRequest, 3 },
            { Unauthenticated, 16 },
            { InviteNotFound, 5 },
            { InviteExpired, 9 },
            { InviteRevoked, 9 },
            { InviteExhausted, 9 },
            { InviteNotForYou, 7 },
            { PartyNotFound, 5 },
            { PartyFull, 8 },
            { PartyLocked, 9 },
            { PartyAway, 9 },
            { NotMember, 7 },
            { NotLeader, 7 },
            { AlreadyMember, 6 },
            { AlreadyInParty, 9 },
            { Banned, 7 },
            { Blocked, 7 },
            { RuleDenied, 7 },
            { RateLimited, 8 },
            { NoLiveSession, 9 },
            { SessionAmbiguous, 9 },
            { UnknownQueue, 9 },
            { PartyTooLarge, 9 },
            { NotReady, 9 },
            { SeatReserved, 9 },
            { MatchFull, 9 },
            { ProposalGone, 9 },
            { NoCapacity, 8 },
            { QueryNotAllowed, 3 },
            { Conflict, 10 },
            { Internal, 13 },
        };
    }

    public static class InviteEventName
    {
        public const string Created = "created";
        public const string Redeemed = "redeemed";
        public const string Declined = "declined";
        public const string Revoked = "revoked";
    }

    /// <summary>InviteKind is the form of an invite's code.</summary>
    public static class InviteKind
    {
        /// <summary>16 Crockford base32 characters, 80 random bits</summary>
        public const string Link = "link";
        /// <summary>8 characters to read aloud; short-lived and guess-limited</summary>
        public const string Code = "code";
        /// <summary>DigitsInvite is 12 digits, for keypads and for platforms whose party codes are digits. It is as easy to guess as a code, and expires as soon.</summary>
        public const string Digits = "digits";
    }

    /// <summary>InviteState is the state of an invite in a preview.</summary>
    public static class InviteState
    {
        public const string Open = "open";
        public const string Full = "full";
        /// <summary>the rules let nobody in while the party is in a queue or a match</summary>
        public const string Locked = "locked";
        /// <summary>all members have lost the connection and may come back</summary>
        public const string Away = "away";
        /// <summary>it follows its inviter, who is in no party that it could lead to at the moment</summary>
        public const string Between = "between";
        public const string Expired = "expired";
        public const string Revoked = "revoked";
        public const string Exhausted = "exhausted";
        public const string PartyGone = "party_gone";
    }

    /// <summary>JudgeCheckAction is an action that party_check answers about.</summary>
    public static class JudgeCheckAction
    {
        public const string Create = "create";
        public const string Join = "join";
        public const string Invite = "invite";
        public const string Matchmake = "matchmake";
    }

    /// <summary>QueueDropReason says why a ticket was dropped.</summary>
    public static class QueueDropReason
    {
        /// <summary>the event needs no reason.</summary>
        public const string None = "";
        /// <summary>somebody joined or left. The host has removed the ticket. The party's next ticket keeps its age.</summary>
        public const string Membership = "membership";
        /// <summary>the host removed the ticket for a match that then could not be made. The next ticket keeps its age.</summary>
        public const string Internal = "internal";
        /// <summary>it waited for the queue's max_wait</summary>
        public const string Expired = "expired";
        /// <summary>the party is now larger than the queue allows</summary>
        public const string PartyTooLarge = "party_too_large";
        /// <summary>the queue is gone from the rules file</summary>
        public const string UnknownQueue = "unknown_queue";
        /// <summary>the queue now needs properties that the ticket does not have</summary>
        public const string InvalidRequest = "invalid_request";
        /// <summary>another ticket of the same players was matched first</summary>
        public const string Matched = "matched";
        /// <summary>a player on it declined the match that was found</summary>
        public const string Declined = "declined";
        /// <summary>a player on it did not answer in time</summary>
        public const string NoAnswer = "no_answer";
        /// <summary>the player's party looks for a match</summary>
        public const string PartyQueued = "party_queued";
        /// <summary>the ticket waits again, because nobody was found to replace a player who did not accept.</summary>
        public const string NoReplacement = "no_replacement";
        /// <summary>the ticket waits again, because there was no game server in time.</summary>
        public const string NoCapacity = "no_capacity";
    }

    /// <summary>QueueEventName says what became of a ticket.</summary>
    public static class QueueEventName
    {
        /// <summary>the ticket waits</summary>
        public const string Queued = "queued";
        /// <summary>it no longer waits, for a reason; nobody asked for that</summary>
        public const string Dropped = "dropped";
        /// <summary>it has a match</summary>
        public const string Matched = "matched";
        /// <summary>the leader cancelled it</summary>
        public const string Cancelled = "cancelled";
        /// <summary>there is a match for it, if everybody accepts</summary>
        public const string Found = "found";
        /// <summary>another player is asked in place of one who did not accept</summary>
        public const string Replaced = "replaced";
    }

    public static class ReconnectEventName
    {
        public const string Away = "away";
        public const string Back = "back";
        public const string Lost = "lost";
        public const string Restored = "restored";
        public const string Removed = "removed";
    }

    public static class ReconnectRemovalKind
    {
        /// <summary>was a member</summary>
        public const string Kicked = "kicked";
        /// <summary>asked to join</summary>
        public const string RequestRejected = "request_rejected";
    }

    /// <summary>RulesAction is what a player is about to do.</summary>
    public static class RulesAction
    {
        /// <summary>a party</summary>
        public const string Create = "create";
        /// <summary>a party, in any way</summary>
        public const string Join = "join";
        /// <summary>another player into the party</summary>
        public const string Invite = "invite";
        /// <summary>the party's label, open or hidden</summary>
        public const string Update = "update";
        /// <summary>send a message to the party</summary>
        public const string Data = "data";
        /// <summary>add a ticket, alone or for the party</summary>
        public const string Matchmake = "matchmake";
        /// <summary>a member, also one who is away</summary>
        public const string Kick = "kick";
        /// <summary>another member to be the leader</summary>
        public const string Promote = "promote";
    }

    /// <summary>SeatState is the state of a seat in a match.</summary>
    public static class SeatState
    {
        public const string Open = "open";
        /// <summary>for a player who is on the way; nobody else gets it</summary>
        public const string Held = "held";
        public const string Taken = "taken";
    }

    /// <summary>ActivityRequest is the request of party_activity.</summary>
    [Preserve] public sealed class ActivityRequest
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }
    }

    /// <summary>ActivityAnswer is the answer of party_activity: a party in the form that the presence and invite APIs of platforms take, within the limits that they publish. All six parts are always present.</summary>
    [Preserve] public sealed class ActivityAnswer
    {
        [DataMember(Name = "generic"), Preserve] public ShareGeneric Generic { get; set; }

        [DataMember(Name = "discord"), Preserve] public ShareDiscordActivity Discord { get; set; }

        [DataMember(Name = "steam"), Preserve] public ShareSteamPresence Steam { get; set; }

        [DataMember(Name = "xbox"), Preserve] public ShareXboxActivity Xbox { get; set; }

        /// <summary>its limits are not public</summary>
        [DataMember(Name = "playstation"), Preserve] public ShareLink Playstation { get; set; }

        [DataMember(Name = "apple"), Preserve] public ShareAppleActivity Apple { get; set; }
    }

    /// <summary>ShareGeneric is for all other platforms.</summary>
    [Preserve] public sealed class ShareGeneric
    {
        [DataMember(Name = "code"), Preserve] public string Code { get; set; }

        [DataMember(Name = "url"), Preserve] public string Url { get; set; }

        /// <summary>the same for all members; nobody can join the party with it</summary>
        [DataMember(Name = "group"), Preserve] public string Group { get; set; }

        [DataMember(Name = "size"), Preserve] public long Size { get; set; }

        [DataMember(Name = "max_size"), Preserve] public long MaxSize { get; set; }

        /// <summary>Unix seconds; ask again before</summary>
        [DataMember(Name = "expires_at"), Preserve] public long ExpiresAt { get; set; }
    }

    /// <summary>ShareDiscordActivity is Discord's activity. Texts and secrets have 2 to 128 characters.</summary>
    [Preserve] public sealed class ShareDiscordActivity
    {
        [DataMember(Name = "state"), Preserve] public string State { get; set; }

        [DataMember(Name = "party"), Preserve] public ShareDiscordParty Party { get; set; }

        /// <summary>Secrets.Join is what the friend's game is started with: the code.</summary>
        [DataMember(Name = "secrets"), Preserve] public ShareDiscordSecrets Secrets { get; set; }
    }

    [Preserve] public sealed class ShareDiscordParty
    {
        [DataMember(Name = "id"), Preserve] public string Id { get; set; }

        /// <summary>current and maximum size</summary>
        [DataMember(Name = "size"), Preserve] public List<long> Size { get; set; }
    }

    [Preserve] public sealed class ShareDiscordSecrets
    {
        [DataMember(Name = "join"), Preserve] public string Join { get; set; }
    }

    /// <summary>ShareSteamPresence is the keys and values of Steam's rich presence. Values have at most 256 bytes.</summary>
    [Preserve] public sealed class ShareSteamPresence
    {
        /// <summary>the command line of the friend's game</summary>
        [DataMember(Name = "connect"), Preserve] public string Connect { get; set; }

        [DataMember(Name = "steam_player_group"), Preserve] public string SteamPlayerGroup { get; set; }

        [DataMember(Name = "steam_player_group_size"), Preserve] public string SteamPlayerGroupSize { get; set; }
    }

    /// <summary>ShareXboxActivity is Xbox's multiplayer activity. The connection string has less than 512 characters, the group less than 128. Counts are from 1 to 100.</summary>
    [Preserve] public sealed class ShareXboxActivity
    {
        [DataMember(Name = "connectionString"), Preserve] public string ConnectionString { get; set; }

        /// <summary>Followed for an open party, otherwise InviteOnly</summary>
        [DataMember(Name = "joinRestriction"), Preserve] public string JoinRestriction { get; set; }

        [DataMember(Name = "groupId"), Preserve] public string GroupId { get; set; }

        /// <summary>omitted if above Xbox's limit</summary>
        [DataMember(Name = "currentPlayers"), Preserve] public long CurrentPlayers { get; set; }

        [DataMember(Name = "maxPlayers"), Preserve] public long MaxPlayers { get; set; }
    }

    /// <summary>ShareLink is the part that every platform can carry.</summary>
    [Preserve] public sealed class ShareLink
    {
        [DataMember(Name = "code"), Preserve] public string Code { get; set; }

        [DataMember(Name = "url"), Preserve] public string Url { get; set; }
    }

    /// <summary>ShareAppleActivity is for a game activity of Game Center. Its party codes have two parts of up to six digits, so the party has a second, short-lived invite for them.</summary>
    [Preserve] public sealed class ShareAppleActivity
    {
        [DataMember(Name = "code"), Preserve] public string Code { get; set; }

        [DataMember(Name = "url"), Preserve] public string Url { get; set; }

        [DataMember(Name = "party_code"), Preserve] public string PartyCode { get; set; }

        /// <summary>of the party code; Unix seconds</summary>
        [DataMember(Name = "expires_at"), Preserve] public long ExpiresAt { get; set; }
    }

    [Preserve] public sealed class AdminPartiesRequest
    {
        /// <summary>from 1 to 100; 50 if absent</summary>
        [DataMember(Name = "limit"), Preserve] public long? Limit { get; set; }

        /// <summary>cursor from the previous page</summary>
        [DataMember(Name = "cursor"), Preserve] public string Cursor { get; set; }
    }

    /// <summary>AdminPartiesAnswer is the answer of party_admin_parties.</summary>
    [Preserve] public sealed class AdminPartiesAnswer
    {
        [DataMember(Name = "parties"), Preserve] public List<OverviewParty> Parties { get; set; }

        /// <summary>for the next page, with the same limit; "" on the last page</summary>
        [DataMember(Name = "cursor"), Preserve] public string Cursor { get; set; }

        /// <summary>why parties, attributes or display names are missing; absent if all could be read</summary>
        [DataMember(Name = "problem"), Preserve] public string Problem { get; set; }
    }

    /// <summary>OverviewParty is one live party.</summary>
    [Preserve] public sealed class OverviewParty
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        [DataMember(Name = "size"), Preserve] public long Size { get; set; }

        [DataMember(Name = "max_size"), Preserve] public long MaxSize { get; set; }

        /// <summary>seats held or kept for users who are not in it</summary>
        [DataMember(Name = "held"), Preserve] public long Held { get; set; }

        [DataMember(Name = "open"), Preserve] public bool Open { get; set; }

        [DataMember(Name = "hidden"), Preserve] public bool Hidden { get; set; }

        [DataMember(Name = "label"), Preserve] public string Label { get; set; }

        /// <summary>idle | matchmaking | in_match</summary>
        [DataMember(Name = "state"), Preserve] public string State { get; set; }

        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }

        [DataMember(Name = "created_at"), Preserve] public long CreatedAt { get; set; }

        /// <summary>requests to join that are still open</summary>
        [DataMember(Name = "requests"), Preserve] public long Requests { get; set; }

        /// <summary>in the order they joined</summary>
        [DataMember(Name = "members"), Preserve] public List<OverviewMember> Members { get; set; }

        /// <summary>on the wait list</summary>
        [DataMember(Name = "waiting"), Preserve] public List<OverviewWaiter> Waiting { get; set; }

        /// <summary>users who may not come back yet</summary>
        [DataMember(Name = "kicked"), Preserve] public List<OverviewKicked> Kicked { get; set; }

        /// <summary>a change is under way: held, requests, waiting and kicked are not known</summary>
        [DataMember(Name = "busy"), Preserve] public bool Busy { get; set; }

        /// <summary>absent if none are set</summary>
        [DataMember(Name = "attributes"), Preserve] public AttributesDocument Attributes { get; set; }
    }

    /// <summary>OverviewMember is one member with the last status.</summary>
    [Preserve] public sealed class OverviewMember
    {
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        [DataMember(Name = "username"), Preserve] public string Username { get; set; }

        [DataMember(Name = "display_name"), Preserve] public string DisplayName { get; set; }

        [DataMember(Name = "leader"), Preserve] public bool Leader { get; set; }

        /// <summary>0 if not known</summary>
        [DataMember(Name = "joined_at"), Preserve] public long JoinedAt { get; set; }

        [DataMember(Name = "stage"), Preserve] public string Stage { get; set; }

        /// <summary>0..1; absent if none was set</summary>
        [DataMember(Name = "progress"), Preserve] public double? Progress { get; set; }

        [DataMember(Name = "text"), Preserve] public string Text { get; set; }
    }

    /// <summary>OverviewWaiter is a user on the wait list of a full party.</summary>
    [Preserve] public sealed class OverviewWaiter
    {
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        [DataMember(Name = "username"), Preserve] public string Username { get; set; }

        [DataMember(Name = "display_name"), Preserve] public string DisplayName { get; set; }

        [DataMember(Name = "since"), Preserve] public long Since { get; set; }

        /// <summary>while a seat is held for them</summary>
        [DataMember(Name = "held_until"), Preserve] public long HeldUntil { get; set; }
    }

    /// <summary>OverviewKicked is a user whom the leader removed.</summary>
    [Preserve] public sealed class OverviewKicked
    {
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        [DataMember(Name = "username"), Preserve] public string Username { get; set; }

        [DataMember(Name = "display_name"), Preserve] public string DisplayName { get; set; }

        [DataMember(Name = "until"), Preserve] public long Until { get; set; }
    }

    /// <summary>AttributesDocument is all attributes of a party, and the answer of party_attributes_get. The message to the party (op code OpAttributes) has the same form, with only the changes; many changes go out in several messages.</summary>
    [Preserve] public sealed class AttributesDocument
    {
        /// <summary>rises with every write; 0 before the first</summary>
        [DataMember(Name = "version"), Preserve] public long Version { get; set; }

        [DataMember(Name = "party"), Preserve] public Dictionary<string, object> Party { get; set; }

        /// <summary>by user ID</summary>
        [DataMember(Name = "members"), Preserve] public Dictionary<string, Dictionary<string, object>> Members { get; set; }
    }

    [Preserve] public sealed class AdminRulesRequest
    {
        /// <summary>read the file now; it is watched in any case</summary>
        [DataMember(Name = "reload"), Preserve] public bool? Reload { get; set; }
    }

    /// <summary>AdminRulesAnswer is the answer of party_admin_rules.</summary>
    [Preserve] public sealed class AdminRulesAnswer
    {
        /// <summary>path of the file; "" = defaults</summary>
        [DataMember(Name = "source"), Preserve] public string Source { get; set; }

        [DataMember(Name = "version"), Preserve] public long Version { get; set; }

        [DataMember(Name = "loaded_at"), Preserve] public long LoadedAt { get; set; }

        /// <summary>SHA-256 of the file in force; "" for defaults</summary>
        [DataMember(Name = "hash"), Preserve] public string Hash { get; set; }

        /// <summary>why the newest file is not in force; "" if it is</summary>
        [DataMember(Name = "error"), Preserve] public string Error { get; set; }

        /// <summary>of the newest file</summary>
        [DataMember(Name = "problems"), Preserve] public List<OverviewProblem> Problems { get; set; }

        /// <summary>in force, in the order they are asked</summary>
        [DataMember(Name = "rules"), Preserve] public List<OverviewRule> Rules { get; set; }

        /// <summary>the whole file in force, with defaults filled in</summary>
        [DataMember(Name = "config"), Preserve] public object Config { get; set; }

        /// <summary>the next rules, which are tried too; absent if there are none</summary>
        [DataMember(Name = "next"), Preserve] public OverviewNext Next { get; set; }

        /// <summary>the state of the recording; absent if there is none</summary>
        [DataMember(Name = "record"), Preserve] public JudgeRecordReport Record { get; set; }

        /// <summary>address of the page to try rules on; absent if the operator sets none</summary>
        [DataMember(Name = "playground"), Preserve] public string Playground { get; set; }

        /// <summary>files that were in force on any node, also before restarts, the newest first</summary>
        [DataMember(Name = "history"), Preserve] public List<JudgeVersion> History { get; set; }

        /// <summary>why history is empty; absent if it could be read</summary>
        [DataMember(Name = "history_problem"), Preserve] public string HistoryProblem { get; set; }
    }

    /// <summary>OverviewProblem is one problem of the file.</summary>
    [Preserve] public sealed class OverviewProblem
    {
        /// <summary>error | warning</summary>
        [DataMember(Name = "severity"), Preserve] public string Severity { get; set; }

        [DataMember(Name = "file"), Preserve] public string File { get; set; }

        /// <summary>from 1; 0 if it has no place</summary>
        [DataMember(Name = "line"), Preserve] public long Line { get; set; }

        [DataMember(Name = "column"), Preserve] public long Column { get; set; }

        [DataMember(Name = "path"), Preserve] public string Path { get; set; }

        [DataMember(Name = "problem"), Preserve] public string Problem { get; set; }

        /// <summary>what would be right</summary>
        [DataMember(Name = "allowed"), Preserve] public string Allowed { get; set; }

        /// <summary>the line of the file, and one with a caret</summary>
        [DataMember(Name = "excerpt"), Preserve] public string Excerpt { get; set; }
    }

    /// <summary>OverviewRule is one rule in force, with its counts since it was first loaded.</summary>
    [Preserve] public sealed class OverviewRule
    {
        /// <summary>Name of the rule. Players' clients see it in a refusal, "rule_denied/&lt;id>".</summary>
        [DataMember(Name = "id"), Preserve] public string Id { get; set; }

        /// <summary>The actions the rule is about.</summary>
        [DataMember(Name = "on"), Preserve] public List<string> On { get; set; }

        /// <summary>Condition under which the action is refused.</summary>
        [DataMember(Name = "deny"), Preserve] public string Deny { get; set; }

        /// <summary>Condition under which the action is allowed and no later rule is asked.</summary>
        [DataMember(Name = "allow"), Preserve] public string Allow { get; set; }

        /// <summary>Sentence the refused player reads.</summary>
        [DataMember(Name = "message"), Preserve] public string Message { get; set; }

        [DataMember(Name = "asked"), Preserve] public long Asked { get; set; }

        /// <summary>times its condition held</summary>
        [DataMember(Name = "hits"), Preserve] public long Hits { get; set; }

        /// <summary>times it could not be evaluated</summary>
        [DataMember(Name = "errors"), Preserve] public long Errors { get; set; }
    }

    /// <summary>OverviewNext is a file that is not in force yet, and what it would have answered.</summary>
    [Preserve] public sealed class OverviewNext
    {
        [DataMember(Name = "source"), Preserve] public string Source { get; set; }

        [DataMember(Name = "version"), Preserve] public long Version { get; set; }

        /// <summary>0 with version 0: before the first file, nothing is asked</summary>
        [DataMember(Name = "loaded_at"), Preserve] public long LoadedAt { get; set; }

        /// <summary>why the newest file is not asked, and which one is; "" if it is</summary>
        [DataMember(Name = "error"), Preserve] public string Error { get; set; }

        /// <summary>of the newest file</summary>
        [DataMember(Name = "problems"), Preserve] public List<OverviewProblem> Problems { get; set; }

        /// <summary>from the rules in force, in words</summary>
        [DataMember(Name = "changes"), Preserve] public List<string> Changes { get; set; }

        [DataMember(Name = "asked"), Preserve] public long Asked { get; set; }

        /// <summary>how many of these were answered differently</summary>
        [DataMember(Name = "differs"), Preserve] public long Differs { get; set; }

        /// <summary>questions that came faster than they could be asked</summary>
        [DataMember(Name = "dropped"), Preserve] public long Dropped { get; set; }

        /// <summary>by action and the two answers</summary>
        [DataMember(Name = "counts"), Preserve] public List<JudgeShadowCount> Counts { get; set; }

        /// <summary>answered differently, the newest first</summary>
        [DataMember(Name = "examples"), Preserve] public List<OverviewExample> Examples { get; set; }
    }

    /// <summary>JudgeShadowCount counts how often a pair of outcomes occurred, in the notation of case files.</summary>
    [Preserve] public sealed class JudgeShadowCount
    {
        /// <summary>One of RulesAction.</summary>
        [DataMember(Name = "action"), Preserve] public string Action { get; set; }

        /// <summary>the answer that was given</summary>
        [DataMember(Name = "now"), Preserve] public string Now { get; set; }

        /// <summary>the answer that would have been</summary>
        [DataMember(Name = "next"), Preserve] public string Next { get; set; }

        [DataMember(Name = "times"), Preserve] public long Times { get; set; }
    }

    /// <summary>OverviewExample is one question that the next rules answer differently.</summary>
    [Preserve] public sealed class OverviewExample
    {
        [DataMember(Name = "at"), Preserve] public long At { get; set; }

        /// <summary>One of RulesAction.</summary>
        [DataMember(Name = "action"), Preserve] public string Action { get; set; }

        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        [DataMember(Name = "username"), Preserve] public string Username { get; set; }

        /// <summary>"" for an action without a party</summary>
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        [DataMember(Name = "now"), Preserve] public string Now { get; set; }

        [DataMember(Name = "next"), Preserve] public string Next { get; set; }
    }

    /// <summary>JudgeRecordReport is how a recording fares.</summary>
    [Preserve] public sealed class JudgeRecordReport
    {
        [DataMember(Name = "path"), Preserve] public string Path { get; set; }

        /// <summary>decisions since the process began</summary>
        [DataMember(Name = "written"), Preserve] public long Written { get; set; }

        /// <summary>decisions that were left out</summary>
        [DataMember(Name = "dropped"), Preserve] public long Dropped { get; set; }

        /// <summary>why nothing is written; "" when it is</summary>
        [DataMember(Name = "error"), Preserve] public string Error { get; set; }
    }

    /// <summary>JudgeVersion is one rules file that came into force.</summary>
    [Preserve] public sealed class JudgeVersion
    {
        [DataMember(Name = "at"), Preserve] public long At { get; set; }

        /// <summary>path of the file; "" = defaults</summary>
        [DataMember(Name = "source"), Preserve] public string Source { get; set; }

        /// <summary>SHA-256 of the file; "" for the defaults</summary>
        [DataMember(Name = "hash"), Preserve] public string Hash { get; set; }

        /// <summary>against the version before, in words; empty for the first</summary>
        [DataMember(Name = "changes"), Preserve] public List<string> Changes { get; set; }

        /// <summary>changes that are left out</summary>
        [DataMember(Name = "more"), Preserve] public long More { get; set; }
    }

    /// <summary>AdminStatsAnswer is the answer of party_admin_stats. It is about this node since the process started, except for the outstanding invites.</summary>
    [Preserve] public sealed class AdminStatsAnswer
    {
        [DataMember(Name = "build"), Preserve] public BuildInfo Build { get; set; }

        [DataMember(Name = "started_at"), Preserve] public long StartedAt { get; set; }

        [DataMember(Name = "uptime_sec"), Preserve] public long UptimeSec { get; set; }

        [DataMember(Name = "health"), Preserve] public OverviewHealth Health { get; set; }

        /// <summary>by rule, without rules that denied nothing</summary>
        [DataMember(Name = "denials"), Preserve] public List<OverviewRuleDenials> Denials { get; set; }

        [DataMember(Name = "live"), Preserve] public LedgerPopulation Live { get; set; }

        [DataMember(Name = "invites"), Preserve] public OverviewInviteStats Invites { get; set; }

        /// <summary>as the last pass left them</summary>
        [DataMember(Name = "queues"), Preserve] public List<QueueReport> Queues { get; set; }

        [DataMember(Name = "memory"), Preserve] public AdmissionStats Memory { get; set; }

        /// <summary>how many users and addresses each rate limit remembers</summary>
        [DataMember(Name = "buckets"), Preserve] public Dictionary<string, long> Buckets { get; set; }
    }

    /// <summary>BuildInfo describes a build.</summary>
    [Preserve] public sealed class BuildInfo
    {
        [DataMember(Name = "version"), Preserve] public string Version { get; set; }

        [DataMember(Name = "commit"), Preserve] public string Commit { get; set; }

        /// <summary>"3.40.0"; "server" if it was built for one given server</summary>
        [DataMember(Name = "nakama"), Preserve] public string Nakama { get; set; }

        /// <summary>"go1.26.5"</summary>
        [DataMember(Name = "go"), Preserve] public string Go { get; set; }
    }

    /// <summary>OverviewHealth reports whether this node's module is well, for a probe, and why not. OK is false only for problems that a person has to look at. Refusals and lost races are normal.</summary>
    [Preserve] public sealed class OverviewHealth
    {
        [DataMember(Name = "ok"), Preserve] public bool Ok { get; set; }

        /// <summary>why it is not OK, for people</summary>
        [DataMember(Name = "problems"), Preserve] public List<string> Problems { get; set; }

        [DataMember(Name = "rules"), Preserve] public OverviewInForce Rules { get; set; }

        /// <summary>in the order they first ran</summary>
        [DataMember(Name = "tasks"), Preserve] public List<OverviewTask> Tasks { get; set; }

        [DataMember(Name = "storage"), Preserve] public OverviewStorageVitals Storage { get; set; }

        [DataMember(Name = "failures"), Preserve] public OverviewFailures Failures { get; set; }

        /// <summary>waiting for a match</summary>
        [DataMember(Name = "tickets"), Preserve] public long Tickets { get; set; }

        /// <summary>made so far</summary>
        [DataMember(Name = "matches"), Preserve] public long Matches { get; set; }

        /// <summary>for kept seats, and for sessions expected to resume</summary>
        [DataMember(Name = "seat_timers"), Preserve] public long SeatTimers { get; set; }
    }

    /// <summary>OverviewInForce is a summary of the rules file.</summary>
    [Preserve] public sealed class OverviewInForce
    {
        [DataMember(Name = "source"), Preserve] public string Source { get; set; }

        [DataMember(Name = "version"), Preserve] public long Version { get; set; }

        [DataMember(Name = "loaded_at"), Preserve] public long LoadedAt { get; set; }

        /// <summary>the newest file is not the one in force</summary>
        [DataMember(Name = "broken"), Preserve] public bool Broken { get; set; }

        /// <summary>of the newest file, warnings included</summary>
        [DataMember(Name = "problems"), Preserve] public long Problems { get; set; }
    }

    /// <summary>OverviewTask is one kind of background work.</summary>
    [Preserve] public sealed class OverviewTask
    {
        [DataMember(Name = "name"), Preserve] public string Name { get; set; }

        [DataMember(Name = "runs"), Preserve] public long Runs { get; set; }

        [DataMember(Name = "failures"), Preserve] public long Failures { get; set; }

        /// <summary>the last run failed</summary>
        [DataMember(Name = "failing"), Preserve] public bool Failing { get; set; }

        [DataMember(Name = "last_run"), Preserve] public long LastRun { get; set; }

        [DataMember(Name = "last_error"), Preserve] public string LastError { get; set; }

        /// <summary>0 if none ever failed</summary>
        [DataMember(Name = "last_error_at"), Preserve] public long LastErrorAt { get; set; }
    }

    /// <summary>OverviewStorageVitals counts the module's calls of the host's storage.</summary>
    [Preserve] public sealed class OverviewStorageVitals
    {
        [DataMember(Name = "reads"), Preserve] public long Reads { get; set; }

        [DataMember(Name = "writes"), Preserve] public long Writes { get; set; }

        /// <summary>writes that lost a race; they are tried again</summary>
        [DataMember(Name = "conflicts"), Preserve] public long Conflicts { get; set; }

        [DataMember(Name = "errors"), Preserve] public long Errors { get; set; }
    }

    /// <summary>OverviewFailures counts results of "internal": errors of the host and panics. The log explains each of them.</summary>
    [Preserve] public sealed class OverviewFailures
    {
        [DataMember(Name = "calls"), Preserve] public long Calls { get; set; }

        [DataMember(Name = "hooks"), Preserve] public long Hooks { get; set; }

        [DataMember(Name = "pages"), Preserve] public long Pages { get; set; }

        /// <summary>panics of background work</summary>
        [DataMember(Name = "background"), Preserve] public long Background { get; set; }
    }

    /// <summary>OverviewRuleDenials is how often one rule refused an action.</summary>
    [Preserve] public sealed class OverviewRuleDenials
    {
        [DataMember(Name = "rule"), Preserve] public string Rule { get; set; }

        [DataMember(Name = "count"), Preserve] public long Count { get; set; }
    }

    /// <summary>LedgerPopulation counts the parties, members and waiting players of this node, as far as it knows.</summary>
    [Preserve] public sealed class LedgerPopulation
    {
        [DataMember(Name = "parties"), Preserve] public long Parties { get; set; }

        [DataMember(Name = "members"), Preserve] public long Members { get; set; }

        /// <summary>places on wait lists</summary>
        [DataMember(Name = "waiting"), Preserve] public long Waiting { get; set; }
    }

    /// <summary>OverviewInviteStats is what happened to invites.</summary>
    [Preserve] public sealed class OverviewInviteStats
    {
        [DataMember(Name = "created"), Preserve] public long Created { get; set; }

        /// <summary>pages read by chat programs and search engines</summary>
        [DataMember(Name = "fetched"), Preserve] public long Fetched { get; set; }

        /// <summary>pages opened in browsers</summary>
        [DataMember(Name = "opened"), Preserve] public long Opened { get; set; }

        [DataMember(Name = "redeemed"), Preserve] public long Redeemed { get; set; }

        /// <summary>players who came by an invite and got a match with the party, once a party</summary>
        [DataMember(Name = "matched"), Preserve] public long Matched { get; set; }

        [DataMember(Name = "declined"), Preserve] public long Declined { get; set; }

        [DataMember(Name = "revoked"), Preserve] public long Revoked { get; set; }

        /// <summary>that can still be used, of all nodes</summary>
        [DataMember(Name = "outstanding"), Preserve] public long Outstanding { get; set; }

        /// <summary>there are more than were counted</summary>
        [DataMember(Name = "more"), Preserve] public bool More { get; set; }

        /// <summary>storage cannot be read, and outstanding is 0; health says why</summary>
        [DataMember(Name = "unknown"), Preserve] public bool Unknown { get; set; }
    }

    /// <summary>QueueReport is the state of a queue after the last pass, for operators.</summary>
    [Preserve] public sealed class QueueReport
    {
        [DataMember(Name = "queue"), Preserve] public string Queue { get; set; }

        /// <summary>waiting tickets, without those in proposals</summary>
        [DataMember(Name = "tickets"), Preserve] public long Tickets { get; set; }

        /// <summary>seats that the tickets need, including held ones</summary>
        [DataMember(Name = "players"), Preserve] public long Players { get; set; }

        /// <summary>the longest wait</summary>
        [DataMember(Name = "oldest_sec"), Preserve] public long OldestSec { get; set; }

        /// <summary>by seats, the smallest first</summary>
        [DataMember(Name = "sizes"), Preserve] public List<QueueSize> Sizes { get; set; }

        /// <summary>proposals that players are asked about</summary>
        [DataMember(Name = "proposals"), Preserve] public long Proposals { get; set; }

        /// <summary>players who have accepted one of them</summary>
        [DataMember(Name = "accepted"), Preserve] public long Accepted { get; set; }

        /// <summary>players who are asked</summary>
        [DataMember(Name = "needed"), Preserve] public long Needed { get; set; }

        /// <summary>for a ticket made now; null while too little is known</summary>
        [DataMember(Name = "eta_sec"), Preserve] public QueueETA EtaSec { get; set; }
    }

    /// <summary>QueueSize is how many tickets of one size wait.</summary>
    [Preserve] public sealed class QueueSize
    {
        [DataMember(Name = "seats"), Preserve] public long Seats { get; set; }

        [DataMember(Name = "tickets"), Preserve] public long Tickets { get; set; }
    }

    /// <summary>QueueETA estimates the seconds that remain: half of such tickets waited at most p50, nine of ten at most p90.</summary>
    [Preserve] public sealed class QueueETA
    {
        [DataMember(Name = "p50"), Preserve] public long P50 { get; set; }

        [DataMember(Name = "p90"), Preserve] public long P90 { get; set; }
    }

    /// <summary>AdmissionStats is what an Admission has in memory, on this node only.</summary>
    [Preserve] public sealed class AdmissionStats
    {
        /// <summary>parties that it has dealt with and not yet forgotten</summary>
        [DataMember(Name = "parties"), Preserve] public long Parties { get; set; }

        /// <summary>invites that hold seats</summary>
        [DataMember(Name = "holds"), Preserve] public long Holds { get; set; }

        /// <summary>users who may not come back yet</summary>
        [DataMember(Name = "kicks"), Preserve] public long Kicks { get; set; }

        /// <summary>requests to enter closed parties</summary>
        [DataMember(Name = "requests"), Preserve] public long Requests { get; set; }

        /// <summary>joins under way</summary>
        [DataMember(Name = "joins"), Preserve] public long Joins { get; set; }

        /// <summary>sessions that the host counts as members although they are not there</summary>
        [DataMember(Name = "lost"), Preserve] public long Lost { get; set; }

        /// <summary>parties whose lock was not free in time, so that nothing else is counted of them</summary>
        [DataMember(Name = "busy"), Preserve] public long Busy { get; set; }
    }

    [Preserve] public sealed class AttributesGetRequest
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }
    }

    /// <summary>AttributesGetAnswer is all attributes of a party, and the answer of party_attributes_get. The message to the party (op code OpAttributes) has the same form, with only the changes; many changes go out in several messages.</summary>
    [Preserve] public sealed class AttributesGetAnswer
    {
        /// <summary>rises with every write; 0 before the first</summary>
        [DataMember(Name = "version"), Preserve] public long Version { get; set; }

        [DataMember(Name = "party"), Preserve] public Dictionary<string, object> Party { get; set; }

        /// <summary>by user ID</summary>
        [DataMember(Name = "members"), Preserve] public Dictionary<string, Dictionary<string, object>> Members { get; set; }
    }

    /// <summary>AttributesSetRequest is the payload of party_attributes_set.</summary>
    [Preserve] public sealed class AttributesSetRequest
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>an object: what to set for the party, null to remove</summary>
        [DataMember(Name = "party"), Preserve] public object Party { get; set; }

        /// <summary>the same for the caller</summary>
        [DataMember(Name = "member"), Preserve] public object Member { get; set; }

        /// <summary>write only if the document has this version</summary>
        [DataMember(Name = "version"), Preserve] public long? Version { get; set; }
    }

    /// <summary>AttributesSetAnswer is the answer of party_attributes_set.</summary>
    [Preserve] public sealed class AttributesSetAnswer
    {
        [DataMember(Name = "version"), Preserve] public long Version { get; set; }
    }

    [Preserve] public sealed class CheckRequest
    {
        /// <summary>One of JudgeCheckAction.</summary>
        [DataMember(Name = "action"), Preserve] public string Action { get; set; }

        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>for create, as is open</summary>
        [DataMember(Name = "max_size"), Preserve] public long? MaxSize { get; set; }

        [DataMember(Name = "open"), Preserve] public bool? Open { get; set; }

        /// <summary>for matchmake</summary>
        [DataMember(Name = "queue"), Preserve] public string Queue { get; set; }
    }

    /// <summary>CheckAnswer has the refusal that the action would meet; the texts are empty if it is allowed.</summary>
    [Preserve] public sealed class CheckAnswer
    {
        [DataMember(Name = "allowed"), Preserve] public bool Allowed { get; set; }

        [DataMember(Name = "reason"), Preserve] public string Reason { get; set; }

        [DataMember(Name = "message"), Preserve] public string Message { get; set; }

        [DataMember(Name = "rule"), Preserve] public string Rule { get; set; }
    }

    /// <summary>FindRequest is the payload of party_find.</summary>
    [Preserve] public sealed class FindRequest
    {
        /// <summary>an object: fields of the party's label, as for party_quick_join</summary>
        [DataMember(Name = "label"), Preserve] public object Label { get; set; }

        /// <summary>at least this many</summary>
        [DataMember(Name = "free_seats"), Preserve] public long? FreeSeats { get; set; }

        /// <summary>from 1 to 50</summary>
        [DataMember(Name = "limit"), Preserve] public long? Limit { get; set; }

        /// <summary>of the previous answer</summary>
        [DataMember(Name = "cursor"), Preserve] public string Cursor { get; set; }
    }

    /// <summary>FindAnswer is the answer of party_find.</summary>
    [Preserve] public sealed class FindAnswer
    {
        [DataMember(Name = "parties"), Preserve] public List<FinderFound> Parties { get; set; }

        /// <summary>for the next parties, even if there are few here or none; "" at the end</summary>
        [DataMember(Name = "cursor"), Preserve] public string Cursor { get; set; }
    }

    /// <summary>FinderFound is one party of a list.</summary>
    [Preserve] public sealed class FinderFound
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        [DataMember(Name = "size"), Preserve] public long Size { get; set; }

        [DataMember(Name = "max_size"), Preserve] public long MaxSize { get; set; }

        /// <summary>seats held or kept for others than the caller</summary>
        [DataMember(Name = "held"), Preserve] public long Held { get; set; }

        [DataMember(Name = "open"), Preserve] public bool Open { get; set; }

        /// <summary>an object</summary>
        [DataMember(Name = "label"), Preserve] public object Label { get; set; }

        [DataMember(Name = "leader"), Preserve] public Profile Leader { get; set; }

        [DataMember(Name = "age_sec"), Preserve] public long AgeSec { get; set; }

        /// <summary>the ones that the rules make public</summary>
        [DataMember(Name = "attributes"), Preserve] public Dictionary<string, object> Attributes { get; set; }
    }

    /// <summary>Profile is the public profile of a user.</summary>
    [Preserve] public sealed class Profile
    {
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        [DataMember(Name = "username"), Preserve] public string Username { get; set; }

        [DataMember(Name = "display_name"), Preserve] public string DisplayName { get; set; }

        [DataMember(Name = "avatar_url"), Preserve] public string AvatarUrl { get; set; }
    }

    /// <summary>InviteCreateRequest asks for an invite. An optional field that is left out gets the rules' default.</summary>
    [Preserve] public sealed class InviteCreateRequest
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        [DataMember(Name = "ttl_sec"), Preserve] public long? TtlSec { get; set; }

        /// <summary>0 = without limit</summary>
        [DataMember(Name = "max_uses"), Preserve] public long? MaxUses { get; set; }

        /// <summary>One of InviteKind.</summary>
        [DataMember(Name = "kind"), Preserve] public string Kind { get; set; }

        [DataMember(Name = "for_user_ids"), Preserve] public List<string> ForUserIds { get; set; }

        [DataMember(Name = "hold_seat"), Preserve] public bool? HoldSeat { get; set; }

        [DataMember(Name = "follow_inviter"), Preserve] public bool? FollowInviter { get; set; }

        /// <summary>at most 255 bytes</summary>
        [DataMember(Name = "message"), Preserve] public string Message { get; set; }

        /// <summary>at most 8</summary>
        [DataMember(Name = "info"), Preserve] public List<InfoField> Info { get; set; }

        /// <summary>any JSON, at most 1024 bytes</summary>
        [DataMember(Name = "launch"), Preserve] public object Launch { get; set; }
    }

    /// <summary>InfoField is one line of the party's card on the landing page.</summary>
    [Preserve] public sealed class InfoField
    {
        /// <summary>at most 63 bytes</summary>
        [DataMember(Name = "label"), Preserve] public string Label { get; set; }

        /// <summary>at most 511 bytes</summary>
        [DataMember(Name = "value"), Preserve] public string Value { get; set; }
    }

    /// <summary>InviteCreateAnswer answers party_invite_create. No other answer contains the code.</summary>
    [Preserve] public sealed class InviteCreateAnswer
    {
        [DataMember(Name = "id"), Preserve] public string Id { get; set; }

        [DataMember(Name = "code"), Preserve] public string Code { get; set; }

        [DataMember(Name = "url"), Preserve] public string Url { get; set; }

        [DataMember(Name = "qr_url"), Preserve] public string QrUrl { get; set; }

        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>One of InviteKind.</summary>
        [DataMember(Name = "kind"), Preserve] public string Kind { get; set; }

        [DataMember(Name = "created_at"), Preserve] public long CreatedAt { get; set; }

        [DataMember(Name = "expires_at"), Preserve] public long ExpiresAt { get; set; }

        [DataMember(Name = "max_uses"), Preserve] public long MaxUses { get; set; }

        [DataMember(Name = "uses"), Preserve] public long Uses { get; set; }

        [DataMember(Name = "hold_seat"), Preserve] public bool HoldSeat { get; set; }

        [DataMember(Name = "follow_inviter"), Preserve] public bool FollowInviter { get; set; }

        [DataMember(Name = "for_user_ids"), Preserve] public List<string> ForUserIds { get; set; }

        [DataMember(Name = "message"), Preserve] public string Message { get; set; }

        [DataMember(Name = "info"), Preserve] public List<InfoField> Info { get; set; }

        [DataMember(Name = "launch"), Preserve] public object Launch { get; set; }
    }

    [Preserve] public sealed class InviteDeclineRequest
    {
        [DataMember(Name = "code"), Preserve] public string Code { get; set; }
    }

    [Preserve] public sealed class InviteListRequest
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }
    }

    [Preserve] public sealed class InviteListAnswer
    {
        [DataMember(Name = "invites"), Preserve] public List<InviteSummary> Invites { get; set; }

        /// <summary>older ones are left out, because the answer would be too long</summary>
        [DataMember(Name = "more"), Preserve] public bool More { get; set; }
    }

    /// <summary>InviteSummary is one row of party_invite_list.</summary>
    [Preserve] public sealed class InviteSummary
    {
        [DataMember(Name = "id"), Preserve] public string Id { get; set; }

        /// <summary>One of InviteKind.</summary>
        [DataMember(Name = "kind"), Preserve] public string Kind { get; set; }

        [DataMember(Name = "created_by"), Preserve] public string CreatedBy { get; set; }

        [DataMember(Name = "created_at"), Preserve] public long CreatedAt { get; set; }

        [DataMember(Name = "expires_at"), Preserve] public long ExpiresAt { get; set; }

        [DataMember(Name = "max_uses"), Preserve] public long MaxUses { get; set; }

        [DataMember(Name = "uses"), Preserve] public long Uses { get; set; }

        [DataMember(Name = "for_user_ids"), Preserve] public List<string> ForUserIds { get; set; }

        [DataMember(Name = "hold_seat"), Preserve] public bool HoldSeat { get; set; }

        [DataMember(Name = "follow_inviter"), Preserve] public bool FollowInviter { get; set; }

        [DataMember(Name = "message"), Preserve] public string Message { get; set; }
    }

    [Preserve] public sealed class InvitePreviewRequest
    {
        [DataMember(Name = "code"), Preserve] public string Code { get; set; }
    }

    /// <summary>InvitePreviewAnswer answers party_invite_preview.</summary>
    [Preserve] public sealed class InvitePreviewAnswer
    {
        [DataMember(Name = "id"), Preserve] public string Id { get; set; }

        /// <summary>One of InviteState.</summary>
        [DataMember(Name = "state"), Preserve] public string State { get; set; }

        /// <summary>players on the wait list</summary>
        [DataMember(Name = "waiting"), Preserve] public long Waiting { get; set; }

        [DataMember(Name = "inviter"), Preserve] public Profile Inviter { get; set; }

        /// <summary>absent after the party has ended</summary>
        [DataMember(Name = "party"), Preserve] public PartyPreview Party { get; set; }

        [DataMember(Name = "message"), Preserve] public string Message { get; set; }

        [DataMember(Name = "info"), Preserve] public List<InfoField> Info { get; set; }

        [DataMember(Name = "launch"), Preserve] public object Launch { get; set; }

        [DataMember(Name = "expires_at"), Preserve] public long ExpiresAt { get; set; }

        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }
    }

    /// <summary>PartyPreview is the party in a preview.</summary>
    [Preserve] public sealed class PartyPreview
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        [DataMember(Name = "size"), Preserve] public long Size { get; set; }

        [DataMember(Name = "max_size"), Preserve] public long MaxSize { get; set; }

        /// <summary>seats kept for users who are not in: invited players, or members who are away</summary>
        [DataMember(Name = "held"), Preserve] public long Held { get; set; }

        /// <summary>held, and users who reported that they are on the way; see Footprint</summary>
        [DataMember(Name = "on_the_way"), Preserve] public long OnTheWay { get; set; }

        [DataMember(Name = "open"), Preserve] public bool Open { get; set; }

        [DataMember(Name = "leader_user_id"), Preserve] public string LeaderUserId { get; set; }

        [DataMember(Name = "members"), Preserve] public List<MemberProfile> Members { get; set; }

        /// <summary>the party's attributes that the rules make public</summary>
        [DataMember(Name = "attributes"), Preserve] public Dictionary<string, object> Attributes { get; set; }
    }

    /// <summary>MemberProfile is a member in a preview, with the live status.</summary>
    [Preserve] public sealed class MemberProfile
    {
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        [DataMember(Name = "username"), Preserve] public string Username { get; set; }

        [DataMember(Name = "display_name"), Preserve] public string DisplayName { get; set; }

        [DataMember(Name = "avatar_url"), Preserve] public string AvatarUrl { get; set; }

        [DataMember(Name = "stage"), Preserve] public string Stage { get; set; }

        /// <summary>0..1; absent if none was set</summary>
        [DataMember(Name = "progress"), Preserve] public double? Progress { get; set; }

        [DataMember(Name = "text"), Preserve] public string Text { get; set; }

        /// <summary>no progress for a long time</summary>
        [DataMember(Name = "stalled"), Preserve] public bool Stalled { get; set; }
    }

    [Preserve] public sealed class InviteRedeemRequest
    {
        [DataMember(Name = "code"), Preserve] public string Code { get; set; }

        /// <summary>which of the user's running games; needed over HTTP when there are several</summary>
        [DataMember(Name = "session_id"), Preserve] public string SessionId { get; set; }
    }

    /// <summary>InviteRedeemAnswer answers party_invite_redeem.</summary>
    [Preserve] public sealed class InviteRedeemAnswer
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        [DataMember(Name = "joined"), Preserve] public bool Joined { get; set; }

        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }

        [DataMember(Name = "message"), Preserve] public string Message { get; set; }

        [DataMember(Name = "info"), Preserve] public List<InfoField> Info { get; set; }

        [DataMember(Name = "launch"), Preserve] public object Launch { get; set; }
    }

    [Preserve] public sealed class InviteRevokeRequest
    {
        /// <summary>either id or code, not both</summary>
        [DataMember(Name = "id"), Preserve] public string Id { get; set; }

        [DataMember(Name = "code"), Preserve] public string Code { get; set; }
    }

    [Preserve] public sealed class MatchRequest
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>instead, for a player without a party</summary>
        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }
    }

    /// <summary>MatchAnswer answers party_match: the match that a party is in, with all its seats. All fields are empty if the party is in no match. Whenever it changes, players of the match receive it as match data with op code OpMatch.</summary>
    [Preserve] public sealed class MatchAnswer
    {
        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }

        [DataMember(Name = "queue"), Preserve] public string Queue { get; set; }

        /// <summary>where the match is played, in a queue with regions</summary>
        [DataMember(Name = "region"), Preserve] public string Region { get; set; }

        [DataMember(Name = "seats"), Preserve] public List<MatchSeat> Seats { get; set; }

        /// <summary>Server is the caller's access to the game server. It is set if the match has one and the caller has a seat.</summary>
        [DataMember(Name = "server"), Preserve] public ServerAccess Server { get; set; }
    }

    /// <summary>MatchSeat is one seat of a match.</summary>
    [Preserve] public sealed class MatchSeat
    {
        /// <summary>absent for an open seat, and for a seat held for a friend whose user ID is not known</summary>
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        /// <summary>empty for an open seat and for a player without a party</summary>
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>from 0</summary>
        [DataMember(Name = "team"), Preserve] public long Team { get; set; }

        /// <summary>One of SeatState.</summary>
        [DataMember(Name = "state"), Preserve] public string State { get; set; }

        /// <summary>of a held seat</summary>
        [DataMember(Name = "expires_at"), Preserve] public long ExpiresAt { get; set; }
    }

    /// <summary>ServerAccess is what a player needs to join a game server.</summary>
    [Preserve] public sealed class ServerAccess
    {
        /// <summary>an IP address, or a name if there is no address</summary>
        [DataMember(Name = "address"), Preserve] public string Address { get; set; }

        /// <summary>for clients that need a name, for example for TLS</summary>
        [DataMember(Name = "dns_name"), Preserve] public string DnsName { get; set; }

        [DataMember(Name = "port"), Preserve] public long Port { get; set; }

        /// <summary>proves who comes; valid for one join of this player</summary>
        [DataMember(Name = "pass"), Preserve] public string Pass { get; set; }

        [DataMember(Name = "pass_expires_at"), Preserve] public long PassExpiresAt { get; set; }

        /// <summary>the fleet's own session ID, if it has one</summary>
        [DataMember(Name = "player_session"), Preserve] public string PlayerSession { get; set; }
    }

    [Preserve] public sealed class MatchAcceptRequest
    {
        [DataMember(Name = "ticket"), Preserve] public string Ticket { get; set; }

        [DataMember(Name = "accept"), Preserve] public bool? Accept { get; set; }
    }

    /// <summary>MatchAcceptAnswer is how many players of a proposal have accepted so far. Counts are of players; AcceptBy is Unix seconds.</summary>
    [Preserve] public sealed class MatchAcceptAnswer
    {
        [DataMember(Name = "accepted"), Preserve] public long Accepted { get; set; }

        [DataMember(Name = "needed"), Preserve] public long Needed { get; set; }

        [DataMember(Name = "accept_by"), Preserve] public long AcceptBy { get; set; }
    }

    [Preserve] public sealed class QueueRequest
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }
    }

    /// <summary>QueueAnswer answers party_queue: why there is no match yet. It names no other players.</summary>
    [Preserve] public sealed class QueueAnswer
    {
        [DataMember(Name = "tickets"), Preserve] public List<QueueTicket> Tickets { get; set; }
    }

    /// <summary>QueueTicket is one waiting ticket.</summary>
    [Preserve] public sealed class QueueTicket
    {
        [DataMember(Name = "ticket"), Preserve] public string Ticket { get; set; }

        [DataMember(Name = "queue"), Preserve] public string Queue { get; set; }

        [DataMember(Name = "waited_sec"), Preserve] public long WaitedSec { get; set; }

        /// <summary>null while too little is known of the queue</summary>
        [DataMember(Name = "eta_sec"), Preserve] public QueueETA EtaSec { get; set; }

        [DataMember(Name = "window"), Preserve] public QueueWindow Window { get; set; }

        /// <summary>tickets in the queue, including this one</summary>
        [DataMember(Name = "pool"), Preserve] public long Pool { get; set; }

        /// <summary>other tickets that could be in a match with it</summary>
        [DataMember(Name = "in_reach"), Preserve] public long InReach { get; set; }

        [DataMember(Name = "holding_back"), Preserve] public List<HoldingBack> HoldingBack { get; set; }

        /// <summary>while its players are asked to accept</summary>
        [DataMember(Name = "proposal"), Preserve] public ProposalState Proposal { get; set; }
    }

    /// <summary>QueueWindow is how far a ticket may reach at present; null is without bound.</summary>
    [Preserve] public sealed class QueueWindow
    {
        [DataMember(Name = "skill"), Preserve] public double? Skill { get; set; }

        [DataMember(Name = "latency_ms"), Preserve] public double? LatencyMs { get; set; }
    }

    /// <summary>HoldingBack counts the tickets that one reason keeps from a ticket: match_on, skill, latency, size, parity, blocks, team_spread, or waiting for others and the next pass.</summary>
    [Preserve] public sealed class HoldingBack
    {
        [DataMember(Name = "reason"), Preserve] public string Reason { get; set; }

        [DataMember(Name = "tickets"), Preserve] public long Tickets { get; set; }
    }

    /// <summary>ProposalState is how many players of a proposal have accepted so far. Counts are of players; AcceptBy is Unix seconds.</summary>
    [Preserve] public sealed class ProposalState
    {
        [DataMember(Name = "accepted"), Preserve] public long Accepted { get; set; }

        [DataMember(Name = "needed"), Preserve] public long Needed { get; set; }

        [DataMember(Name = "accept_by"), Preserve] public long AcceptBy { get; set; }
    }

    /// <summary>QuickJoinRequest says which parties fit, and is the payload of party_quick_join.</summary>
    [Preserve] public sealed class QuickJoinRequest
    {
        /// <summary>an object: fields of the party's label with a text, a number, or true or false</summary>
        [DataMember(Name = "label"), Preserve] public object Label { get; set; }

        /// <summary>at least this many</summary>
        [DataMember(Name = "free_seats"), Preserve] public long? FreeSeats { get; set; }
    }

    /// <summary>QuickJoinAnswer is the answer of party_quick_join.</summary>
    [Preserve] public sealed class QuickJoinAnswer
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        [DataMember(Name = "joined"), Preserve] public bool Joined { get; set; }

        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }
    }

    /// <summary>ResumeAnswer answers party_resume.</summary>
    [Preserve] public sealed class ResumeAnswer
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>false: the session comes in as soon as the user's older connection has ended</summary>
        [DataMember(Name = "joined"), Preserve] public bool Joined { get; set; }
    }

    [Preserve] public sealed class ServerEndRequest
    {
        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }

        [DataMember(Name = "server_token"), Preserve] public string ServerToken { get; set; }

        [DataMember(Name = "result"), Preserve] public object Result { get; set; }
    }

    [Preserve] public sealed class ServerJoinRequest
    {
        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }

        [DataMember(Name = "server_token"), Preserve] public string ServerToken { get; set; }

        [DataMember(Name = "pass"), Preserve] public string Pass { get; set; }
    }

    /// <summary>ServerJoinAnswer is a player who has joined a game server.</summary>
    [Preserve] public sealed class ServerJoinAnswer
    {
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        /// <summary>"" for a player without a party</summary>
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>from 0</summary>
        [DataMember(Name = "team"), Preserve] public long Team { get; set; }
    }

    [Preserve] public sealed class ServerLeaveRequest
    {
        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }

        [DataMember(Name = "server_token"), Preserve] public string ServerToken { get; set; }

        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        /// <summary>left, dropped, kicked or no_show</summary>
        [DataMember(Name = "reason"), Preserve] public string Reason { get; set; }
    }

    [Preserve] public sealed class ServerSeatsRequest
    {
        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }

        [DataMember(Name = "server_token"), Preserve] public string ServerToken { get; set; }
    }

    /// <summary>ServerSeatsAnswer answers party_match: the match that a party is in, with all its seats. All fields are empty if the party is in no match. Whenever it changes, players of the match receive it as match data with op code OpMatch.</summary>
    [Preserve] public sealed class ServerSeatsAnswer
    {
        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }

        [DataMember(Name = "queue"), Preserve] public string Queue { get; set; }

        /// <summary>where the match is played, in a queue with regions</summary>
        [DataMember(Name = "region"), Preserve] public string Region { get; set; }

        [DataMember(Name = "seats"), Preserve] public List<MatchSeat> Seats { get; set; }

        /// <summary>Server is the caller's access to the game server. It is set if the match has one and the caller has a seat.</summary>
        [DataMember(Name = "server"), Preserve] public ServerAccess Server { get; set; }
    }

    /// <summary>ShareRequest is the request of party_share.</summary>
    [Preserve] public sealed class ShareRequest
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        [DataMember(Name = "to"), Preserve] public ShareTo To { get; set; }

        /// <summary>at most 255 bytes; "" keeps the invite's message</summary>
        [DataMember(Name = "message"), Preserve] public string Message { get; set; }
    }

    /// <summary>ShareTo says who should see the shared party. At least one field must be set.</summary>
    [Preserve] public sealed class ShareTo
    {
        /// <summary>followers, by the caller's Nakama status</summary>
        [DataMember(Name = "status"), Preserve] public bool? Status { get; set; }

        /// <summary>mutual friends</summary>
        [DataMember(Name = "friends"), Preserve] public bool? Friends { get; set; }

        /// <summary>the members of a group that the caller is in</summary>
        [DataMember(Name = "group_id"), Preserve] public string GroupId { get; set; }

        /// <summary>at most 100</summary>
        [DataMember(Name = "user_ids"), Preserve] public List<string> UserIds { get; set; }
    }

    /// <summary>ShareAnswer is the answer of party_share.</summary>
    [Preserve] public sealed class ShareAnswer
    {
        [DataMember(Name = "url"), Preserve] public string Url { get; set; }

        /// <summary>the invite's</summary>
        [DataMember(Name = "id"), Preserve] public string Id { get; set; }

        /// <summary>Unix seconds</summary>
        [DataMember(Name = "expires_at"), Preserve] public long ExpiresAt { get; set; }

        [DataMember(Name = "delivered"), Preserve] public ShareDelivered Delivered { get; set; }
    }

    /// <summary>ShareDelivered counts the users that the call reached. Each user is counted once: a named user who is a friend counts as named, a friend who is in the group counts as a friend.</summary>
    [Preserve] public sealed class ShareDelivered
    {
        /// <summary>1 if the caller's status was set</summary>
        [DataMember(Name = "status"), Preserve] public long Status { get; set; }

        [DataMember(Name = "friends"), Preserve] public long Friends { get; set; }

        [DataMember(Name = "group"), Preserve] public long Group { get; set; }

        [DataMember(Name = "users"), Preserve] public long Users { get; set; }
    }

    [Preserve] public sealed class StatusListRequest
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }
    }

    /// <summary>StatusListAnswer is the statuses of a party, and the answer of party_status_list. The message to the party (op code OpStatus) has the same form, with only the rows that changed; many rows go out in several messages.</summary>
    [Preserve] public sealed class StatusListAnswer
    {
        [DataMember(Name = "members"), Preserve] public List<StatusMember> Members { get; set; }

        [DataMember(Name = "incoming"), Preserve] public List<StatusIncoming> Incoming { get; set; }
    }

    /// <summary>StatusMember is the status of one session in the party.</summary>
    [Preserve] public sealed class StatusMember
    {
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        [DataMember(Name = "session_id"), Preserve] public string SessionId { get; set; }

        [DataMember(Name = "username"), Preserve] public string Username { get; set; }

        [DataMember(Name = "leader"), Preserve] public bool Leader { get; set; }

        /// <summary>empty before the first report</summary>
        [DataMember(Name = "stage"), Preserve] public string Stage { get; set; }

        /// <summary>0..1; absent if none was reported</summary>
        [DataMember(Name = "progress"), Preserve] public double? Progress { get; set; }

        [DataMember(Name = "text"), Preserve] public string Text { get; set; }

        /// <summary>no progress for longer than the rules' stall</summary>
        [DataMember(Name = "stalled"), Preserve] public bool Stalled { get; set; }

        /// <summary>Unix seconds; 0 before the first report</summary>
        [DataMember(Name = "updated_at"), Preserve] public long UpdatedAt { get; set; }

        /// <summary>Lost marks a session that the server counts as a member although its connection ended while joining. The seat is taken until the leader removes the member.</summary>
        [DataMember(Name = "lost"), Preserve] public bool Lost { get; set; }
    }

    /// <summary>StatusIncoming is the status of a user on the way. In a message, a row without a stage means that the user is no longer on the way: come in, declined, or without a report for too long.</summary>
    [Preserve] public sealed class StatusIncoming
    {
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        [DataMember(Name = "username"), Preserve] public string Username { get; set; }

        [DataMember(Name = "stage"), Preserve] public string Stage { get; set; }

        [DataMember(Name = "progress"), Preserve] public double? Progress { get; set; }

        [DataMember(Name = "text"), Preserve] public string Text { get; set; }

        [DataMember(Name = "stalled"), Preserve] public bool Stalled { get; set; }

        [DataMember(Name = "updated_at"), Preserve] public long UpdatedAt { get; set; }
    }

    /// <summary>StatusSetRequest is a player's status, and the request of party_status_set. It replaces the player's previous report as a whole.</summary>
    [Preserve] public sealed class StatusSetRequest
    {
        /// <summary>of a member's party, or</summary>
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>of the invite of a user who is not in yet</summary>
        [DataMember(Name = "code"), Preserve] public string Code { get; set; }

        /// <summary>one of the rules' stages</summary>
        [DataMember(Name = "stage"), Preserve] public string Stage { get; set; }

        /// <summary>within the stage, 0 to 1; a small rounding error is accepted</summary>
        [DataMember(Name = "progress"), Preserve] public double? Progress { get; set; }

        /// <summary>at most 80 characters</summary>
        [DataMember(Name = "text"), Preserve] public string Text { get; set; }

        /// <summary>rising; a report with a lower number than the last is ignored</summary>
        [DataMember(Name = "seq"), Preserve] public long? Seq { get; set; }
    }

    /// <summary>WaitRequest is the payload of party_wait.</summary>
    [Preserve] public sealed class WaitRequest
    {
        /// <summary>of an invite, or</summary>
        [DataMember(Name = "code"), Preserve] public string Code { get; set; }

        /// <summary>an open party</summary>
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        [DataMember(Name = "leave"), Preserve] public bool? Leave { get; set; }
    }

    /// <summary>WaitAnswer answers party_wait.</summary>
    [Preserve] public sealed class WaitAnswer
    {
        /// <summary>from 1; 0 for a player who has a seat, or has left the wait list</summary>
        [DataMember(Name = "place"), Preserve] public long Place { get; set; }

        /// <summary>how many wait</summary>
        [DataMember(Name = "of"), Preserve] public long Of { get; set; }

        /// <summary>Unix seconds, while a seat is held</summary>
        [DataMember(Name = "held_until"), Preserve] public long HeldUntil { get; set; }
    }

    /// <summary>StatusEvent is the statuses of a party, and the answer of party_status_list. The message to the party (op code OpStatus) has the same form, with only the rows that changed; many rows go out in several messages.</summary>
    [Preserve] public sealed class StatusEvent
    {
        [DataMember(Name = "members"), Preserve] public List<StatusMember> Members { get; set; }

        [DataMember(Name = "incoming"), Preserve] public List<StatusIncoming> Incoming { get; set; }
    }

    /// <summary>InviteEvent is a message to the party, with op code OpInvite. By is the user who caused it. User is the user it is about, if any.</summary>
    [Preserve] public sealed class InviteEvent
    {
        /// <summary>One of InviteEventName.</summary>
        [DataMember(Name = "event"), Preserve] public string Event { get; set; }

        /// <summary>the invite's</summary>
        [DataMember(Name = "id"), Preserve] public string Id { get; set; }

        [DataMember(Name = "by"), Preserve] public string By { get; set; }

        [DataMember(Name = "user"), Preserve] public string User { get; set; }
    }

    /// <summary>MatchmakingEvent is a message to the party, op code OpMatchmaking. A player without a party gets it in a notification.</summary>
    [Preserve] public sealed class MatchmakingEvent
    {
        /// <summary>One of QueueEventName.</summary>
        [DataMember(Name = "event"), Preserve] public string Event { get; set; }

        /// <summary>"" if the host itself matches</summary>
        [DataMember(Name = "queue"), Preserve] public string Queue { get; set; }

        [DataMember(Name = "ticket"), Preserve] public string Ticket { get; set; }

        /// <summary>One of QueueDropReason. "" if the event needs none</summary>
        [DataMember(Name = "reason"), Preserve] public string Reason { get; set; }

        /// <summary>AcceptBy is the deadline for an answer, Unix seconds; only with found and replaced.</summary>
        [DataMember(Name = "accept_by"), Preserve] public long AcceptBy { get; set; }
    }

    /// <summary>MatchEvent is what a party hears about its match, as party data with op code OpMatch. Players also get the end as match data. An end with a user ID is only for the device that gets it: the user plays on with another one.</summary>
    [Preserve] public sealed class MatchEvent
    {
        [DataMember(Name = "event"), Preserve] public string Event { get; set; }

        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }

        /// <summary>absent for a seat held for a friend not known by name</summary>
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        /// <summary>from 0; absent when the match ended</summary>
        [DataMember(Name = "team"), Preserve] public long? Team { get; set; }

        [DataMember(Name = "expires_at"), Preserve] public long ExpiresAt { get; set; }

        /// <summary>an IP address, or a name if there is no address</summary>
        [DataMember(Name = "address"), Preserve] public string Address { get; set; }

        /// <summary>for clients that need a name, for example for TLS</summary>
        [DataMember(Name = "dns_name"), Preserve] public string DnsName { get; set; }

        [DataMember(Name = "port"), Preserve] public long Port { get; set; }

        /// <summary>proves who comes; valid for one join of this player</summary>
        [DataMember(Name = "pass"), Preserve] public string Pass { get; set; }

        [DataMember(Name = "pass_expires_at"), Preserve] public long PassExpiresAt { get; set; }

        /// <summary>the fleet's own session ID, if it has one</summary>
        [DataMember(Name = "player_session"), Preserve] public string PlayerSession { get; set; }

        /// <summary>with ended, where a game server gave one</summary>
        [DataMember(Name = "result"), Preserve] public object Result { get; set; }
    }

    /// <summary>MemberEvent is the message to members, op code OpMember.</summary>
    [Preserve] public sealed class MemberEvent
    {
        /// <summary>One of ReconnectEventName.</summary>
        [DataMember(Name = "event"), Preserve] public string Event { get; set; }

        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        /// <summary>Unix seconds; the end of the kept seat</summary>
        [DataMember(Name = "until"), Preserve] public long Until { get; set; }

        /// <summary>for removed: the leader's user ID</summary>
        [DataMember(Name = "by"), Preserve] public string By { get; set; }

        /// <summary>for restored: the party's native ID before</summary>
        [DataMember(Name = "was"), Preserve] public string Was { get; set; }

        /// <summary>for back: the user who led when the connection was lost</summary>
        [DataMember(Name = "led"), Preserve] public string Led { get; set; }
    }

    /// <summary>AttributesEvent is all attributes of a party, and the answer of party_attributes_get. The message to the party (op code OpAttributes) has the same form, with only the changes; many changes go out in several messages.</summary>
    [Preserve] public sealed class AttributesEvent
    {
        /// <summary>rises with every write; 0 before the first</summary>
        [DataMember(Name = "version"), Preserve] public long Version { get; set; }

        [DataMember(Name = "party"), Preserve] public Dictionary<string, object> Party { get; set; }

        /// <summary>by user ID</summary>
        [DataMember(Name = "members"), Preserve] public Dictionary<string, Dictionary<string, object>> Members { get; set; }
    }

    /// <summary>InviteNotice is the content of notification 1001: who invites to which party.</summary>
    [Preserve] public sealed class InviteNotice
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        [DataMember(Name = "url"), Preserve] public string Url { get; set; }

        [DataMember(Name = "code"), Preserve] public string Code { get; set; }

        /// <summary>the inviter's username</summary>
        [DataMember(Name = "from"), Preserve] public string From { get; set; }

        [DataMember(Name = "message"), Preserve] public string Message { get; set; }
    }

    /// <summary>DeclinedNotice is the content of notification 1002: who will not come.</summary>
    [Preserve] public sealed class DeclinedNotice
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>the invite's</summary>
        [DataMember(Name = "id"), Preserve] public string Id { get; set; }

        /// <summary>the username of the player who declined</summary>
        [DataMember(Name = "from"), Preserve] public string From { get; set; }
    }

    /// <summary>DroppedNotice is a message to the party, op code OpMatchmaking. A player without a party gets it in a notification.</summary>
    [Preserve] public sealed class DroppedNotice
    {
        /// <summary>One of QueueEventName.</summary>
        [DataMember(Name = "event"), Preserve] public string Event { get; set; }

        /// <summary>"" if the host itself matches</summary>
        [DataMember(Name = "queue"), Preserve] public string Queue { get; set; }

        [DataMember(Name = "ticket"), Preserve] public string Ticket { get; set; }

        /// <summary>One of QueueDropReason. "" if the event needs none</summary>
        [DataMember(Name = "reason"), Preserve] public string Reason { get; set; }

        /// <summary>AcceptBy is the deadline for an answer, Unix seconds; only with found and replaced.</summary>
        [DataMember(Name = "accept_by"), Preserve] public long AcceptBy { get; set; }
    }

    /// <summary>RemovedNotice is the content of notification 1004.</summary>
    [Preserve] public sealed class RemovedNotice
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>the leader's user ID</summary>
        [DataMember(Name = "by"), Preserve] public string By { get; set; }

        /// <summary>One of ReconnectRemovalKind.</summary>
        [DataMember(Name = "kind"), Preserve] public string Kind { get; set; }
    }

    /// <summary>SeatFreeNotice is the content of notification 1005: the player takes the seat by redeeming the code or, in an open party, by joining it. In a closed party party_wait with its ID takes the seat too; with a code it does not.</summary>
    [Preserve] public sealed class SeatFreeNotice
    {
        [DataMember(Name = "party_id"), Preserve] public string PartyId { get; set; }

        /// <summary>Unix seconds</summary>
        [DataMember(Name = "held_until"), Preserve] public long HeldUntil { get; set; }
    }

    /// <summary>FoundNotice is the content of notification 1006.</summary>
    [Preserve] public sealed class FoundNotice
    {
        [DataMember(Name = "ticket"), Preserve] public string Ticket { get; set; }

        [DataMember(Name = "queue"), Preserve] public string Queue { get; set; }

        /// <summary>the deadline for an answer, Unix seconds</summary>
        [DataMember(Name = "accept_by"), Preserve] public long AcceptBy { get; set; }
    }

    /// <summary>ServerNotice is what a party hears about its match, as party data with op code OpMatch. Players also get the end as match data. An end with a user ID is only for the device that gets it: the user plays on with another one.</summary>
    [Preserve] public sealed class ServerNotice
    {
        [DataMember(Name = "event"), Preserve] public string Event { get; set; }

        [DataMember(Name = "match_id"), Preserve] public string MatchId { get; set; }

        /// <summary>absent for a seat held for a friend not known by name</summary>
        [DataMember(Name = "user_id"), Preserve] public string UserId { get; set; }

        /// <summary>from 0; absent when the match ended</summary>
        [DataMember(Name = "team"), Preserve] public long? Team { get; set; }

        [DataMember(Name = "expires_at"), Preserve] public long ExpiresAt { get; set; }

        /// <summary>an IP address, or a name if there is no address</summary>
        [DataMember(Name = "address"), Preserve] public string Address { get; set; }

        /// <summary>for clients that need a name, for example for TLS</summary>
        [DataMember(Name = "dns_name"), Preserve] public string DnsName { get; set; }

        [DataMember(Name = "port"), Preserve] public long Port { get; set; }

        /// <summary>proves who comes; valid for one join of this player</summary>
        [DataMember(Name = "pass"), Preserve] public string Pass { get; set; }

        [DataMember(Name = "pass_expires_at"), Preserve] public long PassExpiresAt { get; set; }

        /// <summary>the fleet's own session ID, if it has one</summary>
        [DataMember(Name = "player_session"), Preserve] public string PlayerSession { get; set; }

        /// <summary>with ended, where a game server gave one</summary>
        [DataMember(Name = "result"), Preserve] public object Result { get; set; }
    }

    /// <summary>What players call.</summary>
    public sealed class PartylineClient
    {
        private readonly Transport send;

        public PartylineClient(Transport send)
        {
            this.send = send;
        }

        /// <summary>Gives the party as the presence and invite APIs of platforms take it.</summary>
        public async Task<ActivityAnswer> ActivityAsync(ActivityRequest request)
        {
            return PartyJson.Read<ActivityAnswer>(await Refusal.Watch(send("party_activity", PartyJson.Write(request))));
        }

        /// <summary>Gives the attributes of the party and of its members.</summary>
        public async Task<AttributesGetAnswer> AttributesGetAsync(AttributesGetRequest request)
        {
            return PartyJson.Read<AttributesGetAnswer>(await Refusal.Watch(send("party_attributes_get", PartyJson.Write(request))));
        }

        /// <summary>Writes attributes of the party, of the caller in it, or both.</summary>
        public async Task<AttributesSetAnswer> AttributesSetAsync(AttributesSetRequest request)
        {
            return PartyJson.Read<AttributesSetAnswer>(await Refusal.Watch(send("party_attributes_set", PartyJson.Write(request))));
        }

        /// <summary>Says whether an action would be refused, and why, without doing it.</summary>
        public async Task<CheckAnswer> CheckAsync(CheckRequest request)
        {
            return PartyJson.Read<CheckAnswer>(await Refusal.Watch(send("party_check", PartyJson.Write(request))));
        }

        /// <summary>Lists open parties that fit, with live counts, the longest open first.</summary>
        public async Task<FindAnswer> FindAsync(FindRequest request)
        {
            return PartyJson.Read<FindAnswer>(await Refusal.Watch(send("party_find", PartyJson.Write(request))));
        }

        /// <summary>Makes an invite into a party that the caller is in.</summary>
        public async Task<InviteCreateAnswer> InviteCreateAsync(InviteCreateRequest request)
        {
            return PartyJson.Read<InviteCreateAnswer>(await Refusal.Watch(send("party_invite_create", PartyJson.Write(request))));
        }

        /// <summary>Declines an invite that names the caller, frees the seat and tells the inviter.</summary>
        public async Task InviteDeclineAsync(InviteDeclineRequest request)
        {
            await Refusal.Watch(send("party_invite_decline", PartyJson.Write(request)));
        }

        /// <summary>Lists the invites of a party, for its members, the newest first.</summary>
        public async Task<InviteListAnswer> InviteListAsync(InviteListRequest request)
        {
            return PartyJson.Read<InviteListAnswer>(await Refusal.Watch(send("party_invite_list", PartyJson.Write(request))));
        }

        /// <summary>Says what an invite leads to, without using it.</summary>
        public async Task<InvitePreviewAnswer> InvitePreviewAsync(InvitePreviewRequest request)
        {
            return PartyJson.Read<InvitePreviewAnswer>(await Refusal.Watch(send("party_invite_preview", PartyJson.Write(request))));
        }

        /// <summary>Uses an invite: the caller's running game becomes a member at once.</summary>
        public async Task<InviteRedeemAnswer> InviteRedeemAsync(InviteRedeemRequest request)
        {
            return PartyJson.Read<InviteRedeemAnswer>(await Refusal.Watch(send("party_invite_redeem", PartyJson.Write(request))));
        }

        /// <summary>Ends an invite, for the user who made it and for the leader.</summary>
        public async Task InviteRevokeAsync(InviteRevokeRequest request)
        {
            await Refusal.Watch(send("party_invite_revoke", PartyJson.Write(request)));
        }

        /// <summary>Names the match that the party is in, with its seats.</summary>
        public async Task<MatchAnswer> MatchAsync(MatchRequest request)
        {
            return PartyJson.Read<MatchAnswer>(await Refusal.Watch(send("party_match", PartyJson.Write(request))));
        }

        /// <summary>Answers for the caller whether they take the match that was found.</summary>
        public async Task<MatchAcceptAnswer> MatchAcceptAsync(MatchAcceptRequest request)
        {
            return PartyJson.Read<MatchAcceptAnswer>(await Refusal.Watch(send("party_match_accept", PartyJson.Write(request))));
        }

        /// <summary>Says why a ticket has no match yet; without a party, of all tickets that the caller is on.</summary>
        public async Task<QueueAnswer> QueueAsync(QueueRequest request)
        {
            return PartyJson.Read<QueueAnswer>(await Refusal.Watch(send("party_queue", PartyJson.Write(request))));
        }

        /// <summary>Makes the caller a member of an open party that fits, at once.</summary>
        public async Task<QuickJoinAnswer> QuickJoinAsync(QuickJoinRequest request)
        {
            return PartyJson.Read<QuickJoinAnswer>(await Refusal.Watch(send("party_quick_join", PartyJson.Write(request))));
        }

        /// <summary>Puts the caller back into the seat kept after a dropped connection.</summary>
        public async Task<ResumeAnswer> ResumeAsync()
        {
            return PartyJson.Read<ResumeAnswer>(await Refusal.Watch(send("party_resume", "{}")));
        }

        /// <summary>Makes the party known to followers, friends, a group or certain users.</summary>
        public async Task<ShareAnswer> ShareAsync(ShareRequest request)
        {
            return PartyJson.Read<ShareAnswer>(await Refusal.Watch(send("party_share", PartyJson.Write(request))));
        }

        /// <summary>Lists how far everybody in the party and on the way to it is.</summary>
        public async Task<StatusListAnswer> StatusListAsync(StatusListRequest request)
        {
            return PartyJson.Read<StatusListAnswer>(await Refusal.Watch(send("party_status_list", PartyJson.Write(request))));
        }

        /// <summary>Tells how far the caller is, as a member or, by an invite's code, as somebody on the way.</summary>
        public async Task StatusSetAsync(StatusSetRequest request)
        {
            await Refusal.Watch(send("party_status_set", PartyJson.Write(request)));
        }

        /// <summary>Puts the caller on the wait list of a full party, or takes them off it.</summary>
        public async Task<WaitAnswer> WaitAsync(WaitRequest request)
        {
            return PartyJson.Read<WaitAnswer>(await Refusal.Watch(send("party_wait", PartyJson.Write(request))));
        }
    }

    /// <summary>What the game's own servers call, with the HTTP key.</summary>
    public sealed class PartylineServer
    {
        private readonly Transport send;

        public PartylineServer(Transport send)
        {
            this.send = send;
        }

        /// <summary>Lists the parties there are.</summary>
        public async Task<AdminPartiesAnswer> PartiesAsync(AdminPartiesRequest request)
        {
            return PartyJson.Read<AdminPartiesAnswer>(await Refusal.Watch(send("party_admin_parties", PartyJson.Write(request))));
        }

        /// <summary>Shows the rules in force and what is wrong with the newest file.</summary>
        public async Task<AdminRulesAnswer> RulesAsync(AdminRulesRequest request)
        {
            return PartyJson.Read<AdminRulesAnswer>(await Refusal.Watch(send("party_admin_rules", PartyJson.Write(request))));
        }

        /// <summary>Counts denials, invites and what the module remembers.</summary>
        public async Task<AdminStatsAnswer> StatsAsync()
        {
            return PartyJson.Read<AdminStatsAnswer>(await Refusal.Watch(send("party_admin_stats", "{}")));
        }

        /// <summary>The match is over; its parties hear the result.</summary>
        public async Task ServerEndAsync(ServerEndRequest request)
        {
            await Refusal.Watch(send("party_server_end", PartyJson.Write(request)));
        }

        /// <summary>A player has come with a pass. It works once.</summary>
        public async Task<ServerJoinAnswer> ServerJoinAsync(ServerJoinRequest request)
        {
            return PartyJson.Read<ServerJoinAnswer>(await Refusal.Watch(send("party_server_join", PartyJson.Write(request))));
        }

        /// <summary>A player has gone, or has lost the connection and may come back.</summary>
        public async Task ServerLeaveAsync(ServerLeaveRequest request)
        {
            await Refusal.Watch(send("party_server_leave", PartyJson.Write(request)));
        }

        /// <summary>The seats of the match, and a sign of life of its game server.</summary>
        public async Task<ServerSeatsAnswer> ServerSeatsAsync(ServerSeatsRequest request)
        {
            return PartyJson.Read<ServerSeatsAnswer>(await Refusal.Watch(send("party_server_seats", PartyJson.Write(request))));
        }
    }

    /// <summary>Reads messages of the server's to the party, as ReceivedPartyData brings them.</summary>
    public sealed class PartyEvents
    {
        /// <summary>Op code -1.</summary>
        public event Action<string, StatusEvent> Status;

        /// <summary>Op code -2.</summary>
        public event Action<string, InviteEvent> Invite;

        /// <summary>Op code -3.</summary>
        public event Action<string, MatchmakingEvent> Matchmaking;

        /// <summary>Op code -4.</summary>
        public event Action<string, MatchEvent> Match;

        /// <summary>Op code -5.</summary>
        public event Action<string, MemberEvent> Member;

        /// <summary>Op code -6.</summary>
        public event Action<string, AttributesEvent> Attributes;

        /// <summary>Raises the event of a message, with the party's ID; false for what members send.</summary>
        public bool Receive(IPartyData message)
        {
            switch (message.OpCode)
            {
                case -1: Status?.Invoke(message.PartyId, PartyJson.Read<StatusEvent>(Encoding.UTF8.GetString(message.Data))); return true;
                case -2: Invite?.Invoke(message.PartyId, PartyJson.Read<InviteEvent>(Encoding.UTF8.GetString(message.Data))); return true;
                case -3: Matchmaking?.Invoke(message.PartyId, PartyJson.Read<MatchmakingEvent>(Encoding.UTF8.GetString(message.Data))); return true;
                case -4: Match?.Invoke(message.PartyId, PartyJson.Read<MatchEvent>(Encoding.UTF8.GetString(message.Data))); return true;
                case -5: Member?.Invoke(message.PartyId, PartyJson.Read<MemberEvent>(Encoding.UTF8.GetString(message.Data))); return true;
                case -6: Attributes?.Invoke(message.PartyId, PartyJson.Read<AttributesEvent>(Encoding.UTF8.GetString(message.Data))); return true;
            }
            return false;
        }
    }

    /// <summary>Reads notifications, as ReceivedNotification and ListNotificationsAsync bring them.</summary>
    public sealed class PartyNotices
    {
        /// <summary>Code 1001, subject party_invite.</summary>
        public event Action<IApiNotification, InviteNotice> Invite;

        /// <summary>Code 1002, subject party_invite_declined.</summary>
        public event Action<IApiNotification, DeclinedNotice> Declined;

        /// <summary>Code 1003, subject matchmaking.</summary>
        public event Action<IApiNotification, DroppedNotice> Dropped;

        /// <summary>Code 1004, subject party_removed.</summary>
        public event Action<IApiNotification, RemovedNotice> Removed;

        /// <summary>Code 1005, subject party_seat_free.</summary>
        public event Action<IApiNotification, SeatFreeNotice> SeatFree;

        /// <summary>Code 1006, subject match_found.</summary>
        public event Action<IApiNotification, FoundNotice> Found;

        /// <summary>Code 1007, subject server_ready.</summary>
        public event Action<IApiNotification, ServerNotice> Server;

        /// <summary>Raises the event of a notification; false for others.</summary>
        public bool Receive(IApiNotification notification)
        {
            switch (notification.Code)
            {
                case 1001: Invite?.Invoke(notification, PartyJson.Read<InviteNotice>(notification.Content)); return true;
                case 1002: Declined?.Invoke(notification, PartyJson.Read<DeclinedNotice>(notification.Content)); return true;
                case 1003: Dropped?.Invoke(notification, PartyJson.Read<DroppedNotice>(notification.Content)); return true;
                case 1004: Removed?.Invoke(notification, PartyJson.Read<RemovedNotice>(notification.Content)); return true;
                case 1005: SeatFree?.Invoke(notification, PartyJson.Read<SeatFreeNotice>(notification.Content)); return true;
                case 1006: Found?.Invoke(notification, PartyJson.Read<FoundNotice>(notification.Content)); return true;
                case 1007: Server?.Invoke(notification, PartyJson.Read<ServerNotice>(notification.Content)); return true;
            }
            return false;
        }
    }
}
