// The server under test. The runner names it in NAKAMA ("host:port").

const given = process.env.NAKAMA;
if (!given) {
  throw new Error("NAKAMA must name the server under test, as host:port");
}

export const host = given.slice(0, given.lastIndexOf(":"));
export const port = given.slice(given.lastIndexOf(":") + 1);
export const serverKey = "defaultkey";
export const httpKey = "defaulthttpkey";
export const consoleKey = "local-console-key"; // PARTY_CONSOLE_KEY

// How long anything may take before a test fails, in milliseconds. Only waits for the matchmaker's
// interval (15 s by default) come near it.
export const patience = 40_000;

// http makes a plain request that the SDK has no method for.
export function http(path, { token, method = "GET", body, headers = {} } = {}) {
  const all = { ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  if (body !== undefined) all["Content-Type"] = "application/json";
  return fetch(`http://${host}:${port}${path}`, { method, headers: all, body, redirect: "manual" });
}
