// Bots to try the lobby with: each is a stock client, in this page. Friends join the party by
// an invite; opponents look for a match in the queue.

import { Connection } from './net.js';
import { Game } from './game.js';
import { op } from './party.js';
import { newDevice } from './player.js';
import { Progress } from './progress.js';
import { characters } from './views.js';

const names = ['Nova', 'Pixel', 'Rook', 'Juno', 'Ziggy', 'Echo', 'Bolt', 'Fern', 'Koda', 'Lumen'];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let count = 0;

class Bot {
  // A loaded bot is ready at once; another bot downloads the game first.
  constructor(settings, loaded, device = newDevice()) {
    this.device = device;
    this.loaded = loaded && Promise.resolve();
    const number = count++;
    this.name = names[number % names.length] + ' (bot)';
    this.character = Object.keys(characters)[number % 4];
    this.net = new Connection(settings, {
      onparty: (party) => this.entered(party),
      onpartyclose: () => this.net.close(),
      onpartydata: (data) => this.heard(data),
      onnotification: (notice) => { // for a bot without a party
        if (notice.code === 1006) this.accept(notice.content.ticket);
        if (notice.code === 1007) this.connect(notice.content);
      },
      onmatchmakermatched: (matched) => this.play(matched.match_id),
    });
    this.game = new Game(() => {});
    this.progress = new Progress((status) => this.net.rpc('party_status_set', Object.assign({ party_id: this.party.party_id }, status)), () => {});
  }

  start() {
    return this.net.start(this.name, this.device);
  }

  async entered(party) {
    if (this.party && this.party.party_id === party.party_id) return;
    this.party = party;
    await this.net.offers('party_attributes_set', { party_id: party.party_id, member: { character: this.character } });
    if (this.loaded) this.progress.set('ready');
    else this.loaded = this.progress.start();
  }

  heard(data) {
    if (data.op_code >= 0) return;
    const body = JSON.parse(new TextDecoder().decode(data.data));
    if (data.op_code === op.matchmaking && body.event === 'found') this.accept(body.ticket);
    if (data.op_code === op.match && body.event === 'server_ready') this.connect(body);
    if (data.op_code === op.match && body.event === 'seat_held' && body.user_id === this.net.userId) this.play(body.match_id);
    // A member joined or left, and the rules ask all members again.
    if (data.op_code === op.status && body.members.some((m) => m.user_id === this.net.userId && m.stage === 'waiting')) pause(1500).then(() => this.progress.set('ready'));
  }

  async accept(ticket) {
    await pause(1500); // as a person would take time to decide
    await this.net.offers('party_match_accept', { ticket: ticket, accept: true });
  }

  async play(matchId) {
    if (this.match === matchId) return;
    this.match = matchId;
    await this.loaded;
    await this.net.socket.joinMatch(matchId).catch(() => {});
  }

  async connect(ready) {
    await this.loaded;
    this.game.open(ready.match_id, ready);
  }

  async join(code) {
    const answer = await this.net.rpc('party_invite_redeem', { code: code });
    if (answer.match_id) await this.play(answer.match_id);
  }

  stop() {
    this.progress.stop();
    this.game.close();
    this.net.close();
  }
}

export class Bots {
  constructor(settings, player) {
    this.settings = settings;
    this.player = player;
    this.friends = [];
    this.others = [];
  }

  async invite(net, partyId) {
    const bot = new Bot(this.settings, false);
    await bot.start();
    const invite = await net.rpc('party_invite_create', { party_id: partyId, max_uses: 1, ttl_sec: 60 });
    await bot.join(invite.code);
    this.remember(this.friends.concat(bot));
  }

  // restore brings back the bot friends of a closed window, into the seats kept for them.
  async restore() {
    if (this.friends.length) return;
    const bots = (this.player.saved.bots || []).map((device) => new Bot(this.settings, true, device));
    const back = await Promise.all(bots.map(async (bot) => {
      await bot.start();
      return bot.net.rpc('party_resume').then(() => true, () => bot.stop());
    }));
    this.remember(bots.filter((bot, at) => back[at]));
  }

  remember(friends) {
    this.friends = friends;
    this.player.keep({ bots: friends.map((bot) => bot.device) });
  }

  // opponents adds the bots that a match still needs when `waiting` players look for it. A group of a
  // whole team comes as a party; the other bots come alone.
  async opponents(queue, waiting) {
    for (let missing = queue.teams * queue.size - waiting; missing > 0;) {
      const group = Array.from({ length: Math.min(queue.size, missing) }, () => new Bot(this.settings, true));
      missing -= group.length;
      this.others.push(...group);
      await Promise.all(group.map((bot) => bot.start()));
      const [first, ...rest] = group;
      const properties = Object.assign({ queue: queue.id }, queue.properties);
      if (!rest.length) {
        await first.net.socket.addMatchmaker('*', 2, 100, properties);
        continue;
      }
      const party = await first.net.socket.createParty(false, group.length);
      const invite = await first.net.rpc('party_invite_create', { party_id: party.party_id });
      for (const bot of rest) await bot.join(invite.code);
      await first.net.socket.addMatchmakerParty(party.party_id, '*', 2, 100, properties);
    }
  }

  // dismiss stops the opponents and takes the friends out of the match. leave also stops the friends.
  dismiss() {
    for (const bot of this.others.splice(0)) bot.stop();
    for (const bot of this.friends) {
      if (bot.game.connected) bot.game.leave().catch(() => {});
      else if (bot.match && bot.net.socket) bot.net.socket.leaveMatch(bot.match).catch(() => {});
      bot.match = '';
    }
  }

  leave() {
    this.dismiss();
    for (const bot of this.friends) bot.stop();
    this.remember([]);
  }
}
