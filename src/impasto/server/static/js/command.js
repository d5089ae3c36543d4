/** The command that paints the same picture. */

const OPTIONS = { strength: "--strength", detail: "--detail", keep_color: "--keep-color", stroke: "--stroke" };

/** A word for a shell, quoted where it must be. */
export const quoted = (word) => (/^[\w./:,=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** A mix as `-s` takes it. @param {{name: string, weight: number}[]} parts */
export function blend(parts) {
  if (parts.length === 1) return parts[0].name;
  return parts.map(({ name, weight }) => `${name}:${number(weight)}`).join(",");
}

const number = (value) => String(Math.round(value * 100) / 100);

/**
 * The command line.
 * @param {Object} recipe
 * @param {string} recipe.photo the photo's file name
 * @param {{name: string, weight: number}[]} recipe.mix names of styles, or of style files
 * @param {Object} recipe.controls
 * @param {Object} recipe.defaults the values that need not be said
 * @param {{mask: string, mix: {name: string, weight: number}[]}[]} [recipe.regions]
 * @param {number} [recipe.size]
 * @param {string} [recipe.format]
 * @param {string} [recipe.model] said if it is not the default
 */
export function command({ photo, mix, controls, defaults, regions = [], size, format, model, strip }) {
  const words = ["impasto", "stylize", quoted(photo), "-s", quoted(blend(mix))];
  for (const { mask, mix: other } of regions) words.push("--region", quoted(`${mask}=${blend(other)}`));
  for (const [name, option] of Object.entries(OPTIONS)) words.push(...said(option, controls[name], defaults[name]));
  if (size) words.push("--size", String(size));
  if (format) words.push("--format", format);
  if (strip) words.push("--strip-metadata");
  if (model) words.push("--model", quoted(model));
  return words.join(" ");
}

/**
 * The command that paints a film.
 * @param {Object} recipe
 * @param {string} recipe.film the film's file name
 * @param {{at: number, mix: {name: string, weight: number}[]}[]} recipe.keys
 * @param {Object} recipe.controls, recipe.defaults, recipe.size, recipe.model as in {@link command}
 */
export function filmCommand({ film, keys, controls, defaults, size, model }) {
  const style = keys.length === 1 ? blend(keys[0].mix) : keys.map(({ at, mix }) => `${at}:${blend(mix).replaceAll(",", "+")}`).join(", ");
  const words = ["impasto", "video", quoted(film), "-s", quoted(style)];
  for (const [name, option] of Object.entries(OPTIONS)) words.push(...said(option, controls[name], defaults[name]));
  if (size) words.push("--size", String(size));
  if (model) words.push("--model", quoted(model));
  return [...words, "-o", quoted(`${film.replace(/\.[^.]+$/, "")}-painted.mp4`)].join(" ");
}

function said(option, value, usual) {
  if (value === undefined || value === usual) return [];
  return value === true ? [option] : [option, number(value)];
}
