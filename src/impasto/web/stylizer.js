/**
 * impasto inside the browser: photo in, picture out, and nothing leaves the computer.
 *
 *     const stylizer = await Stylizer.load("model/");
 *     const picture = await stylizer.paint(image, "mural", { strength: 0.8 });
 *     canvas.getContext("2d").putImageData(picture, 0, 0);
 *
 * @typedef {import("./stylize/plan.js").Controls} Controls
 * @typedef {import("./styles/style-file.js").Style} Style
 * @typedef {Blob|ImageData|ImageBitmap|HTMLImageElement|HTMLCanvasElement|HTMLVideoElement} Image
 * @typedef {string|Style|Object<string, number>|{style: string|Style, weight: number}[]} StyleLike a slug; a blend,
 *     "mural:0.6,scream:0.4" or {mural: 0.6, scream: 0.4}; a style that was predicted or read from a file; or a list
 *
 * @typedef {Object} Options
 * @property {number} [size] long side of the picture, in pixels; the photo's own without it
 * @property {{mask: Image, style: StyleLike}[]} [regions] masks are white where their styles are
 * @property {AbortSignal} [signal] stops at the next tile
 * @property {(share: number) => void} [progress] is told how far the picture is, from 0 to 1
 *
 * @typedef {Object} FileOptions
 * @property {"jpg"|"png"|"webp"} [format] the photo's own without it
 * @property {number} [quality] 1 to 100; 95 without it
 * @property {boolean} [strip] whether to leave out what the photo's file says about it
 */

import { content, lost } from "./files/content.js";
import { threads } from "./runtime/threads.js";
import { readStyle, writeStyle } from "./styles/style-file.js";

export class Stylizer {
  #worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  #waiting = new Map();
  #last = 0;
  /** Why the worker has ended. @type {Error|null} */
  #ended = null;

  /**
   * Loads a model.
   * @param {string|URL} folder of `impasto export-web`, where its manifest is
   * @param {{backend?: "auto"|"wasm"|"webgpu"}} [options] "auto" paints by WebGPU once that has painted the processor's
   *     pictures in no more time; "wasm" never does; "webgpu" does whatever time it takes
   */
  static async load(folder = new URL("../model/", import.meta.url), { backend = "auto" } = {}) {
    const stylizer = new Stylizer();
    const base = new URL(`${folder}`.replace(/\/?$/, "/"), document.baseURI);
    try {
      await stylizer.#load(base, backend);
    } catch (error) {
      stylizer.close();
      throw error;
    }
    return stylizer;
  }

  constructor() {
    /** How many threads compute. */
    this.threads = 1;
    /** What paints now; it may change between two pictures. @type {"wasm"|"webgpu"} */
    this.backend = "wasm";
    /** What is known about the model. */
    this.model = /** @type {import("./files/bundle.js").Manifest["model"]} */ ({});
    /** The styles that come with the model; `thumbnail` is an address. @type {import("./files/bundle.js").StyleInfo[]} */
    this.styles = [];
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    // Without a message, its scripts cannot be loaded.
    this.#worker.onerror = ({ message }) => this.#end(message ? new Error(message) : lost("the worker cannot be loaded"));
  }

