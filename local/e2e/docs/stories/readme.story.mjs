// README.md: what a client does.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { randomUUID } from "node:crypto";
import { Client } from "@heroiclabs/nakama-js";

import { everyBlockRan, Game, host, port } from "./lib/game.mjs";

async function online() {
  const client = new Client("defaultkey", host, port, false);
  const socket = client.createSocket(false);
  await socket.connect(await client.authenticateDevice(randomUUID(), true), false);
  after(() => socket.disconnect(false));
  return new Game({ socket });
}

test("an invite is made and redeemed", async () => {
  const [mira, jonas] = [await online(), await online()];
  await mira.run("invite");
  assert.ok(mira.vars.invite.url.endsWith(mira.vars.invite.code));
  const entered = new Promise((resolve) => { jonas.vars.socket.onparty = resolve; });
  jonas.vars.code = mira.vars.invite.code;
  await jonas.run("redeem");
  assert.equal((await entered).party_id, mira.vars.party.party_id);
});

everyBlockRan();
