// Connections that break, and players who come back, on a server with Partyline's module. Each test puts
// its own rules file into force. A connection breaks here without a close frame, as if a cable is pulled.
// A real server may take ten seconds to tell the module.

import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, test } from "node:test";

import { eventually } from "./lib/eventually.mjs";
import { create, denied, preview, redeem } from "./lib/invites.mjs";
import { hear, party, partyTraffic, text } from "./lib/parties.mjs";
import { leave, players, refused, settle } from "./lib/player.mjs";
import { restore, rules } from "./lib/rules.mjs";

const grace = 30;

beforeEach(() => rules({ parties: { reconnect_grace: `${grace}s`, kick_ban: "10m" } }));
afterEach(leave);
after(restore);

// drop breaks players' connections.
function drop(...dropped) {
  for (const player of dropped) player.socket.adapter._socket.terminate();
}

const resume = (player) => player.rpc("party_resume");

// back gives a player a new connection and resumes the party.
async function back(player, id) {
  const again = await player.again();
  assert.deepEqual(await resume(again), { party_id: id, joined: true });
  again.entered = await again.next("party", (p) => p.party_id === id);
  return again;
}

// member waits for the server's message about a member, which arrives as party data with op code -5.
async function member(listener, event, about) {
  const message = await listener.next("partydata", (d) => d.op_code === -5 && JSON.parse(text(d)).user_id === about.id);
  assert.deepEqual(message.presence, { user_id: "00000000-0000-0000-0000-000000000000", session_id: "00000000-0000-0000-0000-000000000000", username: "partyline" });
  const said = JSON.parse(text(message));
  assert.equal(said.event, event);
  assert.ok(Number.isInteger(said.until));
  return said;
}

// words returns the member events that a player heard and did not wait for.
const words = (player) => player.heard("partydata").filter((d) => d.op_code === -5).map((d) => JSON.parse(text(d)).event);

const names = (presences) => presences.map((p) => p.username).sort();

