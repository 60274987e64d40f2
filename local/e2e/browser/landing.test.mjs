// The landing page as players see it, in a browser and over plain HTTP.

import assert from "node:assert/strict";
import jsqr from "jsqr";
import { after, afterEach, before, describe, test } from "node:test";
import { PNG } from "pngjs";

import { eventually } from "../js/lib/eventually.mjs";
import { create, list, preview, revoke, unknownCode } from "../js/lib/invites.mjs";
import { party } from "../js/lib/parties.mjs";
import { leave, players, settle } from "../js/lib/player.mjs";
import { restore, rules } from "../js/lib/rules.mjs";
import { http } from "../js/lib/server.mjs";
import { desktop, open, origin, phone, picture, quit, shoot, shootAll } from "./lib/browser.mjs";

// A test that ran before from this address may have guessed codes until no page is shown to it for a while.
before(async () => {
  const { invite } = await scene();
  await eventually(async () => (await http(`${pathOf(invite)}/state`)).status, (status) => status !== 429, 90_000);
  await leave();
});
afterEach(leave);
after(quit);

const pathOf = (invite) => new URL(invite.url).pathname;

// scene is a party of two with an invite to it.
async function scene(wishes = {}, { open: isOpen = false, size = 4 } = {}) {
  const [alice, bob] = await players("alice", "bob");
  await alice.client.updateAccount(alice.session, { display_name: "Alice" });
  const made = await party({ open: isOpen, size }, alice, bob);
  return { alice, bob, made, invite: await create(alice, made.party_id, wishes) };
}

