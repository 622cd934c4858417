/**
 * The name of a server, as its directory, its domain and its protocol have it.
 *
 * @module
 */

import { KERNEL, PROGRAM } from "../../kernel/manifest.ts";
import { UsageError } from "../command_line/command.ts";

/** The longest name of a domain. */
const LENGTH_MAX = 31;

const KEBAB = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** One name in its two spellings. */
export interface ServerName {
  /** `shopping-cart`: the directory, the domain, the endpoint. */
  readonly kebab: string;
  /** `ShoppingCart`: the protocol in code. */
  readonly pascal: string;
}

/**
 * Reads a name as a user writes it.
 *
 * @throws {UsageError} If it is none; what it may have been meant to be is named.
 */
export function readServerName(written: string): ServerName {
  if (!isName(written)) {
    const guess = kebabOf(written);
    const hint = isName(guess) ? `; did you mean "${guess}"?` : "";
    throw new UsageError(
      `Cannot make a server "${written}": a name is up to ${LENGTH_MAX} of a-z, 0-9 and single -, ` +
        `and starts with a letter${hint}`,
    );
  }
  if (written === KERNEL || written === PROGRAM) {
    throw new UsageError(`Cannot make a server "${written}": that name belongs to Hako itself`);
  }
  const pascal = written.split("-").map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
  return { kebab: written, pascal };
}

function isName(text: string): boolean {
  return KEBAB.test(text) && text.length <= LENGTH_MAX;
}

/** `shoppingCart`, `Shopping_Cart` and `shopping cart` as `shopping-cart`. */
function kebabOf(text: string): string {
  return text.replace(/([a-z0-9])([A-Z])/g, "$1-$2").replace(/[^A-Za-z0-9]+/g, "-").toLowerCase()
    .replace(/^-+|-+$/g, "");
}
