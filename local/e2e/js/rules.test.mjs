// What the rules file changes: every key about parties, invites and limits, and rules on every action.
// Each test puts its own file into force on the running server; this disconnects nobody.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, beforeEach, describe, test } from "node:test";

import { eventually } from "./lib/eventually.mjs";
import { create, decline, denied, preview, redeem, unknownCode } from "./lib/invites.mjs";
import { hear, party, text } from "./lib/parties.mjs";
import { Player, leave, players, refused, settle } from "./lib/player.mjs";
import { admin, reload, restore, rules } from "./lib/rules.mjs";
import { consoleKey, http } from "./lib/server.mjs";

beforeEach(() => rules({}));
afterEach(leave);
after(restore);

const nowhere = () => `+properties.run:${randomUUID().replaceAll("-", "")}`;
const made = (player, wish) => player.socket.send({ party_create: wish }).then((r) => r.party);
const join = (player, made) => player.socket.joinParty(made.party_id);

// membersOf returns the names of a party's members according to the server.
async function membersOf(id) {
  let cursor = "";
  for (;;) {
    const page = await admin("party_admin_parties", { limit: 100, cursor });
    const found = page.parties.find((p) => p.party_id === id);
    if (found || !page.cursor) return found?.members.map((m) => m.username).sort() ?? [];
    cursor = page.cursor;
  }
}