describe("a dropped member", () => {
  test("is away, keeps the seat, and is back by party_resume", async () => {
    const [alice, bob, carol, dave] = await players("alice", "bob", "carol", "dave");
    const made = await party({ size: 3 }, alice, bob, carol);
    const before = Date.now() / 1000;
    drop(bob);
    await alice.next("partypresence", (e) => e.leaves?.some((p) => p.user_id === bob.id));
    await refused(dave.socket.joinParty(made.party_id), /^party_full: /); // whether the module knows it or not
    for (const other of [alice, carol]) {
      const said = await member(other, "away", bob);
      assert.ok(said.until >= before + grace - 1 && said.until <= Date.now() / 1000 + grace + 1, `${said.until}`);
    }
    await refused(dave.socket.joinParty(made.party_id), /^party_full: /);
    const again = await back(bob, made.party_id);
    assert.equal(again.entered.self.user_id, bob.id);
    assert.notEqual(again.entered.self.session_id, bob.self.session_id);
    assert.deepEqual(names(again.entered.presences), [alice, bob, carol].map((p) => p.username).sort());
    for (const other of [alice, carol]) await member(other, "back", bob);
    assert.equal((await hear(made.party_id, alice, again, carol)).length, 2);
    assert.equal((await hear(made.party_id, again, alice, carol)).length, 2);
    assert.deepEqual(await resume(again), { party_id: made.party_id, joined: true }, "it may be repeated");
    await settle(alice);
    assert.deepEqual(words(alice), []);
  });

  test("comes back into a closed party without asking", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ open: false, size: 2 }, alice, bob);
    drop(bob);
    await member(alice, "away", bob);
    const again = await back(bob, made.party_id);
    await member(alice, "back", bob);
    await settle(alice);
    assert.deepEqual(alice.heard("partyjoinrequest"), []);
    assert.equal((await hear(made.party_id, again, alice)).length, 1);
  });

  test("may come back before the party was told", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 2 }, alice, bob);
    drop(bob);
    await alice.next("partypresence", (e) => e.leaves?.some((p) => p.user_id === bob.id));
    const again = await back(bob, made.party_id);
    assert.equal((await hear(made.party_id, alice, again)).length, 1);
    await refused(carol.socket.joinParty(made.party_id), /^party_full: /);
  });

  test("comes back by any door, past locks of rules", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 4 }, alice, bob);
    const invite = await create(alice, made.party_id);
    await rules({ parties: { reconnect_grace: "30s" }, rules: [{ id: "nobody", on: ["join"], deny: "true", message: "Nobody comes in." }] });
    await refused(carol.socket.joinParty(made.party_id), /^rule_denied\/nobody: /);
    await denied(redeem(carol, invite.code), "rule_denied/nobody");
    drop(bob);
    await member(alice, "away", bob);
    const resumed = await back(bob, made.party_id);
    await member(alice, "back", bob);
    drop(resumed);
    await member(alice, "away", bob);
    const native = await bob.again();
    await native.socket.joinParty(made.party_id);
    await native.next("party");
    await member(alice, "back", bob);
    drop(native);
    await member(alice, "away", bob);
    const invited = await bob.again();
    assert.equal((await redeem(invited, invite.code)).joined, true);
    await invited.next("party");
    await member(alice, "back", bob);
    assert.equal((await hear(made.party_id, alice, invited)).length, 1);
  });

  test("is lost when the time is over", async () => {
    await rules({ parties: { reconnect_grace: "3s" } }); // longer than a server takes to report a broken connection
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 2 }, alice, bob);
    drop(bob);
    const { until } = await member(alice, "away", bob);
    assert.equal((await member(alice, "lost", bob)).until, until);
    await carol.socket.joinParty(made.party_id);
    await carol.next("party");
    const again = await bob.again();
    await denied(resume(again), "party_not_found");
    await refused(again.socket.joinParty(made.party_id), /^party_full: /);
    assert.deepEqual(partyTraffic(again, made.party_id), []);
  });

  test("is one of several", async () => {
    const [alice, bob, carol, dave, eve] = await players("alice", "bob", "carol", "dave", "eve");
    const made = await party({ size: 4 }, alice, bob, carol, dave);
    drop(bob, carol, dave);
    for (const gone of [bob, carol, dave]) await member(alice, "away", gone);
    await refused(eve.socket.joinParty(made.party_id), /^party_full: /);
    const shown = (await preview(alice, (await create(alice, made.party_id)).code)).party;
    assert.deepEqual([shown.size, shown.held, shown.on_the_way], [1, 3, 3]);
    const again = await Promise.all([bob, carol, dave].map((p) => back(p, made.party_id)));
    for (const gone of [bob, carol, dave]) await member(alice, "back", gone);
    assert.equal((await hear(made.party_id, alice, ...again)).length, 3);
  });

  test("that led is a member among others when it is back", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 3 }, alice, bob, carol);
    drop(alice);
    const leader = await carol.next("partyleader");
    assert.equal(leader.presence.user_id, bob.id);
    await member(bob, "away", alice);
    const again = await back(alice, made.party_id);
    assert.equal(again.entered.leader.user_id, bob.id);
    await member(bob, "back", alice);
    await refused(again.socket.promotePartyMember(made.party_id, carol.self), /leader/i);
    await bob.socket.promotePartyMember(made.party_id, again.entered.self);
    assert.equal((await carol.next("partyleader")).presence.user_id, alice.id);
  });

  test("that was the last takes the party along, where nobody waits for it", async () => {
    await rules({ parties: { reconnect_grace: `${grace}s`, survive: { everyone_away: false } } });
    const [alice, bob] = await players("alice", "bob");
    await party({ size: 3 }, alice, bob);
    drop(bob);
    await member(alice, "away", bob);
    drop(alice);
    for (const player of [alice, bob]) await denied(resume(await player.again()), "party_not_found");
  });
});

