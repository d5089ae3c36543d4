/** What `impasto export-web` puts beside the module. */
declare module "*/ort.wasm.bundle.min.mjs";
declare module "*/ort.webgpu.bundle.min.mjs";