describe("parties", () => {
  test("max_size: the usual size, and bounds that refuse or clamp", async () => {
    const [alice] = await players("alice");
    await rules({ parties: { max_size: { default: 3, min: 2, max: 5 } } });
    assert.equal((await made(alice, { open: true })).max_size, 3);
    assert.equal((await made(alice, { open: true, max_size: 5 })).max_size, 5);
    for (const size of [1, 6, 256]) await refused(made(alice, { max_size: size }), /^invalid_request: max_size: .*2 to 5/);
    await rules({ parties: { max_size: { default: 3, min: 2, max: 5, outside: "clamp" } } });
    assert.equal((await made(alice, { max_size: 1 })).max_size, 2);
    assert.equal((await made(alice, { max_size: 200 })).max_size, 5);
  });

  test("open: closed and open parties whatever clients ask for", async () => {
    const [alice, bob] = await players("alice", "bob");
    await rules({ parties: { open: "closed" } });
    const closed = await made(alice, { open: true, max_size: 4 });
    assert.ok(!closed.open);
    await join(bob, closed);
    await alice.next("partyjoinrequest");
    await alice.socket.send({ party_update: { party_id: closed.party_id, open: true } });
    const [carol] = await players("carol");
    await join(carol, closed);
    await alice.next("partyjoinrequest");
    await rules({ parties: { open: "open" } });
    const open = await made(alice, { max_size: 4 });
    assert.ok(open.open);
    await join(bob, open);
    await bob.next("party", (p) => p.party_id === open.party_id);
  });

  test("one_per_user true: no second party, by whatever way", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const first = await party({}, alice, bob);
    const second = await party({}, carol);
    const closed = await party({ open: false }, (await players("dave"))[0]);
    const { code } = await create(carol, second.party_id);
    await rules({ parties: { one_per_user: true } });
    await refused(made(bob, { max_size: 4 }), /^already_in_party: /);
    await refused(join(bob, second), /^already_in_party: /);
    await refused(join(bob, closed), /^already_in_party: /);
    await denied(redeem(bob, code), "already_in_party");
    await bob.socket.leaveParty(first.party_id);
    await join(bob, second);
    await bob.next("party");
  });

  test("one_per_user leave_previous: the newest party takes the player out of the one before", async () => {
    const [alice, bob, carol, dave] = await players("alice", "bob", "carol", "dave");
    const first = await party({}, alice, bob);
    const second = await party({}, carol);
    const closed = await party({ open: false }, dave);
    await rules({ parties: { one_per_user: "leave_previous" } });
    await join(bob, second);
    await alice.next("partypresence", (e) => e.leaves?.some((p) => p.user_id === bob.id));
    await bob.next("party");

    await join(bob, closed);
    const asked = await dave.next("partyjoinrequest");
    await settle(carol, bob);
    assert.deepEqual(await hear(second.party_id, carol, bob), [bob], "asking is not leaving");
    await dave.socket.acceptPartyMember(closed.party_id, asked.presences[0]);
    await carol.next("partypresence", (e) => e.leaves?.some((p) => p.user_id === bob.id));

    const own = await made(bob, { max_size: 4 });
    await dave.next("partypresence", (e) => e.leaves?.some((p) => p.user_id === bob.id));
    const { code } = await create(alice, first.party_id);
    await redeem(bob, code);
    await bob.next("party", (p) => p.party_id === first.party_id);
    await settle(bob);
    await assert.rejects(bob.socket.send({ party_update: { party_id: own.party_id, open: true } }), "its own party is gone");
  });

  test("second_socket move: the second device takes the seat", async () => {
    const [alice, bob] = await players("alice", "bob");
    // If the server could not admit the session, the module does, and does not pass the message to the server.
    for (const [open, size, moved] of [[true, 4, true], [true, 2, false], [false, 4, false], [false, 2, false]]) {
      await rules({ parties: { second_socket: "refuse" } });
      const ours = await party({ open, size }, alice, bob);
      const phone = await bob.again();
      await refused(join(phone, ours), /^already_member: You are/);
      await rules({ parties: { second_socket: "move" } });
      if (moved) await join(phone, ours);
      else await refused(join(phone, ours), /^already_member: Your seat has moved/);
      await phone.next("party", (p) => p.party_id === ours.party_id);
      await bob.next("partyclose", (c) => c.party_id === ours.party_id);
      await settle(alice, bob, phone);
      assert.deepEqual(await hear(ours.party_id, alice, bob, phone), [phone], `open ${open}, ${size} seats`);
      assert.deepEqual(alice.heard("partyjoinrequest"), []);
      const [carol] = await players("carol");
      if (size === 2) await refused(join(carol, ours), /^party_full: /);
      else await join(carol, ours);
      await alice.socket.closeParty(ours.party_id);
    }
  });

  test("second_socket move: by invite, too", async () => {
    await rules({ parties: { second_socket: "move" } });
    const [alice, bob] = await players("alice", "bob");
    const closed = await party({ open: false, size: 2 }, alice, bob);
    const { code } = await create(alice, closed.party_id);
    const tablet = await bob.again();
    await redeem(tablet, code);
    await tablet.next("party");
    await bob.next("partyclose");
    await settle(alice, bob, tablet);
    assert.deepEqual(await hear(closed.party_id, alice, bob, tablet), [tablet]);
  });

  test("second_socket move: a player who was alone stays the leader", async () => {
    await rules({ parties: { second_socket: "move" } });
    const [alice, bob] = await players("alice", "bob");
    const open = await party({ size: 4 }, alice);
    const phone = await alice.again();
    await join(phone, open);
    await phone.next("party");
    await alice.next("partyclose");
    await join(bob, open);
    await bob.next("party");
    await phone.socket.closeParty(open.party_id);
    await bob.next("partyclose");
  });

  test("kick_ban: binds native joins where it is set, and only a new invite by name lifts it", async () => {
    const [alice, bob] = await players("alice", "bob");
    await rules({ parties: { kick_ban: "10m" } });
    const open = await party({}, alice, bob);
    const old = await create(alice, open.party_id);
    await alice.socket.removePartyMember(open.party_id, bob.self);
    await bob.next("partyclose");
    await refused(join(bob, open), /^banned: /);
    await denied(redeem(bob, old.code), "banned");
    await denied(redeem(bob, (await create(alice, open.party_id)).code), "banned");
    await redeem(bob, (await create(alice, open.party_id, { for_user_ids: [bob.id] })).code);
    let { self } = await bob.next("party");
    await rules({ parties: { kick_ban: "0s" } });
    await alice.socket.removePartyMember(open.party_id, self);
    await bob.next("partyclose");
    await redeem(bob, old.code);
    ({ self } = await bob.next("party"));
    await rules({}); // a file without the key leaves the server's own joins unchanged
    await alice.socket.removePartyMember(open.party_id, self);
    await bob.next("partyclose");
    await denied(redeem(bob, old.code), "banned");
    await join(bob, open);
    await bob.next("party");
  });
});

