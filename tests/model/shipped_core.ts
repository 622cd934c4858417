/**
 * The core as it is shipped, and its source.
 *
 * @module
 */

import { join } from "node:path";

const CORE = join(import.meta.dirname ?? ".", "../../ipc/core");

/** The shipped core. */
export interface ShippedCore {
  /** The bytes of `core.wasm`. */
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** Their SHA-256, in hexadecimal. */
  readonly digest: string;
}

/** Reads the shipped core. */
export async function shippedCore(): Promise<ShippedCore> {
  const wasm = await Deno.readFile(join(CORE, "core.wasm"));
  return { wasm, digest: new Uint8Array(await crypto.subtle.digest("SHA-256", wasm)).toHex() };
}

/** The text of the core's source. */
export async function coreSource(): Promise<string> {
  return await Deno.readTextFile(join(CORE, "assembly/core.ts"));
}
