/** Promises that are made once for each name. One that is rejected is forgotten: whoever asks next tries again. */
export class Once {
  /** @type {Map<string, Promise<any>>} */
  #made = new Map();

  /**
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} make
   * @returns {Promise<T>}
   */
  get(name, make) {
    const made = this.#made.get(name);
    return made ?? this.#keep(name, make());
  }

  /** Forgets all of them. @returns {Promise<any>[]} what there was */
  clear() {
    const all = [...this.#made.values()];
    this.#made.clear();
    return all;
  }

  #keep(name, made) {
    this.#made.set(name, made);
    made.catch(() => this.#made.get(name) === made && this.#made.delete(name));
    return made;
  }
}
