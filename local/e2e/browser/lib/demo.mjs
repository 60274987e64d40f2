// The demo client in windows of their own: each is a player.

import { desktop, open, origin } from "./browser.mjs";

// demo is where the page is; the server it talks to is under test.
export const demo = process.env.DEMO ? `http://${process.env.DEMO}` : origin;

// windows are those of the test; the suite closes them after it.
export const windows = [];

export function handle(page) {
  windows.push(page);
  page.at = (id) => page.getByTestId(id);
  return page;
}

export const online = (page) => page.locator("[data-testid=connection][data-state=on]").waitFor();

// player opens the demo and gives a name.
export async function player(name, query = "") {
  const page = handle(await open(`${demo}/${query}`, { viewport: desktop }));
  await page.at("name-input").fill(name);
  await page.at("name-submit").click();
  await online(page);
  return page;
}