describe("nothing is kept", () => {
  test("without the rule", async () => {
    await rules({});
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 2 }, alice, bob);
    drop(bob);
    await alice.next("partypresence", (e) => e.leaves?.some((p) => p.user_id === bob.id));
    await carol.socket.joinParty(made.party_id);
    await denied(resume(await bob.again()), "party_not_found");
    await settle(alice);
    assert.deepEqual(words(alice), []);
  });

  test("for a member who leaves on purpose", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 3 }, alice, bob, carol);
    await bob.socket.leaveParty(made.party_id);
    drop(bob);
    drop(carol);
    await member(alice, "away", carol);
    await denied(resume(await bob.again()), "party_not_found");
    const later = await carol.again();
    await later.socket.leaveParty(made.party_id); // gives up the kept seat
    await member(alice, "lost", carol);
    await denied(resume(later), "party_not_found");
    assert.deepEqual(words(alice), []);
  });

  test("for a member who is kicked", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ size: 3 }, alice, bob);
    await alice.socket.removePartyMember(made.party_id, bob.self);
    await bob.next("partyclose");
    drop(bob);
    const again = await bob.again();
    await denied(resume(again), "party_not_found");
    await refused(again.socket.joinParty(made.party_id), /^banned: /);
  });

  test("for a member who is kicked while away", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 3 }, alice, bob, carol);
    drop(bob);
    await member(alice, "away", bob);
    await refused(carol.socket.removePartyMember(made.party_id, bob.self), /leader/i);
    await alice.socket.removePartyMember(made.party_id, bob.self);
    await member(alice, "lost", bob);
    const again = await bob.again();
    await denied(resume(again), "party_not_found");
    await refused(again.socket.joinParty(made.party_id), /^banned: /);
    assert.equal((await hear(made.party_id, alice, carol)).length, 1, "the leader's socket lives on");
    await alice.socket.removePartyMember(made.party_id, carol.self); // the leader can remove members as before
    await carol.next("partyclose");
    await refused(alice.socket.removePartyMember(made.party_id, carol.self), /not found/);
  });

  test("when the party closes", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ size: 3 }, alice, bob);
    drop(bob);
    await member(alice, "away", bob);
    await alice.socket.closeParty(made.party_id);
    await alice.next("partyclose");
    const again = await bob.again();
    await denied(resume(again), "party_not_found");
    await refused(again.socket.joinParty(made.party_id), /^party_not_found: /);
    assert.deepEqual(words(alice), []);
  });

  test("for a user who was never there, nor over a call that says too much", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice);
    await denied(resume(bob), "party_not_found");
    await denied(bob.rpc("party_resume", { party_id: made.party_id }), "invalid_request", "party_id");
    await denied(bob.rpc("party_resume", "[]"), "invalid_request");
    await denied(bob.rpcOverHTTP("party_resume"), "party_not_found");
    assert.deepEqual(await resume(alice), { party_id: made.party_id, joined: true }, "a member stays one");
  });
});

describe("a new connection", () => {
  test("is enough where the rules say so", async () => {
    await rules({ parties: { reconnect_grace: "30s", resume_on_connect: true } });
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ size: 2, open: false }, alice, bob);
    drop(bob);
    await member(alice, "away", bob);
    const again = await bob.again();
    assert.equal((await again.next("party")).party_id, made.party_id);
    await member(alice, "back", bob);
    assert.equal((await hear(made.party_id, again, alice)).length, 1);
  });

  test("leads into a seat that was kept before the rules kept none", async () => {
    await rules({ parties: { reconnect_grace: "30s", resume_on_connect: true } });
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ size: 2 }, alice, bob);
    drop(bob);
    await member(alice, "away", bob);
    await rules({ parties: { reconnect_grace: "0s", resume_on_connect: true } });
    const again = await bob.again();
    assert.equal((await again.next("party")).party_id, made.party_id);
    await member(alice, "back", bob);
  });

  test("may resume over HTTP", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ size: 2 }, alice, bob);
    drop(bob);
    await member(alice, "away", bob);
    await denied(bob.rpcOverHTTP("party_resume"), "no_live_session");
    const again = await bob.again();
    assert.deepEqual(await bob.rpcOverHTTP("party_resume"), { party_id: made.party_id, joined: true });
    assert.equal((await again.next("party")).party_id, made.party_id);
  });

  test("takes over from one that still stands, where the rules say so", async () => {
    await rules({ parties: { reconnect_grace: "30s", second_socket: "move" } });
    for (const size of [2, 3]) { // with and without a free seat
      const [alice, bob] = await players("alice", "bob");
      const made = await party({ size, open: false }, alice, bob);
      const again = await back(bob, made.party_id);
      await bob.next("partyclose"); // which comes before the party has removed the socket
      const sockets = async () => (await hear(made.party_id, alice, bob, again)).map((p) => (p === again ? "new" : "old"));
      await eventually(sockets, (heard) => heard.join() === "new");
      const leader = await back(alice, made.party_id);
      assert.equal((await hear(made.party_id, leader, again)).length, 1);
      await settle(leader, again);
      assert.deepEqual(words(leader), [], "nobody was away");
    }
  });

  test("waits for one that still stands, where it may not", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ size: 2 }, alice, bob);
    const again = await bob.again();
    assert.deepEqual(await resume(again), { party_id: made.party_id, joined: false });
    assert.deepEqual(await hear(made.party_id, alice, bob, again), [bob]);
    drop(bob);
    assert.equal((await again.next("party")).party_id, made.party_id);
    await member(alice, "away", bob);
    await member(alice, "back", bob);
    assert.deepEqual(await hear(made.party_id, alice, again), [again]);
  });

  test("follows one that is a member of two parties into both", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const first = await party({ size: 2 }, alice, carol);
    const second = await party({ size: 2 }, bob, carol);
    drop(carol);
    await member(alice, "away", carol);
    await member(bob, "away", carol);
    const again = await carol.again();
    assert.deepEqual(await resume(again), { party_id: second.party_id, joined: true }, "the one entered last");
    for (const { party_id } of [first, second]) await again.next("party", (p) => p.party_id === party_id);
    assert.equal((await hear(first.party_id, alice, again)).length, 1);
    assert.equal((await hear(second.party_id, bob, again)).length, 1);
  });
});

