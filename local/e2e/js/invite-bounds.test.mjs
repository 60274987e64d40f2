// What the invite calls refuse: bad input, callers without permission, too many calls at once.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, describe, test } from "node:test";

import { create, denied, list, preview, redeem, unknownCode } from "./lib/invites.mjs";
import { party } from "./lib/parties.mjs";
import { leave, Player, players, refusalOf, refused } from "./lib/player.mjs";
import { http, httpKey } from "./lib/server.mjs";

afterEach(leave);

const long = (n) => "x".repeat(n);

describe("bad input", () => {
  test("is refused by party_invite_create, naming the field, and makes nothing", async () => {
    const [alice] = await players("alice");
    const { party_id } = await party({}, alice);
    const bad = [
      [{ colour: "red" }, "colour"],
      [{ ttl_sec: "soon" }, "ttl_sec"],
      [{ ttl_sec: -1 }, "ttl_sec"],
      [{ ttl_sec: 1.5 }, "ttl_sec"],
      [{ max_uses: -1 }, "max_uses"],
      [{ max_uses: "many" }, "max_uses"],
      [{ kind: "carrier pigeon" }, "kind"],
      [{ for_user_ids: "bob" }, "for_user_ids"],
      [{ for_user_ids: ["bob"] }, "for_user_ids"],
      [{ hold_seat: 1 }, "hold_seat"],
      [{ follow_inviter: "yes" }, "follow_inviter"],
      [{ message: long(256) }, "message"],
      [{ info: Array(9).fill({ label: "a", value: "b" }) }, "info"],
      [{ info: [{ label: long(64), value: "b" }] }, "label"],
      [{ info: [{ label: "a", value: long(512) }] }, "value"],
      [{ info: [{ label: "a", value: "b", colour: "red" }] }, "colour"],
      [{ launch: long(1025) }, "launch"],
      [{ party_id: 7 }, "party_id"],
    ];
    for (const [wish, field] of bad) {
      await denied(create(alice, party_id, wish), "invalid_request", field);
    }
    assert.deepEqual(await list(alice, party_id), []);
    const most = { message: long(255), info: Array(8).fill({ label: long(63), value: long(100) }), launch: long(1000) };
    const invite = await alice.rpcOverHTTP("party_invite_create", { party_id, ...most });
    assert.equal(invite.message.length, 255);
  });

  test("in the wrong shape is refused by every call", async () => {
    const [alice] = await players("alice");
    for (const call of ["create", "preview", "redeem", "list", "revoke", "decline"]) {
      for (const payload of ["[]", "7", "null", '"text"', "{", '{"code":"A"} {}', `{"${call}":1}`]) {
        await denied(alice.rpc(`party_invite_${call}`, payload), "invalid_request");
      }
    }
    await denied(alice.rpc("party_invite_preview", { code: 7 }), "invalid_request", "code");
    await denied(alice.rpc("party_invite_redeem", { code: ["A"] }), "invalid_request", "code");
    await denied(alice.rpc("party_invite_preview", { code: "A\u0000B" }), "invalid_request", "code"); // no database accepts it
    await denied(alice.rpc("party_invite_redeem", { code: unknownCode(), session_id: 7 }), "invalid_request", "session_id");
  });

  test("revoke wants an id or a code, not both and not none", async () => {
    const [alice] = await players("alice");
    const { party_id } = await party({}, alice);
    const { id, code } = await create(alice, party_id);
    await denied(alice.rpc("party_invite_revoke", { id, code }), "invalid_request");
    await denied(alice.rpc("party_invite_revoke", {}), "invalid_request");
    assert.equal((await list(alice, party_id)).length, 1);
  });

  test("an empty payload counts as an empty object", async () => {
    const [alice] = await players("alice");
    await assert.rejects(alice.rpc("party_invite_create", ""), (e) => ["invalid_request", "party_not_found"].includes(e.reason));
    const res = await http("/v2/rpc/party_invite_revoke", { token: alice.session.token, method: "POST", body: '""' });
    assert.equal((await refusalOf(res)).reason, "invalid_request");
    assert.equal(res.status, 400);
  });

  test("foreign, unknown and malformed parties are refused", async () => {
    const [alice, bob] = await players("alice", "bob");
    const { party_id } = await party({}, alice);
    const node = party_id.slice(37);
    await denied(create(bob, party_id), "not_member");
    await denied(list(bob, party_id), "not_member");
    for (const id of ["party", party_id.slice(0, 36), `${randomUUID()}.${node}`, `${randomUUID()}.nowhere`, party_id.toUpperCase(), `${party_id} `]) {
      await denied(create(alice, id), "party_not_found");
      await denied(list(alice, id), "party_not_found");
    }
  });

  test("a lifetime beyond the rules' is refused, the longest allowed given", async () => {
    const [alice] = await players("alice");
    const { party_id } = await party({}, alice);
    for (const [kind, most] of [["link", 30 * 24 * 60 * 60], ["code", 15 * 60]]) {
      await denied(create(alice, party_id, { kind, ttl_sec: most + 1 }), "invalid_request", "ttl_sec");
      const invite = await create(alice, party_id, { kind, ttl_sec: most });
      assert.equal(invite.expires_at - invite.created_at, most, kind);
    }
  });
});

