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
  if (source instanceof ImageData) return parted(source, [source.data]);
  if (source instanceof ImageBitmap) return parted(source, stripsOf(source));
  const bitmap = await opened(source);
  if (bitmap.width * bitmap.height > MAX_PIXELS) {
    throw new Error(`the photo has ${Math.round((bitmap.width * bitmap.height) / 1e6)} megapixels; a browser paints up to ${MAX_PIXELS / 1e6}`);
  }
  let photo = parted(bitmap, stripsOf(bitmap));
  bitmap.close();
  if (photo.alpha) photo = (await straight(source, photo.picture)) ?? photo;
  if (photo.alpha) fill(photo.picture, photo.alpha);
  return { ...photo, type: source.type, metadata: readMetadata(new Uint8Array(await source.arrayBuffer())) };
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
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  for (let top = 0; top < height; top += rows) {
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    yield context.getImageData(0, 0, width, Math.min(rows, height - top)).data;
  }
}

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

/** A partly transparent photo whose colours were not multiplied by alpha, where the browser has a decoder that says them. */
async function straight(blob, { height, width }) {
  if (!globalThis.ImageDecoder) return null;
  try {
    const decoder = new ImageDecoder({ data: blob.stream(), type: blob.type, premultiplyAlpha: "none" });
    const { image } = await decoder.decode();
    if (image.displayWidth !== width || image.displayHeight !== height) return null; // turned by EXIF
    const rgba = new Uint8Array(image.allocationSize({ format: "RGBA" }));
    await image.copyTo(rgba, { format: "RGBA" });
    image.close();
    return parted({ width, height }, [rgba]);
  } catch {
    return null;
  }
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
  const blob = photo.alpha && type === TYPES.png ? await encodePng(rgba, height, width) : await drawn(rgba, height, width, type, quality);
  if (strip) return blob;
  return new Blob([withMetadata(new Uint8Array(await blob.arrayBuffer()), photo.metadata, height, width)], { type: blob.type });
}

async function drawn(rgba, height, width, type, quality) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas.convertToBlob({ type, quality: quality / 100 });
}

/** A picture with its photo's alpha, or on white. @returns {ImageData} */
export function toRgba(picture, photo, onWhite = false) {
  const { data, height, width } = picture;
  const alpha = alphaAt(photo, picture);
  const rgba = new Uint8ClampedArray(height * width * 4);
  for (let place = 0, from = 0, at = 0; place < height * width; place++) {
    const opaque = alpha ? alpha[place] : 255;
    for (let color = 0; color < 3; color++, from++, at++) rgba[at] = onWhite ? 255 + ((data[from] - 255) * opaque) / 255 : data[from];
    rgba[at++] = onWhite ? 255 : opaque;
  }
  return new ImageData(rgba, width, height);
}

/** A photo's alpha at the size of its picture. */
function alphaAt({ alpha, picture }, { height, width }) {
  return alpha && resize({ data: alpha, height: picture.height, width: picture.width, channels: 1 }, height, width).data;
}
