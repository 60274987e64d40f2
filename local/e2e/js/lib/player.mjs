// Players: stock SDK clients whose callbacks fill a mailbox that tests wait on.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Client } from "@heroiclabs/nakama-js";
import WebSocket from "ws";

import { host, patience, port, serverKey } from "./server.mjs";

globalThis.WebSocket = WebSocket; // the SDK uses the global one

const callbacks = [
  "onparty", "onpartyclose", "onpartydata", "onpartyjoinrequest", "onpartyleader", "onpartymatchmakerticket",
  "onpartypresence", "onmatchdata", "onmatchmakermatched", "onmatchpresence", "onnotification", "onstatuspresence",
];

const living = new Set();

// Player is one user with at most one socket; `again` opens further ones.
export class Player {
  static async login(name = "player", vars = undefined) {
    const player = new Player();
    player.client = new Client(serverKey, host, port, false, patience);
    const username = `${name}-${randomUUID().slice(0, 13)}`;
    player.session = await player.client.authenticateDevice(randomUUID(), true, username, vars);
    player.id = player.session.user_id;
    player.username = player.session.username;
    return player;
  }

  // connect opens the realtime socket. Every callback of the SDK goes to the mailbox.
  async connect({ status = false } = {}) {
    this.mail = [];
    this.waiting = [];
    this.closed = new Promise((resolve) => { this.hasClosed = resolve; });
    this.socket = this.client.createSocket(false, false, undefined, patience);
    for (const name of callbacks) {
      this.socket[name] = (value) => this.#deliver(name.slice(2), value);
    }
    this.socket.ondisconnect = () => this.hasClosed();
    await this.socket.connect(this.session, status);
    living.add(this);
    await this.ping(); // an open socket may not be online yet
    return this;
  }

  // again opens a further socket of the same user.
  async again(options) {
    const other = new Player();
    Object.assign(other, { client: this.client, session: this.session, id: this.id, username: this.username });
    return other.connect(options);
  }

  #deliver(kind, value) {
    const message = { kind, value };
    const at = this.waiting.findIndex((w) => w.accepts(message));
    if (at < 0) {
      this.mail.push(message);
      return;
    }
    const [{ resolve }] = this.waiting.splice(at, 1);
    resolve(value);
  }

  // next takes the first fitting event of a kind out of the mailbox. It waits if there is none.
  next(kind, fits = () => true) {
    const accepts = (m) => m.kind === kind && fits(m.value);
    const at = this.mail.findIndex(accepts);
    if (at >= 0) {
      return Promise.resolve(this.mail.splice(at, 1)[0].value);
    }
    return new Promise((resolve, reject) => {
      const give = () => {
        this.waiting = this.waiting.filter((w) => w !== waiter);
        reject(new Error(`${this.username}: no ${kind} within ${patience} ms; mailbox: ${JSON.stringify(this.mail)}`));
      };
      const timer = setTimeout(give, patience);
      const waiter = { accepts, resolve: (v) => { clearTimeout(timer); resolve(v); } };
      this.waiting.push(waiter);
    });
  }

  // heard lists the messages in the mailbox, of one kind or of all.
  heard(kind) {
    return this.mail.filter((m) => !kind || m.kind === kind).map((m) => m.value);
  }

  // forget empties the mailbox.
  forget() { this.mail = []; }

  // ping makes a round trip: afterwards, all that the server had queued for this socket has arrived.
  async ping() { await this.socket.send({ ping: {} }); }

  async disconnect() {
    living.delete(this);
    this.socket.disconnect(false);
  }

  // rpc calls a function over the socket and decodes both ways; it throws a refusal as a Refusal.
  async rpc(id, payload = {}) {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    let answer;
    try {
      answer = await this.socket.rpc(id, text);
    } catch (error) {
      throw new Refusal(error.code, error.message ?? String(error));
    }
    return answer.payload ? JSON.parse(answer.payload) : undefined;
  }

  // rpcOverHTTP is rpc without a socket.
  async rpcOverHTTP(id, payload = {}) {
    try {
      return (await this.client.rpc(this.session, id, payload)).payload;
    } catch (response) {
      throw await refusalOf(response);
    }
  }
}

// Refusal is a server's refusal: the reason before the colon, the sentence after it, and the number.
// Over the socket every refusal of a function has number 7; over HTTP it is the gRPC number.
export class Refusal extends Error {
  constructor(code, text) {
    super(text);
    this.code = code;
    this.reason = /^[a-z_]+(\/[\w-]+)?(?=: )/.exec(text)?.[0];
  }
}

export async function refusalOf(response) {
  if (typeof response?.json !== "function") return response instanceof Error ? response : new Error(String(response));
  const { code, message } = await response.json();
  const refusal = new Refusal(code, message);
  refusal.status = response.status;
  return refusal;
}

// refused asserts that the server refuses a realtime message with a text that fits. The SDK rejects with
// the plain object from the wire.
export async function refused(promise, words) {
  await assert.rejects(promise, (error) => {
    assert.match(error.message, words);
    return true;
  });
}

// players logs in and connects one player per name.
export async function players(...names) {
  return Promise.all(names.map(async (name) => (await Player.login(name)).connect()));
}

let guard;

// settle returns when all effects of the server's answers so far are in the players' mailboxes. Presence
// events go through one worker of the server, in order. The guard, a user of this suite, changes its
// status twice, because an event may cause another, and waits for both events. Then a ping flushes each
// socket. No sleep is needed.
export async function settle(...sockets) {
  guard ??= (async () => (await Player.login("guard")).connect())();
  const g = await guard;
  for (let round = 0; round < 2; round++) {
    const status = randomUUID();
    await g.socket.updateStatus(status);
    await g.next("statuspresence", (e) => e.joins?.some((p) => p.status === status));
  }
  await Promise.all(sockets.map((p) => p.ping()));
  g.forget();
}

// leave ends all connections; for an afterEach hook.
export async function leave() {
  const all = [...living];
  living.clear();
  await Promise.all(all.filter((p) => p !== undefined).map((p) => p.socket.disconnect(false)));
  guard = undefined;
}
