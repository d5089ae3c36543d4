/** Masks: where a style is, from whatever says so. */

/** Levels from black or white within which a grey value counts as such, and the share of a drawn mask that does. */
const NEAR = 8;
const DRAWN = 0.9;

/**
 * @param {import("./arrays.js").Picture} picture of three channels
 * @param {Uint8Array|null} alpha
 * @returns {import("./arrays.js").Picture} of one channel, 255 where the style is
 */
export function maskOf({ data, height, width }, alpha) {
  let grey = new Uint8Array(height * width);
  grey.forEach((_, at) => (grey[at] = (data[3 * at] * 19595 + data[3 * at + 1] * 38470 + data[3 * at + 2] * 7471 + 0x8000) >> 16));
  if (!grey.some((value) => value > 1)) grey = grey.map((value) => value * 255);
  const mask = !alpha || !alpha.some((value) => value < 255) ? grey : isDrawn(grey, alpha) ? multiplied(grey, alpha) : alpha;
  if (!mask.some(Boolean)) throw new Error("a mask is black everywhere; paint white where its style should be");
  return { data: mask, height, width, channels: 1 };
}

function isDrawn(grey, alpha) {
  let [black, white, all] = [0, 0, 0];
  grey.forEach((value, at) => {
    if (!alpha[at]) return;
    all++;
    if (value <= NEAR) black++;
    else if (value >= 255 - NEAR) white++;
  });
  return black > 0 && white > 0 && black + white >= DRAWN * all;
}

const multiplied = (grey, alpha) => grey.map((value, at) => {
  const product = value * alpha[at] + 128;
  return ((product >> 8) + product) >> 8;
});
