// Every feature of Nakama's own party guide, through the stock SDK. All of it has to work on a stock
// server, and on a server with Partyline's module and no rules file.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, describe, test } from "node:test";

import { eventually } from "./lib/eventually.mjs";
import { hear, party, partyTraffic, text } from "./lib/parties.mjs";
import { leave, players, refused, settle } from "./lib/player.mjs";
import { http } from "./lib/server.mjs";

afterEach(leave);

const ids = (presences) => (presences ?? []).map((p) => p.user_id);

describe("create", () => {
  test("an open party", async () => {
    const [alice] = await players("alice");
    const made = await alice.socket.createParty(true, 4);
    assert.equal(made.open, true);
    assert.equal(made.max_size, 4);
    assert.equal(made.self.user_id, alice.id);
    assert.equal(made.leader.user_id, alice.id);
    assert.deepEqual(ids(made.presences), [alice.id]);
    const joined = await alice.next("partypresence");
    assert.deepEqual(ids(joined.joins), [alice.id]);
  });

  test("a closed party", async () => {
    const [alice] = await players("alice");
    const made = await alice.socket.createParty(false, 4);
    assert.equal(made.open, undefined, "false is left out on the wire");
    assert.match(made.party_id, /^[0-9a-f-]{36}\..+/);
  });

  test("sizes outside 1 to 256 are refused", async () => {
    const [alice] = await players("alice");
    await refused(alice.socket.createParty(true, 257), /size/i);
    await refused(alice.socket.createParty(true, -1), /size/i);
    assert.equal((await alice.socket.createParty(true, 256)).max_size, 256);
  });
});

describe("join", () => {
  test("an open party, heard by everybody", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await alice.socket.createParty(true, 4);
    await bob.socket.joinParty(made.party_id);
    const seen = await bob.next("party");
    assert.equal(seen.party_id, made.party_id);
    assert.equal(seen.self.user_id, bob.id);
    assert.equal(seen.leader.user_id, alice.id);
    assert.deepEqual(ids(seen.presences), [alice.id, bob.id]);
    await alice.next("partypresence", (e) => ids(e.joins).includes(bob.id));
    await bob.next("partypresence", (e) => ids(e.joins).includes(bob.id));
  });

  test("a full party is refused", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 2 }, alice, bob);
    await refused(carol.socket.joinParty(made.party_id), /full/i);
    await settle(carol);
    assert.deepEqual(partyTraffic(carol, made.party_id), []);
  });

  test("an unknown party is refused", async () => {
    const [alice] = await players("alice");
    await refused(alice.socket.joinParty("nonsense"), /party/i);
    await refused(alice.socket.joinParty(`${randomUUID()}.nowhere`), /party/i);
  });
});

describe("requests to join a closed party", () => {
  test("are listed and accepted", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ open: false }, alice);
    await bob.socket.joinParty(made.party_id);
    await carol.socket.joinParty(made.party_id);
    const asked = await alice.next("partyjoinrequest");
    assert.deepEqual(ids(asked.presences), [bob.id]);
    const listed = await alice.socket.listPartyJoinRequests(made.party_id);
    assert.deepEqual(ids(listed.presences), [bob.id, carol.id]);

    await settle(bob);
    assert.deepEqual(partyTraffic(bob, made.party_id), [], "asking is not being in");
    await alice.socket.acceptPartyMember(made.party_id, listed.presences[0]);
    assert.deepEqual(ids((await bob.next("party")).presences), [alice.id, bob.id]);
    assert.deepEqual(ids((await alice.socket.listPartyJoinRequests(made.party_id)).presences), [carol.id]);
  });

  test("are rejected", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ open: false }, alice);
    await bob.socket.joinParty(made.party_id);
    const asked = await alice.next("partyjoinrequest");
    await alice.socket.removePartyMember(made.party_id, asked.presences[0]);
    assert.deepEqual(ids((await alice.socket.listPartyJoinRequests(made.party_id)).presences), []);
    await settle(bob);
    assert.deepEqual(partyTraffic(bob, made.party_id), []);
    assert.deepEqual(await hear(made.party_id, alice, bob), []);
  });

  test("come once per user, and only the leader decides", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ open: false }, alice, bob);
    await carol.socket.joinParty(made.party_id);
    await refused(carol.socket.joinParty(made.party_id), /duplicate|already|request/i);
    const { presences } = await alice.socket.listPartyJoinRequests(made.party_id);
    await refused(bob.socket.acceptPartyMember(made.party_id, presences[0]), /leader/i);
    await refused(bob.socket.listPartyJoinRequests(made.party_id), /leader/i);
  });
});