describe("requests to join a closed party", () => {
  const asks = (player, closed) => player.socket.joinParty(closed.party_id);

  test("cap: so many wait, and a player who is gone does not count", async () => {
    await rules({ parties: { requests: { cap: 2 } } });
    const [alice, bob, carol, dave] = await players("alice", "bob", "carol", "dave");
    const closed = await party({ open: false, size: 16 }, alice);
    await asks(bob, closed);
    await asks(carol, closed);
    await refused(asks(dave, closed), /^rate_limited: .*retry_after_sec=/);
    await carol.disconnect();
    await settle(alice);
    await asks(dave, closed);
    assert.equal((await alice.socket.listPartyJoinRequests(closed.party_id)).presences.length, 3, "the server's own list forgets nobody");
    const asked = await alice.next("partyjoinrequest", (r) => r.presences[0].user_id === dave.id);
    await alice.socket.acceptPartyMember(closed.party_id, asked.presences[0]);
    await dave.next("party");
  });

  test("strangers never fill the list for a friend of a member", async () => {
    const [alice, bob, friend] = await players("alice", "bob", "friend");
    await alice.client.addFriends(alice.session, [friend.id]);
    await friend.client.addFriends(friend.session, [alice.id]);
    const closed = await party({ open: false, size: 4 }, bob, alice);
    const strangers = await players("mallory", "mallory", "mallory", "mallory", "mallory");
    let refusals = 0;
    for (const s of strangers) {
      await asks(s, closed).catch((e) => { assert.match(e.message, /^rate_limited: /); refusals++; });
      await s.disconnect(); // as a client that asks and disconnects at once
    }
    assert.equal(refusals, 2, "three of four places are for anybody");
    await asks(friend, closed);
    const asked = await bob.next("partyjoinrequest", (r) => r.presences[0].user_id === friend.id);
    await bob.socket.acceptPartyMember(closed.party_id, asked.presences[0]);
    await friend.next("party");
  });

  test("a declined and an accepted request make room", async () => {
    await rules({ parties: { requests: { cap: 1 } } });
    const [alice, bob, carol, dave] = await players("alice", "bob", "carol", "dave");
    const closed = await party({ open: false, size: 8 }, alice);
    await asks(bob, closed);
    const first = await alice.next("partyjoinrequest");
    await refused(asks(carol, closed), /^rate_limited: /);
    await alice.socket.removePartyMember(closed.party_id, first.presences[0]);
    await alice.ping(); // a socket's next message waits for the module's work after the answer
    await asks(carol, closed);
    const second = await alice.next("partyjoinrequest");
    await alice.socket.acceptPartyMember(closed.party_id, second.presences[0]);
    await alice.ping();
    await asks(dave, closed);
  });

  test("rate: one player asks only so often", async () => {
    await rules({ parties: { requests: { rate: "2/h" } } });
    const [alice, bob, carol, mallory] = await players("alice", "bob", "carol", "mallory");
    const closed = [await party({ open: false }, alice), await party({ open: false }, bob), await party({ open: false }, carol)];
    await asks(mallory, closed[0]);
    await asks(mallory, closed[1]);
    await refused(asks(mallory, closed[2]), /^rate_limited: .*retry_after_sec=/);
  });

  test("while_in_party: only a player who is in no party asks", async () => {
    await rules({ parties: { requests: { while_in_party: false } } });
    const [alice, bob] = await players("alice", "bob");
    const closed = await party({ open: false }, alice);
    const own = await party({}, bob);
    await refused(asks(bob, closed), /^already_in_party: /);
    await bob.socket.leaveParty(own.party_id);
    await asks(bob, closed);
    await alice.next("partyjoinrequest");
  });
});

