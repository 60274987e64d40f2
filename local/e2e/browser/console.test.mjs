// The operators' page in a browser, on a server with some activity.

import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, test } from "node:test";

import { create } from "../js/lib/invites.mjs";
import { eventually } from "../js/lib/eventually.mjs";
import { party } from "../js/lib/parties.mjs";
import { leave, players, refused } from "../js/lib/player.mjs";
import { admin, reload, restore, rules } from "../js/lib/rules.mjs";
import { consoleKey } from "../js/lib/server.mjs";
import { desktop, open, origin, phone, quit, shoot } from "./lib/browser.mjs";

const file = {
  rules: [
    { id: "everyone-ready", on: ["matchmake"], deny: 'any(party.members, .stage in ["downloading", "installing"])', message: "Wait until everybody has finished loading." },
    { id: "friends-only", on: ["join"], deny: "not invited and not relation.friend_of_leader", message: "This party is for friends of its leader." },
    { id: "staff", on: ["create"], allow: "user.metadata.staff == true" },
  ],
};
const page = (options = {}) => open("/party/console", { password: consoleKey, ...options });

beforeEach(() => rules({}));
afterEach(leave);
after(restore);
after(quit);

// scene makes parties, statuses, invites and denials on the server.
async function scene() {
  const [mira, jonas, tom, lea, sam] = await players("mira", "jonas", "tom", "lea", "sam");
  const raid = await party({ size: 6 }, mira, jonas);
  const duo = await party({ open: false, size: 4 }, tom, lea);
  await tom.socket.send({ party_update: { party_id: duo.party_id, label: '{"mode":"raid","map":"night"}' } });
  await rules(file);
  await jonas.rpc("party_status_set", { party_id: raid.party_id, stage: "downloading", progress: 0.42, text: "Level 2 of 5" });
  await mira.rpc("party_status_set", { party_id: raid.party_id, stage: "ready" });
  const held = await create(mira, raid.party_id, { for_user_ids: [sam.id], hold_seat: true });
  await create(tom, duo.party_id, { kind: "code" });
  await refused(sam.socket.joinParty(raid.party_id), /friends-only/);
  await refused(mira.socket.addMatchmakerParty(raid.party_id, "*", 2, 2), /everyone-ready/);
  await eventually(async () => (await admin("party_admin_parties")).parties.length, (n) => n >= 2); // the list follows a second later
  return { mira, jonas, sam, raid, held };
}

