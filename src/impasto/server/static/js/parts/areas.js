/** Which part of the picture the styles are chosen for: the whole, or an area. */

import { addArea, removeArea, showLayer } from "../actions.js";
import { WHOLE, activeArea, store } from "../app.js";
import { h, icon } from "../dom.js";
import { onLanguage, t } from "../i18n.js";

export class Areas extends HTMLElement {
  connectedCallback() {
    store.watch(["photo", "layer", "areas"], () => this.#show());
    onLanguage(() => this.#show());
  }

  #show() {
    const { photo, layer } = store.now;
    this.hidden = !photo;
    if (!photo) return;
    const whole = photo.areas.length ? t("area.rest") : t("area.whole");
    const hint = activeArea()?.mask.canUndo === false ? h("p", { class: "hint" }, t("area.hint")) : null;
    this.replaceChildren(
      h("div", { class: "chips" },
        chip(whole, layer === WHOLE, () => showLayer(WHOLE)),
        ...photo.areas.map((area) => this.#area(area, layer)),
        h("button", { class: "chip add", onclick: addArea }, icon("plus"), t("area.add"))),
      hint ?? "");
  }

  #area(area, layer) {
    const on = area.id === layer;
    const remove = h("button", {
      class: "quiet small", "aria-label": t("area.remove", { number: area.number }), onclick: () => removeArea(area),
    }, icon("x"));
    return h("span", { class: "chip-pair" },
      chip(t("area.name", { number: area.number }), on, () => showLayer(area.id)), on ? remove : null);
  }
}

function chip(text, on, onclick) {
  return h("button", { class: "chip", "aria-pressed": String(on), onclick }, text);
}
