// The demo client in separate windows; each window is a player.

import { desktop, open, origin } from "./browser.mjs";

// demo is the address of the page. The page talks to the server under test.
export const demo = process.env.DEMO ? `http://${process.env.DEMO}` : origin;

// windows are the open windows of the test; the suite closes them afterwards.
export const windows = [];

export function handle(page) {
  windows.push(page);
  page.at = (id) => page.getByTestId(id);
  return page;
}

export const online = (page) => page.locator("[data-testid=connection][data-state=on]").waitFor();

// player opens the demo and enters a name.
export async function player(name, query = "") {
  const page = handle(await open(`${demo}/${query}`, { viewport: desktop }));
  await page.at("name-input").fill(name);
  await page.at("name-submit").click();
  await online(page);
  return page;
}
