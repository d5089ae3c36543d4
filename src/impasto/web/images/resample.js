/**
 * Scaling as Pillow does it, to the same numbers: separable filters, whose weights are whole numbers for 8 bits.
 *
 * A plane or picture is {data, height, width, channels}: rows of interleaved values, Uint8Array or Float32Array.
 *
 * @typedef {Object} Picture
 * @property {Uint8Array|Uint8ClampedArray|Float32Array} data
 * @property {number} height
 * @property {number} width
 * @property {number} channels
 */

const { fround } = Math;
/** The bits behind the point of weights for 8 bits. */
const PRECISION = 22;

const sinc = (x) => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

/** @param {number} x */
function cubic(x) {
  const far = Math.abs(x);
  if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
  return far < 2 ? (((far - 5) * far + 8) * far - 4) * -0.5 : 0;
}

/** Each filter: how far it reaches, in pixels of the smaller picture, and its weight at a distance. */
export const BILINEAR = { reach: 1, weight: (/** @type {number} */ x) => Math.max(0, 1 - Math.abs(x)) };
export const BICUBIC = { reach: 2, weight: cubic };
export const LANCZOS = { reach: 3, weight: (/** @type {number} */ x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) };

/**
 * A picture at another size.
 * @param {Picture} picture
 * @param {number} height
 * @param {number} width
 * @param {{reach: number, weight: (x: number) => number}} filter
 * @param {number[]} [box] the part to scale: left, top, right and bottom, in pixels
 * @returns {Picture} of the same type
 */
export function resample(picture, height, width, filter, box = [0, 0, picture.width, picture.height]) {
  const [left, top, right, bottom] = box.map(fround);
  let scaled = picture;
  if (width !== picture.width || left || right !== width) {
    const weights = weightsOf(picture.width, left, right, width, filter, whole(picture));
    scaled = across(scaled, weights, width, rowsNeeded(picture.height, top, bottom, height, filter));
  }
  if (height !== picture.height || top || bottom !== height) {
    scaled = down(scaled, weightsOf(picture.height, top, bottom, height, filter, whole(picture)), height);
  }
  return scaled === picture ? { ...picture, data: picture.data.slice() } : scaled;
}

const whole = (picture) => !(picture.data instanceof Float32Array);

/** First and last of the rows that the vertical filter sees. @returns {[number, number]} */
function rowsNeeded(length, start, stop, made, filter) {
  const scale = fround(stop - start) / made;
  const far = filter.reach * Math.max(scale, 1);
  const first = Math.max(0, Math.trunc(start + 0.5 * scale - far + 0.5));
  return [first, Math.min(length, Math.trunc(start + (made - 0.5) * scale + far + 0.5))];
}

/** For each new pixel, the first old one that counts, how many do, and their weights. */
function weightsOf(length, start, stop, made, filter, inWholes) {
  const scale = fround(stop - start) / made;
  const stretch = Math.max(scale, 1);
  const far = filter.reach * stretch;
  const most = Math.ceil(far) * 2 + 1;
  const [firsts, counts] = [new Int32Array(made), new Int32Array(made)];
  const weights = inWholes ? new Int32Array(made * most) : new Float64Array(made * most);
  const own = new Float64Array(most);
  for (let index = 0; index < made; index++) {
    const center = start + (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - far + 0.5));
    const count = Math.min(length, Math.trunc(center + far + 0.5)) - first;
    let sum = 0;
    for (let each = 0; each < count; each++) sum += own[each] = filter.weight((each + first - center + 0.5) * (1 / stretch));
    for (let each = 0; each < count; each++) {
      const share = sum ? own[each] / sum : own[each];
      weights[index * most + each] = inWholes ? Math.trunc(share * 2 ** PRECISION + (share < 0 ? -0.5 : 0.5)) : share;
    }
    [firsts[index], counts[index]] = [first, count];
  }
  return { firsts, counts, weights, most };
}

/** @param {Picture} picture */
function across(picture, { firsts, counts, weights, most }, width, [from, to]) {
  const { data, height, channels } = picture;
  const made = new /** @type {any} */ (data.constructor)(height * width * channels);
  const inWholes = whole(picture);
  for (let row = from; row < to; row++) {
    for (let column = 0; column < width; column++) {
      const old = (row * picture.width + firsts[column]) * channels;
      const place = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        let sum = inWholes ? 1 << (PRECISION - 1) : 0;
        for (let each = 0, at = old + channel, to = column * most; each < counts[column]; each++, at += channels) {
          sum += data[at] * weights[to + each];
        }
        made[place + channel] = inWholes ? clipped(sum) : sum;
      }
    }
  }
  return { data: made, height, width, channels };
}

/** @param {Picture} picture */
function down(picture, { firsts, counts, weights, most }, height) {
  const { data, width, channels } = picture;
  const length = width * channels;
  const made = new /** @type {any} */ (data.constructor)(height * length);
  const inWholes = whole(picture);
  const sums = new Float64Array(length);
  for (let row = 0; row < height; row++) {
    sums.fill(inWholes ? 1 << (PRECISION - 1) : 0);
    for (let each = 0; each < counts[row]; each++) {
      const weight = weights[row * most + each];
      for (let place = 0, at = (firsts[row] + each) * length; place < length; place++) sums[place] += data[at + place] * weight;
    }
    for (let place = 0, at = row * length; place < length; place++) {
      made[at + place] = inWholes ? clipped(sums[place]) : sums[place];
    }
  }
  return { data: made, height, width, channels };
}

const clipped = (sum) => Math.min(255, Math.max(0, sum >> PRECISION));

/**
 * The means of squares of `factor` × `factor` pixels, 8 bits; squares at the edges may be smaller.
 * @param {Picture} picture
 * @param {number} factor
 * @returns {Picture}
 */
export function means({ data, height, width, channels }, factor) {
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const made = new Uint8Array(rows * columns * channels);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [bottom, right] = [Math.min(height, (row + 1) * factor), Math.min(width, (column + 1) * factor)];
      const count = (bottom - row * factor) * (right - column * factor);
      const share = Math.floor(fround(2 ** 32 / (256 * count)));
      for (let channel = 0; channel < channels; channel++) {
        let sum = count >> 1;
        for (let y = row * factor; y < bottom; y++) {
          for (let x = column * factor; x < right; x++) sum += data[(y * width + x) * channels + channel];
        }
        made[(row * columns + column) * channels + channel] = Math.floor((sum * share) / 2 ** 24);
      }
    }
  }
  return { data: made, height: rows, width: columns, channels };
}
