/** Colour in Oklab, in which a photo's colours are kept: Björn Ottosson, https://bottosson.github.io/posts/oklab/. */

/** @type {any} */
const TO_LMS = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
/** @type {any} */
const TO_LAB = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];
const [FROM_LMS, FROM_LAB] = [TO_LMS, TO_LAB].map(inverse);
/** Bisection steps that find how much of a colour a screen can show. */
const HALVINGS = 8;
const SLACK = 1e-3;

/** sRGB levels, 0 to 255 -> linear RGB. */
const LINEAR = Float64Array.from({ length: 256 }, (_, level) => {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

/** @returns {any} */
function inverse(/** @type {any} */ [[a, b, c], [d, e, f], [g, h, i]]) {
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [[e * i - f * h, c * h - b * i, b * f - c * e], [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d]].map((row) => row.map((value) => value / det));
}

/** Writes matrix · (x, y, z). What is called for every pixel makes no arrays: that would take five times as long. */
function mix([[a, b, c], [d, e, f], [g, h, i]], x, y, z, into) {
  into[0] = a * x + b * y + c * z;
  into[1] = d * x + e * y + f * z;
  into[2] = g * x + h * y + i * z;
}

/** sRGB levels -> Oklab: lightness from 0 to 1, and two colour axes around 0. @param {Float64Array} into */
export function toOklab(red, green, blue, into) {
  mix(TO_LMS, LINEAR[red], LINEAR[green], LINEAR[blue], into);
  mix(TO_LAB, Math.cbrt(into[0]), Math.cbrt(into[1]), Math.cbrt(into[2]), into);
}

/** Oklab -> linear RGB; what no screen shows is beyond 0 to 1. */
function fromOklab(light, a, b, into) {
  mix(FROM_LAB, light, a, b, into);
  mix(FROM_LMS, into[0] ** 3, into[1] ** 3, into[2] ** 3, into);
}

const encoded = (linear) => (linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055);

const DARKEST = -SLACK / 12.92;
const LIGHTEST = ((1 + SLACK + 0.055) / 1.055) ** 2.4;
const outside = (value) => value < DARKEST || value > LIGHTEST;

/**
 * What a screen shows of Oklab. A colour too strong for its lightness is greyed as far as a screen needs.
 * @param {Float64Array} into sRGB, 0 to 1
 */
export function shown(light, a, b, into) {
  fromOklab(light, a, b, into);
  if (outside(into[0]) || outside(into[1]) || outside(into[2])) {
    let [least, most] = [0, 1];
    for (let step = 0; step < HALVINGS; step++) {
      const middle = 0.5 * (least + most);
      fromOklab(light, a * middle, b * middle, into);
      if (outside(into[0]) || outside(into[1]) || outside(into[2])) most = middle;
      else least = middle;
    }
    fromOklab(light, a * least, b * least, into);
  }
  for (let color = 0; color < 3; color++) into[color] = Math.min(1, Math.max(0, encoded(into[color])));
}
