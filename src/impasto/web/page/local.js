/** The engine inside the browser: a stylizer in a worker. A user's styles are kept by the browser. */

import { Stylizer } from "../../impasto/stylizer.js";
import { Engine, EngineError, isAbort } from "./engine.js";
import { slugOf } from "./http.js";

const FORMATS = ["jpg", "png", "webp"];
const MAX_PIXELS = 50_000_000;
/** The quality of JPEG previews; they are looked at for a moment. */
const PREVIEW_QUALITY = 88;
/** The browser's store of the user's styles; each is a style file under its slug. */
const OWN = "own-styles";
const SUFFIX = ".safetensors";
const IDENTITY = "identity";
/** Seconds after which what a lost connection has stopped is tried again. */
const AGAIN = 2;

let count = 0;

export class LocalEngine extends Engine {
  #model;
  #loading;

  /** @param {(path: string) => URL} place where a file of the site is */
  constructor(place) {
    super();
    this.#model = place("model/");
    this.#loading = Stylizer.load(this.#model);
  }

  /** The stylizer; another one, after it could not be loaded or has ended. */
  async #stylizer() {
    const loading = (this.#loading ??= Stylizer.load(this.#model));
    const stylizer = await loading.catch(() => null);
    if (stylizer && !stylizer.closed) return stylizer;
    if (this.#loading === loading) this.#loading = null;
    return stylizer ? this.#stylizer() : refusing(() => loading);
  }

  async capabilities() {
    const [{ model }, own] = await Promise.all([this.#stylizer(), storeOfOwn()]);
    return {
      model: model.name, defaultModel: "fast", formats: FORMATS, fit: true, film: false, keep: Boolean(own), command: true,
      maxPixels: MAX_PIXELS, local: true, photos: [],
    };
  }

  async styles() {
    const { styles } = await this.#stylizer();
    const shown = styles.filter(({ slug }) => slug !== IDENTITY); // strength goes there
    return [...shown.map((info) => listed(info, "bundled", info.thumbnail)), ...(await this.#own())];
  }

  async paint(photo, blend, controls, { size, regions = [], format, strip, preview, signal } = {}) {
    const stylizer = await this.#stylizer();
    const options = { size, format, strip, quality: preview ? PREVIEW_QUALITY : undefined, signal };
    const areas = regions.map(({ mask, blend: other }) => ({ mask, style: partsOf(other) }));
    return refusing(() => stylizer.file(photo, partsOf(blend), controls, { ...options, regions: areas }));
  }

  async predict(painting, name) {
    const stylizer = await this.#stylizer();
    const style = await refusing(() => stylizer.predict(painting, { slug: slugOf(name), name }));
    return { ...opened(style, "new"), painting };
  }

  async fit(_painting, name) {
    const command = `impasto add-style PAINTING --name ${slugOf(name)}`;
    throw new EngineError(`A browser cannot train. On your computer: pip install ".[train]" in impasto's folder, then ${command}`);
  }

  async open(file) {
    const stylizer = await this.#stylizer();
    return opened(await refusing(() => stylizer.open(file)), "new");
  }

  async file(style) {
    const stylizer = await this.#stylizer();
    return refusing(() => stylizer.save(style.own ?? style.slug));
  }

  async keep(style, name) {
    const info = { ...style.own.info, slug: slugOf(name), name };
    const kept = { ...style.own, info };
    await (await caches.open(OWN)).put(addressOf(info.slug), new Response(await (await this.#stylizer()).save(kept)));
    return { ...opened(kept, "own"), painting: style.painting };
  }

  async rename(style, name) {
    const renamed = await this.keep(style, name);
    if (renamed.slug !== style.slug) await this.remove(style);
    return renamed;
  }

  async remove(style) {
    await (await caches.open(OWN)).delete(addressOf(style.slug));
  }

  /** The styles that the browser keeps; those of other models stay where they are. */
  async #own() {
    const [stylizer, cache] = await Promise.all([this.#stylizer(), storeOfOwn()]);
    if (!cache) return [];
    const files = await Promise.all((await cache.keys()).map(async (request) => (await cache.match(request)).blob()));
    const styles = await Promise.all(files.map((file) => stylizer.open(file).catch(() => null)));
    return styles.filter(Boolean).map((style) => opened(style, "own"));
  }
}

/** @returns {Promise<Cache|null>} null if the browser may keep nothing, or the page did not come by HTTPS */
const storeOfOwn = async () => globalThis.caches?.open(OWN).catch(() => null) ?? null;
const addressOf = (slug) => `${OWN}/${slug}${SUFFIX}`;

/** A blend as the stylizer takes it. */
const partsOf = (blend) => blend.map(({ style, weight }) => ({ style: style.own ?? style.slug, weight }));

/** A style that does not come with the model; `own` is what the stylizer takes. */
function opened(style, kind) {
  const picture = style.thumbnail ? URL.createObjectURL(new Blob([style.thumbnail], { type: "image/jpeg" })) : "";
  const id = kind === "own" ? style.info.slug : `new-${++count}`;
  return { ...listed(style.info, kind, picture), id, own: style };
}

/** @returns {import("./engine.js").Style} */
function listed(info, kind, thumbnail) {
  const { slug, name = "", name_zh: nameZh = "", artist = "", year = "", credit = "", licence = "" } = info;
  return { id: slug, slug, name, nameZh, artist, year, credit, licence, kind, thumbnail: thumbnail ?? "" };
}

/** What goes wrong in the worker is a refusal, in words for people. */
async function refusing(work) {
  try {
    return await work();
  } catch (error) {
    throw isAbort(error) ? error : refusal(error);
  }
}

const refusal = ({ name, message }) => new EngineError(message, name === "NetworkError" ? "offline" : "refused", AGAIN);
