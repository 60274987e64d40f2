// Guarantees that only hold if nothing happens between a check and its consequence.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { create, preview, redeem, used } from "./lib/invites.mjs";
import { hear, party, text } from "./lib/parties.mjs";
import { leave, players, settle } from "./lib/player.mjs";

afterEach(leave);

// crowd connects n players, a few at a time.
async function crowd(n) {
  const all = [];
  while (all.length < n) all.push(...await players(...Array(Math.min(20, n - all.length)).fill("racer")));
  return all;
}

// outcomes counts how the racing calls ended: how many joined, and how many failed for each reason.
function outcomes(results) {
  const counts = {};
  for (const r of results) {
    const key = r.status === "fulfilled" ? "joined" : r.reason.reason ?? String(r.reason.message ?? r.reason);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

// ghosts finds players who hear a party without being its member. The server's own messages reach
// everybody on the party's stream, and members' data only the members, so it checks both.
async function ghosts(id, leader, all) {
  const { party: shown } = await preview(leader, (await create(leader, id)).code); // the stream is told of the new invite
  const members = new Set(shown.members.map((m) => m.user_id));
  await settle(leader, ...all);
  const onStream = all.filter((p) => p.heard("partydata").some((d) => d.party_id === id && d.op_code === -2 && text(d).includes('"created"')));
  for (const p of all) p.forget();
  const onRoster = await hear(id, leader, ...all);
  const listening = new Set([...onStream, ...onRoster]);
  return {
    members: all.filter((p) => members.has(p.id)),
    ghosts: [...listening].filter((p) => !members.has(p.id)),
    deaf: all.filter((p) => members.has(p.id) && !(onStream.includes(p) && onRoster.includes(p))),
  };
}

describe("races", () => {
  test("200 redeem a one-use invite at once: exactly one joins", async () => {
    const [alice] = await players("alice");
    const made = await party({ size: 256 }, alice);
    const invite = await create(alice, made.party_id, { max_uses: 1 });
    const racers = await crowd(200);
    const counts = outcomes(await Promise.allSettled(racers.map((p) => redeem(p, invite.code))));
    assert.deepEqual(counts, { joined: 1, invite_exhausted: 199 });
    await settle(alice, ...racers);
    for (const p of racers) p.forget();
    const end = await ghosts(made.party_id, alice, racers);
    assert.equal(end.members.length, 1);
    assert.deepEqual(end.ghosts, []);
    assert.deepEqual(end.deaf, []);
    assert.equal(await used(alice, made.party_id, invite.id), 1);
  });

  test("50 race for 3 seats: exactly 3 members, no ghosts", async () => {
    const [alice] = await players("alice");
    const made = await party({ size: 4, open: false }, alice);
    const invite = await create(alice, made.party_id);
    const racers = await crowd(50);
    const counts = outcomes(await Promise.allSettled(racers.map((p) => redeem(p, invite.code))));
    assert.deepEqual(counts, { joined: 3, party_full: 47 });
    await settle(alice, ...racers);
    for (const p of racers) p.forget();
    const end = await ghosts(made.party_id, alice, racers);
    assert.equal(end.members.length, 3);
    assert.deepEqual(end.ghosts, []);
    assert.deepEqual(end.deaf, []);
    assert.equal(await used(alice, made.party_id, invite.id), 3);
  });

  test("25 come by invite and 25 by the front door, for 3 seats: exactly 3 members, no ghosts", async () => {
    const [alice] = await players("alice");
    const made = await party({ size: 4 }, alice);
    const invite = await create(alice, made.party_id);
    const racers = await crowd(50);
    const counts = outcomes(await Promise.allSettled(
      racers.map((p, i) => (i % 2 ? redeem(p, invite.code) : p.socket.joinParty(made.party_id).catch((e) => {
        throw Object.assign(new Error(e.message), { reason: /full/.test(e.message) ? "party_full" : e.message });
      }))),
    ));
    assert.deepEqual(counts, { joined: 3, party_full: 47 });
    await settle(alice, ...racers);
    for (const p of racers) p.forget();
    const end = await ghosts(made.party_id, alice, racers);
    assert.equal(end.members.length, 3);
    assert.deepEqual(end.ghosts, []);
    assert.deepEqual(end.deaf, []);
  });

  test("one user redeems 20 times at once: one use, one seat", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice);
    const invite = await create(alice, made.party_id, { max_uses: 5 });
    const counts = outcomes(await Promise.allSettled(Array.from({ length: 20 }, () => redeem(bob, invite.code))));
    assert.deepEqual(counts, { joined: 20 });
    assert.equal(await used(alice, made.party_id, invite.id), 1);
    assert.equal((await preview(bob, invite.code)).party.size, 2);
  });

  test("two users decline and redeem a seat held for them while strangers push", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 3 }, alice);
    const invite = await create(alice, made.party_id, { for_user_ids: [bob.id, carol.id], hold_seat: true });
    const strangers = await crowd(10);
    const push = strangers.map((p) => p.socket.joinParty(made.party_id));
    const [kept, ...pushed] = await Promise.allSettled([redeem(bob, invite.code), ...push]);
    assert.equal(kept.status, "fulfilled");
    assert.equal(pushed.filter((r) => r.status === "fulfilled").length, 0, "held seats stay held");
    await carol.rpc("party_invite_decline", { code: invite.code });
    const late = outcomes(await Promise.allSettled(strangers.map((p) => p.socket.joinParty(made.party_id))));
    assert.equal(late.joined, 1);
  });
});
