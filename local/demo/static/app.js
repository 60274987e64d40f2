// The flow of the demo: choose a name, find or create a party, play. Every call here is a call
// that a game's own client makes through the stock SDK.

import { byId, el, named, show, text, toast, busy, sayError, reasonOf } from './dom.js';
import { Connection, isMissing } from './net.js';
import { Party, op, destination } from './party.js';
import { clock, drawParty, drawPreview, maps, say } from './views.js';
import { claim } from './player.js';
import { Finder } from './find.js';
import { Invites } from './invites.js';
import { Play } from './play.js';
import { Bots } from './bots.js';
import { You } from './you.js';

const settings = document.body.dataset;
const on = {}; // handlers of the connection's events
const player = await claim();
const net = new Connection(settings, on);

let party = null; // the party this player is in
let preview = null; // {code, body} while the player looks at an invite
let linkCode = new URLSearchParams(location.search).get('party') || '';

const finder = new Finder(net, look);
const invites = new Invites(net, player, () => party, draw);
const bots = new Bots(settings, player);
const play = new Play(net, () => party, bots);
const you = new You(net, () => (preview ? { code: preview.code } : party && { party_id: party.id }));

// ---- screens ------------------------------------------------------------------------

function screen(name) {
  for (const id of ['start', 'home', 'preview', 'party']) show(id, id === name);
  finder.watch(name === 'home');
  byId(name + '-title').focus({ preventScroll: true });
  if (name !== 'preview') preview = null;
}

const connectionText = { off: '', connecting: 'Connecting', on: 'Connected', lost: 'Connection lost' };

on.state = (state) => {
  byId('connection').dataset.state = state;
  byId('connection').textContent = connectionText[state];
};

async function draw() {
  if (!party) return;
  drawParty(party, net, acts);
  if (await net.learnNames(party.userIds()) && party) drawParty(party, net, acts);
}

// ---- a name, and a connection -------------------------------------------------------

byId('name-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = byId('name-input').value.trim();
  if (name) busy(event.submitter || event.target.querySelector('button'), () => enter(name));
});

async function enter(name) {
  try {
    await net.start(name, player.saved.device);
  } catch (error) {
    on.state('off');
    toast('The server cannot be reached.');
    return;
  }
  player.keep({ name: name });
  text('me-name', name);
  text('me-tag', net.tag);
  show('me', true);
  show('new-player', true);
  const back = await resume();
  if (linkCode) await look(linkCode);
  else if (!back && !party) screen('home');
}

// resume returns to the seat that the server kept while this player was away.
async function resume() {
  if (!player.saved.party) return false;
  try {
    return !!(await net.rpc('party_resume')).joined;
  } catch (error) {
    player.keep({ party: '', invite: null, bots: [] });
    return false;
  }
}

on.gone = () => {
  you.stop();
  if (!party) return;
  party.lost = true; // until the server says that this player is a member again
  text('banner', 'The connection is lost. The others see it, and your seat is kept.');
};

on.back = async () => {
  text('banner', '');
  if (party && party.lost && !(await resume()) && party.lost) leftParty('You are back, but no longer in the party.');
};

// ---- into a party -------------------------------------------------------------------

byId('create-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const withBot = event.submitter && event.submitter.value === 'bot';
  const map = byId('create-map').value;
  busy(event.submitter, async () => {
    entered(await net.socket.createParty(byId('create-open').checked, Number(byId('create-size').value)));
    await net.offers('party_attributes_set', { party_id: party.id, party: { map: map } });
    if (withBot) await bots.invite(net, party.id);
  });
});

byId('join-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const to = destination(byId('join-input').value);
  busy(event.submitter, () => (to.party ? joinById(to.party) : look(to.code)));
});

// The server answers with the party itself if it is open; for a closed party it only notes the request.
async function joinById(id) {
  await net.socket.joinParty(id);
  if (!party) finder.asked();
}

async function look(code) {
  linkCode = '';
  history.replaceState(null, '', location.pathname);
  try {
    await showPreview(code);
    screen('preview');
    const known = preview.body.party && (await net.offers('party_status_list', { party_id: preview.body.party.party_id }));
    show('preview-download', !!known);
  } catch (error) {
    screen(party ? 'party' : 'home');
    toast(isMissing(error) ? 'This server runs without Partyline, so invite codes do not work here.' : sayError(error));
  }
}

async function showPreview(code) {
  preview = { code: code, body: await net.rpc('party_invite_preview', { code: code }) };
  drawPreview(preview.body);
}

// The obstacle to a join may go away while the player looks.
setInterval(() => { if (preview && net.socket) showPreview(preview.code).catch(() => {}); }, 4000);

