/** Starts the service worker, which keeps the page for use without a network. */

import { threads } from "./runtime/threads.js";

const RELOADED = "impasto.reloaded";
/** Milliseconds after which what is needed for some pictures only is fetched. */
const LATER = 5000;

/**
 * @param {URL|string} script the service worker
 * @param {() => boolean} mayReload whether nothing would be lost: once, the page is loaded anew, so that it has threads
 */
export async function keepOffline(script, mayReload) {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register(script, { updateViaCache: "none" });
  const { active } = await navigator.serviceWorker.ready;
  const gains = !globalThis.crossOriginIsolated && threads() > 1;
  if (gains && !sessionStorage.getItem(RELOADED) && mayReload()) {
    sessionStorage.setItem(RELOADED, "yes");
    location.reload();
  }
  const keep = () => active?.postMessage("keep");
  setTimeout(keep, LATER);
  addEventListener("online", keep);
}
