/** What the page shows before there is a photo. */

import { addPhotos } from "../actions.js";
import { store } from "../app.js";
import { chooseFiles, h } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { openCamera } from "./camera.js";

/** Small photos that come with the page, for those who have none at hand. */
const EXAMPLES = ["neuschwansteincastle", "scarlet_macaw", "colosseum", "panda"].map((stem) => {
  const address = new URL(`../../examples/${stem}.jpg`, import.meta.url).href;
  return { name: `${stem}.jpg`, address, thumbnail: address };
});

export class Start extends HTMLElement {
  async connectedCallback() {
    this.querySelector("[data-do=choose]").addEventListener("click", async () => {
      addPhotos(await chooseFiles({ multiple: true }));
    });
    this.querySelector("[data-do=camera]").addEventListener("click", openCamera);
    store.watch(["photo"], ({ photo }) => (this.hidden = Boolean(photo)));
    store.watch(["capabilities"], () => this.#show());
    onLanguage(() => this.#show());
  }

  #show() {
    const given = store.now.capabilities?.photos ?? [];
    this.querySelector("ul").replaceChildren(...(given.length ? given : EXAMPLES).map(item));
    const touch = matchMedia("(hover: none)").matches;
    this.querySelector("h2").textContent = t(touch ? "start.title.touch" : "start.title");
    document.querySelector("#start-hint").hidden = touch;
    document.querySelector("#start-hint").textContent = t(store.now.capabilities?.local ? "start.hint" : "start.hint.away");
  }
}

function item({ name, address, thumbnail }) {
  const open = async () => {
    const blob = await (await fetch(address)).blob();
    addPhotos([new File([blob], name, { type: blob.type })]);
  };
  return h("li", {},
    h("button", { onclick: open, "aria-label": t("start.example", { name }) }, h("img", { src: thumbnail, alt: "", loading: "lazy" })));
}

