/**
 * A model as `impasto export-web` packs it: a manifest, and files that are compressed so that any host serves them small.
 *
 * @typedef {Object} StyleInfo what is known about a style, by the names that Python has
 * @property {string} slug
 * @property {string} name
 * @property {string} network
 * @property {string} [thumbnail] where it is
 *
 * @typedef {Object} Manifest
 * @property {{name: string, network: string, style_size: number, input_noise: number, fold: number, halo: number}} model
 * @property {StyleInfo[]} styles in the order of their rows in `styles`
 * @property {Object<string, {path: string, sha256: string}>} files name -> where it is, and its digest in base64
 */

import { Once } from "../once.js";
import { content } from "./content.js";

/** What DecompressionStream calls the format of packed files, and how these begin. */
const FORMAT = "gzip";
const START = [0x1f, 0x8b];

export class Bundle {
  #read;
  #files = new Once();

  /**
   * @param {Manifest} manifest
   * @param {(file: {path: string, sha256: string}) => Promise<Uint8Array>} read a file as it lies at its place
   */
  constructor(manifest, read) {
    this.manifest = manifest;
    this.#read = read;
  }

  /** The bundle in a folder of a host. @param {URL|string} folder ends with a slash */
  static async open(folder) {
    const manifest = await content(new URL("manifest.json", folder), { cache: "no-cache" });
    return new Bundle(JSON.parse(new TextDecoder().decode(manifest)), (file) => fetched(new URL(file.path, folder), file.sha256));
  }

  /** A file of the model, as it was before it was packed; loaded once. @returns {Promise<Uint8Array>} */
  bytes(name) {
    return this.#files.get(name, () => this.unkept(name));
  }

  /** The same of a file that is needed no second time. @returns {Promise<Uint8Array>} */
  async unkept(name) {
    const packed = await this.#read(this.manifest.files[name]);
    return START.every((byte, place) => packed[place] === byte) ? unpacked(packed) : packed;
  }

  /** The rows of all styles. @returns {Promise<Map<string, Float32Array>>} by slug */
  async rows() {
    const { styles, model } = this.manifest;
    const all = new Float32Array((await this.bytes("styles")).slice().buffer);
    return new Map(styles.map(({ slug }, index) => [slug, all.slice(index * model.style_size, (index + 1) * model.style_size)]));
  }
}

/** A file with this digest. Browsers may have that of an older version, which is then loaded anew. */
async function fetched(address, sha256) {
  const integrity = `sha256-${sha256}`;
  return content(address, { integrity }).catch(() => content(address, { integrity, cache: "reload" }));
}

async function unpacked(content) {
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream(FORMAT));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
