// Looking for a match, accepting one, and playing in it. The page shows what the server answers
// (party_queue, party_match). The server's messages only trigger new questions.

import { el, byId, show, text, busy } from './dom.js';
import { clock, minutes } from './views.js';
import { Game } from './game.js';

// The queues of the sample rules. A game knows its own. A match with a server runs there, not in Nakama.
export const queues = [
  { id: 'duo_race', name: 'Duo race', about: 'Two teams of two', teams: 2, size: 2 },
  { id: 'showdown', name: 'Showdown', about: 'One against one; both accept first', teams: 2, size: 1 },
  { id: 'arena', name: 'Arena', about: 'On a game server; three points win', teams: 2, size: 2, server: true },
  { id: 'ranked_5v5', name: 'Ranked', about: 'Five against five, by skill and region', teams: 2, size: 5, properties: { region: 'eu' } },
];
export const queueOf = (id) => queues.find((q) => q.id === id) || { id: id, name: id, teams: 2, size: 1 };

const every = 2000; // ms between questions while a search or a match is under way

const reasonText = {
  match_on: 'play in another region or mode',
  skill: 'are too far away in skill for now',
  latency: 'share no region that is near enough',
  size: 'do not fill the teams with yours',
  blocks: 'have a block with somebody of yours',
  parity: 'come in groups of another size',
  team_spread: 'would make the teams uneven',
  waiting: 'fit, but more players are needed',
};

const dropText = {
  membership: 'The party changed, so it is out of the queue. Look again: it keeps its place.',
  expired: 'No match was found in time.',
  party_too_large: 'The party is too large for this queue now.',
  matched: 'Another search was faster.',
  declined: 'Somebody did not want the match, so the party is out of the queue.',
  no_answer: 'Somebody did not answer, so the party is out of the queue.',
  internal: 'The match could not be made. Look again: you keep your place.',
};

const waitText = {
  no_replacement: 'The others did not come. Looking on: you keep your place.',
  no_capacity: 'No game server is free right now. Looking on: you keep your place.',
};

export class Play {
  // party() returns this player's party or null; bots.opponents(queue, seats) sends opponents.
  constructor(net, party, bots) {
    Object.assign(this, { net, party, bots });
    this.game = new Game(() => this.ask());
    this.reset();
    byId('queue-form').addEventListener('submit', (e) => { e.preventDefault(); busy(e.submitter, () => this.start()); });
    byId('queues').addEventListener('change', () => this.check());
    byId('queue-cancel').addEventListener('click', (e) => busy(e.currentTarget, () => this.cancel()));
    byId('opponents').addEventListener('click', (e) => busy(e.currentTarget, () => this.bots.opponents(queueOf(this.ticket.queue), this.party().footprint())));
    for (const [id, accept] of [['accept', true], ['decline', false]]) {
      byId(id).addEventListener('click', (e) => busy(e.currentTarget, () => this.answer(accept)));
    }
    byId('match-join').addEventListener('click', (e) => busy(e.currentTarget, () => this.enter(this.match.match_id)));
    byId('match-leave').addEventListener('click', (e) => busy(e.currentTarget, () => this.leave()));
    byId('score').addEventListener('click', (e) => busy(e.currentTarget, () => this.game.score()));
    byId('queues').replaceChildren(...queues.map((q, at) => el('label', { className: 'queue' },
      el('input', { type: 'radio', name: 'queue', value: q.id, checked: at === 0, data: { testid: 'queue-' + q.id } }),
      el('b', null, q.name), el('span', { className: 'caption' }, q.about))));
  }

  reset() {
    clearInterval(this.timer);
    clearInterval(this.beat);
    this.game.close();
    this.ticket = null; // a row of party_queue
    this.match = null; // the answer of party_match
    this.accepted = ''; // the ticket for which this player accepted a match
    this.left = ''; // the match that this player left
    text('play-note', '');
  }

  get chosen() {
    return new FormData(byId('queue-form')).get('queue');
  }

