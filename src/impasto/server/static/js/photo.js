/** Photos as the page holds them: the file itself, and small copies that previews are painted from. */

import { Mask } from "./mask.js";

/** Long sides of the copies, in pixels. */
const COPIES = [256, 512, 1024, 1600];
/** The side of a photo's square icon, in pixels. */
const ICON = 128;
let count = 0;

/**
 * @typedef {Object} Area a part of a photo that has its own styles
 * @property {string} id
 * @property {number} number what it is called
 * @property {Mask} mask
 * @property {number} version grows with every change of the mask
 * @property {import("./mix.js").Mix} mix
 */

export class Photo {
  /** @type {Area[]} */
  areas = [];

  /** The photo, reduced; null while another photo is shown, as a folder of photos would fill the memory. */
  bitmap = null;
  /** @type {Map<number, Promise<Blob>>} by their long sides */
  #copies = new Map();
  #decode;

  constructor(file, name, decode) {
    this.id = `photo-${++count}`;
    this.file = file;
    this.name = name;
    this.#decode = decode;
  }

  /**
   * Reads a file. What the browser cannot decode (HEIC, TIFF), the engine shows.
   * @param {Blob} file
   * @param {string} name
   * @param {(file: Blob) => Promise<Blob>} show turns such a file into one that browsers know
   */
  static async read(file, name, show) {
    const photo = new Photo(file, name, () => createImageBitmap(file).catch(async () => createImageBitmap(await show(file))));
    await photo.open();
    photo.icon = squared(photo.bitmap);
    return photo;
  }

  /** Makes the bitmap ready. */
  async open() {
    this.bitmap ??= await this.#reduced();
  }

  /** Gives the bitmap's memory back. */
  rest() {
    this.bitmap?.close();
    this.bitmap = null;
  }

  async #reduced() {
    const whole = await this.#decode();
    [this.width, this.height] = [whole.width, whole.height];
    const bitmap = await reduced(whole, COPIES.at(-1));
    if (bitmap !== whole) whole.close();
    return bitmap;
  }

  get long() {
    return Math.max(this.width, this.height);
  }

  get ratio() {
    return this.width / this.height;
  }

  /** The file's name without its ending. */
  get stem() {
    return this.name.replace(/\.[^.]+$/, "");
  }

  /** A copy whose long side is at least `size`, or the largest there is. @returns {Promise<Blob>} */
  copy(size) {
    const long = COPIES.find((each) => each >= size) ?? COPIES.at(-1);
    if (!this.#copies.has(long)) {
      const copy = this.#encode(long);
      copy.catch(() => this.#copies.delete(long)); // the bitmap was given back meanwhile; the next one who asks gets it
      this.#copies.set(long, copy);
    }
    return this.#copies.get(long);
  }

  async #encode(long) {
    await this.open();
    const bitmap = await reduced(this.bitmap, long);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    const type = /jpe?g|heic|heif/.test(this.file.type) ? "image/jpeg" : "image/webp"; // WebP has transparency
    return canvas.convertToBlob({ type, quality: 0.93 });
  }

  addArea(mix) {
    const number = 1 + Math.max(0, ...this.areas.map((area) => area.number));
    const area = { id: `area-${number}`, number, mask: new Mask(this, () => this.bitmap), version: 0, mix };
    this.areas.push(area);
    return area;
  }
}

/** The middle of a bitmap, as a small square canvas. */
function squared(bitmap) {
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = Object.assign(document.createElement("canvas"), { width: ICON, height: ICON });
  const [x, y] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  canvas.getContext("2d").drawImage(bitmap, x, y, side, side, 0, 0, ICON, ICON);
  return canvas;
}

async function reduced(bitmap, long) {
  const scale = long / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) return bitmap;
  const resizeWidth = Math.max(1, Math.round(bitmap.width * scale));
  const resizeHeight = Math.max(1, Math.round(bitmap.height * scale));
  return createImageBitmap(bitmap, { resizeWidth, resizeHeight, resizeQuality: "high" });
}
