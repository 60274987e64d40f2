// What players tell each other during loading, on a server with Partyline's module and no rules file:
// messages at most twice a second; stages downloading, installing, tutorial, ready and failed.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { create, decline, denied, preview, redeem, revoke, unknownCode } from "./lib/invites.mjs";
import { eventually } from "./lib/eventually.mjs";
import { party, partyTraffic } from "./lib/parties.mjs";
import { leave, Player, players, settle } from "./lib/player.mjs";
import { http } from "./lib/server.mjs";
import { allTold, list, onTheWay, report, rowOf, set, told } from "./lib/statuses.mjs";

afterEach(leave);

const interval = 500; // ms between two messages to one party

describe("party_status_set", () => {
  test("tells everybody in the party, and nobody else", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({}, alice, bob);
    const before = Math.floor(Date.now() / 1000);
    await set(bob, made.party_id, "downloading", 0.42, { text: "map pack 2 of 5" });
    for (const player of [alice, bob]) {
      const row = await told(player, made.party_id, bob);
      assert.ok(row.updated_at >= before - 1 && row.updated_at <= before + 30);
      delete row.updated_at;
      assert.deepEqual(row, {
        user_id: bob.id, session_id: bob.self.session_id, username: bob.username, leader: false,
        stage: "downloading", progress: 0.42, text: "map pack 2 of 5", stalled: false,
      });
    }
    await settle(carol);
    assert.deepEqual(partyTraffic(carol, made.party_id), []);
  });

  test("works over HTTP for a member", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    await bob.rpcOverHTTP("party_status_set", { party_id: made.party_id, stage: "installing" });
    const row = await told(alice, made.party_id, bob);
    assert.equal(row.session_id, bob.self.session_id);
    assert.ok(!("progress" in row), "no number was told");
  });

  test("passes a burst on at the rate, and the last value always", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    const began = Date.now();
    for (let i = 0; i <= 200; i++) await set(bob, made.party_id, "downloading", i / 200);
    const sent = Date.now() - began;
    await told(alice, made.party_id, bob, (row) => row.progress === 1);
    const messages = allTold(alice, made.party_id).length + 1;
    assert.ok(messages <= Math.floor(sent / interval) + 2, `${messages} messages for what was told in ${sent} ms`);
    assert.equal((await rowOf(alice, made.party_id, bob)).progress, 1);
  });

  test("joins what several members tell into one message", async () => {
    const all = await players("alice", "bob", "carol", "dave");
    const made = await party({}, ...all);
    const began = Date.now();
    for (let i = 0; i <= 20; i++) await Promise.all(all.map((p) => set(p, made.party_id, "installing", i / 20)));
    const sent = Date.now() - began;
    const [alice] = all;
    const shown = new Map();
    let messages = 0;
    await eventually(async () => {
      for (const n of allTold(alice, made.party_id)) {
        messages++;
        for (const row of n.members) shown.set(row.user_id, row.progress);
      }
      alice.forget();
      return all.every((p) => shown.get(p.id) === 1);
    }, (done) => done);
    assert.ok(messages <= Math.floor(sent / interval) + 2, `${messages} messages for what was told in ${sent} ms`);
  });

  test("says only what changed", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    await set(alice, made.party_id, "ready", 1);
    await told(bob, made.party_id, alice);
    await set(alice, made.party_id, "ready", 1); // nothing new
    await set(bob, made.party_id, "tutorial");
    await told(alice, made.party_id, bob);
    const rest = allTold(alice, made.party_id).flatMap((n) => n.members).filter((row) => row.user_id === alice.id);
    assert.equal(rest.length, 1, "alice is told of once");
  });

  test("ignores a report that comes late", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    await set(bob, made.party_id, "downloading", 0.9, { seq: 9 });
    assert.deepEqual(await set(bob, made.party_id, "downloading", 0.8, { seq: 8 }), {});
    assert.equal((await rowOf(alice, made.party_id, bob)).progress, 0.9);
    await set(bob, made.party_id, "ready", 1, { seq: 10 });
    assert.equal((await rowOf(alice, made.party_id, bob)).stage, "ready");
  });

  test("names the field that is wrong, and changes nothing", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    const { party_id } = made;
    await set(bob, party_id, "tutorial", 0.5, { text: "boss" });
    const before = await list(alice, party_id);
    for (const [payload, field] of [
      [{ stage: "ready" }, "party_id"],
      [{ party_id, code: unknownCode(), stage: "ready" }, "party_id"],
      [{ party_id }, "stage"],
      [{ party_id, stage: "asleep" }, "stage"],
      [{ party_id, stage: 7 }, "stage"],
      [{ party_id, stage: "ready", progress: 1.06 }, "progress"],
      [{ party_id, stage: "ready", progress: -0.06 }, "progress"],
      [{ party_id, stage: "ready", progress: "half" }, "progress"],
      [{ party_id, stage: "ready", text: "x".repeat(81) }, "text"],
      [{ party_id, stage: "ready", seq: -1 }, "seq"],
      [{ party_id, stage: "ready", seq: 1.5 }, "seq"],
      [{ party_id, stage: "ready", mood: "fine" }, "mood"],
    ]) {
      await denied(report(bob, payload), "invalid_request", field);
    }
    assert.deepEqual(await list(alice, party_id), before);
  });

  test("refuses a player who is not in the party", async () => {
    const [alice, carol] = await players("alice", "carol");
    const made = await party({}, alice);
    await denied(set(carol, made.party_id, "ready", 1), "not_member");
    await denied(list(carol, made.party_id), "not_member");
    await denied(set(carol, "no party", "ready", 1), "party_not_found");
    const other = await party({}, carol);
    await carol.socket.leaveParty(other.party_id);
    await denied(set(carol, other.party_id, "ready", 1), "party_not_found");
    await denied(list(carol, other.party_id), "party_not_found");
  });

  test("ends with leaving the party", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    await set(bob, made.party_id, "ready", 1, { seq: 100 });
    await bob.socket.leaveParty(made.party_id);
    await settle(alice, bob);
    assert.deepEqual((await list(alice, made.party_id)).members.map((m) => m.user_id), [alice.id]);
    await bob.socket.joinParty(made.party_id);
    await settle(alice, bob);
    assert.equal((await rowOf(alice, made.party_id, bob)).stage, "");
    await set(bob, made.party_id, "tutorial", 0, { seq: 1 });
    assert.equal((await rowOf(alice, made.party_id, bob)).stage, "tutorial");
  });

  test("ends with the connection", async () => {
    const [alice, bob] = await players("alice", "bob");
    const made = await party({}, alice, bob);
    await set(bob, made.party_id, "ready", 1);
    await bob.disconnect();
    await eventually(() => list(alice, made.party_id), (l) => l.members.length === 1);
    const back = await bob.again();
    await back.socket.joinParty(made.party_id);
    await settle(alice, back);
    assert.equal((await rowOf(alice, made.party_id, bob)).stage, "");
  });
});

