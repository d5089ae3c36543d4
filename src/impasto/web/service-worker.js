/**
 * Keeps the page for use without a network, one version whole: a new one is fetched beside the old one, which stays until
 * no page uses it. It also isolates the page, so that networks have threads, where the host sends no headers for that.
 */

/** `impasto export-web` writes the digest of all files here. */
const VERSION = "development";
const LIST = "files.json";
/** Sites of one host, each in its folder, share its caches. */
const SITE = `impasto ${registration.scope} `;
const CACHE = SITE + VERSION;
/** How the names of packed WebAssembly end. It is kept unpacked, so that browsers keep what they compiled with it. */
const [PACKED, UNPACKED] = [".wasm.bin", ".wasm"];
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

const list = async () => (await fetch(LIST, { cache: "no-cache" })).json();
/** The request of a file, which fails if the host has another one. */
const request = ({ path, sha256 }) => new Request(path, { integrity: `sha256-${sha256}`, cache: "no-cache" });

async function install() {
  const { version, first } = await list();
  if (version !== VERSION) throw new Error("the host is being updated");
  const cache = await caches.open(CACHE);
  await Promise.all(first.map((file) => keep(cache, file)));
}

async function keep(cache, file) {
  if (!file.path.endsWith(PACKED)) return cache.add(request(file));
  const { body } = await fetch(request(file));
  const unpacked = new Response(body.pipeThrough(new DecompressionStream("gzip")), { headers: { "Content-Type": "application/wasm" } });
  return cache.put(file.path.replace(PACKED, UNPACKED), unpacked);
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith(SITE) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

/** Keeps what is needed for some pictures only. */
async function keepLater() {
  const [{ version, later }, cache] = [await list(), await caches.open(CACHE)];
  if (version !== VERSION) return;
  for (const file of later) if (!(await cache.match(file.path))) await cache.add(request(file));
}

async function answer(given) {
  const { pathname } = new URL(given.url);
  const wanted = pathname.endsWith("/") ? `${pathname}index.html` : given;
  const kept = await caches.match(wanted, { cacheName: CACHE, ignoreSearch: true });
  const response = kept ?? (await fetch(given));
  // Others are handed on as they are: with a new response, browsers forget what they compiled. So are redirections, but
  // not what a redirection led to (index.html to a bare folder, at some hosts): browsers refuse that for a page.
  const isolated = ["document", "iframe", "worker"].includes(given.destination) && response.type !== "opaqueredirect";
  if (!isolated) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATED)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("message", (event) => event.data === "keep" && event.waitUntil(keepLater()));
addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(registration.scope)) event.respondWith(answer(event.request));
});
