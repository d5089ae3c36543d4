/** All styles, each as the user's own photo in it, with the painting in the corner. */

import { addPainting, openStyle, pick, toggle } from "../actions.js";
import { activeMix, app, store } from "../app.js";
import { chooseFiles, h, icon } from "../dom.js";
import { onLanguage, t, title } from "../i18n.js";

export class StyleGrid extends HTMLElement {
  #cards = new Map();
  #marked = "";

  connectedCallback() {
    this.grid = this.querySelector(".grid");
    this.search = this.querySelector("[name=search]");
    this.search.addEventListener("input", () => this.#filter());
    this.querySelector("[data-do=open]").addEventListener("click", () => this.#open());
    store.watch(["styles"], () => this.#build());
    store.watch(["whole", "layer", "areas"], () => this.#marked === String(activeMix().ids) || this.#mark());
    store.watch(["photo", "styles"], ({ photo, styles }) => this.#pictures(photo, styles));
    app.thumbnails.addEventListener("painted", ({ detail }) => {
      if (detail.photo === store.now.photo) this.#picture(detail.style, detail.photo);
    });
    onLanguage(() => this.#build());
  }

  async #open() {
    const [file] = await chooseFiles({ accept: ".safetensors" });
    if (file) openStyle(file);
  }

  #build() {
    const { styles, photo } = store.now;
    this.#cards = new Map([...styles.values()].map((style) => [style.id, card(style)]));
    this.grid.replaceChildren(adder(), ...this.#cards.values());
    for (const style of styles.values()) this.#picture(style, photo);
    this.#mark();
    this.#filter();
  }

  #mark() {
    const { ids } = activeMix();
    this.#marked = String(ids);
    for (const [id, item] of this.#cards) {
      const index = ids.indexOf(id);
      item.classList.toggle("on", index >= 0);
      item.querySelector(".pick").setAttribute("aria-pressed", String(index >= 0));
      const mix = item.querySelector(".mix");
      const alone = index >= 0 && ids.length === 1;
      mix.hidden = alone;
      const name = title(store.now.styles.get(id) ?? { slug: id });
      mix.setAttribute("aria-label", t(index >= 0 ? "styles.unmix" : "styles.mix", { name }));
      mix.title = mix.getAttribute("aria-label");
      mix.replaceChildren(icon(index >= 0 ? "check" : "plus"));
    }
  }

  #pictures(photo, styles) {
    for (const style of styles.values()) this.#picture(style, photo);
    if (photo) app.thumbnails.paint(photo, [...styles.values()]);
  }

  #picture(style, photo) {
    const item = this.#cards.get(style.id);
    if (!item) return;
    const address = app.thumbnails.address(photo, style);
    item.querySelector(".shot").src = address ?? style.thumbnail;
    item.classList.toggle("painted", Boolean(address));
  }

  #filter() {
    const words = letters(this.search.value).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [id, item] of this.#cards) {
      const { slug, name, nameZh, artist, year } = store.now.styles.get(id);
      const text = letters(`${slug} ${name} ${nameZh} ${artist} ${year}`);
      item.hidden = !words.every((word) => text.includes(word));
      found += !item.hidden;
    }
    this.querySelector(".none").hidden = found > 0 || !this.#cards.size; // before the list is there, nothing is missing
  }
}

/** A text without case and accents. */
const letters = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function adder() {
  const choose = async () => {
    for (const file of await chooseFiles()) await addPainting(file);
  };
  return h("li", { class: "card-style adder" },
    h("button", { class: "pick", title: t("styles.add.hint"), onclick: choose },
      h("span", { class: "frame" }, icon("plus")),
      h("span", { class: "name" }, t("styles.add"))));
}

function card(style) {
  const name = title(style);
  return h("li", { class: `card-style ${style.kind}`, "data-id": style.id },
    h("button", { class: "pick", title: [name, style.artist, style.year].filter(Boolean).join(", "), onclick: () => pick(style.id) },
      h("span", { class: "frame" },
        h("img", { class: "shot", alt: "", loading: "lazy", draggable: false }),
        style.thumbnail ? h("img", { class: "art", src: style.thumbnail, alt: "", loading: "lazy" }) : null),
      h("span", { class: "name" }, name)),
    h("button", { class: "mix", onclick: () => toggle(style.id) }));
}
