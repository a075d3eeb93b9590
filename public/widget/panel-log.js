// The log of messages with their files. The DOM changes only where the list did.
import { about, button, el, ending, icon, initials, t, words } from './panel-base.js';

const GROUP_MS = 180_000;
const NEAR_END = 80;
const FAR = 240;
const WARN = 'M12 7v6M12 16.5v.5M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z';
const MARKS = {
  sending: 'M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  sent: 'm5 12.5 4.5 4.5L19 7.5',
  read: 'm2 12.5 4.5 4.5L16 7.5M11 16l1 1 9.5-9.5',
};

/** Text as nodes, with web addresses as links. Never markup, because the text is untrusted. */
function prose(text) {
  const p = el('p', 'text');
  p.dir = 'auto';
  let from = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"]+/gi)) {
    const link = el('a', '', match[0].replace(/[.,;:!?)\]}'»”]+$/, ''));
    link.href = link.textContent;
    link.rel = 'noopener noreferrer nofollow';
    p.append(text.slice(from, match.index), link);
    from = match.index + link.textContent.length;
  }
  p.append(text.slice(from));
  return p;
}

const author = (message) => message.name || t('agent');

function systemText(message) {
  const values = { name: author(message) };
  switch (message.event) {
    case 'joined':
    case 'left':
    case 'missed':
    case 'waiting': return t(message.event, values);
    case 'ended': return `${t(message.name ? 'endedBy' : 'ended', values)} · ${words.time(message.at)}`;
    default: return message.text;
  }
}

/** A message as it is spoken when it arrives. */
export function spokenText(message) {
  if (message.from === 'system') return systemText(message);
  return `${author(message)}: ${[message.text, ...message.files.map((file) => file.name)].filter(Boolean).join(', ')}`;
}

/** What the log shows, in order. An item's JSON is its signature: equal JSON, untouched DOM. */
function itemsOf(model) {
  const all = [
    ...model.list.map((message) => ({ ...message, key: message.cid || message.id, state: 'sent' })),
    ...model.outbox.map((entry) => ({ ...entry, key: entry.cid, from: 'visitor', state: entry.failed ? 'failed' : 'sending' })),
  ];
  const last = (state) => all.findLast((message) => message.from === 'visitor' && message.state === state);
  const told = [last('sent'), last('sending')];
  const items = [];
  let day = '';
  let before = null;
  for (const message of all) {
    const { key, from, name, text, at, files, failed } = message;
    const today = words.day(at, model.now);
    if (today !== day) {
      items.push({ key: `day-${key}`, kind: 'day', text: today });
      day = today;
      before = null;
    }
    if (from === 'system') {
      if (systemText(message)) items.push({ key, kind: 'system', text: systemText(message) });
      before = null;
      continue;
    }
    const joined = before && before.from === from && before.name === name && at - before.at < GROUP_MS && !before.meta;
    if (joined) before.last = false;
    const read = message === told[0] && model.chat && message.chat === model.chat.id && message.position <= model.chat.read;
    before = {
      key, from, name, text, at, files, failed, first: !joined, last: true,
      state: read ? 'read' : message.state, meta: Boolean(failed) || told.includes(message),
    };
    items.push(before);
  }
  if (model.notice) items.push({ key: 'notice', kind: 'notice', text: model.notice });
  return items;
}

function metaOf({ key, state, failed, at }, acts) {
  if (!failed) return el('div', `meta ${state}`, el('span', '', t(state, { time: words.time(at) }), icon(MARKS[state])));
  const why = { rate: 'rate', bad_file: 'bad_file', closed: 'chatOver' }[failed.code];
  return el('div', 'meta failed',
    el('span', '', icon(WARN), t('failed', { why: why ? t(why) : failed.detail || t('refused') })),
    button('plain', t('retry'), () => acts.retry(key)), button('plain', t('remove'), () => acts.discard(key)));
}

