/**
 * Pictures as arrays: {data, height, width, channels}, rows of interleaved RGB (or grey) values from 0 to 255.
 *
 * @typedef {import("./resample.js").Picture} Picture
 * @typedef {[height: number, width: number]} Size
 */

import { BICUBIC, LANCZOS, means, resample } from "./resample.js";

const { fround } = Math;
/** What is reduced by more than twice this factor is first reduced by means of squares, to so many times its new size. */
const GAP = 1.9;
const MAGIC = 6755399441055744;

/** The nearest whole number, of two the even one. @param {number} x less than 2^51 */
export const rint = (x) => x + MAGIC - MAGIC;

/** @returns {Picture} an empty picture of 8 bits */
export const blank = (height, width, channels = 3) =>
  ({ data: new Uint8Array(height * width * channels), height, width, channels });

/** A picture at another size. @param {Picture} picture @returns {Picture} */
export function resize(picture, height, width) {
  if (picture.height === height && picture.width === width) return picture;
  const factor = Math.trunc(Math.min(picture.height / height, picture.width / width) / GAP);
  if (factor <= 1) return resample(picture, height, width, LANCZOS);
  return resample(means(picture, factor), height, width, LANCZOS, [0, 0, picture.width / factor, picture.height / factor]);
}

/** The size at which the longer, or the shorter, side has a length. @returns {Size} */
export function sizeAt({ height, width }, { longer = 0, shorter = 0 }) {
  const scale = longer ? longer / Math.max(height, width) : shorter / Math.min(height, width);
  return [Math.max(1, rint(height * scale)), Math.max(1, rint(width * scale))];
}

/** A picture whose longer, or shorter, side has a length. @param {Picture} picture */
export const scaled = (picture, side) => resize(picture, ...sizeAt(picture, side));

/**
 * A part of a scaled picture, without scaling the rest.
 * @param {Picture} picture
 * @param {Size} size that the whole would be scaled to
 * @param {import("./windows.js").Window} window the part, in pixels of the scaled picture
 * @returns {Picture}
 */
export function resizedPart(picture, size, window) {
  if (picture.height === size[0] && picture.width === size[1]) return cut(picture, window);
  const lengths = [picture.height, picture.width];
  const starts = [window.top, window.left].map((first, axis) => (first * lengths[axis]) / size[axis]);
  const stops = [window.top + window.height, window.left + window.width].map((last, axis) => (last * lengths[axis]) / size[axis]);
  const reach = lengths.map((length, axis) => 4 * Math.max(1, Math.ceil(length / size[axis])));
  const [top, left] = starts.map((start, axis) => Math.max(0, Math.trunc(start) - reach[axis]));
  const [bottom, right] = stops.map((stop, axis) => Math.min(lengths[axis], Math.trunc(stop) + reach[axis] + 1));
  const near = cut(picture, { top, left, height: bottom - top, width: right - left });
  return resample(near, window.height, window.width, BICUBIC, [starts[1] - left, starts[0] - top, stops[1] - left, stops[0] - top]);
}

/** A part of a picture that lies inside it. @param {Picture} picture @returns {Picture} */
export function cut({ data, height, width, channels }, window) {
  if (window.height === height && window.width === width) return { data, height, width, channels };
  const made = blank(window.height, window.width, channels);
  const length = window.width * channels;
  for (let row = 0; row < window.height; row++) {
    const from = ((window.top + row) * width + window.left) * channels;
    made.data.set(data.subarray(from, from + length), row * length);
  }
  return made;
}

/** Two pictures, one laid over the other: a share of 0 is the first, 1 the second. @returns {Picture} */
export function mixed(first, second, share) {
  if (share === 0 || share === 1) return share ? second : first;
  const made = blank(first.height, first.width, first.channels);
  const own = fround(share);
  for (let place = 0; place < made.data.length; place++) {
    const below = first.data[place];
    made.data[place] = fround(below + fround(own * (second.data[place] - below)));
  }
  return made;
}