describe("invites", () => {
  test("who: the leader alone, or every member", async () => {
    const [alice, bob] = await players("alice", "bob");
    const open = await party({}, alice, bob);
    await rules({ invites: { who: "leader" } });
    await denied(create(bob, open.party_id), "not_leader");
    await create(alice, open.party_id);
    await rules({ invites: { who: "member" } });
    await create(bob, open.party_id);
  });

  test("link and code: lives, longest lives, uses", async () => {
    const [alice] = await players("alice");
    const open = await party({}, alice);
    await rules({ invites: { link: { ttl: "1h", max_ttl: "2h", max_uses: 3 }, code: { ttl: "1m", max_ttl: "2m", max_uses: 4 } } });
    for (const [kind, ttl, longest, uses] of [["link", 3600, 7200, 3], ["code", 60, 120, 4]]) {
      const invite = await create(alice, open.party_id, { kind });
      assert.equal(invite.expires_at - invite.created_at, ttl);
      assert.equal(invite.max_uses, uses);
      await create(alice, open.party_id, { kind, ttl_sec: longest });
      await denied(create(alice, open.party_id, { kind, ttl_sec: longest + 1 }), "invalid_request", "ttl_sec", String(longest));
    }
  });

  test("public_url: where links lead", async () => {
    const [alice] = await players("alice");
    const open = await party({}, alice);
    await rules({ invites: { public_url: "https://play.example.com/game" } });
    const invite = await create(alice, open.party_id);
    assert.equal(invite.url, `https://play.example.com/game/party/join/${invite.code}`);
  });

  test("several_sessions: refuse, or the newest game", async () => {
    const [alice, bob] = await players("alice", "bob");
    const open = await party({}, alice);
    const { code } = await create(alice, open.party_id);
    const tablet = await bob.again();
    const phone = await bob.again();
    await assert.rejects(bob.rpcOverHTTP("party_invite_redeem", { code }), { reason: "session_ambiguous" });
    await rules({ invites: { several_sessions: "newest" } });
    await bob.rpcOverHTTP("party_invite_redeem", { code });
    await phone.next("party");
    await settle(bob, tablet);
    assert.deepEqual([...bob.heard("party"), ...tablet.heard("party")], []);
  });

  test("overrides_rules: an invite leads past the rules for joining, not past a full party", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const open = await party({ size: 2 }, alice);
    const { code } = await create(alice, open.party_id);
    const nobody = [{ id: "nobody", on: ["join"], deny: "true", message: "Nobody joins." }];
    await rules({ rules: nobody });
    await denied(redeem(bob, code), "rule_denied/nobody", "Nobody joins.");
    await rules({ rules: nobody, invites: { overrides_rules: true } });
    await refused(join(bob, open), /^rule_denied\/nobody: /);
    await redeem(bob, code);
    await denied(redeem(carol, code), "party_full");
  });
});

describe("limits", () => {
  test("party_create", async () => {
    await rules({ limits: { party_create: "2/h" } });
    const [alice, bob] = await players("alice", "bob");
    await made(alice, { max_size: 4 });
    await made(alice, { max_size: 4 });
    await refused(made(alice, { max_size: 4 }), /^rate_limited: .*retry_after_sec=/);
    await made(bob, { max_size: 4 });
    await rules({ limits: { party_create: "none" } });
    await made(alice, { max_size: 4 });
  });

  test("invite_create", async () => {
    const [alice] = await players("alice");
    const open = await party({}, alice);
    await rules({ limits: { invite_create: "2/h" } });
    await create(alice, open.party_id);
    await create(alice, open.party_id);
    await denied(create(alice, open.party_id), "rate_limited", "retry_after_sec=");
  });

  test("invite_guess: wrong codes of one player, and from one address", async () => {
    await rules({ limits: { invite_guess: { per_user: "2/h", per_ip: "none" } } });
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    for (let i = 0; i < 2; i++) await denied(preview(alice, unknownCode()), "invite_not_found");
    await denied(preview(alice, unknownCode()), "rate_limited");
    await denied(decline(alice, unknownCode()), "rate_limited");
    await denied(preview(bob, unknownCode()), "invite_not_found");
    await rules({ limits: { invite_guess: { per_user: "none", per_ip: "2/h" } } });
    const guess = async (player, address) => {
      const answer = await http("/v2/rpc/party_invite_preview?unwrap", {
        method: "POST", token: player.session.token, body: JSON.stringify({ code: unknownCode() }), headers: { "X-Forwarded-For": address },
      });
      return (await answer.json()).message.split(":")[0];
    };
    assert.deepEqual([await guess(alice, "203.0.113.7"), await guess(bob, "203.0.113.7")], ["invite_not_found", "invite_not_found"]);
    assert.deepEqual([await guess(carol, "203.0.113.7"), await guess(carol, "203.0.113.8")], ["rate_limited", "invite_not_found"]);
  });

  test("data: how often and how long", async () => {
    const [alice, bob] = await players("alice", "bob");
    const open = await party({}, alice, bob);
    await rules({ limits: { data: { rate: "3/h", bytes: 10 } } });
    for (const word of ["x".repeat(11), "one", "two", "three", "four"]) bob.socket.sendPartyData(open.party_id, 1, word);
    await bob.ping();
    await settle(alice);
    assert.deepEqual(alice.heard("partydata").map(text), ["one", "two", "three"]);
  });

  test("page_per_ip", async () => {
    const [alice] = await players("alice");
    const open = await party({}, alice);
    const { code } = await create(alice, open.party_id);
    await rules({ limits: { page_per_ip: "2/h" } });
    const seen = new Set();
    for (let i = 0; i < 4; i++) seen.add((await http(`/party/join/${code}/state`)).status);
    assert.ok(seen.has(429), [...seen].join());
    await rules({ limits: { page_per_ip: "none" } });
    assert.equal((await http(`/party/join/${code}/state`)).status, 200);
  });
});

