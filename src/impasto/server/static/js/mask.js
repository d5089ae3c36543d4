/**
 * A part of a picture that the user paints with a brush: a list of steps, drawn on a canvas, so that any can be undone.
 * @typedef {{kind: "stroke", erase: boolean, size: number, soft: number, points: [number, number][]}
 *   | {kind: "fill", reach: number, point: [number, number]} | {kind: "invert"} | {kind: "clear"}} Step  sizes and
 *   points are shares of the long side, soft and reach are 0 to 1
 */

import { similar } from "./wand.js";

const LONG_SIDE = 1024;

export class Mask {
  #steps = [];
  #undone = [];

  /**
   * @param {{width: number, height: number}} size of the photo
   * @param {() => ImageBitmap} photo which the wand looks at
   */
  constructor({ width, height }, photo) {
    const scale = Math.min(1, LONG_SIDE / Math.max(width, height));
    const sides = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
    this.photo = photo;
    this.canvas = new OffscreenCanvas(...sides);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.long = Math.max(this.canvas.width, this.canvas.height);
  }

  get canUndo() {
    return this.#steps.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Begins a stroke; {@link Mask#extend} goes on with it. */
  begin(brush, point) {
    this.add({ kind: "stroke", ...brush, points: [point] });
  }

  /** Takes the stroke to another point. */
  extend(point) {
    const stroke = this.#steps.at(-1);
    const last = stroke.points.at(-1);
    stroke.points.push(point);
    this.#segment(stroke, last, point);
  }

  /** @param {Step} step */
  add(step) {
    this.#steps.push(step);
    this.#undone = [];
    this.#draw(step);
  }

  undo() {
    if (!this.canUndo) return;
    this.#undone.push(this.#steps.pop());
    this.#redraw();
  }

  redo() {
    if (!this.canRedo) return;
    const step = this.#undone.pop();
    this.#steps.push(step);
    this.#draw(step);
  }

  /** Whether nothing is painted. */
  isEmpty() {
    const { data } = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    for (let index = 3; index < data.length; index += 4) if (data[index] > 7) return false;
    return true;
  }

  /** White where the part is, black elsewhere. @returns {Promise<Blob>} a PNG */
  async png() {
    const { width, height } = this.canvas;
    const flat = new OffscreenCanvas(width, height);
    const context = flat.getContext("2d");
    context.fillRect(0, 0, width, height);
    context.drawImage(this.canvas, 0, 0);
    return flat.convertToBlob({ type: "image/png" });
  }

  #redraw() {
    this.#clear();
    for (const step of this.#steps) this.#draw(step);
  }

  #clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #draw(step) {
    if (step.kind === "clear") this.#clear();
    else if (step.kind === "invert") this.#invert();
    else if (step.kind === "fill") this.#fill(step);
    else this.#stroke(step);
  }

  #invert() {
    this.context.globalCompositeOperation = "source-out";
    this.context.fillStyle = "#fff";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.context.globalCompositeOperation = "source-over";
  }

  /** Adds what hangs together with a point and has its colour, with an edge that is soft by a pixel. */
  #fill({ point, reach }) {
    const { width, height } = this.canvas;
    const [x, y] = point.map((share) => Math.floor(share * this.long));
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    const found = similar(this.#pixels(), width, height, y * width + x, reach);
    const image = new ImageData(width, height);
    found.forEach((on, index) => image.data.fill(255 * on, 4 * index, 4 * index + 4)); // white where it is, nothing elsewhere
    const layer = new OffscreenCanvas(width, height);
    layer.getContext("2d").putImageData(image, 0, 0);
    this.context.filter = "blur(1.5px)"; // Safari has none, and keeps the edge hard
    this.context.drawImage(layer, 0, 0);
    this.context.filter = "none";
  }

  /** The photo's pixels at the size of the mask. */
  #pixels() {
    const { width, height } = this.canvas;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(this.photo(), 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  }

  #stroke(stroke) {
    this.#segment(stroke, stroke.points[0], stroke.points[0]);
    for (let index = 1; index < stroke.points.length; index++) {
      this.#segment(stroke, stroke.points[index - 1], stroke.points[index]);
    }
  }

  #segment(stroke, from, to) {
    const radius = Math.max(1, (stroke.size * this.long) / 2);
    const [dx, dy] = [(to[0] - from[0]) * this.long, (to[1] - from[1]) * this.long];
    const count = Math.max(1, Math.ceil(Math.hypot(dx, dy) / (radius / 4)));
    this.context.globalCompositeOperation = stroke.erase ? "destination-out" : "source-over";
    for (let index = 1; index <= count; index++) {
      this.#dab(from[0] * this.long + (dx * index) / count, from[1] * this.long + (dy * index) / count, radius, stroke.soft);
    }
    this.context.globalCompositeOperation = "source-over";
  }

  #dab(x, y, radius, soft) {
    const gradient = this.context.createRadialGradient(x, y, radius * (1 - soft) * 0.98, x, y, radius);
    gradient.addColorStop(0, "#fff");
    gradient.addColorStop(0.5, "#ffffff59");
    gradient.addColorStop(1, "#fff0");
    this.context.fillStyle = gradient;
    this.context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
  }
}
