/** Style files: safetensors, whose header is JSON, with what is known about the style among its metadata. */

const KEY = "impasto.style";

/**
 * @typedef {Object} Style
 * @property {import("../files/bundle.js").StyleInfo} info
 * @property {import("./rows.js").Row} row
 * @property {Uint8Array} [thumbnail] a small JPEG of the painting
 */

/** @param {ArrayBuffer} buffer the content of a file @returns {Style} */
export function readStyle(buffer) {
  const length = buffer.byteLength > 8 ? Number(new DataView(buffer).getBigUint64(0, true)) : Infinity;
  if (8 + length > buffer.byteLength) throw new Error("is not a style file, or is damaged");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const content = (name) => buffer.slice(...header[name].data_offsets.map((/** @type {number} */ at) => 8 + length + at));
  if (!header.__metadata__?.[KEY] || header.row?.dtype !== "F32") throw new Error("is a safetensors file, but not a style");
  const thumbnail = header.thumbnail ? new Uint8Array(content("thumbnail")) : undefined;
  return { info: JSON.parse(header.__metadata__[KEY]), row: new Float32Array(content("row")), thumbnail };
}

/** @param {Style} style @returns {Uint8Array} the content of its file */
export function writeStyle({ info, row, thumbnail }) {
  const picture = thumbnail ?? new Uint8Array();
  const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  const header = {
    __metadata__: { [KEY]: JSON.stringify(info) },
    row: { dtype: "F32", shape: [row.length], data_offsets: [0, bytes.length] },
    ...(picture.length && {
      thumbnail: { dtype: "U8", shape: [picture.length], data_offsets: [bytes.length, bytes.length + picture.length] },
    }),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + padded + bytes.length + picture.length).fill(32);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(text, 8);
  file.set(bytes, 8 + padded);
  file.set(picture, 8 + padded + bytes.length);
  return file;
}
