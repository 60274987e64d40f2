// A real browser: a Chromium, driven by playwright-core. playwright-core does not contain a browser.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { host, port } from "../../js/lib/server.mjs";

const require = createRequire(import.meta.url); // loading them as ES modules takes half a second longer
const axe = require("axe-core/axe.min.js");
const { chromium } = require("playwright-core");

export const origin = `http://${host}:${port}`;

const shots = fileURLToPath(new URL("../../screenshots/", import.meta.url)); // ignored by git

let running;

// browser starts Chromium once per suite, with a fresh profile.
async function browser() {
  running ??= chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium", // find.sh finds one
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
      "--js-flags=--liftoff-only", // the playground runs for seconds; optimizing its code takes longer
    ],
  });
  return running;
}

export async function quit() {
  const last = await running;
  running = undefined;
  left.clear();
  if (last) await within("close the browser", last.close());
}

// within fails with the step's name if work does not end in time. Some steps of the driver have no limit themselves.
async function within(step, work, limit = 60_000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${step}: not done after ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const phone = { width: 390, height: 844 };
export const desktop = { width: 1280, height: 800 };

// allowed are the servers that pages may call; "host:*" is every port of a host.
export const allowed = new Set([`${host}:${port}`, process.env.DEMO].filter(Boolean));

// Windows to use again, by the options that an open window cannot change. Opening one again takes about half of
// the processor time of a new window.
const left = new Map();

// open shows an address in a clean window. The window records what goes wrong in it: script errors, console
// errors (including CSP violations), dialogs, and requests to anything but the servers under test.
export async function open(path, { viewport = phone, javaScript = true, scheme = "dark", password = undefined, language = "en" } = {}) {
  const kind = JSON.stringify([javaScript, password, language]);
  if (!left.has(kind)) left.set(kind, []);
  let page = left.get(kind).pop();
  if (!page) {
    const context = await within("open a window", (await browser()).newContext({
      javaScriptEnabled: javaScript, locale: language, deviceScaleFactor: process.env.SHOTS ? 2 : 1, reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write"],
      ...(password && { httpCredentials: { username: "operator", password } }),
    }));
    context.setDefaultTimeout(30_000);
    context.left = left.get(kind);
    page = await blank(context);
  }
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme: scheme });
  return show(page, path);
}

// tab opens an address in an existing window, which keeps its cookies and storage.
export async function tab(context, path) {
  return show(await blank(context), path);
}

async function show(page, path) {
  page.faults = [];
  const response = await page.goto(new URL(path, origin).href);
  page.status = response?.status();
  return page;
}

async function blank(context) {
  const page = await within("open a page", context.newPage());
  const fault = (words) => page.faults.push(words);
  page.on("pageerror", (e) => fault(`script: ${e.message}`));
  page.on("console", (m) => m.type() === "error" && fault(`console: ${m.text()}`));
  page.on("dialog", (d) => { fault(`dialog: ${d.message()}`); d.dismiss(); });
  page.on("request", (r) => {
    const url = new URL(r.url());
    if (!["data:", "blob:"].includes(url.protocol) && !allowed.has(url.host) && !allowed.has(`${url.hostname}:*`)) fault(`request: ${r.url()}`);
  });
  page.on("crash", () => fault("the page crashed"));
  page.leave = () => within("leave a window", leave(page));
  return page;
}

// leave ends the page in the window and clears the window's data. It tries twice, because the page may be about
// to reload itself; it does that only once.
async function leave(page) {
  const context = page.context();
  const away = async () => {
    await page.evaluate(() => sessionStorage.clear()); // clearDataForOrigin does not clear session storage
    await page.goto("about:blank");
  };
  await away().catch(away);
  if (context.pages().length > 1) return page.close();
  await context.clearCookies();
  const driver = await context.newCDPSession(page);
  for (const server of allowed) await driver.send("Storage.clearDataForOrigin", { origin: `http://${server}`, storageTypes: "all" });
  await driver.detach();
  context.left.push(page);
}

// picture stores a screenshot for people to look at, if SHOTS is set.
export async function picture(page, name) {
  if (!process.env.SHOTS) return;
  await mkdir(shots, { recursive: true });
  await page.screenshot({ path: `${shots}${name}.png`, fullPage: true, scale: "css" });
}

// shoot is picture, and asserts that the page is accessible: axe finds no violation.
export async function shoot(page, name) {
  await picture(page, name);
  if (!await page.evaluate(() => "axe" in globalThis)) await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"], preload: false }));
  assert.deepEqual(violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target}: ${n.failureSummary}`)), [], name);
}

// shootAll is shoot for both screens and both colour schemes. Colours are the same on both screens, and layouts in
// both schemes. So axe sees all of them in two checks.
export async function shootAll(page, name) {
  const screens = { phone, desktop };
  for (const [size, scheme, look] of [["phone", "dark", picture], ["phone", "light", shoot], ["desktop", "light", picture], ["desktop", "dark", shoot]]) {
    await page.setViewportSize(screens[size]);
    await page.emulateMedia({ colorScheme: scheme });
    await look(page, `${name}-${size}-${scheme}`);
  }
}
