"""Checks passes with the package cryptography: python3 check.py vectors.json"""
import base64, json, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def decode(text):
    if "=" in text:  # passes have no padding
        raise ValueError(text)
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def check_pass(text, keys, match_id, now_sec):
    """keys is what /party/keys.json answers; returns None for a pass to be refused."""
    try:
        if len(text) > 2048:  # none is so long
            return None
        head, body, signature = text.split(".")
        header = json.loads(decode(head))
        x = next(k["x"] for k in keys["keys"] if k["kid"] == header["kid"])
        if header["alg"] != "EdDSA":
            return None
        Ed25519PublicKey.from_public_bytes(decode(x)).verify(decode(signature), f"{head}.{body}".encode())
        claims = json.loads(decode(body))
    except Exception:  # no base64, no text, no JSON, another kind of JSON, a wrong signature
        return None
    if not claims["user_id"] or claims["match_id"] != match_id or now_sec >= claims["exp"]:
        return None
    return claims


if len(sys.argv) > 1:
    v = json.load(open(sys.argv[1]))
    for p in v["passes"]:
        got = check_pass(p["pass"], v["keys"], v["match_id"], v["now"])
        assert got == p.get("valid"), (p["name"], got)
    print(len(v["passes"]), "passes as expected")
