/** Files that are dragged over the page, or pasted into it. */

import { addPainting, take } from "../actions.js";
import { store } from "../app.js";
import { t } from "../i18n.js";
import { toast } from "./toast.js";

export class Drop extends HTMLElement {
  connectedCallback() {
    document.addEventListener("dragover", (event) => this.#over(event));
    document.addEventListener("dragleave", (event) => event.relatedTarget === null && this.#end());
    document.addEventListener("drop", (event) => this.#drop(event));
    document.addEventListener("paste", (event) => paste(event));
  }

  #over(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    this.hidden = false;
    const over = event.target.closest?.("[data-as]");
    for (const zone of this.children) zone.classList.toggle("over", zone === over);
  }

  #end() {
    this.hidden = true;
  }

  async #drop(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    const as = event.target.closest?.("[data-as]")?.dataset.as ?? "photo";
    this.#end();
    take(await filesOf(event.dataTransfer), as);
  }
}

/** All files of a drop, those in folders too. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const files = await Promise.all(entries.map(filesBelow));
  return files.flat();
}

async function filesBelow(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    all.push(...some); // a reader gives a hundred at most at once
  }
  return (await Promise.all(all.map(filesBelow))).flat();
}

/** A picture from the clipboard is a photo; once there is one, it can be a style as well. */
async function paste(event) {
  const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
  if (!files.length) return;
  event.preventDefault();
  const before = store.now.photo;
  await take(files);
  if (before) toast(t("photos.pasted"), { label: t("style.paste"), act: () => addPainting(files[0]) });
}
