/** The user's photo in every style, in small, one after the other, whenever nothing more urgent is painted. */

import { isAbort } from "./engine/engine.js";
import { pause } from "./dom.js";

const SIZE = 224;
const AT_ONCE = 2;

export class Thumbnails extends EventTarget {
  #engine;
  #painter;
  #abort = null;
  #done = new Map();

  constructor(engine, painter) {
    super();
    this.#engine = engine;
    this.#painter = painter;
  }

  /** The address of a photo's picture in a style, if it was painted. */
  address(photo, style) {
    return this.#done.get(photo?.id)?.get(style.id);
  }

  /**
   * Paints a photo in all styles that it has no picture of; what was begun for another photo is given up.
   * @param {import("./photo.js").Photo} photo
   * @param {import("./engine/engine.js").Style[]} styles in the order wanted
   */
  async paint(photo, styles) {
    this.#abort?.abort();
    const { signal } = (this.#abort = new AbortController());
    const done = this.#of(photo);
    const left = styles.filter((style) => !done.has(style.id));
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(photo, left, signal)));
  }

  forget(photo) {
    for (const url of this.#done.get(photo.id)?.values() ?? []) URL.revokeObjectURL(url);
    this.#done.delete(photo.id);
  }

  #of(photo) {
    if (!this.#done.has(photo.id)) this.#done.set(photo.id, new Map());
    return this.#done.get(photo.id);
  }

  async #work(photo, left, signal) {
    try {
      while (left.length) {
        while (!this.#painter.idle) await pause(60, signal);
        await this.#one(photo, left, signal);
      }
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) throw error;
    }
  }

  async #one(photo, left, signal) {
    const style = left.shift();
    try {
      const blob = await this.#engine.paint(
        await photo.copy(256), [{ style, weight: 1 }], {}, { size: Math.min(SIZE, photo.long), format: "jpg", preview: true, signal });
      this.#of(photo).set(style.id, URL.createObjectURL(blob));
      this.dispatchEvent(new CustomEvent("painted", { detail: { photo, style } }));
    } catch (error) {
      if (isAbort(error) || signal.aborted) throw error;
      if (error.kind === "busy" || error.kind === "offline") left.unshift(style); // others keep their paintings as pictures
      await pause(1000 * Math.max(1, error.seconds ?? 0), signal);
    }
  }
}
