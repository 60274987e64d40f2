// From the queue to the seat in the match: parties stay together, their seats are held for them, and no
// player without a seat gets in. On a server with the rules in testdata/queues.yml.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";

import { create, denied, preview, redeem } from "./lib/invites.mjs";
import { count, join, kept, matched, queueAlone, queueParty, queues, seatOf, seats, shown, toldSeat } from "./lib/matches.mjs";
import { party, text } from "./lib/parties.mjs";
import { leave, players, refused, settle } from "./lib/player.mjs";

let run; // unique to this test: no other tickets fit
beforeEach(() => { run = randomUUID(); });
afterEach(leave);

describe("queues", () => {
  test("five against five in mixed parties: all in one match, nobody apart", async () => {
    const all = await players("ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal", "ivy", "jon");
    const groups = [all.slice(0, 4), all.slice(4, 7), all.slice(7, 9), all.slice(9)];
    const ids = [];
    for (const group of groups.slice(0, 3)) ids.push((await party({ size: 5 }, ...group)).party_id);
    const [out] = await players("out");
    for (const [i, id] of ids.entries()) await queueParty(groups[i][0], id, queues.ranked, run);
    await queueAlone(all[9], queues.ranked, run);
    const match = await matched(...all);
    await kept(out, match, "seat_reserved");
    for (const p of all) await join(p, match);
    const now = await shown(all[0], match, (rows) => count(rows).taken === 10);
    for (const team of [0, 1]) assert.equal(now.seats.filter((s) => s.team === team).length, 5);
    for (const [i, group] of groups.entries()) {
      const mine = now.seats.filter((s) => group.some((p) => p.id === s.user_id));
      assert.equal(mine.length, group.length);
      assert.equal(new Set(mine.map((s) => s.team)).size, 1, `party ${i} is on two teams`);
      for (const s of mine) assert.equal(s.party_id, ids[i] ?? "");
    }
    assert.deepEqual(await seats(all[4], ids[1]), now);
    await kept(out, match, "match_full");
  });

  test("a party fills a match of its own, and talks in it", async () => {
    const [ann, bob, cat] = await players("ann", "bob", "cat");
    const made = await party({ size: 3 }, ann, bob, cat);
    await queueParty(ann, made.party_id, queues.coop, run);
    const match = await matched(ann, bob, cat);
    for (const p of [ann, bob, cat]) await join(p, match);
    await ann.socket.sendMatchState(match, 7, "hello");
    for (const p of [bob, cat]) {
      const heard = await p.next("matchdata", (d) => d.op_code === 7);
      assert.equal(text(heard), "hello");
      assert.equal(heard.presence.user_id, ann.id);
    }
    await bob.socket.sendMatchState(match, -4, JSON.stringify({ event: "ended" }));
    await bob.socket.sendMatchState(match, 8, "after the forgery");
    await ann.next("matchdata", (d) => d.op_code === 8);
    assert.ok(!ann.heard("matchdata").some((d) => text(d).includes("ended")), "a client spoke as the server");
    assert.ok(!ann.heard("matchdata").some((d) => d.op_code === 7), "a player heard itself");
  });

  test("an unknown queue and a party that is too large are refused at once", async () => {
    const [ann, bob, cat] = await players("ann", "bob", "cat");
    const made = await party({ size: 3 }, ann, bob, cat);
    await refused(queueParty(ann, made.party_id, "e2e_nowhere", run), /^unknown_queue: /);
    await refused(queueParty(ann, made.party_id, queues.duel, run), /^party_too_large: /);
    assert.deepEqual(await seats(ann, made.party_id), { match_id: "", queue: "", seats: [] });
    const [out] = await players("out");
    await denied(seats(out, made.party_id), "not_member");
  });
});

