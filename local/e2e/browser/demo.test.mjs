// The demo client: two windows are two players. One joins the other by a link.

import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";

import { leave, players } from "../js/lib/player.mjs";
import { desktop, open, quit, shoot } from "./lib/browser.mjs";
import { player, windows } from "./lib/demo.mjs";

afterEach(async () => {
  await Promise.all([leave(), ...windows.splice(0).map((w) => w.leave())]);
});
after(quit);

async function create(page, { size = 4, isOpen = false } = {}) {
  await page.at("create-size").fill(String(size));
  await page.at("create-open").setChecked(isOpen);
  await page.at("create-submit").click();
  await page.at("party").waitFor();
}

// copyLink makes an invite link and copies it to the clipboard, as a player does to send it to a friend.
async function copyLink(page, message) {
  if (message) await page.at("invite-message").fill(message);
  await page.at("invite-create").click();
  await page.at("invite-copy").click();
  await page.waitForFunction(() => navigator.clipboard.readText().then((text) => text.includes("/party/join/")));
  return page.evaluate(() => navigator.clipboard.readText());
}

// byLink opens a copied link as its receiver: first the landing page, then the game with the code.
async function byLink(name, link) {
  const landing = await open(new URL(link).pathname, { viewport: desktop });
  windows.push(landing);
  assert.equal(landing.status, 200);
  const code = (await landing.locator("#code").textContent()).replaceAll("-", "");
  return { landing, page: await player(name, `?party=${code}`) };
}

const names = (page) => page.at("members").getByTestId("member-name").allTextContents();

// members waits until the window shows exactly these players as the party.
async function members(page, ...expected) {
  const want = [...expected].sort();
  await page.waitForFunction((w) => {
    const shown = [...document.querySelectorAll("[data-testid=member] [data-testid=member-name]")].map((n) => n.textContent.replace(/ \(you\)$/, ""));
    return JSON.stringify(shown.sort()) === JSON.stringify(w);
  }, want).catch(async () => assert.deepEqual((await names(page)).sort(), want));
}

async function say(page, words) {
  await page.at("chat-input").fill(words);
  await page.at("chat-send").click();
}

const heard = (page, from, words) =>
  page.at("chat-line").filter({ hasText: words }).filter({ hasText: from }).first().waitFor();

const member = (page, name) => page.at("member").filter({ hasText: name });

function clean(...pages) {
  for (const page of pages) assert.deepEqual(page.faults, []);
}

describe("two windows", () => {
  test("create a party, copy the link, open it, join, chat, see each other", async () => {
    const alice = await player("Alice");
    await shoot(alice, "demo-home");
    await create(alice);
    await members(alice, "Alice");
    const link = await copyLink(alice, "We need a healer!");
    const { landing, page: bob } = await byLink("Bob", link);
    assert.match(await landing.locator("#headline").textContent(), /Alice/);
    await bob.at("preview-title").filter({ hasText: "Alice" }).waitFor();
    await bob.at("preview-message").filter({ hasText: "We need a healer!" }).waitFor();
    await shoot(bob, "demo-preview");
    await bob.at("preview-join").click();
    await members(bob, "Alice", "Bob");
    await members(alice, "Alice", "Bob");
    await bob.at("party-count").filter({ hasText: "2 of 4" }).waitFor();
    await landing.locator("#seats .name", { hasText: "Bob" }).waitFor({ timeout: 60_000 });

    await say(alice, "hello Bob");
    await heard(bob, "Alice", "hello Bob");
    await say(bob, "héllo Alice 🎮");
    await heard(alice, "Bob", "héllo Alice 🎮");
    await shoot(alice, "demo-party-alice");
    await shoot(bob, "demo-party-bob");
    await shoot(landing, "demo-landing");

    await alice.at("leave").click();
    await members(bob, "Bob");
    await member(bob, "Bob").getByTestId("member-crown").waitFor();
    await alice.at("home").waitFor();
    clean(alice, bob, landing);
  });

  test("ask by party ID, and the leader decides", async () => {
    const alice = await player("Alice");
    await create(alice);
    const id = await alice.at("party-id").textContent();
    const bob = await player("Bob");
    const ask = async () => {
      await bob.at("join-input").fill(id);
      await bob.at("join-submit").click();
      await bob.at("waiting").waitFor();
    };
    await ask();
    await alice.at("request-reject").click();
    await alice.at("requests").waitFor({ state: "hidden" });
    await bob.at("toast").filter({ hasText: "Alice turned your request down." }).waitFor();
    await bob.at("waiting").waitFor({ state: "hidden" });

    await ask();
    await alice.at("request").filter({ hasText: "Bob" }).waitFor();
    await shoot(alice, "demo-request");
    await alice.at("request-accept").click();
    await members(bob, "Alice", "Bob");
    await members(alice, "Alice", "Bob");
    clean(alice, bob);
  });

  test("lead: hand over, remove, close", async () => {
    const alice = await player("Alice");
    await create(alice, { isOpen: true });
    const id = await alice.at("party-id").textContent();
    const bob = await player("Bob");
    await bob.at("join-input").fill(id);
    await bob.at("join-submit").click();
    await bob.at("party").waitFor();
    const [carol] = await players("carol"); // without a window
    await carol.socket.joinParty(id);
    await members(alice, "Alice", "Bob", carol.username);
    await member(alice, "Bob").getByTestId("member-promote").click();
    await member(alice, "Bob").getByTestId("member-crown").waitFor();
    await member(bob, "Alice").getByTestId("member-kick").click();
    await alice.at("home").waitFor();
    await members(bob, "Bob", carol.username);
    await bob.at("close").click();
    await carol.next("partyclose", (e) => e.party_id === id);
    await bob.at("home").waitFor();
    clean(alice, bob);
  });

  test("a short code works until it is withdrawn", async () => {
    const alice = await player("Alice");
    await create(alice);
    await alice.at("invite-create-code").click();
    await alice.at("invite").waitFor();
    const code = await alice.at("invite-code").textContent();
    const bob = await player("Bob");
    await bob.at("join-input").fill(code.toLowerCase());
    await bob.at("join-submit").click();
    await bob.at("preview-join").click();
    await members(alice, "Alice", "Bob");
    await alice.at("invite-revoke").click();
    await alice.at("invite").waitFor({ state: "hidden" });
    await bob.at("leave").click();
    await bob.at("join-input").fill(code);
    await bob.at("join-submit").click();
    await bob.locator("[data-testid=preview][data-state=revoked]").waitFor();
    assert.equal(await bob.at("preview-join").isVisible(), false);
    clean(alice, bob);
  });

  test("names and words are never markup", async () => {
    const evil = "<img src=x onerror=p=1>";
    const alice = await player(evil);
    await create(alice, { isOpen: true });
    const bob = await player("Bob");
    await bob.at("join-input").fill(await alice.at("party-id").textContent());
    await bob.at("join-submit").click();
    await members(bob, evil, "Bob");
    await say(alice, `</script><script>p=1</script>${evil}`);
    await heard(bob, evil, "</script><script>p=1</script>");
    assert.equal(await bob.locator("img[src=x]").count(), 0);
    assert.equal(await bob.evaluate(() => typeof window.p), "undefined");
    await shoot(bob, "demo-markup");
    clean(alice, bob);
  });
});
