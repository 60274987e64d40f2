// Small helpers to build the page. Texts are set as text, never as markup, so what players
// are called or say cannot change the page.

export const byId = (id) => document.getElementById(id);

// el makes an element: properties, data attributes under "data", then children, each an
// element or a text; null and false are left out.
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === 'data') Object.assign(node.dataset, value);
    else if (key === 'on') for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

export function show(id, visible) {
  byId(id).hidden = !visible;
}

// text sets an element's text and hides the element while there is none.
export function text(id, value) {
  byId(id).textContent = value || '';
  byId(id).hidden = !value;
}

export function toast(message, action) {
  const note = el('div', { className: 'toast', data: { testid: 'toast' } }, el('span', { dir: 'auto' }, message));
  if (action) {
    note.append(el('button', {
      className: 'button', type: 'button', data: { testid: 'toast-action' },
      on: { click: () => { note.remove(); action.run(); } },
    }, action.label));
  }
  byId('toasts').append(note);
  setTimeout(() => note.remove(), action ? 20000 : 6000);
}

// busy keeps a button from being pressed twice while its work is under way, and shows why
// it failed.
export async function busy(button, work) {
  if (button.disabled) return undefined;
  button.disabled = true;
  try {
    return await work();
  } catch (error) {
    toast(sayError(error));
    return undefined;
  } finally {
    button.disabled = false;
  }
}

// Reasons come as "<reason>: <message for the player>".
export function reasonOf(error) {
  const match = /^([a-z_]+(?:\/[\w-]+)?): /.exec(messageOf(error));
  return match ? match[1] : '';
}

export function sayError(error) {
  const message = messageOf(error);
  return message.replace(/^[a-z_]+(?:\/[\w-]+)?: /, '') || 'That did not work.';
}

function messageOf(error) {
  if (typeof error === 'string') return error;
  return (error && error.message) || '';
}
