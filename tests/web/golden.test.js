/** The JavaScript code computes what the Python code computes. If that changed on purpose: python tools/golden.py */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const MODULE = "../../src/impasto/web/";
const { mixed, resize, resizedPart, scaled } = await import(`${MODULE}images/arrays.js`);
const { shown, toOklab } = await import(`${MODULE}images/color.js`);
const { guidedFilter } = await import(`${MODULE}images/guided.js`);
const { maskOf } = await import(`${MODULE}images/masks.js`);
const { noise } = await import(`${MODULE}images/noise.js`);
const { fill } = await import(`${MODULE}images/transparency.js`);
const { frame, read, tiles } = await import(`${MODULE}images/windows.js`);
const { forPredictor } = await import(`${MODULE}styles/painting.js`);
const { blendRows, recoloring, withPalette } = await import(`${MODULE}styles/rows.js`);
const { finish } = await import(`${MODULE}stylize/finish.js`);
const { keepForms, sizes } = await import(`${MODULE}stylize/strokes.js`);

const TYPES = { uint8: Uint8Array, float32: Float32Array, float64: Float64Array };
const golden = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8"), (_, value) => {
  if (!value?.dtype) return value;
  const bytes = Uint8Array.from(Buffer.from(value.data, "base64"));
  return { shape: value.shape, data: new TYPES[value.dtype](bytes.buffer) };
});

const pictureOf = ({ data, shape: [height, width, channels = 1] }) => ({ data: data.slice(), height, width, channels });
const windowOf = ([top, left, height, width]) => ({ top, left, height, width });

function same(found, { data, shape }, most = 0) {
  assert.equal(found.data.length, data.length);
  assert.deepEqual([found.height, found.width], shape.slice(0, 2));
  near(found.data, data, most);
}

function near(found, wanted, most) {
  assert.equal(found.length, wanted.length);
  const far = wanted.reduce((worst, value, at) => Math.max(worst, Math.abs(value - found[at])), 0);
  assert.ok(far <= most, `differs by ${far}`);
}

function each(name, check) {
  test(name, () => {
    assert.ok(golden[name].length);
    golden[name].forEach(check);
  });
}

/** Planes of values, one after the other, from a function of the place. */
const planesOf = (count, values) => Float32Array.from({ length: 3 * count }, (_, at) => values(at % count)[Math.trunc(at / count)]);

// Pillow scales pictures that are much reduced in height the other way round from version 13 on, which rounds otherwise.
each("resize", ({ picture, size, result }) => same(resize(pictureOf(picture), ...size), result, 1));
each("scaled", ({ picture, longer, result }) => same(scaled(pictureOf(picture), { longer }), result, 1));
each("resizedPart", ({ picture, size, window, result }) => same(resizedPart(pictureOf(picture), size, windowOf(window)), result));
each("mixed", ({ first, second, share, result }) => same(mixed(pictureOf(first), pictureOf(second), share), result));
each("noise", ({ window, result }) => near(noise(windowOf(window)), result.data, 1e-6));
each("frame", ({ size, result }) => assert.deepEqual(frame(...size), windowOf(result)));
each("read", ({ picture, window, result }) => same(read(pictureOf(picture), windowOf(window)), result));
each("sizes", ({ asked, result }) => assert.deepEqual(sizes(...asked), result));
each("mask", ({ picture, alpha, result }) => same(maskOf(pictureOf(picture), alpha?.data ?? null), result));

each("tiles", ({ size: [height, width], side, halo, result }) => {
  const found = tiles(frame(height, width), { top: 0, left: 0, height, width }, side, halo);
  assert.deepEqual(found, result.map(([tile, seen]) => ({ tile: windowOf(tile), seen: windowOf(seen) })));
});

each("keepForms", ({ picture, draft, result }) => {
  const changed = pictureOf(picture);
  keepForms(changed, pictureOf(draft));
  same(changed, result);
});

each("blend", ({ rows, weights, result }) => {
  const length = rows.shape[1];
  const parts = weights.map((weight, index) => ({ row: rows.data.slice(index * length, (index + 1) * length), weight }));
  near(blendRows(parts), result.data, 0);
});

each("palette", ({ row, photo, fold, result }) => near(withPalette(row.data, pictureOf(photo), fold), result.data, 1e-6));
each("recoloring", ({ row, photo, fold, result }) =>
  near(recoloring(row.data, pictureOf(photo), fold).flatMap((table) => [...table]), result.data, 1e-3));

each("oklab", ({ picture, result }) => {
  const [{ data }, lab] = [picture, new Float64Array(3)];
  near(planesOf(data.length / 3, (at) => (toOklab(...data.slice(3 * at, 3 * at + 3), lab), lab)), result.data, 1e-5);
});

each("shown", ({ light, colors, result }) => {
  const [count, rgb] = [light.data.length, new Float64Array(3)];
  near(planesOf(count, (at) => (shown(light.data[at], colors.data[at], colors.data[count + at], rgb), rgb)), result.data, 1e-3);
});

each("guided", ({ guide, target, radius, epsilon, slope, offset }) => {
  const found = guidedFilter(guide.data, target.data, guide.shape[1], radius, epsilon);
  near(found.slope, slope.data, 1e-5);
  near(found.offset, offset.data, 1e-5);
});

each("finish", ({ picture, photo, controls, fold, styles, masks, identity, result }) => {
  const length = styles.shape[1];
  const rows = Array.from({ length: styles.shape[0] }, (_, index) => styles.data.slice(index * length, (index + 1) * length));
  const changed = pictureOf(picture);
  const all = { strength: 1, detail: 0, keep_color: false, ...controls };
  finish(changed, pictureOf(photo), { styles: rows, masks: masks.map(pictureOf), identity }, all, fold);
  same(changed, result, 1);
});

each("fill", ({ picture, alpha, result }) => {
  const changed = pictureOf(picture);
  fill(changed, alpha.data);
  same(changed, result, 1);
});

each("forPredictor", ({ picture, shape, corner }) => {
  const [{ planes, height, width }] = forPredictor(pictureOf(picture));
  assert.deepEqual([1, 3, height, width], shape);
  const found = Float32Array.from(corner.data, (_, at) => {
    const [plane, row, column] = [Math.trunc(at / 81), Math.trunc(at / 9) % 9, at % 9];
    return planes[(plane * height + row) * width + column];
  });
  near(found, corner.data, 1e-7);
});
