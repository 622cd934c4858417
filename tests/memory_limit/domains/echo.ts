/**
 * A worker that answers its boot message with what it has got, and from which module it is.
 *
 * @module
 */

globalThis.addEventListener("message", (event) => {
  const { epoch, memoryLimitMb, control } = (event as MessageEvent).data;
  control.postMessage({ epoch, memoryLimitMb, query: new URL(import.meta.url).search });
});