describe("party_status_list", () => {
  test("shows members in the order they joined, who leads, and who has told nothing", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ open: false }, alice, bob, carol);
    await set(carol, made.party_id, "installing", 0.25);
    const { members, incoming } = await list(bob, made.party_id);
    assert.deepEqual(incoming, []);
    assert.deepEqual(members.map((m) => [m.user_id, m.leader, m.stage, m.progress]), [
      [alice.id, true, "", undefined], [bob.id, false, "", undefined], [carol.id, false, "installing", 0.25],
    ]);
    assert.equal(members[0].updated_at, 0);
    assert.deepEqual((await bob.rpcOverHTTP("party_status_list", { party_id: made.party_id })).members.length, 3);
  });
});

describe("friends on the way", () => {
  test("are seen loading before any game of theirs runs", async () => {
    const [alice, bob] = await players("alice", "bob");
    const dave = await Player.login("dave"); // no socket
    const made = await party({ open: false }, alice, bob);
    const { code } = await create(alice, made.party_id);
    await onTheWay(dave, code, "downloading", 0.42, { text: "3 of 7 GB", seq: 1 });
    for (const player of [alice, bob]) {
      const row = await told(player, made.party_id, dave, undefined, "incoming");
      assert.ok(row.updated_at > 0);
      delete row.updated_at;
      assert.deepEqual(row, { user_id: dave.id, username: dave.username, stage: "downloading", progress: 0.42, text: "3 of 7 GB", stalled: false });
    }
    await onTheWay(dave, code, "downloading", 0.2, { seq: 0 }); // late
    assert.deepEqual((await list(bob, made.party_id)).incoming.map((i) => [i.user_id, i.progress]), [[dave.id, 0.42]]);
    const seen = await preview(bob, code);
    assert.deepEqual([seen.party.size, seen.party.held, seen.party.on_the_way], [2, 0, 1]);

    // From now on the game reports by itself.
    await dave.connect();
    await redeem(dave, code);
    await told(alice, made.party_id, dave, (row) => row.stage === "", "incoming");
    assert.deepEqual((await list(alice, made.party_id)).incoming, []);
    await denied(onTheWay(dave, code, "ready", 1), "already_member");
    await set(dave, made.party_id, "ready", 1);
    await told(alice, made.party_id, dave, (row) => row.stage === "ready");
    assert.equal((await preview(bob, code)).party.on_the_way, 0);
  });

  test("are counted once, seat or not", async () => {
    const [alice] = await players("alice");
    const [dave, erin] = await Promise.all([Player.login("dave"), Player.login("erin")]);
    const made = await party({ size: 4 }, alice);
    const held = await create(alice, made.party_id, { for_user_ids: [dave.id], hold_seat: true });
    await onTheWay(dave, held.code, "downloading", 0);
    const link = await create(alice, made.party_id);
    await onTheWay(erin, link.code, "downloading", 0);
    const { party: shown } = await preview(alice, link.code);
    assert.deepEqual([shown.size, shown.held, shown.on_the_way], [1, 1, 2]);
  });

  test("need an invite that is for them", async () => {
    const [alice, bob, mallory, carol] = await players("alice", "bob", "mallory", "carol");
    const made = await party({}, alice, bob);
    await denied(onTheWay(carol, unknownCode(), "ready", 1), "invite_not_found");
    const forCarol = await create(alice, made.party_id, { for_user_ids: [carol.id] });
    await denied(onTheWay(mallory, forCarol.code, "ready", 1), "invite_not_for_you");
    const link = await create(alice, made.party_id);
    await bob.client.blockFriends(bob.session, [mallory.id]);
    await denied(onTheWay(mallory, link.code, "ready", 1), "blocked");
    await denied(onTheWay(bob, link.code, "ready", 1), "already_member");
    await alice.socket.removePartyMember(made.party_id, bob.self);
    await settle(alice, bob);
    await denied(onTheWay(bob, link.code, "ready", 1), "banned");
    assert.deepEqual((await list(alice, made.party_id)).incoming, []);
  });

  test("are gone with the invite they come by", async () => {
    const [alice, carol] = await players("alice", "carol");
    const dave = await Player.login("dave");
    const made = await party({}, alice);
    const link = await create(alice, made.party_id);
    const forCarol = await create(alice, made.party_id, { for_user_ids: [carol.id] });
    await onTheWay(dave, link.code, "downloading", 0.1);
    await onTheWay(carol, forCarol.code, "downloading", 0.1);
    assert.equal((await list(alice, made.party_id)).incoming.length, 2);
    await told(alice, made.party_id, carol, (row) => row.stage === "downloading", "incoming"); // dave is reported no later
    await decline(carol, forCarol.code);
    await told(alice, made.party_id, carol, (row) => row.stage === "", "incoming");
    await revoke(alice, { id: link.id });
    await told(alice, made.party_id, dave, (row) => row.stage === "", "incoming");
    await denied(onTheWay(dave, link.code, "downloading", 0.2), "invite_revoked");
    assert.deepEqual((await list(alice, made.party_id)).incoming, []);
  });
});

