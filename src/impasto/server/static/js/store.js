/** What the page knows; elements watch the parts that they show. */
export class Store {
  #values;
  #watchers = new Set();
  #changed = new Set();

  constructor(values) {
    this.#values = values;
  }

  /** The present values; change them with {@link Store#set} only. */
  get now() {
    return this.#values;
  }

  /** Changes some values and tells who watches them, once for all changes of a turn. */
  set(changes) {
    this.#values = { ...this.#values, ...changes };
    if (!this.#changed.size) queueMicrotask(() => this.#tell());
    for (const key of Object.keys(changes)) this.#changed.add(key);
  }

  /** Calls `show` now, and whenever one of the values changes. @returns {() => void} stops it */
  watch(keys, show) {
    const watcher = { keys, show };
    this.#watchers.add(watcher);
    show(this.now);
    return () => this.#watchers.delete(watcher);
  }

  #tell() {
    const changed = this.#changed;
    this.#changed = new Set();
    for (const { keys, show } of [...this.#watchers]) {
      if (keys.some((key) => changed.has(key))) show(this.now);
    }
  }
}
