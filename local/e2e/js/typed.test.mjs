// The generated client in docs/api, compiled with strict TypeScript and the SDK, and run.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { eventually } from "./lib/eventually.mjs";
import { unknownCode } from "./lib/invites.mjs";
import { leave, players } from "./lib/player.mjs";
import { httpKey } from "./lib/server.mjs";

const run = promisify(execFile);
const tsc = "node_modules/typescript/bin/tsc";

let folder, story;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "typed-"));
  await writeFile(path.join(folder, "package.json"), '{"type":"module"}');
  await run(process.execPath, [tsc, "-p", "typed", "--outDir", folder]).catch((error) => assert.fail(error.stdout + error.stderr));
  story = await import(pathToFileURL(path.join(folder, "local/e2e/js/typed/story.js")));
});
after(() => rm(folder, { recursive: true, force: true }));
afterEach(leave);

// games are players whose sockets the typed client listens to.
async function games(...names) {
  const all = await players(...names);
  return all.map((player) => Object.assign(new story.Game(player.socket), { player }));
}

describe("typed client", () => {
  test("invites, previews, redeems over HTTP, and hears of it all", async () => {
    const [host, friend] = await games("mira", "jonas");
    const { party_id } = await host.socket.createParty(false, 4);
    const { code, uses } = await host.invite(party_id, friend.player.id);
    assert.equal(uses, 0);
    assert.equal(await eventually(() => friend.invitedBy(), Boolean), host.player.username);
    assert.equal(await friend.state(code), "open");
    assert.equal(await story.launcher(friend.player.client, friend.player.session, code), party_id);
    await friend.party.statusSet({ party_id, stage: "downloading", progress: 0.25 });
    assert.equal(await eventually(() => host.progressOf(friend.player.id), (told) => told !== undefined), 0.25);
    // Statuses and news of invites are sent separately: either may arrive first.
    const redeemed = await eventually(() => host.events.find((event) => event.op === -2 && event.data.event === "redeemed"), Boolean);
    assert.equal(redeemed.data.user, friend.player.id);
    const { members } = await host.party.statusList({ party_id });
    assert.deepEqual(members.map((member) => member.leader), [true, false]);
  });

  test("gives a refusal's reason over the socket and over HTTP", async () => {
    const [alone] = await games("aiko");
    const code = unknownCode();
    const { player } = alone;
    assert.deepEqual(await story.refused(alone.state(code)), { reason: "invite_not_found", rule: "", wait: undefined });
    assert.equal((await story.refused(story.launcher(player.client, player.session, code))).reason, "invite_not_found");
    assert.equal((await story.refused(alone.party.inviteCreate({ party_id: "no party" }))).reason, "party_not_found");
    assert.equal(await story.refused(alone.party.check({ action: "create", max_size: 2 })), undefined);
  });

  test("calls for the game's own servers, and for nobody without the key", async () => {
    const [someone] = await games("niko");
    assert.equal(typeof (await story.outstanding(someone.player.client, httpKey)), "number");
    await assert.rejects(story.outstanding(someone.player.client, "wrong"));
  });
});

test("the compiler refuses a misspelt field", async () => {
  const config = path.join(folder, "tsconfig.json");
  const client = path.resolve("../../../docs/api/partyline.js");
  await writeFile(path.join(folder, "wrong.ts"),
    `import type { InviteCreateRequest } from ${JSON.stringify(client)};\nexport const r: InviteCreateRequest = { party: "x" };\n`);
  await writeFile(config, JSON.stringify({ extends: path.resolve("typed/tsconfig.json"), compilerOptions: { rootDir: "/", noEmit: true }, files: ["wrong.ts"] }));
  await assert.rejects(run(process.execPath, [tsc, "-p", config]), (error) => /'party' does not exist/.test(error.stdout));
});
