/** Small helpers for the page's own elements. */

/**
 * Makes an element.
 * @param {string} tag its name
 * @param {Object} [options] properties; `class`, `data-…`, `aria-…` and `role` are attributes, `on…` are listeners
 * @param {...(Node|string|null|undefined)} children
 * @returns {HTMLElement}
 */
export function h(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) assign(element, name, value);
  element.append(...children.filter((child) => child != null));
  return element;
}

function assign(element, name, value) {
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (/^(class$|role$|for$|data-|aria-)/.test(name)) value != null && element.setAttribute(name, value);
  else element[name] = value;
}

/** An icon of the sprite; it says nothing to screen readers. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", new URL(`../vendor/lucide/icons.svg#${name}`, import.meta.url).href);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Lets the user choose files. @returns {Promise<File[]>} none if they think better of it */
export function chooseFiles({ accept = "image/*", multiple = false, folder = false, capture = "" } = {}) {
  const input = h("input", { type: "file", accept, multiple, hidden: true });
  if (folder) input.webkitdirectory = true;
  if (capture) input.setAttribute("capture", capture);
  document.body.append(input);
  return new Promise((resolve) => {
    const done = () => {
      resolve([...input.files]);
      input.remove();
    };
    input.addEventListener("change", done);
    input.addEventListener("cancel", done);
    input.click();
  });
}

/** Saves a blob as a file. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Waits; ends early, with an error, if `signal` is aborted. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Calls `then` once, when there was no call for some time. */
export function settled(milliseconds, then) {
  let timer = 0;
  const call = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => then(...values), milliseconds);
  };
  call.cancel = () => clearTimeout(timer);
  return call;
}
