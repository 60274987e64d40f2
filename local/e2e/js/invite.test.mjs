// From the link to the seat in the party: creating, previewing and redeeming invites, on a server with
// Partyline's module and no rules file.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { eventually } from "./lib/eventually.mjs";
import { create, denied, linkCode, preview, redeem, revoke, sessionID, spokenCode, told, used } from "./lib/invites.mjs";
import { hear, party, partyTraffic } from "./lib/parties.mjs";
import { leave, Player, players, settle } from "./lib/player.mjs";

afterEach(leave);

describe("party_invite_create", () => {
  test("makes a link with everything an inviter needs", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ open: false }, alice, bob);
    const before = Math.floor(Date.now() / 1000);
    const invite = await create(bob, made.party_id);
    assert.match(invite.code, linkCode);
    assert.equal(invite.kind, "link");
    assert.equal(invite.party_id, made.party_id);
    assert.ok(invite.id && !invite.id.includes(invite.code));
    assert.ok(invite.url.endsWith(`/party/join/${invite.code}`), invite.url);
    assert.ok(invite.qr_url.endsWith(`/party/join/${invite.code}/qr.svg`), invite.qr_url);
    assert.ok(Math.abs(invite.created_at - before) <= 5);
    assert.equal(invite.expires_at - invite.created_at, 24 * 60 * 60);
    assert.deepEqual(
      { uses: invite.uses, max_uses: invite.max_uses, hold_seat: invite.hold_seat, follow_inviter: invite.follow_inviter, for_user_ids: invite.for_user_ids, message: invite.message, info: invite.info },
      { uses: 0, max_uses: 0, hold_seat: false, follow_inviter: false, for_user_ids: [], message: "", info: [] },
    );
    const said = await told(alice, "created", invite.id);
    assert.equal(said.by, bob.id);
  });

  test("makes a code to read aloud, short-lived and for a few", async () => {
    const [alice] = await players("alice");
    const made = await party({}, alice);
    const invite = await create(alice, made.party_id, { kind: "code" });
    assert.match(invite.code, spokenCode);
    assert.equal(invite.kind, "code");
    assert.equal(invite.expires_at - invite.created_at, 5 * 60);
    assert.equal(invite.max_uses, 8);
  });

  test("takes its wishes", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice);
    const wishes = {
      ttl_sec: 600, max_uses: 3, for_user_ids: [bob.id], hold_seat: true, follow_inviter: true, message: "Come & play <now>",
      info: [{ label: "Mode", value: "Raid" }, { label: "Level", value: "7" }], launch: { level: 7, seed: "abc", nested: [1, null, true] },
    };
    const invite = await create(alice, made.party_id, wishes);
    assert.equal(invite.expires_at - invite.created_at, 600);
    for (const field of ["max_uses", "for_user_ids", "hold_seat", "follow_inviter", "message", "info", "launch"]) {
      assert.deepEqual(invite[field], wishes[field], field);
    }
  });

  test("works over HTTP for a member", async () => {
    const [alice] = await players("alice");
    const made = await party({}, alice);
    const invite = await alice.rpcOverHTTP("party_invite_create", { party_id: made.party_id });
    assert.match(invite.code, linkCode);
  });

  test("never gives the same code twice", async () => {
    const [alice] = await players("alice");
    const made = await party({}, alice);
    const codes = new Set();
    for (let i = 0; i < 10; i++) codes.add((await create(alice, made.party_id)).code);
    assert.equal(codes.size, 10);
  });

  test("tells the users it is for", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice);
    const invite = await create(alice, made.party_id, { for_user_ids: [bob.id], message: "Join us" });
    const notification = await bob.next("notification", (n) => n.code === 1001);
    assert.equal(notification.subject, "party_invite");
    const { content } = notification;
    assert.equal(content.party_id, made.party_id);
    assert.equal(content.url, invite.url);
    assert.equal(content.code, invite.code);
    assert.equal(content.message, "Join us");
    assert.equal(content.from, alice.username);
    assert.equal(notification.sender_id, alice.id);
    await settle(carol);
    assert.deepEqual(carol.heard("notification"), []);
  });

  test("keeps what it tells for users who are offline", async () => {
    const [alice] = await players("alice");
    const dave = await Player.login("dave");
    const made = await party({}, alice);
    await create(alice, made.party_id, { for_user_ids: [dave.id] });
    const { notifications } = await dave.client.listNotifications(dave.session, 10);
    assert.deepEqual(notifications.map((n) => n.code), [1001]);
  });
});

