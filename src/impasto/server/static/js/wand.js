/** Finds what hangs together and has one colour: a sky, a wall, a dress. */

/** How far a pixel may be from its neighbour, as a share of how far it may be from where the user pointed. */
const STEP = 0.35;

/**
 * The pixels that are like the one pointed at and reached from it.
 * @param {Uint8ClampedArray} pixels RGBA, row by row
 * @param {number} width
 * @param {number} height
 * @param {number} start the index of the pixel pointed at
 * @param {number} reach how different a colour may be, 0 to 1
 * @returns {Uint8Array} 1 for each such pixel, else 0
 */
export function similar(pixels, width, height, start, reach) {
  const found = new Uint8Array(width * height);
  const stack = new Int32Array(width * height);
  const farthest = (reach * 255) ** 2 * 3;
  const nearby = farthest * STEP ** 2;
  let left = 1;
  stack[0] = start;
  found[start] = 1;
  const visit = (from, to) => {
    if (found[to] || apart(pixels, start, to) > farthest || apart(pixels, from, to) > nearby) return;
    found[to] = 1;
    stack[left++] = to;
  };
  while (left) {
    const at = stack[--left];
    const x = at % width;
    if (x > 0) visit(at, at - 1);
    if (x < width - 1) visit(at, at + 1);
    if (at >= width) visit(at, at - width);
    if (at < width * (height - 1)) visit(at, at + width);
  }
  return found;
}

/** The squared distance of two pixels' colours. */
function apart(pixels, one, other) {
  const [a, b] = [4 * one, 4 * other];
  const red = pixels[a] - pixels[b];
  const green = pixels[a + 1] - pixels[b + 1];
  const blue = pixels[a + 2] - pixels[b + 2];
  return red * red + green * green + blue * blue;
}
