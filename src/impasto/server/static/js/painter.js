/**
 * Previews that follow the user. Small pictures are painted one at a time, always of what is wanted now; once it is
 * settled, a fine one follows. An older answer never takes the place of a newer one.
 */

import { isAbort } from "./engine/engine.js";
import { pause, settled } from "./dom.js";

/** Long sides of small pictures; the largest is taken that is painted quickly enough. */
const SMALL = [256, 384, 512];
/** Milliseconds that a small picture may take, and that the user rests before the fine one is painted. */
const QUICK = 80;
const REST = 160;

/**
 * @typedef {Object} Recipe
 * @property {import("./photo.js").Photo} photo
 * @property {import("./engine/engine.js").Blend} blend
 * @property {import("./engine/engine.js").Controls} controls
 * @property {() => Promise<{mask: Blob, blend: Object}[]>} regions
 */

export class Painter extends EventTarget {
  #engine;
  #small = null;
  #waiting = false;
  #fine = null;
  #wanted = null;
  #asked = 0;
  #shown = { order: 0, size: 0 };
  #level = 0; // the first picture is there soonest
  #later = settled(REST, () => this.#paintFine());

  /**
   * @param {import("./engine/engine.js").Engine} engine
   * @param {() => number} fineSize the long side, in pixels, at which pictures are looked at now
   */
  constructor(engine, fineSize) {
    super();
    this.#engine = engine;
    this.fineSize = fineSize;
  }

  /** Whether nothing is being painted or about to be. */
  get idle() {
    return !this.#small && !this.#fine && !this.#waiting && !this.#resting;
  }

  #resting = false;

  /** Paints a recipe. @param {Recipe} recipe */
  ask(recipe) {
    const other = this.#wanted?.photo !== recipe.photo;
    this.#wanted = { ...recipe, order: ++this.#asked };
    this.#fine?.abort();
    if (other) this.#small?.abort();
    this.#resting = true;
    this.#later();
    if (this.#small && !other) this.#waiting = true;
    else this.#paintSmall();
    this.#tell();
  }

  /** Paints the fine picture again, at the size that is looked at now. */
  refine() {
    if (this.#wanted && !this.#fine) this.#later();
  }

  /** Forgets what was asked. */
  stop() {
    this.#later.cancel();
    this.#wanted = null;
    this.#waiting = this.#resting = false;
    this.#small?.abort();
    this.#fine?.abort();
    this.#tell();
  }

  async #paintSmall() {
    this.#waiting = false;
    const recipe = this.#wanted;
    const size = Math.min(SMALL[this.#level], this.fineSize());
    const abort = (this.#small = new AbortController());
    const start = performance.now();
    await this.#paint(recipe, size, abort);
    if (this.#small !== abort) return;
    this.#small = null;
    this.#adapt(performance.now() - start);
    if (this.#waiting) this.#paintSmall();
    this.#tell();
  }

  #adapt(milliseconds) {
    if (milliseconds > 2 * QUICK) this.#level = Math.max(0, this.#level - 1);
    else if (milliseconds < QUICK) this.#level = Math.min(SMALL.length - 1, this.#level + 1);
  }

  async #paintFine() {
    this.#resting = false;
    const recipe = this.#wanted;
    const size = this.fineSize();
    if (!recipe || (this.#shown.order === recipe.order && this.#shown.size >= size)) return this.#tell();
    const abort = (this.#fine = new AbortController());
    this.#tell();
    await this.#paint(recipe, size, abort);
    if (this.#fine === abort) this.#fine = null;
    this.#tell();
  }

  async #paint(recipe, size, abort) {
    const { signal } = abort;
    try {
      const [photo, regions] = await Promise.all([recipe.photo.copy(size), recipe.regions()]);
      const blob = await this.#persist(() =>
        this.#engine.paint(photo, recipe.blend, recipe.controls, { size, regions, format: "jpg", preview: true, signal }), signal);
      const bitmap = await createImageBitmap(blob);
      if (!signal.aborted) this.#show(recipe, size, bitmap);
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) this.dispatchEvent(new CustomEvent("failed", { detail: error }));
    }
  }

  /** Tries again while the engine is busy or away. */
  async #persist(work, signal) {
    for (;;) {
      try {
        const result = await work();
        this.dispatchEvent(new CustomEvent("reached"));
        return result;
      } catch (error) {
        if (error.kind !== "busy" && error.kind !== "offline") throw error;
        if (error.kind === "offline") this.dispatchEvent(new CustomEvent("away"));
        await pause(1000 * Math.max(1, Math.min(error.seconds, 5)), signal);
      }
    }
  }

  #show(recipe, size, bitmap) {
    const newer = recipe.order > this.#shown.order;
    const finer = recipe.order === this.#shown.order && size > this.#shown.size;
    if (recipe.photo !== this.#wanted?.photo || !(newer || finer)) return;
    this.#shown = { order: recipe.order, size };
    this.dispatchEvent(new CustomEvent("picture", { detail: { bitmap, photo: recipe.photo, order: recipe.order, size } }));
  }

  #tell() {
    this.dispatchEvent(new CustomEvent("state", { detail: { idle: this.idle, following: this.#resting } }));
  }
}
