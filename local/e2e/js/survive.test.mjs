// Parties whose members have all lost their connections, on a server with Partyline's module. Each test
// puts its own rules file into force.

import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, test } from "node:test";

import { eventually } from "./lib/eventually.mjs";
import { create, denied, list, preview, redeem, told } from "./lib/invites.mjs";
import { hear, party, text } from "./lib/parties.mjs";
import { leave, players, refused, settle } from "./lib/player.mjs";
import { restore, rules } from "./lib/rules.mjs";

const parties = { reconnect_grace: "30s", kick_ban: "10m" };

beforeEach(() => rules({ parties }));
afterEach(leave);
after(restore);

const resume = (player) => player.rpc("party_resume");

// drop closes connections. It then waits until a player with an invite sees that all members are away.
async function drop(witness, code, ...dropped) {
  for (const player of dropped) await player.disconnect();
  await away(witness, code);
}

const shows = (witness, code, state) => eventually(() => preview(witness, code), (p) => p.state === state);
const away = (witness, code) => shows(witness, code, "away");

// back gives a player a new connection and resumes the player's party.
async function back(player) {
  const again = await player.again();
  const answer = await resume(again);
  assert.equal(answer.joined, true);
  again.entered = await again.next("party", (p) => p.party_id === answer.party_id);
  again.self = again.entered.self;
  return again;
}

// members returns the user IDs of a party's members, the leader's first.
async function members(player, party_id) {
  const { members } = await player.rpc("party_status_list", { party_id });
  return members.sort((a, b) => b.leader - a.leader).map((m) => m.user_id);
}

const member = async (listener, event) =>
  JSON.parse(text(await listener.next("partydata", (d) => d.op_code === -5 && JSON.parse(text(d)).event === event)));

