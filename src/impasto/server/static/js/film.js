/** A film as the page holds it: its file, and keyframes, which say what it is painted in at which moments. */

import { parts } from "./mix.js";

/** Seconds within which two keyframes would be one. */
const NEAR = 0.1;
let count = 0;

/**
 * @typedef {Object} Key a mix of styles at a moment
 * @property {string} id
 * @property {number} at seconds
 * @property {import("./mix.js").Mix} mix
 *
 * @typedef {Object} Film
 * @property {File|null} file null if it was sent before the page was loaded anew
 * @property {string} name
 * @property {Key[]} keys in order, at least one
 * @property {string} key the id of the one that is worked on
 */

/** @returns {Film} */
export function filmOf(file, mix, name = file.name) {
  const first = keyAt(0, mix);
  return { file, name, keys: [first], key: first.id };
}

const keyAt = (at, mix) => ({ id: `key-${++count}`, at: round(at), mix });
const round = (seconds) => Math.round(100 * seconds) / 100;
const inOrder = (keys) => [...keys].sort((a, b) => a.at - b.at);

export const activeKey = (film) => film.keys.find((key) => key.id === film.key);

/** Whether there is no keyframe at a moment yet. */
export const isFree = (film, at, but = "") => film.keys.every((key) => key.id === but || Math.abs(key.at - at) >= NEAR);

/** The film with one more keyframe, in the mix that it has there mostly. @returns {Film} */
export function withKey(film, at) {
  const before = film.keys.findLast((key) => key.at <= at) ?? film.keys[0];
  const key = keyAt(at, before.mix);
  return { ...film, keys: inOrder([...film.keys, key]), key: key.id };
}

/** @returns {Film} the film without the keyframe that is worked on; the last one stays */
export function withoutKey(film) {
  const keys = film.keys.filter((key) => key.id !== film.key);
  return keys.length ? { ...film, keys, key: keys[0].id } : film;
}

/** The film with other values of the keyframe that is worked on. @returns {Film} */
export function withChanged(film, changes) {
  const rounded = "at" in changes ? { ...changes, at: round(changes.at) } : changes;
  return { ...film, keys: inOrder(film.keys.map((key) => (key.id === film.key ? { ...key, ...rounded } : key))) };
}

/** The mixes before and after a moment, and the share of the second, which starts and stops gently, as painting does. */
function around(keys, at) {
  const after = keys.findIndex((key) => key.at > at);
  if (after < 0) return [keys.at(-1), keys.at(-1), 0];
  if (after === 0) return [keys[0], keys[0], 0];
  const [first, second] = [keys[after - 1], keys[after]];
  const share = (at - first.at) / (second.at - first.at);
  return [first, second, share * share * (3 - 2 * share)];
}

/** The shares of styles at a moment. @returns {{id: string, weight: number}[]} */
export function partsAt(film, at) {
  const [first, second, share] = around(film.keys, at);
  const weights = new Map();
  for (const [key, part] of [[first, 1 - share], [second, share]]) {
    for (const { id, weight } of parts(key.mix)) weights.set(id, (weights.get(id) ?? 0) + part * weight);
  }
  return [...weights].map(([id, weight]) => ({ id, weight: Math.round(100 * weight) / 100 })).filter(({ weight }) => weight > 0);
}

/** A moment, as people read it: 1:04.5. */
export function clock(seconds) {
  const tenths = Math.round(10 * seconds);
  const rest = (tenths % 600) / 10;
  return `${Math.floor(tenths / 600)}:${rest < 10 ? "0" : ""}${rest.toFixed(1)}`;
}

/** A film whose keyframes have a style in place of another. @returns {Film} */
export const withMixes = (film, changed) => ({ ...film, keys: film.keys.map((key) => ({ ...key, mix: changed(key.mix) })) });
