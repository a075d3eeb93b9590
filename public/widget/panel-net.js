// I/O: storage, the socket, and the outbox between them.

const CHECK_MS = 5_000;
const SILENCE_MS = 25_000;
const WELCOME_MS = 10_000;
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** `count` random bytes as lower-case hex. */
export const random = (count) => Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte.toString(16).padStart(2, '0')).join('');

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * A socket kept open while wanted. `hello()` returns the first frame, `frame(object)` gets the server's frames,
 * `state(online)` is called after a welcome or a loss.
 */
export class Link {
  constructor(url, hello, frame, state) {
    Object.assign(this, { url, hello, frame, state, socket: null, wanted: false, online: false, failures: 0 });
    setInterval(() => this.check(), CHECK_MS);
    addEventListener('online', () => this.hurry());
    document.addEventListener('visibilitychange', () => document.hidden || this.hurry());
  }

  want(wanted) {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (wanted) this.open();
    else this.lose();
  }

  /** Sends now, or returns false. */
  send(object) {
    if (!this.online || this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(object));
    return true;
  }

  open() {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.heard = Date.now();
    this.opened = this.heard;
    socket.onopen = () => socket.send(JSON.stringify(this.hello()));
    socket.onmessage = (event) => this.socket === socket && this.receive(event.data);
    socket.onclose = () => this.socket === socket && this.lose();
  }

  receive(data) {
    this.heard = Date.now();
    const frame = parse(data);
    if (!frame || typeof frame.t !== 'string') return;
    if (frame.t === 'ping') {
      this.socket.send('{"t":"pong"}');
      return;
    }
    const welcome = frame.t === 'welcome';
    if (welcome) {
      this.failures = 0;
      this.online = true;
    }
    this.frame(frame);
    if (welcome) this.state(true);
  }

  lose() {
    const { socket } = this;
    this.socket = null;
    this.online = false;
    if (socket) socket.close();
    clearTimeout(this.timer);
    if (this.wanted) {
      // Jitter spreads the visitors' reconnects after a restart of the server.
      const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.failures) * (0.5 + Math.random() / 2);
      this.failures += 1;
      this.timer = setTimeout(() => this.open(), Math.max(FIRST_MS, wait));
    }
    this.state(false);
  }

  /** A silent connection is dead even if the browser has not noticed. */
  check() {
    const now = Date.now();
    if (this.socket && (now - this.heard > SILENCE_MS || (!this.online && now - this.opened > WELCOME_MS))) this.lose();
  }

  /** Network or visitor are back: reconnect without waiting for the timer. */
  hurry() {
    this.check();
    if (this.wanted && !this.socket) this.open();
  }
}

/**
 * Values as JSON in localStorage. If the browser blocks storage in frames of other sites, the page around the frame
 * stores them: `kept` are its values, `keep(name, json)` stores one. A value that cannot be stored (quota) stays in
 * memory.
 */
export class Disk {
  constructor(key, kept, keep) {
    this.prefix = `causerie.${key}.`;
    this.memory = new Map();
    try {
      this.real = localStorage;
    } catch {
      this.keep = keep;
      for (const name in kept) this.memory.set(name, kept[name]);
    }
  }

  get(name) {
    const full = this.prefix + name;
    return parse(this.memory.has(full) || !this.real ? this.memory.get(full) : this.real.getItem(full));
  }

  /** Stores a value; null removes it. */
  set(name, value) {
    const full = this.prefix + name;
    const json = value === null ? null : JSON.stringify(value);
    this.memory.delete(full);
    try {
      if (value === null) this.real.removeItem(full);
      else this.real.setItem(full, json);
    } catch {
      if (json) this.memory.set(full, json);
      if (this.keep) this.keep(name, json);
    }
  }

  names(start) {
    const all = this.real ? Object.keys(this.real) : [...this.memory.keys()];
    return all.filter((full) => full.startsWith(this.prefix + start)).map((full) => full.slice(this.prefix.length));
  }

  /** Calls `changed(name, value)` for values that another tab of this browser writes. */
  watch(changed) {
    this.changed = changed;
    if (this.real) addEventListener('storage', ({ key, newValue }) => key && this.heard(key, newValue));
  }

  heard(full, json) {
    if (!full.startsWith(this.prefix)) return;
    if (this.keep) {
      if (json) this.memory.set(full, json);
      else this.memory.delete(full);
    }
    this.changed(full.slice(this.prefix.length), parse(json));
  }
}

