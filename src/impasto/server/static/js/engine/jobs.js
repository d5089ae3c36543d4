/**
 * The jobs that this browser began at a service and has not given up. They outlive the page, which may be loaded anew; one
 * page has each.
 *
 * @typedef {Object} Begun
 * @property {string} id
 * @property {"film"|"style"} kind
 * @property {string} name for people
 * @property {string} [slug] of the style that it becomes
 */

import { recall, remember } from "../storage.js";

const KEY = "impasto.jobs";
/** How long a page that was just left may take to give its jobs back, in milliseconds. */
const LEAVING = 1000;

/** @returns {Begun[]} */
const all = () => JSON.parse(recall(KEY) ?? "[]");
const write = (jobs) => remember(KEY, JSON.stringify(jobs));

/** Notes a job, which this page has from now on. @param {Begun} job */
export function note(job) {
  write([...all(), job]);
  claim(job);
}

export const drop = (id) => write(all().filter((job) => job.id !== id));

/** One job of each kind that no other page has. @returns {Promise<Begun[]>} */
export async function unclaimed() {
  const found = new Map();
  for (const job of all()) if (!found.has(job.kind) && (await claim(job))) found.set(job.kind, job);
  return [...found.values()];
}

/** Claims a job for as long as the page lives; where browsers have no locks, every page has all jobs. */
function claim({ id }) {
  if (!navigator.locks) return true;
  return new Promise((resolve) => {
    const forEver = () => (resolve(true), new Promise(() => {}));
    navigator.locks.request(`${KEY}.${id}`, { signal: AbortSignal.timeout(LEAVING) }, forEver).catch(() => resolve(false));
  });
}
