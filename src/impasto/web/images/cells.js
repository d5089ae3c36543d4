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

/** @returns {() => number} whole numbers of 32 bits */
function generator() {
  let state = STATE;
  let waiting = -1;
  const halves = new Uint32Array(2);
  const whole = new BigUint64Array(halves.buffer);
  return () => {
    if (waiting >= 0) {
      const high = waiting;
      waiting = -1;
      return high;
    }
    state = BigInt.asUintN(128, state * FACTOR + INCREMENT);
    const mixed = BigInt.asUintN(64, (state >> 64n) ^ state);
    const turn = state >> 122n;
    whole[0] = (mixed >> turn) | (mixed << (64n - turn));
    waiting = halves[1];
    return halves[0];
  };
}

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
  return Float32Array.from({ length: count }, draw);
}
