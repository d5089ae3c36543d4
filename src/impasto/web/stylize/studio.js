/**
 * A model, ready to paint arrays; it needs no browser, so tests run it in Node.
 *
 * @typedef {Object} Part of a blend
 * @property {string} slug
 * @property {import("../styles/rows.js").Row} [row] of a style that does not come with the model
 * @property {number} weight
 *
 * @typedef {Object} Request
 * @property {Part[]} blend
 * @property {Partial<import("./plan.js").Controls>} [controls]
 * @property {number} [size] long side of the picture; the photo's own without it
 * @property {{mask: import("../images/arrays.js").Picture, blend: Part[]}[]} [regions] masks have one channel
 */

import { scaled } from "../images/arrays.js";
import { forPredictor, readPainting } from "../styles/painting.js";
import { IDENTITY, checked, paint, pointOf } from "./plan.js";

export class Studio {
  #networks;
  #rows;

  /** @param {import("../runtime/backends.js").Backends} networks @param {import("../files/bundle.js").Bundle} bundle */
  static async open(networks, bundle) {
    const [rows] = await Promise.all([bundle.rows(), networks.prepare()]);
    return new Studio(bundle.manifest, networks, rows);
  }

  constructor(manifest, networks, rows) {
    this.manifest = manifest;
    this.#networks = networks;
    this.#rows = rows;
  }

  /**
   * @param {import("../images/arrays.js").Picture} photo of three channels
   * @param {Request} request
   * @param {(share: number) => Promise<void>} [breathe] is called between steps, and may throw to stop
   */
  async paint(photo, { blend, controls, size, regions = [] }, breathe) {
    const { strength, ...others } = checked(controls ?? {});
    const plan = {
      points: [blend, ...regions.map((region) => region.blend)].map((parts) => pointOf(this.#found(parts), strength)),
      masks: regions.map(({ mask }) => mask),
      controls: { strength, ...others },
      identity: this.#rows.get(IDENTITY),
    };
    const painter = { networks: this.#networks, info: this.manifest.model, breathe };
    return paint(painter, plan, size ? scaled(photo, { longer: size }) : photo);
  }

  /** The row of a painting. @param {Uint8Array|null} alpha */
  async predict(picture, alpha = null) {
    const parts = forPredictor(readPainting(picture, alpha));
    const sum = new Float32Array(this.manifest.model.style_size);
    for (const { planes, height, width } of parts) {
      (await this.#networks.predict(planes, height, width)).forEach((value, place) => (sum[place] += value));
    }
    return sum.map((value) => value / parts.length);
  }

  /** The row of a style that comes with the model. */
  row(slug) {
    const row = this.#rows.get(slug);
    if (!row) throw new Error(`style ${slug}: there is none; choose among ${[...this.#rows.keys()].join(", ")}`);
    return row;
  }

  #found(parts) {
    return parts.map(({ slug, row, weight }) => ({ slug, weight, row: row ?? this.row(slug) }));
  }
}
