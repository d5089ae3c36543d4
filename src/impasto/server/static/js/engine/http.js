/** The service as the engine of the page. */

import { pause } from "../dom.js";
import { Engine, EngineError } from "./engine.js";
import { drop, note, unclaimed } from "./jobs.js";
import { readStyleFile } from "./style-file.js";

/** How often to ask how far a long job is, in milliseconds, and how many times when the service cannot be reached. */
const ASK_EVERY = 700;
const TRIES = 90;
/** The quality of JPEG previews; they are looked at for a moment. */
const PREVIEW_QUALITY = 88;
const SUFFIX = ".safetensors";

export class HttpEngine extends Engine {
  #base;
  /** The most megabytes of a request, and of one with a film; once they are known. */
  #most = { other: Infinity, film: Infinity };
  /** The names of styles in requests; no two styles have the same. */
  #names = new Set();

  /** @param {URL} base where the service's paths begin */
  constructor(base) {
    super();
    this.#base = base;
  }

  async capabilities() {
    const about = await this.#json("about");
    this.#most = { other: about.max_megabytes, film: about.max_film_megabytes };
    return {
      model: about.models[0],
      defaultModel: about.models[0],
      formats: ["jpg", "png", "webp", "avif", "tiff"].filter((format) => about.formats.includes(format)),
      fit: about.can_fit,
      film: about.can_paint_films,
      keep: true,
      command: true,
      maxPixels: 1e6 * about.max_megapixels,
      local: isLoopback(location.hostname),
      photos: await this.#photos(),
    };
  }

  /** The photos of the folder that the service was started with. */
  async #photos() {
    const { photos } = await this.#json("photos").catch(() => ({ photos: [] }));
    return photos.map(({ id, name }) => ({
      name, address: new URL(`photos/${id}`, this.#base).href, thumbnail: new URL(`photos/${id}/thumbnail`, this.#base).href,
    }));
  }

