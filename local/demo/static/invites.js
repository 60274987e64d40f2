// Invites of the party: a link with its QR code, a short code, a seat held for a friend, and
// the list of live invites.

import { el, byId, show, busy, toast } from './dom.js';
import { action, clock, redraw } from './views.js';

export class Invites {
  // party() returns this player's party or null; changed() redraws it.
  constructor(net, player, party, changed) {
    Object.assign(this, { net, player, party, changed });
    this.made = null; // {id, code, url} of the invite shown with its QR code
    byId('invite-form').addEventListener('submit', (e) => {
      e.preventDefault();
      busy(e.submitter, () => this.create((e.submitter && e.submitter.value) || 'link'));
    });
    byId('hold-form').addEventListener('submit', (e) => {
      e.preventDefault();
      busy(e.submitter, () => this.hold(byId('hold-input').value.trim().toLowerCase()));
    });
    byId('invite-copy').addEventListener('click', (e) => busy(e.currentTarget, () => this.copy(this.made.url)));
    byId('invite-share').addEventListener('click', (e) => busy(e.currentTarget, () => this.share()));
  }

  // list reads the live invites. The server tells a code only to the player who made the invite. So
  // the page remembers the last link and can show it again after a lost connection.
  async list() {
    const party = this.party();
    const answer = await this.net.offers('party_invite_list', { party_id: party.id });
    for (const form of ['invite-more', 'hold-form', 'invite-list']) show(form, answer !== null);
    show('invites-missing', answer === null);
    if (party !== this.party()) return;
    party.invites = ((answer && answer.invites) || []).filter((i) => !i.max_uses || i.uses < i.max_uses);
    await this.net.learnNames(party.invites.flatMap((i) => i.for_user_ids));
    const kept = this.player.saved.invite;
    this.present(kept && party.invites.some((i) => i.id === kept.id) ? kept : null);
    this.draw();
    this.changed();
  }

  draw() {
    const party = this.party();
    redraw(byId('invite-list'), party.invites.map((invite) => {
      const names = invite.for_user_ids.map((id) => this.net.nameOf(id, 'a friend')).join(', ');
      const what = names ? (invite.hold_seat ? 'Seat held for ' : 'For ') + names : invite.kind === 'link' ? 'Link' : 'Short code';
      const left = invite.expires_at - Date.now() / 1000;
      const used = invite.uses + (invite.max_uses ? ' of ' + invite.max_uses : '') + ' used';
      return el('li', { data: { testid: 'invite-row', key: invite.id } },
        el('span', { className: 'grow' }, el('b', { dir: 'auto' }, what), el('span', { className: 'caption' }, used + ', ends ' + when(invite.expires_at, left))),
        (party.leads || invite.created_by === this.net.userId) && action('Revoke', 'invite-revoke', (b) => busy(b, () => this.revoke(invite.id)), what));
    }));
    const inside = new Set(party.userIds());
    byId('people').replaceChildren(...Array.from(this.net.tags).filter(([id]) => !inside.has(id))
      .map(([id, tag]) => el('option', { value: tag }, this.net.nameOf(id))));
  }

  present(invite) {
    this.made = invite;
    show('made', !!invite);
    byId('invite-more').open = !invite;
    if (!invite) return;
    byId('invite-url').textContent = invite.url.replace(/^https?:\/\//, '');
    byId('invite-url').href = invite.url;
    byId('invite-code').textContent = invite.code.replace(/(.{4})(?=.)/g, '$1-');
    byId('invite-qr').src = new URL('/party/join/' + encodeURIComponent(invite.code) + '/qr.svg', this.net.server).href;
  }

  async create(kind) {
    const invite = await this.net.rpc('party_invite_create', {
      party_id: this.party().id, kind: kind, message: byId('invite-message').value.trim(), follow_inviter: byId('invite-follow').checked,
    });
    this.player.keep({ invite: { id: invite.id, code: invite.code, url: invite.url } });
    await this.list();
  }

  // hold invites the player with this tag and holds a seat for them.
  async hold(tag) {
    const answer = await this.net.client.getUsers(this.net.session, [], [tag]);
    const user = (answer.users || [])[0];
    if (!user) throw new Error('Nobody here has the tag ' + tag + '.');
    this.net.met(user);
    await this.net.rpc('party_invite_create', { party_id: this.party().id, for_user_ids: [user.id], hold_seat: true, ttl_sec: 300 });
    this.party().declined.delete(user.id);
    byId('hold-input').value = '';
    await this.list();
  }

  // share tells followers and friends in the game, then hands the link to the device's share menu.
  async share() {
    const { delivered, url } = await this.net.rpc('party_share', { party_id: this.party().id, to: { status: true, friends: true }, message: byId('invite-message').value.trim() });
    if (navigator.share) await navigator.share({ url: url }).catch(() => {});
    else await this.copy(url);
    toast(delivered.friends ? 'Shared with ' + delivered.friends + (delivered.friends === 1 ? ' friend.' : ' friends.') : 'Shared: your followers see it as your status.');
  }

  async copy(url) {
    try {
      await navigator.clipboard.writeText(url);
      toast('Link copied.');
    } catch (error) {
      getSelection().selectAllChildren(byId('invite-url'));
      toast('Press Ctrl+C to copy.');
    }
  }

  async revoke(id) {
    await this.net.rpc('party_invite_revoke', { id: id });
    await this.list();
  }
}

// when says until when an invite lasts: "in 23 h", or near its end the time, "at 14:05:00".
const when = (unix, left) => (left >= 7200 ? 'in ' + Math.round(left / 3600) + ' h' : 'at ' + clock(unix));
