/** The camera, painted live and mirrored: always the newest frame, one at a time. */

import { addPhotos, closeFilm, showLayer } from "../actions.js";
import { WHOLE, app, blendOf, store } from "../app.js";
import { chooseFiles, h, pause } from "../dom.js";
import { t } from "../i18n.js";
import { toast } from "./toast.js";

const SIZES = [256, 320, 384, 512];
/** Milliseconds a frame may take; frames get smaller or larger to keep near it. */
const QUICK = 90;

export class Camera extends HTMLElement {
  #stream = null;
  #facing = "user";
  #level = 1;
  #abort = null;

  connectedCallback() {
    this.video = h("video", { muted: true, playsInline: true });
    this.canvas = this.querySelector("canvas");
    this.addEventListener("click", (event) => this.#do(event.target.closest("[data-do]")?.dataset.do));
  }

  #do(what) {
    if (what === "stop") this.close();
    if (what === "shoot") this.#shoot();
    if (what === "turn") this.open(this.#facing === "user" ? "environment" : "user");
  }

  async open(facing = "user") {
    this.close();
    this.#facing = facing;
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 1920 } } });
    } catch (error) {
      return toast(t("camera.none", { why: error.message }));
    }
    this.video.srcObject = this.#stream;
    await this.video.play();
    this.hidden = false;
    document.body.classList.add("live");
    this.#abort = new AbortController();
    return this.#run(this.#abort.signal);
  }

  close() {
    this.#abort?.abort();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.hidden = true;
    document.body.classList.remove("live");
    this.dispatchEvent(new CustomEvent("closed"));
  }

  async #run(signal) {
    app.painter.stop();
    while (!signal.aborted) {
      const start = performance.now();
      try {
        await this.#frame(signal);
      } catch (error) {
        if (signal.aborted) return;
        await pause(Math.max(300, 1000 * (error.seconds ?? 1)));
      }
      this.#adapt(performance.now() - start);
    }
  }

  async #frame(signal) {
    const size = SIZES[this.#level];
    const frame = await this.#grab(size).convertToBlob({ type: "image/jpeg", quality: 0.85 });
    const { whole, controls } = store.now;
    const blob = await app.engine.paint(frame, blendOf(whole), controls, { size, format: "jpg", preview: true, signal });
    const bitmap = await createImageBitmap(blob);
    if (signal.aborted) return;
    Object.assign(this.canvas, { width: bitmap.width, height: bitmap.height });
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0);
    this.canvas.dataset.frames = 1 + Number(this.canvas.dataset.frames ?? 0);
  }

  #adapt(milliseconds) {
    if (milliseconds > 1.5 * QUICK) this.#level = Math.max(0, this.#level - 1);
    else if (milliseconds < 0.6 * QUICK) this.#level = Math.min(SIZES.length - 1, this.#level + 1);
  }

  /** The newest frame, as in a mirror if the camera faces the user. */
  #grab(long) {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, long / Math.max(videoWidth, videoHeight));
    const canvas = new OffscreenCanvas(Math.round(videoWidth * scale), Math.round(videoHeight * scale));
    const context = canvas.getContext("2d");
    if (this.#facing === "user") context.setTransform(-1, 0, 0, 1, canvas.width, 0);
    context.drawImage(this.video, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  async #shoot() {
    const blob = await this.#grab(Infinity).convertToBlob({ type: "image/jpeg", quality: 0.95 });
    this.close();
    const name = `photo-${new Date().toISOString().slice(0, 19).replaceAll(":", ".")}.jpg`;
    await addPhotos([new File([blob], name, { type: "image/jpeg" })]);
  }
}

/** Opens the camera. Browsers show it to pages on this computer and to https only; elsewhere a phone's own app takes the photo. */
export async function openCamera() {
  closeFilm();
  showLayer(WHOLE); // its frames have no areas
  if (navigator.mediaDevices) await document.querySelector("im-camera").open();
  else addPhotos(await chooseFiles({ capture: "environment" }));
}
