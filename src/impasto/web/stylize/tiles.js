/**
 * Pictures of any size in bounded memory: small ones are painted whole, large ones in tiles with frozen statistics, which
 * are measured on a thumbnail.
 */

import { blank, resize, resizedPart } from "../images/arrays.js";
import { noise } from "../images/noise.js";
import * as windows from "../images/windows.js";
import { identityIn, resized, shares } from "./regions.js";

/** The largest number of pixels at which a picture is painted whole. */
const WHOLE = 1_600_000;
/** The largest number of pixels of the thumbnail on which statistics are measured. */
const THUMBNAIL = 480_000;
/** Side of the square that bounds the memory of a tile, for a network that does not fold pixels. */
const TILE = 512;

const { fround } = Math;

/**
 * @typedef {Object} Painter
 * @property {import("../runtime/networks.js").Networks} networks
 * @property {{input_noise: number, halo: number, fold: number}} info of the model
 * @property {(share: number) => Promise<void>} [breathe] is told how far a picture is, and may stop it
 */

/**
 * Paints a photo, whole or in tiles.
 * @param {Painter} painter
 * @param {import("../images/arrays.js").Picture} photo
 * @param {import("./regions.js").Regions} regions
 * @param {import("../images/arrays.js").Size} size of the picture, to which the photo is scaled
 * @returns {Promise<import("../images/arrays.js").Picture>}
 */
export async function paint(painter, photo, regions, size) {
  const outer = windows.frame(...size);
  const whole = { top: 0, left: 0, height: size[0], width: size[1] };
  const small = shrunk(photo, size);
  const fitting = resized(regions, size);
  const picture = blank(...size);
  if (outer.height * outer.width <= WHOLE) {
    await paintPart(painter, small, fitting, size, { tile: whole, seen: outer }, picture);
    await painter.breathe?.(1);
    return picture;
  }
  const statistics = await measure(painter, small, regions, size);
  const parts = windows.tiles(outer, whole, TILE * painter.info.fold, painter.info.halo);
  for (const [index, part] of parts.entries()) {
    await painter.breathe?.(index / parts.length);
    await paintPart(painter, small, fitting, size, part, picture, statistics);
  }
  return picture;
}

/**
 * Statistics of the maps of a photo at a size, measured on a thumbnail if that is large.
 * @param {import("../images/arrays.js").Size} size
 */
async function measure(painter, photo, regions, size) {
  const scale = Math.min(1, (THUMBNAIL / (size[0] * size[1])) ** 0.5);
  const small = /** @type {[number, number]} */ (size.map((length) => Math.max(1, Math.trunc(length * scale))));
  const view = viewOf(painter, shrunk(photo, small), resized(regions, small), small, windows.frame(...small));
  return painter.networks.measure(view);
}

async function paintPart(painter, photo, regions, size, { tile, seen }, picture, statistics = null) {
  const view = viewOf(painter, photo, regions, size, seen);
  put(picture, tile, seen, await painter.networks.paint(view, statistics));
}

/**
 * What a network is given: a window of the photo scaled to `size`, with noise, and the styles and their shares there.
 * @returns {import("../runtime/networks.js").View}
 */
function viewOf({ info }, photo, regions, size, window) {
  const inside = windows.clipped(window, { top: 0, left: 0, height: size[0], width: size[1] });
  const part = windows.read(resizedPart(photo, size, inside), windows.within(window, inside));
  const masks = regions.masks.length ? shares(regions, window) : null;
  const quiet = identityIn(regions, window, masks);
  const amount = quiet.map((share) => (1 - share ** 2) * fround(info.input_noise / 255));
  const { height, width } = window;
  return { image: noisy(part, window, amount), height, width, styles: regions.styles, masks };
}

/** A part of a photo as planes from 0 to 1, with noise. */
function noisy({ data, height, width }, window, amount) {
  const count = height * width;
  const planes = new Float32Array(3 * count);
  const field = amount.some(Boolean) ? noise(window) : null;
  const unit = fround(1 / 255);
  for (let plane = 0; plane < 3; plane++) {
    for (let place = 0, at = plane * count; place < count; place++, at++) {
      const value = fround(data[place * 3 + plane] * unit);
      planes[at] = field ? value + fround(field[at] * amount[amount.length > 1 ? place : 0]) : value;
    }
  }
  return planes;
}

/**
 * The photo at a size if that is smaller, else the photo itself, which is then enlarged part by part.
 * @param {import("../images/arrays.js").Picture} photo
 * @param {import("../images/arrays.js").Size} size
 */
const shrunk = (photo, size) => (photo.height * photo.width > size[0] * size[1] ? resize(photo, ...size) : photo);

/** Writes the planes that were painted for the window `seen` to the picture, as far as they are of `tile`. */
function put(picture, tile, seen, planes) {
  const common = windows.clipped(tile, { top: 0, left: 0, height: picture.height, width: picture.width });
  const count = seen.height * seen.width;
  for (let row = 0; row < common.height; row++) {
    let from = (common.top - seen.top + row) * seen.width + common.left - seen.left;
    let to = ((common.top + row) * picture.width + common.left) * 3;
    for (let column = 0; column < common.width; column++, from++) {
      for (let plane = 0; plane < 3; plane++) picture.data[to++] = level(planes[plane * count + from]);
    }
  }
}

const MAGIC = 6755399441055744;
/** A value from 0 to 1 as a level, rounded as the command line does. */
const level = (value) => fround(Math.min(1, Math.max(0, value)) * 255) + MAGIC - MAGIC;