describe("rules", () => {
  const deny = (on, condition, message = "Not like this.") => ({ rules: [{ id: "no", on: [on], deny: condition, message }] });
  const no = /^rule_denied\/no: Not like this\.$/;

  test("create, by what is asked for", async () => {
    await rules(deny("create", 'request.max_size > 4 or request.open or request.label.mode == "raid"'));
    const [alice] = await players("alice");
    await refused(made(alice, { max_size: 5 }), no);
    await refused(made(alice, { max_size: 4, open: true }), no);
    await refused(made(alice, { max_size: 4, label: '{"mode":"raid"}' }), no);
    await refused(made(alice, { max_size: 4, label: "raid" }), /^invalid_request: label: /);
    await made(alice, { max_size: 4, label: '{"mode":"duel"}' });
  });

  test("join, by whatever way", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const open = await party({}, alice);
    const closed = await party({ open: false }, carol);
    const { code } = await create(alice, open.party_id);
    await bob.socket.joinParty(closed.party_id);
    const asked = await carol.next("partyjoinrequest");
    await rules(deny("join", `user.username == "${bob.username}"`));
    await refused(join(bob, open), no);
    await refused(carol.socket.acceptPartyMember(closed.party_id, asked.presences[0]), no);
    await denied(redeem(bob, code), "rule_denied/no", "Not like this.");
    const other = await party({ open: false }, (await players("dave"))[0]);
    await refused(join(bob, other), no);
    const [eve] = await players("eve");
    await join(eve, open);
    await eve.next("party");
  });

  test("invite, update, kick and promote", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const open = await party({ size: 8 }, alice, bob, carol);
    await rules(deny("invite", "party.size > 2"));
    await denied(create(alice, open.party_id), "rule_denied/no");
    await rules(deny("update", 'request.label.mode == "raid" and party.open'));
    const update = (label) => alice.socket.send({ party_update: { party_id: open.party_id, open: true, label } });
    await refused(update('{"mode":"raid"}'), no);
    await update('{"mode":"duel"}');
    await rules(deny("kick", `request.target_id == "${bob.id}" and party.label.mode == "duel"`));
    await refused(alice.socket.removePartyMember(open.party_id, bob.self), no);
    await alice.socket.removePartyMember(open.party_id, carol.self);
    await carol.next("partyclose");
    await rules(deny("promote", `party.leader_id == user.id and request.target_id == "${bob.id}"`));
    await refused(alice.socket.promotePartyMember(open.party_id, bob.self), no);
    await rules({});
    await alice.socket.promotePartyMember(open.party_id, bob.self);
    await bob.next("partyleader");
  });

  test("data", async () => {
    const [alice, bob] = await players("alice", "bob");
    const open = await party({}, alice, bob);
    await rules(deny("data", "request.data_size > 3"));
    await bob.socket.sendPartyData(open.party_id, 1, "long");
    await bob.socket.sendPartyData(open.party_id, 1, "not");
    await bob.ping();
    await settle(alice);
    assert.deepEqual(alice.heard("partydata").map(text), ["not"]);
  });

  test("matchmake, alone and as a party", async () => {
    const [alice, bob] = await players("alice", "bob");
    const open = await party({}, alice, bob);
    await rules(deny("matchmake", 'request.queue == "ranked" and party.size != 1'));
    const queue = { queue: "ranked" };
    await refused(alice.socket.addMatchmakerParty(open.party_id, nowhere(), 3, 4, queue), no);
    await refused(alice.socket.addMatchmaker(nowhere(), 3, 4, queue), no);
    const { ticket } = await alice.socket.addMatchmakerParty(open.party_id, nowhere(), 3, 4, { queue: "casual" });
    await alice.socket.removeMatchmakerParty(open.party_id, ticket);
  });

  test("what the session says of the game, also when the leader lets somebody in", async () => {
    await rules(deny("join", 'user.vars.platform != "console"'));
    const [alice] = await players("alice");
    const open = await party({}, alice);
    const closed = await party({ open: false }, alice);
    const [phone, console] = await Promise.all(["phone", "console"].map((platform) => Player.login(platform, { platform })));
    await Promise.all([phone.connect(), console.connect()]);
    await refused(join(phone, open), no);
    await join(console, open);
    await console.next("party");
    await join(console, closed);
    const asked = await alice.next("partyjoinrequest");
    await alice.socket.acceptPartyMember(closed.party_id, asked.presences[0]);
    await console.next("party");
  });

  test("friends, groups and blocks", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const open = await party({}, alice);
    await rules(deny("join", "not relation.friend_of_leader and not relation.same_group or relation.blocked"));
    await refused(join(bob, open), no);
    await alice.client.addFriends(alice.session, [bob.id]);
    await refused(join(bob, open), no);
    await bob.client.addFriends(bob.session, [alice.id]);
    await join(bob, open);
    await bob.next("party");
    const group = await alice.client.createGroup(alice.session, { name: `guild ${randomUUID()}`, open: true });
    await carol.client.joinGroup(carol.session, group.id);
    await join(carol, open);
    await carol.next("party");
    await carol.socket.leaveParty(open.party_id);
    await alice.client.blockFriends(alice.session, [carol.id]);
    await refused(join(carol, open), no);
  });

  test("an allow before a deny decides", async () => {
    const [alice, bob] = await players("alice", "bob");
    await rules({ rules: [
      { id: "vip", on: ["create"], allow: `user.id == "${alice.id}"` },
      { id: "nobody", on: ["create"], deny: "true", message: "Closed for today." },
    ] });
    await made(alice, { max_size: 4 });
    await refused(made(bob, { max_size: 4 }), /^rule_denied\/nobody: Closed for today\.$/);
  });

  test("a rule that breaks lets nobody in, and says so to operators alone", async () => {
    const [alice, bob] = await players("alice", "bob");
    const open = await party({}, alice, bob);
    await alice.socket.send({ party_update: { party_id: open.party_id, open: true, label: '{"level":"high"}' } });
    await rules(deny("invite", "party.label.level > 3"));
    await denied(create(bob, open.party_id), "internal");
    const report = await admin("party_admin_rules");
    assert.deepEqual(report.rules.map((r) => [r.id, r.asked, r.hits, r.errors]), [["no", report.rules[0].asked, 0, 1]]);
  });

  test("a broken file changes nothing and says where it is wrong", async () => {
    const good = await rules(deny("create", "request.max_size > 4"));
    const [alice] = await players("alice");
    const bad = await reload("version: 1\nrules:\n  - id: no\n    on: [create]\n    deny: request.max_sise > 2\n");
    assert.equal(bad.version, good.version);
    assert.match(bad.error, /1 error/);
    assert.deepEqual(bad.problems.map((p) => [p.severity, p.line, p.path]), [["error", 5, "rules.no.deny"]]);
    assert.match(bad.problems[0].problem, /max_sise.*did you mean.*max_size/);
    await refused(made(alice, { max_size: 5 }), no);
    await made(alice, { max_size: 3 });
  });
});