describe("seats", () => {
  // duel makes a match of two parties of two that no player has joined yet.
  async function duel(...who) {
    const [a, b, c, d] = who;
    const ours = await party({ size: 3 }, a, b);
    const theirs = await party({ size: 3 }, c, d);
    await queueParty(a, ours.party_id, queues.duel, run);
    await queueParty(c, theirs.party_id, queues.duel, run);
    return { match: await matched(...who), ours: ours.party_id, theirs: theirs.party_id };
  }

  test("a no-show's seat goes to the next in the queue", async () => {
    const [ann, bob, cat, dan, eve] = await players("ann", "bob", "cat", "dan", "eve");
    const { match, ours } = await duel(ann, bob, cat, dan);
    const held = await toldSeat(ann, "seat_held", bob);
    assert.equal(held.match_id, match);
    assert.ok(held.expires_at > Date.now() / 1000);
    for (const p of [ann, cat, dan]) await join(p, match);
    await kept(eve, match, "seat_reserved");
    await toldSeat(ann, "seat_released", bob); // after the queue's seat_hold
    await queueAlone(eve, queues.duel, run);
    assert.equal(await matched(eve), match);
    await join(eve, match);
    assert.equal((await seatOf(ann, ours, eve)).team, (await seatOf(ann, ours, ann)).team);
    await kept(bob, match, "match_full");
  });

  test("a player whose connection is lost comes back to the same seat", async () => {
    const [ann, bob, cat, dan, out] = await players("ann", "bob", "cat", "dan", "out");
    const { match, ours } = await duel(ann, bob, cat, dan);
    for (const p of [ann, bob, cat, dan]) await join(p, match);
    const before = await seatOf(ann, ours, bob);
    assert.equal(before.state, "taken");
    ann.forget(); // the seat was held before
    await bob.disconnect();
    await toldSeat(ann, "seat_held", bob);
    await kept(out, match, "seat_reserved");
    ann.forget();
    const back = await bob.again();
    await join(back, match);
    await toldSeat(ann, "seat_taken", bob);
    assert.deepEqual(await seatOf(ann, ours, bob), before);
    await kept(out, match, "match_full");
  });

  test("who leaves on purpose gives the seat away; a friend from the party gets it", async () => {
    const [ann, bob, cat, dan, eve] = await players("ann", "bob", "cat", "dan", "eve");
    const { match, ours } = await duel(ann, bob, cat, dan);
    for (const p of [ann, bob, cat, dan]) await join(p, match);
    const invite = await create(ann, ours);
    assert.equal((await preview(eve, invite.code)).match_id, match);
    await bob.socket.leaveMatch(match);
    await toldSeat(ann, "seat_released", bob);
    const redeemed = await redeem(eve, invite.code);
    assert.equal(redeemed.match_id, match);
    assert.equal((await toldSeat(ann, "seat_held", eve)).team, (await seatOf(ann, ours, ann)).team);
    await kept(bob, match, "seat_reserved"); // the seat is held for eve now
    await join(eve, match);
    await toldSeat(ann, "seat_taken", eve);
  });

  test("seats are held for invited friends who are still loading, and as long as they make progress", async () => {
    const [ann, bob, late, out] = await players("ann", "bob", "late", "out");
    const made = await party({ size: 3 }, ann);
    const invite = await create(ann, made.party_id, { for_user_ids: [late.id], hold_seat: true });
    await queueParty(ann, made.party_id, queues.duel, run);
    await queueAlone(bob, queues.duel, run);
    await queueAlone(out, queues.duel, run);
    const match = await matched(ann, bob, out);
    for (const p of [ann, bob, out]) await join(p, match);
    const first = count((await seats(ann, made.party_id)).seats);
    assert.deepEqual(first, { taken: 3, held: 1, open: 0 });
    for (let percent = 10; percent < 50; percent += 10) {
      await late.rpc("party_status_set", { code: invite.code, stage: "downloading", progress: percent / 100 });
      await new Promise((resolve) => setTimeout(resolve, 2000)); // four times two seconds: longer than a seat is held without progress
    }
    const redeemed = await redeem(late, invite.code);
    assert.equal(redeemed.match_id, match);
    await join(late, match);
    assert.deepEqual(count((await seats(late, made.party_id)).seats), { taken: 4, held: 0, open: 0 });
    assert.equal((await seatOf(ann, made.party_id, late)).team, (await seatOf(ann, made.party_id, ann)).team);
  });

  test("leaving the party gives back a seat that is still held", async () => {
    const [ann, bob, cat, dan] = await players("ann", "bob", "cat", "dan");
    const { match, ours } = await duel(ann, bob, cat, dan);
    await join(ann, match);
    await bob.socket.leaveParty(ours);
    await toldSeat(ann, "seat_released", bob);
    await kept(bob, match, "seat_reserved");
  });

  test("another device takes the place of the first", async () => {
    const [ann, bob, cat, dan] = await players("ann", "bob", "cat", "dan");
    const { match, ours } = await duel(ann, bob, cat, dan);
    for (const p of [ann, bob]) await join(p, match);
    const tablet = await bob.again();
    await join(tablet, match);
    const last = await bob.next("matchdata", (d) => d.op_code === -4 && text(d).includes("ended"));
    assert.equal(JSON.parse(text(last)).user_id, bob.id);
    await ann.socket.sendMatchState(match, 3, "which of you?");
    await tablet.next("matchdata", (d) => d.op_code === 3);
    await settle(ann, bob, tablet);
    assert.ok(!bob.heard("matchdata").some((d) => d.op_code === 3), "the first device still hears the match");
    assert.equal((await seatOf(ann, ours, bob)).state, "taken");
  });
});
