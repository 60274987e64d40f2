// The parts of the SDK for .NET and Unity that the typed client uses, as the SDK's public interface declares them.

using System.Threading;
using System.Threading.Tasks;

namespace Nakama
{
    public interface IApiRpc
    {
        string Payload { get; }
    }

    public interface ISession
    {
    }

    public sealed class RetryConfiguration
    {
    }

    public interface ISocket
    {
        Task<IApiRpc> RpcAsync(string funcId, string payload = null);
    }

    public interface IClient
    {
        Task<IApiRpc> RpcAsync(ISession session, string id, string payload, RetryConfiguration retryConfiguration = null, CancellationToken canceller = default(CancellationToken));
        Task<IApiRpc> RpcAsync(string httpKey, string id, string payload, RetryConfiguration retryConfiguration = null, CancellationToken canceller = default(CancellationToken));
    }

    public interface IPartyData
    {
        string PartyId { get; }
        long OpCode { get; }
        byte[] Data { get; }
    }

    public interface IApiNotification
    {
        int Code { get; }
        string Content { get; }
    }
}

// From the platform, in an assembly that a minimal Mono does not have.
namespace System.Runtime.Serialization
{
    public sealed class DataMemberAttribute : System.Attribute
    {
        public string Name { get; set; }
    }

    public sealed class IgnoreDataMemberAttribute : System.Attribute
    {
    }
}
