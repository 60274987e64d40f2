// The playground in a browser. The page comes from disk, and everything else happens in the page.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { allowed, desktop, open, quit, shoot, shootAll } from "./lib/browser.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const kinds = { css: "text/css", html: "text/html", js: "text/javascript", wasm: "application/wasm" };
const asked = [];
let server, address;

before(async () => {
  execFileSync("make", ["-C", root, "playground"], { stdio: ["ignore", "ignore", "inherit"] });
  server = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const name = request.url === "/" ? "index.html" : request.url.slice(1);
    response.setHeader("Content-Type", kinds[name.split(".").pop()]);
    response.end(await readFile(`${root}build/playground/${name}`));
  });
  await new Promise((done) => { server.listen(0, "127.0.0.1", done); });
  address = `127.0.0.1:${server.address().port}`;
  allowed.add(address);
});
after(async () => { await quit(); server.close(); });

async function playground(options = {}) {
  const page = await open(`http://${address}/`, { viewport: desktop, ...options });
  await page.locator("#state.good").waitFor();
  return page;
}

const night = (joint) => `version: 1\nrules:\n  - id: night\n    on: [join]\n    deny: hour(now) >= 22 ${joint} hour(now) < 6\n    message: Come back in the morning.\n`;

describe("playground", () => {
  test("says what is wrong, where, and how to fix it; then what happens", async () => {
    const page = await playground();
    await page.fill("#file", night("and"));
    await page.locator("#state.bad").waitFor();
    assert.match(await page.locator("#problems").textContent(), /5:11 rules\.night\.deny.*can never hold.*\(hour\(now\) >= 22 or hour\(now\) < 6\)/s);
    assert.equal(await page.locator("#lines .bad").textContent(), "5\n");
    assert.equal(await page.locator("#state").textContent(), "A server would use this file all the same");
    await shootAll(page, "playground-problem");
    await page.fill("#file", "version: 1\nfoo: 1\n");
    await page.locator("#problems", { hasText: "unknown key" }).waitFor();
    assert.equal(await page.locator("#state").textContent(), "A server would keep the rules it has");
    await page.fill("#file", night("or"));
    await page.locator("#state.good").waitFor();
    await page.locator("[name=hour]").fill("12");
    assert.equal(await page.locator(".verdict").textContent(), "join: allowed");
    await page.locator("[name=hour]").fill("23");
    assert.equal(await page.locator(".verdict").textContent(), "join: denied by night");
    assert.match(await page.locator("#answer").textContent(), /Come back in the morning\..*hour\(now\)23/s);
    await page.locator("[name=size]").fill("4");
    assert.match(await page.locator(".verdict").textContent(), /before the rules: party_full/);
    assert.ok(!(await page.locator("#answer").textContent()).includes("Come back"), "a message is shown that the player does not read");
    await shootAll(page, "playground");
    assert.deepEqual(page.faults, []);
    await page.leave();
  });

  test("waits for a pause in the typing of a large file", async () => {
    const page = await playground();
    await page.evaluate(() => { const set = localStorage.setItem.bind(localStorage); window.kept = 0; Storage.prototype.setItem = (k, v) => { if (k.includes("yml")) window.kept++; set(k, v); }; });
    const many = Array.from({ length: 80 }, (_, i) => `  - {id: r${i}, on: [join], deny: party.size > ${i + 10} and not invited, message: No.}\n`).join("");
    await page.fill("#file", `version: 1\nrules:\n${many}`);
    await page.waitForFunction(() => window.kept === 1);
    await page.locator("#file").press("Control+End");
    await page.evaluate(() => { for (const key of "# a note") { const f = document.querySelector("#file"); f.setRangeText(key, f.value.length, f.value.length, "end"); f.dispatchEvent(new Event("input")); } });
    await page.waitForFunction(() => window.kept === 2);
    assert.deepEqual(page.faults, []);
    await page.leave();
  });

  test("comes to a queue after the rules", async () => {
    const page = await playground();
    await page.fill("#file", "version: 1\nqueues:\n  solo: {teams: 2, team_size: 1}\nrules:\n  - {id: pairs, on: [matchmake], deny: party.size == 2}\n");
    await page.selectOption("[name=action]", "matchmake");
    await page.fill("[name=more]", '{"request": {"queue": "solo"}}');
    await page.locator("[name=size]").fill("2");
    assert.equal(await page.locator(".verdict").textContent(), "matchmake: denied by pairs");
    await page.locator("[name=size]").fill("3");
    assert.match(await page.locator(".verdict").textContent(), /^Refused after the rules: party_too_large/);
    assert.match(await page.locator("#answer").textContent(), /The rules say: allowed/);
    assert.deepEqual(page.faults, []);
    await page.leave();
  });

  test("plays an evening in a queue and draws it", async () => {
    const page = await playground();
    await page.fill("#file", "version: 1\nqueues:\n  duel: {teams: 2, team_size: 1}\n  duo: {teams: 2, team_size: 2}\n");
    await page.locator("#play").click();
    assert.match(await page.locator("#played").textContent(), /several queues; say which: --queue duel or --queue duo/);
    assert.ok(!await page.locator("#picture").isVisible());
    await page.fill("[name=Queue]", "duo");
    await page.locator("#play").click();
    await page.locator("#picture").waitFor();
    assert.ok(await page.locator("#picture").evaluate((img) => img.decode().then(() => img.naturalWidth)) >= 1000, "the picture is not drawn");
    assert.match(decodeURIComponent(await page.locator("#picture").getAttribute("src")), /duo.*Wait by party size/s);
    await shoot(page, "playground-evening");
    await page.fill("[name=Arrivals]", "fast");
    await page.locator("#play").click();
    assert.match(await page.locator("#played").textContent(), /--arrivals fast: expected so many per time/);
    assert.ok(!await page.locator("#picture").isVisible());
    assert.deepEqual(page.faults, []);
    await page.leave();
  });

  test("completes facts, runs cases, says what changed, and sends nothing", async () => {
    const page = await playground();
    await page.fill("#cases", 'join {now: "2026-05-01T23:00:00Z"} -> denied by night\njoin {now: "2026-05-01T12:00:00Z"} -> denied by night');
    await page.fill("#file", night("or"));
    assert.match(await page.locator("#results").textContent(), /As expected.*Line 2: want denied by night, got allowed/s);
    assert.match(await page.locator("#changes").textContent(), /rule night is new: denies join/);
    await page.locator("#keep").click();
    assert.match(await page.locator("#changes").textContent(), /Nothing so far/);
    await page.fill("#file", "version: 1\nrules:\n  - id: young\n    on: [create]\n    deny: user.account_a");
    await page.locator("#file").press("Control+Space");
    await page.locator("#words li").first().waitFor();
    assert.match(await page.locator("#words").textContent(), /user\.account_age.*Time since the account was made/s);
    await page.locator("#file").press("Enter");
    assert.match(await page.locator("#file").inputValue(), /deny: user\.account_age$/);
    assert.deepEqual(page.faults, []);
    await page.leave();
    assert.ok(asked.every((a) => /^GET \/(index\.html|playground\.(js|css)|wasm_exec\.js|partyline\.wasm)?$/.test(a)), asked.join(", "));
  });
});
