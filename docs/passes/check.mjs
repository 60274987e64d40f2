// Checks passes with node alone: node check.mjs vectors.json
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

// keys is what /party/keys.json answers; the result is null for a pass to be refused.
export function checkPass(pass, keys, matchId, nowSec) {
  try {
    if (pass.length > 2048) return null; // none is so long
    const [, head, body, signature] = pass.match(/^([\w-]+)\.([\w-]+)\.([\w-]+)$/);
    const { alg, kid } = JSON.parse(Buffer.from(head, "base64url"));
    const jwk = keys.keys.find((key) => key.kid === kid);
    if (alg !== "EdDSA" || !jwk) return null;
    const key = createPublicKey({ key: jwk, format: "jwk" });
    if (!verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url"))) return null;
    const claims = JSON.parse(Buffer.from(body, "base64url"));
    if (!claims.user_id || claims.match_id !== matchId || nowSec >= claims.exp) return null;
    return claims;
  } catch {
    return null;
  }
}

if (process.argv[2]) {
  const v = JSON.parse(readFileSync(process.argv[2]));
  for (const { name, pass, valid } of v.passes) {
    const claims = checkPass(pass, v.keys, v.match_id, v.now);
    if (JSON.stringify(claims) !== JSON.stringify(valid ?? null)) throw new Error(`${name}: ${JSON.stringify(claims)}`);
  }
  console.log(`${v.passes.length} passes as expected`);
}
