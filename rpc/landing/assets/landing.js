// The landing page works without this script. The script keeps the party up to date, adapts the
// button to the platform, and lets the player copy the code. It sets texts only as text, and the
// server has checked all addresses.
(function () {
  'use strict';

  const byId = (id) => document.getElementById(id);
  const invite = byId('invite');

  // ---- remove pictures that do not load; a player's initial is below ---------------

  const broken = new Set(); // addresses of pictures that failed, so that no poll tries them again

  function dropPicture(img) {
    broken.add(img.getAttribute('src'));
    img.remove();
  }

  document.addEventListener('error', function (e) {
    if (e.target.matches?.('.picture, img.logo')) dropPicture(e.target);
  }, true);
  for (const img of document.querySelectorAll('.picture, img.logo')) {
    if (img.complete && img.naturalWidth === 0) dropPicture(img);
  }

  // ---- the ways for this device -----------------------------------------------------

  const agent = navigator.userAgent;
  const ios = /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1);
  const phone = ios ? 'ios' : /Android/.test(agent) ? 'android' : '';
  const system = phone || (/Windows/.test(agent) ? 'windows' : /Macintosh|Mac OS/.test(agent) ? 'macos' : 'linux');
  const play = byId('play');
  const links = Array.from(document.querySelectorAll('#ways a'));

  // Hide the ways that are for other devices.
  for (const a of links) {
    const on = a.dataset.device ? a.dataset.device.split(' ') : [];
    if (on.length && !on.includes(system) && (phone || !on.includes('desktop'))) a.parentElement.hidden = true;
  }
  if (links.length && links.every((a) => a.parentElement.hidden)) byId('ways').parentElement.hidden = true;

  if (invite.dataset.live !== 'true') return;

  // ---- the party, live -------------------------------------------------------------

  const every = 2500; // ms between polls, unless the server gives another time
  const slowest = 30000; // ms, after failures
  let tag = '';
  let wait = every;
  let timer = 0;
  let asking = false;
  let state = invite.dataset.state;
  const badges = new Map(); // seat key -> stage last announced

  function setText(node, text) {
    if (node && node.textContent !== text) node.textContent = text;
  }

  function show(node, text) {
    setText(node, text);
    node.hidden = !text;
  }

  function fillPicture(tile, address) {
    let img = tile.querySelector('.picture');
    if (!address || broken.has(address)) {
      if (img) img.remove();
      return;
    }
    if (!img) {
      img = document.createElement('img');
      img.className = 'picture';
      img.alt = '';
      img.referrerPolicy = 'no-referrer';
      tile.querySelector('.initial').after(img);
    }
    if (img.getAttribute('src') !== address) img.src = address;
  }

  function fillSeat(li, seat) {
    const classes = ['seat', 'seat-' + seat.kind, 'hue-' + seat.hue];
    if (seat.leader) classes.push('leads');
    if (seat.tone) classes.push('tone-' + seat.tone);
    li.className = classes.join(' ');
    li.dataset.key = seat.key || '';
    setText(li.querySelector('.initial'), seat.initial || '');
    setText(li.querySelector('.name'), seat.name);
    setText(li.querySelector('.stage'), seat.badge || '');
    show(li.querySelector('.percent'), seat.done || '');
    li.querySelector('.badge').hidden = !seat.badge;
    show(li.querySelector('.activity'), seat.activity || '');
    fillPicture(li.querySelector('.tile'), seat.picture || '');
    const bar = li.querySelector('.bar');
    const known = typeof seat.percent === 'number';
    bar.hidden = !known;
    if (known) bar.value = seat.percent;
  }

  // Members keep their tile by name, so that a tile never jumps or blinks.
  function fillSeats(view) {
    const list = byId('seats');
    list.className = 'seats columns-' + view.columns;
    const members = new Map();
    const others = [];
    for (const li of Array.from(list.children)) {
      if (li.dataset.key) members.set(li.dataset.key, li);
      else others.push(li);
    }
    let before = list.firstElementChild;
    for (const seat of view.seats) {
      let li = seat.key ? members.get(seat.key) : others.shift();
      if (seat.key) members.delete(seat.key);
      if (!li) {
        li = byId('seat-template').content.firstElementChild.cloneNode(true);
        li.classList.add('arrives');
      }
      fillSeat(li, seat);
      if (li === before) before = li.nextElementSibling;
      else list.insertBefore(li, before);
    }
    members.forEach((li) => li.remove());
    others.forEach((li) => li.remove());
  }

  // Screen readers announce who came and whose stage changed, but not every percent.
  function announce(view, first) {
    const said = [];
    const seen = new Set();
    for (const seat of view.seats) {
      if (!seat.key) continue;
      seen.add(seat.key);
      const badge = seat.badge || '';
      if (badges.get(seat.key) !== badge && !first) said.push(badge ? seat.name + ': ' + badge : seat.name);
      badges.set(seat.key, badge);
    }
    for (const key of Array.from(badges.keys())) if (!seen.has(key)) badges.delete(key);
    if (said.length) setText(byId('announce'), said.join('. '));
  }

  function over() {
    invite.dataset.live = 'false';
    // The page of an invite that is over has other ways. Wait before the reload, because several
    // servers behind one address may disagree for a moment.
    setTimeout(function () { window.location.reload(); }, 1000);
  }

  function draw(body, first) {
    const next = body.state || body.reason;
    setText(byId('headline'), body.view.headline);
    let note = body.view.note;
    if (state !== 'open' && next === 'open') note = invite.dataset.free;
    else if (state === 'open' && next === 'open') note = byId('note').textContent;
    show(byId('note'), note);
    state = next;
    invite.dataset.state = next;
    if (!body.party && !['open', 'full', 'locked', 'away', 'between'].includes(next)) {
      over();
      return false;
    }
    setText(byId('count'), body.view.count);
    show(byId('left'), body.view.left);
    show(byId('waiting'), body.view.waiting);
    show(byId('shared'), body.view.shared);
    fillSeats(body.view);
    announce(body.view, first);
    return true;
  }

  function lost(is) {
    const pulse = byId('pulse');
    if (!pulse.dataset.text) pulse.dataset.text = pulse.textContent;
    pulse.classList.toggle('is-lost', is);
    setText(pulse, is ? invite.dataset.lost : pulse.dataset.text);
  }

  function schedule(ms) {
    clearTimeout(timer);
    // Vary the time by a quarter, so that pages opened together do not ask together.
    if (!document.hidden) timer = setTimeout(poll, ms * (0.875 + Math.random() / 4));
  }

  async function poll() {
    if (asking || document.hidden) return;
    asking = true;
    let go = true;
    try {
      const headers = tag ? { 'If-None-Match': tag } : {};
      const answer = await fetch(invite.dataset.poll, { headers: headers, cache: 'no-store', credentials: 'omit' });
      const after = Number(answer.headers.get('Retry-After')) * 1000 || 0;
      if (answer.status === 200 || answer.status === 410 || answer.status === 404) {
        const first = tag === '';
        const body = await answer.json();
        tag = answer.headers.get('ETag') || tag;
        go = draw(body, first);
        wait = Math.max(after, every);
        lost(false);
      } else if (answer.status === 304) {
        wait = Math.max(after, every);
        lost(false);
      } else {
        wait = Math.max(after, Math.min(wait * 2, slowest));
        if (answer.status !== 429) lost(true);
      }
    } catch (e) {
      wait = Math.min(wait * 2, slowest);
      lost(true);
    }
    asking = false;
    if (go) schedule(wait);
  }

  document.addEventListener('visibilitychange', function () {
    if (invite.dataset.live !== 'true') return;
    if (document.hidden) clearTimeout(timer);
    else poll();
  });
  byId('pulse').hidden = false;
  poll();

  // ---- the way into the game -------------------------------------------------------

  // A page cannot see whether the game is installed. So it only shows a hint as a question, and
  // never sends players to another page without a press.
  function offerOthers() {
    const others = links.some((a) => !a.parentElement.hidden);
    setText(byId('stuck'), others ? byId('stuck').dataset.text : byId('stuck').dataset.alone);
    links.forEach((a) => a.classList.add('is-next'));
  }

  if (play && play.dataset.way === 'deep') {
    if (phone === 'android' && play.dataset.intent) play.href = play.dataset.intent;
    // The browsers inside chat programs do not open links to games.
    byId('in-app').hidden = !/FBAN|FBAV|Instagram|Snapchat|musical_ly|BytedanceWebview|MicroMessenger|Twitter|Line\/|; wv\)/.test(agent);
    play.addEventListener('click', function () { setTimeout(offerOthers, 2000); });
    if (window.location.hash === '#get') offerOthers(); // Android returned because the game is not installed
  }

  // ---- the code --------------------------------------------------------------------

  const copy = byId('copy');
  const code = byId('code');

  function selectCode() {
    const range = document.createRange();
    range.selectNodeContents(code);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  async function copyCode() {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch (e) { // no permission, or not a secure page
      selectCode();
      if (!document.execCommand('copy')) return;
      window.getSelection().removeAllRanges();
    }
    const label = copy.textContent;
    copy.disabled = true;
    copy.classList.add('is-done');
    setText(copy, invite.dataset.copied);
    setTimeout(function () {
      copy.disabled = false;
      copy.classList.remove('is-done');
      setText(copy, label);
    }, 1600);
  }

  copy.hidden = false;
  copy.addEventListener('click', copyCode);

  // ---- times in the player's language ----------------------------------------------

  const valid = byId('valid');
  if (valid) {
    const at = new Date(valid.dateTime);
    const soon = at - Date.now() < 20 * 3600 * 1000;
    const format = soon ? { hour: 'numeric', minute: '2-digit' } : { weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' };
    if (soon && at.getDate() !== new Date().getDate()) format.weekday = 'short';
    try {
      setText(valid, new Intl.DateTimeFormat(document.documentElement.lang, format).format(at));
    } catch (e) {
      // Keep the server's text.
    }
  }
})();
