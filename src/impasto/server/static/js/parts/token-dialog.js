/** Asks for the token of a service that wants one. */

import { h } from "../dom.js";
import { t } from "../i18n.js";

/** @returns {Promise<string>} */
export function askToken() {
  return new Promise((resolve) => {
    const input = h("input", { name: "token", required: true, autocomplete: "off", spellcheck: false });
    const submit = (event) => {
      event.preventDefault();
      dialog.close();
      resolve(input.value.trim());
    };
    const dialog = h("dialog", { class: "card", "aria-labelledby": "token-title", oncancel: (event) => event.preventDefault() },
      h("form", { onsubmit: submit },
        h("p", { id: "token-title" }, t("state.token")),
        h("label", {}, h("span", {}, t("state.token.label")), input),
        h("div", { class: "buttons" }, h("button", { class: "strong" }, t("state.token.send")))));
    dialog.addEventListener("close", () => dialog.remove());
    document.querySelector("im-token-dialog").append(dialog);
    dialog.showModal();
  });
}
