/** The engine of a page that `impasto export-web` made: it paints in this browser. */

import { keepOffline } from "../../impasto/offline.js";
import { LocalEngine } from "./local.js";

const place = (path) => new URL(`../../${path}`, import.meta.url);

/**
 * @param {() => boolean} mayReload whether nothing would be lost if the page were loaded anew
 * @returns {import("./engine.js").Engine}
 */
export function chosen(mayReload) {
  keepOffline(place("service-worker.js"), mayReload).catch((error) => console.warn("not kept for use offline:", error.message));
  return new LocalEngine(place);
}