  async styles() {
    const { styles } = await this.#json("styles");
    for (const { slug } of styles) this.#names.add(slug);
    return styles.map((style) => this.#listed(style));
  }

  async paint(photo, blend, controls, { size, regions = [], format, strip, preview, signal } = {}) {
    const form = new FormData();
    form.append("photo", photo, photo.name ?? "photo");
    form.append("style", written(blend));
    for (const { mask, blend: other } of regions) {
      form.append("region_mask", mask, "mask.png");
      form.append("region_style", written(other));
    }
    appendFiles(form, [blend, ...regions.map((region) => region.blend)]);
    const fields = { ...controls, size, format, strip_metadata: strip, quality: preview ? PREVIEW_QUALITY : undefined };
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value);
    return (await this.#send("POST", "pictures", form, signal)).blob();
  }

  async film(film, keys, controls, { size, signal, progress }) {
    const form = new FormData();
    form.append("film", film, film.name);
    form.append("style", writtenKeys(keys));
    appendFiles(form, keys.map((key) => key.blend));
    for (const [name, value] of Object.entries({ ...controls, size })) if (value !== undefined) form.append(name, value);
    const job = await this.#begin("films", form, signal, { kind: "film", name: film.name });
    return this.#film(job, signal, progress);
  }

  async #film(job, signal, progress) {
    const { result } = await this.#follow(job, signal, progress);
    return (await this.#send("GET", new URL(result, this.#base), undefined, signal)).blob();
  }

  async predict(painting, name) {
    const form = new FormData();
    form.append("painting", painting, painting.name ?? "painting");
    form.append("slug", slugOf(name));
    form.append("name", name);
    const file = await (await this.#send("POST", "styles/predict", form)).blob();
    return this.#unkept(file, painting);
  }

  async open(file) {
    try {
      return await this.#unkept(file);
    } catch {
      throw new EngineError(`${file.name}: no style file`);
    }
  }

  async file(style) {
    return style.file ?? (await this.#send("GET", `styles/${style.slug}${SUFFIX}`)).blob();
  }

  async keep(style, name) {
    await this.#send("PUT", `styles/${slugOf(name)}${SUFFIX}`, style.file);
    return this.#patch(slugOf(name), { name }, style);
  }

  async rename(style, name) {
    return this.#patch(style.slug, { slug: slugOf(name), name }, style);
  }

  async remove(style) {
    await this.#send("DELETE", `styles/${style.slug}`);
  }

  async fit({ painting, slug, name, kind }, { signal, progress }) {
    const form = new FormData();
    form.append("painting", painting, painting.name ?? "painting");
    form.append("slug", slug);
    form.append("name", name);
    form.append("replace", kind === "own");
    const job = await this.#begin("styles", form, signal, { kind: "style", name, slug });
    return { ...(await this.#fitted(job, signal, progress)), painting };
  }

  async #fitted(job, signal, progress) {
    await this.#follow(job, signal, progress);
    drop(job.id);
    const { styles } = await this.#json("styles");
    return this.#listed(styles.find((style) => style.slug === job.slug));
  }

  unfinished() {
    return unclaimed();
  }

  async takeUp(job, { signal, progress }) {
    return job.kind === "film" ? this.#film(job, signal, progress) : this.#fitted(job, signal, progress);
  }

  giveUp(id) {
    drop(id);
    this.#send("DELETE", `jobs/${id}`).catch(() => {});
  }

  /** A style from its file, not kept by the service. @returns {Promise<import("./engine.js").Style>} */
  async #unkept(file, painting) {
    const { info, thumbnail } = await readStyleFile(file);
    const slug = this.#free(info.slug || slugOf(""));
    const picture = thumbnail ?? painting;
    return { ...about(info), id: `new-${slug}`, slug, kind: "new", thumbnail: picture ? URL.createObjectURL(picture) : "", file, painting };
  }

  /** A name that no other style has. */
  #free(slug) {
    let free = slug;
    for (let number = 2; this.#names.has(free); number++) free = `${slug}-${number}`;
    this.#names.add(free);
    return free;
  }

  async #patch(slug, changes, { painting }) {
    const style = await (await this.#send("PATCH", `styles/${slug}`, JSON.stringify(changes))).json();
    return { ...this.#listed(style), painting };
  }

  /** Starts a job, and notes it with what is known of it. @returns {Promise<import("./jobs.js").Begun>} */
  async #begin(path, form, signal, known) {
    const { id } = await (await this.#send("POST", path, form, signal)).json();
    const job = { id, ...known };
    note(job);
    return job;
  }

  /** Waits for a job; it is cancelled when `signal` is aborted, and so is the fetching of what came of it. */
  async #follow({ id }, signal, progress) {
    signal.addEventListener("abort", () => this.giveUp(id), { once: true });
    try {
      for (;;) {
        const job = await this.#asked(id, signal);
        if (job.state === "failed" || job.state === "cancelled") throw new EngineError(job.error);
        progress(job);
        if (job.state === "done") return job;
        await pause(ASK_EVERY, signal);
      }
    } catch (error) {
      if (error.kind !== "offline") drop(id);
      throw error;
    }
  }

  /** A job as it is now. A connection that fails for a while ends nothing: the job goes on. */
  async #asked(id, signal) {
    for (let left = TRIES; ; left--) {
      try {
        return await this.#json(`jobs/${id}`);
      } catch (error) {
        if (!left || !["offline", "busy"].includes(error.kind)) throw error;
      }
      await pause(ASK_EVERY, signal);
    }
  }

  /** A style of the service's list. @returns {import("./engine.js").Style} */
  #listed({ slug, own, thumbnail, ...info }) {
    const address = thumbnail ? new URL(thumbnail, this.#base).href : "";
    return { ...about(info), id: slug, slug, kind: own ? "own" : "bundled", thumbnail: address };
  }

  async #json(path) {
    return (await this.#send("GET", path)).json();
  }

  async #send(method, path, body, signal) {
    if (body instanceof FormData) checkSize(body, path === "films" ? this.#most.film : this.#most.other);
    const response = await this.#reach(method, path, body, signal);
    if (!response.ok) throw await refusal(response);
    return response;
  }

  async #reach(method, path, body, signal) {
    const headers = typeof body === "string" ? { "Content-Type": "application/json" } : {};
    try {
      return await fetch(new URL(path, this.#base), { method, body, headers, signal });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new EngineError(String(error), "offline", 1);
    }
  }
}

/** What is known about a style, from the fields that the service and style files have. */
function about({ name = "", name_zh: nameZh = "", artist = "", year = "", credit = "", licence = "" }) {
  return { name, nameZh, artist, year, credit, licence };
}

/** Refuses at once what the service would refuse once all of it was sent. */
function checkSize(form, most) {
  const files = [...form.values()].filter((value) => value instanceof File);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > 1e6 * most) throw new EngineError(`${files[0].name}: is larger than the ${most} MB that the service takes`);
}

async function refusal(response) {
  const { detail } = await response.json().catch(() => ({}));
  const kind = { 404: "gone", 429: "busy", 503: "busy" }[response.status] ?? "refused";
  return new EngineError(detail ?? response.statusText, kind, Number(response.headers.get("Retry-After")));
}

/** A blend as the command line has it. */
const written = (blend) =>
  blend.length === 1 ? blend[0].style.slug : blend.map(({ style, weight }) => `${style.slug}:${weight}`).join(",");

/** Keyframes as the command line has them. */
export function writtenKeys(keys) {
  if (keys.length === 1) return written(keys[0].blend);
  return keys.map(({ at, blend }) => `${at}:${written(blend).replaceAll(",", "+")}`).join(", ");
}

/** Sends along the files of styles that the service does not keep. */
function appendFiles(form, blends) {
  for (const style of unlisted(blends)) form.append("style_file", style.file, `${style.slug}${SUFFIX}`);
}

/** The styles of blends that the service does not keep; their files go along. */
function unlisted(blends) {
  return new Set(blends.flat().map(({ style }) => style).filter((style) => style.file));
}

/** A name as the service takes it for a style. */
export function slugOf(name) {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "my-style";
}

const isLoopback = (host) => host === "localhost" || host === "[::1]" || host.startsWith("127.");
