/** A film: looked at in the styles of any moment, painted as a whole, and downloaded. */

import { cancelFilm, changeFilm, closeFilm, forgetPainted, paintFilm } from "../actions.js";
import { app, filmBlend, store } from "../app.js";
import { isAbort } from "../engine/engine.js";
import { download, h, settled } from "../dom.js";
import { clock, isFree, withKey, withoutKey } from "../film.js";
import { onLanguage, t } from "../i18n.js";
import { showFilmCommand } from "./command-dialog.js";
import { Keys } from "./film-keys.js";

/** The long side of the frame that is looked at, in pixels, and how long to wait for the next change, in milliseconds. */
const PREVIEW = 512;
const REST = 120;
const SIZES = [1920, 1280, 960, 640];

export class FilmPart extends HTMLElement {
  #abort = null;
  #blob = null; // the painted film that is shown
  #film = null; // whose file the video shows
  #later = settled(REST, () => this.#preview());

  connectedCallback() {
    [this.video, this.result] = ["source", "result"].map((name) => this.querySelector(`video.${name}`));
    this.canvas = this.querySelector("canvas");
    this.time = this.querySelector("[name=time]");
    this.keys = new Keys(this.querySelector(".keys"), (at) => this.#seek(at), () => this.duration);
    this.addEventListener("click", (event) => this.#do(event.target.closest("[data-do]")?.dataset.do));
    this.time.addEventListener("input", () => this.#seek(Number(this.time.value)));
    this.video.addEventListener("loadedmetadata", () => this.#loaded());
    for (const event of ["loadeddata", "seeked"]) this.video.addEventListener(event, () => this.#shown());
    this.video.addEventListener("error", () => this.#loaded());
    store.watch(["film"], ({ film }) => this.#show(film));
    store.watch(["film", "controls", "styles"], () => this.#later());
    store.watch(["film", "filming", "capabilities"], () => this.#state());
    onLanguage(() => this.#state());
  }

  get duration() {
    return Number.isFinite(this.video.duration) ? this.video.duration : 0;
  }

  get size() {
    return Number(this.querySelector("[name=size]").value) || undefined;
  }

  #do(what) {
    const { film } = store.now;
    if (what === "add") changeFilm(withKey(film, this.video.currentTime));
    if (what === "drop") changeFilm(withoutKey(film));
    if (what === "paint") paintFilm(this.size);
    if (what === "cancel") cancelFilm();
    if (what === "command") showFilmCommand(this.size);
    if (what === "save") this.#save(store.now.filming);
    if (what === "back") changeFilm(film);
    if (what === "close") closeFilm();
  }

  #save({ blob, name }) {
    forgetPainted();
    download(blob, name);
  }

  #show(film) {
    if (film?.file !== this.#film) {
      URL.revokeObjectURL(this.video.src);
      this.#film = film?.file ?? null;
      if (this.#film) this.video.src = URL.createObjectURL(this.#film);
      else this.video.removeAttribute("src");
    }
    if (!film) this.#showResult(null);
    this.hidden = !film;
    this.classList.toggle("taken-up", Boolean(film && !film.file));
    document.body.classList.toggle("with-film", Boolean(film));
  }

  /** The browser knows the film now, or that it cannot play it. */
  #loaded() {
    this.classList.toggle("unseen-film", !this.duration);
    this.time.max = this.duration;
    const { videoWidth: width, videoHeight: height } = this.video;
    this.style.setProperty("--ratio", width && height ? width / height : 16 / 9);
    const long = Math.max(width, height);
    const sizes = SIZES.filter((size) => !long || size < long).map((size) => new Option(`${size}`, size));
    this.querySelector("[name=size]").replaceChildren(new Option(t("film.size.own"), ""), ...sizes);
    this.#seek(0);
    this.#state();
  }

  #seek(at) {
    this.video.currentTime = at;
    this.time.value = at;
    this.time.style.setProperty("--filled", this.duration ? at / this.duration : 0);
    this.time.setAttribute("aria-valuetext", clock(at));
    this.#state();
  }

  /** Another frame is there: shown as it is, then painted. */
  #shown() {
    const frame = this.#frame();
    if (frame) this.#draw(frame);
    this.#later();
  }

  /** The frame of the present moment, in small; null before there is one. */
  #frame() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const scale = Math.min(1, PREVIEW / Math.max(width, height));
    const canvas = new OffscreenCanvas(Math.round(width * scale), Math.round(height * scale));
    canvas.getContext("2d").drawImage(this.video, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  #draw(picture) {
    Object.assign(this.canvas, { width: picture.width, height: picture.height });
    this.canvas.getContext("2d").drawImage(picture, 0, 0);
  }

  async #preview() {
    this.#abort?.abort();
    const frame = store.now.film && !store.now.filming && this.#frame();
    if (!frame) return;
    const { signal } = (this.#abort = new AbortController());
    try {
      const file = await frame.convertToBlob({ type: "image/jpeg", quality: 0.9 });
      const blend = filmBlend(this.video.currentTime);
      const blob = await app.engine.paint(file, blend, store.now.controls, { size: PREVIEW, format: "jpg", preview: true, signal });
      const bitmap = await createImageBitmap(blob);
      if (signal.aborted) return;
      this.#draw(bitmap);
      this.canvas.dataset.shown = 1 + Number(this.canvas.dataset.shown ?? 0);
    } catch (error) {
      if (!isAbort(error) && !signal.aborted && (error.kind === "busy" || error.kind === "offline")) this.#later();
    }
  }

  /** What can be done now. */
  #state() {
    const { film, filming, capabilities } = store.now;
    if (!film) return lock(false);
    const at = this.video.currentTime;
    this.keys.show(film, this.duration);
    this.querySelector(".moment").value = `${clock(at)} / ${clock(this.duration)}`;
    this.querySelector("[data-do=add]").disabled = !isFree(film, at);
    this.querySelector("[data-do=drop]").disabled = film.keys.length < 2;
    this.dataset.state = !capabilities?.film ? "elsewhere" : filming?.blob ? "done" : filming ? "running" : "ready";
    this.querySelector(".timeline").inert = ["running", "done"].includes(this.dataset.state);
    this.querySelector(".close").disabled = this.dataset.state === "running";
    this.querySelector("canvas").hidden = Boolean(filming?.blob);
    this.querySelector("canvas").setAttribute("aria-label", film.name);
    this.querySelector(".name").textContent = film.name;
    this.querySelector("progress").replaceWith(progress(filming));
    this.querySelector(".frames").textContent = said(filming);
    this.#showResult(filming?.blob);
    document.querySelector("nav.tools").inert = this.dataset.state === "running";
    return lock(["running", "done"].includes(this.dataset.state));
  }

  #showResult(blob = null) {
    this.result.hidden = !blob;
    if (blob === this.#blob) return;
    URL.revokeObjectURL(this.result.src);
    this.#blob = blob;
    if (blob) this.result.src = URL.createObjectURL(blob);
    else this.result.removeAttribute("src");
  }
}

/** Locks the styles, of which a touch would undo the film. A style that is made better can be cancelled all the same. */
function lock(locked) {
  for (const part of document.querySelectorAll(".panel > :not(im-training)")) part.inert = locked;
}

/** How far it is; nothing is known before the first frame. */
function progress(filming) {
  const known = filming?.total ? { max: filming.total, value: filming.done } : {};
  return h("progress", { ...known, "aria-label": t("film.painting") });
}

function said(filming) {
  if (!filming || filming.blob) return "";
  if (filming.ahead) return t("film.waiting", filming);
  return filming.total ? t("film.frames", filming) : t("film.sending");
}
