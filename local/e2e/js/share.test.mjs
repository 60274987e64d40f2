// party_share, on a server with Partyline's module and no rules file: six calls a minute.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, describe, test } from "node:test";

import { create, denied, list, redeem, revoke } from "./lib/invites.mjs";
import { party } from "./lib/parties.mjs";
import { leave, Player, players, settle } from "./lib/player.mjs";

afterEach(leave);

const share = (player, party_id, to, more = {}) => player.rpc("party_share", { party_id, to, ...more });
const none = { status: 0, friends: 0, group: 0, users: 0 };

// befriend makes two users friends of each other.
async function befriend(a, b) {
  await a.client.addFriends(a.session, [b.id]);
  await b.client.addFriends(b.session, [a.id]);
  await settle(...[a, b].filter((p) => p.socket));
  for (const p of [a, b]) if (p.socket) p.forget();
}

// invited waits for the notification that brings an invite.
const invited = (player) => player.next("notification", (n) => n.code === 1001);

// sees waits for a fitting status of a user that the player follows.
async function sees(player, who, fits) {
  let found;
  await player.next("statuspresence", (e) => {
    found = (e.joins ?? []).filter((p) => p.user_id === who.id).map((p) => p.status ?? "").find(fits);
    return found !== undefined;
  });
  return found;
}

const shared = (status) => (status.startsWith("{") ? JSON.parse(status) : {});

describe("party_share", () => {
  test("tells followers where to join, as the player's status", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ open: false }, alice);
    await bob.socket.followUsers([alice.id]);
    const answer = await share(alice, made.party_id, { status: true }, { message: "One more for the raid" });
    assert.deepEqual(answer.delivered, { ...none, status: 1 });
    assert.ok(answer.id && answer.expires_at > Date.now() / 1000);
    const status = await sees(bob, alice, (s) => s !== "");
    assert.deepEqual(JSON.parse(status), { party_id: made.party_id, url: answer.url, text: "One more for the raid" });
    const code = answer.url.split("/").at(-1);
    assert.equal((await redeem(bob, code)).party_id, made.party_id);
  });

  test("tells mutual friends, and keeps it for those who are offline", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const dave = await Player.login("dave");
    const made = await party({}, alice);
    await befriend(alice, bob);
    await befriend(alice, dave);
    await alice.client.addFriends(alice.session, [carol.id]); // asked, not answered
    await settle(carol);
    carol.forget();
    const answer = await share(alice, made.party_id, { friends: true }, { message: "Join us" });
    assert.deepEqual(answer.delivered, { ...none, friends: 2 });
    const notice = await invited(bob);
    assert.equal(notice.subject, "party_invite");
    assert.equal(notice.sender_id, alice.id);
    assert.deepEqual(notice.content, { party_id: made.party_id, url: answer.url, code: answer.url.split("/").at(-1), from: alice.username, message: "Join us" });
    const kept = (await dave.client.listNotifications(dave.session, 10)).notifications.filter((n) => n.code === 1001);
    assert.equal(kept.length, 1);
    await settle(carol);
    assert.deepEqual(carol.heard("notification").filter((n) => n.code === 1001), []);
  });

  test("tells the members of the caller's group", async () => {
    const [alice, bob, carol, erin] = await players("alice", "bob", "carol", "erin");
    const made = await party({}, alice);
    const guild = await bob.client.createGroup(bob.session, { name: `guild-${randomUUID()}`, open: true });
    await denied(share(alice, made.party_id, { group_id: guild.id }), "not_member", "group_id");
    await alice.client.joinGroup(alice.session, guild.id);
    const clan = await erin.client.createGroup(erin.session, { name: `clan-${randomUUID()}`, open: false });
    await alice.client.joinGroup(alice.session, clan.id); // only asks
    await denied(share(alice, made.party_id, { group_id: clan.id }), "not_member", "group_id");
    const answer = await share(alice, made.party_id, { group_id: guild.id });
    assert.deepEqual(answer.delivered, { ...none, group: 1 });
    await invited(bob);
    await settle(alice, carol, erin);
    for (const p of [alice, carol, erin]) assert.deepEqual(p.heard("notification").filter((n) => n.code === 1001), []);
  });

  test("tells named users, each once", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, carol);
    await befriend(alice, bob);
    const answer = await share(alice, made.party_id, { status: true, friends: true, user_ids: [bob.id, bob.id, carol.id] });
    assert.deepEqual(answer.delivered, { ...none, status: 1, users: 1 }, "carol is in already, bob is a friend as well");
    await invited(bob);
    await settle(bob, carol);
    assert.deepEqual(bob.heard("notification"), []);
    assert.deepEqual(carol.heard("notification"), []);
  });

  test("never tells anybody with a block between, on either side", async () => {
    const [alice, bob, carol, dave] = await players("alice", "bob", "carol", "dave");
    const made = await party({}, alice);
    const guild = await dave.client.createGroup(dave.session, { name: `guild-${randomUUID()}`, open: true });
    for (const p of [alice, bob, carol]) await p.client.joinGroup(p.session, guild.id);
    await befriend(alice, bob);
    await alice.client.blockFriends(alice.session, [bob.id]);
    await carol.client.blockFriends(carol.session, [alice.id]);
    const answer = await share(alice, made.party_id, { friends: true, group_id: guild.id, user_ids: [bob.id, carol.id] });
    assert.deepEqual(answer.delivered, { ...none, group: 1 });
    await invited(dave);
    await settle(bob, carol);
    for (const p of [bob, carol]) {
      assert.deepEqual(p.heard("notification").filter((n) => n.code === 1001), []);
      const kept = (await p.client.listNotifications(p.session, 10)).notifications ?? [];
      assert.deepEqual(kept.filter((n) => n.code === 1001), []);
    }
  });

  test("shares one invite, without a limit of uses", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice);
    const first = await share(alice, made.party_id, { status: true }, { message: "one" });
    const again = await alice.rpcOverHTTP("party_share", { party_id: made.party_id, to: { user_ids: [bob.id] }, message: "two" });
    assert.deepEqual([again.id, again.url, again.expires_at], [first.id, first.url, first.expires_at]);
    const invites = await list(alice, made.party_id);
    assert.deepEqual(invites.map((i) => [i.id, i.max_uses, i.for_user_ids, i.message]), [[first.id, 0, [], "two"]]);
    assert.equal((await invited(bob)).content.message, "two");
    const code = first.url.split("/").at(-1);
    await redeem(bob, code);
    await redeem(carol, code);
    await revoke(alice, { id: first.id });
    assert.notEqual((await share(alice, made.party_id, { status: true })).id, first.id);
  });

  test("names the field that is wrong, and shares nothing", async () => {
    const [alice, bob] = await players("alice", "bob");
    const { party_id } = await party({}, alice);
    for (const [payload, field] of [
      [{ to: { status: true } }, "party_id"],
      [{ party_id }, "to"],
      [{ party_id, to: {} }, "to"],
      [{ party_id, to: { status: "yes" } }, "to.status"],
      [{ party_id, to: { group_id: "guild" } }, "to.group_id"],
      [{ party_id, to: { user_ids: ["bob"] } }, "to.user_ids"],
      [{ party_id, to: { user_ids: [alice.id] } }, "to.user_ids"],
      [{ party_id, to: { user_ids: [randomUUID()] } }, "to.user_ids"],
      [{ party_id, to: { status: true, everybody: true } }, "to.everybody"],
      [{ party_id, to: { status: true }, message: "x".repeat(256) }, "message"],
    ]) {
      await denied(alice.rpc("party_share", payload), "invalid_request", field);
      alice.forget();
    }
    await denied(share(bob, party_id, { status: true }), "not_member");
    await denied(share(bob, "no party", { status: true }), "party_not_found");
    assert.deepEqual(await list(alice, party_id), []);
  });

  test("is limited", async () => {
    const [alice] = await players("alice");
    const made = await party({}, alice);
    for (let i = 0; i < 6; i++) await share(alice, made.party_id, { status: true });
    await denied(share(alice, made.party_id, { status: true }), "rate_limited", "retry_after_sec");
  });
});

