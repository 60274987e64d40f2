// The lobby of the demo client on the sample rules: everything it shows, from finding a party to a match, and after
// a lost connection.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, describe, test } from "node:test";

import { redeem } from "../js/lib/invites.mjs";
import { leave, players } from "../js/lib/player.mjs";
import { reload, restore } from "../js/lib/rules.mjs";
import { desktop, open, quit, shoot, shootAll, tab } from "./lib/browser.mjs";
import { demo, handle, online, player, windows } from "./lib/demo.mjs";

// The sample rules with a longer time to accept, because the tests take pictures during it.
before(async () => {
  const sample = await readFile(new URL("../../rules.yml", import.meta.url), "utf8");
  const { error } = await reload(sample.replace("within: 15s", "within: 2m"));
  assert.equal(error, "");
});
after(restore);
afterEach(leave);
afterEach(async () => {
  for (const page of windows) assert.deepEqual(page.faults, []);
  for (const page of windows.splice(0)) await page.leave(); // one after the other, because some are tabs of one browser
});
after(quit);

async function create(page, { size = 4, isOpen = false, map = "Harbour" } = {}) {
  await page.at("create-size").fill(String(size));
  await page.at("create-map").selectOption(map);
  await page.at("create-open").setChecked(isOpen);
  await page.at("create-submit").click();
  await page.at("party").waitFor();
}

// hold holds a seat of the party for a friend.
async function hold(page, friend, name) {
  await page.at("hold-input").fill(await friend.at("me-tag").textContent());
  await page.at("hold-submit").click();
  await seat(page, "held", name).waitFor();
}

async function link(page) {
  await page.at("invite-create").click();
  await page.at("invite").waitFor();
  return page.at("invite-url").getAttribute("href");
}

const codeIn = (url) => new URL(url).pathname.split("/").pop();
const seat = (page, kind, name) => page.at(kind).filter({ hasText: name });
const shows = (page, id, words) => page.at(id).filter({ hasText: words }).waitFor();
const seats = (page, state, n) => page.waitForFunction(([s, count]) => document.querySelectorAll(`[data-testid=match-seat][data-state=${s}]`).length === count, [state, n]);

