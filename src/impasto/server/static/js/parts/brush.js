/** The brush that paints an area: its tools, its strokes, and what is painted, laid over the picture. */

import { changeMask, showLayer } from "../actions.js";
import { WHOLE, activeArea, store } from "../app.js";
import { parts } from "../mix.js";
import { place } from "./stage.js";

const TOOLS = ["brush", "eraser", "wand"];

export class Brush extends HTMLElement {
  connectedCallback() {
    this.sheet = document.querySelector("im-stage .sheet");
    this.overlay = document.querySelector("canvas.mask");
    this.overlay.classList.add("panzoom-exclude");
    this.addEventListener("click", (event) => this.#do(event.target.closest("[data-do]")?.dataset.do));
    this.addEventListener("input", ({ target }) => {
      store.set({ brush: { ...store.now.brush, [target.name]: target.value / 100 } });
      fill(target);
    });
    this.querySelectorAll("input").forEach(fill);
    this.overlay.addEventListener("pointerdown", (event) => this.#begin(event));
    this.overlay.addEventListener("pointermove", (event) => this.#hover(event));
    store.watch(["tool", "layer", "photo", "areas"], () => this.#show());
  }

  #do(what) {
    if (TOOLS.includes(what)) store.set({ tool: what });
    if (what === "undo") changeMask((mask) => mask.undo());
    if (what === "redo") changeMask((mask) => mask.redo());
    if (what === "invert" || what === "clear") changeMask((mask) => mask.add({ kind: what }));
    if (what === "done") showLayer(WHOLE);
  }

  /** Does what a key stands for. @returns {boolean} whether it stands for anything */
  key(event) {
    if (!store.now.tool) return false;
    const control = event.ctrlKey || event.metaKey;
    const keys = control ? { z: event.shiftKey ? "redo" : "undo", y: "redo" } : { b: "brush", e: "eraser", w: "wand", Escape: "done" };
    const what = keys[event.key.length > 1 ? event.key : event.key.toLowerCase()];
    this.#do(what);
    return what !== undefined;
  }

  #show() {
    const { tool } = store.now;
    const area = activeArea();
    this.hidden = this.overlay.hidden = !(tool && area);
    if (!area) return;
    for (const name of TOOLS) this.#button(name).setAttribute("aria-pressed", tool === name);
    this.#button("undo").disabled = !area.mask.canUndo;
    this.#button("redo").disabled = !area.mask.canRedo;
    this.overlay.classList.toggle("faint", written(area.mix) !== written(store.now.whole));
    this.sheet.classList.toggle("wand", tool === "wand");
    this.#drawOverlay(area.mask);
  }

  #button(name) {
    return this.querySelector(`[data-do=${name}]`);
  }

  #begin(event) {
    const area = activeArea();
    if (event.button || !area) return;
    event.preventDefault();
    const { brush, tool } = store.now;
    const point = place(event, this.sheet);
    if (tool === "wand") changeMask((mask) => mask.add({ kind: "fill", reach: brush.size, point }));
    else this.#stroke(area, event, { ...brush, erase: tool === "eraser" }, point);
  }

  #stroke(area, event, brush, point) {
    this.overlay.setPointerCapture(event.pointerId);
    this.overlay.classList.add("drawing");
    area.mask.begin(brush, point);
    this.#drawOverlay(area.mask);
    const move = (moved) => this.#extend(area, moved);
    this.overlay.addEventListener("pointermove", move);
    const end = () => {
      this.overlay.removeEventListener("pointermove", move);
      this.overlay.classList.remove("drawing");
      changeMask(() => {});
    };
    this.overlay.addEventListener("lostpointercapture", end, { once: true });
  }

  #extend(area, event) {
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const each of moves.length ? moves : [event]) area.mask.extend(place(each, this.sheet));
    this.#drawOverlay(area.mask);
  }

  #hover(event) {
    const [x, y] = place(event, this.sheet);
    const { size } = store.now.brush;
    const box = this.sheet.getBoundingClientRect();
    const long = Math.max(box.width, box.height);
    this.sheet.style.setProperty("--brush-x", (x * long) / box.width);
    this.sheet.style.setProperty("--brush-y", (y * long) / box.height);
    this.sheet.style.setProperty("--brush-size", (size * long) / box.width);
  }

  #drawOverlay(mask) {
    const { width, height } = mask.canvas;
    if (this.overlay.width !== width || this.overlay.height !== height) Object.assign(this.overlay, { width, height });
    const context = this.overlay.getContext("2d");
    context.globalCompositeOperation = "copy";
    context.drawImage(mask.canvas, 0, 0);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = "#ff4d2e";
    context.fillRect(0, 0, width, height);
  }
}

/** Colours a slider up to its thumb. */
function fill(input) {
  input.style.setProperty("--filled", (input.value - input.min) / (input.max - input.min));
}

/** A mix as a text, to see whether two are the same. */
const written = (mix) => JSON.stringify(parts(mix));