  /** Whether the worker has ended: it was closed, or failed. */
  get closed() {
    return Boolean(this.#ended);
  }

  /**
   * Repaints a photo.
   * @param {Image} image
   * @param {StyleLike} style
   * @param {Partial<Controls>} [controls]
   * @param {Options} [options]
   * @returns {Promise<ImageData>} of the photo's upright size, or of `size`, with its alpha
   */
  async paint(image, style, controls = {}, { signal, progress, ...options } = {}) {
    const given = { image: await sendable(image), request: await requestOf(style, controls, options) };
    return this.#ask("paint", given, signal, progress);
  }

  /**
   * Repaints a photo's file, and gives the picture's file, with the photo's metadata.
   * @param {Blob} photo
   * @param {StyleLike} style
   * @param {Partial<Controls>} [controls]
   * @param {Options & FileOptions} [options]
   * @returns {Promise<Blob>}
   */
  async file(photo, style, controls = {}, { signal, progress, format, quality, strip, ...options } = {}) {
    const given = { image: photo, request: await requestOf(style, controls, options), options: { format, quality, strip } };
    return this.#ask("file", given, signal, progress);
  }

  /**
   * The style of any painting, at once.
   * @param {Image} painting
   * @param {Partial<import("./files/bundle.js").StyleInfo>} [info] `slug` and `name`, for instance
   * @returns {Promise<Style>}
   */
  async predict(painting, info = {}) {
    const { row, thumbnail } = await this.#ask("predict", { image: await sendable(painting) });
    return { info: { slug: "predicted", name: "", ...info, network: this.model.network }, row, thumbnail };
  }

  /** Opens a style file. @param {Blob} file @returns {Promise<Style>} */
  async open(file) {
    const style = readStyle(await file.arrayBuffer());
    if (style.info.network !== this.model.network) throw new Error(`${style.info.slug}: was made for another network`);
    return style;
  }

  /** A style as a file, which the command line reads too. @param {string|Style} style @returns {Promise<Blob>} */
  async save(style) {
    return new Blob([/** @type {any} */ (writeStyle(typeof style === "string" ? await this.#bundled(style) : style))]);
  }

  /** Ends the worker. */
  close() {
    this.#end(new Error("the stylizer is closed"));
  }

  async #load(base, backend) {
    const controlled = Boolean(navigator.serviceWorker?.controller);
    const given = { folder: base.href, controlled, backend, threads: threads() };
    const loaded = await this.#ask("load", given);
    const addressOf = ({ thumbnail }) => thumbnail && new URL(thumbnail, base).href;
    this.threads = loaded.threads;
    this.model = loaded.manifest.model;
    this.styles = loaded.manifest.styles.map((style) => ({ ...style, thumbnail: addressOf(style) }));
  }

  /** @returns {Promise<Style>} */
  async #bundled(slug) {
    const { thumbnail, ...info } = /** @type {any} */ (this.styles.find((style) => style.slug === slug) ?? { slug });
    const row = await this.#ask("row", { slug });
    return { info, row, thumbnail: thumbnail && (await content(thumbnail)) };
  }

  #ask(method, given, signal, progress) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (signal?.aborted) return reject(signal.reason);
      const cancel = () => {
        this.#worker.postMessage({ cancel: id });
        this.#waiting.delete(id);
        reject(signal.reason);
      };
      signal?.addEventListener("abort", cancel, { once: true });
      this.#waiting.set(id, { resolve, reject, progress, done: () => signal?.removeEventListener("abort", cancel) });
      this.#worker.postMessage({ id, method, given });
      return undefined;
    });
  }

  #hear({ id, share, error, result, backend }) {
    if (backend) this.backend = backend;
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    if (share !== undefined) return void waiting.progress?.(share);
    this.#waiting.delete(id);
    waiting.done();
    if (error) waiting.reject(Object.assign(new Error(error.message), { name: error.name }));
    else waiting.resolve(result);
  }

  #end(why) {
    this.#worker.terminate();
    this.#ended ??= why;
    for (const { reject, done } of this.#waiting.values()) {
      done();
      reject(why);
    }
    this.#waiting.clear();
  }
}

/** What can be sent to a worker. @param {Image} image */
async function sendable(image) {
  return image instanceof Blob || image instanceof ImageData || image instanceof ImageBitmap ? image : createImageBitmap(image);
}

/** @param {StyleLike} style @param {Partial<Controls>} controls @param {Options} options */
async function requestOf(style, controls, { size, regions = [] }) {
  const parts = regions.map(async (region) => ({ mask: await sendable(region.mask), blend: blendOf(region.style) }));
  return { blend: blendOf(style), controls, size, regions: await Promise.all(parts) };
}

/** @param {StyleLike} style @returns {import("./stylize/studio.js").Part[]} */
function blendOf(style) {
  const part = (one, weight) => (typeof one === "string" ? { slug: one, weight } : { slug: one.info.slug, row: one.row, weight });
  if (!style) throw new Error("give a style: a name, a blend, or one that was predicted or opened");
  if (Array.isArray(style)) return style.map(({ style: one, weight }) => part(one, weight));
  if (typeof style === "string") return style.split(",").map((words) => named(words.trim()));
  if (/** @type {Style} */ (style).row) return [part(style, 1)];
  return Object.entries(style).map(([slug, weight]) => part(slug, weight));
}

function named(words) {
  const [slug, weight = "1"] = words.split(":");
  if (!Number.isFinite(Number(weight))) throw new Error(`style ${words}: ${weight} is not a number; write mural:0.6,scream:0.4`);
  return { slug, weight: Number(weight) };
}
