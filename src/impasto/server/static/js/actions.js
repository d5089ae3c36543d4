/** What the user can do, from wherever in the page. */

import { DEFAULTS, WHOLE, activeArea, activeMix, app, blendOf, store } from "./app.js";
import { download } from "./dom.js";
import { isAbort } from "./engine/engine.js";
import { filmOf, withChanged, withMixes } from "./film.js";
import { t, title } from "./i18n.js";
import { MOST, only, toggled } from "./mix.js";
import { Photo } from "./photo.js";
import { toast } from "./parts/toast.js";

const IMAGES = /\.(jpe?g|png|webp|avif|gif|bmp|tiff?|heic|heif)$/i;
const STYLE_FILE = ".safetensors";
const FILMS = /\.(mp4|m4v|mov|mkv|webm|avi|mts|m2ts|mpe?g|3gp|wmv)$/i;
const isFilm = (file) => file.type.startsWith("video/") || FILMS.test(file.name);
const isImage = (file) => file.type.startsWith("image/") || IMAGES.test(file.name);

/** Sorts dropped or pasted files: style files are opened, pictures are photos or, if asked for, paintings. */
export async function take(files, as = "photo") {
  for (const file of files.filter((each) => each.name?.endsWith(STYLE_FILE))) await openStyle(file);
  const images = files.filter(isImage);
  const film = files.find(isFilm);
  const other = files.find((file) => !isImage(file) && !isFilm(file) && !file.name?.endsWith(STYLE_FILE));
  if (film) openFilm(film);
  if (other) toast(t("state.unreadable", { name: other.name }));
  if (as === "style") for (const file of images) await addPainting(file);
  else await addPhotos(images);
}

/** Adds photos, and shows the first of them. */
export async function addPhotos(files) {
  let first = true;
  for (const file of files) {
    const photo = await readPhoto(file);
    if (!photo) continue;
    store.set({ photos: [...store.now.photos, photo] });
    if (first) await showPhoto(photo);
    else photo.rest();
    first = false;
  }
}

async function readPhoto(file) {
  const name = file.name || "photo.jpg";
  try {
    return await Photo.read(file, name, displayable);
  } catch (error) {
    toast(error.kind ? `${name}: ${error.message}` : t("state.unreadable", { name }));
    return null;
  }
}

/** A file that the browser cannot decode, as the engine reads it: painted with a strength of 0. */
function displayable(file) {
  const [style] = store.now.styles.values();
  return app.engine.paint(file, [{ style, weight: 1 }], { ...DEFAULTS, strength: 0 }, { format: "jpg" });
}

let wanted = null;

/** Shows a photo; another one's bitmap is given back. */
export async function showPhoto(photo) {
  wanted = photo;
  await photo?.open();
  const before = store.now.photo;
  if (wanted !== photo) return;
  closeFilm();
  if (before === photo) return;
  store.set({ photo, layer: WHOLE, tool: null });
  before?.rest();
}

export function removePhoto(photo) {
  const left = store.now.photos.filter((each) => each !== photo);
  const before = left[Math.max(0, store.now.photos.indexOf(photo) - 1)] ?? null;
  store.set({ photos: left });
  app.thumbnails.forget(photo);
  if (store.now.photo === photo) showPhoto(before);
}

/** Gives the layer that is worked on another mix. */
export function setMix(mix) {
  const { film } = store.now;
  if (film) return changeFilm(withChanged(film, { mix }));
  const area = activeArea();
  if (!area) return store.set({ whole: mix });
  area.mix = mix;
  return store.set({ areas: store.now.areas + 1 });
}

export const pick = (id) => setMix(only(id));

export function toggle(id) {
  const mix = activeMix();
  if (!mix.ids.includes(id) && mix.ids.length === MOST) return toast(t("styles.full"));
  return setMix(toggled(mix, id));
}

export const setControls = (changes) => store.set({ controls: { ...store.now.controls, ...changes } });

/** Adds an area, which has the styles of the whole until others are chosen, and takes up the brush. */
export function addArea() {
  const { photo, whole } = store.now;
  const area = photo.addArea(whole);
  store.set({ layer: area.id, tool: "brush", areas: store.now.areas + 1, compare: false });
}

export function removeArea(area) {
  const { photo } = store.now;
  photo.areas = photo.areas.filter((each) => each !== area);
  store.set({ layer: WHOLE, tool: null, areas: store.now.areas + 1 });
}

export function showLayer(id) {
  store.set({ layer: id, tool: id === WHOLE ? null : "brush", compare: id === WHOLE && store.now.compare });
}

/** A change of the active area's mask. @param {(mask: import("./mask.js").Mask) => void} change */
export function changeMask(change) {
  const area = activeArea();
  if (!area) return;
  change(area.mask);
  area.version += 1;
  store.set({ areas: store.now.areas + 1 });
}

/** Makes a painting a style, at once, and paints in it. */
export async function addPainting(file) {
  toast(t("style.reading"));
  const name = (file.name || "").replace(/\.[^.]+$/, "");
  const style = await attempt(() => app.engine.predict(file, name));
  if (!style) return;
  putStyle(style);
  pick(style.id);
  toast(t("style.ready"));
}

