/**
 * What a picture's file says about it: EXIF, XMP and IPTC. It is copied from a photo's file to its picture's.
 *
 * @typedef {{exif?: Uint8Array, xmp?: Uint8Array, iptc?: Uint8Array}} Metadata
 */

import { chunk, chunksOf, isPng } from "./png.js";

const text = (bytes) => new TextDecoder("latin1").decode(bytes);
const bytesOf = (words) => Uint8Array.from(words, (letter) => letter.charCodeAt(0));
const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const IPTC = "Photoshop 3.0\0";
const PNG_XMP = "XML:com.adobe.xmp\0\0\0\0\0";
const OF_THE_FILE = "(?:tiff:Orientation|tiff:ImageWidth|tiff:ImageLength|exif:PixelXDimension|exif:PixelYDimension)";
/** Tags of EXIF data. */
const [ORIENTATION, EXIF_IFD, WIDTH, HEIGHT] = [0x112, 0x8769, 0xa002, 0xa003];
/** The flags of WebP files. */
const [HAS_EXIF, HAS_XMP] = [8, 4];

/** @param {Uint8Array} file @returns {Metadata} */
export function readMetadata(file) {
  const start = text(file.subarray(0, 12));
  if (start.startsWith("\xff\xd8")) return ofJpeg(file);
  if (isPng(file)) return ofPng(file);
  return start.startsWith("RIFF") && start.endsWith("WEBP") ? ofWebp(file) : {};
}

function ofJpeg(file) {
  const found = {};
  for (const { marker, content } of segments(file)) {
    const begins = (words) => text(content.subarray(0, words.length)) === words;
    if (marker === 0xe1 && begins(EXIF)) found.exif ??= content.slice(EXIF.length);
    if (marker === 0xe1 && begins(XMP)) found.xmp ??= content.slice(XMP.length);
    if (marker === 0xed && begins(IPTC)) found.iptc ??= content.slice();
  }
  return found;
}

function* segments(file) {
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff && file[at + 1] !== 0xda; ) {
    const length = (file[at + 2] << 8) | file[at + 3];
    yield { marker: file[at + 1], content: file.subarray(at + 4, at + 2 + length) };
    at += 2 + length;
  }
}

function ofPng(file) {
  const found = {};
  for (const { kind, content } of chunksOf(file)) {
    if (kind === "eXIf") found.exif = content.slice();
    if (kind === "iTXt" && text(content).startsWith(PNG_XMP)) found.xmp = content.slice(PNG_XMP.length);
  }
  return found;
}

function ofWebp(file) {
  const found = {};
  for (const { kind, content } of riffChunks(file)) {
    if (kind === "EXIF") found.exif = content.slice(text(content.subarray(0, 6)) === EXIF ? 6 : 0);
    if (kind === "XMP ") found.xmp = content.slice();
  }
  return found;
}

function* riffChunks(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 12; at + 8 <= file.length; ) {
    const length = view.getUint32(at + 4, true);
    yield { kind: text(file.subarray(at, at + 4)), content: file.subarray(at + 8, at + 8 + length) };
    at += 8 + length + (length % 2);
  }
}

/**
 * A file with metadata, as far as its format can hold it; the picture is upright and has this size.
 * @param {Uint8Array} file as a canvas encodes it
 * @param {Metadata} metadata
 */
export function withMetadata(file, metadata, height, width) {
  const { exif, xmp, iptc } = metadata;
  const known = { exif: exif && upright(exif, height, width), xmp: xmp && plain(xmp), iptc };
  if (!known.exif && !known.xmp && !known.iptc) return file;
  if (file[0] === 0xff) return joined([file.subarray(0, 2), ...jpegSegments(known), file.subarray(2)]);
  if (isPng(file)) return joined([file.subarray(0, 33), ...pngChunks(known), file.subarray(33)]);
  return text(file.subarray(0, 4)) === "RIFF" ? webpWith(file, known, height, width) : file;
}

