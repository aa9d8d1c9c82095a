// Stores the site on the device, so that it opens without a network.

/** What `cheermeup site` writes here: a hash of the content of all files, and their paths. */
const SITE = { version: "", files: [] };

const PREFIX = `cheermeup ${self.registration.scope} `;
const CACHE = PREFIX + SITE.version;

/** A request for a file of this version. What has no hash in its name may still lie in the browser as it was before. */
const current = (name) => new Request(name, { cache: /^\w+-[0-9a-f]+\//.test(name) ? "default" : "no-cache" });

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SITE.files.map(current))));
});

// Only now: until the last tab with an older version is closed, that version is served whole.
self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith(PREFIX) && name !== CACHE;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  const stored = caches.open(CACHE).then((cache) => cache.match(event.request, { ignoreSearch: true }));
  event.respondWith(stored.then((found) => found ?? fetch(event.request)));
});
