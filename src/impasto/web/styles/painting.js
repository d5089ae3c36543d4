/** Style images: any picture in, what a predictor sees out, read as the command line reads them. */

import { cut, resize, rint, scaled } from "../images/arrays.js";

/** Shorter side of the paintings that a predictor sees. */
const PREDICTED_SIDE = 256;
/** Long side at which a larger painting is read. */
const LONG_SIDE = 768;
/** Shorter side, in pixels, and deviation, in levels, that a painting must have. */
const LEAST_SIDE = 32;
const LEAST_CONTRAST = 2;
/** From how many times as long as wide a painting is a scroll, the most pixels of one, and the most parts of it. */
const LONG = 3;
const SCROLL = 2_000_000;
const PARTS = 8;

/**
 * A painting at the size at which it is read.
 * @param {import("../images/arrays.js").Picture} picture
 * @param {Uint8Array|null} alpha
 */
export function readPainting(picture, alpha) {
  const array = alpha ? onWhite(picture, alpha) : picture;
  check(array);
  const { height, width } = array;
  return scaled(array, { longer: Math.min(Math.max(height, width), longest(height, width)) });
}

function longest(height, width) {
  const ratio = Math.max(height, width) / Math.min(height, width);
  if (ratio < LONG) return LONG_SIDE;
  return Math.max(LONG_SIDE, rint(Math.min(PREDICTED_SIDE * ratio, (SCROLL * ratio) ** 0.5)));
}

function onWhite(picture, alpha) {
  const data = picture.data.map((value, place) => {
    const opaque = Math.fround(alpha[Math.trunc(place / 3)] / 255);
    return rint(value * opaque + 255 * (1 - opaque));
  });
  return { ...picture, data };
}

function check({ data, height, width }) {
  if (Math.min(height, width) < LEAST_SIDE) {
    throw new Error(`a painting of ${width} × ${height} pixels is too small; give ${LEAST_SIDE} × ${LEAST_SIDE}`);
  }
  const [sums, squares, count] = [[0, 0, 0], [0, 0, 0], height * width];
  for (let place = 0; place < data.length; place++) {
    sums[place % 3] += data[place];
    squares[place % 3] += data[place] ** 2;
  }
  const variance = Math.max(...sums.map((sum, color) => squares[color] / count - (sum / count) ** 2));
  if (variance < LEAST_CONTRAST ** 2) throw new Error("the picture shows nothing but one colour; a style needs a painting");
}

/**
 * What a predictor sees: the painting whole; of a scroll, parts spread over its length.
 * @param {import("../images/arrays.js").Picture} painting
 * @returns {{planes: Float32Array, height: number, width: number}[]}
 */
export function forPredictor(painting) {
  const scale = PREDICTED_SIDE / Math.min(painting.height, painting.width);
  const [height, width] = [painting.height, painting.width].map((side) => Math.max(8, rint((side * scale) / 8) * 8));
  const whole = resize(painting, height, width);
  if (Math.max(height, width) < LONG * Math.min(height, width)) return [planesOf(whole)];
  const [length, total] = [2 * PREDICTED_SIDE, Math.max(height, width)];
  const count = Math.min(PARTS, Math.floor(total / length));
  const starts = Array.from({ length: count }, (_, part) => Math.trunc(count > 1 ? (part * (total - length)) / (count - 1) : 0));
  return starts.map((start) => planesOf(cut(whole, width > height
    ? { top: 0, left: start, height, width: length } : { top: start, left: 0, height: length, width })));
}

function planesOf({ data, height, width }) {
  const count = height * width;
  const planes = new Float32Array(3 * count);
  const unit = Math.fround(1 / 255);
  for (let place = 0; place < data.length; place++) planes[(place % 3) * count + Math.trunc(place / 3)] = data[place] * unit;
  return { planes, height, width };
}
