// A program that plays the game of game.cs over answers that the test knows, and prints what comes of them.

using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Nakama;
using Partyline;

public sealed class Answers : IApiRpc, IPartyData, IClient
{
    public string Payload { get; set; }
    public Exception Failure;
    public string Asked;

    public string PartyId { get { return "p"; } }
    public long OpCode { get { return -4; } }
    public byte[] Data { get { return Encoding.UTF8.GetBytes(Payload); } }

    public Task<IApiRpc> RpcAsync(ISession session, string id, string payload, RetryConfiguration retryConfiguration = null, CancellationToken canceller = default(CancellationToken))
    {
        Asked = payload;
        if (Failure != null) throw Failure;
        return Task.FromResult<IApiRpc>(this);
    }

    public Task<IApiRpc> RpcAsync(string httpKey, string id, string payload, RetryConfiguration retryConfiguration = null, CancellationToken canceller = default(CancellationToken))
    {
        return RpcAsync((ISession)null, id, payload, retryConfiguration, canceller);
    }
}

public enum Mode
{
    Duo,
    Trio,
}

public struct Place
{
    public float X;
    public Place Normalized { get { return this; } }
    public float this[int axis] { get { return X; } set { X = value; } }
}

public sealed class Own
{
    public int Level;
    public Mode? Mode { get; set; }
    public int[] Scores { get; set; }
    public List<Place> Places;
    public Dictionary<Mode, char> Keys;
    public DateTime At { get; set; }
    public Guid Id;
    public ulong? Big;
    public float Reach;
    public Own Self;
    public int Twice { get { return Level * 2; } }
}

public static class Play
{
    private static void Try<T>(Func<T> todo)
    {
        try
        {
            Console.WriteLine(PartyJson.Write(todo()));
        }
        catch (Exception error) when (error is FormatException || error is ArgumentException)
        {
            Console.WriteLine((error is FormatException ? "format: " : "argument: ") + error.Message);
        }
    }

    public static void Main(string[] args)
    {
        var server = new Answers { Payload = args[0] };
        var party = new PartylineClient(Transports.OverHttp(server, null));
        var got = party.AttributesGetAsync(new AttributesGetRequest { PartyId = "p" }).Result;
        Console.WriteLine("{0} {1} {2}", (long)got.Party["ts"], (double)got.Party["f"] == 1e-7, got.Members["ann"]["note"].Equals("l1\nl2 C:\\dir R&D \ud83d\ude00"));

        server.Payload = "{}";
        party.AttributesSetAsync(new AttributesSetRequest { PartyId = "p", Party = got.Party, Version = got.Version }).Wait();
        Console.WriteLine(server.Asked);

        var launch = new { map = "a\tb\u0001", at = new Dictionary<string, float> { { "\"", 0.5f } }, none = (string)null };
        party.InviteCreateAsync(new InviteCreateRequest { PartyId = "p", Launch = launch }).Wait();
        Console.WriteLine(server.Asked);

        var events = new PartyEvents();
        events.Match += (id, change) => Console.WriteLine("{0} {1} {2}", change.Event, change.Team.HasValue ? change.Team.ToString() : "none", PartyJson.Write(change.Result));
        foreach (var text in new[] { "{\"event\":\"seat_held\", \"team\": 0, \"new\": [{}, []]}", "{\"event\":\"ended\",\"team\":null,\"result\":[\"R\\u0026D\"]}" })
        {
            server.Payload = text;
            events.Receive(server);
        }

        foreach (var body in new[] { "{\"code\":13,\"message\":\"internal: Say \\\"hi\\\".\"}", "{<html>", "{\"message\":{}}" })
        {
            server.Failure = new TaskCanceledException("Exceeded max retry attempts.", new Exception(body));
            try
            {
                party.ResumeAsync().GetAwaiter().GetResult();
            }
            catch (Refusal refusal)
            {
                Console.WriteLine(refusal.Reason + ": " + refusal.Message);
            }
            catch (TaskCanceledException)
            {
                Console.WriteLine("cancelled");
            }
        }

        foreach (var wrong in new[] { "", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":1 \"b\":2}", "\"\\x\"", "\"\\u12\"", "\"a", "1 2", "Infinity", "[1}" })
        {
            try
            {
                Console.WriteLine(wrong + " is read as " + PartyJson.Write(PartyJson.Read<object>(wrong)));
            }
            catch (FormatException)
            {
            }
        }

        var own = new Own
        {
            Level = 7, Mode = Mode.Trio, Scores = new[] { 1, 2 }, Places = new List<Place> { new Place { X = 0.1f } }, Keys = new Dictionary<Mode, char> { { Mode.Duo, 'k' } },
            At = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), Id = new Guid("7a07e5e3-c532-4891-899d-973131c3a3fc"), Reach = float.PositiveInfinity, Big = 5,
        };
        Try(() => PartyJson.Read<Own>(PartyJson.Write(own)));
        foreach (var text in new[]
        {
            "[]", "2.5", "{\"Level\":2.5}", "{\"Level\":1e30}", "{\"Level\":null}", "{\"Level\":\"7\"}", "{\"Level\":{}}", "{\"Mode\":\"x\"}", "{\"Mode\":1}", "{\"Scores\":[1,null]}",
            "{\"Scores\":{}}", "{\"Places\":{}}", "{\"Keys\":{\"Duo\":\"kk\"}}", "{\"At\":\"x\"}", "{\"Id\":\"x\"}", "{\"Id\":{}}", "{\"Big\":18446744073709551615}", "{\"Reach\":1e300}",
        }) Try(() => PartyJson.Read<Own>(text));
        Try(() => PartyJson.Read<int>("null"));
        Try(() => PartyJson.Read<object>(null));
        Try(() => PartyJson.Read<string>("5"));
        Try(() => PartyJson.Read<List<double>>("[1,1e5]"));
        Try(() => PartyJson.Read<List<long>>("[1e5,2.0]"));
        Try(() => new { pos = new Place { X = 2 }, big = ulong.MaxValue });
        Try(() => double.NaN);
        Try(() => TimeSpan.Zero);
        own.Self = own;
        Try(() => own);
    }
}