/** @param {Metadata} known @returns {Uint8Array[]} */
function jpegSegments({ exif, xmp, iptc }) {
  const blocks = /** @type {[number, string, Uint8Array|undefined][]} */ ([[0xe1, EXIF, exif], [0xe1, XMP, xmp], [0xed, "", iptc]]);
  return blocks.flatMap(([marker, head, content]) => {
    if (!content) return [];
    const length = 2 + head.length + content.length;
    return length < 65536 ? [Uint8Array.of(0xff, marker, length >> 8, length & 255), bytesOf(head), content] : [];
  });
}

const pngChunks = ({ exif, xmp }) =>
  [exif && chunk("eXIf", exif), xmp && chunk("iTXt", joined([bytesOf(PNG_XMP), xmp]))].filter(Boolean);

function webpWith(file, { exif, xmp }, height, width) {
  const chunks = [...riffChunks(file)];
  const extended = chunks.find(({ kind }) => kind === "VP8X")?.content.slice() ?? new Uint8Array(10);
  extended[0] |= (exif ? HAS_EXIF : 0) | (xmp ? HAS_XMP : 0);
  for (const [at, length] of [[4, width], [7, height]]) extended.set(little(length - 1).subarray(0, 3), at);
  const all = [{ kind: "VP8X", content: extended }, ...chunks.filter(({ kind }) => kind !== "VP8X")];
  if (exif) all.push({ kind: "EXIF", content: exif });
  if (xmp) all.push({ kind: "XMP ", content: xmp });
  const body = joined(all.flatMap(({ kind, content }) =>
    [bytesOf(kind), little(content.length), content, new Uint8Array(content.length % 2)]));
  return joined([bytesOf("RIFF"), little(body.length + 4), bytesOf("WEBP"), body]);
}

const little = (number) => Uint8Array.of(number, number >> 8, number >> 16, number >> 24);

/** EXIF data of an upright picture of this size, without the photo's thumbnail. */
function upright(exif, height, width) {
  const block = exif.slice();
  try {
    const view = new DataView(block.buffer);
    const little = block[0] === 0x49;
    const first = view.getUint32(4, little);
    const next = first + 2 + 12 * view.getUint16(first, little);
    set(view, little, first, { [ORIENTATION]: 1 });
    const details = entry(view, little, first, EXIF_IFD);
    if (details) set(view, little, view.getUint32(details + 8, little), { [WIDTH]: width, [HEIGHT]: height });
    dropThumbnail(view, little, view.getUint32(next, little));
    view.setUint32(next, 0, little);
    return block;
  } catch {
    return undefined; // damaged; the picture is worth more
  }
}

function dropThumbnail(view, little, ifd) {
  const [start, length] = [0x201, 0x202].map((tag) => ifd && entry(view, little, ifd, tag));
  if (!start || !length) return;
  const from = view.getUint32(start + 8, little);
  new Uint8Array(view.buffer).fill(0, from, from + view.getUint32(length + 8, little));
}

/** Where an entry of a directory is, or 0. */
function entry(view, little, ifd, tag) {
  const count = view.getUint16(ifd, little);
  for (let at = ifd + 2; at < ifd + 2 + 12 * count; at += 12) if (view.getUint16(at, little) === tag) return at;
  return 0;
}

function set(view, little, ifd, values) {
  for (const [tag, value] of Object.entries(values)) {
    const at = entry(view, little, ifd, Number(tag));
    if (!at) continue;
    if (view.getUint16(at + 2, little) === 3) view.setUint16(at + 8, value, little);
    else view.setUint32(at + 8, value, little);
  }
}

/** XMP without what it says of how the photo lay in its file. */
function plain(xmp) {
  const words = new TextDecoder().decode(xmp).replace(new RegExp(`<(${OF_THE_FILE})>[^<]*</\\1>`, "g"), "");
  return new TextEncoder().encode(words.replace(new RegExp(`\\s${OF_THE_FILE}="[^"]*"`, "g"), ""));
}

function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}