describe("leave", () => {
  test("a member leaves", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob, carol);
    await bob.socket.leaveParty(made.party_id);
    const left = await alice.next("partypresence");
    assert.deepEqual(ids(left.leaves), [bob.id]);
    const listeners = await hear(made.party_id, alice, bob, carol);
    assert.deepEqual(listeners.map((p) => p.id), [carol.id]);
  });

  test("the leader leaves, and the longest-standing member leads", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob, carol);
    await alice.socket.leaveParty(made.party_id);
    for (const p of [bob, carol]) {
      assert.equal((await p.next("partyleader")).presence.user_id, bob.id);
    }
    await bob.socket.promotePartyMember(made.party_id, carol.self);
    assert.equal((await carol.next("partyleader")).presence.user_id, carol.id);
  });

  test("the leader's connection drops, and leadership rotates", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob, carol);
    await alice.disconnect();
    assert.equal((await carol.next("partyleader")).presence.user_id, bob.id);
    assert.deepEqual(ids((await carol.next("partypresence")).leaves), [alice.id]);
    await bob.disconnect();
    assert.equal((await carol.next("partyleader")).presence.user_id, carol.id);
    await carol.socket.closeParty(made.party_id);
  });

  test("the last one leaves, and the party is gone", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice);
    await alice.socket.leaveParty(made.party_id);
    await settle();
    await refused(bob.socket.joinParty(made.party_id), /party/i);
  });
});

describe("lead", () => {
  test("promote hands everything over", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ open: false }, alice, bob);
    await alice.socket.promotePartyMember(made.party_id, bob.self);
    assert.equal((await alice.next("partyleader")).presence.user_id, bob.id);
    assert.equal((await bob.next("partyleader")).presence.user_id, bob.id);
    await refused(alice.socket.closeParty(made.party_id), /leader/i);
    await bob.socket.listPartyJoinRequests(made.party_id);
  });

  test("remove ends a membership", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob, carol);
    await refused(bob.socket.removePartyMember(made.party_id, carol.self), /leader/i);
    await alice.socket.removePartyMember(made.party_id, bob.self);
    assert.equal((await bob.next("partyclose")).party_id, made.party_id);
    assert.deepEqual(ids((await carol.next("partypresence")).leaves), [bob.id]);
    assert.deepEqual((await hear(made.party_id, alice, bob, carol)).map((p) => p.id), [carol.id]);
  });

  test("close ends it for everybody", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob);
    await refused(bob.socket.closeParty(made.party_id), /leader/i);
    await alice.socket.closeParty(made.party_id);
    for (const p of [alice, bob]) {
      assert.equal((await p.next("partyclose")).party_id, made.party_id);
    }
    await refused(carol.socket.joinParty(made.party_id), /party/i);
  });

  test("update and find a party by its label", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    const mode = `mode${randomUUID().replaceAll("-", "")}`;
    const update = { party_id: made.party_id, label: JSON.stringify({ mode }), open: true, hidden: false };
    await alice.socket.send({ party_update: update }); // the SDK has no method for it
    const query = `/v2/party?limit=10&query=${encodeURIComponent(`+label.mode:${mode}`)}`;
    const list = async () => (await (await http(query, { token: bob.session.token })).json()).parties ?? [];
    const found = await eventually(list, (parties) => parties.length > 0); // the index follows about a second later
    assert.deepEqual(found.map((p) => p.party_id), [made.party_id]);
    assert.equal(found[0].max_size, 4);
    await refused(bob.socket.send({ party_update: update }), /leader/i);
  });
});

