// What the visitor writes: the form, the files to send and the composer.
import { $, about, button, bytes, el, ending, icon, t, words } from './panel-base.js';

const MAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const DRAFT_MS = 200;
const TYPING_AGAIN_MS = 3_000;
const TYPING_STOPS_MS = 4_000;
const TALLEST = 140;
const CROSS = 'm7 7 10 10M17 7 7 17';
const AGAIN = 'M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6';

function tooLong(text, max) {
  const n = bytes(text);
  return n > max ? t('tooLong', { n: words.number(n), max: words.number(max) }) : '';
}

/** Shows what is wrong with an input, or that it is valid. */
function complain(input, error, sentence) {
  error.textContent = sentence;
  error.hidden = !sentence;
  input.ariaInvalid = sentence ? true : null;
}

/** The form to start a chat or to leave a message. Calls `submit({name, email, text})`; the input survives a reload. */
export class Form {
  constructor({ disk, rules, submit }) {
    Object.assign(this, { disk, rules, submit, fields: {} });
    this.inputs = { name: $('name'), email: $('email'), text: $('first') };
    this.fill(disk.get('form') || {});
    $('form').addEventListener('input', ({ target }) => {
      this.keep();
      if (target.ariaInvalid) this.check(target.name);
    });
    $('form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
  }

  values() {
    return Object.fromEntries(Object.entries(this.inputs).map(([field, input]) => [field, input.value.trim()]));
  }

  keep() {
    this.disk.set('form', this.values());
  }

  /** Fills in known values where the visitor has typed nothing. */
  fill(values) {
    for (const field in this.inputs) this.inputs[field].value ||= String(values[field] || '');
  }

  /** `leaving`: the form is for leaving a message. `fields`: each is `required`, `optional` or `off`. */
  show(leaving, fields) {
    this.fields = { name: 'optional', email: 'optional', ...fields };
    for (const field of ['name', 'email']) {
      const rule = this.fields[field];
      $(`field-${field}`).hidden = rule === 'off';
      this.inputs[field].required = rule === 'required';
      const hints = [rule === 'optional' && t('optional'), field === 'email' && t('mailWhy')].filter(Boolean);
      $(`${field}-hint`).textContent = hints.length ? `(${hints.join(', ')})` : '';
    }
    const bare = this.fields.name === 'off' && this.fields.email === 'off';
    $('form-title').textContent = t(leaving ? 'missedTitle' : 'hello');
    $('form-lead').textContent = t(leaving ? 'missedLead' : bare ? 'ask' : 'helloLead');
    $('start').textContent = t(leaving ? 'leave' : 'start');
  }

  check(field) {
    const input = this.inputs[field];
    const value = input.value.trim();
    const rule = field === 'text' ? 'required' : this.fields[field];
    let wrong = '';
    if (rule === 'required' && !value) wrong = t('need');
    else if (field === 'text') wrong = tooLong(value, this.rules.maxText);
    else if (field === 'email' && rule !== 'off' && value && !MAIL.test(value)) wrong = t('badMail');
    complain(input, $(`${input.id}-error`), wrong);
    return !wrong;
  }

  send() {
    const wrong = Object.keys(this.inputs).filter((field) => !this.check(field));
    if (wrong.length) {
      this.inputs[wrong[0]].focus();
      return;
    }
    const values = this.values();
    for (const field in this.fields) if (this.fields[field] === 'off') values[field] = '';
    this.inputs.text.value = '';
    this.keep();
    this.submit(values);
  }

  /** Focuses the first empty field. */
  focus() {
    const open = Object.keys(this.inputs).find((field) => !this.inputs[field].value && this.fields[field] !== 'off');
    this.inputs[open || 'text'].focus();
  }
}

/** Files for the next message: checked against the rules, uploaded at once. */
class Tray {
  constructor(composer, items) {
    this.composer = composer;
    this.items = items.map((file) => ({ ...file, state: 'done', file }));
  }

  ready() {
    return this.items.filter((item) => item.state === 'done').map((item) => item.file);
  }

  busy() {
    return this.items.some((item) => item.state === 'up');
  }

  clear() {
    this.items = this.items.filter((item) => item.state !== 'done');
    this.draw();
  }

  add(chosen) {
    const { extensions, maxFile } = this.composer.rules;
    const refused = [];
    for (const blob of chosen) {
      const { name, size } = blob;
      if (extensions.length && !extensions.includes(ending(name))) refused.push(t('badType', { name, list: extensions.join(', ') }));
      else if (size > maxFile) refused.push(t('tooBig', { name, max: words.size(maxFile) }));
      else this.upload({ name, size, blob });
    }
    this.composer.complain(refused.join(' '));
  }