describe("page", () => {
  for (const javaScript of [true, false]) {
    test(`shows inviter, party, message and info ${javaScript ? "with" : "without"} JavaScript`, async () => {
      const { bob, invite } = await scene({ message: "Come along!", info: [{ label: "Mode", value: "Raid" }] });
      const page = await open(pathOf(invite), { javaScript });
      assert.equal(page.status, 200);
      for (const [viewport, size] of [[phone, "phone"], [desktop, "desktop"]]) {
        await page.setViewportSize(viewport);
        assert.match(await page.locator("#headline").innerText(), /Alice/);
        assert.match(await page.locator("#message").innerText(), /Come along!/);
        assert.match(await page.locator(".info").innerText(), /Mode\s*Raid/);
        const shown = await page.locator("#seats").innerText();
        for (const name of ["Alice", bob.username]) assert.ok(shown.includes(name), `${name} in ${shown}`);
        assert.equal(await page.locator("#seats > li").count(), 4, "two members and two free seats");
        assert.match(await page.locator("#code").innerText(), new RegExp(invite.code.match(/.{4}/g).join("[ -]?")));
        await (javaScript ? shoot : picture)(page, `landing-${size}-${javaScript ? "js" : "plain"}`); // without it the page reloads by itself
      }
      assert.deepEqual(page.faults, []);
      await page.leave();
    });
  }

  test("fits the screen, in both colour schemes", async () => {
    const { invite } = await scene({ message: "x".repeat(255), info: Array(8).fill({ label: "L".repeat(63), value: "V".repeat(60) }) }, { size: 16 });
    const page = await open(pathOf(invite));
    for (const viewport of [{ width: 320, height: 568 }, phone, desktop]) {
      await page.setViewportSize(viewport);
      for (const scheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme: scheme });
        const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        assert.ok(scroll <= client, `${viewport.width} px wide, ${scroll} px needed`);
        await shoot(page, `landing-${viewport.width}-${scheme}`);
      }
    }
    assert.deepEqual(page.faults, []);
    await page.leave();
  });

  test("follows the party live", async () => {
    const { alice, bob, made, invite } = await scene();
    const page = await open(pathOf(invite));
    const [carol] = await players("carol");
    const within = { timeout: 60_000 };
    await carol.rpc("party_invite_redeem", { code: invite.code });
    await page.locator("#seats .name", { hasText: carol.username }).waitFor(within);
    await bob.socket.leaveParty(made.party_id);
    await page.locator("#seats .name", { hasText: bob.username }).waitFor({ state: "detached", ...within });
    await alice.socket.leaveParty(made.party_id);
    await page.locator("#seats .leads .name", { hasText: carol.username }).waitFor(within);
    const reload = page.waitForEvent("load", within); // the page reloads to say what became of the party
    await carol.socket.closeParty(made.party_id);
    await reload;
    await page.locator("#invite[data-state=party_gone]").waitFor(within);
    assert.equal(await page.locator("#code").count(), 0);
    await shoot(page, "landing-gone-live");
    assert.deepEqual(page.faults.filter((f) => !f.includes("410")), [], "but for the poll that hears of the end");
    await page.leave();
  });

  test("follows the inviter from one party to the next", async () => {
    const { alice, bob, made, invite } = await scene({ follow_inviter: true });
    const page = await open(pathOf(invite));
    const within = { timeout: 60_000 };
    await page.locator("#seats .name", { hasText: bob.username }).waitFor(within);
    await alice.socket.leaveParty(made.party_id);
    await page.locator("#invite[data-state=between]").waitFor(within);
    assert.equal(await page.locator("#party-title").isVisible(), false);
    await alice.socket.createParty(true, 3);
    await page.locator("#invite[data-state=open]").waitFor(within);
    assert.equal(await page.locator("#seats > li").count(), 3);
    assert.ok(await page.locator("#party-title").isVisible());
    assert.deepEqual(page.faults, []);
    await page.leave();
  });

  test("is not fooled by markup in names and texts", async () => {
    const evil = `"><img src=x onerror=pwned=1><script>pwned=1</script>{{.}}'`;
    const name = "<img src=x onerror=pwned=1>"; // short, as long names are cut
    const [alice] = await players("alice");
    await alice.client.updateAccount(alice.session, { display_name: name, avatar_url: "javascript:pwned=1" });
    const made = await party({}, alice);
    const invite = await create(alice, made.party_id, { message: evil, info: [{ label: evil.slice(0, 63), value: evil }] });
    for (const javaScript of [true, false]) {
      const page = await open(pathOf(invite), { javaScript });
      const headline = await page.locator("#headline").textContent();
      assert.ok(headline.includes(name), headline);
      assert.ok((await page.locator("#message").textContent()).includes(evil));
      assert.ok((await page.locator("#seats .name").first().textContent()).includes(name));
      assert.equal(await page.locator("script:not([src]), [onerror], img[src=x], a[href^='javascript:'], img[src^='javascript:']").count(), 0);
      if (javaScript) {
        await page.waitForResponse((r) => r.url().endsWith("/state"), { timeout: 60_000 });
        assert.equal(await page.evaluate(() => typeof window.pwned), "undefined");
        assert.ok((await page.locator("#seats .name").first().textContent()).includes(name), "still so after a live update");
      }
      await (javaScript ? shoot : picture)(page, `landing-markup-${javaScript ? "js" : "plain"}`);
      assert.deepEqual(page.faults, []);
      await page.leave();
    }
  });

  test("has a QR code that leads back to it", async () => {
    const { invite } = await scene();
    const page = await open(pathOf(invite), { viewport: desktop });
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      const image = PNG.sync.read(await page.locator(".qr").screenshot());
      const read = jsqr(new Uint8ClampedArray(image.data), image.width, image.height);
      assert.ok(read, `no QR code is readable in the ${scheme} page`);
      assert.equal(read.data, invite.url);
    }
    await page.leave();
  });

  test("copies the code", async () => {
    const { invite } = await scene();
    const page = await open(pathOf(invite));
    await page.locator("#copy").click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied.replaceAll(/[ -]/g, ""), invite.code);
    await page.leave();
  });

  test("keeps members of a hidden party to itself", async () => {
    const [alice, bob] = await players("alice", "bob");
    const { party: made } = await alice.socket.send({ party_create: { open: true, max_size: 4, hidden: true } });
    await bob.socket.joinParty(made.party_id);
    await settle(alice, bob);
    const invite = await create(alice, made.party_id);
    const body = await (await http(pathOf(invite))).text();
    assert.ok(!body.includes(bob.username));
    assert.ok(!(await (await http(`${pathOf(invite)}/state`)).text()).includes(bob.username));
  });

  test("says what became of an invite", async () => {
    const { alice, made, invite } = await scene();
    await revoke(alice, { id: invite.id });
    const over = await open(pathOf(invite));
    assert.equal(over.status, 410);
    assert.ok((await over.locator("#headline").textContent()).length > 0);
    assert.equal(await over.locator("#play, #code").count(), 0);
    await shoot(over, "landing-over");
    await over.leave();

    const orphan = await create(alice, made.party_id);
    await alice.socket.closeParty(made.party_id);
    await settle(alice);
    assert.equal((await http(pathOf(orphan))).status, 410);

    const unknown = await open(`/party/join/${unknownCode()}`);
    assert.equal(unknown.status, 404);
    await shoot(unknown, "landing-unknown");
    await unknown.leave();
    for (const bad of ["x", "%00", "..%2f..%2fetc", "<script>", "x".repeat(2000)]) {
      assert.equal((await http(`/party/join/${encodeURIComponent(bad)}`)).status, 404, bad.slice(0, 20));
    }
  });
});

