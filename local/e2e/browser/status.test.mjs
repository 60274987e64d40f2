// Badges in the demo client and on the landing page: what players see of each other during loading.

import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";

import { eventually } from "../js/lib/eventually.mjs";
import { redeem } from "../js/lib/invites.mjs";
import { leave, players } from "../js/lib/player.mjs";
import { desktop, open, quit, shoot } from "./lib/browser.mjs";
import { handle, player, windows } from "./lib/demo.mjs";

afterEach(async () => {
  await Promise.all([leave(), ...windows.splice(0).map((w) => w.leave())]);
});
after(quit);

// leader makes a closed party and returns its window, and the code of an invite to it.
async function leader(name) {
  const page = await player(name);
  await page.at("create-open").setChecked(false);
  await page.at("create-submit").click();
  await page.at("party").waitFor();
  await page.at("invite-create").click();
  await page.at("invite").waitFor();
  return { page, code: (await page.at("invite-code").textContent()).replaceAll("-", "") };
}

const seat = (page, name, kind = "member") => page.at(kind).filter({ hasText: name });
const badge = (page, name, words, kind) => seat(page, name, kind).getByTestId("member-badge").filter({ hasText: words });

// corner returns the position of a player's line, measured from the bottom left of the window.
async function corner(page, words) {
  const line = page.at("loading-line").filter({ hasText: words }).first();
  const box = await eventually(() => line.boundingBox(), Boolean); // its text may change meanwhile
  return { left: box.x, bottom: desktop.height - box.y - box.height };
}

describe("badges", () => {
  test("follow a friend from the invite to ready", async () => {
    const { page: alice, code } = await leader("Alice");
    const landing = handle(await open(`/party/join/${code}`, { viewport: desktop }));
    const bob = await player("Bob", `?party=${code}`);
    await bob.at("preview-download").click(); // on the way, not in the party yet
    await badge(alice, "Bob", /Downloading \d+ %/, "incoming").waitFor();
    const at = await corner(alice, /^Bob is downloading, \d+ %$/);
    assert.ok(at.left < 60 && at.bottom < 60, `the line stands at ${JSON.stringify(at)}`);
    await shoot(alice, "status-incoming");

    await bob.at("preview-join").click();
    await bob.at("party").waitFor();
    await seat(alice, "Bob").waitFor();
    await seat(alice, "Bob", "incoming").waitFor({ state: "detached" });
    await bob.at("status-tutorial").click();
    await badge(alice, "Bob", "In the tutorial").waitFor();
    await corner(alice, /^Bob is in the tutorial$/);
    await landing.locator(".seat", { hasText: "Bob" }).locator(".badge .stage", { hasText: "In the tutorial" }).waitFor({ timeout: 60_000 });
    await shoot(landing, "status-landing");

    await bob.at("status-ready").click();
    await badge(alice, "Bob", "Ready").waitFor();
    assert.equal(await alice.at("loading-line").count(), 0, "nobody is waited for");
    await badge(bob, "Bob", "Ready").waitFor(); // Bob sees this badge as well
    for (const page of [alice, bob, landing]) assert.deepEqual(page.faults, []);
  });

  test("show a download as it goes on, in both windows and on the landing page", async () => {
    const { page: alice, code } = await leader("Alice");
    const bob = await player("Bob", `?party=${code}`);
    await bob.at("preview-join").click();
    await bob.at("party").waitFor();
    const landing = handle(await open(`/party/join/${code}`, { viewport: desktop }));
    await bob.at("status-download").click();
    const percents = new Set();
    for (let i = 0; i < 3; i++) {
      const words = await badge(alice, "Bob", /Downloading \d+ %/).textContent();
      percents.add(words);
      await alice.waitForFunction((old) => {
        const now = document.querySelector("[data-testid=loading-line]")?.textContent ?? "";
        return !now.endsWith(`, ${old}`);
      }, words.replace("Downloading ", ""));
    }
    assert.ok(percents.size > 1, `the badge stood at ${[...percents]}`);
    await landing.locator(".seat", { hasText: "Bob" }).locator(".badge .percent", { hasText: "%" }).waitFor({ timeout: 60_000 });
    await shoot(alice, "status-downloading");
    await bob.at("status-failed").click();
    await badge(alice, "Bob", "Needs help").waitFor();
    await corner(alice, /^Bob needs help$/);
    for (const page of [alice, bob, landing]) assert.deepEqual(page.faults, []);
  });

  test("go with the player, and one line stands for all", async () => {
    const { page: alice, code } = await leader("Alice");
    const [bob, carl] = await players("bob", "carl"); // without windows
    await bob.client.updateAccount(bob.session, { display_name: "Bob \u202e" }); // reverses the direction of the text after it
    const { party_id } = await redeem(bob, code);
    await redeem(carl, code);
    await bob.rpc("party_status_set", { party_id, stage: "tutorial" });
    await badge(alice, "Bob", "In the tutorial").waitFor();
    await carl.rpc("party_status_set", { party_id, stage: "tutorial" });
    const line = alice.at("loading-line").filter({ hasText: "Bob" }).filter({ hasText: "is in the tutorial, and 1 more" });
    await line.waitFor();
    assert.equal(await alice.at("loading-line").count(), 1);
    const places = () => line.evaluate((shown) => [1, 5].map((i) => { // letters of "is in the tutorial"
      const letter = document.createRange();
      const words = [...shown.childNodes].find((n) => n.textContent.includes("is in the tutorial"));
      letter.setStart(words, i);
      letter.setEnd(words, i + 1);
      return letter.getBoundingClientRect().left;
    }));
    // A line that is being drawn again has no places. Words from right to left never get others.
    await eventually(places, ([first, fifth]) => first < fifth);
    await bob.socket.leaveParty(party_id);
    await carl.socket.leaveParty(party_id);
    for (const name of ["Bob", carl.username]) await seat(alice, name).waitFor({ state: "detached" });
    assert.equal(await alice.at("loading-line").count(), 0);
    assert.deepEqual(alice.faults, []);
  });
});