describe("console", () => {
  test("shows parties, rules, denials with their reasons, and invites", async () => {
    const { mira, sam, held } = await scene();
    for (const [viewport, size, scheme] of [[desktop, "desktop", "dark"], [desktop, "desktop", "light"], [phone, "phone", "dark"]]) {
      const shown = await page({ viewport, scheme });
      assert.equal(shown.status, 200);
      const ours = shown.locator(".party", { hasText: mira.username });
      assert.match(await ours.textContent(), /2 of 6 seats taken, 1 held/);
      assert.match(await ours.textContent(), /42 %\s*downloading\s*Level 2 of 5/);
      assert.match(await shown.locator("#rules").textContent(), /everyone-ready.*any\(party\.members.*friends-only/s);
      const denial = shown.locator(".denial", { hasText: sam.username }).first();
      await denial.locator("summary").click();
      assert.match(await denial.textContent(), /relation\.friend_of_leader\s*false/);
      assert.ok(await denial.locator("table").isVisible());
      assert.match(await shown.locator("#invites").textContent(), new RegExp(`${held.id.slice(0, 8)}.*holds seats`, "s"));
      assert.ok(!(await shown.content()).includes(held.code), "a code is shown");
      const [scroll, client] = await shown.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(scroll <= client, `${viewport.width} px wide, ${scroll} px needed`);
      await shoot(shown, `console-${size}-${scheme}`);
      assert.deepEqual(shown.faults, []);
      await shown.leave();
    }
  });

  test("works without JavaScript and updates by itself where asked to", async () => {
    await scene();
    const shown = await page({ javaScript: false, viewport: desktop });
    await shown.locator(".denial summary").first().click();
    assert.ok(await shown.locator(".denial table").first().isVisible());
    await shown.getByText("Update by itself").click();
    await shown.getByText("Updating every 10 s").waitFor();
    assert.equal(await shown.locator('meta[http-equiv="refresh"]').count(), 1);
    await shown.getByText("Updating every 10 s").click();
    await shown.getByText("Update by itself").waitFor();
    assert.deepEqual(shown.faults, []);
    await shown.leave();
  });

  test("says what is wrong with a rules file that is not in force", async () => {
    await rules(file);
    await reload("version: 1\nparties:\n  max_size: {default: many}\n  colour: red\n");
    const shown = await page({ viewport: desktop });
    const alert = await shown.locator(".alert").textContent();
    assert.match(alert, /not in force.*rules\.yml:3:.*parties\.max_size\.default.*rules\.yml:4:.*parties\.colour/s);
    assert.match(await shown.locator("#rules").textContent(), /friends-only/);
    await shoot(shown, "console-broken");
    assert.deepEqual(shown.faults, []);
    await shown.leave();
  });

  test("finds players, revokes an invite and lets a kicked player back in; a forged form does nothing", async () => {
    const [mira, jonas] = await players("mira", "jonas");
    await mira.client.updateAccount(mira.session, { display_name: `<script>boom</script>\u202e${mira.username}` });
    const raid = await party({ size: 6 }, mira, jonas);
    const invite = await create(mira, raid.party_id, {});
    await mira.socket.removePartyMember(raid.party_id, jonas.self);
    await eventually(async () => (await admin("party_admin_parties")).parties.some((p) => p.party_id === raid.party_id && p.kicked.length), (there) => there);
    const credentials = `Basic ${Buffer.from(`operator:${consoleKey}`).toString("base64")}`;
    const forged = new URLSearchParams({ action: "revoke_invite", invite: invite.id, token: "0".repeat(64) });
    for (const headers of [{}, { Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }]) {
      const answer = await fetch(`${origin}/party/console`, { method: "POST", headers: { Authorization: credentials, ...headers }, body: forged });
      assert.equal(answer.status, 403);
    }
    const shown = await page({ viewport: desktop });
    await shown.getByRole("searchbox").fill(mira.username);
    await shown.getByRole("button", { name: "Search" }).click();
    const ours = shown.locator(".party", { hasText: mira.username });
    assert.equal(await shown.locator(".party").count(), 1);
    assert.match(await ours.textContent(), /<script>boom<\/script>/);
    await shoot(shown, "console-search");
    await ours.getByText("Let back in").click();
    await ours.getByRole("button", { name: "Let this player back in" }).click();
    await shown.getByText("The player may come back.").waitFor();
    await shown.locator("#invites tr", { hasText: invite.id.slice(0, 8) }).getByText("Revoke", { exact: true }).click();
    await shown.getByRole("button", { name: "Revoke this invite" }).last().click();
    await shown.getByText("The invite is revoked.").waitFor();
    await shown.getByRole("button", { name: "Read the file again" }).click();
    await shown.getByText("The rules file was read again.").waitFor();
    assert.deepEqual(shown.faults, []);
    await shown.leave();
    const { parties } = await admin("party_admin_parties");
    assert.deepEqual(parties.find((p) => p.party_id === raid.party_id).kicked, []);
    await refused(jonas.rpc("party_invite_redeem", { code: invite.code }), /invite_revoked/);
  });

  test("is shut without the key", async () => {
    const shown = await open("/party/console", { viewport: desktop, password: "not the key at all" });
    assert.equal(shown.status, 401);
    assert.ok(!(await shown.content()).includes("Live parties"));
    await shown.leave();
  });
});
