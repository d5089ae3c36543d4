/**
 * A model's networks, ready to run in ONNX Runtime.
 *
 * @typedef {Object} View a part of a photo, as networks see it
 * @property {Float32Array} image three planes, RGB from 0 to 1, with noise
 * @property {number} height
 * @property {number} width
 * @property {import("../styles/rows.js").Row[]} styles
 * @property {Float32Array|null} masks a plane for each style, if there are several
 */

import { Once } from "../once.js";

const WEIGHTS = "network.safetensors";
const PREDICTOR_WEIGHTS = "predictor.safetensors";

export class Networks {
  #ort;
  #bundle;
  #provider;
  #gone;
  #sessions = new Once();
  /** @type {Set<Promise<any>>} */
  #running = new Set();

  /**
   * @param {any} ort the module `onnxruntime-web/wasm`, or `onnxruntime-web/webgpu`
   * @param {import("../files/bundle.js").Bundle} bundle
   * @param {string|Object} provider what computes, as ONNX Runtime names it
   * @param {AbortSignal} [gone] is aborted when that is lost
   */
  constructor(ort, bundle, provider = "wasm", gone = undefined) {
    this.#ort = ort;
    this.#bundle = bundle;
    this.#provider = provider;
    this.#gone = gone;
  }

  /** Gets a network ready before it is needed. */
  async prepare(name = "network") {
    await this.#session(name);
  }

  /** Paints a part; statistics are those of the whole photo, or null for its own. @returns {Promise<Float32Array>} planes */
  async paint(view, statistics) {
    const name = view.masks ? "regions" : "network";
    const given = { ...this.#given(view), ...(statistics && { statistics: this.#row(statistics) }) };
    return (await this.#run(statistics ? `${name}-frozen` : name, given, ["picture"])).picture;
  }

  /** The statistics of all maps for a photo. @returns {Promise<Float32Array>} */
  async measure(view) {
    const name = view.masks ? "regions" : "statistics";
    return (await this.#run(name, this.#given(view), ["statistics"])).statistics;
  }

  /** The row of a painting, three planes from 0 to 1. @returns {Promise<Float32Array>} */
  async predict(planes, height, width) {
    const painting = new this.#ort.Tensor("float32", planes, [1, 3, height, width]);
    return (await this.#run("predictor", { painting }, ["style"])).style;
  }

  #given({ image, height, width, styles, masks }) {
    const { Tensor } = this.#ort;
    const tensor = new Tensor("float32", image, [1, 3, height, width]);
    if (!masks) return { image: tensor, style: this.#row(styles[0]) };
    const rows = new Float32Array(styles.length * styles[0].length);
    styles.forEach((row, index) => rows.set(row, index * row.length));
    return {
      image: tensor,
      styles: new Tensor("float32", rows, [styles.length, styles[0].length]),
      masks: new Tensor("float32", masks, [1, styles.length, height, width]),
    };
  }

  #row(row) {
    return new this.#ort.Tensor("float32", row, [1, row.length]);
  }

  /** Gives the memory of all sessions back once they are done; those that are needed again are made anew. */
  async release() {
    const sessions = this.#sessions.clear();
    await Promise.allSettled(this.#running);
    await Promise.allSettled(sessions.map(async (session) => (await session).release()));
  }

  async #run(name, given, wanted) {
    const running = this.#session(name).then((session) => session.run(given, wanted));
    const done = () => this.#running.delete(running);
    this.#running.add(running);
    running.then(done, done);
    const results = await unlessAborted(running, this.#gone);
    return Object.fromEntries(wanted.map((output) => [output, results[output].data]));
  }

  #session(name) {
    return this.#sessions.get(name, () => this.#load(name));
  }

  async #load(name) {
    const path = name === "predictor" ? PREDICTOR_WEIGHTS : WEIGHTS;
    const [graph, data] = await Promise.all([this.#bundle.bytes(`${name}.onnx`), this.#bundle.bytes(path)]);
    return this.#ort.InferenceSession.create(graph, { externalData: [{ path, data }], executionProviders: [this.#provider] });
  }
}

/** What comes of work, unless a signal is aborted: work on a device that is lost may never end. */
function unlessAborted(work, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal?.addEventListener("abort", stop);
    work.then(resolve, reject).finally(() => signal?.removeEventListener("abort", stop));
    if (signal?.aborted) stop();
  });
}
