/** Reads style files: safetensors, whose header is JSON, with what is known about the style among its metadata. */

const KEY = "impasto.style";

/**
 * @param {Blob} file
 * @returns {Promise<{info: Object, thumbnail: Blob|null}>} `info` has the fields of the style as Python names them
 * @throws {Error} if the file is no style
 */
export async function readStyleFile(file) {
  const length = Number(new DataView(await file.slice(0, 8).arrayBuffer()).getBigUint64(0, true));
  if (length > file.size) throw new Error("damaged");
  const header = JSON.parse(await file.slice(8, 8 + length).text());
  const info = JSON.parse(header.__metadata__[KEY]);
  const [from, to] = header.thumbnail?.data_offsets ?? [0, 0];
  const thumbnail = to > from ? file.slice(8 + length + from, 8 + length + to, "image/jpeg") : null;
  return { info, thumbnail };
}