describe("lobby", () => {
  test("finds open parties, and waits for a seat of a full one", async () => {
    const alice = await player("Alice");
    await create(alice, { size: 2, isOpen: true, map: "Canyon" });
    const bob = await player("Bob");
    const listed = bob.at("find").filter({ hasText: "Alice" });
    await listed.filter({ hasText: "Canyon" }).waitFor();
    await shootAll(bob, "lobby-find");
    await listed.getByTestId("find-join").click();
    await seat(alice, "member", "Bob").waitFor();

    const carol = await player("Carol");
    await carol.at("find").filter({ hasText: "Alice" }).getByTestId("find-wait").click();
    await shows(carol, "waiting-text", "number 1 of 1");
    assert.equal(await carol.at("waiting-take").isVisible(), false);
    await bob.at("leave").click();
    await shows(carol, "waiting-text", "free and held for you");
    await shoot(carol, "lobby-seat-free");
    await carol.at("waiting-take").click();
    await carol.at("party").waitFor();
    await seat(alice, "member", "Carol").waitFor();
  });

  test("brings a player into a party that fits, and out of one that is closed", async () => {
    const bob = await player("Bob");
    const [alice] = await players("alice"); // without a window
    const { party_id } = await alice.socket.createParty(true, 4);
    await bob.at("quick-join").click();
    await seat(bob, "member", alice.username).waitFor();
    await alice.socket.closeParty(party_id);
    await bob.at("home").waitFor();
    await bob.at("find").filter({ hasText: alice.username }).waitFor({ state: "detached" });
  });

  test("shares a map and characters, with the landing page too", async () => {
    const alice = await player("Alice");
    await create(alice);
    const url = await link(alice);
    const bob = await player("Bob", `?party=${codeIn(url)}`);
    await bob.at("preview-join").click();
    await bob.at("party").waitFor();
    assert.equal(await bob.at("map").isEnabled(), false, "the map is the leader's");
    await bob.at("character-medic").click();
    await alice.locator("[data-testid=member][data-character=medic]").waitFor();
    await alice.at("map").selectOption("Summit");
    await bob.locator("#scene[data-map=Summit]").waitFor();
    await alice.at("status-ready").click();
    await seat(bob, "member", "Alice").getByTestId("member-badge").filter({ hasText: "Ready" }).waitFor();
    const landing = handle(await open(new URL(url).pathname, { viewport: desktop }));
    await landing.locator("#shared", { hasText: "Summit" }).waitFor();
    await shootAll(alice, "lobby-party");
  });

  test("holds a seat for a friend by name, and hears that the friend declines", async () => {
    const alice = await player("Alice");
    const bob = await player("Bob");
    await create(alice);
    await hold(alice, bob, "Bob");
    await bob.at("toast-action").click();
    await shows(bob, "preview-title", "Alice");
    await shoot(alice, "lobby-held");
    await bob.at("preview-decline").click();
    await seat(alice, "held", "Bob").waitFor({ state: "detached" });
    await alice.at("hold-input").fill("nobody-here");
    await alice.at("hold-submit").click();
    await shows(alice, "toast", "Nobody here has the tag");
  });

  test("asks both players of a showdown, and seats them", async () => {
    const alice = await player("Alice");
    await create(alice);
    await alice.at("queue-showdown").check();
    await alice.at("queue-start").click();
    await shows(alice, "reach", "Nobody else is in this queue");
    await shootAll(alice, "lobby-searching");
    await alice.at("opponents").click();
    await alice.at("accept").waitFor();
    await shows(alice, "party-state", "Match found");
    await shootAll(alice, "lobby-found");
    await alice.at("accept").click();
    await seats(alice, "taken", 2);
    assert.match(await alice.at("teams").textContent(), /Team 1.*Team 2/);
    await shootAll(alice, "lobby-match");
    await alice.at("match-leave").click();
    await alice.at("queue-start").waitFor();
  });

  test("says why there is no match, and stops looking", async () => {
    const [alice, bob] = [await player("Alice"), await player("Bob")];
    for (const page of [alice, bob]) await create(page);
    await bob.at("add-bot").click();
    await seat(bob, "member", "(bot)").getByTestId("member-badge").filter({ hasText: "Ready" }).waitFor();
    for (const page of [bob, alice]) await page.at("queue-start").click();
    await alice.locator("[data-testid=reason][data-reason=waiting]").waitFor();
    await shows(alice, "reach", "The one other group here fits");
    await shoot(alice, "lobby-reasons");
    for (const page of [bob, alice]) {
      await page.at("queue-cancel").click();
      await page.at("queue-start").waitFor();
    }
  });

  test("keeps a seat in the match for a friend who comes late", async () => {
    const alice = await player("Alice");
    const bob = await player("Bob");
    await create(alice);
    await hold(alice, bob, "Bob");
    await alice.at("queue-start").click();
    await alice.at("opponents").click();
    await seats(alice, "taken", 3);
    await seats(alice, "held", 1);
    await shootAll(alice, "lobby-late");
    await bob.at("toast-action").click();
    await bob.at("preview-join").click();
    await seats(bob, "taken", 4);
    await seats(alice, "taken", 4);
    await bob.at("match-leave").waitFor();
  });

  test("shows others who lost the connection, and takes them back", async () => {
    const alice = await player("Alice");
    await create(alice);
    await alice.at("add-bot").click();
    const url = await link(alice);
    const bob = await player("Bob", `?party=${codeIn(url)}`);
    await bob.at("preview-join").click();
    await seat(alice, "member", "Bob").waitFor();
    await bob.at("drop").click();
    await shows(bob, "banner", "your seat is kept");
    await seat(alice, "away", "Bob").waitFor();
    await bob.at("banner").waitFor({ state: "hidden" });
    await seat(alice, "member", "Bob").waitFor();
    await seat(bob, "member", "Alice").waitFor();
    assert.equal(await alice.at("away").count(), 0);
    await bob.leave();
    windows.splice(windows.indexOf(bob), 1);
    await seat(alice, "away", "Bob").waitFor();
    await shootAll(alice, "lobby-away");
  });

  test("notices a network that is gone without a word, and comes back", async () => {
    const alice = handle(await open(demo, { viewport: desktop }));
    await alice.evaluate(async () => {
      const { DefaultSocket: { prototype } } = await import(document.body.dataset.sdk);
      const { connect } = prototype;
      globalThis.sockets = [];
      prototype.connect = function (...how) {
        globalThis.sockets.push(this);
        return connect.apply(this, how);
      };
      globalThis.wires = [];
      globalThis.WebSocket = class extends WebSocket {
        constructor(...address) {
          super(...address);
          globalThis.wires.push(this);
        }
      };
    });
    await alice.at("name-input").fill("Alice");
    await alice.at("name-submit").click();
    await online(alice);
    await create(alice);
    const old = await alice.at("party-id").textContent();
    await alice.evaluate(() => {
      const { wires: [wire], sockets: [socket] } = globalThis;
      wire.onmessage = wire.onclose = null;
      wire.send = wire.close = () => {};
      socket.setHeartbeatTimeoutMs(500);
      socket.pingPong(); // not only after the 10 s until the next heartbeat
    });
    await shows(alice, "banner", "your seat is kept");
    await alice.at("banner").waitFor({ state: "hidden" });
    assert.equal(await alice.at("party-id").textContent(), old);
    assert.equal(await alice.evaluate(() => globalThis.wires.length), 2);
    assert.deepEqual(alice.faults.splice(0), ["console: Server unreachable from heartbeat."]);
  });

  test("is the same party with the same link after its only window was closed", async () => {
    const alice = await player("Alice");
    await create(alice, { map: "Night market" });
    const url = await link(alice);
    const old = await alice.at("party-id").textContent();
    const context = alice.context();
    await alice.close();
    windows.splice(windows.indexOf(alice), 1);
    const landing = handle(await open(new URL(url).pathname, { viewport: desktop }));
    await landing.locator("#invite[data-state=away]").waitFor();
    const again = handle(await tab(context, demo));
    await again.at("party").waitFor();
    await again.at("invite").waitFor();
    assert.equal(await again.at("invite-url").getAttribute("href"), url);
    assert.notEqual(await again.at("party-id").textContent(), old, "the host has made another native party");
    await again.locator("#scene[data-map='Night market']").waitFor();
    assert.match(await again.at("me").textContent(), /Alice/);
    await landing.locator("#invite[data-state=open]").waitFor({ timeout: 60_000 });
    const [bob] = await players("bob");
    await redeem(bob, codeIn(url));
    await seat(again, "member", bob.username).waitFor();
  });

  test("takes the focus along, and is played by keyboard alone", async () => {
    const alice = await player("Alice");
    const focus = () => alice.evaluate(() => [document.activeElement.id, parseFloat(getComputedStyle(document.activeElement).outlineWidth)]);
    await alice.at("quick-join").waitFor();
    assert.equal((await focus())[0], "home-title");
    await alice.at("create-size").focus();
    await alice.keyboard.press("Enter");
    await alice.locator("[data-testid=queue-start]:enabled").waitFor();
    assert.equal((await focus())[0], "party-title");
    let at = "";
    for (let i = 0; i < 30 && at !== "queue-start"; i++) {
      await alice.keyboard.press("Tab");
      const [id, ring] = await focus();
      const inQueue = await alice.evaluate(() => document.activeElement.name === "queue"); // the frame around it shows the focus ring
      assert.ok(inQueue || ring >= 2, `${id} shows that it has the focus`);
      at = id;
    }
    await alice.keyboard.press("Enter");
    await alice.at("queue-cancel").waitFor();
  });

  test("makes every window of one browser another player", async () => {
    const alice = await player("Alice");
    const second = handle(await tab(alice.context(), demo));
    await second.at("name-input").fill("Ann");
    await second.at("name-submit").click();
    await online(second);
    assert.notEqual(await second.at("me-tag").textContent(), await alice.at("me-tag").textContent());
    await second.reload();
    await online(second);
    assert.match(await second.at("me").textContent(), /Ann/);
  });
});
