/** Pictures as files: one, or all of a queue in a zip that is written while they are painted. */

import { app, recipeFor, store } from "./app.js";
import { isAbort } from "./engine/engine.js";
import { pause } from "./dom.js";
import { parts } from "./mix.js";

const TYPES = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/avif": "avif", "image/tiff": "tiff" };

/**
 * A photo's picture in full.
 * @param {import("./photo.js").Photo} photo
 * @param {{format?: string, size?: number, strip?: boolean}} options
 * @param {AbortSignal} [signal]
 */
export async function picture(photo, options, signal) {
  const { blend, controls, regions } = recipeFor(photo);
  for (;;) {
    try {
      return await app.engine.paint(photo.file, blend, controls, { ...options, regions: await regions(), signal });
    } catch (error) {
      if (error.kind !== "busy") throw error;
      await pause(1000 * Math.max(1, error.seconds), signal);
    }
  }
}

/** What a picture's file is called: the photo's name and what it was painted in. */
export function fileName(photo, blob) {
  const ending = TYPES[blob.type] ?? photo.name.split(".").at(-1);
  return `${photo.stem}-${label()}.${ending}`;
}

function label() {
  const { whole, styles } = store.now;
  const mixed = parts(whole);
  const names = mixed.map(({ id, weight }) => [styles.get(id)?.slug, mixed.length > 1 ? weight : null]);
  return names.flat().filter((each) => each !== null).join("-");
}

/**
 * Paints all photos into a zip. Those that fail are left out and named.
 * @param {import("./photo.js").Photo[]} photos
 * @param {Object} options as in {@link picture}
 * @param {(done: number) => void} progress
 * @param {AbortSignal} signal
 * @returns {Promise<{zip: Blob, failed: string[]}>}
 */
export async function zipped(photos, options, progress, signal) {
  const { downloadZip } = await import("../vendor/client-zip/index.js");
  const failed = [];
  const zip = await downloadZip(pictures(photos, options, progress, signal, failed)).blob();
  return { zip, failed };
}

async function* pictures(photos, options, progress, signal, failed) {
  const names = new Set();
  for (const [index, photo] of photos.entries()) {
    signal.throwIfAborted();
    try {
      const blob = await picture(photo, options, signal);
      yield { name: free(fileName(photo, blob), names), input: blob };
    } catch (error) {
      if (isAbort(error) || signal.aborted || error.kind === "offline") throw error;
      failed.push(photo.name);
    }
    progress(index + 1);
  }
}

/** A name that no other file of the zip has. */
function free(name, names) {
  const [stem, ending] = [name.replace(/\.[^.]*$/, ""), name.split(".").at(-1)];
  let free = name;
  for (let number = 2; names.has(free); number++) free = `${stem}-${number}.${ending}`;
  names.add(free);
  return free;
}
