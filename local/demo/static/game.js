// The sample game server (local/gameserver) as a player sees it. A pass opens a stream of events,
// which is the connection; actions are separate calls.

const again = 1000; // ms from a lost connection to the next try

export class Game {
  // changed() is called after each new state of the game and at the end of the connection.
  constructor(changed) {
    this.changed = changed;
    this.state = null; // {players, score, over} as the server last sent it
  }

  get connected() {
    return !!this.stream;
  }

  // open connects to the server of a match. server is what server_ready contains, and party_match under `server`.
  open(matchId, server) {
    if (this.connected && this.matchId === matchId) return;
    this.close();
    this.matchId = matchId;
    this.at = (server.address.includes(':') ? '[' + server.address + ']' : server.address) + ':' + server.port;
    this.query = '?pass=' + encodeURIComponent(server.pass);
    this.state = null;
    const stream = new EventSource('http://' + this.at + '/play' + this.query);
    this.stream = stream;
    stream.onmessage = (message) => {
      this.state = JSON.parse(message.data);
      if (this.state.over) this.close();
      this.changed();
    };
    stream.onerror = () => { // a pass works once, so the next try needs another one
      if (this.stream !== stream) return;
      this.close();
      this.changed();
      setTimeout(() => {
        if (this.connected || this.matchId !== matchId) return;
        this.matchId = '';
        this.changed();
      }, again);
    };
  }

  // close drops the connection; the server keeps the seat for a while.
  close() {
    if (this.stream) this.stream.close();
    this.stream = null;
  }

  score() {
    return this.post('/score');
  }

  // leave gives up the seat.
  async leave() {
    await this.post('/leave');
    this.close();
  }

  async post(path) {
    const answer = await fetch('http://' + this.at + path + this.query, { method: 'POST' });
    if (!answer.ok) throw new Error('The game server refuses.');
  }
}
