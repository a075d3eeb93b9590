// The visitor's session: the server's state, the outbox, and when a connection is needed.
import { Link, Messages, random, readChat, readMessage } from './panel-net.js';

const RESEND_MS = 10_000;
const OTHER_TAB_MS = 3_000;
const TYPING_MS = 10_000;
const LOST_AFTER_MS = 1_500;
const IDLE_CLOSE_MS = 60_000;

const started = (entry) => entry.kind === 'start';

/**
 * Calls `changed({fresh, own})` after each change (`fresh`: new messages of agents; `own`: the visitor wrote),
 * `heard(messages)` with new messages, `live(on)` and `unread(count)` for the launcher.
 */
export class Session {
  constructor({ key, lang, disk, ...listeners }) {
    Object.assign(this, listeners, {
      disk,
      org: '', fields: {}, contact: {}, page: {}, chat: null, typist: '', skew: 0, cursor: 0, reported: '',
      rules: { maxText: 16_384, maxFile: 26_214_400, extensions: [] },
      shown: false, welcomed: false, closed: false, lost: false,
      again: false, // the visitor asked for the form of a new chat
      sentAt: new Map(), // cid → when it was sent on this connection
      heardAt: new Map(), // cid → when another tab wrote it
    });
    this.messages = new Messages(disk);
    const token = disk.get('token');
    this.token = /^[0-9a-f]{64}$/.test(token) ? token : random(32);
    disk.set('token', this.token);

    const address = new URL(`socket?key=${encodeURIComponent(key)}`, location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    this.link = new Link(
      address,
      () => ({ t: 'hello', v: 1, token: this.token, cursor: this.cursor, ...this.page, lang }),
      (frame) => this.receive(frame),
      (online) => this.connection(online),
    );
    disk.watch((name, value) => this.otherTab(name, value));
    setInterval(() => this.flush(), 2_000);
  }

  /** Server time in ms since the epoch, even if this clock is wrong. */
  now() {
    return Date.now() + this.skew;
  }

  get open() {
    return Boolean(this.chat && this.chat.open);
  }

  get watched() {
    return this.shown && !document.hidden;
  }

  pending() {
    return this.messages.waiting().filter((entry) => !entry.failed);
  }

  get writable() {
    return this.open || this.pending().some(started);
  }

  /** The panel's view: closed, chat, form, missed, ended or loading. */
  view() {
    if (this.closed) return 'closed';
    if (this.open || this.messages.waiting().some(started)) return 'chat';
    if (this.again) return 'form';
    if (this.chat) return this.chat.state;
    return this.disk.get('chat') && !this.welcomed ? 'loading' : 'form';
  }

  /** Connects while a chat is live, and for the history while the panel is shown. */
  want() {
    const known = this.disk.get('chat');
    const live = !this.closed && (this.open || this.pending().length > 0 || (!this.welcomed && known === 'open'));
    clearTimeout(this.idle);
    if (this.closed) this.link.want(false);
    else if (live || (this.shown && known)) this.link.want(true);
    else if (!this.shown) this.idle = setTimeout(() => this.link.want(false), IDLE_CLOSE_MS);
    this.live(live);
  }

  connection(online) {
    clearTimeout(this.losing);
    this.sentAt.clear();
    this.reported = '';
    if (online) {
      this.lost = false;
      this.flush();
    } else {
      this.typist = '';
      this.losing = setTimeout(() => {
        this.lost = this.link.wanted;
        this.changed();
      }, LOST_AFTER_MS);
    }
    this.changed();
  }

  /** Sends the outbox: own entries at once, another tab's when that tab seems closed, unanswered ones again. */
  flush() {
    for (const entry of this.pending()) {
      const { cid, text, name, email } = entry;
      const sent = this.sentAt.get(cid);
      const since = sent || this.heardAt.get(cid);
      if (since && Date.now() - since < (sent ? RESEND_MS : OTHER_TAB_MS)) continue;
      const frame = started(entry)
        ? { t: 'start', cid, name, email, text }
        : { t: 'message', cid, text, files: entry.files.map((file) => file.id) };
      if (!this.link.send(frame)) return;
      this.sentAt.set(cid, Date.now());
    }
  }

  receive(frame) {
    switch (frame.t) {
      case 'welcome':
        this.welcome(frame);
        break;
      case 'chat':
      case 'state': {
        const chat = readChat(frame.chat);
        if (!chat) return;
        this.setChat(chat);
        break;
      }
      case 'message': {
        const message = readMessage(frame.message);
        if (!message) return;
        if (Number.isFinite(frame.cursor)) this.cursor = Math.max(this.cursor, frame.cursor);
        this.take([message]);
        return;
      }
      case 'ack': {
        const { cid, id, position, at } = frame;
        if (typeof id !== 'string' || !Number.isFinite(position)) return;
        this.messages.acknowledged(cid, { id, position, at: Number.isFinite(at) ? at : this.now(), chat: this.open ? this.chat.id : '' });
        this.want();
        break;
      }
      case 'refused':
        this.refused(frame);
        break;
      case 'typing':
        this.setTypist(frame.on === true && this.open ? String(frame.name || this.chat.agent) : '');
        break;
      case 'error':
        if (frame.code !== 'disabled' && frame.code !== 'unauthorized') return;
        this.closed = true;
        this.want();
        break;
      default:
        return;
    }
    this.changed();
  }

  welcome(frame) {
    const first = !this.welcomed;
    const object = (value) => (value && typeof value === 'object' ? value : {});
    const list = (value) => (Array.isArray(value) ? value : []);
    this.welcomed = true;
    this.org = String(frame.org || this.org);
    this.fields = object(frame.form);
    this.contact = object(frame.contact);
    if (Number.isFinite(frame.now)) this.skew = frame.now - Date.now();
    if (Number.isFinite(frame.cursor)) this.cursor = frame.cursor;
    if (frame.max_text > 0) this.rules.maxText = frame.max_text;
    if (frame.max_file > 0) this.rules.maxFile = frame.max_file;
    this.rules.extensions = list(frame.extensions).map(String);
    this.setChat(readChat(frame.chat));
    this.take(list(frame.messages).map(readMessage).filter(Boolean), first);
    // The server has erased the history: the next look needs no socket.
    if (!this.chat) this.disk.set('chat', null);
  }

  setChat(next) {
    if (next) {
      if (next.open) this.again = false;
      this.messages.chat(next.id);
      this.disk.set('chat', next.open ? 'open' : 'over');
    }
    this.chat = next;
    if (!this.open) this.typist = '';
    this.want();
  }

  take(list, quiet = false) {
    const fresh = list.filter((message) => this.messages.add(message) && message.from !== 'visitor');
    const agents = fresh.filter((message) => message.from === 'agent').length;
    if (agents) this.setTypist('');
    this.want();
    this.changed({ fresh: quiet ? 0 : agents });
    if (fresh.length && !quiet) this.heard(fresh);
  }

  refused({ cid, code, detail }) {
    const entry = this.messages.outbox.get(cid);
    if (!entry) return;
    this.messages.keep({ ...entry, failed: { code: String(code), detail: String(detail || '') } });
    this.want();
  }

  setTypist(name) {
    clearTimeout(this.still);
    this.typist = name;
    if (name) {
      this.still = setTimeout(() => {
        this.typist = '';
        this.changed();
      }, TYPING_MS);
    }
  }

  otherTab(name, value) {
    if (name.startsWith('out.')) {
      if (value && !value.ack && !this.heardAt.has(value.cid)) this.heardAt.set(value.cid, Date.now());
      this.messages.heard(name, value);
    } else if (name !== 'seen' && name !== 'chat') {
      return;
    }
    this.want();
    this.changed();
  }

  /** Queues a `start` ({name, email, text}) or a `message` ({text, files}) and sends it as soon as possible. */
  write(kind, fields) {
    this.messages.queue(kind, fields, this.now());
    this.sent();
  }

  /** Sends a refused entry again. If its chat is over, the entry starts a new chat of `who` ({name, email}). */
  retry(cid, who) {
    const entry = this.messages.outbox.get(cid);
    this.sentAt.delete(cid);
    if (started(entry) || this.open) {
      this.messages.keep({ ...entry, failed: null });
    } else {
      const text = entry.text || entry.files.map((file) => file.name).join(', ');
      this.messages.keep({ ...entry, ...who, kind: 'start', text, files: [], failed: null });
      // A start has no files; they follow in a second message.
      if (entry.files.length) this.messages.queue('message', { text: '', files: entry.files }, this.now());
    }
    this.sent();
  }

  sent() {
    this.want();
    this.flush();
    this.changed({ own: true });
  }

  discard(cid) {
    const entry = this.messages.outbox.get(cid);
    this.messages.drop(cid);
    this.changed();
    return entry;
  }

  visit(url, title) {
    this.page = { url: String(url || '').slice(0, 2048), title: String(title || '').slice(0, 300) };
    this.link.send({ t: 'page', ...this.page });
  }

  /** Reports the read position to the agent, and the number of unread messages to the launcher. */
  seen() {
    const { id } = this.chat || {};
    const mine = this.messages.list().filter((message) => message.chat === id);
    const newest = mine.length ? mine.at(-1).position : 0;
    const last = this.disk.get('seen');
    let position = last && last.chat === id ? last.position : 0;
    if (newest && this.watched && !this.again) {
      if (newest > position) this.disk.set('seen', { chat: id, position: newest });
      position = Math.max(position, newest);
      const report = `${id} ${newest}`;
      if (report !== this.reported && this.link.send({ t: 'read', position: newest })) this.reported = report;
    }
    this.unread(mine.filter((message) => message.from === 'agent' && message.position > position).length);
  }
}