describe("party_invite_preview", () => {
  test("shows inviter and party to anybody with the code", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    await alice.client.updateAccount(alice.session, { display_name: "Alice the Great", avatar_url: "https://example.com/a.png" });
    const made = await party({ open: false, size: 5 }, alice, bob);
    const invite = await create(alice, made.party_id, { message: "Hi", info: [{ label: "Mode", value: "Raid" }], launch: { level: 1 } });
    const seen = await preview(carol, invite.code);
    assert.equal(seen.id, invite.id);
    assert.equal(seen.state, "open");
    assert.deepEqual(seen.inviter, { user_id: alice.id, username: alice.username, display_name: "Alice the Great", avatar_url: "https://example.com/a.png" });
    assert.equal(seen.party.party_id, made.party_id);
    assert.equal(seen.party.size, 2);
    assert.equal(seen.party.max_size, 5);
    assert.equal(seen.party.held, 0);
    assert.equal(seen.party.open, false);
    assert.equal(seen.party.leader_user_id, alice.id);
    assert.deepEqual(seen.party.members.map((m) => m.user_id), [alice.id, bob.id]);
    assert.equal(seen.party.members[0].display_name, "Alice the Great");
    assert.equal(seen.message, "Hi");
    assert.deepEqual(seen.info, [{ label: "Mode", value: "Raid" }]);
    assert.deepEqual(seen.launch, { level: 1 });
    assert.equal(seen.expires_at, invite.expires_at);
    assert.deepEqual((await carol.rpcOverHTTP("party_invite_preview", { code: invite.code })).party.members.length, 2);
    assert.equal(await used(alice, made.party_id, invite.id), 0, "looking costs nothing");
  });

  test("reads codes as people write them", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice);
    const { code, id } = await create(alice, made.party_id);
    const sloppy = code.toLowerCase().replaceAll("0", "o").replaceAll("1", "l").replace(/(.{4})(?=.)/g, "$1-");
    assert.equal((await preview(bob, sloppy)).id, id);
    assert.equal((await preview(bob, code.replaceAll("0", "O").replaceAll("1", "I"))).id, id);
  });

  test("names every state", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 2 }, alice);
    const once = await create(alice, made.party_id, { max_uses: 1 });
    const many = await create(alice, made.party_id);
    const short = await create(alice, made.party_id, { ttl_sec: 1 });
    const taken = await create(alice, made.party_id);
    await redeem(bob, once.code);
    await revoke(alice, { id: taken.id });
    assert.equal((await preview(carol, once.code)).state, "exhausted");
    assert.equal((await preview(carol, many.code)).state, "full");
    assert.equal((await preview(carol, taken.code)).state, "revoked");
    await eventually(() => preview(carol, short.code), (p) => p.state === "expired");
    await bob.socket.leaveParty(made.party_id);
    await settle(bob);
    assert.equal((await preview(carol, many.code)).state, "open");
    await alice.socket.closeParty(made.party_id);
    await settle(alice);
    const gone = await preview(carol, many.code);
    assert.equal(gone.state, "party_gone");
    assert.equal(gone.party, undefined);
  });
});

