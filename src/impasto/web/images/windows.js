/**
 * Parts of a picture, and the sizes that a network can take.
 *
 * @typedef {Object} Window a part, in pixels; it may reach beyond the edges, where the picture is mirrored
 * @property {number} top
 * @property {number} left
 * @property {number} height
 * @property {number} width
 */

import { blank } from "./arrays.js";

/** Height and width of what a network sees are multiples of this. */
const MULTIPLE = 4;
/** Width of the mirrored border that is painted around a picture and then cut off. */
const MARGIN = 16;

const up = (length) => Math.ceil(length / MULTIPLE) * MULTIPLE;

/** What a network paints for a picture: the picture, in the middle, and a border around it. @returns {Window} */
export function frame(height, width) {
  const [high, wide] = [up(height + 2 * MARGIN), up(width + 2 * MARGIN)];
  return { top: -Math.trunc((high - height) / 2), left: -Math.trunc((wide - width) / 2), height: high, width: wide };
}

/** The part of a window that lies in another one. @returns {Window} */
export function clipped(window, outer) {
  const [top, left] = [Math.max(outer.top, window.top), Math.max(outer.left, window.left)];
  const bottom = Math.min(outer.top + outer.height, window.top + window.height);
  const right = Math.min(outer.left + outer.width, window.left + window.width);
  return { top, left, height: bottom - top, width: right - left };
}

/** The same window, its place counted from the corner of another one. @returns {Window} */
export const within = (window, outer) => ({ ...window, top: window.top - outer.top, left: window.left - outer.left });

/** A tile with its halo, moved and cut so that it stays in the frame; all are equally large. @returns {Window} */
function around(tile, halo, [high, wide], outer) {
  const [height, width] = [Math.min(high + 2 * halo, outer.height), Math.min(wide + 2 * halo, outer.width)];
  const top = Math.min(Math.max(outer.top, tile.top - halo), outer.top + outer.height - height);
  const left = Math.min(Math.max(outer.left, tile.left - halo), outer.left + outer.width - width);
  return { top, left, height, width };
}

/**
 * Tiles that together cover a picture, and with each the window that is painted for it.
 * @param {Window} outer the frame of the picture
 * @param {Window} picture
 * @param {number} side of a square that with its halo is as much as can be painted at once
 * @param {number} halo what is painted around a tile, in pixels
 * @returns {{tile: Window, seen: Window}[]}
 */
export function tiles(outer, picture, side, halo) {
  const shown = aligned(picture, outer);
  const size = tileSize(shown, outer, side, halo);
  const found = [];
  for (let top = 0; top < shown.height; top += size[0]) {
    for (let left = 0; left < shown.width; left += size[1]) {
      const [height, width] = [Math.min(size[0], shown.height - top), Math.min(size[1], shown.width - left)];
      const tile = { top: shown.top + top, left: shown.left + left, height, width };
      found.push({ tile, seen: around(tile, halo, size, outer) });
    }
  }
  return found;
}

function aligned(picture, outer) {
  const [down, across] = [(picture.top - outer.top) % MULTIPLE, (picture.left - outer.left) % MULTIPLE];
  const [height, width] = [up(picture.height + down), up(picture.width + across)];
  return { top: picture.top - down, left: picture.left - across, height, width };
}

const part = (length, count) => Math.ceil(length / (count * MULTIPLE)) * MULTIPLE;

/** Height and width of the tiles that cover a window with the least work. @returns {[number, number]} */
function tileSize(shown, outer, side, halo) {
  const most = (side + 2 * halo) ** 2;
  /** @type {[[number, number], number]} */
  let [best, least] = [[shown.height, shown.width], Infinity];
  for (let rows = 1; rows <= Math.trunc(shown.height / MULTIPLE); rows++) {
    const height = part(shown.height, rows);
    const painted = Math.min(height + 2 * halo, outer.height);
    let widest = Math.floor((Math.floor(most / painted) - 2 * halo) / MULTIPLE) * MULTIPLE;
    if (painted * outer.width <= most) widest = shown.width;
    if (widest < MULTIPLE) continue;
    const width = part(shown.width, Math.ceil(shown.width / widest));
    const count = Math.ceil(shown.height / height) * Math.ceil(shown.width / width);
    const work = count * painted * Math.min(width + 2 * halo, outer.width);
    if (work < least) [best, least] = [[height, width], work];
  }
  return best;
}

/** The part of a picture in a window. Beyond the edges, what is seen of the picture is mirrored. */
export function read(picture, window) {
  const { height, width, channels } = picture;
  const inside = clipped(window, { top: 0, left: 0, height, width });
  const made = blank(window.height, window.width, channels);
  const columns = Int32Array.from({ length: window.width }, (_, column) =>
    (mirrored(window.left + column - inside.left, inside.width) + inside.left) * channels);
  for (let row = 0, place = 0; row < window.height; row++) {
    const from = (mirrored(window.top + row - inside.top, inside.height) + inside.top) * width * channels;
    for (let column = 0; column < window.width; column++) {
      for (let channel = 0; channel < channels; channel++) made.data[place++] = picture.data[from + columns[column] + channel];
    }
  }
  return made;
}

/** A place in a picture of this length for one beyond its ends; the edge pixel comes twice, as in numpy's "symmetric". */
function mirrored(place, length) {
  const round = ((place % (2 * length)) + 2 * length) % (2 * length);
  return round < length ? round : 2 * length - 1 - round;
}
