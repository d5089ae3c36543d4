/** The picture: painted, the photo over it up to a line, the mask of an area over both; zoomed and moved. */

import Panzoom from "../../vendor/panzoom/panzoom.es.js";
import { app, store } from "../app.js";
import { onLanguage, t } from "../i18n.js";

const MOST_ZOOM = 12;
/** Long side of the largest picture that is shown, in pixels; a download has them all. */
const LARGEST = 4096;

/** How far arrow keys move an enlarged picture, in its pixels. */
const PAN = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };

export class Stage extends HTMLElement {
  #split = 0.5;
  #shown = null;

  connectedCallback() {
    this.view = this.querySelector(".view");
    this.sheet = this.querySelector(".sheet");
    this.painted = this.querySelector("canvas.painted");
    this.photo = this.querySelector("canvas.photo");
    this.handle = this.querySelector(".handle");
    this.#listenZoom();
    this.#listenHandle();
    this.#listenPainter();
    this.addEventListener("click", (event) => this.#do(event.target.closest("[data-do]")?.dataset.do));
    store.watch(["photo"], ({ photo }) => this.#showPhoto(photo));
    store.watch(["compare"], ({ compare }) => this.#compare(compare));
    onLanguage(() => this.#describe());
  }

  /** The long side, in pixels of the screen, at which the picture is looked at. */
  get size() {
    const box = this.sheet.getBoundingClientRect();
    const long = Math.max(box.width, box.height) * devicePixelRatio || 1024;
    const photo = store.now.photo?.long ?? LARGEST;
    return Math.round(Math.min(long <= 1600 ? Math.max(long, 512) : 2 ** Math.ceil(Math.log2(long)), photo, LARGEST));
  }

  #listenZoom() {
    this.zoom = Panzoom(this.sheet, {
      maxScale: MOST_ZOOM, minScale: 1, panOnlyWhenZoomed: true, cursor: "", step: 0.25, animate: false, duration: 120,
    });
    this.view.addEventListener("wheel", (event) => this.zoom.zoomWithWheel(event), { passive: false });
    this.view.addEventListener("dblclick", (event) => {
      if (!store.now.tool) this.#zoomTo(this.zoom.getScale() > 1 ? 1 : 3, event);
    });
    this.sheet.addEventListener("panzoomchange", ({ detail }) => this.#zoomed(detail.scale));
    this.ready = true;
  }

  #zoomTo(scale, point) {
    if (scale <= 1) this.zoom.reset({ animate: true });
    else this.zoom.zoomToPoint(scale, point, { animate: true });
  }

  #zoomed(scale) {
    this.sheet.style.setProperty("--zoom", scale);
    this.querySelector("[data-do=fit]").textContent = `${Math.round(100 * scale)} %`;
    if (scale === 1 && (this.zoom.getPan().x || this.zoom.getPan().y)) this.zoom.pan(0, 0);
    app.painter?.refine();
  }

  #listenHandle() {
    const move = (event) => {
      const box = this.sheet.getBoundingClientRect();
      this.#setSplit((event.clientX - box.left) / box.width);
    };
    this.handle.classList.add("panzoom-exclude");
    this.handle.addEventListener("pointerdown", (event) => {
      this.handle.setPointerCapture(event.pointerId);
      this.handle.addEventListener("pointermove", move);
    });
    const end = () => this.handle.removeEventListener("pointermove", move);
    this.handle.addEventListener("pointerup", end);
    this.handle.addEventListener("pointercancel", end);
    this.handle.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: this.#split - 0.02, ArrowRight: this.#split + 0.02, Home: 0, End: 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.#setSplit(to);
    });
  }

  #setSplit(share) {
    this.#split = Math.min(1, Math.max(0, share));
    this.sheet.style.setProperty("--split", this.#split);
    this.handle.setAttribute("aria-valuenow", Math.round(100 * this.#split));
  }

  #compare(on) {
    this.handle.hidden = this.photo.hidden = !on;
    this.querySelector("[data-do=compare]").setAttribute("aria-pressed", on);
    if (on) this.#setSplit(this.#split);
  }

  #do(what) {
    if (what === "compare") store.set({ compare: !store.now.compare });
    if (what === "in") this.zoom.zoomIn({ animate: true });
    if (what === "out") this.zoom.zoomOut({ animate: true });
    if (what === "fit") this.zoom.reset({ animate: true });
  }

  /** Does what a key stands for. */
  key(key) {
    const step = PAN[key];
    if (step && this.zoom.getScale() > 1) this.zoom.pan(...step, { relative: true, animate: true });
    this.#do({ c: "compare", "+": "in", "=": "in", "-": "out", 0: "fit" }[key]);
  }

  #showPhoto(photo) {
    this.hidden = !photo;
    if (!photo) return;
    document.body.style.setProperty("--ratio", photo.ratio);
    this.zoom.reset({ animate: false });
    draw(this.photo, photo.bitmap);
    draw(this.painted, photo.bitmap);
    this.sheet.classList.add("waiting");
    this.#describe();
  }

  #listenPainter() {
    app.painter.addEventListener("picture", ({ detail }) => {
      if (detail.photo !== store.now.photo) return;
      draw(this.painted, detail.bitmap);
      detail.bitmap.close();
      this.sheet.classList.remove("waiting");
      this.#shown = detail;
      this.dataset.order = detail.order;
      this.dataset.size = detail.size;
      this.#describe();
    });
    app.painter.addEventListener("state", ({ detail: { idle, following } }) => {
      this.classList.toggle("painting", !idle);
      this.classList.toggle("following", following); // pictures come: a bar that moves, too, would only slow them down
    });
  }

  #describe() {
    const { photo } = store.now;
    if (photo) this.painted.setAttribute("aria-label", t("stage.done", { name: photo.name }));
  }
}

function draw(canvas, bitmap) {
  const { width, height } = bitmap;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height }); // each time is a new canvas
  const context = canvas.getContext("2d");
  context.globalCompositeOperation = "copy"; // nothing of the picture before shows through
  context.drawImage(bitmap, 0, 0);
}

/** Where a pointer is on the photo, in shares of its long side, which is what masks are measured in. */
export function place(event, sheet) {
  const box = sheet.getBoundingClientRect();
  const scale = Math.max(box.width, box.height);
  return [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale];
}

