/**
 * The module of a bare worker: it says that it has run.
 *
 * @module
 */

(globalThis as unknown as Worker).postMessage("ready");