describe("party_check", () => {
  const check = (player, action, more = {}) => player.rpc("party_check", { action, ...more });
  const allowed = { allowed: true, reason: "", message: "", rule: "" };

  test("answers what the action would, and nothing comes of it", async () => {
    const [alice, bob, carol] = await players("alice", "bob", "carol");
    const open = await party({ size: 2 }, alice);
    await rules({
      parties: { max_size: { default: 4, max: 6 } }, invites: { who: "leader" }, limits: { party_create: "1/h" },
      rules: [
        { id: "small", on: ["create"], deny: "request.max_size == 5", message: "Not five." },
        { id: "queue", on: ["matchmake"], deny: 'request.queue == "ranked"', message: "Not ranked." },
        { id: "carol", on: ["join"], deny: `user.id == "${carol.id}"`, message: "Not you." },
      ],
    });
    for (let i = 0; i < 3; i++) assert.deepEqual(await check(bob, "create", { max_size: 4 }), allowed);
    assert.deepEqual(await check(bob, "create", { max_size: 5 }), { allowed: false, reason: "rule_denied", message: "Not five.", rule: "small" });
    const large = await check(bob, "create", { max_size: 7 });
    assert.equal(large.reason, "invalid_request");
    await refused(made(bob, { max_size: 7 }), new RegExp(`^invalid_request: ${large.message}$`));
    await made(bob, { max_size: 4 });
    assert.equal((await check(bob, "create", { max_size: 4 })).reason, "rate_limited");

    assert.deepEqual(await check(bob, "join", { party_id: open.party_id }), allowed);
    assert.equal((await check(carol, "join", { party_id: open.party_id })).rule, "carol");
    await join(bob, open);
    await bob.next("party");
    assert.equal((await check(bob, "join", { party_id: open.party_id })).reason, "already_member");
    assert.equal((await check(carol, "join", { party_id: open.party_id })).reason, "party_full");
    assert.equal((await check(carol, "join", { party_id: "nonsense" })).reason, "party_not_found");

    assert.deepEqual(await check(alice, "invite", { party_id: open.party_id }), allowed);
    assert.equal((await check(bob, "invite", { party_id: open.party_id })).reason, "not_leader");
    assert.equal((await check(carol, "invite", { party_id: open.party_id })).reason, "not_member");

    assert.deepEqual(await check(alice, "matchmake", { party_id: open.party_id, queue: "casual" }), allowed);
    assert.equal((await check(alice, "matchmake", { party_id: open.party_id, queue: "ranked" })).rule, "queue");
    assert.equal((await check(bob, "matchmake", { party_id: open.party_id, queue: "casual" })).reason, "not_leader");
    assert.equal((await check(carol, "matchmake", { queue: "ranked" })).rule, "queue");
    assert.deepEqual(await alice.rpcOverHTTP("party_check", { action: "matchmake", party_id: open.party_id }), allowed);

    const report = await admin("party_admin_rules");
    assert.deepEqual(report.rules.map((r) => r.hits), [0, 0, 0], "asking is no hit");
  });

  test("refuses questions it does not understand", async () => {
    const [alice] = await players("alice");
    await denied(check(alice, "kick"), "invalid_request", "action");
    await denied(check(alice, "join"), "invalid_request", "party_id");
    await denied(check(alice, "create", { size: 4 }), "invalid_request", "size");
  });
});

