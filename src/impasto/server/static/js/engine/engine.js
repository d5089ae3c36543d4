/**
 * What the page asks of whatever paints. One engine is the service (`http.js`); another may run inside the browser.
 *
 * @typedef {Object} Style
 * @property {string} id stands for the style in this page
 * @property {string} slug its name on the command line
 * @property {string} name
 * @property {string} nameZh in Traditional Chinese
 * @property {string} artist
 * @property {string} year
 * @property {string} credit
 * @property {string} licence
 * @property {"bundled"|"own"|"new"} kind whether it comes with the model, was kept by the user, or is not kept yet
 * @property {string} thumbnail address of a small picture of the painting, or empty
 * @property {Blob} [painting] the painting that a new style was read off
 *
 * @typedef {{style: Style, weight: number}[]} Blend
 *
 * @typedef {Object} Controls
 * @property {number} strength 0 to 1.5
 * @property {number} detail 0 to 1
 * @property {boolean} keep_color
 * @property {number} stroke 0.5 to 4
 *
 * @typedef {Object} PaintOptions
 * @property {number} [size] long side in pixels; the photo's own without it
 * @property {{mask: Blob, blend: Blend}[]} [regions] masks are white where their styles are
 * @property {string} [format] ending of the file wanted; the photo's own without it
 * @property {boolean} [strip] whether to leave out what the photo's file says about it
 * @property {boolean} [preview] whether the picture is looked at for a moment only
 * @property {AbortSignal} [signal]
 *
 * @typedef {Object} Job what takes minutes
 * @property {string} id
 * @property {number} done how many steps are done
 * @property {number} total how many there are; 0 before that is known
 * @property {number} ahead how many others must end before it begins
 *
 * @typedef {Object} Capabilities
 * @property {string} model what paints
 * @property {string} defaultModel what paints if the command line is not told
 * @property {string[]} formats endings that pictures can have, the usual one first
 * @property {boolean} fit whether styles can be made better than predicted
 * @property {boolean} film whether films can be painted; else the page names the command that does it
 * @property {boolean} keep whether styles can be kept, renamed and removed
 * @property {boolean} command whether there is a command line that paints the same
 * @property {number} maxPixels of photos
 * @property {boolean} local whether photos stay on the user's computer
 * @property {{name: string, address: string, thumbnail: string}[]} photos that are offered to begin with; none: the page's own
 */

/** @interface */
export class Engine {
  /** @returns {Promise<Capabilities>} */
  async capabilities() {
    throw new Error("not written");
  }

  /** @returns {Promise<Style[]>} */
  async styles() {
    throw new Error("not written");
  }

  /** Paints a photo. @returns {Promise<Blob>} an image file */
  async paint(_photo, _blend, _controls, _options) {
    throw new Error("not written");
  }

  /**
   * Paints a film. `keys` are moments in seconds and what it is painted in then; `progress` gets a {@link Job} of frames.
   * @returns {Promise<Blob>} an MP4 file
   */
  async film(_film, _keys, _controls, { size: _size, signal: _signal, progress: _progress }) {
    throw new Error("not written");
  }

  /** Reads a style off a painting, at once. @returns {Promise<Style>} */
  async predict(_painting, _name) {
    throw new Error("not written");
  }

  /** Makes a style better by training it on its painting, and keeps it. `progress` gets a {@link Job}. @returns {Promise<Style>} */
  async fit(_style, { signal: _signal, progress: _progress }) {
    throw new Error("not written");
  }

  /**
   * Films and styles that were begun before the page was loaded anew.
   * @returns {Promise<{id: string, kind: "film"|"style", name: string, slug?: string}[]>} one of each kind at most
   */
  async unfinished() {
    return [];
  }

  /** Waits for one of them. @returns {Promise<Blob|Style>} what it becomes */
  async takeUp(_job, { signal: _signal, progress: _progress }) {
    throw new Error("not written");
  }

  /** Forgets a film that is done. */
  giveUp(_id) {
    throw new Error("not written");
  }

  /** Keeps a new style under a name. @returns {Promise<Style>} */
  async keep(_style, _name) {
    throw new Error("not written");
  }

  /** Gives a kept style another name. @returns {Promise<Style>} */
  async rename(_style, _name) {
    throw new Error("not written");
  }

  /** Forgets a style of the user's. */
  async remove(_style) {
    throw new Error("not written");
  }

  /** @returns {Promise<Blob>} the style's file */
  async file(_style) {
    throw new Error("not written");
  }

  /** Opens a style file. @returns {Promise<Style>} */
  async open(_file) {
    throw new Error("not written");
  }
}

/** An engine's refusal, in words for people; `kind` is refused, gone, busy or offline. */
export class EngineError extends Error {
  constructor(message, kind = "refused", seconds = 0) {
    super(message);
    this.kind = kind;
    this.seconds = seconds;
  }
}

/** Whether an error only says that nobody waits for the answer any more. */
export const isAbort = (error) => error?.name === "AbortError";
