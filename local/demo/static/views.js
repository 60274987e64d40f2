// Drawing of the party: tiles of seats with badge and character, requests, the chat.

import { el, byId, icon, named, show } from './dom.js';
import { badgeOf, sentenceOf } from './party.js';

export const characters = { scout: 'Scout', guard: 'Guard', medic: 'Medic', mage: 'Mage' };
export const maps = ['Harbour', 'Night market', 'Canyon', 'Summit'];

const hues = 8;

function hueOf(key) {
  let hash = 2166136261;
  for (const c of key) hash = Math.imul(hash ^ c.codePointAt(0), 16777619) >>> 0;
  return hash % hues;
}

// colours gives each player shown the hue of their ID, or the next free hue.
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

export function initialOf(name) {
  const letter = Array.from(name).find((c) => /[\p{L}\p{N}]/u.test(c));
  return (letter || Array.from(name)[0] || '?').toUpperCase();
}

// tile draws one seat: {kind, user, name, leader, character, badge, caption, actions}.
function tile(seat) {
  const badge = seat.badge;
  const face = seat.kind === 'free' ? icon('plus') : seat.kind === 'held' ? icon('clock')
    : seat.character ? icon(seat.character) : el('span', { className: 'initial', 'aria-hidden': 'true' }, initialOf(seat.name));
  return el('li', {
    className: 'seat seat-' + seat.kind + ' hue-' + (seat.hue || 0) + (badge ? ' tone-' + badge.tone : ''),
    data: { testid: seat.testid || seat.kind, key: seat.user || '', leader: String(!!seat.leader), character: seat.character || '' },
  },
  el('div', { className: 'tile' }, face,
    seat.leader && el('span', { className: 'crown', data: { testid: 'member-crown' }, role: 'img', 'aria-label': 'Party leader' }, icon('crown')),
    badge && el('span', { className: 'badge', data: { testid: 'member-badge' } }, badge.text),
    badge && badge.percent !== null && el('progress', { className: 'bar', max: 100, value: badge.percent, 'aria-hidden': 'true' })),
  el('span', { className: 'name', dir: 'auto', data: { testid: 'member-name' } }, seat.name || 'Free seat'),
  seat.caption && el('span', { className: 'caption', dir: 'auto' }, seat.caption),
  seat.actions && seat.actions.length > 0 && el('span', { className: 'acts' }, ...seat.actions));
}

// action makes a small button. about names its object for people who use a screen reader.
export function action(label, testid, run, about, symbol) {
  return el('button', {
    className: 'button tiny', type: 'button', title: symbol && label, 'aria-label': about && label + ' ' + about,
    data: { testid: testid }, on: { click: (e) => run(e.currentTarget) },
  }, symbol ? icon(symbol) : label);
}

const shownFree = 8; // free seats with their own tile

function seatsOf(party, net, act) {
  const seats = [];
  for (const p of party.members.values()) {
    if (seats.some((s) => s.user === p.user_id)) continue; // the session that brought the party back
    const leader = !!party.leader && p.user_id === party.leader.user_id;
    const self = p.user_id === net.userId;
    const name = net.nameOf(p.user_id, p.username);
    const character = (party.own[p.user_id] || {}).character;
    const status = party.statuses.get(p.user_id);
    const seat = {
      kind: 'member', user: p.user_id, name: name, leader: leader, character: characters[character] && character, badge: badgeOf(status),
      caption: [self && 'You', characters[character], status && status.text].filter(Boolean).join(' · '),
      actions: party.leads && !self
        ? [action('Make leader', 'member-promote', (b) => act.promote(p, b), name, 'crown'), action('Remove', 'member-kick', (b) => act.kick(p, b), name, 'cross')] : [],
    };
    if (leader) seats.unshift(seat);
    else seats.push(seat);
  }
  for (const [user, status] of party.incoming) {
    seats.push({ kind: 'incoming', user: user, name: net.nameOf(user, status.username), badge: badgeOf(status), caption: 'On the way' });
  }
  for (const [user, kept] of party.away) {
    const presence = party.seen.get(user);
    seats.push({
      kind: 'away', user: user, name: net.nameOf(user), badge: { text: 'Connection lost', percent: null, tone: 'stalled' },
      caption: kept.until ? 'Kept until ' + clock(kept.until) : 'Seat kept',
      actions: party.leads && presence ? [action('Remove', 'member-kick', (b) => act.kick(presence, b), net.nameOf(user), 'cross')] : [],
    });
  }
  for (const user of party.held()) seats.push({ kind: 'held', user: user, name: net.nameOf(user, 'A friend'), caption: 'Seat held' });
  const free = Math.min(Math.max(party.maxSize - seats.length, 0), shownFree);
  for (let i = 0; i < free; i++) seats.push({ kind: 'free', testid: 'free-seat', actions: i === 0 ? [action('Invite', 'free-invite', act.invite)] : [] });
  return colours(seats);
}

export const clock = (unix) => new Date(unix * 1000).toLocaleTimeString([], { timeStyle: 'medium' });

// minutes formats seconds as "1:05".
export const minutes = (seconds) => Math.floor(seconds / 60) + ':' + String(Math.floor(seconds % 60)).padStart(2, '0');

