/** Seeded noise on every scale, the same as the command line's: what breaks the symmetry of flat areas. */

import { gaussian } from "./cells.js";
import { BICUBIC, resample } from "./resample.js";

const OCTAVES = 6;
/** The largest number of cells after which an octave repeats, and the number of pixels after which all of them do. */
const PERIOD = 256;
const FIELD = 2048;
/** Standard deviation of the sum of all octaves. */
const DEVIATION = Math.fround(2.036);

/** All octaves, drawn when they are first needed. @type {Float32Array} */
let cells;

/**
 * A window of the field of noise: three planes, one after the other, with mean 0 and standard deviation 1.
 * @param {import("./windows.js").Window} window
 * @returns {Float32Array}
 */
export function noise({ top, left, height, width }) {
  cells ??= gaussian(OCTAVES * 3 * PERIOD * PERIOD);
  const field = new Float32Array(3 * height * width);
  for (let plane = 0; plane < 3; plane++) {
    const summed = octaves(0, plane, [top, height], [left, width]);
    for (let place = 0, at = plane * height * width; place < summed.length; place++) field[at + place] = summed[place] / DEVIATION;
  }
  return field;
}

/** The sum of an octave and all coarser ones over its cells (first, count) × (first, count). @returns {Float32Array} */
function octaves(octave, plane, rows, columns) {
  const [[top, height], [left, width]] = [rows, columns];
  const summed = cellsOf(octave, plane, rows, columns);
  if (octave + 1 === OCTAVES) return summed;
  const [coarseRows, coarseColumns] = [around(top, height), around(left, width)];
  const data = octaves(octave + 1, plane, coarseRows, coarseColumns);
  const coarse = { data, height: coarseRows[1], width: coarseColumns[1], channels: 1 };
  const enlarged = resample(coarse, 2 * coarse.height, 2 * coarse.width, BICUBIC);
  const [down, across] = [modulo(top, 2) + 4, modulo(left, 2) + 4];
  for (let row = 0, place = 0; row < height; row++) {
    const from = (row + down) * enlarged.width + across;
    for (let column = 0; column < width; column++, place++) summed[place] += enlarged.data[from + column];
  }
  return summed;
}

function cellsOf(octave, plane, [top, height], [left, width]) {
  const period = Math.min(PERIOD, FIELD >> octave);
  const start = (octave * 3 + plane) * PERIOD * PERIOD;
  const found = new Float32Array(height * width);
  for (let row = 0, place = 0; row < height; row++) {
    const from = start + modulo(top + row, period) * PERIOD;
    for (let column = 0; column < width; column++, place++) found[place] = cells[from + modulo(left + column, period)];
  }
  return found;
}

/** First and count of the cells of twice the size that lie under these, with two more at each end for the filter. */
const around = (first, count) => [Math.floor(first / 2) - 2, Math.floor((first + count - 1) / 2) - Math.floor(first / 2) + 5];

const modulo = (number, period) => ((number % period) + period) % period;
