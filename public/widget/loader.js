// Causerie loader: draws the launcher and, on intent, the panel.
(() => {
  const script = document.currentScript;
  const key = script && script.dataset.key;
  if (!key || document.querySelector('causerie-chat')) return;

  const base = new URL('.', script.src);
  const origin = base.origin;
  const prefix = `causerie.${key}.`;
  const saveData = Boolean(navigator.connection && navigator.connection.saveData);
  const phone = matchMedia('(max-width: 479.98px)');
  const READY_WITHIN_MS = 12_000;

  const TEXTS = {
    en: ['Open chat', 'Chat with {}', '1 unread message', '{} unread messages', 'The chat cannot be reached.'],
    es: ['Abrir chat', 'Chat con {}', '1 mensaje sin leer', '{} mensajes sin leer', 'No se puede abrir el chat.'],
  };

  const CSS = `
:host{all:initial!important;position:fixed!important;z-index:2147483000!important}
div>*{position:fixed;box-sizing:border-box;inset-block-end:20px;inset-inline-end:20px;font:14px/20px system-ui,sans-serif}
button{--a:#0b6e5f;--h:#095a4e;--o:#fff;--d:#b42318;--f:#0b57d0;width:56px;height:56px;padding:0;border:0;border-radius:50%;
background:var(--a);color:var(--o);cursor:pointer;box-shadow:0 12px 32px #0000002e,0 2px 6px #0000001f;transition:background .08s}
button:hover{background:var(--h)}
button:focus-visible{outline:3px solid var(--f);outline-offset:3px}
[aria-busy=true] svg{opacity:.5}
svg{display:block;margin:auto;width:26px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
span{position:absolute;inset-block-start:-4px;inset-inline-end:-4px;min-width:22px;padding:0 6px;box-sizing:border-box;border-radius:11px;
background:var(--d);font:600 12px/22px system-ui,sans-serif}
p{inset-block-end:88px;max-width:min(260px,100vw - 40px);margin:0;padding:8px 12px;border-radius:8px;background:#fff;color:#14181f;box-shadow:0 4px 16px #0000003d}
[hidden]{display:none}
iframe{width:376px;max-width:calc(100vw - 40px);height:640px;max-height:calc(100dvh - 40px);
border:0;border-radius:16px;background:#fff;box-shadow:0 12px 32px #0000002e,0 0 0 1px #0000000f;
visibility:hidden;opacity:0;transform:translateY(8px);transition:opacity .2s,transform .2s cubic-bezier(.2,0,0,1),visibility 0s .2s}
.open iframe{visibility:visible;opacity:1;transform:none;transition-delay:0s}
.open button{visibility:hidden}
@media(max-width:479.98px){iframe{inset:0;width:100%;max-width:none;height:100%;max-height:none;border-radius:0}}
@media(prefers-color-scheme:dark){button{--a:#3cc4ac;--h:#5ad3be;--o:#06231e;--d:#ff8a80;--f:#8ab4ff}
p,iframe{background:#151920;color:#e8ebf0;box-shadow:0 12px 32px #0000005c,0 0 0 1px #272e38}}
@media(prefers-reduced-motion){iframe{transform:none;transition:opacity .08s}}
@media(forced-colors:active){div>*{border:1px solid!important}}
@media print{div{display:none}}`;

  // Stored for later pages: whether a chat is live, and the data of a panel whose own storage is blocked.
  function keep(name, value) {
    try {
      if (value === null) localStorage.removeItem(prefix + name);
      else localStorage.setItem(prefix + name, value);
    } catch { /* forgotten */ }
  }
  function kept() {
    try {
      return Object.fromEntries(Object.entries(localStorage).filter(([name]) => name.startsWith(prefix)));
    } catch {
      return {};
    }
  }

  function draw(config) {
    const lang = [script.dataset.lang, config.lang].find((code) => TEXTS[code]) || 'en';
    const [openText, title, one, many, failed] = TEXTS[lang];
    const host = document.createElement('causerie-chat');
    const root = host.attachShadow({ mode: 'open' });
    // A constructed sheet is allowed by a host page's CSP that forbids inline styles.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];

    const make = (parent, tag, space = 'http://www.w3.org/1999/xhtml') => parent.appendChild(document.createElementNS(space, tag));
    const box = make(root, 'div');
    const note = make(box, 'p');
    const button = make(box, 'button');
    const badge = make(button, 'span');
    const svg = make(button, 'svg', 'http://www.w3.org/2000/svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    make(svg, 'path', svg.namespaceURI).setAttribute('d', 'M6 4h12a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-6l-4.5 3.5V17H6a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3ZM8 9h8M8 12.5h5');
    note.role = 'status';
    note.hidden = badge.hidden = true;
    button.type = 'button';
    button.ariaLabel = openText;

    let frame = null;
    let ready = false;
    let open = false;
    let failure = 0;
    let overflow = '';

    const page = () => ({ url: location.href, title: document.title });
    const tell = (kind, more) => {
      if (ready) frame.contentWindow.postMessage({ causerie: kind, ...more }, origin);
    };

    function load() {
      if (frame) return;
      const address = new URL('panel', base);
      address.search = new URLSearchParams({ key, lang });
      frame = make(box, 'iframe');
      frame.title = title.replace('{}', config.name);
      frame.sandbox = 'allow-scripts allow-same-origin allow-forms allow-downloads';
      frame.src = address;
      fit();
    }

    // An on-screen keyboard shrinks the visual viewport only; the full-screen panel follows it.
    function fit() {
      if (!frame) return;
      frame.style.height = phone.matches ? `${visualViewport.height}px` : '';
      frame.style.top = phone.matches ? `${visualViewport.offsetTop}px` : '';
    }

    function show() {
      clearTimeout(failure);
      button.ariaBusy = null;
      box.className = 'open';
      if (phone.matches) {
        overflow = document.documentElement.style.overflow;
        document.documentElement.style.overflow = 'hidden';
      }
      frame.focus();
      tell('shown');
    }

    function start() {
      open = true;
      note.hidden = true;
      load();
      if (ready) return show();
      button.ariaBusy = true;
      clearTimeout(failure);
      failure = setTimeout(() => {
        frame.remove();
        frame = null;
        ready = false;
        open = false;
        button.ariaBusy = null;
        note.textContent = failed;
        note.hidden = false;
      }, READY_WITHIN_MS);
    }

    function close() {
      if (!open) return;
      open = false;
      box.className = '';
      document.documentElement.style.overflow = overflow;
      tell('hidden');
      button.focus();
    }

    button.addEventListener('click', start);
    // With Save-Data only the click itself counts as intent.
    if (!saveData) {
      button.addEventListener('pointerenter', load);
      button.addEventListener('focus', load);
    }

    addEventListener('message', (event) => {
      if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
      const message = event.data || {};
      switch (message.causerie) {
        case 'ready':
          ready = true;
          tell('init', { ...page(), config, kept: kept() });
          if (open) show();
          break;
        case 'close':
          close();
          break;
        case 'live':
          keep('live', message.on ? '1' : null);
          break;
        case 'keep':
          keep(message.name, message.value);
          break;
        case 'unread': {
          const n = Number(message.count) || 0;
          badge.hidden = n < 1;
          badge.textContent = n > 99 ? '99+' : String(n);
          button.ariaDescription = n < 1 ? null : n === 1 ? one : many.replace('{}', n);
          break;
        }
        case 'link':
          // The sandbox does not allow the panel to open pop-ups.
          if (/^https?:\/\//i.test(message.url)) window.open(message.url, '_blank', 'noopener,noreferrer');
          break;
      }
    });

    let last = location.href;
    const moved = () => {
      if (location.href === last) return;
      last = location.href;
      // Single-page sites set their title after the address.
      setTimeout(() => tell('page', page()), 300);
    };
    addEventListener('storage', ({ key: name, newValue }) => {
      if (name && name.startsWith(prefix)) tell('kept', { name, value: newValue });
    });
    addEventListener('popstate', moved);
    if (window.navigation) navigation.addEventListener('navigatesuccess', moved);
    for (const kind of ['resize', 'scroll']) visualViewport.addEventListener(kind, fit);
    phone.addEventListener('change', fit);

    document.body.append(host);
    if (kept()[`${prefix}live`]) load();
  }

  const address = new URL('config', base);
  address.searchParams.set('key', key);
  fetch(address, { credentials: 'omit' })
    .then((answer) => (answer.ok ? answer.json() : null))
    .then((config) => {
      if (!config) return;
      if (document.body) draw(config);
      else addEventListener('DOMContentLoaded', () => draw(config));
    })
    .catch((error) => console.warn('Causerie:', error));
})();
