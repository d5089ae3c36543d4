/**
 * The worker in which everything is computed, so that the page never waits. Messages in: {id, method, given} or
 * {cancel: id}; messages out: {id, result}, {id, error}, {id, share}, {backend}. One picture is painted at a time.
 */

import { Bundle } from "./files/bundle.js";
import { MAX_PIXELS, decode, encode, toRgba } from "./files/codec.js";
import { scaled } from "./images/arrays.js";
import { maskOf } from "./images/masks.js";
import { noise } from "./images/noise.js";
import * as ort from "./ort/ort.wasm.bundle.min.mjs";
import { Backends } from "./runtime/backends.js";
import { Networks } from "./runtime/networks.js";
import { webgpu } from "./runtime/webgpu.js";
import { Studio } from "./stylize/studio.js";

const WASM = "onnxruntime.wasm";
const THUMBNAIL = 192;

/** @type {Studio} */
let studio;
/** Requests that somebody waits for. */
const wanted = new Set();
let before = Promise.resolve();

const methods = {
  async load({ folder, controlled, backend, threads }) {
    const bundle = await Bundle.open(folder);
    const numThreads = globalThis.crossOriginIsolated ? threads : 1;
    Object.assign(ort.env.wasm, await runtime(bundle, new URL(WASM, folder).href, controlled), { numThreads });
    const processor = new Networks(ort, bundle);
    const networks = new Backends(processor, (now) => postMessage({ backend: now }));
    const opening = Studio.open(networks, bundle);
    noise({ top: 0, left: 0, height: 1, width: 1 }); // its cells are drawn while networks are made ready
    studio = await opening;
    ort.env.wasm.wasmBinary = undefined; // it is compiled, and takes 14 MB
    if (backend !== "wasm") accelerate(networks, webgpu(bundle, processor, inTurn, backend === "webgpu"));
    return { manifest: bundle.manifest, threads: numThreads };
  },

  async paint({ image, request }, breathe) {
    const photo = await decode(image);
    const picture = await painted(photo, request, breathe);
    return toRgba(picture, photo);
  },

  async file({ image, request, options }, breathe) {
    const photo = await decode(image);
    return encode(await painted(photo, request, breathe), photo, options);
  },

  async predict({ image }) {
    const { picture, alpha } = await decode(image);
    const row = await studio.predict(picture, alpha);
    const small = Math.max(picture.height, picture.width) > THUMBNAIL ? scaled(picture, { longer: THUMBNAIL }) : picture;
    const bare = { picture, alpha: null, type: "", metadata: {} };
    const thumbnail = await encode(small, bare, { format: "jpg", quality: 85, strip: true });
    return { row, thumbnail: new Uint8Array(await thumbnail.arrayBuffer()) };
  },

  async row({ slug }) {
    return studio.row(slug);
  },
};

/**
 * ONNX Runtime's code. If a service worker keeps it unpacked, that is an address: browsers compile it while it is read, and
 * keep what they compiled. Otherwise it is bytes.
 */
async function runtime(bundle, address, controlled) {
  const kept = controlled && (await caches.match(address)) && (await fetch(address)).ok;
  return kept ? { wasmPaths: { wasm: address } } : { wasmBinary: await bundle.unkept(WASM) };
}

/** Lets networks that are still made paint, between two pictures. Without them, all goes on as it is. */
async function accelerate(networks, /** @type {Promise<Networks|null>} */ making) {
  const made = await making.catch(() => null);
  if (made) await inTurn(async () => networks.use(made));
}

function inTurn(work) {
  const done = before.then(work);
  before = done.catch(() => {});
  return done;
}

async function painted(photo, /** @type {any} */ { regions = [], ...request }, breathe) {
  const masks = await Promise.all(regions.map(async ({ mask }) => {
    const { picture, alpha } = await decode(mask);
    return maskOf(picture, alpha);
  }));
  checkSize(photo.picture, request.size);
  const areas = regions.map(({ blend }, index) => ({ mask: masks[index], blend }));
  return studio.paint(photo.picture, { ...request, regions: areas }, breathe);
}

function checkSize({ height, width }, asked) {
  const size = asked ?? Math.max(height, width);
  const pixels = height * width * (size / Math.max(height, width)) ** 2;
  if (!(size >= 1)) throw new Error(`size ${size}: must be at least 1`);
  if (pixels > MAX_PIXELS) throw new Error(`size ${size}: would get more than ${MAX_PIXELS / 1e6} megapixels`);
}

async function answer({ id, method, given }) {
  /** Lets messages in, so that a picture that nobody waits for any more is left. */
  const breathe = async (share) => {
    postMessage({ id, share });
    await new Promise((resolve) => setTimeout(resolve));
    if (!wanted.has(id)) throw new DOMException("nobody waits for the picture any more", "AbortError");
  };
  try {
    await breathe(0);
    postMessage({ id, result: await methods[method](given, breathe) });
  } catch (error) {
    postMessage({ id, error: { name: error.name, message: error.message } });
  }
  wanted.delete(id);
}

addEventListener("message", ({ data }) => {
  if (data.cancel) return void wanted.delete(data.cancel);
  wanted.add(data.id);
  return void inTurn(() => answer(data));
});
