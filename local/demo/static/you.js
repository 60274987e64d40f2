// What this player tells the others: a character, the progress of the download, ready or not.

import { byId, el, icon, toast, busy, sayError } from './dom.js';
import { Progress } from './progress.js';
import { characters } from './views.js';

export class You {
  // where() returns where a status goes: {party_id} for a member, {code} before that, null for nowhere.
  constructor(net, where) {
    const set = (character) => net.rpc('party_attributes_set', { party_id: where().party_id, member: { character } });
    byId('characters').append(...Object.entries(characters).map(([key, name]) => el('button', {
      className: 'chip', type: 'button', 'aria-pressed': 'false', data: { character: key, testid: 'character-' + key },
      on: { click: (e) => busy(e.currentTarget, () => set(key)) },
    }, icon(key), name)));
    this.download = new Progress(async (status) => {
      const to = where();
      if (to) await net.rpc('party_status_set', Object.assign(to, status));
    }, (error) => toast(sayError(error)));
    for (const id of ['status-download', 'preview-download']) byId(id).addEventListener('click', () => this.download.start());
    for (const button of document.querySelectorAll('[data-stage]')) {
      const back = button.dataset.stage === 'ready' ? 'waiting' : 'ready'; // for the second press
      button.addEventListener('click', () => this.download.set(button.getAttribute('aria-pressed') === 'true' ? back : button.dataset.stage));
    }
  }

  stop() {
    this.download.stop();
  }
}