describe("data", () => {
  test("reaches every other member, as text and as bytes", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob, carol);
    await alice.socket.sendPartyData(made.party_id, 1, JSON.stringify({ hello: "there" }));
    await bob.socket.sendPartyData(made.party_id, 2, new Uint8Array([0, 1, 255]));
    for (const p of [bob, carol]) {
      const got = await p.next("partydata", (d) => d.op_code === 1);
      assert.deepEqual(JSON.parse(text(got)), { hello: "there" });
      assert.equal(got.presence.user_id, alice.id);
    }
    assert.deepEqual([...(await alice.next("partydata")).data], [0, 1, 255]);
    await settle(alice, bob, carol);
    assert.deepEqual(alice.heard("partydata"), [], "nobody hears itself");
    assert.deepEqual(bob.heard("partydata"), [], "nobody hears itself");
  });

  test("of strangers goes nowhere", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob);
    assert.deepEqual(await hear(made.party_id, carol, alice, bob), []);
  });
});

describe("status", () => {
  test("carries a party ID to followers, who join by it", async () => {
    const [alice, bob] = await players("alice", "bob");
    await bob.socket.followUsers([alice.id]);
    const made = await party({}, alice);
    await alice.socket.updateStatus(JSON.stringify({ party_id: made.party_id }));
    const seen = await bob.next("statuspresence", (e) => ids(e.joins).includes(alice.id));
    const { party_id } = JSON.parse(seen.joins[0].status);
    await bob.socket.joinParty(party_id);
    assert.equal((await bob.next("party")).party_id, made.party_id);
  });

  test("is there for a user who follows later, and gone with the connection", async () => {
    const [alice, bob] = await players("alice", "bob");
    await alice.socket.updateStatus("in a party");
    await settle(alice);
    const followed = await bob.socket.followUsers([alice.id]);
    assert.equal(followed.presences[0].status, "in a party");
    await alice.disconnect();
    await bob.next("statuspresence", (e) => ids(e.leaves).includes(alice.id));
  });
});

describe("matchmaking", () => {
  const run = () => {
    const word = `run${randomUUID().replaceAll("-", "")}`;
    return { query: `+properties.run:${word}`, properties: { run: word } };
  };

  test("a party's ticket is told to all members and taken back by the leader", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    const { query, properties } = run();
    await refused(bob.socket.addMatchmakerParty(made.party_id, query, 3, 4, properties), /leader/i);
    const added = await alice.socket.addMatchmakerParty(made.party_id, query, 3, 4, properties);
    assert.ok(added.ticket);
    assert.equal((await bob.next("partymatchmakerticket")).ticket, added.ticket);
    await alice.socket.removeMatchmakerParty(made.party_id, added.ticket);
    await refused(alice.socket.removeMatchmakerParty(made.party_id, added.ticket), /ticket/i);
  });

  test("a party and a soloist are matched and play", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ size: 2 }, alice, bob);
    const { query, properties } = run();
    await alice.socket.addMatchmakerParty(made.party_id, query, 3, 3, properties);
    await carol.socket.addMatchmaker(query, 3, 3, properties);
    const all = [alice, bob, carol];
    const matched = await Promise.all(all.map((p) => p.next("matchmakermatched")));
    for (const [i, m] of matched.entries()) {
      assert.deepEqual(m.users.map((u) => u.presence.user_id).sort(), all.map((p) => p.id).sort());
      assert.equal(m.self.presence.user_id, all[i].id);
      assert.equal(m.users.filter((u) => u.party_id === made.party_id).length, 2);
    }
    const matches = [];
    for (const [i, m] of matched.entries()) {
      matches.push(await all[i].socket.joinMatch(m.match_id, m.token));
    }
    assert.equal(new Set(matches.map((m) => m.match_id)).size, 1);
    await alice.socket.sendMatchState(matches[0].match_id, 7, "go");
    for (const p of [bob, carol]) {
      assert.equal((await p.next("matchdata")).op_code, 7);
    }
  });
});