describe("everybody away", () => {
  test("one player alone comes back to the same party and link", async () => {
    const [alice, dave, erin] = await players("alice", "dave", "erin");
    const made = await party({ open: false, size: 3 }, alice);
    const { code } = await create(alice, made.party_id, { message: "come" });
    await create(alice, made.party_id, { for_user_ids: [erin.id], hold_seat: true });
    await drop(dave, code, alice);
    const shown = (await preview(dave, code)).party;
    assert.deepEqual([shown.max_size, shown.size, shown.held, shown.on_the_way], [3, 0, 2, 2]);
    const again = await back(alice);
    assert.equal(again.entered.leader.user_id, alice.id);
    assert.equal(again.entered.max_size, 3);
    assert.ok(!again.entered.open);
    const said = await member(again, "restored");
    assert.deepEqual(said, { event: "restored", user_id: alice.id, was: made.party_id });
    assert.equal((await member(again, "back")).led, alice.id);
    assert.equal((await preview(dave, code)).state, "open");
    const answer = await redeem(dave, code);
    assert.deepEqual([answer.party_id, answer.message], [again.entered.party_id, "come"]);
    await dave.next("party", (p) => p.party_id === again.entered.party_id);
    assert.deepEqual(await members(dave, again.entered.party_id), [alice.id, dave.id]);
    assert.deepEqual(await hear(again.entered.party_id, dave, again), [again]);
    assert.equal((await list(again, again.entered.party_id)).length, 2);
    await again.socket.removePartyMember(again.entered.party_id, { user_id: dave.id, username: dave.username, session_id: (await dave.rpc("party_status_list", { party_id: again.entered.party_id })).members.find((m) => m.user_id === dave.id).session_id });
    await dave.next("partyclose");
  });

  test("who is back first leads, later ones come into the same party, and the old ID is understood", async () => {
    const [alice, bob, carol, dave] = await players("alice", "bob", "carol", "dave");
    const made = await party({ size: 4 }, alice, bob, carol);
    const { code } = await create(alice, made.party_id);
    await alice.socket.removePartyMember(made.party_id, carol.self);
    await carol.next("partyclose");
    const shared = await alice.rpc("party_activity", { party_id: made.party_id });
    await drop(dave, code, alice, bob);
    await denied(resume(carol), "party_not_found");
    await refused(carol.socket.joinParty(made.party_id), /^party_away: .*retry_after_sec=/);
    const bob2 = await back(bob);
    const id = bob2.entered.party_id;
    assert.notEqual(id, made.party_id);
    assert.deepEqual(await members(bob2, made.party_id), [bob.id]);
    const alice2 = await back(alice);
    assert.equal(alice2.entered.party_id, id);
    assert.equal((await alice2.rpc("party_activity", { party_id: id })).generic.code, shared.generic.code);
    const said = await member(bob2, "back");
    assert.equal(said.user_id, bob.id);
    const other = await member(bob2, "back");
    assert.deepEqual([other.user_id, other.led], [alice.id, alice.id]);
    assert.deepEqual(await members(alice2, id), [bob.id, alice.id]);
    await denied(redeem(carol, code), "banned");
    await bob2.socket.promotePartyMember(id, alice2.self);
    await alice2.next("partyleader", (l) => l.presence.session_id === alice2.self.session_id);
  });

  test("a redeem waits, is refused with party_away and uses nothing up", async () => {
    const [alice, dave, erin] = await players("alice", "dave", "erin");
    const made = await party({ size: 3 }, alice);
    const { code, id } = await create(alice, made.party_id, { max_uses: 1 });
    await drop(dave, code, alice);
    for (const [call, more] of Object.entries({
      party_invite_list: {}, party_status_list: {}, party_status_set: { stage: "ready" }, party_match: {}, party_queue: {}, party_attributes_get: {}, party_activity: {},
    })) {
      await denied(alice.rpcOverHTTP(call, { party_id: made.party_id, ...more }), "party_away", "retry_after_sec=");
    }
    const began = Date.now();
    await denied(redeem(dave, code), "party_away", "retry_after_sec=");
    assert.ok(Date.now() - began >= 4000, "it waits before it gives up");
    const waiting = redeem(erin, code);
    const again = await back(alice);
    assert.equal((await waiting).party_id, again.entered.party_id);
    assert.equal((await list(again, again.entered.party_id)).find((i) => i.id === id).uses, 1);
  });

  test("a member's own link brings the party back", async () => {
    const [alice, dave] = await players("alice", "dave");
    const made = await party({ size: 3 }, alice);
    const { code } = await create(alice, made.party_id);
    await drop(dave, code, alice);
    const again = await alice.again();
    const { party_id } = await redeem(again, code);
    assert.equal((await again.next("party", (p) => p.party_id === party_id)).leader.user_id, alice.id);
  });

  test("is over when the last seat is given up, and when the party was left or closed", async () => {
    const [alice, dave] = await players("alice", "dave");
    for (const end of ["leaveParty", "closeParty"]) {
      const made = await party({ size: 3 }, alice);
      const { code } = await create(alice, made.party_id);
      await alice.socket[end](made.party_id);
      await shows(dave, code, "party_gone");
    }
    const made = await party({ size: 3 }, alice);
    const { code } = await create(alice, made.party_id);
    await drop(dave, code, alice);
    const again = await alice.again();
    await again.socket.leaveParty(made.party_id);
    await shows(dave, code, "party_gone");
    await denied(resume(again), "party_not_found");
    await denied(redeem(dave, code), "party_not_found");
  });

  test("another party gives the kept one up, where players have one", async () => {
    await rules({ parties: { ...parties, one_per_user: "leave_previous" } });
    const [alice, dave] = await players("alice", "dave");
    const made = await party({ size: 3 }, alice);
    const { code } = await create(alice, made.party_id);
    await drop(dave, code, alice);
    const again = await alice.again();
    await again.socket.createParty(true, 2);
    await shows(dave, code, "party_gone");
  });

  test("connecting is enough where the rules say so, no matter which of two is first", async () => {
    await rules({ parties: { ...parties, resume_on_connect: true } });
    const [alice, bob, dave] = await players("alice", "bob", "dave");
    const made = await party({ open: false, size: 2 }, alice, bob);
    const { code } = await create(alice, made.party_id);
    await drop(dave, code, alice, bob);
    const returned = await Promise.all([alice.again(), bob.again()]);
    const entered = await Promise.all(returned.map((p) => p.next("party")));
    assert.equal(entered[0].party_id, entered[1].party_id);
    await settle(...returned);
    assert.equal((await members(returned[0], entered[0].party_id)).length, 2);
    assert.equal((await preview(dave, code)).state, "full");
    for (let round = 0; round < 3; round++) { // several times: the link stays valid
      await drop(dave, code, ...returned.splice(0));
      returned.push(...await Promise.all([alice.again(), bob.again()]));
      const ids = await Promise.all(returned.map(async (p) => (await p.next("party")).party_id));
      assert.equal(ids[0], ids[1]);
    }
  });

  test("a party of one is created again by the client", async () => {
    const [alice, dave] = await players("alice", "dave");
    const made = await party({ open: false, size: 1 }, alice);
    const { code } = await create(alice, made.party_id);
    await drop(dave, code, alice);
    const again = await alice.again();
    assert.deepEqual(await resume(again), { party_id: made.party_id, joined: false });
    const adopted = await again.socket.createParty(true, 7);
    assert.equal(adopted.max_size, 1);
    assert.ok(!adopted.open);
    assert.equal((await member(again, "restored")).was, made.party_id);
    assert.deepEqual(await resume(again), { party_id: adopted.party_id, joined: true });
    assert.equal((await preview(dave, code)).state, "full");
  });

  test("is nothing where the rules switch it off", async () => {
    await rules({ parties: { ...parties, survive: { everyone_away: false } } });
    const [alice, dave] = await players("alice", "dave");
    const made = await party({ size: 3 }, alice);
    const { code } = await create(alice, made.party_id);
    await alice.disconnect();
    await shows(dave, code, "party_gone");
    await denied(resume(await alice.again()), "party_not_found");
  });
});
