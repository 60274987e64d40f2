// Helpers for parties.

import { settle } from "./player.mjs";

// party makes a party of the first player. The others join it; in a closed party the leader accepts them.
export async function party({ open = true, size = 4 } = {}, leader, ...others) {
  const made = await leader.socket.createParty(open, size);
  for (const p of others) {
    await p.socket.joinParty(made.party_id);
    if (!open) {
      const asked = await leader.next("partyjoinrequest", (r) => r.presences[0].user_id === p.id);
      await leader.socket.acceptPartyMember(made.party_id, asked.presences[0]);
    }
    p.self = (await p.next("party", (e) => e.party_id === made.party_id)).self;
  }
  leader.self = made.self;
  await settle(leader, ...others);
  for (const p of [leader, ...others]) p.forget();
  return made;
}

// hear sends a word from one member and returns the given players who heard it.
export async function hear(id, speaker, ...listeners) {
  const word = `word-${Math.random()}`;
  await speaker.socket.sendPartyData(id, 42, word);
  await speaker.ping(); // sendPartyData does not wait for the server
  await settle(...listeners);
  return listeners.filter((p) => p.heard("partydata").some((d) => d.party_id === id && text(d) === word));
}

// text returns party data as a string.
export function text(data) {
  return data.data ? new TextDecoder().decode(data.data) : "";
}

// partyTraffic returns everything in a player's mailbox that came from one party.
export function partyTraffic(player, id) {
  return player.mail.filter((m) => m.kind.startsWith("party") && m.value.party_id === id);
}
