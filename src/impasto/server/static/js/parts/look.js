/** Dark or light, and the language. */

import { choose, current, LANGUAGES } from "../i18n.js";
import { recall, remember } from "../storage.js";

const KEY = "impasto.look";

export class Look extends HTMLElement {
  connectedCallback() {
    const chosen = recall(KEY);
    if (chosen) document.documentElement.dataset.look = chosen;
    this.querySelector("[data-do=dark]").addEventListener("click", () => this.#turn());
    this.querySelector("[data-do=language]").addEventListener("click", () => {
      const all = Object.keys(LANGUAGES);
      choose(all[(all.indexOf(current()) + 1) % all.length]);
    });
  }

  #turn() {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const now = document.documentElement.dataset.look ?? system;
    const next = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.look = next;
    remember(KEY, next);
  }
}
