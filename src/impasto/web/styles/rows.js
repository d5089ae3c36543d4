/**
 * Arithmetic on rows of γ and β: blends, and the colours of the last layer.
 *
 * @typedef {Float32Array} Row γ and β of layer 1, of layer 2, … in network order
 */

const { fround } = Math;
/** Half a grey level: black and white are so far from 0 and 1, at which logits are infinite. */
const PALE = 1 / 510;
/** What the network's sigmoid turns into each grey level. */
const LOGITS = Float64Array.from({ length: 256 }, (_, level) => {
  const value = Math.min(1 - PALE, Math.max(PALE, level / 255));
  return Math.log(value / (1 - value));
});

/**
 * A blend: weights count in proportion to their sum.
 * @param {{row: Row, weight: number}[]} parts
 * @returns {Row}
 */
export function blendRows(parts) {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0) || parts.some(({ weight }) => !(weight >= 0))) {
    throw new Error("a blend needs weights of at least 0, one of them more");
  }
  const blend = new Float32Array(parts[0].row.length);
  for (const { row, weight } of parts) {
    const share = fround(weight / total);
    for (let place = 0; place < blend.length; place++) blend[place] += fround(share * row[place]);
  }
  return blend;
}

/**
 * Deviation and mean, for each colour, of what the sigmoid turns into a photo.
 * @param {import("../images/arrays.js").Picture} photo
 */
export function paletteOf({ data, height, width }) {
  const counts = [0, 1, 2].map(() => new Float64Array(256));
  for (let place = 0; place < data.length; place += 3) {
    counts[0][data[place]]++;
    counts[1][data[place + 1]]++;
    counts[2][data[place + 2]]++;
  }
  return counts.map((each) => {
    const mean = each.reduce((sum, count, level) => sum + count * LOGITS[level], 0) / (height * width);
    const variance = each.reduce((sum, count, level) => sum + count * (LOGITS[level] - mean) ** 2, 0) / (height * width);
    return { deviation: Math.sqrt(variance), mean };
  });
}

/**
 * The identity style with the colours of a photo.
 * @param {Row} identity
 * @param {import("../images/arrays.js").Picture} photo
 * @param {number} fold space-to-depth factor of the network
 * @returns {Row}
 */
export function withPalette(identity, photo, fold) {
  const palette = paletteOf(photo);
  const colors = ["deviation", "mean"].flatMap((kind) => palette.flatMap((color) => new Array(fold ** 2).fill(color[kind])));
  const row = identity.slice();
  row.set(colors, row.length - colors.length);
  return row;
}

/**
 * What each level of a photo's colours becomes in the colours of a style.
 * @param {Row} row
 * @param {import("../images/arrays.js").Picture} photo
 * @param {number} fold
 * @returns {Float32Array[]} for red, green and blue, 256 values from 0 to 255
 */
export function recoloring(row, photo, fold) {
  const last = row.subarray(row.length - 6 * fold ** 2);
  const mean = (start) => last.subarray(start, start + fold ** 2).reduce((sum, value) => sum + value, 0) / fold ** 2;
  return paletteOf(photo).map((palette, color) => {
    const [gamma, beta] = [Math.abs(mean(color * fold ** 2)), mean((color + 3) * fold ** 2)];
    return Float32Array.from(LOGITS, (logit) => {
      const wanted = ((logit - palette.mean) / (palette.deviation + 1e-5)) * gamma + beta;
      return 255 / (1 + Math.exp(-Math.min(20, Math.max(-20, wanted))));
    });
  });
}
