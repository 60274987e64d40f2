// The connection to the server: the stock SDK, one device per browser window, and a socket
// that comes back by itself.

const deviceKey = 'partyline-demo-device';
const nameKey = 'partyline-demo-name';

// A window's session storage is its own, so every window is another player, and a reload
// is still the same one.
export function storedName() {
  return sessionStorage.getItem(nameKey) || '';
}

function deviceId() {
  let id = sessionStorage.getItem(deviceKey);
  if (!id) {
    id = 'demo-' + Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
    sessionStorage.setItem(deviceKey, id);
  }
  return id;
}

// isMissing tells a server that does not run Partyline from a refusal.
export function isMissing(error) {
  return /rpc function not found/i.test((error && error.message) || '');
}

export class Connection {
  constructor(settings) {
    this.settings = settings; // {server, key, sdk}
    this.on = {}; // party events by the SDK's names, and state, back, gone
    this.names = new Map(); // user ID -> display name
    this.state = 'off';
  }

  get server() {
    return new URL(this.settings.server || location.origin);
  }

  get userId() {
    return this.session ? this.session.user_id : '';
  }

  async start(name) {
    const { Client } = await import(this.settings.sdk);
    const url = this.server;
    const secure = url.protocol === 'https:';
    this.client = new Client(this.settings.key, url.hostname, url.port || (secure ? '443' : '80'), secure);
    this.secure = secure;
    this.session = await this.client.authenticateDevice(deviceId(), true);
    await this.client.updateAccount(this.session, { display_name: name });
    sessionStorage.setItem(nameKey, name);
    this.names.set(this.userId, name);
    await this.connect();
  }

  async connect() {
    this.setState('connecting');
    const socket = this.client.createSocket(this.secure, false);
    for (const event of ['onparty', 'onpartyclose', 'onpartydata', 'onpartyjoinrequest', 'onpartyleader', 'onpartypresence', 'onnotification']) {
      socket[event] = (message) => { if (this.socket === socket && this.on[event]) this.on[event](message); };
    }
    socket.ondisconnect = () => { if (this.socket === socket) this.lost(); };
    await socket.connect(this.session, true);
    socket.onerror = () => {};
    this.socket = socket;
    this.setState('on');
  }

  // lost tries again, more slowly each time, until the server answers.
  async lost() {
    this.socket = null;
    this.setState('lost');
    if (this.on.gone) this.on.gone();
    for (let wait = 500; !this.socket; wait = Math.min(wait * 2, 8000)) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      try {
        this.session = await this.client.authenticateDevice(deviceId(), true);
        await this.connect();
      } catch (error) {
        this.setState('lost');
      }
    }
    if (this.on.back) this.on.back();
  }

  setState(state) {
    this.state = state;
    if (this.on.state) this.on.state(state);
  }

  // rpc calls one of Partyline's RPCs over the socket.
  async rpc(id, body) {
    if (!this.socket) throw new Error('The connection is lost. One moment, please.');
    const answer = await this.socket.rpc(id, JSON.stringify(body || {}));
    return answer.payload ? JSON.parse(answer.payload) : {};
  }

  // learnNames asks for the display names of users it has not met; it never fails.
  async learnNames(ids) {
    const unknown = ids.filter((id) => id && !this.names.has(id));
    if (!unknown.length) return false;
    try {
      const answer = await this.client.getUsers(this.session, unknown);
      for (const user of answer.users || []) this.names.set(user.id, user.display_name || user.username);
    } catch (error) {
      return false;
    }
    return true;
  }
}