describe("rules that change", () => {
  test("count for members who drop after that", async () => {
    const [alice, bob, carol, dave] = await players("alice", "bob", "carol", "dave");
    const made = await party({ size: 4 }, alice, bob, carol, dave);
    drop(bob);
    const promised = await member(alice, "away", bob);
    await rules({ parties: { reconnect_grace: "3s" } }); // longer than a server takes to report a broken connection
    drop(carol);
    await member(alice, "away", carol);
    await member(alice, "lost", carol);
    await rules({});
    drop(dave);
    await alice.next("partypresence", (e) => e.leaves?.some((p) => p.user_id === dave.id));
    await denied(resume(await dave.again()), "party_not_found");
    await back(bob, made.party_id);
    assert.equal((await member(alice, "back", bob)).until, promised.until);
  });
});

describe("races", () => {
  test("fifty want the kept seat while its owner comes back", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ size: 2 }, alice, bob);
    const racers = [];
    while (racers.length < 50) racers.push(...await players(...Array(25).fill("racer")));
    const again = await bob.again();
    drop(bob);
    await alice.next("partypresence", (e) => e.leaves?.some((p) => p.user_id === bob.id));
    const attempts = racers.map((p, i) => (i % 2 ? p.socket.joinParty(made.party_id) : resume(p)));
    const [owner, ...others] = await Promise.allSettled([resume(again), ...attempts]);
    assert.deepEqual(owner.value, { party_id: made.party_id, joined: true });
    const reasons = new Set(others.map((o) => (o.status === "rejected" ? o.reason.message.split(":")[0] : "in")));
    assert.deepEqual([...reasons].sort(), ["party_full", "party_not_found"]);
    assert.deepEqual(await hear(made.party_id, alice, again, ...racers), [again]);
  });

  test("a hundred members drop and come back at once", async () => {
    const size = 5;
    const parties = await Promise.all(Array.from({ length: 25 }, async () => {
      const [stays, ...goes] = await players("stays", ...Array(size - 1).fill("goes"));
      const made = await stays.socket.createParty(true, size);
      await Promise.all(goes.map((p) => p.socket.joinParty(made.party_id)));
      await Promise.all(goes.map((p) => p.next("party")));
      return { id: made.party_id, stays, goes };
    }));
    const strangers = await players(...Array(25).fill("stranger"));
    drop(...parties.flatMap((p) => p.goes));
    const tries = parties.map(async ({ id, stays, goes }, i) => {
      await Promise.all(goes.map((g) => stays.next("partypresence", (e) => e.leaves?.some((p) => p.user_id === g.id))));
      await refused(strangers[i].socket.joinParty(id), /^party_full: /);
    });
    await Promise.all(tries);
    for (const p of parties) p.again = await Promise.all(p.goes.map((g) => g.again()));
    const answers = await Promise.all(parties.flatMap((p) => p.again.map(async (a) => [await resume(a), p.id])));
    for (const [answer, id] of answers) assert.deepEqual(answer, { party_id: id, joined: true });
    for (const { id, stays, again } of parties) {
      await settle(stays, ...again); // the server lets a member hear once it has processed the join
      assert.equal((await hear(id, stays, ...again)).length, size - 1);
      const shown = (await preview(stays, (await create(stays, id)).code)).party;
      assert.deepEqual([shown.size, shown.held], [size, 0]);
    }
  });
});
