// A game as its developer writes it with the typed client. The suite plays it.

import type { Client, Session, Socket } from "@heroiclabs/nakama-js";
import {
  Partyline, PartylineServer, Refusal, overHttp, overSocket, partyEvent, partyNotice, withHttpKey,
} from "../../../../docs/api/partyline.js";
import type { InviteState, PartyEvent, PartyNotice, Reason } from "../../../../docs/api/partyline.js";

export class Game {
  readonly events: PartyEvent[] = [];
  readonly notices: PartyNotice[] = [];
  readonly party: Partyline;

  constructor(readonly socket: Socket) {
    this.party = new Partyline(overSocket(socket));
    socket.onpartydata = (message) => {
      const event = partyEvent(message);
      if (event) this.events.push(event);
    };
    socket.onnotification = (notification) => {
      const notice = partyNotice(notification);
      if (notice) this.notices.push(notice);
    };
  }

  // invite makes a personal invite with everything that a request can contain.
  async invite(party_id: string, friend: string): Promise<{ code: string; uses: number }> {
    const made = await this.party.inviteCreate({
      party_id, for_user_ids: [friend], hold_seat: true, ttl_sec: 300, kind: "link",
      message: "Come and play!", info: [{ label: "Mode", value: "Co-op" }], launch: { map: "harbour" },
    });
    return { code: made.code, uses: made.uses };
  }

  // state returns what a button shows about an invite.
  async state(code: string): Promise<InviteState> {
    return (await this.party.invitePreview({ code })).state;
  }

  // progressOf returns the last progress that the server sent about a player.
  progressOf(user: string): number | undefined {
    for (const event of [...this.events].reverse()) {
      if (event.op !== -1) continue;
      const row = event.data.members.find((member) => member.user_id === user);
      if (row) return row.progress;
    }
    return undefined;
  }

  // invitedBy returns who invited this player, according to the notifications.
  invitedBy(): string | undefined {
    for (const notice of this.notices) {
      if (notice.code === 1001) return notice.content.from;
    }
    return undefined;
  }
}

// launcher redeems over HTTP while the game runs.
export async function launcher(client: Client, session: Session, code: string): Promise<string> {
  return (await new Partyline(overHttp(client, session)).inviteRedeem({ code })).party_id;
}

// outstanding makes a call of a game's own server.
export async function outstanding(client: Client, httpKey: string): Promise<number> {
  return (await new PartylineServer(withHttpKey(client, httpKey)).stats()).invites.outstanding;
}

// refused returns why a call was refused.
export async function refused(call: Promise<unknown>): Promise<{ reason: Reason; rule: string; wait: number | undefined } | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { reason: error.reason, rule: error.rule, wait: error.retryAfterSec };
  }
}
