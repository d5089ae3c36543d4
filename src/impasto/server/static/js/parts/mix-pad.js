/** The styles of the layer that is worked on, and the pad on which two to four of them are mixed. */

import { setMix, toggle } from "../actions.js";
import { activeMix, store } from "../app.js";
import { h, icon } from "../dom.js";
import { onLanguage, t, title } from "../i18n.js";
import { corners, parts, weights, within } from "../mix.js";
import { about } from "./style-dialog.js";

const STEP = 0.05;
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

export class MixPad extends HTMLElement {
  #ids = "";

  connectedCallback() {
    store.watch(["whole", "areas", "layer", "styles", "photo"], () => this.#show());
    onLanguage(() => this.#build());
  }

  #show() {
    const mix = activeMix();
    const known = mix.ids.map((id) => store.now.styles.get(id)).filter(Boolean);
    const ids = known.map((style) => `${style.id} ${style.name} ${style.kind}`).join();
    if (ids !== this.#ids) this.#build();
    this.#ids = ids;
    this.#place();
  }

  #build() {
    const styles = activeMix().ids.map((id) => store.now.styles.get(id)).filter(Boolean);
    this.replaceChildren(...(styles.length > 1 ? this.#mixed(styles) : styles.map((style) => single(style))));
    this.#place();
  }

  #mixed(styles) {
    this.pad = h("div", { class: "pad", title: t("mix.hint"), onpointerdown: (event) => this.#drag(event) },
      ...styles.map((style, index) => corner(style, corners(styles.length)[index])));
    this.dot = h("div", {
      class: "dot", role: "slider", tabIndex: 0, "aria-label": t("mix.pad"), "aria-valuemin": "0", "aria-valuemax": "100",
      onkeydown: (event) => this.#key(event),
    });
    this.pad.append(this.dot);
    return [this.pad, h("ul", { class: "shares" }, ...styles.map((style) => share(style)))];
  }

  #drag(event) {
    event.preventDefault();
    this.dot.focus({ preventScroll: true });
    this.pad.setPointerCapture(event.pointerId);
    const move = (moved) => {
      const box = this.pad.getBoundingClientRect();
      this.#move([(moved.clientX - box.left) / box.width, (moved.clientY - box.top) / box.height]);
    };
    move(event);
    this.pad.addEventListener("pointermove", move);
    this.pad.addEventListener("lostpointercapture", () => this.pad.removeEventListener("pointermove", move), { once: true });
  }

  #key(event) {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    const { at } = activeMix();
    this.#move([at[0] + step[0], at[1] + step[1]]);
  }

  #move(to) {
    const mix = activeMix();
    setMix({ ...mix, at: within(mix.ids.length, to) });
  }

  #place() {
    const mix = activeMix();
    if (mix.ids.length < 2 || !this.pad) return;
    this.pad.style.setProperty("--x", mix.at[0]);
    this.pad.style.setProperty("--y", mix.at[1]);
    const shares = weights(mix);
    this.querySelectorAll(".shares output").forEach((each, index) => {
      each.value = `${Math.round(100 * (shares[index] ?? 0))} %`;
    });
    this.dot.setAttribute("aria-valuenow", Math.round(100 * shares[0]));
    this.dot.setAttribute("aria-valuetext", spoken(mix));
  }
}

function spoken(mix) {
  return parts(mix).map(({ id, weight }) => `${title(store.now.styles.get(id))} ${Math.round(100 * weight)} %`).join(", ");
}

function corner(style, [x, y]) {
  const image = h("img", { src: style.thumbnail, alt: "", draggable: false });
  image.style.setProperty("--x", x);
  image.style.setProperty("--y", y);
  return image;
}

function share(style) {
  return h("li", {},
    h("span", { class: "name" }, title(style)), h("output", {}),
    h("button", { class: "quiet small", "aria-label": t("styles.unmix", { name: title(style) }), onclick: () => toggle(style.id) },
      icon("x")));
}

function single(style) {
  const by = [style.artist, style.year].filter(Boolean).join(", ");
  return h("div", { class: "single" },
    style.thumbnail ? h("img", { src: style.thumbnail, alt: "" }) : null,
    h("div", {}, h("strong", {}, title(style)), h("span", {}, by || (style.kind === "bundled" ? "" : t("style.yours")))),
    style.kind === "new" ? h("button", { class: "plain", onclick: () => about(style) }, t("style.keep"), " …") : more(style));
}

function more(style) {
  const label = t("styles.more", { name: title(style) });
  return h("button", { class: "quiet", onclick: () => about(style), "aria-label": label, title: label }, icon("ellipsis"));
}
