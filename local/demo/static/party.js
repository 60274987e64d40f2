// The party as this client knows it: the state from native party events, and what Partyline's
// own messages add. This file does no drawing and no network calls.

// Op codes of Partyline's messages to a party. Clients cannot send the negative ones; chat is the demo's own.
export const op = { status: -1, invite: -2, matchmaking: -3, match: -4, member: -5, attributes: -6, chat: 1 };

// SDK 2.8.0 leaves out fields that are zero, false or empty.
const listOf = (v) => v || [];

export class Party {
  constructor(message) {
    this.id = message.party_id;
    this.members = new Map(); // session ID -> presence, in order of arrival
    this.requests = new Map(); // user ID -> presence
    this.statuses = new Map(); // user ID -> {stage, progress, text, stalled}
    this.incoming = new Map(); // user ID -> the same, for invited users on the way
    this.away = new Map(); // user ID -> {until}, for members whose seat is kept
    this.back = new Set(); // user IDs of members who are back and whose presence has not arrived yet
    this.seen = new Map(); // user ID -> last presence of a user who left
    this.invites = []; // rows of party_invite_list
    this.declined = new Set(); // user IDs of invited friends who declined
    this.shared = {}; // attributes of the party
    this.own = {}; // user ID -> attributes of that member
    this.update(message);
  }

  // update applies a complete party message; the same message may come twice.
  update(message) {
    this.open = !!message.open;
    this.label = message.label || '';
    this.maxSize = message.max_size || 0;
    if (message.self) this.self = message.self;
    if (message.leader) this.leader = message.leader;
    for (const presence of listOf(message.presences)) this.members.set(presence.session_id, presence);
    if (message.self) this.members.set(message.self.session_id, message.self);
  }

  get leads() {
    return !!this.leader && !!this.self && this.leader.session_id === this.self.session_id;
  }

  has(userId) {
    return Array.from(this.members.values()).some((m) => m.user_id === userId);
  }

  presence(event) {
    const said = [];
    for (const presence of listOf(event.joins)) {
      const back = this.back.delete(presence.user_id) || this.away.has(presence.user_id);
      if (!back && !this.has(presence.user_id)) said.push({ who: presence, what: 'joined' });
      this.members.set(presence.session_id, presence);
      for (const others of [this.requests, this.incoming, this.away]) others.delete(presence.user_id);
    }
    for (const presence of listOf(event.leaves)) {
      this.members.delete(presence.session_id);
      if (this.has(presence.user_id)) continue;
      said.push({ who: presence, what: 'left' });
      this.seen.set(presence.user_id, presence);
      this.statuses.delete(presence.user_id);
    }
    return said;
  }

  asked(event) {
    for (const presence of listOf(event.presences)) this.requests.set(presence.user_id, presence);
  }

  // status applies a full list, or a message with only the changes.
  status(body) {
    for (const row of listOf(body.members)) this.statuses.set(row.user_id, row);
    for (const row of listOf(body.incoming)) {
      if (this.has(row.user_id) || !row.stage) this.incoming.delete(row.user_id);
      else this.incoming.set(row.user_id, row);
    }
  }

  member(body) {
    if (body.event === 'away') this.away.set(body.user_id, { until: body.until });
    else this.away.delete(body.user_id);
    if (body.event === 'back' && !this.has(body.user_id)) this.back.add(body.user_id);
    if (body.event === 'lost' || body.event === 'removed') delete this.own[body.user_id];
  }

  // attributes applies the full attributes, or a message with only the changes; null removes a key.
  attributes(body) {
    Object.assign(this.shared, body.party);
    for (const [user, bag] of Object.entries(body.members || {})) this.own[user] = Object.assign(this.own[user] || {}, bag);
  }

  // invite applies a message about an invite.
  invite(body) {
    if (body.event === 'declined') this.declined.add(body.user || body.by);
  }

  // held returns the users for whom a seat is held and who are neither in the party nor on the way.
  held() {
    const users = new Set();
    for (const invite of this.invites) if (invite.hold_seat) for (const id of invite.for_user_ids) users.add(id);
    return Array.from(users).filter((id) => !this.declined.has(id) && !this.has(id) && !this.incoming.has(id) && !this.away.has(id));
  }

  // footprint returns how many seats the party needs in a match.
  footprint() {
    const users = new Set(Array.from(this.members.values(), (m) => m.user_id));
    return users.size + this.incoming.size + this.away.size + this.held().length;
  }

  userIds() {
    const ids = new Set(this.held());
    for (const list of [this.members, this.requests]) for (const p of list.values()) ids.add(p.user_id);
    for (const list of [this.incoming, this.away]) for (const id of list.keys()) ids.add(id);
    return Array.from(ids);
  }
}

// badgeOf returns the text and look of a status for the corner of a tile.
export function badgeOf(status) {
  if (!status || !status.stage) return null;
  const names = { downloading: 'Downloading', installing: 'Installing', tutorial: 'In the tutorial', waiting: 'Not ready yet', ready: 'Ready', failed: 'Needs help' };
  const stage = names[status.stage] || status.stage.replace(/[_-]+/g, ' ');
  const settled = status.stage === 'ready' || status.stage === 'failed';
  const percent = !settled && typeof status.progress === 'number' ? Math.floor(status.progress * 100 + 1e-9) : null;
  const tone = status.stalled ? 'stalled' : settled ? status.stage : 'loading';
  return { text: percent === null ? stage : stage + ' ' + percent + ' %', percent: percent, tone: tone };
}

// sentenceOf says in words what a player is still doing: "is downloading, 42 %". It returns ""
// for a player who is ready or has no status.
export function sentenceOf(status) {
  if (!status || !status.stage || status.stage === 'ready') return '';
  const words = { downloading: 'is downloading', installing: 'is installing', tutorial: 'is in the tutorial', waiting: 'is not ready yet', failed: 'needs help' };
  const percent = status.stage !== 'failed' && typeof status.progress === 'number' ? ', ' + Math.floor(status.progress * 100 + 1e-9) + ' %' : '';
  const doing = words[status.stage] || 'is at ' + status.stage.replace(/[_-]+/g, ' ');
  return doing + percent + (status.stalled ? ', without progress' : '');
}

// destination reads the text in the join field: an invite link of the landing page or of this
// client, a party ID, or else a code.
export function destination(typed) {
  const input = typed.trim();
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.\S+$/i.test(input)) return { party: input };
  try {
    const url = new URL(input);
    const path = /\/party\/join\/([^/?#]+)/.exec(url.pathname);
    const code = url.searchParams.get('party') || (path && decodeURIComponent(path[1]));
    if (code) return { code: code };
  } catch (error) {
    // Not a link, so it is a code.
  }
  return { code: input };
}
