/** A style: its painting, who made it, and what can be done with it. */

import { attempt, improve, keepStyle, removeStyle } from "../actions.js";
import { app, store } from "../app.js";
import { download, h, icon } from "../dom.js";
import { t, title } from "../i18n.js";
import { training } from "./training.js";

/** @param {import("../engine/engine.js").Style} style */
export function about(style) {
  const dialog = h("dialog", { class: "card about", "aria-labelledby": "about-title" });
  const close = () => dialog.close();
  dialog.append(heading(style), ...body(style, close), buttons(style, close));
  const stop = store.watch(["fitting"], () => showTraining(dialog));
  dialog.addEventListener("close", () => (stop(), dialog.remove()));
  document.querySelector("im-style-dialog").append(dialog);
  dialog.showModal();
}

function heading(style) {
  const image = style.thumbnail ? h("img", { src: style.thumbnail, alt: "" }) : null;
  const facts = [style.artist, style.year, style.credit, style.licence].filter(Boolean);
  return h("header", {}, image,
    h("div", {}, h("h2", { id: "about-title" }, style.kind === "new" ? t("style.new") : title(style)),
      ...facts.map((fact) => h("p", {}, fact))));
}

function body(style, close) {
  const { keep, fit } = store.now.capabilities;
  const all = [];
  if (style.kind !== "bundled" && keep) all.push(nameForm(style, close));
  if (style.painting && fit) all.push(better(style));
  return all;
}

function nameForm(style, close) {
  const input = h("input", { name: "name", value: style.slug, required: true, autocomplete: "off", spellcheck: false, maxLength: 80 });
  const submit = async (event) => {
    event.preventDefault();
    if (await keepStyle(style, input.value.trim())) close();
  };
  return h("form", { class: "line", onsubmit: submit },
    h("label", {}, h("span", {}, t("style.name")), input),
    h("button", { class: "strong" }, t(style.kind === "new" ? "style.keep" : "style.rename")));
}

function better(style) {
  return h("div", { class: "better" },
    h("p", { class: "hint" }, t("style.better.hint")),
    h("button", { class: "plain", "data-better": "", onclick: () => improve(style) }, icon("sparkles"), t("style.better")));
}

function showTraining(dialog) {
  const place = dialog.querySelector(".better");
  const { fitting } = store.now;
  if (!place) return;
  place.querySelector(".training")?.remove();
  place.querySelector("[data-better]").disabled = Boolean(fitting);
  if (fitting) place.append(training(fitting));
}

function buttons(style, close) {
  const file = async () => {
    const blob = await attempt(() => app.engine.file(style));
    if (blob) download(blob, `${style.slug}.safetensors`);
  };
  const remove = () => {
    close();
    removeStyle(style);
  };
  return h("div", { class: "buttons" },
    h("button", { class: "plain", onclick: file }, icon("file-down"), t("style.file")),
    style.kind === "bundled" ? null : h("button", { class: "plain", onclick: remove }, icon("trash-2"), t("style.remove")),
    h("button", { class: "plain", onclick: close }, t("style.close")));
}