export function drawParty(party, net, act) {
  redraw(byId('members'), seatsOf(party, net, act).map(tile));
  drawLoading(party, net);
  const leader = party.leader ? net.nameOf(party.leader.user_id, party.leader.username) : '';
  byId('party-title').replaceChildren(...party.leads || !leader ? ['Your party'] : [named(leader), '\u2019s party']);
  byId('party-count').textContent = new Set(Array.from(party.members.values(), (m) => m.user_id)).size + ' of ' + party.maxSize;
  byId('party-id').textContent = party.id;
  byId('party-open').textContent = party.open ? 'Open' : 'Invited only';
  byId('open-toggle').textContent = party.open ? 'Invited only' : 'Open to all';
  show('open-toggle', party.leads);
  show('close', party.leads);
  const map = maps.includes(party.shared.map) ? party.shared.map : maps[0];
  byId('scene').dataset.map = map;
  byId('map').value = map;
  byId('map').disabled = !party.leads;
  const mine = (party.own[net.userId] || {}).character;
  for (const chip of byId('characters').children) chip.setAttribute('aria-pressed', String(chip.dataset.character === mine));
  const stage = (party.statuses.get(net.userId) || {}).stage;
  for (const button of document.querySelectorAll('[data-stage]')) button.setAttribute('aria-pressed', String(button.dataset.stage === stage));
  show('requests-box', party.leads && party.requests.size > 0);
  redraw(byId('requests'), Array.from(party.requests.values(), (p) => {
    const name = net.nameOf(p.user_id, p.username);
    return el('li', { data: { testid: 'request', key: p.user_id } }, el('span', { dir: 'auto', className: 'grow' }, name),
      action('Accept', 'request-accept', (b) => act.accept(p, b), name), action('Decline', 'request-reject', (b) => act.reject(p, b), name));
  }));
}

// redraw replaces the rows of a list and returns the focus to the same button of the same row.
export function redraw(list, rows) {
  const on = document.activeElement;
  const key = list.contains(on) && on.closest('[data-key]').dataset.key;
  list.replaceChildren(...rows);
  if (!key) return;
  const again = Array.from(list.querySelectorAll('button')).find((b) => b.dataset.testid === on.dataset.testid && b.closest('[data-key]').dataset.key === key);
  if (again) again.focus();
}

// drawLoading shows, in the bottom left corner, one line about another player who is not ready yet, and how
// many more there are. A line for each player would cover the content below.
function drawLoading(party, net) {
  const lines = [];
  const line = (user, name, status) => {
    const words = user === net.userId ? '' : sentenceOf(status);
    if (words) lines.push(el('p', { className: 'loading-line tone-' + badgeOf(status).tone, data: { testid: 'loading-line' } }, named(name), ' ' + words));
  };
  for (const p of party.members.values()) line(p.user_id, net.nameOf(p.user_id, p.username), party.statuses.get(p.user_id));
  for (const [user, status] of party.incoming) line(user, net.nameOf(user, status.username), status);
  if (lines.length > 1) lines[0].append(', and ' + (lines.length - 1) + ' more');
  byId('loading').replaceChildren(...lines.slice(0, 1));
  show('loading', lines.length > 0);
}

const stateText = {
  full: 'The party is full right now.',
  locked: 'They are in a match or looking for one.',
  away: 'Everybody is away and should be back in a moment.',
  between: 'Your friend is in no party at the moment.',
  expired: 'This invite has expired.',
  revoked: 'This invite was revoked.',
  exhausted: 'This invite has been used up.',
  party_gone: 'This party is over.',
};

export function drawPreview(p) {
  const inviter = p.inviter.display_name || p.inviter.username || 'A player';
  byId('preview-title').replaceChildren(named(inviter), ' invites you');
  const waiting = p.waiting === 1 ? ' One player waits for a seat.' : p.waiting > 1 ? ' ' + p.waiting + ' players wait for a seat.' : '';
  byId('preview-state').textContent = (stateText[p.state] || '') + waiting;
  show('preview-state', p.state !== 'open');
  byId('preview').dataset.state = p.state;
  byId('preview-message').textContent = p.message || '';
  show('preview-message', !!p.message);
  const party = p.party || { members: [] };
  show('preview-party', !!p.party);
  byId('preview-count').textContent = p.party ? party.size + ' of ' + party.max_size : '';
  const seats = party.members.map((m) => ({
    kind: 'member', user: m.user_id, name: m.display_name || m.username || 'A player', leader: m.user_id === party.leader_user_id, testid: 'preview-member',
    badge: badgeOf(m), caption: m.text,
  }));
  byId('preview-members').replaceChildren(...colours(seats).map(tile));
  const info = (p.info || []).slice();
  if (party.attributes && party.attributes.map) info.unshift({ label: 'Map', value: String(party.attributes.map) });
  show('preview-info', info.length > 0);
  byId('preview-info').replaceChildren(...info.map((f) => el('div', null, el('dt', { dir: 'auto' }, f.label), el('dd', { dir: 'auto' }, f.value))));
  show('preview-join', p.state === 'open' || p.state === 'away');
  show('preview-wait', p.state === 'full');
  byId('preview-decline').textContent = p.party ? 'No, thanks' : 'Back to the lobby';
}

// say adds a line to the chat: a player's words, or an event of the party.
export function say(kind, from, words) {
  const log = byId('chat-log');
  log.append(el('p', { className: 'line ' + kind, data: { testid: 'chat-line', kind: kind, from: from || '' } },
    from && el('strong', { dir: 'auto' }, from), el('span', { dir: 'auto' }, ...[words].flat())));
  while (log.children.length > 200) log.firstElementChild.remove();
  log.scrollTop = log.scrollHeight;
}
