// Texts, formats and helpers for DOM nodes.

const TEXTS = {
  en: {
    name: 'Name', email: 'E-mail', message: 'Message', send: 'Send', write: 'Write a message',
    optional: 'optional', mailWhy: 'for an answer if you leave',
    hello: 'Hello!', helloLead: 'Tell us who you are, then write.', ask: 'Write to us, we answer here.', start: 'Start chat',
    missed: 'Nobody was free to answer', missedLead: 'Sorry about that. Write to us and we will get back to you.',
    missedTitle: 'Leave a message', leave: 'Leave message',
    need: 'Please fill this in.', badMail: 'This is not an e-mail address.',
    tooLong: 'This message is too long: {n} of at most {max} bytes. Please shorten it or send it in parts.',
    messages: 'Messages', close: 'Close chat', attach: 'Attach files', tray: 'Files to send',
    download: 'Download', dismiss: 'Close', remove: 'Remove', retry: 'Retry', notLoaded: '{name} could not be loaded.',
    you: 'You', agent: 'Agent', today: 'Today', yesterday: 'Yesterday', connecting: 'Connecting…',
    sending: 'Sending…', sent: 'Sent {time}', read: 'Read {time}', failed: 'Not sent. {why}',
    lost: 'Reconnecting… Your messages are kept and go out as soon as the connection is back.',
    soon: 'One moment, please', waiting: 'We are finding someone for you.',
    next: 'You are next in the queue.', place: 'You are number {place} in the queue.',
    offline: 'Thank you. The answer comes here, and by e-mail if you left one.',
    opens: 'We are back: {when}. The answer comes here, and by e-mail if you left one.',
    joined: '{name} joined the chat', left: '{name} left the chat', typing: '{name} is typing',
    endedBy: '{name} ended the chat', ended: 'This chat has ended', again: 'Start a new chat',
    end: 'End chat', endAsk: 'End this chat?', endYes: 'End', endNo: 'Keep chatting',
    closed: 'This chat is closed', latest: 'Latest messages', many: '{n} new messages',
    badType: '“{name}” cannot be sent. Allowed: {list}.', tooBig: '“{name}” cannot be sent. At most {max}.',
    notUploaded: 'Upload failed', uploading: 'One moment, a file is still on its way.',
    rate: 'Too many messages at once, try again in a moment.', bad_file: 'A file was not accepted.',
    chatOver: 'The chat had already ended.', refused: 'It was not accepted.',
  },
  es: {
    name: 'Nombre', email: 'Correo electrónico', message: 'Mensaje', send: 'Enviar', write: 'Escribe un mensaje',
    optional: 'opcional', mailWhy: 'para responderte si te vas',
    hello: '¡Hola!', helloLead: 'Dinos quién eres y escribe.', ask: 'Escríbenos, te respondemos aquí.', start: 'Iniciar chat',
    missed: 'No había nadie libre para responder', missedLead: 'Lo sentimos. Escríbenos y te responderemos.',
    missedTitle: 'Deja un mensaje', leave: 'Dejar mensaje',
    need: 'Rellena este campo.', badMail: 'No es una dirección de correo.',
    tooLong: 'El mensaje es demasiado largo: {n} de {max} bytes como máximo. Acórtalo o envíalo en partes.',
    messages: 'Mensajes', close: 'Cerrar chat', attach: 'Adjuntar archivos', tray: 'Archivos por enviar',
    download: 'Descargar', dismiss: 'Cerrar', remove: 'Quitar', retry: 'Reintentar', notLoaded: 'No se pudo cargar {name}.',
    you: 'Tú', agent: 'Agente', today: 'Hoy', yesterday: 'Ayer', connecting: 'Conectando…',
    sending: 'Enviando…', sent: 'Enviado {time}', read: 'Leído {time}', failed: 'No enviado. {why}',
    lost: 'Reconectando… Tus mensajes se guardan y saldrán en cuanto vuelva la conexión.',
    soon: 'Un momento', waiting: 'Estamos buscando a alguien para ti.',
    next: 'Eres el siguiente en la cola.', place: 'Eres el número {place} en la cola.',
    offline: 'Gracias. La respuesta llegará aquí, y por correo si lo dejaste.',
    opens: 'Volvemos: {when}. La respuesta llegará aquí, y por correo si lo dejaste.',
    joined: '{name} se ha unido al chat', left: '{name} ha salido del chat', typing: '{name} está escribiendo',
    endedBy: '{name} ha terminado el chat', ended: 'Este chat ha terminado', again: 'Iniciar otro chat',
    end: 'Terminar chat', endAsk: '¿Terminar este chat?', endYes: 'Terminar', endNo: 'Seguir',
    closed: 'Este chat está cerrado', latest: 'Últimos mensajes', many: '{n} mensajes nuevos',
    badType: '«{name}» no se puede enviar. Permitidos: {list}.', tooBig: '«{name}» no se puede enviar. Máximo {max}.',
    notUploaded: 'No se pudo subir', uploading: 'Un momento, un archivo aún se está subiendo.',
    rate: 'Demasiados mensajes a la vez, reinténtalo en un momento.', bad_file: 'Un archivo no fue aceptado.',
    chatOver: 'El chat ya había terminado.', refused: 'No fue aceptado.',
  },
};

const lang = new URLSearchParams(location.search).get('lang') === 'es' ? 'es' : 'en';
const clock = new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const date = new Intl.DateTimeFormat(lang, { weekday: 'long', day: 'numeric', month: 'long' });
const { format } = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });

/** Returns the text of a key with its `{placeholders}` filled in. */
export const t = (key, values = {}) => TEXTS[lang][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');

/** Formats. Times are ms since the epoch, sizes bytes. */
export const words = {
  lang,
  number: format,
  time: (at) => clock.format(at),
  day(at, now) {
    const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);
    const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
    return days === 0 ? t('today') : days === 1 ? t('yesterday') : date.format(at);
  },
  size: (bytes) => (bytes < 1_048_576 ? `${Math.ceil(bytes / 1024)} KB` : `${format(bytes / 1_048_576)} MB`),
};

export const $ = (id) => document.getElementById(id);

/** Length of a text in UTF-8 bytes, the server's measure. */
export const bytes = (text) => new TextEncoder().encode(text).length;

/** Creates an element with a class and children. Strings become text, never markup. */
export function el(tag, className = '', ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

export function icon(path) {
  const make = (tag, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    return element;
  };
  const svg = make('svg', { viewBox: '0 0 24 24', 'aria-hidden': true });
  svg.append(make('path', { d: path }));
  return svg;
}

/** `label`: the accessible name if the content is not text. */
export function button(className, content, act, label) {
  const element = el('button', className, ...[content].flat());
  element.type = 'button';
  element.addEventListener('click', act);
  if (label) element.ariaLabel = label;
  return element;
}

/** A file's icon and name, with a line of details. */
export function about(name, line) {
  const title = el('b', '', name);
  title.dir = 'auto';
  return [
    el('span', 'paper', icon('M14 3H6v18h12V7l-4-4Zm0 0v4h4M9 12h6M9 16h6')),
    el('span', 'about', title, el('small', '', line)),
  ];
}

/** The extension of a file name in lower case. */
export const ending = (name) => /\.?([^.]*)$/.exec(name)[1].toLowerCase();

/** Up to two initials of a name. */
export function initials(name) {
  const parts = name.trim().split(/\s+/);
  return [parts[0], parts.length > 1 ? parts.at(-1) : ''].map((part) => [...part][0] || '').join('').toUpperCase();
}