function fileCard(file, acts) {
  const card = () => button('file', about(file.name, `${ending(file.name).toUpperCase()} · ${words.size(file.size)}`),
    () => acts.download(file), `${t('download')} ${file.name}`);
  if (acts.saveData || !/^(png|jpe?g|gif)$/.test(ending(file.name))) return card();
  const image = el('img');
  image.alt = '';
  const picture = button('picture', image, () => acts.show(file, image.src), file.name);
  const fallback = () => picture.replaceWith(card());
  image.onerror = fallback;
  acts.blob(file.id).then((address) => { image.src = address; }, fallback);
  return picture;
}

function draw(item, acts) {
  if (item.kind) return el('p', item.kind, item.text);
  const own = item.from === 'visitor';
  const row = el('div', `msg ${item.from} ${item.first ? 'first' : ''} ${item.last ? 'last' : ''}`);
  row.role = 'article';
  row.ariaLabel = `${own ? t('you') : author(item)}, ${words.time(item.at)}`;
  row.title = words.time(item.at);
  if (!own) row.append(faceOf(author(item)));
  const stack = el('div', 'stack', ...item.files.map((file) => fileCard(file, acts)));
  if (item.text) stack.prepend(el('div', 'bubble', prose(item.text)));
  if (item.meta && own) stack.append(metaOf(item, acts));
  row.append(stack);
  return row;
}

function faceOf(name) {
  const face = el('span', 'face', initials(name));
  face.ariaHidden = true;
  return face;
}

/** Keeps `log` in the scrolling `pane` equal to what `update` is given, and the end in view for who reads there. */
export class Log {
  constructor({ log, pane, jump, acts }) {
    Object.assign(this, { log, pane, jump, acts, rows: new Map(), missed: 0, follow: true });
    jump.addEventListener('click', () => {
      this.follow = true;
      this.settle();
      log.focus({ preventScroll: true });
    });
    pane.addEventListener('scroll', () => {
      this.follow = this.below() < NEAR_END;
      this.settle();
    }, { passive: true });
    // The pane shrinks when the composer grows or a keyboard appears.
    new ResizeObserver(() => this.settle()).observe(pane);
    log.addEventListener('click', (event) => {
      const link = event.target.closest('a');
      if (!link) return;
      event.preventDefault();
      acts.link(link.href);
    });
  }

  below() {
    return this.pane.scrollHeight - this.pane.scrollTop - this.pane.clientHeight;
  }

  update(model, { fresh = 0, own = false } = {}) {
    const items = itemsOf(model);
    if (model.typing) items.push({ key: 'typing', kind: 'typing', text: model.typing });
    const keys = new Set(items.map((item) => item.key));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.rows.delete(key);
    }
    let at = this.log.firstChild;
    for (const item of items) {
      const signature = JSON.stringify(item);
      const old = this.rows.get(item.key);
      const element = old && old.signature === signature ? old.element
        : item.kind === 'typing' ? this.typing(item.text) : draw(item, this.acts);
      if (old && old.element !== element) {
        if (old.element === at) at = element;
        old.element.replaceWith(element);
      }
      this.rows.set(item.key, { element, signature });
      if (element === at) at = at.nextSibling;
      else this.log.insertBefore(element, at);
    }
    if (own) this.follow = true;
    this.missed += fresh;
    this.settle();
  }

  typing(name) {
    return el('div', 'msg agent first last typing', faceOf(name),
      el('div', 'bubble', el('i'), el('i'), el('i'), el('span', 'sr', t('typing', { name }))));
  }

  settle() {
    if (this.follow) {
      this.pane.scrollTop = this.pane.scrollHeight;
      this.missed = 0;
    }
    this.jump.hidden = this.log.hidden || this.follow || (this.below() < FAR && !this.missed);
    this.jump.textContent = t('latest') + (this.missed ? ` (${this.missed})` : '');
  }
}
