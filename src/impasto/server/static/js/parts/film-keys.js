/** The keyframes of a film on its time line: chosen, and moved by mouse and by key. */

import { changeFilm } from "../actions.js";
import { blendOf, store } from "../app.js";
import { h } from "../dom.js";
import { clock, isFree, withChanged } from "../film.js";
import { t, title } from "../i18n.js";

/** How far an arrow key moves a keyframe, in seconds. */
const STEP = 0.1;
const ARROWS = { ArrowLeft: -STEP, ArrowRight: STEP };

export class Keys {
  #list;
  #seek;
  #duration;
  #buttons = new Map();

  /**
   * @param {HTMLElement} list
   * @param {(at: number) => void} seek shows a moment
   * @param {() => number} duration of the film, in seconds
   */
  constructor(list, seek, duration) {
    [this.#list, this.#seek, this.#duration] = [list, seek, duration];
  }

  show(film, duration) {
    const ids = film.keys.map((key) => key.id);
    if (ids.join() !== [...this.#buttons.keys()].join()) this.#build(film);
    for (const key of film.keys) this.#place(key, key.id === film.key, duration);
  }

  #build(film) {
    const focused = document.activeElement?.dataset.key;
    this.#buttons = new Map(film.keys.map((key) => [key.id, this.#button(key.id)]));
    this.#list.replaceChildren(...[...this.#buttons.values()].map((button) => h("li", {}, button)));
    this.#buttons.get(focused)?.focus();
  }

  #place(key, on, duration) {
    const button = this.#buttons.get(key.id);
    const styles = blendOf(key.mix).map(({ style }) => style);
    button.parentElement.style.setProperty("--at", duration ? Math.min(1, key.at / duration) : 0);
    button.setAttribute("aria-pressed", String(on));
    button.setAttribute("aria-label", t("film.key", { at: clock(key.at), name: styles.map(title).join(", ") }));
    button.title = button.getAttribute("aria-label");
    const pictures = styles.slice(0, 2).map((style) => h("img", { src: style.thumbnail, alt: "", draggable: false }));
    button.replaceChildren(...pictures);
  }

  #button(id) {
    return h("button", {
      "data-key": id,
      onclick: () => this.#choose(id),
      onkeydown: (event) => this.#key(event, id),
      onpointerdown: (event) => this.#drag(event, id),
    });
  }

  #choose(id) {
    const film = { ...store.now.film, key: id };
    changeFilm(film);
    this.#seek(film.keys.find((key) => key.id === id).at);
  }

  #key(event, id) {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    this.#move(id, store.now.film.keys.find((key) => key.id === id).at + step);
  }

  #drag(event, id) {
    const button = event.currentTarget;
    const box = this.#list.getBoundingClientRect();
    const begin = event.clientX;
    const move = (moved) => {
      if (Math.abs(moved.clientX - begin) > 3) this.#move(id, (this.#duration() * (moved.clientX - box.left)) / box.width);
    };
    button.setPointerCapture(event.pointerId);
    button.addEventListener("pointermove", move);
    button.addEventListener("lostpointercapture", () => button.removeEventListener("pointermove", move), { once: true });
  }

  #move(id, to) {
    const at = Math.min(this.#duration(), Math.max(0, to));
    const film = { ...store.now.film, key: id };
    if (!isFree(film, at, id)) return;
    changeFilm(withChanged(film, { at }));
    this.#seek(at);
  }
}
