/** What is under the transparent parts of a photo: colours that nobody sees, and that must not change the picture. */

import { rint } from "./arrays.js";
import { BILINEAR, resample } from "./resample.js";

/** Long side of the copy in which a larger photo's colours are continued. */
const SMALL = 512;
const STRIP = 256;

/**
 * Continues the visible colours of a photo into its wholly transparent parts; the photo is changed in place.
 * @param {import("./arrays.js").Picture} photo
 * @param {Uint8Array} alpha
 */
export function fill(photo, alpha) {
  if (!alpha.includes(0)) return;
  const { height, width } = photo;
  const shrink = Math.ceil(Math.max(height, width) / SMALL);
  const small = continued(shrunk(photo, alpha, shrink));
  const colors = { ...small, data: Uint8Array.from(small.data, (value) => Math.min(255, Math.max(0, rint(value)))) };
  for (let top = 0; top < height; top += STRIP) {
    const bottom = Math.min(height, top + STRIP);
    if (!alpha.subarray(top * width, bottom * width).includes(0)) continue;
    const enlarged = resample(colors, bottom - top, width, BILINEAR, [0, top / shrink, width / shrink, bottom / shrink]).data;
    for (let place = 0; place < enlarged.length; place++) {
      const at = top * width * 3 + place;
      if (alpha[Math.trunc(at / 3)] === 0) photo.data[at] = enlarged[place];
    }
  }
}

/** Colours times alpha, and alpha from 0 to 1, in means of squares; beyond the edges all is 0. */
function shrunk({ data, height, width }, alpha, shrink) {
  const small = planes(Math.ceil(height / shrink), Math.ceil(width / shrink));
  for (let row = 0, place = 0; row < height; row++) {
    for (let column = 0; column < width; column++, place++) {
      const at = Math.trunc(row / shrink) * small.width + Math.trunc(column / shrink);
      const weight = alpha[place] / 255;
      small.weights[at] += weight;
      for (let color = 0; color < 3; color++) small.data[at * 3 + color] += data[place * 3 + color] * weight;
    }
  }
  small.weights.forEach((value, at) => (small.weights[at] = value / shrink ** 2));
  small.data.forEach((value, at) => (small.data[at] = value / shrink ** 2));
  return small;
}

const planes = (height, width) => ({
  data: new Float32Array(height * width * 3), weights: new Float32Array(height * width), height, width, channels: 3,
});

/** Colours from colours times weights: where there is none, those of ever larger squares around. */
function continued(map) {
  const own = { ...map, data: map.data.map((value, at) => value / Math.max(map.weights[Math.trunc(at / 3)], 1.2e-38)) };
  if (!map.weights.includes(0) || map.weights.length === 1) return own;
  const half = continued(halved(map));
  const around = resample(half, map.height, map.width, BILINEAR, [0, 0, map.width / 2, map.height / 2]);
  return { ...own, data: own.data.map((value, at) => (map.weights[Math.trunc(at / 3)] > 0 ? value : around.data[at])) };
}

function halved(map) {
  const half = planes(Math.ceil(map.height / 2), Math.ceil(map.width / 2));
  map.weights.forEach((weight, place) => {
    const at = Math.trunc(Math.trunc(place / map.width) / 2) * half.width + Math.trunc((place % map.width) / 2);
    half.weights[at] += weight / 4;
    for (let color = 0; color < 3; color++) half.data[at * 3 + color] += map.data[place * 3 + color] / 4;
  });
  return half;
}