const text = (value) => (typeof value === 'string' ? value : '');
const whole = (value) => (Number.isFinite(value) ? value : 0);

/** A message from the server with fields of the right types, or null if it is invalid. */
export function readMessage(raw) {
  if (!raw || !text(raw.id) || !Number.isFinite(raw.position) || !['visitor', 'agent', 'system'].includes(raw.from)) return null;
  return {
    id: raw.id, chat: text(raw.chat), cid: text(raw.cid), position: raw.position, from: raw.from, name: text(raw.name),
    text: text(raw.text), at: whole(raw.at), event: text(raw.event),
    files: (Array.isArray(raw.files) ? raw.files : []).filter((file) => file && text(file.id))
      .map((file) => ({ id: file.id, name: text(file.name) || file.id, size: whole(file.size) })),
  };
}

/** A chat from the server, or null if it is invalid. */
export function readChat(raw) {
  if (!raw || !text(raw.id)) return null;
  return {
    id: raw.id, state: raw.state, open: raw.state !== 'ended' && raw.state !== 'missed',
    place: whole(raw.place), agent: raw.agent ? text(raw.agent.name) : '', offline: raw.offline === true, opens: whole(raw.opens_at), read: whole(raw.read),
  };
}

/**
 * Messages by id, the outbox by client id. An entry leaves the outbox when it is acknowledged or its message arrives,
 * so it is never on screen twice. Each entry has its own key on disk, so tabs do not overwrite each other.
 */
export class Messages {
  constructor(disk) {
    Object.assign(this, { disk, stored: new Map(), chats: [], outbox: new Map() });
    for (const name of disk.names('out.')) this.heard(name, disk.get(name));
  }

  heard(name, entry) {
    if (entry && entry.ack) this.settle(entry, entry.ack);
    else if (entry && entry.cid && Array.isArray(entry.files)) this.outbox.set(entry.cid, entry);
    else this.outbox.delete(name.slice(4));
  }

  /** Puts a `start` or a `message` into the outbox. `at` is server time. */
  queue(kind, fields, at) {
    const seq = Math.max(0, ...this.waiting().map((entry) => entry.seq)) + 1;
    this.keep({ cid: random(12), kind, seq, at, failed: null, files: [], ...fields });
  }

  keep(entry) {
    this.outbox.set(entry.cid, entry);
    this.disk.set(`out.${entry.cid}`, entry);
  }

  drop(cid) {
    this.outbox.delete(cid);
    this.disk.set(`out.${cid}`, null);
  }

  /** The server stored the entry; a repetition changes nothing. `ack`: id, chat, position, at. */
  acknowledged(cid, ack) {
    const entry = this.outbox.get(cid);
    if (!entry) return;
    // Stored once with the acknowledgement, so that other tabs show the entry as sent before it is removed.
    this.keep({ ...entry, ack });
    this.settle(entry, ack);
    this.drop(cid);
  }

  settle(entry, ack) {
    this.outbox.delete(entry.cid);
    if (!this.twin({ id: ack.id, cid: entry.cid })) {
      this.stored.set(ack.id, { ...ack, cid: entry.cid, from: 'visitor', name: '', text: entry.text, files: entry.files, event: '' });
    }
  }

  twin({ id, cid }) {
    return this.stored.get(id) || (cid && [...this.stored.values()].find((message) => message.cid === cid));
  }

  /** Adds a message from the server; returns true if it is new on this screen. */
  add(message) {
    const twin = this.twin(message);
    if (twin) this.stored.delete(twin.id);
    this.stored.set(message.id, message);
    this.chat(message.chat);
    const own = this.outbox.has(message.cid);
    if (own) this.drop(message.cid);
    return !twin && !own;
  }

  /** Records the order of a chat. Messages acknowledged before their chat was known belong to it. */
  chat(id) {
    if (!this.chats.includes(id)) this.chats.push(id);
    for (const message of this.stored.values()) message.chat ||= id;
  }

  list() {
    // A system line comes after the message with the same position.
    const order = ({ from, at }) => (from === 'system' ? at : 0);
    const rank = ({ chat }) => (chat ? this.chats.indexOf(chat) : this.chats.length);
    return [...this.stored.values()].sort((a, b) => rank(a) - rank(b) || a.position - b.position || order(a) - order(b));
  }

  waiting() {
    return [...this.outbox.values()].sort((a, b) => a.seq - b.seq || (a.cid < b.cid ? -1 : 1));
  }
}