// Every state with everything a page may have, in all themes; and in three languages, one of them from right to left.
describe("states", () => {
  const app = {
    deep_link: "mygame://party/{code}", ios: { store: "https://apps.apple.com/app/id1234567890" },
    android: { store: "https://play.google.com/store/apps/details?id=com.example.game" }, more: [{ label: "Steam", url: "https://store.steampowered.com/app/480", on: ["desktop"] }],
  };
  const file = {
    parties: { reconnect_grace: "60s", lock: { while_matchmaking: true } }, attributes: { public: ["map"] },
    invites: { link: { max_uses: 1 }, app, page: { title: "Night Harbour", accent: "#e0457b" } },
  };
  const about = { message: "Come along!", info: [{ label: "Mode", value: "Raid" }, { label: "Voice", value: "On" }] };
  const states = {
    open: async ({ alice, bob, made }) => {
      await alice.rpc("party_attributes_set", { party_id: made.party_id, party: { map: "Harbour" } });
      await bob.rpc("party_status_set", { party_id: made.party_id, stage: "downloading", progress: 0.42, text: "Level 2 of 5" });
    },
    full: async ({ made, invite }) => {
      const [carol, dave, eve] = await players("carol", "dave", "eve");
      for (const p of [carol, dave]) await p.socket.joinParty(made.party_id);
      await settle(carol, dave);
      assert.equal((await eve.rpc("party_wait", { code: invite.code })).place, 1);
    },
    locked: ({ alice, made }) => alice.socket.addMatchmakerParty(made.party_id, "*", 3, 3),
    away: async ({ alice, bob }) => { for (const p of [bob, alice]) await p.disconnect(); },
    between: ({ alice, made }) => alice.socket.leaveParty(made.party_id),
    expired: async () => {},
    revoked: ({ alice, invite }) => revoke(alice, { id: invite.id }),
    exhausted: async ({ invite }) => {
      const [carol] = await players("carol");
      await carol.rpc("party_invite_redeem", { code: invite.code });
    },
    party_gone: ({ alice, made }) => alice.socket.closeParty(made.party_id),
  };
  before(() => rules(file));
  after(restore);

  for (const [state, reach] of Object.entries(states)) {
    test(`${state}: says so, and everybody can read it`, async () => {
      const is = await scene({ ...about, ...(state === "expired" && { ttl_sec: 1 }), follow_inviter: state === "between" }, { open: true });
      await reach(is);
      await eventually(async () => (await (await http(`${pathOf(is.invite)}/state`)).json()).state, (s) => s === state);
      const page = await open(pathOf(is.invite));
      await page.locator(`#invite[data-state=${state}]`).waitFor();
      assert.equal(await page.locator("#play").count(), ["open", "full", "locked", "away", "between"].includes(state) ? 1 : 0);
      assert.ok(await page.locator("#ways a").first().isVisible(), "there is a way to get the game");
      await shootAll(page, `landing-${state}`);
      for (const language of state === "open" || state === "locked" ? ["de", "ja", "ar"] : []) {
        const other = await open(pathOf(is.invite), { language });
        assert.equal(await other.locator("html").getAttribute("lang"), language);
        const [scroll, client] = await other.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        assert.ok(scroll <= client, `${scroll} px needed in ${language}`);
        await shoot(other, `landing-${state}-${language}`);
        await other.leave();
      }
      await page.leave();
    });
  }

  test("shows no broken picture for a logo that cannot be loaded", async () => {
    const { invite } = await scene();
    await rules({ ...file, invites: { ...file.invites, page: { ...file.invites.page, logo: "/nowhere.png" } } });
    try {
      assert.match(await (await http(pathOf(invite))).text(), /<img class="logo" src="[^"]*\/nowhere\.png"/);
      const page = await open(pathOf(invite));
      assert.match(await page.locator(".brand-name").innerText(), /Night Harbour/);
      await page.locator("img.logo").waitFor({ state: "detached" });
      await page.leave();
    } finally {
      await rules(file);
    }
  });

  test("shows long words for what members do whole on a small phone", async () => {
    const { alice, bob, made, invite } = await scene();
    await alice.rpc("party_status_set", { party_id: made.party_id, stage: "downloading", progress: 0.42 });
    await bob.rpc("party_status_set", { party_id: made.party_id, stage: "failed" });
    for (const language of ["fr", "it", "pl", "tr", "ru", "ar"]) {
      const page = await open(pathOf(invite), { language, viewport: { width: 360, height: 800 } });
      await page.locator(".tone-failed .stage").waitFor();
      const cut = await page.locator(".stage").evaluateAll((all) => all.filter((s) => s.scrollWidth > s.clientWidth || s.scrollHeight > s.clientHeight + 1).map((s) => s.textContent));
      assert.deepEqual(cut, [], language);
      await picture(page, `landing-stages-${language}`);
      await page.leave();
    }
  });

  test("can be used by keyboard alone", async () => {
    const { invite } = await scene(about);
    const page = await open(pathOf(invite), { viewport: desktop });
    for (const next of ["play", "App Store", "Google Play", "Steam", "copy"]) {
      await page.keyboard.press("Tab");
      const [at, ring] = await page.evaluate(() => [document.activeElement.id || document.activeElement.textContent.trim(), parseFloat(getComputedStyle(document.activeElement).outlineWidth)]);
      assert.equal(at, next);
      assert.ok(ring >= 2, `${next} shows that it has the focus`);
    }
    await page.leave();
  });
});

