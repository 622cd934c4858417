/**
 * Where the transfers of a load go, ours and the peer's alike.
 *
 * @module
 */

/** In which order a load goes over its bytes. */
export type AccessOrder = "sequential" | "random";

/** Offsets of transfers of `byteLength` bytes within `totalBytes`, for ever: the same in each run. */
export function offsets(order: AccessOrder, totalBytes: number, byteLength: number): () => number {
  const places = Math.floor(totalBytes / byteLength);
  let state = order === "sequential" ? -1 : 1;
  if (order === "sequential") {
    return () => {
      state = (state + 1) % places;
      return state * byteLength;
    };
  }
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 0x1_0000_0000 * places) * byteLength;
  };
}
