// The console's service worker: the shell (page, program, styles, icons) starts without network.
// Data never passes here: the program keeps its own copy in IndexedDB.
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
  self.addEventListener("message", (event) => {
    if (event.data === "SKIP_WAITING") self.skipWaiting();
  });
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
