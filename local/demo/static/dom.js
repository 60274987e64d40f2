// Small helpers to build the page. They set texts as text, never as markup, so names and
// messages of players cannot change the page.

export const byId = (id) => document.getElementById(id);

// el makes an element. props are properties, with data attributes under "data". Each child is
// an element or a text; null and false are left out.
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

// named isolates a player's name in a sentence, so that its writing direction does not change the rest.
export const named = (name) => el('bdi', null, name);

// icon returns one of the page's symbols.
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', '#i-' + name);
  svg.append(use);
  return svg;
}

export function show(id, visible) {
  byId(id).hidden = !visible;
}

// text sets an element's text, and hides the element if the text is empty.
export function text(id, value) {
  byId(id).textContent = value || '';
  byId(id).hidden = !value;
}

// toast shows a note: a text or its parts. A note disappears after some seconds; a note with an action stays
// until the player answers it.
export function toast(message, action) {
  const button = (label, testid, run) => el('button', {
    className: 'button tiny', type: 'button', data: { testid: testid },
    on: { click: () => { note.remove(); run(); } },
  }, label);
  const note = el('div', { className: 'toast', data: { testid: 'toast' } }, el('span', { dir: 'auto', className: 'grow' }, ...[message].flat()),
    action && button(action.label, 'toast-action', action.run), action && button('Dismiss', 'toast-dismiss', () => {}));
  byId('toasts').append(note);
  if (!action) setTimeout(() => note.remove(), 6000);
}

// busy disables a button while its work runs, and shows why the work failed. It then returns
// the focus to the button, unless the focus has moved elsewhere.
export async function busy(button, work) {
  if (button.disabled) return undefined;
  const focused = document.activeElement === button;
  button.disabled = true;
  try {
    return await work();
  } catch (error) {
    toast(sayError(error));
    return undefined;
  } finally {
    button.disabled = false;
    if (focused && document.activeElement === document.body) button.focus();
  }
}

// Refusals have the form "<reason>: <message for the player>".
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
