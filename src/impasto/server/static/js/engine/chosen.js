/** The engine of this page. `impasto export-web` puts another file in the place of this one. */

import { HttpEngine } from "./http.js";

/** @returns {import("./engine.js").Engine} */
export const chosen = () => new HttpEngine(new URL("../../api/v1/", import.meta.url));
