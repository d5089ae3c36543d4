/** What can be done with the picture: download, copy, share, see it as a command. */

import { store } from "../app.js";
import { isAbort } from "../engine/engine.js";
import { download } from "../dom.js";
import { fileName, picture, zipped } from "../export.js";
import { onLanguage, t } from "../i18n.js";
import { showCommand } from "./command-dialog.js";
import { toast } from "./toast.js";

const SIZES = [4096, 2048, 1024, 512];

export class Save extends HTMLElement {
  #abort = null;

  connectedCallback() {
    this.addEventListener("click", (event) => this.#do(event.target.closest("[data-do]")?.dataset.do));
    store.watch(["photo"], ({ photo }) => this.#sizes(photo));
    store.watch(["photos"], ({ photos }) => this.#all(photos));
    store.watch(["capabilities"], ({ capabilities }) => this.#formats(capabilities));
    onLanguage(() => {
      this.#sizes(store.now.photo);
      this.#all(store.now.photos);
    });
    this.#button("share").hidden = !navigator.canShare;
    this.#button("copy").hidden = !navigator.clipboard;
  }

  #button(name) {
    return this.querySelector(`[data-do=${name}]`);
  }

  #field(name) {
    return this.querySelector(`[name=${name}]`);
  }

  /** What the picture's file shall be like. */
  get options() {
    const size = Number(this.#field("size").value) || undefined;
    return { format: this.#field("format").value || undefined, size, strip: !this.#field("keep").checked };
  }

  #sizes(photo) {
    this.hidden = !photo;
    if (!photo) return;
    const field = this.#field("size");
    const { value } = field;
    const own = `${t("save.size.own")} (${photo.width} × ${photo.height})`;
    field.replaceChildren(new Option(own, ""), ...SIZES.filter((size) => size < photo.long).map((size) => option(photo, size)));
    field.value = value;
    if (field.selectedIndex < 0) field.value = "";
  }

  #formats(capabilities) {
    const field = this.#field("format");
    const own = field.options[0];
    field.replaceChildren(own, ...(capabilities?.formats ?? []).map((format) => new Option(format.toUpperCase(), format)));
    this.#button("command").hidden = !capabilities?.command;
  }

  #all(photos) {
    const button = this.#button("all");
    button.hidden = photos.length < 2;
    button.querySelector("span").textContent = t("save.all", { count: photos.length });
  }

  #do(what) {
    if (what === "download") this.#abort ? this.#abort.abort() : this.#work(() => this.#download());
    if (what === "all") this.#work(() => this.#downloadAll());
    if (what === "copy") this.#work(() => this.#copy());
    if (what === "share") this.#work(() => this.#share());
    if (what === "command") showCommand(this.options);
  }

  /** Does something long; the download button cancels it meanwhile. */
  async #work(work) {
    if (this.#abort) return;
    this.#abort = new AbortController();
    this.querySelector("#save-options").hidePopover?.();
    this.#say(t("save.painting"));
    try {
      await work();
    } catch (error) {
      if (!isAbort(error)) toast(error.message);
    } finally {
      this.#abort = null;
      this.#say(null);
      store.set({ batch: null });
    }
  }

  /** Shows on the button how far the work is, or that there is none. */
  #say(text) {
    const button = this.#button("download");
    button.classList.toggle("working", text !== null);
    button.querySelector("span").textContent = text ?? t("save.download");
    button.title = text === null ? "" : t("save.cancel");
  }

  async #download() {
    const { photo } = store.now;
    const blob = await picture(photo, this.options, this.#abort.signal);
    download(blob, fileName(photo, blob));
  }

  async #downloadAll() {
    const { photos } = store.now;
    const progress = (done) => {
      store.set({ batch: { done, total: photos.length } });
      this.#say(t("save.progress", { done, total: photos.length }));
    };
    progress(0);
    const { zip, failed } = await zipped(photos, this.options, progress, this.#abort.signal);
    download(zip, "impasto.zip");
    if (failed.length) toast(t("save.failed", { count: failed.length, names: failed.join(", ") }));
  }

  /** Safari wants the write to begin while the click is handled, with a promise. */
  async #copy() {
    const png = picture(store.now.photo, { ...this.options, format: "png" }, this.#abort.signal);
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    toast(t("save.copied"));
  }

  async #share() {
    const { photo } = store.now;
    const blob = await picture(photo, this.options, this.#abort.signal);
    const files = [new File([blob], fileName(photo, blob), { type: blob.type })];
    if (navigator.canShare({ files })) await navigator.share({ files });
    else download(blob, files[0].name);
  }
}

function option(photo, size) {
  const scale = size / photo.long;
  return new Option(`${Math.round(photo.width * scale)} × ${Math.round(photo.height * scale)}`, size);
}
