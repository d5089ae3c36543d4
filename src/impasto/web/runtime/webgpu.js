/**
 * Networks on the graphics processor, if it paints what the processor paints, in no more time. Both paint small photos
 * once. The answer is remembered for this version, this browser and this graphics processor. All is computed in float32.
 */

import { Networks } from "./networks.js";

const RUNTIME = "webgpu.wasm";
/** Style rows are cut into more parts than a shader has buffers, so the processor cuts them. */
const PROVIDER = { name: "webgpu", forceCpuNodeNames: ["/Split", "/Split_1"] };
const ANSWERS = "backends";
const [USED, UNUSED] = ["used", "unused"];
/** Sides of the photos whose pictures are compared, and whose times are. */
const [SMALL, TIMED] = [64, 256];
/** By how much two pictures may differ, from 0 to 1. */
const MOST = 2 / 255;
/** Milliseconds that no graphics processor takes for the small photo. */
const ENDLESS = 1000;

/**
 * @param {import("../files/bundle.js").Bundle} bundle
 * @param {Networks} processor what is compared with
 * @param {(work: () => Promise<any>) => Promise<any>} inTurn does work between two pictures
 * @param {boolean} software whether a graphics processor will do that is none, but a program
 * @returns {Promise<Networks|null>} null without a graphics processor, or if it paints something else
 */
export async function webgpu(bundle, processor, inTurn, software) {
  const adapter = await /** @type {any} */ (navigator).gpu?.requestAdapter();
  if (!adapter || (adapter.info.isFallbackAdapter && !software)) return null;
  const question = about(bundle, adapter, software);
  const known = await recall(question);
  if (known === UNUSED) return null;
  const trial = { processor, inTurn, gone: new AbortController(), rows: [...(await bundle.rows()).values()] };
  const networks = await networksOf(bundle, trial.gone);
  const used = networks && (known === USED || (await passes(networks, trial, software)));
  if (known !== USED) await remember(question, used ? USED : UNUSED);
  if (!used) networks?.release();
  return used ? networks : null;
}

/** What an answer is about. */
function about({ manifest: { model, files } }, { info }, software) {
  const { vendor, architecture, device, description } = info;
  const versions = [files[RUNTIME].sha256, files["network.onnx"].sha256, model.network, navigator.userAgent, software];
  return JSON.stringify([...versions, vendor, architecture, device, description]);
}

/** Networks that compute until their device is gone, or null if they cannot be made. */
async function networksOf(bundle, gone) {
  const [ort, wasmBinary] = await Promise.all([import("../ort/ort.webgpu.bundle.min.mjs"), bundle.unkept(RUNTIME)]);
  ort.env.logLevel = "error"; // it warns that the processor does a part, which is meant
  Object.assign(ort.env.wasm, { wasmBinary, numThreads: 1 });
  const networks = new Networks(ort, bundle, PROVIDER, gone.signal);
  const made = await networks.prepare().then(() => true, () => false);
  ort.env.wasm.wasmBinary = undefined; // it is compiled, and takes 27 MB
  ort.env.webgpu?.device?.lost.then(() => gone.abort(new Error("the graphics processor is lost")));
  return made ? networks : null;
}

/** Whether networks are quick and right. What needs seconds to compile, or is slow, holds no picture up. */
async function passes(networks, { processor, inTurn, gone, rows }, software) {
  const [small, mixed, large] = [photo(SMALL, rows.slice(0, 1)), photo(SMALL, rows.slice(0, 2)), photo(TIMED, rows.slice(0, 1))];
  const paints = async (view, limit) => {
    await networks.paint(view, null); // compiles what this size needs
    await inTurn(async () => within(await limit(), gone, () => networks.paint(view, null)));
    return true;
  };
  const isEndless = !software && !(await paints(small, () => ENDLESS).catch(() => false));
  if (isEndless || !(await agree(processor, networks, [small, mixed], inTurn))) return false;
  return software || paints(large, () => milliseconds(() => processor.paint(large, null))).catch(() => false);
}

/** Does work that has so many milliseconds; a graphics processor that takes longer is given up. */
async function within(most, gone, work) {
  const timer = setTimeout(() => gone.abort(new Error("the graphics processor takes too long")), most);
  await work().finally(() => clearTimeout(timer));
}

async function milliseconds(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Whether both paint the same by every graph: whole pictures and tiles, in one style and in several. */
async function agree(processor, networks, views, inTurn) {
  for (const view of views) {
    for (const tiled of [false, true]) {
      const paint = async (by) => by.paint(view, tiled ? await by.measure(view) : null);
      const wanted = await inTurn(() => paint(processor));
      const found = await paint(networks).catch(() => null);
      const same = found?.length === wanted.length && wanted.every((value, place) => Math.abs(value - found[place]) <= MOST);
      if (!same) return false;
    }
  }
  return true;
}

/** Waves in three colours; two styles fade into each other. @returns {import("./networks.js").View} */
function photo(side, styles) {
  const image = Float32Array.from({ length: 3 * side * side }, (_, at) => 0.5 + 0.4 * Math.sin(at / 37) * Math.cos(at / 997));
  const left = Float32Array.from({ length: side * side }, (_, at) => (at % side) / (side - 1));
  const masks = styles.length > 1 ? new Float32Array([...left, ...left.map((share) => 1 - share)]) : null;
  return { image, height: side, width: side, styles, masks };
}

const addressOf = (question) => new URL(`${ANSWERS}/${encodeURIComponent(question)}`, location.href);

/** What was remembered; nothing where the browser keeps nothing. */
async function recall(question) {
  const answer = await caches.open(ANSWERS).then((answers) => answers.match(addressOf(question))).catch(() => undefined);
  return answer?.text();
}

async function remember(question, answer) {
  await caches.open(ANSWERS).then((answers) => answers.put(addressOf(question), new Response(answer))).catch(() => {});
}
