/**
 * Files to pictures and back, by the browser's own decoders and encoders.
 *
 * @typedef {Object} Photo
 * @property {import("../images/arrays.js").Picture} picture upright, sRGB
 * @property {Uint8Array|null} alpha
 * @property {string} type of its file
 * @property {import("./metadata.js").Metadata} metadata
 */

import { resize } from "../images/arrays.js";
import { fill } from "../images/transparency.js";
import { readMetadata, withMetadata } from "./metadata.js";
import { encodePng } from "./png.js";

/** The most pixels of a photo. */
export const MAX_PIXELS = 50_000_000;
/** The endings of the files that browsers write. */
export const TYPES = { jpg: "image/jpeg", png: "image/png", webp: "image/webp" };
/** As good as the command line's; no loss is visible. */
const QUALITY = 95;
/** The most pixels that are read off a canvas at once. */
const STRIP = 4_000_000;

/** @param {Blob|ImageBitmap|ImageData} source @returns {Promise<Photo>} */
export async function decode(source) {
  const photo = source instanceof Blob ? await ofFile(source) : ofPixels(source);
  if (photo.alpha) fill(photo.picture, photo.alpha);
  return photo;
}

function ofPixels(source) {
  if (source instanceof ImageData) return parted(source, [source.data]);
  const photo = parted(source, stripsOf(source));
  return (photo.alpha && straight(source)) || photo;
}

async function ofFile(blob) {
  const bitmap = await opened(blob);
  if (bitmap.width * bitmap.height > MAX_PIXELS) {
    const millions = Math.round((bitmap.width * bitmap.height) / 1e6);
    throw new Error(`the photo has ${millions} megapixels; a browser paints up to ${MAX_PIXELS / 1e6}`);
  }
  const photo = ofPixels(bitmap);
  bitmap.close();
  return { ...photo, type: blob.type, metadata: readMetadata(new Uint8Array(await blob.arrayBuffer())) };
}

async function opened(blob) {
  try {
    return await createImageBitmap(blob, { premultiplyAlpha: "none", imageOrientation: "from-image" });
  } catch {
    throw new Error(`${blob.name ?? "the photo"}: is not a picture that this browser can read; give a JPEG, PNG or WebP file`);
  }
}

/** The values of a bitmap, RGBA, strip by strip. */
function* stripsOf(bitmap) {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.ceil(STRIP / width));
  const context = contextOf(new OffscreenCanvas(width, rows), { willReadFrequently: true });
  for (let top = 0; top < height; top += rows) {
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    yield context.getImageData(0, 0, width, Math.min(rows, height - top)).data;
  }
}

const contextOf = (canvas, options = {}) => /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", options));

/** Colours and alpha apart. @returns {Photo} */
function parted({ width, height }, strips) {
  const [data, alpha] = [new Uint8Array(width * height * 3), new Uint8Array(width * height)];
  let [at, place, opaque] = [0, 0, true];
  for (const rgba of strips) {
    for (let from = 0; from < rgba.length; from += 4) {
      data[at++] = rgba[from];
      data[at++] = rgba[from + 1];
      data[at++] = rgba[from + 2];
      alpha[place++] = rgba[from + 3];
      opaque &&= rgba[from + 3] === 255;
    }
  }
  return { picture: { data, height, width, channels: 3 }, alpha: opaque ? null : alpha, type: "", metadata: {} };
}

/**
 * A partly transparent photo as WebGL sees it. Canvases multiply colours by alpha, and lose most of them where it is low.
 * @returns {Photo|null} null where there is no WebGL, or the photo is too large for it
 */
function straight(bitmap) {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const rgba = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  const failed = gl.getError();
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return failed ? null : parted(bitmap, [rgba]);
}

/**
 * A picture as a file.
 * @param {import("../images/arrays.js").Picture} picture
 * @param {Photo} photo what it was painted from
 * @param {{format?: string, quality?: number, strip?: boolean}} options
 * @returns {Promise<Blob>}
 */
export async function encode(picture, photo, { format, quality = QUALITY, strip = false }) {
  const { height, width } = picture;
  const own = Object.values(TYPES).includes(photo.type) ? photo.type : TYPES.png;
  const type = format ? TYPES[format] : own;
  if (!type) throw new Error(`a browser writes no ${format} files; choose ${Object.keys(TYPES).join(", ")}`);
  const rgba = toRgba(picture, photo, type === TYPES.jpg).data;
  const exact = photo.alpha && type === TYPES.png;
  const blob = exact ? await encodePng(rgba, height, width) : await drawn(rgba, height, width, type, quality);
  if (strip) return blob;
  return new Blob([withMetadata(new Uint8Array(await blob.arrayBuffer()), photo.metadata, height, width)], { type: blob.type });
}

async function drawn(rgba, height, width, type, quality) {
  const canvas = new OffscreenCanvas(width, height);
  contextOf(canvas).putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas.convertToBlob({ type, quality: quality / 100 });
}

/** A picture with its photo's alpha, or on white. @returns {ImageData} */
export function toRgba(picture, photo, onWhite = false) {
  const { data, height, width } = picture;
  const alpha = alphaAt(photo, picture);
  const rgba = new Uint8ClampedArray(height * width * 4);
  for (let place = 0, from = 0, at = 0; place < height * width; place++) {
    const opaque = alpha ? alpha[place] : 255;
    for (let color = 0; color < 3; color++, from++, at++) {
      rgba[at] = onWhite ? 255 + ((data[from] - 255) * opaque) / 255 : data[from];
    }
    rgba[at++] = onWhite ? 255 : opaque;
  }
  return new ImageData(rgba, width, height);
}

/** A photo's alpha at the size of its picture. */
function alphaAt({ alpha, picture }, { height, width }) {
  return alpha && resize({ data: alpha, height: picture.height, width: picture.width, channels: 1 }, height, width).data;
}
