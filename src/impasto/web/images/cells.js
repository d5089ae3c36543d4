/**
 * Gaussian numbers as NumPy draws them: `default_rng(seed).standard_normal(dtype=float32)`.
 *
 * One in a million differs in its last bit, where the logarithm does. The generator is PCG64 (Melissa O'Neill, 2014); its
 * state after seeding is written here, so that NumPy's way of hashing seeds is not. The distribution is sampled by a
 * ziggurat (Marsaglia & Tsang, 2000). A file of these numbers would be a sixth of all that a page loads.
 */

/** The generator's state after it was seeded with the noise's seed, 161007629, and what is added in each step. */
const STATE = 49777061135231079253461326309501638837n;
const INCREMENT = 279176950850027849361802169887054810515n;
const FACTOR = 0x2360ed051fc65da44385df649fccf645n;

const LAYERS = 256;
/** Where the ziggurat's tail begins, and the area of each of its layers. */
const TAIL = 3.6541528853610088;
const AREA = 0.00492867323399;
const UNIT = 2 ** 23;

const { fround } = Math;
const density = (x) => Math.exp(-0.5 * x * x);

/** A number of 128 bits as four of 32, the lowest first. @param {bigint} number */
const words = (number) => [0n, 32n, 64n, 96n].map((place) => Number((number >> place) & 0xffffffffn) | 0);

/** The upper 32 bits of a product of two whole numbers of 32 bits. */
function upper(one, other) {
  const [low, high] = [other & 0xffff, other >>> 16];
  const middle = Math.imul(one >>> 16, low) + (Math.imul(one & 0xffff, low) >>> 16);
  const rest = Math.imul(one & 0xffff, high) + (middle & 0xffff);
  return (Math.imul(one >>> 16, high) + (middle >>> 16) + (rest >>> 16)) >>> 0;
}

const lower = (one, other) => Math.imul(one, other) >>> 0;

/** It multiplies as one does on paper, because `BigInt` is ten times slower. @returns {() => number} whole numbers of 32 bits */
function generator() {
  const [f0, f1, f2, f3] = words(FACTOR);
  const [i0, i1, i2, i3] = words(INCREMENT).map((word) => word >>> 0);
  let [s0, s1, s2, s3] = words(STATE);
  let waiting = -1;
  const step = () => {
    const first = i0 + lower(s0, f0);
    const second = i1 + lower(s0, f1) + lower(s1, f0) + upper(s0, f0) + carried(first);
    const third = i2 + lower(s0, f2) + lower(s1, f1) + lower(s2, f0) + upper(s0, f1) + upper(s1, f0) + carried(second);
    const below = upper(s0, f2) + upper(s1, f1) + upper(s2, f0) + carried(third);
    const fourth = i3 + lower(s0, f3) + lower(s1, f2) + lower(s2, f1) + lower(s3, f0) + below;
    [s0, s1, s2, s3] = [first | 0, second | 0, third | 0, fourth | 0];
  };
  return () => {
    if (waiting >= 0) {
      const high = waiting;
      waiting = -1;
      return high;
    }
    step();
    const [one, other, turn] = [s0 ^ s2, s1 ^ s3, s3 >>> 26];
    waiting = turn & 32 ? turned(one, other, turn & 31) : turned(other, one, turn & 31);
    return turn & 32 ? turned(other, one, turn & 31) : turned(one, other, turn & 31);
  };
}

const carried = (sum) => Math.floor(sum / 2 ** 32);

/** 32 bits that are moved to the right by less than that, and filled up from others. */
const turned = (bits, others, by) => (by ? (bits >>> by) | (others << (32 - by)) : bits) >>> 0;

/** The ziggurat: widths of its layers in units, the widths that are surely below the curve, and the curve. */
function ziggurat() {
  const [widths, sure, curve] = [new Float32Array(LAYERS), new Uint32Array(LAYERS), new Float32Array(LAYERS)];
  sure[0] = (TAIL * density(TAIL) / AREA) * UNIT;
  widths[0] = AREA / density(TAIL) / UNIT;
  curve[0] = 1;
  let x = TAIL;
  for (let layer = LAYERS - 1; layer > 0; layer--) {
    widths[layer] = x / UNIT;
    curve[layer] = density(x);
    const next = layer > 1 ? Math.sqrt(-2 * Math.log(AREA / x + density(x))) : 0;
    sure[layer] = (next / x) * UNIT;
    x = next;
  }
  return { widths, sure, curve };
}

/**
 * @param {number} count
 * @returns {Float32Array} so many numbers, with mean 0 and standard deviation 1
 */
export function gaussian(count) {
  const next = generator();
  const { widths, sure, curve } = ziggurat();
  const share = () => (next() >>> 8) / 2 ** 24;
  const beyond = (distance) => {
    for (;;) {
      const x = fround(-fround(1 / TAIL) * fround(Math.log1p(-share())));
      if (-2 * fround(Math.log1p(-share())) > x * x) return distance & 256 ? -(fround(TAIL) + x) : fround(TAIL) + x;
    }
  };
  const draw = () => {
    for (;;) {
      const bits = next();
      const layer = bits & 255;
      const distance = (bits >>> 9) & 0x7fffff;
      const x = fround(distance * widths[layer]) * (bits & 256 ? -1 : 1);
      if (distance < sure[layer]) return x;
      if (layer === 0) return beyond(distance);
      if ((curve[layer - 1] - curve[layer]) * share() + curve[layer] < density(x)) return x;
    }
  };
  const numbers = new Float32Array(count);
  for (let place = 0; place < count; place++) numbers[place] = draw();
  return numbers;
}
