// Helpers for statuses.

import assert from "node:assert/strict";

import { text } from "./parties.mjs";

const nobody = "00000000-0000-0000-0000-000000000000";

// set reports a member's status to its party; report takes any payload. Both use the socket.
export const set = (player, party_id, stage, progress, more = {}) => report(player, { party_id, stage, progress, ...more });
export const report = (player, payload) => player.rpc("party_status_set", payload);

// onTheWay is the report of a player who is not in the party yet, from a launcher without a socket.
export const onTheWay = (player, code, stage, progress, more = {}) =>
  player.rpcOverHTTP("party_status_set", { code, stage, progress, ...more });

export const list = (player, party_id) => player.rpc("party_status_list", { party_id });

// rowOf returns one member's row of a list.
export const rowOf = async (player, party_id, who) => (await list(player, party_id)).members.find((m) => m.user_id === who.id);

// news reads a message with op code -1, and returns null for any other.
export function news(data) {
  if (data.op_code !== -1) return null;
  assert.equal(data.presence.user_id, nobody);
  assert.equal(data.presence.session_id, nobody);
  assert.equal(data.presence.username, "partyline");
  const body = JSON.parse(text(data));
  assert.ok(Array.isArray(body.members) && Array.isArray(body.incoming), text(data));
  return body;
}

// told waits for fitting news of one user, as a member or on the way.
export async function told(player, party_id, who, fits = () => true, where = "members") {
  let found;
  await player.next("partydata", (d) => {
    if (d.party_id !== party_id) return false;
    found = news(d)?.[where].find((r) => r.user_id === who.id && fits(r));
    return found !== undefined;
  });
  return found;
}

// allTold lists the news in a player's mailbox.
export const allTold = (player, party_id) =>
  player.heard("partydata").filter((d) => d.party_id === party_id).map(news).filter((n) => n !== null);
