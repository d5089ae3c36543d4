/**
 * Photo in, picture out: the one place where inference is put together.
 *
 * @typedef {Object} Controls
 * @property {number} strength 0 to 1.5
 * @property {number} detail 0 to 1
 * @property {boolean} keep_color
 * @property {number} stroke 0.5 to 4
 *
 * @typedef {Object} Point where the network is run for a style at some strength, whatever the photo
 * @property {import("../styles/rows.js").Row} base the style without the identity style
 * @property {number} share how much of the identity style is in it
 *
 * @typedef {Object} Plan
 * @property {Point[]} points the style's, then one for each mask
 * @property {Controls} controls
 * @property {import("../images/arrays.js").Picture[]} masks of any size
 * @property {import("../styles/rows.js").Row} identity
 */

import { mixed, resize } from "../images/arrays.js";
import { blendRows, withPalette } from "../styles/rows.js";
import { finish } from "./finish.js";
import { paintInStrokes } from "./strokes.js";
import { paint as paintTiles } from "./tiles.js";

const { fround } = Math;
/** The slug of the style that paints the photo as it is. */
export const IDENTITY = "identity";
/** @type {Controls} */
export const DEFAULTS = { strength: 1, detail: 0, keep_color: false, stroke: 1 };
const RANGES = { strength: [0, 1.5], detail: [0, 1], stroke: [0.5, 4] };

/** Controls with what was not given, checked. @param {Partial<Controls>} given @returns {Controls} */
export function checked(given) {
  const unknown = Object.keys(given).find((name) => !(name in DEFAULTS));
  if (unknown) throw new Error(`no control ${unknown}: there are ${Object.keys(DEFAULTS).join(", ")}`);
  const controls = { ...DEFAULTS, ...given };
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    if (!(controls[name] >= least && controls[name] <= most)) throw new Error(`${name} ${controls[name]}: must be from ${least} to ${most}`);
  }
  return controls;
}

/**
 * The point for a blend. The identity style is kept apart, because its colours are those of the photo.
 * @param {{slug: string, row: import("../styles/rows.js").Row, weight: number}[]} blend
 * @param {number} strength
 * @returns {Point}
 */
export function pointOf(blend, strength) {
  const total = blend.reduce((sum, { weight }) => sum + weight, 0);
  const own = blend.filter(({ slug }) => slug === IDENTITY).reduce((sum, { weight }) => sum + weight, 0) / total;
  const others = own > 0 && own < 1 ? blend.filter(({ slug }) => slug !== IDENTITY) : blend;
  return { base: blendRows(others), share: Math.max(0, 1 - strength * (1 - own)) };
}

/** The row of a point for a photo, whose colours the identity style takes. */
function rowOf({ base, share }, identity, photo, fold) {
  if (!share) return base;
  const own = withPalette(identity, photo, fold);
  if (share === 1) return own;
  const part = fround(share ** 2);
  return base.map((value, place) => value + fround(part * fround(own[place] - value)));
}

/**
 * The finished picture of a photo.
 * @param {import("./tiles.js").Painter} painter
 * @param {Plan} plan
 * @param {import("../images/arrays.js").Picture} photo of three channels
 * @returns {Promise<import("../images/arrays.js").Picture>}
 */
export async function paint(painter, plan, photo) {
  const { controls } = plan;
  const masks = plan.masks.map((mask) => resize(mask, photo.height, photo.width));
  const regions = regionsOf(painter, plan, photo, masks);
  if (!controls.strength || Math.min(...regions.identity) === 1) return { ...photo, data: photo.data.slice() };
  const again = Math.max(0, 2 * (controls.strength - 1));
  /** @param {import("../images/arrays.js").Size} size */
  const paintOnce = (draft, size) => paintTiles(painter, draft, regionsOf(painter, plan, draft, masks), size);
  /** @param {import("../images/arrays.js").Size} size */
  const paintAgain = async (draft, size) => {
    const picture = await paintOnce(draft, size);
    if (draft !== photo || !again) return picture;
    const second = await paintOnce(mixed(resize(photo, ...size), picture, again), size);
    return mixed(picture, second, Math.min(1, 2 * again));
  };
  const picture = await paintInStrokes(paintAgain, photo, controls.stroke);
  finish(picture, photo, regions, controls, painter.info.fold);
  return picture;
}

function regionsOf({ info }, { points, identity }, photo, masks) {
  const styles = points.map((point) => rowOf(point, identity, photo, info.fold));
  return { styles, masks, identity: points.map(({ share }) => share) };
}