describe("callers", () => {
  test("without a user are refused with 16", async () => {
    const client = (await Player.login()).client;
    for (const call of ["create", "preview", "redeem", "list", "revoke", "decline"]) {
      await assert.rejects(client.rpcHttpKey(httpKey, `party_invite_${call}`, {}).catch(async (r) => { throw await refusalOf(r); }), {
        reason: "unauthenticated", code: 16, status: 401,
      });
    }
  });

  test("get the gRPC number of a refusal over HTTP", async () => {
    const [alice, bob] = await players("alice", "bob");
    const { party_id } = await party({ size: 1 }, alice);
    const { code } = await create(alice, party_id);
    const cases = [
      ["party_invite_preview", { code: unknownCode() }, "invite_not_found", 5],
      ["party_invite_create", { party_id: "x" }, "party_not_found", 5],
      ["party_invite_create", { party_id }, "not_member", 7],
      ["party_invite_create", { party_id, colour: 1 }, "invalid_request", 3],
      ["party_invite_redeem", { code }, "party_full", 8],
    ];
    for (const [id, payload, reason, number] of cases) {
      await assert.rejects(bob.rpcOverHTTP(id, payload), { reason, code: number }, `${id} ${reason}`);
    }
  });
});

describe("limits", () => {
  test("invites a minute per user", async () => {
    const [alice, bob] = await players("alice", "bob");
    const { party_id } = await party({}, alice, bob);
    let made = 0;
    const most = 120; // far above any limit of the rules; only a few more become free meanwhile
    await refused((async () => {
      for (; made < most; made++) await create(alice, party_id);
    })(), /^rate_limited: .*retry_after_sec=\d+/);
    assert.ok(made >= 20, `${made} invites were made`);
    assert.ok((await create(bob, party_id)).code, "others are not affected");
  });

  test("5 wrong codes a minute per user, whatever was right in between", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const { party_id } = await party({}, alice);
    const { code } = await create(alice, party_id);
    for (let i = 0; i < 5; i++) {
      await preview(bob, code);
      await denied(i % 2 ? redeem(bob, unknownCode()) : preview(bob, unknownCode()), "invite_not_found");
    }
    await denied(preview(bob, unknownCode()), "rate_limited", "retry_after_sec");
    await denied(redeem(bob, code), "rate_limited", "retry_after_sec");
    assert.equal((await preview(carol, code)).state, "open", "others are not affected");
  });

  test("what cannot be a code costs no guess", async () => {
    const [bob] = await players("bob");
    for (const code of ["", "short", "UUUUUUUUUUUUUUUU", "x".repeat(1000), "é".repeat(16)]) {
      await denied(preview(bob, code), "invite_not_found");
    }
    for (let i = 0; i < 5; i++) await denied(preview(bob, unknownCode()), "invite_not_found");
    await denied(preview(bob, unknownCode()), "rate_limited", "retry_after_sec");
  });
});