describe("a shared status", () => {
  test("is taken back when the player leaves", async () => {
    const [alice, bob] = await players("alice", "bob");
    await bob.socket.followUsers([alice.id]);
    await alice.socket.updateStatus("in the menu");
    const made = await party({}, alice);
    await share(alice, made.party_id, { status: true });
    await sees(bob, alice, (s) => shared(s).url);
    await alice.socket.leaveParty(made.party_id);
    await sees(bob, alice, (s) => s === "");
  });

  test("is taken back when the party is closed, and the invite revoked", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    await carol.socket.followUsers([alice.id, bob.id]);
    await Promise.all([alice, bob].map((p) => p.socket.updateStatus("")));
    const made = await party({}, alice, bob);
    const { id } = await share(bob, made.party_id, { status: true });
    await share(alice, made.party_id, { status: true });
    for (const p of [alice, bob]) await sees(carol, p, (s) => shared(s).url);
    await revoke(bob, { id });
    await sees(carol, bob, (s) => s === "");
    await alice.socket.closeParty(made.party_id);
    await sees(carol, alice, (s) => s === "");
  });

  test("has no link while the party is full", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    await carol.socket.followUsers([alice.id]);
    const made = await party({ size: 2 }, alice);
    const { url } = await share(alice, made.party_id, { status: true }, { message: "hi" });
    await sees(carol, alice, (s) => shared(s).url === url);
    await bob.socket.joinParty(made.party_id);
    const full = await sees(carol, alice, (s) => shared(s).state === "full");
    assert.deepEqual(JSON.parse(full), { party_id: made.party_id, url: "", text: "hi", state: "full" });
    await bob.disconnect();
    await sees(carol, alice, (s) => shared(s).url === url);
    await create(alice, made.party_id, { for_user_ids: [carol.id], hold_seat: true }); // the last seat is held
    await sees(carol, alice, (s) => shared(s).state === "full");
  });

  test("leaves alone what the game has put in its place", async () => {
    const [alice, bob] = await players("alice", "bob");
    await bob.socket.followUsers([alice.id]);
    const made = await party({}, alice);
    await share(alice, made.party_id, { status: true });
    await sees(bob, alice, (s) => shared(s).url);
    await alice.socket.updateStatus("boss fight");
    await sees(bob, alice, (s) => s === "boss fight");
    await alice.socket.leaveParty(made.party_id);
    await settle(bob);
    assert.deepEqual(bob.heard("statuspresence"), []);
  });
});
