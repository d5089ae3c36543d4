/** What the browser keeps from visit to visit. Where it may keep nothing, it is known as long as the page lives. */

const unkept = new Map();

/** @returns {string|null} */
export function recall(key) {
  if (unkept.has(key)) return unkept.get(key);
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // the user lets no site keep anything
  }
}

/** @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
    unkept.delete(key);
  } catch {
    unkept.set(key, value); // nor is there always room
  }
}
