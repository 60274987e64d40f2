// The flow of the demo: pick a name, create or join a party, play. Every call here is one a
// game's own client would make through the stock SDK.

import { byId, show, text, toast, busy, sayError, reasonOf } from './dom.js';
import { Connection, isMissing, storedName } from './net.js';
import { Party, op, destination } from './party.js';
import { drawParty, drawPreview, say } from './views.js';
import { Progress } from './progress.js';

const partyKey = 'partyline-demo-party';
const settings = document.body.dataset;
const net = new Connection({ server: settings.server, key: settings.key, sdk: settings.sdk });

let party = null; // the party this player is in
let preview = null; // {code, body} while an invite is looked at
let invite = null; // the invite made last
let linkCode = new URLSearchParams(location.search).get('party') || '';

// ---- screens ------------------------------------------------------------------------

function screen(name) {
  for (const id of ['start', 'home', 'preview', 'party']) show(id, id === name);
}

const connectionText = { off: '', connecting: 'Connecting', on: 'Connected', lost: 'Connection lost' };

net.on.state = (state) => {
  byId('connection').dataset.state = state;
  byId('connection').textContent = connectionText[state];
};

function draw() {
  if (!party) return;
  drawParty(party, net.names, acts);
  const ids = party.userIds();
  net.learnNames(ids).then((learned) => { if (learned && party) drawParty(party, net.names, acts); });
}

// ---- a name, and a connection -------------------------------------------------------

byId('name-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = byId('name-input').value.trim();
  if (name) busy(event.submitter || event.target.querySelector('button'), () => play(name));
});

async function play(name) {
  try {
    await net.start(name);
  } catch (error) {
    net.setState('off');
    toast('The server cannot be reached.');
    return;
  }
  text('me', name);
  show('new-player', true);
  if (linkCode) await look(linkCode);
  else if (!(await resume())) screen('home');
}

// resume goes back into the seat that was kept while this player was away.
async function resume() {
  if (!sessionStorage.getItem(partyKey)) return false;
  try {
    const answer = await net.rpc('party_resume');
    return !!answer.joined;
  } catch (error) {
    sessionStorage.removeItem(partyKey);
    return false;
  }
}

net.on.gone = () => download.stop();
net.on.back = async () => {
  const was = party;
  party = null;
  if (was && !(await resume())) {
    leftParty('You are back, but no longer in the party.');
  }
};

// ---- into a party -------------------------------------------------------------------

byId('create-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const size = Number(byId('create-size').value);
  const open = byId('create-open').checked;
  busy(event.submitter, async () => entered(await net.socket.createParty(open, size)));
});

byId('join-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const to = destination(byId('join-input').value);
  busy(event.submitter, () => (to.party ? joinById(to.party) : look(to.code)));
});

// An open party answers with the party itself; a closed one only notes that we asked.
async function joinById(id) {
  await net.socket.joinParty(id);
  if (!party) show('waiting', true);
}

byId('waiting-cancel').addEventListener('click', () => show('waiting', false));

async function look(code) {
  linkCode = '';
  history.replaceState(null, '', location.pathname);
  try {
    const body = await net.rpc('party_invite_preview', { code: code });
    preview = { code: code, body: body };
    drawPreview(body);
    screen('preview');
    const known = body.party && (await offers('party_status_list', { party_id: body.party.party_id }));
    show('preview-download', !!known);
  } catch (error) {
    screen(party ? 'party' : 'home');
    toast(isMissing(error) ? 'This server runs without Partyline, so invite codes do not work here.' : sayError(error));
  }
}

byId('preview-join').addEventListener('click', (event) => busy(event.currentTarget, async () => {
  download.stop();
  const code = preview.code;
  try {
    await net.rpc('party_invite_redeem', { code: code });
  } catch (error) {
    if (reasonOf(error) === 'already_member' && party) screen('party');
    else await look(code); // shows why it does not work any more
    throw error;
  }
}));

