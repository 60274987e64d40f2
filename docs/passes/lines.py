"""Prints what check.cpp reads: python3 lines.py vectors.json"""
import base64, json, sys

v = json.load(open(sys.argv[1]))
keys = {k["kid"]: k["x"] for k in v["keys"]["keys"]}
for p in v["passes"]:
    if not p["pass"] or "\n" in p["pass"]:  # no line
        continue
    try:
        kid = json.loads(base64.urlsafe_b64decode(p["pass"].split(".")[0] + "==="))["kid"]
    except Exception:
        kid = ""
    well_signed = "valid" in p or p["name"] in ("expired", "other match", "no user")
    kid = kid if kid in keys else next(iter(keys))
    print("signed" if well_signed else "forged", kid, keys[kid], p["pass"])