byId('preview-join').addEventListener('click', (event) => busy(event.currentTarget, async () => {
  you.stop();
  const code = preview.code;
  try {
    const answer = await net.rpc('party_invite_redeem', { code: code });
    if (answer.match_id) await play.enter(answer.match_id); // the party is in a match: a seat there is held for this player
    if (party && party.id === answer.party_id) screen('party');
  } catch (error) {
    if (reasonOf(error) === 'already_member' && party) screen('party');
    else await look(code); // shows why the invite no longer works
    throw error;
  }
}));

byId('preview-wait').addEventListener('click', (event) => busy(event.currentTarget, async () => {
  const { inviter } = preview.body;
  await finder.standInLine({ code: preview.code }, inviter.display_name || inviter.username);
  if (!party) screen('home');
}));

byId('preview-decline').addEventListener('click', () => {
  you.stop();
  // A player can decline only an invite that is for them alone; they just leave any other.
  net.rpc('party_invite_decline', { code: preview.code }).catch(() => {});
  screen(party ? 'party' : 'home');
});

on.onparty = (message) => entered(message);

function entered(message) {
  const current = party && !party.lost ? party : null;
  if (current && current.id === message.party_id) {
    party.update(message);
    draw();
    return;
  }
  if (current) net.socket.leaveParty(current.id).catch(() => {}); // this client shows one party at a time
  party = new Party(message);
  player.keep({ party: party.id });
  finder.draw(null);
  text('banner', '');
  byId('chat-log').replaceChildren();
  play.reset();
  screen('party');
  say('system', '', 'You are in the party.');
  draw();
  learnServer(party);
}

// learnServer asks what this server offers beyond native parties, and for the current state.
async function learnServer(into) {
  await Promise.all([invites.list(), play.ask(), learnRequests()]);
  const statuses = await net.offers('party_status_list', { party_id: into.id });
  const shared = await net.offers('party_attributes_get', { party_id: into.id });
  show('status-controls', statuses !== null);
  if (statuses) into.status(statuses);
  if (shared) into.attributes(shared);
  if (party !== into) return;
  draw();
  await bots.restore();
}

function leftParty(why) {
  you.stop();
  bots.leave();
  play.reset();
  party = null;
  player.keep({ party: '', invite: null });
  text('banner', '');
  screen('home');
  if (why) toast(why);
}

// ---- in the party -------------------------------------------------------------------

const acts = {
  promote: (p, button) => busy(button, () => net.socket.promotePartyMember(party.id, p)),
  kick: (p, button) => busy(button, () => net.socket.removePartyMember(party.id, p)),
  accept: (p, button) => busy(button, () => settle(p, net.socket.acceptPartyMember(party.id, p))),
  invite: () => {
    byId('invites').scrollIntoView();
    byId('invite-more').open = true;
    byId('invite-message').focus();
  },
  reject: (p, button) => busy(button, () => settle(p, net.socket.removePartyMember(party.id, p))),
};

async function settle(p, call) {
  await call;
  party.requests.delete(p.user_id);
  draw();
}

const mine = (message) => party && message.party_id === party.id;
const nameOf = (p) => net.nameOf(p.user_id, p.username);

on.onpartypresence = async (event) => {
  if (!mine(event)) return;
  const said = party.presence(event);
  draw();
  await net.learnNames(said.map((s) => s.who.user_id));
  for (const s of said) {
    if (s.who.user_id === net.userId || party && party.away.has(s.who.user_id)) continue; // that was a lost connection
    say('system', '', [named(nameOf(s.who)), ' ' + s.what + ' the party.']);
  }
  if (party) await invites.list();
};

on.onpartyleader = async (event) => {
  if (!mine(event)) return;
  party.leader = event.presence;
  draw();
  play.draw();
  await net.learnNames([event.presence.user_id]);
  say('system', '', event.presence.user_id === net.userId ? 'You lead the party now.' : [named(nameOf(event.presence)), ' leads the party now.']);
  if (party) await learnRequests();
};

// Nakama does not tell a new leader about earlier requests.
async function learnRequests() {
  if (!party.leads) return;
  const into = party;
  const answer = await net.socket.listPartyJoinRequests(into.id).catch(() => ({}));
  into.asked(answer);
  draw();
}

on.onpartyjoinrequest = (event) => {
  if (!mine(event)) return;
  party.asked(event);
  draw();
};

on.onpartyclose = (event) => {
  if (mine(event)) leftParty('You are not in this party any more.');
};