describe("operators", () => {
  test("see parties, page by page", async () => {
    const [alice, bob] = await players("alice", "bob");
    const open = await party({ size: 5 }, alice, bob);
    for (let i = 0; i < 3; i++) await made(alice, { max_size: 4, hidden: true });
    await eventually(() => membersOf(open.party_id), (names) => names.length === 2);
    const shown = new Map();
    let cursor = "";
    do {
      const page = await admin("party_admin_parties", { limit: 2, cursor });
      assert.ok(page.parties.length <= 2);
      for (const p of page.parties) shown.set(p.party_id, p);
      cursor = page.cursor;
    } while (cursor);
    const ours = shown.get(open.party_id);
    assert.deepEqual([ours.size, ours.max_size, ours.held, ours.open, ours.hidden, ours.state], [2, 5, 0, true, false, "idle"]);
    assert.deepEqual(ours.members.map((m) => [m.username, m.leader]), [[alice.username, true], [bob.username, false]]);
    assert.ok([...shown.values()].filter((p) => p.hidden).length >= 3);
    for (const limit of [-1, 101]) await assert.rejects(admin("party_admin_parties", { limit }), /^Error: invalid_request: limit/);
    await assert.rejects(admin("party_admin_parties", { cursor: "nonsense" }), /^Error: invalid_request: cursor/);
    const ownPage = await (await http("/v2/party?limit=1&open=true", { token: alice.session.token })).json();
    await assert.rejects(admin("party_admin_parties", { limit: 1, cursor: ownPage.cursor ?? "x" }), /^Error: invalid_request: cursor/);
  });

  test("see what was denied, invited and remembered", async () => {
    await rules({ rules: [{ id: `late-${randomUUID()}`, on: ["create"], deny: "request.max_size == 3", message: "Too late." }] });
    const before = await admin("party_admin_stats");
    const [alice, bob] = await players("alice", "bob");
    const open = await party({}, alice);
    await refused(made(alice, { max_size: 3 }), /Too late/);
    await create(alice, open.party_id, { for_user_ids: [bob.id], hold_seat: true });
    const stats = await admin("party_admin_stats");
    const { rules: [rule] } = await admin("party_admin_rules");
    assert.equal(rule.hits, 1);
    assert.equal(stats.denials.find((d) => d.rule === rule.id).count, 1);
    assert.equal(stats.invites.created, before.invites.created + 1);
    assert.equal(stats.invites.outstanding, before.invites.outstanding + 1);
    assert.equal(stats.memory.holds, before.memory.holds + 1);
    assert.ok(stats.uptime_sec >= 0 && stats.started_at > 1.6e9);
    assert.ok(stats.buckets.invite_create > 0);
  });

  test("are not players", async () => {
    const [alice] = await players("alice");
    for (const id of ["party_admin_rules", "party_admin_parties", "party_admin_stats"]) {
      await denied(alice.rpc(id), "unauthenticated");
      await assert.rejects(alice.rpcOverHTTP(id), { reason: "unauthenticated", code: 16 });
    }
    const noKey = await fetch(new URL("/v2/rpc/party_admin_stats", `http://${process.env.NAKAMA}`), { method: "POST" });
    assert.equal(noKey.status, 401);
  });

  test("have a page, behind its key", async () => {
    await rules({ rules: [{ id: "late", on: ["create"], deny: "request.max_size == 3", message: "Too <late>." }] });
    const [alice] = await players("alice");
    const open = await party({}, alice);
    const { code, id } = await create(alice, open.party_id);
    await refused(made(alice, { max_size: 3 }), /Too <late>/);
    for (const headers of [{}, { Authorization: "Bearer wrong" }, { Authorization: `Bearer ${alice.session.token}` }]) {
      const shut = await http("/party/console", { headers });
      assert.equal(shut.status, 401);
      assert.ok(!(await shut.text()).includes("late"));
    }
    const basic = `Basic ${Buffer.from(`operator:${consoleKey}`).toString("base64")}`;
    await eventually(() => membersOf(open.party_id), (names) => names.length === 1);
    for (const Authorization of [basic, `Bearer ${consoleKey}`]) {
      const page = await http("/party/console", { headers: { Authorization } });
      assert.equal(page.status, 200);
      assert.match(page.headers.get("content-security-policy"), /default-src 'none'.*style-src 'self'/);
      const html = await page.text();
      for (const part of [alice.username, "Too &lt;late&gt;.", "request.max_size == 3", id.slice(0, 8)]) assert.ok(html.includes(part), part);
      for (const secret of [code, consoleKey, alice.session.token]) assert.ok(!html.includes(secret), "a secret is shown");
      assert.ok(!/<script|style=|\son\w+=/i.test(html));
      const css = new URL(/href="([^"]+\.css)"/.exec(html)[1], "http://host/party/console").pathname;
      assert.equal((await http(css, { headers: { Authorization } })).headers.get("content-type"), "text/css; charset=utf-8");
    }
  });
});
