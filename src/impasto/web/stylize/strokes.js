/**
 * The size of strokes: a network paints strokes of one size in pixels, so a picture is painted at the size that suits.
 * A large one is painted small first; this draft is enlarged and painted again, and lends its light and colour.
 */

import { resize, rint } from "../images/arrays.js";
import { BILINEAR, resample } from "../images/resample.js";

/** Long side at which a picture is painted whose strokes have the size 1. */
const WORKING = 1024;
/** From this share of its size on, a picture is painted at its size, at once. */
const NEARLY = 0.75;
/** Small pictures are painted at no more than this many times their size. */
const ENLARGED = 1.8;
/** The largest factor by which a draft is enlarged before it is painted again. */
const STEP = 3;
/** Forms larger than this many pixels of the draft stay as they are. */
const FORM = 3;
const STRIP = 256;

/**
 * Paints a photo at every size that the stroke size asks for, each time from the draft before.
 * @param {(draft: import("../images/arrays.js").Picture, size: import("../images/arrays.js").Size) => Promise<import("../images/arrays.js").Picture>} paint
 * @param {import("../images/arrays.js").Picture} photo
 * @param {number} stroke
 */
export async function paintInStrokes(paint, photo, stroke) {
  const [first, ...larger] = sizes(photo.height, photo.width, stroke);
  let picture = await paint(photo, first);
  for (const size of larger) {
    const draft = picture;
    picture = await paint(draft, size);
    keepForms(picture, draft);
  }
  return resize(picture, photo.height, photo.width);
}

/** The sizes at which a picture is painted, one after the other. @returns {import("../images/arrays.js").Size[]} */
export function sizes(height, width, stroke) {
  const scale = working(height, width) / stroke;
  const steps = Math.max(0, Math.ceil(Math.log(1 / scale) / Math.log(STEP) - 1e-9));
  const scales = steps ? Array.from({ length: steps + 1 }, (_, step) => scale ** (1 - step / steps)) : [scale];
  const rounded = scales.map((each) => [Math.max(1, rint(height * each)), Math.max(1, rint(width * each))]);
  return /** @type {any} */ (rounded).filter((size, index) => index === rounded.findIndex((other) => `${other}` === `${size}`));
}

function working(height, width) {
  const factor = Math.min(WORKING / Math.max(height, width), ENLARGED);
  return factor >= NEARLY && factor < 1 ? 1 : factor;
}

/** Gives a picture the light and colour of the smaller draft that it was painted from; it is changed in place. */
export function keepForms(picture, draft) {
  const size = /** @type {[number, number]} */ ([draft.height, draft.width].map((length) => Math.max(1, Math.floor(length / FORM))));
  const [wanted, present] = [resize(draft, ...size), resize(picture, ...size)];
  const difference = { ...wanted, data: Float32Array.from(wanted.data, (value, place) => value - present.data[place]) };
  for (let top = 0; top < picture.height; top += STRIP) {
    const bottom = Math.min(picture.height, top + STRIP);
    const box = [0, (top * size[0]) / picture.height, size[1], (bottom * size[0]) / picture.height];
    const { data } = resample(difference, bottom - top, picture.width, BILINEAR, box);
    const start = top * picture.width * 3;
    for (let place = 0; place < data.length; place++) {
      const value = rint(Math.fround(picture.data[start + place] + data[place]));
      picture.data[start + place] = Math.min(255, Math.max(0, value));
    }
  }
}
