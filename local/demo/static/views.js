// Drawing: tiles of members with their badge in the corner, requests, the chat.

import { el, byId } from './dom.js';
import { badgeOf, sentenceOf } from './party.js';

const hues = 8;

function hueOf(key) {
  let hash = 2166136261;
  for (const c of key) hash = Math.imul(hash ^ c.codePointAt(0), 16777619) >>> 0;
  return hash % hues;
}

// colours gives everybody shown the hue of their ID, or the next one that nobody has.
function colours(seats) {
  const taken = new Set();
  for (const seat of seats) {
    if (!seat.user) continue;
    seat.hue = hueOf(seat.user);
    while (taken.has(seat.hue) && taken.size < hues) seat.hue = (seat.hue + 1) % hues;
    taken.add(seat.hue);
  }
  return seats;
}

function initialOf(name) {
  const letter = Array.from(name).find((c) => /[\p{L}\p{N}]/u.test(c));
  return (letter || Array.from(name)[0] || '?').toUpperCase();
}

// tile draws one seat: {user, name, leader, kind, badge, caption, actions}.
function tile(seat) {
  const badge = seat.badge;
  return el('li', {
    className: 'seat seat-' + seat.kind + ' hue-' + (seat.hue || 0) + (badge ? ' tone-' + badge.tone : ''),
    data: { testid: seat.testid || 'seat', user: seat.user || '', leader: String(!!seat.leader), kind: seat.kind },
  },
  el('div', { className: 'tile' },
    seat.name && seat.kind !== 'free' && el('span', { className: 'initial', 'aria-hidden': 'true' }, initialOf(seat.name)),
    seat.leader && el('span', { className: 'crown', data: { testid: 'member-crown' }, role: 'img', 'aria-label': 'Party leader' }, '\u265B'),
    badge && el('span', { className: 'badge', data: { testid: 'member-badge' } }, badge.text),
    badge && badge.percent !== null && el('progress', { className: 'bar', max: 100, value: badge.percent, 'aria-hidden': 'true' })),
  el('span', { className: 'name', dir: 'auto', data: { testid: 'member-name' } }, seat.name || 'Free seat'),
  seat.caption && el('span', { className: 'caption', dir: 'auto' }, seat.caption),
  seat.actions && seat.actions.length > 0 && el('span', { className: 'acts' }, ...seat.actions));
}

function action(label, testid, run) {
  return el('button', { className: 'button tiny', type: 'button', data: { testid: testid }, on: { click: (e) => run(e.currentTarget) } }, label);
}

const shownFree = 8; // free seats with a tile of their own

export function drawParty(party, names, act) {
  const nameOf = (p) => names.get(p.user_id) || p.username || 'A player';
  const seats = [];
  for (const p of party.members.values()) {
    const leader = !!party.leader && p.session_id === party.leader.session_id;
    const self = !!party.self && p.session_id === party.self.session_id;
    const actions = party.leads && !self
      ? [action('Make leader', 'member-promote', (b) => act.promote(p, b)), action('Remove', 'member-kick', (b) => act.kick(p, b))] : [];
    const status = party.statuses.get(p.user_id);
    const seat = {
      user: p.user_id, name: nameOf(p), leader: leader, kind: 'member', testid: 'member',
      badge: badgeOf(status), caption: (status && status.text) || (self && 'You'), actions: actions,
    };
    if (leader) seats.unshift(seat);
    else seats.push(seat);
  }
  for (const [user, status] of party.incoming) {
    seats.push({ user: user, name: names.get(user) || status.username || 'A friend', kind: 'incoming', testid: 'incoming', badge: badgeOf(status), caption: 'On the way' });
  }
  for (const user of party.away) {
    seats.push({ user: user, name: names.get(user) || 'A player', kind: 'away', testid: 'away', badge: { text: 'Connection lost', percent: null, tone: 'stalled' }, caption: 'The seat is kept' });
  }
  const free = Math.min(Math.max(party.maxSize - seats.length, 0), shownFree);
  for (let i = 0; i < free; i++) seats.push({ kind: 'free', testid: 'free-seat' });
  byId('members').replaceChildren(...colours(seats).map(tile));
  drawLoading(party, names);
  byId('party-count').textContent = party.members.size + ' of ' + party.maxSize;
  byId('party-id').textContent = party.id;
  byId('party-open').textContent = party.open ? '(open)' : '(closed)';
  byId('close').hidden = !party.leads;
  byId('requests-box').hidden = !party.leads || party.requests.size === 0;
  byId('requests').replaceChildren(...Array.from(party.requests.values(), (p) => el('li', { data: { testid: 'request', user: p.user_id } },
    el('span', { dir: 'auto', className: 'grow' }, nameOf(p)),
    action('Accept', 'request-accept', (b) => act.accept(p, b)),
    action('Decline', 'request-reject', (b) => act.reject(p, b)))));
}

// drawLoading keeps, in the bottom left corner, a line for everybody else who is not ready yet.
function drawLoading(party, names) {
  const lines = [];
  const line = (user, name, status) => {
    const words = party.self && user === party.self.user_id ? '' : sentenceOf(name, status);
    if (words) lines.push(el('li', { className: 'loading-line tone-' + badgeOf(status).tone, dir: 'auto', data: { testid: 'loading-line', user: user } }, words));
  };
  for (const p of party.members.values()) line(p.user_id, names.get(p.user_id) || p.username || 'A player', party.statuses.get(p.user_id));
  for (const [user, status] of party.incoming) line(user, names.get(user) || status.username || 'A friend', status);
  byId('loading').replaceChildren(...lines);
}

const overText = {
  full: 'The party is full right now.',
  expired: 'This invite has expired.',
  revoked: 'This invite was withdrawn.',
  exhausted: 'This invite has been used up.',
  party_gone: 'This party is over.',
};

export function drawPreview(p) {
  const inviter = p.inviter.display_name || p.inviter.username || 'A player';
  byId('preview-title').textContent = inviter + ' invites you';
  byId('preview-state').textContent = overText[p.state] || '';
  byId('preview-state').hidden = p.state === 'open';
  byId('preview').dataset.state = p.state;
  byId('preview-message').textContent = p.message || '';
  byId('preview-message').hidden = !p.message;
  const party = p.party || { members: [], size: 0, max_size: 0 };
  byId('preview-count').textContent = p.party ? party.size + ' of ' + party.max_size : '';
  const seats = (party.members || []).map((m) => ({
    user: m.user_id, name: m.display_name || m.username || 'A player', leader: m.user_id === party.leader_user_id, kind: 'member', testid: 'preview-member',
    badge: badgeOf(m), caption: m.text,
  }));
  byId('preview-members').replaceChildren(...colours(seats).map(tile));
  const info = p.info || [];
  byId('preview-info').hidden = info.length === 0;
  byId('preview-info').replaceChildren(...info.map((f) => el('div', null, el('dt', { dir: 'auto' }, f.label), el('dd', { dir: 'auto' }, f.value))));
  byId('preview-join').hidden = p.state !== 'open' && p.state !== 'full';
}

// say adds a line to the chat: somebody's words, or an event of the party.
export function say(kind, from, words) {
  const log = byId('chat-log');
  const line = el('li', { className: 'line ' + kind, data: { testid: 'chat-line', kind: kind, from: from || '' } },
    from && el('strong', { dir: 'auto' }, from), el('span', { dir: 'auto' }, words));
  log.append(line);
  while (log.children.length > 200) log.firstElementChild.remove();
  log.scrollTop = log.scrollHeight;
}
