// The chat panel: connects the session, the views and the page around it.
import { $, initials, t, words } from './panel-base.js';
import { Log, spokenText } from './panel-log.js';
import { Disk } from './panel-net.js';
import { Session } from './panel-session.js';
import { Composer, Form } from './panel-write.js';

const FLASH_MS = 6_000;

const key = new URLSearchParams(location.search).get('key') || '';
// Opened as a page of its own, without a launcher.
const alone = window.parent === window;
const told = {};
let known = null; // the contact already filled into the form
let flash = '';
let lastNotice = '';
let lastView = '';

/** Waits for the first message of the page around the panel; resolves to its data and origin. */
function begin() {
  return new Promise((resolve) => {
    if (alone) resolve([{}]);
    addEventListener('message', ({ data, origin, source }) => {
      if (source === window.parent && data && data.causerie === 'init') resolve([data, origin]);
    });
    // The page's origin is not known yet; the message contains nothing secret.
    window.parent.postMessage({ causerie: 'ready' }, '*');
  });
}

const [init, host] = await begin();
const { name = '', form: fields = {} } = init.config || {};

function tell(kind, more) {
  if (!alone) window.parent.postMessage({ causerie: kind, ...more }, host);
}

function tellNew(kind, key, value) {
  if (told[kind] === value) return;
  told[kind] = value;
  tell(kind, { [key]: value });
}

const disk = new Disk(key, init.kept, (name, value) => tell('keep', { name, value }));
const session = new Session({
  key,
  disk,
  lang: words.lang,
  changed: (change) => render(change),
  heard(messages) {
    const spoken = messages.map(spokenText).filter(Boolean);
    announce(spoken.length > 2 ? t('many', { n: spoken.length }) : spoken.join('. '));
  },
  live: (on) => tellNew('live', 'on', on),
  unread: (count) => tellNew('unread', 'count', count),
});

// Files as blob URLs, each fetched once; a failed fetch can be repeated.
const blobs = new Map();
function blob(id) {
  if (!blobs.has(id)) {
    const promise = fetch(`files/${encodeURIComponent(id)}?key=${encodeURIComponent(key)}`, {
      headers: { Authorization: `Bearer ${session.token}` }, credentials: 'omit',
    }).then(async (answer) => {
      if (!answer.ok) throw new Error(`file ${answer.status}`);
      return URL.createObjectURL(await answer.blob());
    });
    promise.catch(() => blobs.delete(id));
    blobs.set(id, promise);
  }
  return blobs.get(id);
}

const acts = {
  saveData: Boolean(navigator.connection && navigator.connection.saveData),
  blob,
  link(url) {
    if (alone) window.open(url, '_blank', 'noopener,noreferrer');
    else tell('link', { url });
  },
  retry(cid) {
    const { name, email } = form.values();
    session.retry(cid, { name, email });
    composer.box.focus();
  },
  discard(cid) {
    const entry = session.discard(cid);
    if (entry.kind === 'start') form.fill({ text: entry.text });
  },
  download(file) {
    blob(file.id).then((address) => {
      const link = document.createElement('a');
      link.href = address;
      link.download = file.name;
      link.click();
    }, () => {
      flash = t('notLoaded', file);
      render();
      setTimeout(() => {
        flash = '';
        render();
      }, FLASH_MS);
    });
  },
  show(file, address) {
    $('image').src = address;
    $('image').alt = file.name;
    $('caption').textContent = file.name;
    $('save').onclick = () => acts.download(file);
    $('picture').showModal();
  },
};

// In a closed shadow tree: screen readers announce it, and a search in the page finds each message once.
const voice = $('live').attachShadow({ mode: 'closed' }).appendChild(document.createElement('div'));
voice.ariaLive = 'polite';

function announce(sentence) {
  if (session.watched && sentence) voice.textContent = sentence;
}

/** The log's last line while nobody has answered: the state of the wait. */
function notice(view) {
  const { chat } = session;
  if (view === 'loading') return t('connecting');
  if (view !== 'chat' || !chat || chat.state !== 'waiting') return '';
  if (chat.offline) {
    return chat.opens ? t('opens', { when: `${words.day(chat.opens, Date.now())}, ${words.time(chat.opens)}` }) : t('offline');
  }
  return chat.place > 1 ? t('place', { place: words.number(chat.place) }) : t(chat.place ? 'next' : 'waiting');
}

