// Who plays in this window. Each window is a player of its own, and a window that is closed
// and opened again is the same player: a lock of the browser says which players are here.

const keyOf = (number) => 'partyline-demo-player-' + number;

export class Player {
  constructor(number) {
    this.key = keyOf(number);
    this.saved = JSON.parse(localStorage.getItem(this.key) || '{}');
    if (!this.saved.device) this.keep({ device: newDevice() });
  }

  // keep remembers {device, name, party, invite, bots} until the browser forgets the page.
  keep(changes) {
    Object.assign(this.saved, changes);
    localStorage.setItem(this.key, JSON.stringify(this.saved));
  }
}

export function newDevice() {
  return 'demo-' + Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

// locked says whether this window got the lock; it holds it until it goes.
function locked(name, options) {
  return new Promise((resolve) => {
    navigator.locks.request(name, options, (lock) => {
      resolve(!!lock);
      return lock && new Promise(() => {});
    }).catch(() => resolve(false));
  });
}

// claim takes the player this window had before it was reloaded, else the first that no other
// window has. Browsers have locks on secure and loopback pages only; elsewhere, as on a phone
// in the same network, there is one player a browser.
export async function claim() {
  if (!navigator.locks) return new Player(1);
  const before = Number(sessionStorage.getItem('partyline-demo-number'));
  // A page that is loaded again waits until the browser has let the old one go; a copy of a window would wait for ever.
  const [{ type }] = performance.getEntriesByType('navigation');
  if (before && await locked(keyOf(before), { signal: AbortSignal.timeout(type === 'navigate' ? 1000 : 15_000) })) return new Player(before);
  for (let number = 1; ; number++) {
    if (await locked(keyOf(number), { ifAvailable: true })) {
      sessionStorage.setItem('partyline-demo-number', number);
      return new Player(number);
    }
  }
}