describe("badges", () => {
  test("are in the preview", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const made = await party({ open: false }, alice, bob);
    const { code } = await create(alice, made.party_id);
    await set(bob, made.party_id, "downloading", 0.42, { text: "map pack" });
    const { members } = (await preview(carol, code)).party;
    assert.deepEqual(members.map((m) => [m.user_id, m.stage, m.progress, m.text]), [
      [alice.id, "", undefined, ""], [bob.id, "downloading", 0.42, "map pack"],
    ]);
  });

  test("are on the landing page, live", async () => {
    const [alice] = await players("alice");
    const made = await party({ open: false }, alice);
    const { code } = await create(alice, made.party_id);
    const state = async () => (await http(`/party/join/${code}/state`)).json();
    await set(alice, made.party_id, "downloading", 0.42, { text: "map pack" });
    const shows = (stage, progress) => (s) => s.party.members[0].stage === stage && s.party.members[0].progress === progress;
    const seen = await eventually(state, shows("downloading", 0.42));
    const seat = seen.view.seats[0];
    assert.deepEqual([seat.name, seat.badge, seat.percent, seat.done, seat.activity], [alice.username, "Downloading", 42, "42 %", "map pack"]);
    const page = await (await http(`/party/join/${code}`)).text();
    assert.match(page, /Downloading/);
    assert.match(page, /42 %/);
    await set(alice, made.party_id, "ready", 1);
    const later = await eventually(state, shows("ready", 1));
    assert.deepEqual([later.view.seats[0].badge, later.view.seats[0].tone], ["Ready", "ready"]);
  });
});
