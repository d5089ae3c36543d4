/**
 * A mix of one to four styles on a pad.
 * @typedef {Object} Mix
 * @property {string[]} ids the styles, one to four
 * @property {[number, number]} at where the dot is on the pad: x from the left, y from the top, both 0 to 1
 */

export const MOST = 4;
const MIDDLE = [0.5, 0.5];

/** Where each style lies on the pad. */
const CORNERS = [
  [[0.5, 0.5]],
  [[0, 0.5], [1, 0.5]],
  [[0, 0], [1, 0], [0.5, 1]],
  [[0, 0], [1, 0], [0, 1], [1, 1]],
];

/** @returns {[number, number][]} the corners of a pad for so many styles */
export const corners = (count) => CORNERS[count - 1];

/** One style alone. @returns {Mix} */
export const only = (id) => ({ ids: [id], at: MIDDLE });

/** The mix and one style more, in equal parts; a style that is in it already leaves it. @returns {Mix} */
export function toggled(mix, id) {
  const ids = mix.ids.includes(id) ? mix.ids.filter((each) => each !== id) : [...mix.ids, id];
  if (!ids.length || ids.length > MOST) return mix;
  return { ids, at: centre(ids.length) };
}

function centre(count) {
  const all = corners(count);
  return [0, 1].map((axis) => all.reduce((sum, corner) => sum + corner[axis], 0) / count);
}

/** The share of each style, in the order of its ids; they add up to 1. @returns {number[]} */
export function weights({ ids, at: [x, y] }) {
  if (ids.length === 1) return [1];
  if (ids.length === 2) return [1 - x, x];
  if (ids.length === 4) return [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
  const low = Math.min(1, Math.max(0, y));
  const right = x - 0.5 * low;
  return [1 - low - right, right, low];
}

/** The nearest place on a pad for so many styles. @returns {[number, number]} */
export function within(count, [x, y]) {
  const across = clamp(x);
  if (count < 3) return [across, 0.5];
  const down = clamp(y);
  return count === 4 ? [across, down] : [Math.min(1 - down / 2, Math.max(down / 2, across)), down];
}

const clamp = (value) => Math.min(1, Math.max(0, value));

/** The styles that are seen in the mix, with their shares rounded to whole percents. */
export function parts(mix) {
  const shares = weights(mix);
  return mix.ids.map((id, index) => ({ id, weight: Math.round(shares[index] * 100) / 100 })).filter((part) => part.weight > 0);
}
