/** PNG files of four channels: canvases multiply colours by alpha, and lose those under transparent parts. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/** @param {Uint8Array} file */
export const isPng = (file) => SIGNATURE.every((byte, at) => file[at] === byte);

/** @param {Uint8Array} file */
export function* chunksOf(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 8; at + 12 <= file.length; ) {
    const length = view.getUint32(at);
    yield { kind: String.fromCharCode(...file.subarray(at + 4, at + 8)), content: file.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

/** A chunk with its length and checksum. @param {string} kind @param {Uint8Array} content */
export function chunk(kind, content) {
  const made = new Uint8Array(12 + content.length);
  const view = new DataView(made.buffer);
  view.setUint32(0, content.length);
  made.set(Array.from(kind, (letter) => letter.charCodeAt(0)), 4);
  made.set(content, 8);
  view.setUint32(8 + content.length, checksum(made.subarray(4, 8 + content.length)));
  return made;
}

function checksum(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** @param {Uint8ClampedArray} rgba @returns {Promise<Blob>} */
export async function encodePng(rgba, height, width) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 6], 8);
  const rows = new Uint8Array(height * (4 * width + 1));
  for (let row = 0; row < height; row++) {
    const at = row * (4 * width + 1);
    rows[at] = 1; // each byte less that of the pixel before
    for (let place = 0, from = row * 4 * width; place < 4 * width; place++) {
      rows[at + 1 + place] = rgba[from + place] - (place < 4 ? 0 : rgba[from + place - 4]);
    }
  }
  const packed = await new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer();
  const chunks = [chunk("IHDR", header), chunk("IDAT", new Uint8Array(packed)), chunk("IEND", new Uint8Array())];
  return new Blob([Uint8Array.from(SIGNATURE), ...chunks], { type: "image/png" });
}