// end leaves the party here before the server does, so later server messages about it are
// ignored. If the server refuses, the party is restored.
async function end(call, why) {
  const was = party;
  party = null;
  try {
    await call(was.id);
  } catch (error) {
    party = was;
    throw error;
  }
  leftParty(why);
}

const click = (id, run) => byId(id).addEventListener('click', (event) => busy(event.currentTarget, run));
click('leave', () => end((id) => net.socket.leaveParty(id), ''));
click('close', () => end((id) => net.socket.closeParty(id), 'The party is closed.'));
click('add-bot', () => bots.invite(net, party.id));
click('drop', () => net.drop(8000));
// The stock SDK has no method for this message, but it can send it.
click('open-toggle', async () => {
  const open = !party.open;
  await net.socket.send({ party_update: { party_id: party.id, open: open, hidden: false, label: party.label } });
  party.open = open;
  draw();
});

// ---- the map, an attribute of the party ----------------------------------------------

for (const id of ['map', 'create-map']) byId(id).append(...maps.map((name) => el('option', null, name)));

byId('map').addEventListener('change', (event) => busy(event.currentTarget, async () => {
  await net.rpc('party_attributes_set', { party_id: party.id, party: { map: event.target.value } });
}));

// ---- party data: chat, and Partyline's own messages ----------------------------------

byId('chat-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const words = byId('chat-input').value.trim();
  if (!words || !party || !net.socket) return;
  // A copy, because the SDK sends the whole buffer below a view.
  const bytes = Uint8Array.from(new TextEncoder().encode(JSON.stringify({ text: words })));
  net.socket.sendPartyData(party.id, op.chat, bytes);
  byId('chat-input').value = '';
  say('chat', 'You', words); // the server does not send party data back to its sender
});

const heard = {
  [op.status]: (body) => party.status(body),
  [op.attributes]: (body) => party.attributes(body),
  [op.matchmaking]: (body) => play.told(body, net.userId),
  [op.match]: (body) => play.told(body, net.userId),
  [op.member]: async (body) => {
    party.member(body);
    await net.learnNames([body.user_id]);
    const what = { away: ' lost the connection. The seat is kept until ' + clock(body.until || 0) + '.', back: ' is back.', lost: ' did not come back in time.' }[body.event];
    if (what && body.user_id !== net.userId) say('system', '', [named(net.nameOf(body.user_id)), what]);
  },
  [op.invite]: async (body) => {
    party.invite(body);
    await net.learnNames([body.by, body.user]);
    const what = { declined: ' declined an invite.', revoked: ' revoked an invite.' }[body.event];
    if (what) say('system', '', [named(net.nameOf(body.event === 'revoked' ? body.by : body.user || body.by)), what]);
    await invites.list();
  },
};

on.onpartydata = async (message) => {
  if (!mine(message)) return;
  let body;
  try {
    body = JSON.parse(new TextDecoder().decode(message.data || new Uint8Array()));
  } catch (error) {
    return;
  }
  if (!body || typeof body !== 'object') return;
  if (message.op_code === op.chat && message.presence && typeof body.text === 'string') {
    await net.learnNames([message.presence.user_id]);
    say('chat', nameOf(message.presence), body.text.slice(0, 300));
  } else if (heard[message.op_code]) {
    const done = heard[message.op_code](body);
    draw();
    await done;
  }
};

on.onmatchmakermatched = (matched) => { if (matched.match_id) play.enter(matched.match_id).catch((error) => toast(sayError(error))); };
on.onmatchdata = (data) => { if (data.op_code === op.match) play.ask(); };

// ---- notifications --------------------------------------------------------------------

const notices = {
  1001: (content, who) => toast([who, ' invites you.'], { label: 'Look', run: () => look(content.code) }),
  1002: (content) => toast([named(content.from), ' declined.']),
  1004: (content, who) => {
    if (content.kind === 'request_rejected') finder.draw(null);
    toast([who, content.kind === 'request_rejected' ? ' turned your request down.' : ' removed you from the party.']);
  },
  1005: (content) => finder.free(content.held_until),
};

on.onnotification = async (notice) => {
  if (!notices[notice.code] || !notice.content) return;
  const by = notice.content.by || notice.sender_id;
  await net.learnNames([by]);
  notices[notice.code](notice.content, named(net.nameOf(by, notice.content.from)));
};

// ---- begin --------------------------------------------------------------------------

byId('name-input').value = player.saved.name || '';
if (linkCode) byId('start-note').textContent = 'You are invited to a party. Who is joining?';
screen('start');
if (player.saved.name) enter(player.saved.name);
else byId('name-input').focus();