export async function openStyle(file) {
  const style = await attempt(() => app.engine.open(file));
  if (!style) return;
  putStyle(style);
  pick(style.id);
}

/** Puts a style into the list: the user's own come first. */
export function putStyle(style, instead = style.id) {
  const others = [...store.now.styles].filter(([id]) => id !== style.id && id !== instead);
  store.set({ styles: new Map([[style.id, style], ...others]) });
  if (instead !== style.id) changeMixes((mix) => ({ ...mix, ids: mix.ids.map((id) => (id === instead ? style.id : id)) }));
}

function changeMixes(changed) {
  for (const area of store.now.photos.flatMap((photo) => photo.areas)) area.mix = changed(area.mix);
  if (store.now.film) store.set({ film: withMixes(store.now.film, changed) });
  store.set({ whole: changed(store.now.whole), areas: store.now.areas + 1 });
}

export async function keepStyle(style, name) {
  const act = style.kind === "new" ? "keep" : "rename";
  const kept = await attempt(() => app.engine[act](style, name));
  if (!kept) return null;
  putStyle(kept, style.id);
  toast(t("style.kept", { name: title(kept) }));
  return kept;
}

export async function removeStyle(style) {
  if (style.kind === "own" && (await attempt(() => app.engine.remove(style).then(() => true))) !== true) return;
  const styles = new Map([...store.now.styles].filter(([id]) => id !== style.id));
  store.set({ styles });
  const [next] = styles.keys();
  const without = (mix) => (mix.ids.length > 1 ? toggled(mix, style.id) : only(next));
  changeMixes((mix) => (mix.ids.includes(style.id) ? without(mix) : mix));
  toast(t("style.removed"));
}

let fit = null;

/** Trains a style on its painting; one at a time. */
export async function improve(style) {
  const better = await fitted(style, (options) => app.engine.fit(style, options));
  if (better) putStyle(better, style.id);
}

async function fitted({ id, name }, work) {
  fit = new AbortController();
  const progress = (job) => store.set({ fitting: { style: id, name, ...job } });
  progress({ done: 0, total: 0 });
  const better = await attempt(() => work({ signal: fit.signal, progress }), name);
  store.set({ fitting: null });
  if (better) toast(t("style.better.done", { name: title(better) }));
  return better;
}

export const cancelImprove = () => fit?.abort();

/** Opens a film, in the styles that are chosen now. */
export function openFilm(file) {
  if (filmAbort) return;
  document.querySelector("im-camera").close();
  changeFilm(filmOf(file, activeMix()));
}

/** Changes the film; a painted one is not it any more. */
export function changeFilm(film) {
  if (filmAbort) return;
  offerPainted();
  forgetPainted();
  store.set({ film, filming: null, areas: store.now.areas + 1 });
}

let filmAbort = null;

/** Offers a painted film once more that is left without having been downloaded: it may have taken an hour. */
function offerPainted() {
  const { id, blob, name } = store.now.filming ?? {};
  if (id && blob) toast(t("film.left"), { label: t("film.save"), act: () => download(blob, name) });
}

/** Lets the engine forget the painted film: it is here, or nobody wants it. */
export function forgetPainted() {
  const { filming } = store.now;
  if (filming?.id) app.engine.giveUp(filming.id);
  if (filming) store.set({ filming: { ...filming, id: "" } });
}

/** Closes the film, unless it is being painted. */
export function closeFilm() {
  if (!filmAbort && store.now.film) changeFilm(null);
}

/** Paints the film. @param {number} [size] the long side of frames, in pixels */
export async function paintFilm(size) {
  const { film, controls } = store.now;
  const keys = film.keys.map(({ at, mix }) => ({ at, blend: blendOf(mix) }));
  await filmed(film, (options) => app.engine.film(film.file, keys, controls, { size, ...options }));
}

async function filmed({ name }, work) {
  filmAbort = new AbortController();
  const progress = (filming) => store.set({ filming });
  progress({ id: "", done: 0, total: 0 });
  const blob = await attempt(() => work({ signal: filmAbort.signal, progress }), name);
  filmAbort = null;
  const { id } = store.now.filming;
  store.set({ filming: blob && { id, blob, name: `${name.replace(/\.[^.]+$/, "")}-painted.mp4` } });
}

export const cancelFilm = () => filmAbort?.abort();

/** Takes up what was begun before the page was loaded anew. */
export async function takeUp() {
  for (const job of await app.engine.unfinished()) {
    if (job.kind === "film") takeUpFilm(job);
    else takeUpFit(job);
  }
}

async function takeUpFilm(job) {
  const film = filmOf(null, activeMix(), job.name);
  store.set({ film });
  await filmed(film, (options) => app.engine.takeUp(job, options));
  if (!store.now.filming) closeFilm();
}

async function takeUpFit(job) {
  const better = await fitted({ id: job.slug, name: job.name }, (options) => app.engine.takeUp(job, options));
  if (better) putStyle(better);
}

/** What an engine answers, or null if it refuses, which is said. @param {string} [name] what is not there any more, if it is not */
export async function attempt(work, name = "") {
  try {
    return await work();
  } catch (error) {
    if (!isAbort(error)) toast(name && error.kind === "gone" ? t("state.gone", { name }) : error.message);
    return null;
  }
}