describe("party_invite_redeem", () => {
  for (const open of [true, false]) {
    test(`makes a member of ${open ? "an open" : "a closed"} party at once`, async () => {
      const [alice, bob] = await players("alice", "bob");
      const made = await party({ open }, alice);
      const invite = await create(alice, made.party_id, { message: "Hi", info: [{ label: "a", value: "b" }], launch: { level: 3 } });
      const answer = await redeem(bob, invite.code);
      assert.deepEqual(
        { party_id: answer.party_id, joined: answer.joined, message: answer.message, info: answer.info, launch: answer.launch },
        { party_id: made.party_id, joined: true, message: "Hi", info: [{ label: "a", value: "b" }], launch: { level: 3 } },
      );
      const seen = await bob.next("party");
      assert.equal(seen.self.user_id, bob.id);
      assert.equal(seen.leader.user_id, alice.id);
      await alice.next("partypresence", (e) => e.joins?.some((p) => p.user_id === bob.id));
      assert.equal((await hear(made.party_id, bob, alice)).length, 1);
      assert.equal((await hear(made.party_id, alice, bob)).length, 1);
      const said = await told(alice, "redeemed", invite.id);
      assert.equal(said.user, bob.id);
    });
  }

  test("tells of the party first, and of the newcomer after it", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ open: false }, alice);
    const { code, id } = await create(alice, made.party_id);
    const began = bob.mail.length;
    await redeem(bob, code);
    assert.equal((await told(alice, "redeemed", id)).user, bob.id);
    const frames = () => bob.mail.slice(began).filter((m) => m.kind === "party" || m.kind === "partydata" && m.value.op_code === -2);
    await eventually(() => frames().map((m) => m.kind), (kinds) => kinds.length === 2);
    await settle(bob);
    assert.deepEqual(frames().map((m) => m.kind), ["party", "partydata"]);
  });

  test("pulls a running game in over plain HTTP", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ open: false }, alice);
    const { code } = await create(alice, made.party_id);
    const answer = await bob.rpcOverHTTP("party_invite_redeem", { code });
    assert.equal(answer.joined, true);
    assert.equal((await bob.next("party")).party_id, made.party_id);
    assert.equal((await hear(made.party_id, alice, bob)).length, 1);
  });

  test("says when no game is running", async () => {
    const [alice] = await players("alice");
    const bob = await Player.login("bob");
    const made = await party({}, alice);
    const invite = await create(alice, made.party_id, { max_uses: 1 });
    const refusal = bob.rpcOverHTTP("party_invite_redeem", { code: invite.code });
    await denied(refusal, "no_live_session");
    await assert.rejects(refusal, { code: 9 });
    assert.equal(await used(alice, made.party_id, invite.id), 0);
  });

  test("asks which of several running games is meant", async () => {
    const [alice, bob] = await players("alice", "bob");
    const second = await bob.again();
    const made = await party({}, alice);
    const { code } = await create(alice, made.party_id);
    await denied(bob.rpcOverHTTP("party_invite_redeem", { code }), "session_ambiguous");
    const answer = await bob.rpcOverHTTP("party_invite_redeem", { code, session_id: await sessionID(second) });
    assert.equal(answer.joined, true);
    assert.equal((await second.next("party")).party_id, made.party_id);
    await settle(bob, second);
    assert.deepEqual(partyTraffic(bob, made.party_id), [], "the other game is left alone");
  });

  test("does not touch somebody else's game", async () => {
    const [alice, bob, mallory] = await players("alice", "bob", "mallory");
    const made = await party({}, alice);
    const { code } = await create(alice, made.party_id);
    await assert.rejects(mallory.rpcOverHTTP("party_invite_redeem", { code, session_id: await sessionID(bob) }));
    await settle(bob, mallory);
    assert.deepEqual(partyTraffic(bob, made.party_id), []);
    assert.deepEqual(partyTraffic(mallory, made.party_id), []);
  });

  test("costs a user one use, however often", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice);
    const invite = await create(alice, made.party_id, { max_uses: 2 });
    for (let i = 0; i < 3; i++) assert.equal((await redeem(bob, invite.code)).joined, true);
    assert.equal(await used(alice, made.party_id, invite.id), 1);
    await bob.socket.leaveParty(made.party_id);
    await settle(bob);
    assert.equal((await redeem(bob, invite.code)).joined, true);
    assert.equal(await used(alice, made.party_id, invite.id), 1);
    assert.equal((await redeem(carol, invite.code)).joined, true);
    assert.equal((await preview(bob, invite.code)).party.size, 3);
  });

  test("lets a member who came another way be", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    const { code } = await create(alice, made.party_id);
    assert.equal((await redeem(bob, code)).joined, true);
    assert.equal((await preview(bob, code)).party.size, 2);
  });

  test("ends with max_uses", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice);
    const { code } = await create(alice, made.party_id, { max_uses: 1 });
    await redeem(bob, code);
    await denied(redeem(carol, code), "invite_exhausted");
    await settle(carol);
    assert.deepEqual(partyTraffic(carol, made.party_id), []);
    await assert.rejects(carol.rpcOverHTTP("party_invite_redeem", { code }), { code: 9 });
  });

  test("ends when revoked, expired, or with the party", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice);
    const revoked = await create(alice, made.party_id);
    const short = await create(alice, made.party_id, { ttl_sec: 1 });
    const lasting = await create(alice, made.party_id);
    await revoke(alice, { id: revoked.id });
    await denied(redeem(bob, revoked.code), "invite_revoked");
    await eventually(() => preview(bob, short.code), (p) => p.state === "expired");
    await denied(redeem(bob, short.code), "invite_expired");
    await alice.socket.closeParty(made.party_id);
    await settle(alice);
    await denied(redeem(bob, lasting.code), "party_not_found");
  });

  test("is refused by a full party and costs nothing then", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 2 }, alice, bob);
    const invite = await create(alice, made.party_id, { max_uses: 1 });
    await denied(redeem(carol, invite.code), "party_full");
    await settle(carol);
    assert.deepEqual(partyTraffic(carol, made.party_id), []);
    assert.deepEqual(await hear(made.party_id, alice, carol), []);
    assert.equal(await used(alice, made.party_id, invite.id), 0);
    await bob.socket.leaveParty(made.party_id);
    await settle(bob);
    assert.equal((await redeem(carol, invite.code)).joined, true);
  });

  test("is only for those it names", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice);
    const { code } = await create(alice, made.party_id, { for_user_ids: [bob.id] });
    await denied(redeem(carol, code), "invite_not_for_you");
    assert.equal((await redeem(bob, code)).joined, true);
  });

  test("does not bring back a removed player, unless a new invite names them", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    const old = await create(alice, made.party_id);
    await alice.socket.removePartyMember(made.party_id, bob.self);
    await settle(alice, bob);
    await denied(redeem(bob, old.code), "banned");
    await denied(redeem(bob, (await create(alice, made.party_id)).code), "banned");
    const fresh = await create(alice, made.party_id, { for_user_ids: [bob.id] });
    assert.equal((await redeem(bob, fresh.code)).joined, true);
  });

  test("respects a block between the user and a member", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob);
    const { code } = await create(alice, made.party_id);
    await bob.client.blockFriends(bob.session, [carol.id]);
    await denied(redeem(carol, code), "blocked");
    await bob.client.deleteFriends(bob.session, [carol.id]);
    assert.equal((await redeem(carol, code)).joined, true);
  });

  test("follows the inviter to whatever party it is in", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const first = await party({}, alice);
    const { code } = await create(alice, first.party_id, { follow_inviter: true });
    await alice.socket.leaveParty(first.party_id);
    await settle(alice);
    assert.equal((await preview(bob, code)).state, "between");
    await denied(redeem(bob, code), "party_not_found");
    const second = await party({ open: false }, carol, alice);
    assert.equal((await preview(bob, code)).party.party_id, second.party_id);
    assert.equal((await redeem(bob, code)).party_id, second.party_id);
    assert.equal((await bob.next("party")).party_id, second.party_id);
  });

  test("survives its maker's leaving", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ open: false }, alice, bob);
    const { code } = await create(alice, made.party_id);
    await alice.socket.leaveParty(made.party_id);
    await settle(alice, bob);
    assert.equal((await redeem(carol, code)).party_id, made.party_id);
    assert.equal((await carol.next("party")).leader.user_id, bob.id);
  });
});