  // ask reads the current search and match. It runs after messages about them, and at intervals.
  async ask() {
    const party = this.party();
    if (!party || !this.net.socket) return;
    const [waiting, match] = await Promise.all(['party_queue', 'party_match'].map((id) => this.net.offers(id, { party_id: party.id })));
    if (party !== this.party()) return;
    this.ticket = (waiting && waiting.tickets && waiting.tickets[0]) || null;
    this.match = match && match.match_id ? match : null;
    this.at = Date.now();
    clearInterval(this.timer);
    if (this.ticket || this.match) this.timer = setInterval(() => this.ask(), every);
    if (!this.match) this.game.close();
    else if (this.match.server && ![this.left, this.game.matchId].includes(this.match.match_id)) this.game.open(this.match.match_id, this.match.server);
    await this.net.learnNames(this.match ? this.match.seats.map((s) => s.user_id) : []);
    this.draw();
  }

  // check disables the button and shows the reason before anybody presses it.
  async check() {
    const party = this.party();
    if (!party || this.ticket || this.match) return;
    const answer = await this.net.offers('party_check', { action: 'matchmake', party_id: party.id, queue: this.chosen });
    const missing = answer === null;
    byId('queue-start').disabled = missing || !party.leads || answer.allowed === false;
    byId('queue-why').textContent = missing ? 'This server runs without Partyline, so it has no queues.'
      : !party.leads ? 'The leader starts the search.' : answer.allowed === false ? answer.message : '';
  }

  async start() {
    const queue = queueOf(this.chosen);
    text('play-note', '');
    await this.net.socket.addMatchmakerParty(this.party().id, '*', 2, 100, Object.assign({ queue: queue.id }, queue.properties));
    await this.ask();
  }

  async cancel() {
    await this.net.socket.removeMatchmakerParty(this.party().id, this.ticket.ticket);
    this.bots.dismiss();
    await this.ask();
  }

  async answer(accept) {
    const ticket = this.ticket.ticket;
    this.ticket.proposal = await this.net.rpc('party_match_accept', { ticket: ticket, accept: accept });
    if (accept) this.accepted = ticket;
    this.draw();
  }

  async enter(matchId) {
    this.left = '';
    await this.ask();
    const { match } = this;
    if (match && match.server) this.game.open(match.match_id, match.server);
    else if (!match || !queueOf(match.queue).server) await this.net.socket.joinMatch(matchId);
    await this.ask();
  }

  async leave() {
    this.left = this.match.match_id;
    if (queueOf(this.match.queue).server) await this.game.leave();
    else await this.net.socket.leaveMatch(this.left);
    this.bots.dismiss();
    await this.ask();
  }

  // told handles a message of the server with op code -3 or -4.
  async told(body, userId) {
    if (body.event === 'queued' && waitText[body.reason]) text('play-note', waitText[body.reason]);
    if (body.event === 'dropped') {
      text('play-note', dropText[body.reason] || 'The party is out of the queue.');
      const gone = body.reason !== 'membership' && body.reason !== 'internal' && this.party().leads; // the server removed the ticket itself for those two
      if (gone) this.net.socket.removeMatchmakerParty(this.party().id, body.ticket).catch(() => {});
    }
    if (body.event === 'matched' || body.event === 'found') text('play-note', '');
    if (body.event === 'ended' && !body.user_id) text('play-note', 'The match is over.' + (body.result ? ' Team ' + (body.result.winner + 1) + ' has won, ' + body.result.score.join(' to ') + '.' : ''));
    if (body.event === 'server_ready' && this.left !== body.match_id) this.game.open(body.match_id, body); // sent to this player only
    if (body.event === 'seat_held' && body.user_id === userId && this.left !== body.match_id) await this.enter(body.match_id).catch(() => {});
    await this.ask();
  }

