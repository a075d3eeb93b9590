// The console's service worker. The shell (page, program, styles, icons) starts without network, and notifications are
// shown while no page is open. Other data never passes through here: the program keeps its own copy in IndexedDB.
//
// The build writes the two constants. Without a build id the worker removes itself and its caches: a debug build does
// so, and a broken worker would be recalled that way.
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
 * Fetches the whole shell or nothing. `no-cache` revalidates copies in the HTTP cache, and the hash rejects a file of
 * another build: a deployment at the same time must not combine the page of one build with the program of another.
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

/** Keeps the previous shell, because a tab that still runs it may request its files. */
async function activate() {
  const others = (await shells()).filter((name) => name !== SHELL);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function removeItself() {
  await Promise.all((await shells()).map((name) => caches.delete(name)));
  await self.registration.unregister();
}

/** Names of all shells, oldest first. */
async function shells() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** Answers requests for the shell. A request without `respondWith` goes to the network untouched. */
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
 * Returns the file at `path` of this build, else of the previous build, else from the network. A stored Response is
 * returned as it is: a copy would lose the streamed compilation of WebAssembly and the compiled code that the browser
 * keeps with it.
 */
async function fromShell(path, request) {
  const options = { ignoreVary: true };
  const shell = await caches.open(SHELL);
  const stored = (await shell.match(path, options)) ?? (await caches.match(path, options));
  return stored ?? fetch(request);
}

/**
 * Handles a page's message: "SKIP_WAITING"; "FORGET" at sign-out; an array to show a notification; any other text is
 * the tag of a notification that was read.
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

/** The buttons of an offer, for systems that show them. */
function answers(accept, decline) {
  return [
    { action: "accept", title: accept },
    { action: "decline", title: decline },
  ];
}

/** Handles a web push in the form of Declarative Web Push. A focused console shows its own pop-up instead. */
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

/** Shows a notification. It sounds once even if both the page and the push service send it. */
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
    // The user did not allow notifications; the page has other signs.
  }
}

async function close(which) {
  for (const shown of await notifications(which)) shown.close();
}

/** Notifications on screen; empty in browsers that cannot list them. */
async function notifications(which) {
  return (await self.registration.getNotifications?.(which)) ?? [];
}

/** Sets the app badge, which only some browsers have. */
async function badge(count) {
  if (count === undefined || !self.navigator.setAppBadge) return;
  try {
    await self.navigator.setAppBadge(count);
  } catch {
    // No app is installed.
  }
}

/**
 * Shows the chat in an open console without a reload, or opens a console. Accept and Decline are sent to the open
 * console; without one, the click opens the offer, which is answered there.
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

/** The browser changed this device's subscription: sends the new one to the server. */
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
