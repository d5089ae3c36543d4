/** The command that paints the same picture, and the files that it needs. */

import { DEFAULTS, app, blendOf, store } from "../app.js";
import { attempt } from "../actions.js";
import { command, filmCommand } from "../command.js";
import { download, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { toast } from "./toast.js";

/** @param {{format?: string, size?: number, strip?: boolean}} options of the file */
export function showCommand(options) {
  const { photo, whole, controls, capabilities } = store.now;
  const areas = photo.areas.filter((area) => !area.mask.isEmpty());
  const mask = (area) => `${photo.stem}-area-${area.number}.png`;
  const line = command({
    photo: photo.name, mix: named(whole), controls, defaults: DEFAULTS, ...options,
    regions: areas.map((area) => ({ mask: mask(area), mix: named(area.mix) })),
    model: otherModel(capabilities),
  });
  const masks = areas.map((area) => ({ name: mask(area), make: () => area.mask.png() }));
  open(line, [...masks, ...unkept([whole, ...areas.map((area) => area.mix)])]);
}

/** The command that paints the film that is open. @param {number} [size] the long side of frames, in pixels */
export function showFilmCommand(size) {
  const { film, controls, capabilities } = store.now;
  const keys = film.keys.map(({ at, mix }) => ({ at, mix: named(mix) }));
  const line = filmCommand({ film: film.name, keys, controls, defaults: DEFAULTS, size, model: otherModel(capabilities) });
  open(line, unkept(film.keys.map((key) => key.mix)), { title: "film.command", hint: "film.command.hint" });
}

const otherModel = ({ model, defaultModel }) => (model === defaultModel ? "" : model);

/** A style that is not kept is named by its file. */
const nameOf = (style) => (style.kind === "new" ? `./${style.slug}.safetensors` : style.slug);
const named = (mix) => blendOf(mix).map(({ style, weight }) => ({ name: nameOf(style), weight }));

function unkept(mixes) {
  const styles = new Set(mixes.flatMap((mix) => blendOf(mix).map(({ style }) => style)));
  const files = [...styles].filter((style) => style.kind === "new");
  return files.map((style) => ({ name: `${style.slug}.safetensors`, make: () => app.engine.file(style) }));
}

function open(line, files, { title = "command.title", hint = "command.hint" } = {}) {
  const copy = async () => {
    await navigator.clipboard.writeText(line);
    toast(t("save.copied"));
  };
  const dialog = h("dialog", { class: "card", "aria-labelledby": "command-title", onclose: () => dialog.remove() },
    h("form", { method: "dialog" },
      h("h2", { id: "command-title" }, t(title)),
      h("pre", { tabIndex: 0 }, h("code", {}, line)),
      h("p", { class: "hint" }, t(hint)),
      files.length ? h("div", { class: "files" }, h("p", {}, t("command.files")), ...files.map(fileButton)) : null,
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "strong", onclick: copy }, icon("copy"), t("command.copy")),
        h("button", { class: "plain" }, t("state.close")))));
  document.querySelector("im-command-dialog").append(dialog);
  dialog.showModal();
}

function fileButton({ name, make }) {
  const save = async () => {
    const blob = await attempt(make);
    if (blob) download(blob, name);
  };
  return h("button", { type: "button", class: "plain", onclick: save }, icon("file-down"), name);
}
