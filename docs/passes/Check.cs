// Checks a pass with BouncyCastle (NuGet BouncyCastle.Cryptography, also for Unity) and System.Text.Json.
using System;
using System.Text;
using System.Text.Json;
using Org.BouncyCastle.Math.EC.Rfc8032;

public static class Pass {
    static byte[] Decode(string text) {
        text = text.Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(text + new string('=', (4 - text.Length % 4) % 4));
    }

    // keys is what /party/keys.json answers; the result is null for a pass to be refused.
    public static JsonElement? Check(string pass, JsonElement keys, string matchId, long nowSec) {
        try {
            var parts = pass.Split('.');
            if (parts.Length != 3) return null;
            var head = JsonDocument.Parse(Decode(parts[0])).RootElement;
            if (head.GetProperty("alg").GetString() != "EdDSA") return null;
            var signed = Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]);
            var signature = Decode(parts[2]);
            foreach (var key in keys.GetProperty("keys").EnumerateArray()) {
                if (key.GetProperty("kid").GetString() != head.GetProperty("kid").GetString()) continue;
                if (signature.Length != 64 || !Ed25519.Verify(signature, 0, Decode(key.GetProperty("x").GetString()), 0, signed, 0, signed.Length)) return null;
                var claims = JsonDocument.Parse(Decode(parts[1])).RootElement;
                bool good = claims.GetProperty("user_id").GetString() != "" && claims.GetProperty("match_id").GetString() == matchId && nowSec < claims.GetProperty("exp").GetInt64();
                return good ? claims : (JsonElement?)null;
            }
            return null;
        } catch (Exception e) when (e is FormatException || e is JsonException || e is System.Collections.Generic.KeyNotFoundException || e is InvalidOperationException) {
            return null;
        }
    }
}
