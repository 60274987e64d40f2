// The screen of a player without a party: the parties to join, and the wait for one.

import { el, byId, named, show, busy, toast } from './dom.js';
import { action, initialOf, redraw } from './views.js';

const every = 4000; // ms between two updates of the list

export class Finder {
  // look(code) shows an invite.
  constructor(net, look) {
    this.net = net;
    this.look = look;
    this.wait = null; // {code | party_id, name, place, until}, or {asked: true}
    byId('quick-join').addEventListener('click', (e) => busy(e.currentTarget, () => net.rpc('party_quick_join')));
    byId('waiting-cancel').addEventListener('click', (e) => busy(e.currentTarget, () => this.stopWaiting()));
    byId('waiting-take').addEventListener('click', (e) => busy(e.currentTarget, () => this.take()));
  }

  // watch keeps the list current while it is on the screen.
  watch(shown) {
    clearInterval(this.timer);
    if (!shown) return;
    this.timer = setInterval(() => this.list(), every);
    this.list();
  }

  async list() {
    if (this.wait && this.wait.place) await this.askAgain();
    const answer = await this.net.offers('party_find', { limit: 20 });
    show('quick-join', answer !== null);
    const parties = (answer && answer.parties) || [];
    show('finds-none', parties.length === 0);
    redraw(byId('finds'), parties.map((p) => this.row(p)));
  }

  row(p) {
    const leader = p.leader.display_name || p.leader.username;
    const free = p.max_size - p.size - p.held > 0;
    const map = p.attributes && p.attributes.map;
    return el('li', { data: { testid: 'find', key: p.party_id } },
      el('span', { className: 'face', 'aria-hidden': 'true' }, initialOf(leader)),
      el('span', { className: 'grow' },
        el('b', { dir: 'auto', className: 'name' }, leader + '\u2019s party'),
        el('span', { className: 'caption' }, [p.size + ' of ' + p.max_size + ' seats', map && String(map), p.age_sec < 60 ? 'just made' : Math.floor(p.age_sec / 60) + ' min old'].filter(Boolean).join(' · '))),
      free ? action('Join', 'find-join', (b) => busy(b, () => this.net.socket.joinParty(p.party_id)), leader)
        : action('Wait', 'find-wait', (b) => busy(b, () => this.standInLine({ party_id: p.party_id }, leader)), 'for a seat of ' + leader));
  }

  // standInLine waits for a seat of a full party. Place 0 means that a seat is free at once.
  async standInLine(where, name) {
    const answer = await this.net.rpc('party_wait', where);
    this.draw(answer.place ? Object.assign({ name: name, place: answer.place, of: answer.of, until: answer.held_until }, where) : null);
  }

  // where names the wait list this player is on, as party_wait expects it.
  where() {
    return this.wait.code ? { code: this.wait.code } : { party_id: this.wait.party_id };
  }

  async askAgain() {
    try {
      await this.standInLine(this.where(), this.wait.name);
    } catch (error) {
      this.draw(null);
      toast('You are not on the wait list any more.');
    }
  }

  // free handles notification 1005: a seat is free.
  free(until) {
    if (this.wait) this.draw(Object.assign(this.wait, { until: until }));
  }

  async take() {
    if (this.wait.code) await this.net.rpc('party_invite_redeem', { code: this.wait.code });
    else await this.net.socket.joinParty(this.wait.party_id);
  }

  async stopWaiting() {
    if (this.wait.place) await this.net.rpc('party_wait', Object.assign({ leave: true }, this.where()));
    this.draw(null);
  }

  // asked shows that this player asked to join a closed party.
  asked() {
    this.draw({ asked: true });
  }

  draw(wait) {
    this.wait = wait;
    show('waiting', !!wait);
    if (!wait) return;
    show('waiting-take', !!wait.until);
    byId('waiting-text').replaceChildren(...wait.asked ? ['You asked to join. The leader decides.']
      : wait.until ? ['A seat of ', named(wait.name), '\u2019s party is free and held for you.']
        : ['You are number ' + wait.place + ' of ' + wait.of + ' on the wait list of ', named(wait.name), '\u2019s party.']);
  }
}