describe("routes", () => {
  test("send strict headers, to GET and HEAD alike", async () => {
    const { invite } = await scene();
    for (const path of [pathOf(invite), `${pathOf(invite)}/state`, `${pathOf(invite)}/qr.svg`, `/party/join/${unknownCode()}`]) {
      const get = await http(path);
      const head = await http(path, { method: "HEAD" });
      assert.equal(head.status, get.status, path);
      assert.equal(await head.text(), "");
      for (const res of [get, head]) {
        const policy = res.headers.get("content-security-policy") ?? "";
        assert.match(policy, /default-src 'none'/, path);
        assert.match(policy, /frame-ancestors 'none'/, path);
        assert.doesNotMatch(policy, /unsafe/, path);
        assert.equal(res.headers.get("referrer-policy"), "no-referrer", path);
        assert.equal(res.headers.get("x-content-type-options"), "nosniff", path);
        assert.match(res.headers.get("x-frame-options") ?? "", /DENY/i, path);
        assert.equal(res.headers.get("content-type"), get.headers.get("content-type"), path);
      }
    }
    assert.match((await http(pathOf(invite))).headers.get("content-type"), /^text\/html/);
    assert.match((await http(`${pathOf(invite)}/qr.svg`)).headers.get("content-type"), /^image\/svg\+xml/);
  });

  test("state has an ETag and says nothing that strangers must not know", async () => {
    const { alice, made, invite } = await scene({ launch: { secret: "launch-secret" }, message: "Hi" });
    const path = `${pathOf(invite)}/state`;
    const first = await http(path);
    assert.equal(first.status, 200);
    assert.match(first.headers.get("content-type"), /^application\/json/);
    const tag = first.headers.get("etag");
    assert.ok(tag);
    const body = await first.text();
    for (const secret of ["launch-secret", made.party_id, made.party_id.slice(0, 36), alice.id]) {
      assert.ok(!body.includes(secret), `${secret} in ${body}`);
    }
    assert.equal(JSON.parse(body).state, "open");
    const again = await http(path, { headers: { "If-None-Match": tag } });
    assert.equal(again.status, 304);
    const html = await (await http(pathOf(invite))).text();
    for (const secret of ["launch-secret", made.party_id, alice.id]) assert.ok(!html.includes(secret));
  });

  test("describe the invite to chat programs", async () => {
    const { invite } = await scene({ message: "Come along!" });
    const html = await (await http(pathOf(invite), { headers: { "User-Agent": "facebookexternalhit/1.1" } })).text();
    assert.match(html, /<meta property="og:title" content="[^"]*Alice[^"]*">/);
    assert.match(html, /<meta property="og:description" content="[^"]+">/);
  });

  test("change nothing, however often they are asked", async () => {
    const { alice, bob, made, invite } = await scene({ max_uses: 1 });
    for (let i = 0; i < 30; i++) await http(`${pathOf(invite)}${["", "/state", "/qr.svg"][i % 3]}`, { method: i % 2 ? "HEAD" : "GET" });
    assert.equal((await list(alice, made.party_id)).find((i) => i.id === invite.id).uses, 0);
    assert.equal((await preview(bob, invite.code)).state, "open");
  });

  test("take GET and HEAD alone", async () => {
    const { invite } = await scene();
    for (const method of ["POST", "PUT", "DELETE"]) {
      const res = await http(pathOf(invite), { method, body: "{}" });
      assert.ok([404, 405, 501].includes(res.status), `${method}: ${res.status}`);
    }
  });

  test("serve assets that may be kept", async () => {
    const { invite } = await scene();
    const html = await (await http(pathOf(invite))).text();
    const page = new URL(pathOf(invite), "http://page");
    const assets = [...html.matchAll(/(?:src|href)="([^"]*\/assets\/[^"]+)"/g)].map((m) => new URL(m[1], page).pathname);
    assert.ok(assets.length >= 2, "style and script");
    for (const asset of assets) {
      const res = await http(asset);
      assert.equal(res.status, 200, asset);
      assert.match(res.headers.get("cache-control"), /max-age=\d{3,}/, asset);
    }
    assert.equal((await http("/party/assets/nothing.css")).status, 404);
    assert.notEqual((await http("/party/assets/..%2fpage.html")).status, 200);
  });

  test("have no app-link files unless configured, and say so plainly", async () => {
    for (const path of ["/.well-known/apple-app-site-association", "/.well-known/assetlinks.json"]) {
      const res = await http(path);
      assert.ok([200, 404].includes(res.status), path);
      if (res.status === 200) JSON.parse(await res.text());
    }
  });
});

test("the page's origin is the server under test", () => assert.match(origin, /^http:\/\/[^/]+:\d+$/));
