/** The page's words, in the language of the browser or the one chosen. */

import en from "./i18n/en.js";
import zhHant from "./i18n/zh-Hant.js";
import { recall, remember } from "./storage.js";

const WORDS = { en, "zh-Hant": zhHant };
const KEY = "impasto.language";
export const LANGUAGES = { en: "English", "zh-Hant": "繁體中文" };

let language = stored() ?? preferred(navigator.languages);
const listeners = new Set();

function stored() {
  const value = recall(KEY);
  return value in WORDS ? value : null;
}

/** The first language of a browser's list that the page speaks. */
export function preferred(languages) {
  for (const each of languages) {
    if (/^zh/i.test(each)) return "zh-Hant";
    if (/^en/i.test(each)) return "en";
  }
  return "en";
}

/** What a key says. `{name}` stands for a value. */
export function t(key, values = {}) {
  const text = WORDS[language][key] ?? WORDS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const current = () => language;

export function choose(next) {
  language = next;
  remember(KEY, next);
  speak(document);
  for (const listener of listeners) listener();
}

/** Calls `listener` whenever the language changes. */
export const onLanguage = (listener) => listeners.add(listener);

/** Fills in words: `data-t` is an element's text, `data-l` its label and hint, `data-p` its label and placeholder. */
export function speak(root) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-l]")) label(element, t(element.dataset.l));
  for (const element of root.querySelectorAll("[data-p]")) {
    element.placeholder = t(element.dataset.p);
    label(element, element.placeholder);
  }
}

function label(element, text) {
  element.setAttribute("aria-label", text);
  if (element.matches("button, summary, label")) element.title = text;
}

/** A style's title in the language of the page. */
export function title(style) {
  if (language === "zh-Hant" && style.nameZh) return style.nameZh;
  return style.name || style.slug;
}
