/** The photos that are open, as a strip; what is done to one is done to all. */

import { addPhotos, removePhoto, showPhoto } from "../actions.js";
import { store } from "../app.js";
import { chooseFiles, h, icon } from "../dom.js";
import { onLanguage, t } from "../i18n.js";

export class Photos extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector("ul");
    store.watch(["photos", "photo"], () => this.#show());
    onLanguage(() => this.#show());
  }

  #show() {
    const { photos, photo } = store.now;
    this.hidden = photos.length < 2;
    if (this.hidden) return;
    this.list.replaceChildren(...photos.map((each) => item(each, each === photo)), adder());
    this.list.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function item(photo, on) {
  const { name } = photo;
  const show = { "aria-pressed": String(on), "aria-label": t("photos.show", { name }), title: name, onclick: () => showPhoto(photo) };
  const remove = { class: "remove", "aria-label": t("photos.remove", { name }), onclick: () => removePhoto(photo) };
  return h("li", {}, h("button", show, photo.icon), h("button", remove, icon("x")));
}

function adder() {
  const add = async () => addPhotos(await chooseFiles({ multiple: true }));
  return h("li", {}, h("button", { class: "add", "aria-label": t("photos.add"), title: t("photos.add"), onclick: add }, icon("plus")));
}
