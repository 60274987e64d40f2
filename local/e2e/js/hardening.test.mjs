// Weaknesses of a stock server: any logged-in client can use them there, and Partyline's module closes them.
// Do not run this against a stock server: the first test would end its process.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, describe, test } from "node:test";

import { hear, party, partyTraffic } from "./lib/parties.mjs";
import { leave, players, refused, settle } from "./lib/player.mjs";
import { http } from "./lib/server.mjs";

afterEach(leave);

// alive asserts that the server still answers and still delivers presence events.
async function alive() {
  const [eve, frank] = await players("eve", "frank");
  const made = await party({}, eve, frank);
  assert.equal((await hear(made.party_id, eve, frank)).length, 1);
  assert.equal((await http("/healthcheck")).status, 200);
}

describe("holes", () => {
  test("the second page of closed parties does not end the process", async () => {
    const [alice] = await players("alice");
    await alice.socket.createParty(false, 4);
    await alice.socket.createParty(false, 4);
    const token = alice.session.token;
    let cursor;
    for (const ask of ["open=false", "open=true", ""]) {
      // The index follows about a second later, so the first page may still be empty.
      const first = await http(`/v2/party?limit=1&${ask}`, { token });
      if (first.ok) cursor = (await first.json()).cursor ?? cursor;
    }
    for (const ask of ["open=false", "open=true", ""]) {
      await http(`/v2/party?limit=1&${ask}&cursor=${encodeURIComponent(cursor ?? "cursor")}`, { token });
    }
    await alive();
  });

  test("a party without a size gets the default one, and its ticket wedges nothing", async () => {
    const [alice, bob] = await players("alice", "bob");
    const { party: made } = await alice.socket.send({ party_create: { open: true } });
    assert.equal(made.max_size, 8);
    const added = await alice.socket.addMatchmakerParty(made.party_id, "+properties.run:nobody", 2, 2);
    assert.ok(added.ticket);
    await bob.socket.joinParty(made.party_id);
    await bob.next("party");
    await alice.disconnect();
    await bob.next("partyleader");
    await alive();
  });

  test("a member cannot join again, and its party's ticket stays", async () => {
    const [alice, bob] = await players("alice", "bob");
    for (const open of [true, false]) {
      const made = await party({ open, size: 4 }, alice, bob);
      const { ticket } = await alice.socket.addMatchmakerParty(made.party_id, `+properties.run:${randomUUID().replaceAll("-", "")}`, 3, 4);
      await refused(bob.socket.joinParty(made.party_id), /^already_member: /);
      await settle(alice, bob);
      assert.deepEqual(alice.heard("partyjoinrequest"), []);
      await alice.socket.removeMatchmakerParty(made.party_id, ticket);
    }
  });

  test("a second socket of a member takes no second seat", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({ size: 4 }, alice, bob);
    const second = await bob.again();
    await refused(second.socket.joinParty(made.party_id), /^already_member: /);
    await settle(second);
    assert.deepEqual(partyTraffic(second, made.party_id), []);
  });

  test("strangers cannot fill a closed party's list of requests with a flood", async () => {
    const [alice, mallory] = await players("alice", "mallory");
    const made = await party({ open: false, size: 256 }, alice);
    await assert.rejects((async () => {
      for (let i = 0; i < 60; i++) {
        const other = await party({ open: false, size: 2 }, (await players("victim"))[0]);
        await mallory.socket.joinParty(other.party_id);
      }
    })(), { message: /^rate_limited: / });
    await refused(mallory.socket.joinParty(made.party_id), /^rate_limited: /);
  });

  test("a member's own ticket does not run beside the party's", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    const run = `+properties.run:${randomUUID().replaceAll("-", "")}`;
    const { ticket } = await alice.socket.addMatchmakerParty(made.party_id, run, 3, 4);
    await assert.rejects(bob.socket.addMatchmaker(run, 3, 4));
    await alice.socket.removeMatchmakerParty(made.party_id, ticket);
    await alice.ping(); // the answer comes before the module knows of the ticket
    const own = await bob.socket.addMatchmaker(run, 3, 4);
    await assert.rejects(alice.socket.addMatchmakerParty(made.party_id, run, 3, 4));
    await bob.socket.removeMatchmaker(own.ticket);
    await bob.ping();
    assert.ok((await alice.socket.addMatchmakerParty(made.party_id, run, 3, 4)).ticket);
  });

  test("a party larger than any match gets no ticket", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob, carol);
    await refused(alice.socket.addMatchmakerParty(made.party_id, "*", 2, 2), /^party_too_large: /);
  });

  test("nobody speaks with the server's voice", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    for (const op of [-1, -2, -3, -4, -5, -100]) {
      await bob.socket.sendPartyData(made.party_id, op, '{"event":"created"}'); // the SDK drops the answer
    }
    await bob.ping();
    await settle(alice);
    assert.deepEqual(alice.heard("partydata"), []);
    assert.equal((await hear(made.party_id, bob, alice)).length, 1);
  });

  test("a flood of party data stops at its source", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    for (let i = 0; i < 400; i++) bob.socket.sendPartyData(made.party_id, 1, "x");
    // The refusals are a flood in the other direction, and the server may end the connection because of it.
    await Promise.race([bob.ping().catch(() => {}), bob.closed]);
    await settle(alice);
    const got = alice.heard("partydata").length;
    assert.ok(got >= 50 && got < 300, `${got} of 400 arrived`);
    await alive();
  });
});