function subtitle(view) {
  const { chat } = session;
  if (view !== 'chat') return t({ form: 'ask', loading: 'connecting' }[view] || view);
  if (!session.open) return t('connecting');
  if (chat.agent) return session.org;
  return chat.offline ? '' : t('soon');
}

function render(change) {
  const view = session.view();
  const asking = view === 'form' || view === 'missed';
  const agent = session.open && session.chat.agent;
  const { online } = session.link;

  $('title').textContent = agent || session.org;
  $('subtitle').textContent = subtitle(view);
  $('initials').textContent = agent ? initials(agent) : '';
  $('face').classList.toggle('person', Boolean(agent));
  $('presence').hidden = !agent || !online;
  $('end').hidden = !session.open;
  $('end').disabled = !online;
  if (!session.open || !online) $('confirm').hidden = true;

  $('scroll').className = view;
  $('log').hidden = view === 'form' || view === 'closed';
  $('form').hidden = !asking;
  $('over').hidden = view !== 'ended';
  $('composer').hidden = !session.writable;
  if (session.contact !== known) {
    known = session.contact;
    form.fill(known);
  }
  if (asking) form.show(view === 'missed', session.fields);
  $('banner').textContent = flash || (session.lost ? t('lost') : '');
  $('banner').hidden = !$('banner').textContent;

  const line = notice(view);
  if (line !== lastNotice) announce(line);
  lastNotice = line;
  const { messages, chat, typist } = session;
  log.update({ list: messages.list(), outbox: messages.waiting(), chat, now: session.now(), typing: typist, notice: line }, change);
  if (view !== lastView) moved(view);
  session.seen();
}

/** The view changed: moves the focus out of hidden elements and scrolls a form to its top. */
function moved(view) {
  const first = !lastView;
  lastView = view;
  composer.grow();
  log.follow = view !== 'form' && view !== 'missed';
  log.settle();
  if (!log.follow) $('form').scrollIntoView();
  if (!first && session.shown && document.hasFocus()) focusView();
}

function focusView() {
  const view = session.view();
  // On a phone the keyboard would cover half of the unread text.
  if (matchMedia('(pointer: coarse)').matches && view !== 'chat') $('title').focus();
  else if (view === 'form' || view === 'missed') form.focus();
  else if (view === 'ended') $('again').focus();
  else if (session.writable) composer.box.focus();
  else $('title').focus();
}

for (const element of document.querySelectorAll('[data-text]')) element.textContent = t(element.dataset.text);
for (const element of document.querySelectorAll('[data-label]')) element.ariaLabel = t(element.dataset.label);
$('message').placeholder = t('write');
document.documentElement.lang = words.lang;

const { rules, token } = session;
const log = new Log({ log: $('log'), pane: $('scroll'), jump: $('jump'), acts });
const form = new Form({ disk, rules, submit: (fields) => session.write('start', fields) });
const composer = new Composer({
  disk, rules, token, key,
  send: (fields) => session.write('message', fields),
  typing: (on) => session.link.send({ t: 'typing', on }),
});

function askEnd(asking) {
  $('confirm').hidden = !asking;
  if (asking) $('stay').focus();
  else composer.box.focus();
}

const on = (id, act) => $(id).addEventListener('click', act);
on('close', () => tell('close'));
on('end', () => askEnd($('confirm').hidden));
on('stay', () => askEnd(false));
on('leave', () => {
  session.link.send({ t: 'end' });
  askEnd(false);
});
on('again', () => {
  session.again = true;
  render();
});
on('dismiss', () => $('picture').close());
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.isComposing || $('picture').open) return;
  if ($('confirm').hidden) tell('close');
  else askEnd(false);
});
document.addEventListener('visibilitychange', () => session.seen());

addEventListener('message', ({ data, origin, source }) => {
  if (alone || source !== window.parent || origin !== host || !data) return;
  switch (data.causerie) {
    case 'kept':
      disk.heard(data.name, data.value);
      return;
    case 'page':
      session.visit(data.url, data.title);
      break;
    case 'shown':
    case 'hidden':
      session.shown = data.causerie === 'shown';
      break;
    default:
      return;
  }
  session.want();
  render();
  if (data.causerie === 'shown') focusView();
});

session.org = String(name);
session.fields = fields;
session.shown = alone;
session.visit(init.url || document.referrer, init.title);
if (alone) session.link.want(true);
session.want();
render();
$('close').hidden = alone;
