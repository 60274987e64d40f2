// A game that uses the typed client.

using System.Collections.Generic;
using System.Threading.Tasks;
using Nakama;
using Partyline;

public static class Game
{
    public static async Task<string> Play(ISocket socket, IClient client, ISession session, string partyId, string friend)
    {
        var party = new PartylineClient(Transports.OverSocket(socket));
        var made = await party.InviteCreateAsync(new InviteCreateRequest
        {
            PartyId = partyId,
            ForUserIds = new List<string> { friend },
            TtlSec = 300,
            HoldSeat = true,
            Kind = InviteKind.Link,
            Info = new List<InfoField> { new InfoField { Label = "Mode", Value = "Co-op" } },
            Launch = new Dictionary<string, object> { { "map", "harbour" } },
        });
        try
        {
            await new PartylineClient(Transports.OverHttp(client, session)).StatusSetAsync(new StatusSetRequest
            {
                Code = made.Code, Stage = "downloading", Progress = 0.5,
            });
        }
        catch (Refusal refusal) when (refusal.Reason == Reasons.RateLimited)
        {
            return refusal.RetryAfterSec.ToString();
        }
        var waiting = await party.QueueAsync(new QueueRequest());
        double? reach = waiting.Tickets[0].Window.Skill;
        return reach + made.Url;
    }

    public static void Listen(PartyEvents events, PartyNotices notices)
    {
        events.Status += (party, change) => change.Members.ForEach(member => { double? done = member.Progress; });
        notices.Invite += (notification, content) => content.Url.ToString();
    }
}
