/** Styles, and the part of the picture that each of them has. */

import { resize } from "../images/arrays.js";
import { read } from "../images/windows.js";

const { fround } = Math;

/**
 * @typedef {Object} Regions
 * @property {import("../styles/rows.js").Row[]} styles the first is wherever the others leave room
 * @property {import("../images/arrays.js").Picture[]} masks of one channel, one for each style but the first
 * @property {number[]} identity for each style, the share of the identity style in it
 */

/** The same for a picture of another size. @param {Regions} regions @returns {Regions} */
export const resized = (regions, [height, width]) => ({ ...regions, masks: regions.masks.map((mask) => resize(mask, height, width)) });

/**
 * The share of each style at each pixel of a window: planes, one after the other, which add up to 1.
 * @param {Regions} regions
 * @param {import("../images/windows.js").Window} window
 */
export function shares({ styles, masks }, window) {
  const count = window.height * window.width;
  const planes = new Float32Array(styles.length * count);
  const cuts = masks.map((mask) => read(mask, window).data);
  for (let place = 0; place < count; place++) {
    let total = 0;
    for (const data of cuts) total = fround(total + fround(data[place] / 255));
    const whole = Math.max(1, total);
    planes[place] = Math.max(0, fround(1 - total)) / whole;
    for (let index = 0; index < cuts.length; index++) planes[(index + 1) * count + place] = fround(cuts[index][place] / 255) / whole;
  }
  return planes;
}

/**
 * The share of the identity style at each pixel of a window, or one value if it is the same everywhere.
 * @param {Float32Array|null} [parts] the shares of all styles, if they are known
 */
export function identityIn(regions, window, parts = null) {
  const { identity } = regions;
  if (new Set(identity).size < 2) return Float32Array.of(identity[0] ?? 0);
  const [planes, count] = [parts ?? shares(regions, window), window.height * window.width];
  const found = new Float32Array(count);
  identity.forEach((share, index) => {
    for (let place = 0; place < count; place++) found[place] += planes[index * count + place] * fround(share);
  });
  return found;
}