  upload(item) {
    // fetch reports no upload progress.
    const request = new XMLHttpRequest();
    Object.assign(item, { request, state: 'up', done: 0 });
    if (!this.items.includes(item)) this.items.push(item);
    request.open('POST', `files?key=${encodeURIComponent(this.composer.key)}`);
    request.responseType = 'json';
    request.setRequestHeader('Authorization', `Bearer ${this.composer.token}`);
    request.setRequestHeader('X-File-Name', encodeURIComponent(item.name));
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.onprogress = ({ loaded, total }) => {
      item.done = loaded / total;
      if (item.bar) item.bar.value = item.done;
    };
    request.onloadend = () => {
      const answer = request.response || {};
      item.state = request.status === 201 && answer.id ? 'done' : 'failed';
      item.file = { id: answer.id, name: answer.name || item.name, size: answer.size || item.size };
      const { text, message } = answer.error || answer;
      item.why = text || message || t('notUploaded');
      this.draw();
    };
    request.send(item.blob);
    this.draw();
  }

  drop(item) {
    this.items = this.items.filter((other) => other !== item);
    if (item.state === 'up') item.request.abort();
    this.draw();
  }

  draw() {
    $('tray').hidden = !this.items.length;
    $('tray').replaceChildren(...this.items.map((item) => {
      const tool = (path, label, act) => button('icon tool', icon(path), act, `${t(label)} ${item.name}`);
      const failed = item.state === 'failed';
      const row = el('li', item.state, ...about(item.name, failed ? item.why : words.size(item.size)));
      if (item.state === 'up') {
        item.bar = el('progress');
        item.bar.value = item.done;
        item.bar.ariaLabel = item.name;
        row.children[1].append(item.bar);
      }
      if (failed) row.append(tool(AGAIN, 'retry', () => this.upload(item)));
      row.append(tool(CROSS, 'remove', () => this.drop(item)));
      return row;
    }));
    this.composer.save();
    this.composer.state();
  }
}

/**
 * The composer of an open chat. Calls `send({text, files})` and `typing(on)`; the draft and its files survive a reload.
 */
export class Composer {
  constructor({ disk, token, key, rules, send, typing }) {
    Object.assign(this, { disk, token, key, rules, send, typing, box: $('message'), typed: 0 });
    const draft = disk.get('draft') || {};
    this.box.value = String(draft.text || '');
    this.tray = new Tray(this, Array.isArray(draft.files) ? draft.files : []);
    this.tray.draw();
    this.listen();
  }

  listen() {
    const { box } = this;
    box.addEventListener('input', () => this.changed());
    box.addEventListener('keydown', (event) => {
      // keyCode 229: Safari ends a composition before its Enter arrives.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    });
    const dropped = (event, { files }) => {
      if (!files.length) return;
      event.preventDefault();
      if (!$('composer').hidden) this.add(files);
    };
    box.addEventListener('paste', (event) => dropped(event, event.clipboardData));
    document.addEventListener('dragover', (event) => event.preventDefault());
    document.addEventListener('drop', (event) => dropped(event, event.dataTransfer));
    $('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    $('attach').addEventListener('click', () => {
      $('pick').accept = this.rules.extensions.map((extension) => `.${extension}`).join();
      $('pick').click();
    });
    $('pick').addEventListener('change', () => {
      this.add($('pick').files);
      $('pick').value = '';
    });
    addEventListener('pagehide', () => this.store());
  }

  add(files) {
    this.tray.add([...files]);
    this.box.focus();
  }

  changed() {
    this.complain('');
    this.save();
    this.grow();
    this.state();
    clearTimeout(this.stopping);
    if (!this.box.value.trim()) {
      this.still();
      return;
    }
    if (Date.now() - this.typed > TYPING_AGAIN_MS) {
      this.typed = Date.now();
      this.typing(true);
    }
    this.stopping = setTimeout(() => this.still(), TYPING_STOPS_MS);
  }

  still() {
    clearTimeout(this.stopping);
    if (this.typed) this.typing(false);
    this.typed = 0;
  }

  save() {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.store(), DRAFT_MS);
  }

  store() {
    clearTimeout(this.saving);
    const draft = { text: this.box.value, files: this.tray.ready() };
    this.disk.set('draft', draft.text || draft.files.length ? draft : null);
  }

  grow() {
    this.box.style.height = 'auto';
    this.box.style.height = `${Math.min(TALLEST, this.box.scrollHeight)}px`;
  }

  state() {
    const empty = !this.box.value.trim() && !this.tray.ready().length;
    $('send').classList.toggle('idle', empty || this.tray.busy());
  }

  complain(sentence) {
    complain(this.box, $('composer-error'), sentence);
  }

  submit() {
    const text = this.box.value.trim();
    const files = this.tray.ready();
    const wrong = this.tray.busy() ? t('uploading') : tooLong(text, this.rules.maxText);
    this.complain(wrong);
    this.box.focus();
    if (wrong || (!text && !files.length)) return;
    this.box.value = '';
    this.tray.clear();
    this.still();
    this.grow();
    this.store();
    this.send({ text, files });
  }
}
