/** Networks that fail: files that cannot be loaded for a while, and a graphics processor that is lost. */

import assert from "node:assert/strict";
import { test } from "node:test";

const MODULE = "../../src/impasto/web/";
const { Bundle } = await import(`${MODULE}files/bundle.js`);
const { Backends } = await import(`${MODULE}runtime/backends.js`);
const { Networks } = await import(`${MODULE}runtime/networks.js`);

const VIEW = { image: new Float32Array(48), height: 4, width: 4, styles: [new Float32Array(2)], masks: null };
const FILES = Object.fromEntries(["network.onnx", "network.safetensors"].map((path) => [path, { path, sha256: "" }]));

/** A model whose files cannot be loaded while `away`. */
function modelOf(connection) {
  return new Bundle({ files: FILES }, async ({ path }) => {
    if (connection.away) throw new Error("no connection");
    connection.loaded.push(path);
    return new Uint8Array(4);
  });
}

/** What stands in for ONNX Runtime: each picture is one number; `open` has the sessions that were not given back. */
function runtimeOf(value, run = async () => {}) {
  const open = new Set();
  const create = async () => {
    const session = { run: async () => (await run(), { picture: { data: value } }), release: async () => open.delete(session) };
    open.add(session);
    return session;
  };
  return { open, Tensor: class {}, InferenceSession: { create } };
}

const model = () => modelOf({ away: false, loaded: [] });
const never = () => new Promise(() => {});

test("what could not be loaded is loaded once there is a connection, and then once", async () => {
  const connection = { away: true, loaded: [] };
  const networks = new Networks(runtimeOf("picture"), modelOf(connection));
  await assert.rejects(networks.paint(VIEW, null), /no connection/);
  connection.away = false;
  assert.equal(await networks.paint(VIEW, null), "picture");
  assert.equal(await networks.paint(VIEW, null), "picture");
  assert.deepEqual(connection.loaded.toSorted(), Object.keys(FILES));
});

test("a picture that a lost device never finishes is painted by the processor, and the device's memory is given back", async () => {
  const [lost, processor] = [new AbortController(), runtimeOf("slow")];
  let finish;
  const device = runtimeOf("fast", () => new Promise((resolve) => (finish = resolve)));
  const changes = [];
  const networks = new Backends(new Networks(processor, model()), (now) => changes.push(now));
  await networks.paint(VIEW, null);
  networks.use(new Networks(device, model(), "webgpu", lost.signal));
  const painting = networks.paint(VIEW, null);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(processor.open.size, 0); // it does not paint any more
  lost.abort(new Error("lost"));
  assert.equal(await painting, "slow");
  assert.deepEqual(changes, ["webgpu", "wasm"]);
  assert.deepEqual([processor.open.size, device.open.size], [1, 1]); // nothing is taken from a run that goes on
  finish();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(device.open.size, 0);
});

test("nothing is begun on a device that is gone", async () => {
  await assert.rejects(new Networks(runtimeOf("", never), model(), "webgpu", AbortSignal.abort(new Error("gone"))).paint(VIEW, null), /gone/);
});