byId('preview-decline').addEventListener('click', async () => {
  download.stop();
  // Only an invite that is for this player alone can be declined; any other is just left.
  net.rpc('party_invite_decline', { code: preview.code }).catch(() => {});
  preview = null;
  screen(party ? 'party' : 'home');
});

net.on.onparty = (message) => entered(message);

function entered(message) {
  if (party && party.id === message.party_id) {
    party.update(message);
    draw();
    return;
  }
  party = new Party(message);
  sessionStorage.setItem(partyKey, party.id);
  preview = null;
  invite = null;
  show('made', false);
  show('waiting', false);
  byId('chat-log').replaceChildren();
  screen('party');
  say('system', '', 'You are in the party.');
  draw();
  learnServer(party);
}

// offers calls an RPC that this server may not have: null if it has none, {} if it refuses.
async function offers(id, body) {
  try {
    return await net.rpc(id, body);
  } catch (error) {
    return isMissing(error) ? null : {};
  }
}

// learnServer finds out what this server offers beyond native parties.
async function learnServer(entered) {
  const invites = await offers('party_invite_list', { party_id: entered.id });
  show('invite-form', invites !== null);
  show('invites-missing', invites === null);
  const statuses = await offers('party_status_list', { party_id: entered.id });
  show('status-controls', statuses !== null);
  if (statuses && party === entered) {
    party.status(statuses);
    draw();
  }
}

function leftParty(why) {
  download.stop();
  party = null;
  sessionStorage.removeItem(partyKey);
  screen('home');
  if (why) toast(why);
}

// ---- in the party -------------------------------------------------------------------

const acts = {
  promote: (p, button) => busy(button, () => net.socket.promotePartyMember(party.id, p)),
  kick: (p, button) => busy(button, () => net.socket.removePartyMember(party.id, p)),
  accept: (p, button) => busy(button, async () => {
    await net.socket.acceptPartyMember(party.id, p);
    party.requests.delete(p.user_id);
    draw();
  }),
  reject: (p, button) => busy(button, async () => {
    await net.socket.removePartyMember(party.id, p);
    party.requests.delete(p.user_id);
    draw();
  }),
};

const mine = (message) => party && message.party_id === party.id;
const nameOf = (p) => net.names.get(p.user_id) || p.username || 'A player';

net.on.onpartypresence = async (event) => {
  if (!mine(event)) return;
  const said = party.presence(event);
  draw();
  await net.learnNames(said.map((s) => s.who.user_id));
  for (const s of said) {
    if (s.who.user_id !== net.userId) say('system', '', nameOf(s.who) + ' ' + s.what + ' the party.');
  }
};

net.on.onpartyleader = async (event) => {
  if (!mine(event)) return;
  party.leader = event.presence;
  draw();
  await net.learnNames([event.presence.user_id]);
  say('system', '', event.presence.user_id === net.userId ? 'You lead the party now.' : nameOf(event.presence) + ' leads the party now.');
  if (party && party.leads) learnRequests();
};

// A new leader is not told of the requests that are already there.
async function learnRequests() {
  try {
    const answer = await net.socket.listPartyJoinRequests(party.id);
    party.asked(answer);
    draw();
  } catch (error) {
    // They come again with the next request.
  }
}

net.on.onpartyjoinrequest = (event) => {
  if (!mine(event)) return;
  party.asked(event);
  draw();
};

net.on.onpartyclose = (event) => {
  if (mine(event)) leftParty('You are not in this party any more.');
};

// end leaves the party behind before the server does, so that what it then says about the
// party is no news; a refusal brings the party back.
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

byId('leave').addEventListener('click', (event) => busy(event.currentTarget, () => end((id) => net.socket.leaveParty(id), '')));
byId('close').addEventListener('click', (event) => busy(event.currentTarget, () => end((id) => net.socket.closeParty(id), 'The party is closed.')));

