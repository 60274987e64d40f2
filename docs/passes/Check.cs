// Checks a pass with .NET alone (C# 7, .NET Standard 2.0: Unity, Godot, Mono). Nothing of it is
// secret, so plain numbers do; it takes some 10 ms. With BouncyCastle in the game already,
// Ed25519.Verify of Org.BouncyCastle.Math.EC.Rfc8032 does what Signed does, and faster.
using System;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Runtime.Serialization.Json;
using System.Security.Cryptography;
using System.Text;

public static class Pass {
    public class Claims { public string jti, match_id, user_id, party_id; public int team; public long exp; }
    public class Key { public string kid, x; }
    public class Keys { public Key[] keys; } // what /party/keys.json answers
    public class Head { public string alg, kid; }

    // Check returns null for a pass to be refused.
    public static Claims Check(string pass, Keys keys, string matchId, long nowSec) {
        try {
            if (pass.Length > 2048) return null; // none is so long, and deep JSON takes time without end
            var parts = pass.Split('.');
            if (parts.Length != 3) return null;
            var head = Read<Head>(Decode(parts[0]));
            var key = keys.keys.FirstOrDefault(k => k.kid == head?.kid);
            if (key == null || head.alg != "EdDSA") return null;
            if (!Signed(Decode(key.x), Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), Decode(parts[2]))) return null;
            var claims = Read<Claims>(Decode(parts[1]));
            return !string.IsNullOrEmpty(claims.user_id) && claims.match_id == matchId && nowSec < claims.exp ? claims : null;
        } catch (Exception) {
            return null; // no base64, no text, no JSON
        }
    }

    // Read reads JSON. In Unity, mark the classes [Serializable] and use JsonUtility.FromJson<T>.
    public static T Read<T>(byte[] json) => (T)new DataContractJsonSerializer(typeof(T)).ReadObject(new MemoryStream(json));

    static byte[] Decode(string text) {
        if (text.IndexOfAny(new[] { '+', '/', '=', ' ', '\t', '\r', '\n' }) >= 0) throw new FormatException();
        return Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/') + new string('=', (4 - text.Length % 4) % 4));
    }

    // Ed25519 (RFC 8032): is S*base - SHA512(R, key, message)*key the point R of the signature?
    static bool Signed(byte[] key, byte[] message, byte[] signature) {
        if (key.Length != 32 || signature.Length != 64) return false;
        var s = Number(signature.Skip(32));
        var minus = Point(key, true);
        if (s >= Order || minus == null) return false;
        BigInteger k;
        using (var sha = SHA512.Create()) k = Number(sha.ComputeHash(signature.Take(32).Concat(key).Concat(message).ToArray())) % Order;
        var sum = new BigInteger[] { 0, 1, 1, 0 };
        for (int bit = 252; bit >= 0; bit--) {
            sum = Add(sum, sum);
            if (!(s >> bit).IsEven) sum = Add(sum, Base);
            if (!(k >> bit).IsEven) sum = Add(sum, minus);
        }
        var z = BigInteger.ModPow(sum[2], P - 2, P);
        BigInteger x = Mod(sum[0] * z), y = Mod(sum[1] * z);
        return Number(signature.Take(32)) == y + (x.IsEven ? 0 : BigInteger.One << 255);
    }

    static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
    static readonly BigInteger Order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");
    static readonly BigInteger D = Mod(-121665 * BigInteger.ModPow(121666, P - 2, P));
    static readonly BigInteger[] Base = Point(new byte[] { 0x58 }.Concat(Enumerable.Repeat((byte)0x66, 31)).ToArray(), false);

    static BigInteger Mod(BigInteger n) => (n %= P).Sign < 0 ? n + P : n;
    static BigInteger Number(System.Collections.Generic.IEnumerable<byte> little) => new BigInteger(little.Concat(new byte[] { 0 }).ToArray());

    // Point reads 32 bytes as {X, Y, Z, T}, x = X/Z, y = Y/Z, x*y = T/Z; null where they are no point.
    static BigInteger[] Point(byte[] bytes, bool negated) {
        var n = Number(bytes);
        var y = n & ((BigInteger.One << 255) - 1);
        BigInteger u = Mod(y * y - 1), v = Mod(D * y * y + 1);
        var x = Mod(u * v * v * v * BigInteger.ModPow(u * BigInteger.Pow(v, 7), (P - 5) / 8, P));
        if (Mod(v * x * x) != u) x = Mod(x * BigInteger.ModPow(2, (P - 1) / 4, P));
        if (y >= P || Mod(v * x * x) != u || x.IsZero && n > y) return null;
        if (x.IsEven == (n > y) != negated) x = Mod(-x);
        return new[] { x, y, BigInteger.One, Mod(x * y) };
    }

    static BigInteger[] Add(BigInteger[] p, BigInteger[] q) {
        BigInteger a = (p[1] - p[0]) * (q[1] - q[0]), b = (p[1] + p[0]) * (q[1] + q[0]), c = 2 * D * p[3] * q[3], d = 2 * p[2] * q[2];
        BigInteger e = Mod(b - a), f = Mod(d - c), g = Mod(d + c), h = Mod(b + a);
        return new[] { Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h) };
    }
}
