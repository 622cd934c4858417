/**
 * The shipped code of the keeps, and variants of it that are broken on purpose: the source with one
 * text in place of another.
 *
 * @module
 */

import { copyWords } from "../../kernel/keeps/copy.ts";
import { openKeep } from "../../kernel/keeps/keep.ts";
import { Transactions } from "../../kernel/keeps/transactions.ts";
import type { Parts } from "./world.ts";

/** What ships. */
export const SHIPPED: Parts = { Transactions, copyWords, openKeep };

/** A fault that the explorers must notice. */
export interface Variant {
  /** The module, in `kernel/keeps`. */
  readonly module: "transactions" | "copy" | "keep";
  /** What stands there, once. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
}

const KEEPS = new URL("../../kernel/keeps/", import.meta.url);

/** The code with a fault in it. */
export async function broken({ module, from, to }: Variant): Promise<Parts> {
  const source = await Deno.readTextFile(new URL(`${module}.ts`, KEEPS));
  if (source.split(from).length !== 2) throw new Error(`${module}.ts has no single text ${from}`);
  const text = source.replace(from, () => to)
    .replaceAll(/from "(\.\/[^"]+)"/g, (_, path) => `from "${new URL(path, KEEPS)}"`)
    .replaceAll(/from "(@[^"]+)"/g, (_, name) => `from "${import.meta.resolve(name)}"`);
  const bytes = new TextEncoder().encode(text);
  const url = `data:application/typescript;base64,${bytes.toBase64()}`;
  return { ...SHIPPED, ...await import(url) };
}
