/** The sliders. */

import { setControls } from "../actions.js";
import { DEFAULTS, store } from "../app.js";
import { h } from "../dom.js";
import { onLanguage, t } from "../i18n.js";

const percent = (value) => `${Math.round(100 * value)} %`;

/** What each slider shows; `to` and `from` turn a value into a place on the slider and back. */
const SLIDERS = [
  { name: "strength", min: 0, max: 1.5, step: 0.05, shown: percent },
  { name: "detail", min: 0, max: 1, step: 0.05, shown: percent },
  { name: "stroke", min: -1, max: 2, step: 0.1, to: Math.log2, from: (place) => round(2 ** place), shown: (value) => `${value} ×` },
];

const round = (value) => Math.round(value * 100) / 100;
const same = (value) => value;

export class Controls extends HTMLElement {
  connectedCallback() {
    this.querySelector("[data-do=reset]").addEventListener("click", (event) => {
      event.preventDefault();
      setControls(DEFAULTS);
    });
    this.#build();
    store.watch(["controls"], () => this.#show());
    store.watch(["photo", "film"], ({ photo, film }) => (this.hidden = !photo && !film));
    onLanguage(() => {
      this.#build();
      this.#show();
    });
  }

  #build() {
    this.querySelector(".sliders").replaceChildren(...SLIDERS.map(slider), keepColor());
  }

  #show() {
    const { controls } = store.now;
    for (const { name, shown, to = same, min, max } of SLIDERS) {
      const input = this.querySelector(`[name=${name}]`);
      const place = to(controls[name]);
      if (input !== document.activeElement || round(Number(input.value)) !== round(place)) input.value = place;
      input.setAttribute("aria-valuetext", shown(controls[name]));
      input.style.setProperty("--filled", (place - min) / (max - min));
      this.querySelector(`output[for=${name}]`).value = shown(controls[name]);
    }
    this.querySelector("[name=keep_color]").checked = controls.keep_color;
    this.querySelector("[data-do=reset]").hidden = Object.keys(DEFAULTS).every((name) => controls[name] === DEFAULTS[name]);
  }
}

function slider({ name, min, max, step, from = same }) {
  const change = ({ target }) => setControls({ [name]: round(from(Number(target.value))) });
  const reset = () => setControls({ [name]: DEFAULTS[name] });
  return h("div", { class: "slider" },
    h("label", { for: name }, t(`controls.${name}`)),
    h("output", { for: name }),
    h("input", { type: "range", name, id: name, min, max, step, oninput: change, ondblclick: reset }));
}

function keepColor() {
  const change = ({ target }) => setControls({ keep_color: target.checked });
  return h("label", { class: "switch" },
    h("span", {}, t("controls.keep_color")),
    h("input", { type: "checkbox", role: "switch", name: "keep_color", onchange: change }));
}
