/** Starts the page: the engine first, then its parts. */

import { addPhotos, openFilm, takeUp } from "./actions.js";
import { WHOLE, app, recipeFor, store } from "./app.js";
import { chooseFiles, icon } from "./dom.js";
import { chosen } from "./engine/chosen.js";
import { onLanguage, speak, t } from "./i18n.js";
import { only } from "./mix.js";
import { Painter } from "./painter.js";
import { Thumbnails } from "./thumbnails.js";
import { Areas } from "./parts/areas.js";
import { Brush } from "./parts/brush.js";
import { Camera, openCamera } from "./parts/camera.js";
import { Controls } from "./parts/controls.js";
import { Drop } from "./parts/drop.js";
import { FilmPart } from "./parts/film.js";
import { Look } from "./parts/look.js";
import { MixPad } from "./parts/mix-pad.js";
import { Photos } from "./parts/photos.js";
import { Save } from "./parts/save.js";
import { Stage } from "./parts/stage.js";
import { Start } from "./parts/start.js";
import { StyleGrid } from "./parts/style-grid.js";
import { hush, toast } from "./parts/toast.js";
import { Training } from "./parts/training.js";

const PARTS = {
  "im-stage": Stage, "im-brush": Brush, "im-areas": Areas, "im-mix": MixPad, "im-styles": StyleGrid, "im-controls": Controls,
  "im-photos": Photos, "im-save": Save, "im-start": Start, "im-camera": Camera, "im-drop": Drop, "im-look": Look,
  "im-film": FilmPart, "im-training": Training,
};

const find = (selector) => document.querySelector(selector);

/** Puts the icons in that `data-icon` names. */
function draw() {
  for (const element of document.querySelectorAll("[data-icon]")) element.prepend(icon(element.dataset.icon));
}

function paintWhatIsWanted() {
  const ask = (now) => {
    if (now.photo && now.styles.size && !now.film && !document.body.classList.contains("live")) app.painter.ask(recipeFor(now.photo, now));
    if (!now.photo || now.film) app.painter.stop();
  };
  let order = [];
  store.watch(["photo", "whole", "controls", "areas", "styles", "film"], (now) => {
    const wanted = [now.photo, Boolean(now.film), now.whole, now.controls, now.areas, now.styles.get(now.whole.ids[0])];
    if (wanted.some((each, index) => each !== order[index])) ask(now);
    order = wanted;
  });
  find("im-camera").addEventListener("closed", () => ask(store.now));
}

function tellState() {
  let away = false;
  app.painter.addEventListener("away", () => {
    if (!away) toast(t("state.offline"), null, true);
    away = true;
  });
  app.painter.addEventListener("reached", () => {
    if (away) toast(t("state.back"));
    away = false;
  });
  app.painter.addEventListener("failed", ({ detail }) => toast(detail.message));
}

function listenKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input:not([type=range]), select, textarea, dialog, [role=slider]")) return;
    if (find("im-brush").key(event)) return event.preventDefault();
    if (!event.ctrlKey && !event.metaKey && store.now.photo) find("im-stage").key(event.key);
    return undefined;
  });
}

function listenTop() {
  find("#open-photos").addEventListener("click", async () => addPhotos(await chooseFiles({ multiple: true })));
  find("#open-folder").addEventListener("click", async () => {
    const files = await chooseFiles({ multiple: true, folder: true });
    addPhotos(files.filter((file) => file.type.startsWith("image/")));
  });
  find("#open-film").addEventListener("click", async () => {
    const [film] = await chooseFiles({ accept: "video/*,.mkv" });
    if (film) openFilm(film);
  });
  find("#open-camera").addEventListener("click", openCamera);
  onLanguage(() => (document.title = title()));
  document.title = title();
}

const title = () => `impasto · ${t("app.name")}`;

async function load() {
  const [capabilities, styles] = await persist(() => Promise.all([app.engine.capabilities(), app.engine.styles()]));
  const own = styles.filter((style) => style.kind === "own");
  const byId = new Map([...own, ...styles].map((style) => [style.id, style])); // one's own come first
  const first = styles.find((style) => style.kind === "bundled") ?? styles[0];
  store.set({ capabilities, styles: byId, whole: only(first.id), layer: WHOLE });
}

/** Tries until the engine answers. */
async function persist(work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error.kind !== "offline" && error.kind !== "busy") throw error;
      toast(t("state.offline"), null, true);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** Whether nothing would be lost if the page were loaded anew: nothing was opened, and nothing is being chosen. */
function isUntouched({ photo, film, styles } = store.now) {
  const busy = document.querySelector("body.live, body > input[type=file], dialog[open]");
  return !photo && !film && !busy && ![...styles.values()].some(({ kind }) => kind === "new");
}

async function start() {
  app.engine = chosen(isUntouched);
  app.painter = new Painter(app.engine, () => find("im-stage").size);
  app.thumbnails = new Thumbnails(app.engine, app.painter);
  draw();
  speak(document);
  for (const [name, part] of Object.entries(PARTS)) customElements.define(name, part);
  listenTop();
  listenKeys();
  tellState();
  paintWhatIsWanted();
  await load();
  hush();
  await takeUp();
}

start().catch((error) => toast(error.message, null, true));
