/** What all parts of the page share: the engine, what is known, and what can be done. Filled in by `main.js`. */

import { activeKey, partsAt } from "./film.js";
import { parts, only } from "./mix.js";
import { Store } from "./store.js";

export const DEFAULTS = { strength: 1, detail: 0, stroke: 1, keep_color: false };

/** The `whole` layer is the picture but for its areas; a photo's areas are the others. */
export const WHOLE = "whole";

export const store = new Store({
  /** @type {import("./engine/engine.js").Capabilities|null} */
  capabilities: null,
  /** @type {Map<string, import("./engine/engine.js").Style>} */
  styles: new Map(),
  /** @type {import("./photo.js").Photo[]} */
  photos: [],
  /** @type {import("./photo.js").Photo|null} */
  photo: null,
  whole: only(""),
  layer: WHOLE,
  controls: DEFAULTS,
  areas: 0, // grows when an area of the present photo changes
  tool: null, // "brush" or "eraser" while an area is painted
  brush: { size: 0.1, soft: 0.5 },
  compare: false,
  idle: true,
  batch: null, // {done, total} while all photos are painted
  fitting: null, // {style, name, done, total, ahead} while a style is made better
  /** @type {import("./film.js").Film|null} */
  film: null,
  filming: null, // {id, done, total, ahead} while a film is painted, then {id, blob, name}
});

export const app = {
  store,
  /** @type {import("./engine/engine.js").Engine} */
  engine: null,
  /** @type {import("./painter.js").Painter} */
  painter: null,
  /** @type {import("./thumbnails.js").Thumbnails} */
  thumbnails: null,
};

/** The area that is worked on, or null. */
export function activeArea({ photo, layer } = store.now) {
  return photo?.areas.find((area) => area.id === layer) ?? null;
}

/** The mix that is worked on: that of a film's keyframe, of the active area, or of the whole picture. */
export function activeMix(now = store.now) {
  return now.film ? activeKey(now.film).mix : (activeArea(now)?.mix ?? now.whole);
}

/** A mix as the engine takes it. @returns {import("./engine/engine.js").Blend} */
export const blendOf = (mix, styles = store.now.styles) => blended(parts(mix), styles);

/** What the film is painted in at a moment. @returns {import("./engine/engine.js").Blend} */
export const filmBlend = (at, { film, styles } = store.now) => blended(partsAt(film, at), styles);

function blended(shares, styles) {
  return shares.map(({ id, weight }) => ({ style: styles.get(id), weight })).filter(({ style }) => style);
}

/** What is to be painted of a photo. @returns {import("./painter.js").Recipe} */
export function recipeFor(photo, now = store.now) {
  const areas = photo.areas.filter((area) => !area.mask.isEmpty());
  const blends = areas.map((area) => blendOf(area.mix, now.styles));
  const masks = areas.map((area) => () => maskOf(area));
  const regions = () => Promise.all(blends.map(async (blend, index) => ({ mask: await masks[index](), blend })));
  return { photo, blend: blendOf(now.whole, now.styles), controls: now.controls, regions };
}

/** An area's mask as a file, made once for each of its versions. */
function maskOf(area) {
  if (area.file?.version !== area.version) area.file = { version: area.version, png: area.mask.png() };
  return area.file.png;
}