// ---- party data: chat, and Partyline's own messages ----------------------------------

byId('chat-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const words = byId('chat-input').value.trim();
  if (!words || !party || !net.socket) return;
  // A copy, because the SDK sends the whole buffer below a view.
  const bytes = Uint8Array.from(new TextEncoder().encode(JSON.stringify({ text: words })));
  net.socket.sendPartyData(party.id, op.chat, bytes);
  byId('chat-input').value = '';
  say('chat', 'You', words); // nobody gets their own data back
});

net.on.onpartydata = async (message) => {
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
  } else if (message.op_code === op.status) {
    party.status(body);
    draw();
  } else if (message.op_code === op.member) {
    party.member(body);
    draw();
  } else if (message.op_code === op.invite) {
    await net.learnNames([body.by, body.user]);
    const who = net.names.get(body.user || body.by) || 'Somebody';
    const words = { created: ' made an invite.', redeemed: ' used an invite.', declined: ' declined an invite.', revoked: ' withdrew an invite.' }[body.event];
    if (words) say('system', '', (body.event === 'created' || body.event === 'revoked' ? net.names.get(body.by) || 'Somebody' : who) + words);
  } else if (message.op_code === op.matchmaking || message.op_code === op.match) {
    say('system', '', 'Matchmaking: ' + String(body.event || '').replace(/_/g, ' ') + '.');
  }
};

// ---- invites ------------------------------------------------------------------------

byId('invite-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const kind = (event.submitter && event.submitter.value) || 'link';
  busy(event.submitter, async () => {
    invite = await net.rpc('party_invite_create', {
      party_id: party.id, kind: kind, message: byId('invite-message').value.trim(), follow_inviter: byId('invite-follow').checked,
    });
    byId('invite-url').textContent = invite.url;
    byId('invite-url').href = invite.url;
    byId('invite-code').textContent = invite.code.replace(/(.{4})(?=.)/g, '$1-');
    byId('invite-qr').src = new URL('/party/join/' + encodeURIComponent(invite.code) + '/qr.svg', net.server).href;
    show('made', true);
  });
});

byId('invite-copy').addEventListener('click', (event) => busy(event.currentTarget, async () => {
  try {
    await navigator.clipboard.writeText(invite.url);
    toast('Copied.');
  } catch (error) {
    getSelection().selectAllChildren(byId('invite-url'));
    toast('Press Ctrl+C to copy.');
  }
}));

byId('invite-revoke').addEventListener('click', (event) => busy(event.currentTarget, async () => {
  await net.rpc('party_invite_revoke', { id: invite.id });
  show('made', false);
  toast('Withdrawn.');
}));

const inviteNotice = 1001; // the code of the notification that brings an invite

net.on.onnotification = async (notice) => {
  if (notice.code !== inviteNotice || !notice.content || !notice.content.code) return;
  await net.learnNames([notice.sender_id]);
  const who = net.names.get(notice.sender_id) || notice.content.from || 'Somebody';
  toast(who + ' invites you.', { label: 'Look', run: () => look(notice.content.code) });
};

// ---- status -------------------------------------------------------------------------

// Inside, a status goes to the party; before, to the party the invite leads to.
const download = new Progress(async (status) => {
  const where = party ? { party_id: party.id } : preview ? { code: preview.code } : null;
  if (where) await net.rpc('party_status_set', Object.assign(where, status));
}, (error) => toast(sayError(error)));

byId('status-download').addEventListener('click', () => download.start());
byId('preview-download').addEventListener('click', () => download.start());
for (const button of document.querySelectorAll('[data-stage]')) {
  button.addEventListener('click', () => download.set(button.dataset.stage));
}

// ---- begin --------------------------------------------------------------------------

byId('name-input').value = storedName();
if (linkCode) byId('start-note').textContent = 'You are invited to a party. Who is joining?';
screen('start');
if (storedName()) play(storedName());
else byId('name-input').focus();
