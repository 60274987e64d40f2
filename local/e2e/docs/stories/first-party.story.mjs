// docs/first-party.md: from two players to one party, as a new reader types it.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { everyBlockRan, Game } from "./lib/game.mjs";

test("the page's program does what the page says", async () => {
  const said = [];
  const game = new Game({ console: { log: (...words) => said.push(words.join(" ")) } });
  after(() => { game.vars.mira?.disconnect(false); game.vars.jonas?.disconnect(false); });
  for (const block of ["players", "invite", "redeem", "status", "refusal"]) await game.run(block);
  assert.deepEqual(said, [
    `the link: ${game.vars.invite.url}`, `jonas is in ${game.vars.party.party_id}`, "mira sees first-jonas", "jonas: downloading 0.42",
    said[4],
  ]);
  assert.match(said[4], /^invite_not_found: ./);
});

everyBlockRan();
