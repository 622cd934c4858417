/**
 * An empty environment, for packages that look into the one of their process when they are loaded: a
 * domain may not, and would be refused. Imported before them.
 *
 * @module
 */

import process from "node:process";

Object.defineProperty(process, "env", { value: {}, configurable: true });
