/** How far a style is that is made better. */

import { cancelImprove } from "../actions.js";
import { store } from "../app.js";
import { h } from "../dom.js";
import { onLanguage, t } from "../i18n.js";

/** Above the styles: it is seen whatever is open, and after the page was loaded anew. */
export class Training extends HTMLElement {
  connectedCallback() {
    store.watch(["fitting"], () => this.#show());
    onLanguage(() => this.#show());
  }

  #show() {
    const { fitting } = store.now;
    this.hidden = !fitting;
    this.replaceChildren(...(fitting ? [h("strong", {}, fitting.name), training(fitting)] : []));
  }
}

/** A line that says how far it is; its button cancels it. */
export function training({ done, total, ahead }) {
  const share = total ? done / total : 0;
  const said = ahead ? t("style.better.waits", { ahead }) : t("style.better.run", { percent: Math.round(100 * share) });
  return h("p", { class: "training", role: "status" },
    h("progress", { max: 1, value: share, "aria-label": t("style.better") }),
    h("span", {}, said),
    h("button", { class: "text", onclick: cancelImprove }, t("style.cancel")));
}
