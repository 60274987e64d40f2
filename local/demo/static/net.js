// The connection of one player to the server: the stock SDK, and a socket that reconnects by
// itself. Bots use it too.

const events = [
  'onparty', 'onpartyclose', 'onpartydata', 'onpartyjoinrequest', 'onpartyleader', 'onpartypresence',
  'onmatchmakermatched', 'onmatchdata', 'onnotification',
];

// isMissing reports whether an error means that the server does not run Partyline, unlike a refusal.
export function isMissing(error) {
  return /rpc function not found/i.test((error && error.message) || '');
}

// tagOf makes a username from a name. Others type it to invite this player.
function tagOf(name, device) {
  const word = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 16);
  return (word || 'player') + '-' + device.slice(-6);
}

export class Connection {
  constructor(settings, on) {
    this.settings = settings; // {server, key, sdk}
    this.on = on; // handlers: party and match events by the SDK's names, and state, gone, back
    this.names = new Map(); // user ID -> display name
    this.tags = new Map(); // user ID -> username
    this.pause = 0; // ms to wait after the next loss
  }

  get server() {
    return new URL(this.settings.server || location.origin);
  }

  get userId() {
    return this.session ? this.session.user_id : '';
  }

  get tag() {
    return this.session ? this.session.username : '';
  }

  nameOf(userId, fallback = 'A player') {
    return this.names.get(userId) || fallback;
  }

  async start(name, device) {
    const { Client } = await import(this.settings.sdk);
    const url = this.server;
    const secure = url.protocol === 'https:';
    this.client = new Client(this.settings.key, url.hostname, url.port || (secure ? '443' : '80'), secure);
    this.login = async () => {
      this.session = await this.client.authenticateDevice(device, true, tagOf(name, device));
      await this.client.updateAccount(this.session, { display_name: name });
      this.met({ id: this.userId, display_name: name, username: this.tag });
      await this.connect();
    };
    await this.login();
  }

  async connect() {
    this.tell('state', 'connecting');
    const socket = this.client.createSocket(this.server.protocol === 'https:', false);
    for (const event of events) socket[event] = (message) => { if (this.socket === socket) this.tell(event, message); };
    socket.ondisconnect = () => { if (this.socket === socket) this.lost(); };
    socket.onheartbeattimeout = socket.ondisconnect; // Chromium reports the close up to a minute later
    this.socket = socket; // the first events arrive before connect returns
    try {
      await socket.connect(this.session, true);
    } catch (error) {
      this.socket = null;
      throw error;
    }
    socket.onerror = () => {};
    this.tell('state', 'on');
  }

  // lost reconnects, at growing intervals, until the server answers or the player closes the connection.
  async lost() {
    this.socket = null;
    if (this.closed) return;
    this.tell('state', 'lost');
    this.tell('gone');
    for (let wait = this.pause || 500; !this.socket && !this.closed; wait = Math.min(wait * 2, 8000)) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      try {
        await this.login();
      } catch (error) {
        this.tell('state', 'lost');
      }
    }
    this.pause = 0;
    if (!this.closed) this.tell('back');
  }

  // drop loses the connection on purpose, for this many milliseconds.
  drop(pause) {
    this.pause = pause;
    if (this.socket) this.socket.disconnect(true);
  }

  close() {
    this.closed = true;
    if (this.socket) this.socket.disconnect(true);
  }

  tell(event, message) {
    if (this.on[event]) this.on[event](message);
  }

  // rpc calls one of Partyline's RPCs over the socket.
  async rpc(id, body) {
    if (!this.socket) throw new Error('The connection is lost. One moment, please.');
    const answer = await this.socket.rpc(id, JSON.stringify(body || {}));
    return answer.payload ? JSON.parse(answer.payload) : {};
  }

  // offers calls an RPC that this server may not have. It returns null if it is missing, {} if it refuses.
  async offers(id, body) {
    try {
      return await this.rpc(id, body);
    } catch (error) {
      return isMissing(error) ? null : {};
    }
  }

  met(user) {
    this.names.set(user.id, user.display_name || user.username);
    this.tags.set(user.id, user.username);
  }

  // learnNames asks for the names of unknown users; it never fails.
  async learnNames(ids) {
    const unknown = ids.filter((id) => id && !this.names.has(id));
    if (!unknown.length) return false;
    try {
      const answer = await this.client.getUsers(this.session, unknown);
      for (const user of answer.users || []) this.met(user);
    } catch (error) {
      return false;
    }
    return true;
  }
}
