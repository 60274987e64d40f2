// What happens to an invite after it was made: listing, revoking, declining, and the seats it holds.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { eventually } from "./lib/eventually.mjs";
import { create, decline, denied, list, preview, redeem, revoke, told, unknownCode } from "./lib/invites.mjs";
import { party } from "./lib/parties.mjs";
import { leave, players, refused } from "./lib/player.mjs";

afterEach(leave);

describe("party_invite_list, party_invite_revoke, party_invite_decline", () => {
  test("list shows members what is open, without codes", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob);
    assert.deepEqual(await list(bob, made.party_id), []);
    const link = await create(alice, made.party_id, { message: "Hi", max_uses: 5, for_user_ids: [carol.id], hold_seat: true });
    const code = await create(bob, made.party_id, { kind: "code", follow_inviter: true });
    const rows = await list(bob, made.party_id);
    assert.deepEqual(new Set(rows.map((r) => r.id)), new Set([link.id, code.id]));
    const row = rows.find((r) => r.id === link.id);
    assert.deepEqual(row, {
      id: link.id, kind: "link", created_by: alice.id, created_at: link.created_at, expires_at: link.expires_at, max_uses: 5, uses: 0,
      for_user_ids: [carol.id], hold_seat: true, follow_inviter: false, message: "Hi",
    });
    for (const secret of [link.code, code.code]) assert.ok(!JSON.stringify(rows).includes(secret));
    await denied(list(carol, made.party_id), "not_member");
  });

  test("revoke is for the maker and the leader", async () => {
    const [alice, bob, carol, dave] = await players("alice", "bob", "carol", "dave");
    const made = await party({}, alice, bob, carol);
    const byBob = await create(bob, made.party_id);
    const alsoByBob = await create(bob, made.party_id);
    const byAlice = await create(alice, made.party_id);
    await assert.rejects(revoke(carol, { id: byBob.id }), (e) => ["not_leader", "not_member"].includes(e.reason));
    await assert.rejects(revoke(dave, { id: byBob.id }), (e) => ["not_leader", "not_member"].includes(e.reason));
    await assert.rejects(revoke(bob, { code: byAlice.code }), { reason: "not_leader" });
    assert.deepEqual(await revoke(bob, { id: byBob.id }), {});
    assert.deepEqual(await revoke(alice, { code: alsoByBob.code }), {});
    assert.equal((await told(carol, "revoked", byBob.id)).by, bob.id);
    assert.equal((await told(carol, "revoked", alsoByBob.id)).by, alice.id);
    await denied(redeem(dave, byBob.code), "invite_revoked");
    assert.equal((await redeem(dave, byAlice.code)).joined, true);
  });

  test("a held seat is kept for the user it is for", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 2 }, alice);
    const held = await create(alice, made.party_id, { for_user_ids: [bob.id], hold_seat: true });
    const anybody = await create(alice, made.party_id);
    assert.equal((await preview(carol, anybody.code)).party.held, 1);
    assert.equal((await preview(carol, anybody.code)).state, "full");
    await denied(redeem(carol, anybody.code), "party_full");
    await refused(carol.socket.joinParty(made.party_id), /^party_full: /);
    assert.equal((await redeem(bob, held.code)).joined, true);
    assert.equal((await preview(carol, anybody.code)).party.held, 0);
  });

  test("a held seat is freed by declining, and the inviter is told", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 2 }, alice);
    const held = await create(alice, made.party_id, { for_user_ids: [bob.id], hold_seat: true });
    await denied(decline(carol, held.code), "invite_not_for_you");
    await refused(carol.socket.joinParty(made.party_id), /^party_full: /);
    assert.deepEqual(await decline(bob, held.code), {});
    const said = await told(alice, "declined", held.id);
    assert.equal(said.user, bob.id);
    await carol.socket.joinParty(made.party_id);
    assert.equal((await carol.next("party")).party_id, made.party_id);
  });

  test("a held seat is freed by revoking and by expiry", async () => {
    const [alice, bob, carol, dave] = await players("alice", "bob", "carol", "dave");
    const made = await party({ size: 3 }, alice);
    const revoked = await create(alice, made.party_id, { for_user_ids: [bob.id], hold_seat: true });
    const short = await create(alice, made.party_id, { for_user_ids: [dave.id], hold_seat: true, ttl_sec: 2 });
    await refused(carol.socket.joinParty(made.party_id), /^party_full: /);
    await revoke(alice, { id: revoked.id });
    await carol.socket.joinParty(made.party_id);
    await carol.next("party");
    await eventually(() => preview(carol, short.code), (p) => p.state === "expired");
    const [erin] = await players("erin");
    await erin.socket.joinParty(made.party_id);
    assert.equal((await erin.next("party")).party_id, made.party_id);
  });

  test("no more seats are held than the party has", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 2 }, alice);
    await create(alice, made.party_id, { for_user_ids: [bob.id], hold_seat: true });
    await denied(create(alice, made.party_id, { for_user_ids: [carol.id], hold_seat: true }), "party_full");
  });

  test("an unknown invite is unknown to all of them", async () => {
    const [alice] = await players("alice");
    for (const call of [preview, redeem, decline]) {
      await denied(call(alice, unknownCode()), "invite_not_found");
    }
    await denied(revoke(alice, { id: "no-such-invite" }), "invite_not_found");
  });
});

describe("notifications", () => {
  test("of an invite go when it ends", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice);
    const [first, second] = [await create(alice, made.party_id, { for_user_ids: [bob.id] }), await create(alice, made.party_id, { for_user_ids: [bob.id] })];
    const kept = async () => ((await bob.client.listNotifications(bob.session, 100)).notifications ?? []).map((n) => n.content.code);
    assert.deepEqual(new Set(await kept()), new Set([first.code, second.code]));
    await revoke(alice, { id: first.id });
    const left = await eventually(kept, (codes) => !codes.includes(first.code), 60_000); // just after the answer
    assert.deepEqual(left, [second.code]);
  });

  test("are not sent to members of the party", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    await create(alice, made.party_id, { for_user_ids: [bob.id] });
    await bob.ping();
    assert.deepEqual(bob.heard("notification"), []);
    assert.deepEqual((await bob.client.listNotifications(bob.session, 10)).notifications ?? [], []);
  });

  test("tell who was removed or turned down, and by whom", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ open: false }, alice, bob);
    await alice.socket.removePartyMember(made.party_id, bob.self);
    const kicked = await bob.next("notification", (n) => n.code === 1004);
    assert.equal(kicked.subject, "party_removed");
    assert.deepEqual(kicked.content, { party_id: made.party_id, by: alice.id, kind: "kicked" });
    await carol.socket.joinParty(made.party_id);
    const asked = await alice.next("partyjoinrequest");
    await alice.socket.removePartyMember(made.party_id, asked.presences[0]);
    const rejected = await carol.next("notification", (n) => n.code === 1004);
    assert.deepEqual(rejected.content, { party_id: made.party_id, by: alice.id, kind: "request_rejected" });
    const told = alice.heard("partydata").filter((d) => d.op_code === -5).map((d) => JSON.parse(new TextDecoder().decode(d.data)));
    assert.deepEqual(told.map((m) => [m.event, m.user_id, m.by]), [["removed", bob.id, alice.id]]);
    assert.deepEqual((await bob.client.listNotifications(bob.session, 10)).notifications ?? [], [], "nothing is stored");
  });

  test("a refusal speaks to the sender of the message", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    await refused(alice.socket.acceptPartyMember(made.party_id, bob.self), /^already_member: This player/);
    await refused(bob.socket.joinParty(made.party_id), /^already_member: You are/);
  });
});