  draw() {
    const { ticket, match } = this;
    const asked = ticket && ticket.proposal && this.accepted !== ticket.ticket;
    const state = match ? 'match' : asked ? 'found' : ticket ? 'searching' : 'idle';
    const before = byId('play').dataset.state;
    byId('play').dataset.state = state;
    for (const id of ['searching', 'found', 'match']) show(id, id === state);
    show('queue-form', state === 'idle');
    byId('party-state').dataset.state = state;
    byId('party-state').textContent = { idle: 'In the lobby', searching: 'Looking for a match', found: 'Match found', match: 'In a match' }[state];
    const name = queueOf((match || ticket || {}).queue).name;
    byId('play-title').textContent = { idle: 'Play', searching: 'Looking for: ' + name, found: 'Match found: ' + name, match: 'Match: ' + name }[state];
    if (state !== before && state === 'found') byId('play-title').focus();
    if (state === 'idle') this.check();
    if (state === 'searching') this.drawSearch();
    if (state === 'match') this.drawMatch();
    clearInterval(this.beat);
    if (ticket) this.beat = setInterval(() => this.tick(), 500);
    this.tick();
  }

  // tick updates the clocks between two answers of the server.
  tick() {
    if (!this.ticket) return;
    byId('waited').textContent = minutes(this.ticket.waited_sec + (Date.now() - this.at) / 1000);
    const proposal = this.ticket.proposal;
    if (!proposal) return;
    const left = Math.max(0, proposal.accept_by - Date.now() / 1000);
    byId('accept-left').textContent = minutes(left);
    byId('accept-bar').max = Math.max(byId('accept-bar').max, left);
    byId('accept-bar').value = left;
    byId('accepted').textContent = proposal.accepted + ' of ' + proposal.needed + ' players are ready';
  }

  drawSearch() {
    const { ticket } = this;
    const others = ticket.pool - 1;
    show('queue-cancel', this.party().leads);
    byId('eta').textContent = ticket.proposal ? 'Accepted. Waiting for the others.'
      : ticket.eta_sec ? 'Half find a match within ' + minutes(ticket.eta_sec.p50) + ' more.' : '';
    byId('reach').textContent = others < 1 ? 'Nobody else is in this queue yet.'
      : others === 1 ? (ticket.in_reach ? 'The one other group here fits.' : 'The one other group here does not fit yet.')
        : ticket.in_reach + ' of ' + others + ' other groups could play with you.';
    byId('reasons').replaceChildren(...ticket.holding_back.map((h) => el('li', { data: { testid: 'reason', reason: h.reason } },
      el('b', null, String(h.tickets)), ' ' + (reasonText[h.reason] || h.reason))));
  }

  drawMatch() {
    const { seats } = this.match;
    const mine = seats.find((s) => s.user_id === this.net.userId);
    const { server } = queueOf(this.match.queue);
    const playing = server ? this.game.connected : !!mine && mine.state === 'taken';
    show('match-join', !playing && (!server || !!this.match.server));
    show('match-leave', playing);
    this.drawGame(playing && server && this.game.state);
    const teams = Array.from(new Set(seats.map((s) => s.team))).sort();
    byId('teams').replaceChildren(...teams.map((team) => el('section', { className: 'team' },
      el('h3', null, 'Team ' + (team + 1) + (mine && mine.team === team ? ' (yours)' : '')),
      el('ul', null, ...seats.filter((s) => s.team === team).map((s) => this.seatRow(s))))));
  }

  // drawGame shows the last state from the game server, if there is one.
  drawGame(state) {
    show('game', !!state);
    show('score', !!state);
    if (!state) return;
    byId('game-at').textContent = this.game.at;
    byId('game-score').textContent = state.score.join(' : ');
    byId('game-players').textContent = state.players.map((p) => this.net.nameOf(p.user_id)).sort().join(', ');
  }

  seatRow(s) {
    const name = s.user_id ? this.net.nameOf(s.user_id) : s.state === 'held' ? 'A friend' : 'Open seat';
    const ours = s.party_id && s.party_id === this.party().id && 'Your party';
    const held = s.state === 'held' && (s.expires_at ? 'seat held until ' + clock(s.expires_at) : 'seat held');
    return el('li', { className: 'side seat-is-' + s.state, data: { testid: 'match-seat', state: s.state, team: s.team } },
      el('b', { dir: 'auto' }, name), el('span', { className: 'caption' }, [ours, held].filter(Boolean).join(' · ')));
  }
}
