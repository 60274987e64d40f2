// The arena of the sample rules in the demo client: a match on a game server that the fleet starts.

import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";

import { allowed, quit, shootAll } from "./lib/browser.mjs";
import { player, windows } from "./lib/demo.mjs";

allowed.add("127.0.0.1:*"); // game servers choose their ports

afterEach(async () => {
  for (const page of windows) assert.deepEqual(page.faults, []);
  for (const page of windows.splice(0)) await page.leave();
});
after(quit);

const shows = (page, id, words) => page.at(id).filter({ hasText: words }).waitFor();
const seats = (page, state, n) => page.waitForFunction(([s, count]) => document.querySelectorAll(`[data-testid=match-seat][data-state=${s}]`).length === count, [state, n]);

// play makes a new party of this player meet bots in the arena.
async function play(alice) {
  await alice.at("create-submit").click();
  await alice.at("queue-arena").check();
  await alice.at("queue-start").click();
  await alice.at("opponents").click();
  await shows(alice, "game-players", "(bot)");
}

describe("arena", () => {
  test("plays on a game server, until one team has three points", async () => {
    const alice = await player("Alice");
    await play(alice);
    await shows(alice, "game-players", "Alice");
    const at = new URL(`http://${await alice.at("game-at").textContent()}`);
    assert.equal(at.hostname, "127.0.0.1");
    await seats(alice, "held", 0);
    await alice.at("score").click();
    await shows(alice, "game-score", /^(1 : 0|0 : 1)$/);
    await shootAll(alice, "arena");
    await alice.at("score").click();
    await shows(alice, "game-score", /^(2 : 0|0 : 2)$/);
    await alice.at("score").click();
    await shows(alice, "play-note", /The match is over. Team [12] has won, (3 to 0|0 to 3)\./);
    await alice.at("queue-start").waitFor();
    assert.equal(await alice.at("game").isVisible(), false);
    await shootAll(alice, "arena-over");
  });

  test("keeps the seat of a player whose window is closed, and lets them back in", async () => {
    const alice = await player("Alice");
    await play(alice);
    await alice.reload();
    await shows(alice, "game-players", "Alice");
    await alice.at("match-leave").click();
    await alice.at("queue-start").waitFor();
  });
});
