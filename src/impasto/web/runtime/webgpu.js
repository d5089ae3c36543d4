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
  const { vendor, architecture, device, description } = adapter.info;
  const { network, files } = { ...bundle.manifest.model, ...bundle.manifest };
  const about = [files[RUNTIME].sha256, files["network.onnx"].sha256, network, navigator.userAgent, software];
  const question = JSON.stringify([...about, vendor, architecture, device, description]);
  const known = await recall(question);
  if (known === UNUSED) return null;
  const networks = new Networks(await runtime(bundle), bundle, PROVIDER);
  if (known === USED) return networks;
  const rows = [...(await bundle.rows()).values()];
  const right = await agree(processor, networks, [trial(SMALL, rows.slice(0, 1)), trial(SMALL, rows.slice(0, 2))], inTurn);
  const used = right && (software || (await isFast(processor, networks, rows.slice(0, 1), inTurn).catch(() => false)));
  await remember(question, used ? USED : UNUSED);
  return used ? networks : null;
}

async function runtime(bundle) {
  const [ort, wasmBinary] = await Promise.all([import("../ort/ort.webgpu.bundle.min.mjs"), bundle.bytes(RUNTIME)]);
  ort.env.logLevel = "error"; // it warns that the processor does a part, which is meant
  Object.assign(ort.env.wasm, { wasmBinary, numThreads: 1 });
  return ort;
}

/** Whether both paint the same by every graph: whole pictures and tiles, in one style and in several. */
async function agree(processor, networks, views, inTurn) {
  for (const view of views) {
    for (const tiled of [false, true]) {
      const paint = async (by) => by.paint(view, tiled ? await by.measure(view) : null);
      const same = await inTurn(async () => {
        const wanted = await paint(processor);
        const found = await paint(networks).catch(() => null);
        return found?.length === wanted.length && wanted.every((value, place) => Math.abs(value - found[place]) <= MOST);
      });
      if (!same) return false;
    }
  }
  return true;
}

/** Whether WebGPU takes no longer. Some graphics processors are programs that do not say so, and take minutes. */
async function isFast(processor, networks, styles, inTurn) {
  const [small, large] = [trial(SMALL, styles), trial(TIMED, styles)];
  if ((await inTurn(() => milliseconds(networks, small))) > ENDLESS) return false;
  await inTurn(() => networks.paint(large, null)); // compiles what this size needs
  return inTurn(async () => (await milliseconds(networks, large)) <= (await milliseconds(processor, large)));
}

async function milliseconds(networks, view) {
  const start = performance.now();
  await networks.paint(view, null);
  return performance.now() - start;
}

/** Waves in three colours; two styles fade into each other. @returns {import("./networks.js").View} */
function trial(side, styles) {
  const image = Float32Array.from({ length: 3 * side * side }, (_, at) => 0.5 + 0.4 * Math.sin(at / 37) * Math.cos(at / 997));
  const left = Float32Array.from({ length: side * side }, (_, at) => (at % side) / (side - 1));
  const masks = styles.length > 1 ? new Float32Array([...left, ...left.map((share) => 1 - share)]) : null;
  return { image, height: side, width: side, styles, masks };
}

const addressOf = (question) => new URL(`${ANSWERS}/${encodeURIComponent(question)}`, location.href);

async function recall(question) {
  const answer = await (await caches.open(ANSWERS)).match(addressOf(question));
  return answer?.text();
}

async function remember(question, answer) {
  await (await caches.open(ANSWERS)).put(addressOf(question), new Response(answer));
}
