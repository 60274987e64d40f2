// Changes the rules file of the server under test, as its operator would. The server says where the file
// is. The suite writes it and makes the server read it. The server must have been started with
// PARTY_RULES, and this user must be able to write the file.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";

import { host, httpKey, port } from "./server.mjs";

// admin calls a function as one of the game's own servers.
export async function admin(id, payload = {}) {
  const response = await fetch(`http://${host}:${port}/v2/rpc/${id}?http_key=${httpKey}&unwrap`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(payload),
  });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.message), { code: answer.code, status: response.status });
  return answer;
}

let before;

// rules puts a rules file into force: a text, or an object. JSON is valid YAML.
export async function rules(file) {
  const answer = await reload(file);
  assert.equal(answer.error, "", JSON.stringify(answer.problems));
  return answer;
}

// reload makes the server read a rules file, valid or not.
export async function reload(file) {
  const { source } = await admin("party_admin_rules");
  assert.ok(source, "the server must be started with PARTY_RULES");
  before ??= { source, text: await readFile(source, "utf8") };
  await writeFile(source, typeof file === "string" ? file : JSON.stringify({ version: 1, ...file }));
  return admin("party_admin_rules", { reload: true });
}

// restore puts the original file back; for an after hook.
export async function restore() {
  if (!before) return;
  await writeFile(before.source, before.text);
  await admin("party_admin_rules", { reload: true });
}
