// Helpers for queues and matches.

import assert from "node:assert/strict";

import { text } from "./parties.mjs";

// The queues of the server under test, as in local/e2e/testdata/queues.yml. All of them match by the
// property run, so tests never share tickets.
export const queues = { ranked: "e2e_5v5", duel: "e2e_duel", coop: "e2e_coop" };

const properties = (queue, run) => ({ queue, run });

// queueParty puts a party into a queue, by its leader.
export const queueParty = (leader, party_id, queue, run) =>
  leader.socket.addMatchmakerParty(party_id, "*", 2, 100, properties(queue, run));

// queueAlone is queueParty for a player without a party.
export const queueAlone = (player, queue, run) => player.socket.addMatchmaker("*", 2, 100, properties(queue, run));

// matched waits until all players are told of a match, and asserts that it is the same one.
export async function matched(...players) {
  const ids = await Promise.all(players.map(async (p) => (await p.next("matchmakermatched")).match_id));
  assert.equal(new Set(ids).size, 1, `sent to ${ids}`);
  assert.ok(ids[0], "no match was made");
  return ids[0];
}

export const join = (player, match_id) => player.socket.joinMatch(match_id);

// kept asserts that a player may not join a match, and why: stock clients see the reason in the error.
export async function kept(player, match_id, reason) {
  await assert.rejects(join(player, match_id), (error) => {
    assert.equal(error.code, 5, JSON.stringify(error));
    assert.match(error.message, new RegExp(`^${reason}: .`));
    return true;
  });
}

// seats returns the answer of party_match about a party's match.
export const seats = (player, party_id) => player.rpc("party_match", { party_id });

export const seatOf = async (player, party_id, user) => (await seats(player, party_id)).seats.find((s) => s.user_id === user.id);

// toldSeat waits for the server's message to the party about a seat, party data with op code -4.
export async function toldSeat(player, event, user) {
  const message = await player.next("partydata", (d) => {
    if (d.op_code !== -4) return false;
    const said = JSON.parse(text(d));
    return said.event === event && (!user || said.user_id === user.id);
  });
  assert.equal(message.presence.username, "partyline");
  return JSON.parse(text(message));
}

// shown waits for a seat map that fits, match data with op code -4.
export async function shown(player, match_id, fits) {
  const data = await player.next("matchdata", (d) => d.op_code === -4 && d.match_id === match_id && fits(JSON.parse(text(d)).seats ?? []));
  return JSON.parse(text(data));
}

// count counts the seats in each state.
export function count(rows) {
  const n = { taken: 0, held: 0, open: 0 };
  for (const s of rows) n[s.state]++;
  return n;
}
