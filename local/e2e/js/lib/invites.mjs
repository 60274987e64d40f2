// Helpers for invites.

import assert from "node:assert/strict";

import { text } from "./parties.mjs";

// Crockford's base32: no I, L, O and U.
export const linkCode = /^[0-9A-HJKMNP-TV-Z]{16}$/;
export const spokenCode = /^[0-9A-HJKMNP-TV-Z]{8}$/;

// A random code of the right form. The chance that it exists is one in 2^80.
export const unknownCode = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[b % 32]).join("");

export const create = (player, party_id, wishes = {}) => player.rpc("party_invite_create", { party_id, ...wishes });
export const preview = (player, code) => player.rpc("party_invite_preview", { code });
export const redeem = (player, code, more = {}) => player.rpc("party_invite_redeem", { code, ...more });
export const list = async (player, party_id) => (await player.rpc("party_invite_list", { party_id })).invites;
export const revoke = (player, which) => player.rpc("party_invite_revoke", which);
export const decline = (player, code) => player.rpc("party_invite_decline", { code });

// denied asserts a refusal with the reason; words must be in its text.
export async function denied(promise, reason, ...words) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.reason, reason, `refused with ${JSON.stringify(error.message)}`);
    for (const word of words) assert.ok(error.message.includes(word), `${error.message} does not name ${word}`);
    const sentence = error.message.slice(reason.length + 2);
    assert.ok(sentence.length > 0, "a refusal tells the player something");
    return true;
  });
}

// used returns how often an invite was used, as its creator sees it.
export async function used(player, party_id, id) {
  return (await list(player, party_id)).find((i) => i.id === id)?.uses;
}

// told waits for the server's invite message of one kind, which arrives as party data with op code -2.
export async function told(player, event, id) {
  const message = await player.next("partydata", (d) => {
    if (d.op_code !== -2) return false;
    const said = JSON.parse(text(d));
    return said.event === event && said.id === id;
  });
  assert.equal(message.presence.user_id, "00000000-0000-0000-0000-000000000000");
  assert.equal(message.presence.username, "partyline");
  return JSON.parse(text(message));
}

// sessionID returns the ID of a player's own socket. The server sends it only in presences.
export async function sessionID(player) {
  const mark = `session-${Math.random()}`;
  await player.socket.updateStatus(mark);
  const seen = await player.next("statuspresence", (e) => e.joins?.some((p) => p.status === mark));
  return seen.joins.find((p) => p.status === mark).session_id;
}
