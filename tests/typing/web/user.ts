/** What a user's own program looks like to TypeScript: `make lint` checks it as strictly as it can. */
import { Stylizer, type Controls, type Style } from "../../../src/impasto/web/stylizer.js";

export async function show(photo: File, painting: HTMLImageElement, canvas: HTMLCanvasElement): Promise<string> {
  const stylizer: Stylizer = await Stylizer.load("model/", { backend: "auto" });
  const controls: Partial<Controls> = { strength: 0.8, keep_color: true };
  const picture: ImageData = await stylizer.paint(photo, "mural", controls, { size: 640, progress: (share: number) => share });
  canvas.getContext("2d")?.putImageData(picture, 0, 0);
  const mine: Style = await stylizer.predict(painting, { slug: "mine" });
  const file: Blob = await stylizer.file(photo, { mural: 0.6, scream: 0.4 }, {}, { regions: [{ mask: picture, style: mine }], format: "webp" });
  // @ts-expect-error: the browser writes no TIFF
  await stylizer.file(photo, "mural", {}, { format: "tiff" });
  // @ts-expect-error: a strength is a number
  await stylizer.paint(photo, "mural", { strength: "0.8" });
  return `${stylizer.styles.length} styles, ${stylizer.threads} threads, by ${stylizer.backend}, ${file.size} bytes`;
}
