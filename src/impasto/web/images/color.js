/** Colour in Oklab, in which a photo's colours are kept: Björn Ottosson, https://bottosson.github.io/posts/oklab/. */

const TO_LMS = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
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

function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [[e * i - f * h, c * h - b * i, b * f - c * e], [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d]].map((row) => row.map((value) => value / det));
}

const mix = (matrix, [x, y, z]) => matrix.map(([a, b, c]) => a * x + b * y + c * z);

/** sRGB levels -> Oklab: lightness from 0 to 1, and two colour axes around 0. */
export const toOklab = (red, green, blue) => mix(TO_LAB, mix(TO_LMS, [LINEAR[red], LINEAR[green], LINEAR[blue]]).map(Math.cbrt));

/** The lightness alone. */
export function lightness(red, green, blue) {
  const [r, g, b] = [LINEAR[red], LINEAR[green], LINEAR[blue]];
  let sum = 0;
  for (let row = 0; row < 3; row++) {
    const [x, y, z] = TO_LMS[row];
    sum += TO_LAB[0][row] * Math.cbrt(x * r + y * g + z * b);
  }
  return sum;
}

/** Oklab -> linear RGB; what no screen shows is beyond 0 to 1. */
const fromOklab = (lab) => mix(FROM_LMS, mix(FROM_LAB, lab).map((root) => root ** 3));

const encoded = (linear) => (linear <= 0.0031308 ? linear * 12.92 : 1.055 * Math.max(linear, 0) ** (1 / 2.4) - 0.055);

const DARKEST = -SLACK / 12.92;
const LIGHTEST = ((1 + SLACK + 0.055) / 1.055) ** 2.4;
const outside = (rgb) => rgb.some((value) => value < DARKEST || value > LIGHTEST);

/**
 * What a screen shows of Oklab. A colour too strong for its lightness is greyed as far as a screen needs.
 * @returns {number[]} sRGB, 0 to 1
 */
export function shown(light, a, b) {
  let rgb = fromOklab([light, a, b]);
  if (outside(rgb)) {
    let [least, most] = [0, 1];
    for (let step = 0; step < HALVINGS; step++) {
      const middle = 0.5 * (least + most);
      if (outside(fromOklab([light, a * middle, b * middle]))) most = middle;
      else least = middle;
    }
    rgb = fromOklab([light, a * least, b * least]);
  }
  return rgb.map((value) => Math.min(1, Math.max(0, encoded(value))));
}
