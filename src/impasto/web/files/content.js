/** What lies at an address. */

/** An error that a lost connection is to blame for; its name says so, and whoever knows it tries again. */
export const lost = (words) => Object.assign(new Error(`${words}; is there a connection?`), { name: "NetworkError" });

/**
 * @param {URL|string} address
 * @param {RequestInit} [options]
 * @returns {Promise<Uint8Array>}
 */
export async function content(address, options) {
  const response = await fetch(address, options).catch(() => null);
  const bytes = response?.ok ? await response.arrayBuffer().catch(() => null) : null;
  if (bytes) return new Uint8Array(bytes);
  if (!response || response.ok || response.status >= 500) throw lost(`${address}: cannot be loaded`);
  throw new Error(`${address}: ${response.status} ${response.statusText}`);
}
