/**
 * The guided filter: smooths a map, and keeps the edges that a second map, the guide, has.
 *
 * Kaiming He, Jian Sun & Xiaoou Tang, Guided Image Filtering, TPAMI 2013. Maps are Float32Array, rows of `width` values.
 */

/**
 * How the smoothed target follows from the guide at each pixel: it is slope × guide + offset.
 * @param {Float32Array} guide
 * @param {Float32Array} target
 * @param {number} width
 * @param {number} radius of the square in which the target is smoothed, in pixels
 * @param {number} epsilon the variance of the guide above which there is an edge
 * @returns {{slope: Float32Array, offset: Float32Array}}
 */
export function guidedFilter(guide, target, width, radius, epsilon) {
  const smooth = (values) => boxMean(values, width, radius);
  const [mean, aim] = [smooth(guide), smooth(target)];
  const squares = smooth(guide.map((value) => value * value));
  const products = smooth(guide.map((value, place) => value * target[place]));
  const slope = mean.map((value, place) =>
    (products[place] - value * aim[place]) / (Math.max(0, squares[place] - value * value) + epsilon));
  return { slope: smooth(slope), offset: smooth(mean.map((value, place) => aim[place] - slope[place] * value)) };
}

/** The mean of the square of 2 `radius` + 1 pixels around each, as far as it lies in the map. @returns {Float32Array} */
export function boxMean(values, width, radius) {
  const height = values.length / width;
  return alongRows(alongRows(values, height, width, width, 1, radius), width, height, 1, width, radius);
}

/** Means along one axis: `lines` of `length` values, each `next` from the one before. */
function alongRows(values, lines, length, stride, next, radius) {
  const means = new Float32Array(values.length);
  const sums = new Float64Array(length + 1);
  for (let line = 0; line < lines; line++) {
    for (let place = 0; place < length; place++) sums[place + 1] = sums[place] + values[line * stride + place * next];
    for (let place = 0; place < length; place++) {
      const [first, last] = [Math.max(0, place - radius), Math.min(length, place + radius + 1)];
      means[line * stride + place * next] = (sums[last] - sums[first]) / (last - first);
    }
  }
  return means;
}
