// The console's service worker: the shell (page, program, styles, icons) starts without network,
// and notifications are shown though no page is. Other data never passes here: the program keeps
// its own copy in IndexedDB.
//
// The build writes the two constants. Without a build id the worker takes itself and its
// caches away: that is how a debug build behaves, and how a broken worker would be recalled.
const BUILD = null;
const PRECACHE = [];

const PREFIX = "shell-";
const SHELL = PREFIX + BUILD;
const SCOPE = new URL(self.registration.scope).pathname;
const PATHS = new Set(PRECACHE.map((file) => file.url));

if (BUILD === null) {
  self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(removeItself()));
} else {
  self.addEventListener("install", (event) => event.waitUntil(install()));
  self.addEventListener("activate", (event) => event.waitUntil(activate()));
  self.addEventListener("fetch", answer);
  self.addEventListener("message", (event) => event.waitUntil(told(event.data)));
  self.addEventListener("push", (event) => event.waitUntil(pushed(event.data)));
  self.addEventListener("notificationclick", (event) => event.waitUntil(clicked(event.notification, event.action)));
  self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));
}

/**
 * Fetches the whole shell or nothing. `no-cache` asks the server whether a copy in the HTTP
 * cache is still right, and the hash refuses a file of another build: a deployment in the
 * middle of this must not leave a page of one build with the program of another.
 */
async function install() {
  const known = await caches.has(SHELL);
  try {
    const cache = await caches.open(SHELL);
    await cache.addAll(PRECACHE.map(({ url, hash }) => new Request(url, { cache: "no-cache", integrity: hash })));
  } catch (error) {
    if (!known) await caches.delete(SHELL);
    throw error;
  }
}

/** Keeps the shell before this one: a tab that still runs it may ask for its files. */
async function activate() {
  const others = (await shells()).filter((name) => name !== SHELL);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function removeItself() {
  await Promise.all((await shells()).map((name) => caches.delete(name)));
  await self.registration.unregister();
}

/** Names of all shells, the oldest first. */
async function shells() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** Answers what belongs to the shell; whatever gets no `respondWith` goes to the network untouched. */
function answer(event) {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || !url.pathname.startsWith(SCOPE)) return;
  if (request.mode === "navigate" && !PATHS.has(url.pathname)) {
    event.respondWith(fromShell(SCOPE, request));
  } else {
    event.respondWith(fromShell(url.pathname, request));
  }
}

/**
 * The file at `path` of this build, else of the build before, else from the network.
 * A stored Response is handed on as it is: a rebuilt one loses the streamed compilation of
 * WebAssembly and the compiled code that the browser keeps with it.
 */
async function fromShell(path, request) {
  const options = { ignoreVary: true };
  const shell = await caches.open(SHELL);
  const stored = (await shell.match(path, options)) ?? (await caches.match(path, options));
  return stored ?? fetch(request);
}

/**
 * What a page asks for: "SKIP_WAITING"; "FORGET" at sign-out; an array to show a notification;
 * any other text is the tag of one that was read.
 */
async function told(data) {
  if (data === "SKIP_WAITING") return self.skipWaiting();
  if (data === "FORGET") {
    await Promise.all([close(), badge(0)]);
  } else if (Array.isArray(data)) {
    const [title, body, tag, navigate, accept, decline] = data;
    await show({ title, body, tag, navigate, ...(accept && { renotify: true, actions: answers(accept, decline) }) });
  } else {
    await close({ tag: data });
  }
}

/** The buttons of an offer, where the system has them. */
function answers(accept, decline) {
  return [
    { action: "accept", title: accept },
    { action: "decline", title: decline },
  ];
}

/** A push in the form of Declarative Web Push. In a console that is in front its own pop-up speaks. */
async function pushed(data) {
  let message;
  try {
    message = data.json();
  } catch {
    message = {};
  }
  const note = message.notification ?? { title: "Causerie", tag: "test", navigate: SCOPE };
  await badge(message.app_badge);
  const pages = await self.clients.matchAll({ type: "window" });
  if (note.tag === "test" || !pages.some((page) => page.focused)) await show(note);
}

/** The page and the push service may both say the same: it rings once. */
async function show({ title, navigate, renotify, ...options }) {
  const shown = await notifications({ tag: options.tag });
  const known = shown.some((old) => old.title === title && old.body === (options.body ?? ""));
  try {
    await self.registration.showNotification(title, {
      ...options,
      icon: SCOPE + "icons/icon-192.png",
      renotify: Boolean(renotify) && !known,
      data: navigate,
    });
  } catch {
    // The person did not allow notifications; the page has its own signs.
  }
}

async function close(which) {
  for (const shown of await notifications(which)) shown.close();
}

/** What is shown now; none in a browser that shows none. */
async function notifications(which) {
  return (await self.registration.getNotifications?.(which)) ?? [];
}

/** In some browsers only. */
async function badge(count) {
  if (count === undefined || !self.navigator.setAppBadge) return;
  try {
    await self.navigator.setAppBadge(count);
  } catch {
    // No app is installed.
  }
}

/**
 * Goes to the chat in a console that is open, without loading it anew, or opens one. Accept and Decline are said to
 * the console; where none is open, a click on them opens the offer, which is answered there.
 */
async function clicked(notification, action) {
  notification.close();
  const { pathname } = new URL(notification.data ?? SCOPE, self.location.origin);
  const path = pathname.startsWith(SCOPE) ? pathname : SCOPE;
  const pages = await self.clients.matchAll({ type: "window" });
  const page = pages.find((page) => page.focused) ?? pages[0];
  if (!page) return self.clients.openWindow(path);
  page.postMessage(action ? [action, notification.tag] : path);
  if (action === "decline") return;
  await page.focus();
}

/** The browser gave this device another address: the server is told. */
async function renew({ oldSubscription, newSubscription }) {
  const applicationServerKey = oldSubscription?.options.applicationServerKey;
  if (!newSubscription && !applicationServerKey) return;
  const now =
    newSubscription ??
    (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }));
  const { endpoint, keys } = now.toJSON();
  const body = JSON.stringify({ endpoint, p256dh: keys.p256dh, auth: keys.auth });
  const headers = { "Content-Type": "application/json" };
  await fetch("/api/me/push", { method: "POST", headers, body });
}
