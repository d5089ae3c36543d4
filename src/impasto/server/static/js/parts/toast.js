/** A sentence that appears at the bottom of the page, for a while. */

import { h } from "../dom.js";

const SECONDS = 5;
let timer = 0;

/**
 * @param {string} text
 * @param {{label: string, act: () => void}} [offer] something that can be done about it
 * @param {boolean} [stays] until {@link hush} is called
 */
export function toast(text, offer, stays = false) {
  const place = document.querySelector("im-toast");
  const close = () => place.replaceChildren();
  const button = offer && h("button", { class: "text", onclick: () => (close(), offer.act()) }, offer.label);
  place.replaceChildren(h("p", {}, h("span", {}, text), button));
  clearTimeout(timer);
  if (!stays) timer = setTimeout(close, 1000 * SECONDS);
}

export const hush = () => document.querySelector("im-toast").replaceChildren();
