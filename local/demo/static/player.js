// The player of this window. Each window is a different player, and a window that is closed and
// opened again is the same player. Locks of the browser show which players are open.

const keyOf = (number) => 'partyline-demo-player-' + number;

export class Player {
  constructor(number) {
    this.key = keyOf(number);
    this.saved = JSON.parse(localStorage.getItem(this.key) || '{}');
    if (!this.saved.device) this.keep({ device: newDevice() });
  }

  // keep saves {device, name, party, invite, bots} in the browser's local storage.
  keep(changes) {
    Object.assign(this.saved, changes);
    localStorage.setItem(this.key, JSON.stringify(this.saved));
  }
}

export function newDevice() {
  return 'demo-' + Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

// locked reports whether this window got the lock. The window then holds it until it closes.
function locked(name, options) {
  return new Promise((resolve) => {
    navigator.locks.request(name, options, (lock) => {
      resolve(!!lock);
      return lock && new Promise(() => {});
    }).catch(() => resolve(false));
  });
}

// claim takes the player this window had before a reload, else the first player without a window.
// Browsers have locks on secure and loopback pages only. Elsewhere, as on a phone in the same
// network, each browser has one player.
export async function claim() {
  if (!navigator.locks) return new Player(1);
  const before = Number(sessionStorage.getItem('partyline-demo-number'));
  // A reloaded page waits until the browser releases the old page's lock; a duplicated window would wait forever.
  const [{ type }] = performance.getEntriesByType('navigation');
  if (before && await locked(keyOf(before), { signal: AbortSignal.timeout(type === 'navigate' ? 1000 : 15_000) })) return new Player(before);
  for (let number = 1; ; number++) {
    if (await locked(keyOf(number), { ifAvailable: true })) {
      sessionStorage.setItem('partyline-demo-number', number);
      return new Player(number);
    }
  }
}
