// Holds Check.cs against the vectors: mcs Check.cs Vectors.cs -r:System.Numerics -r:System.Runtime.Serialization
using System;
using System.IO;

public class Vectors {
    public Pass.Keys keys;
    public string match_id;
    public long now;
    public Vector[] passes;

    public class Vector { public string name, pass; public Pass.Claims valid; }

    static string Text(Pass.Claims c) => c == null ? "refused" : string.Join(" ", c.jti, c.match_id, c.user_id, c.party_id, c.team, c.exp);

    static int Main(string[] args) {
        var v = Pass.Read<Vectors>(File.ReadAllBytes(args[0]));
        foreach (var p in v.passes) {
            var got = Text(Pass.Check(p.pass, v.keys, v.match_id, v.now));
            if (got == Text(p.valid)) continue;
            Console.WriteLine(p.name + ": " + got);
            return 1;
        }
        Console.WriteLine(v.passes.Length + " passes as expected");
        return 0;
    }
}
