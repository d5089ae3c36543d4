/**
 * Networks on the processor that others may take the place of. If those fail, the processor paints, now and from then on:
 * a graphics processor may be lost, or lack memory for a tile. Networks that do not paint give their memory back.
 */

export class Backends {
  #processor;
  /** @type {import("./networks.js").Networks|null} */
  #faster = null;
  #changed;

  /**
   * @param {import("./networks.js").Networks} processor
   * @param {(backend: "wasm"|"webgpu") => void} changed is told what paints from now on
   */
  constructor(processor, changed) {
    this.#processor = processor;
    this.#changed = changed;
  }

  /** Lets others paint. @param {import("./networks.js").Networks|null} networks */
  use(networks) {
    if (networks === this.#faster) return;
    const idle = networks ? this.#processor : this.#faster;
    idle?.release();
    this.#faster = networks;
    this.#changed(networks ? "webgpu" : "wasm");
  }

  prepare(name) {
    return this.#processor.prepare(name);
  }

  /** Styles of paintings are rarely asked for, so their network is not loaded twice. */
  predict(planes, height, width) {
    return this.#processor.predict(planes, height, width);
  }

  paint(view, statistics) {
    return this.#run((networks) => networks.paint(view, statistics));
  }

  measure(view) {
    return this.#run((networks) => networks.measure(view));
  }

  async #run(work) {
    try {
      return await work(this.#faster ?? this.#processor);
    } catch (error) {
      if (!this.#faster) throw error;
      this.use(null);
      return work(this.#processor);
    }
  }
}
