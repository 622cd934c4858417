/**
 * A web worker that says when it runs.
 *
 * @module
 */

(globalThis as unknown as Worker).postMessage("runs");
