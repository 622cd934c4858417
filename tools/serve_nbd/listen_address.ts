/**
 * Where `hako serve` listens, as its command line has it.
 *
 * @module
 */

import { resolve } from "node:path";
import type { ListenAddress } from "@hako/gateways/nbd";
import { UsageError } from "../command_line/command.ts";

/** Where NBD listens if nobody says so: its own port, for this host alone. */
export const LISTEN_DEFAULT = "127.0.0.1:10809";

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`.
 *
 * @param directory What a path is relative to.
 * @throws {UsageError} If it is none of these.
 */
export function readListenAddress(text: string, directory: string): ListenAddress {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    if (path === "") throw refusal(text, "a path is missing after unix:");
    return { path: resolve(directory, path) };
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const hostname = bracketed ?? plain;
  const port = Number(digits);
  if (hostname === undefined || port > 65535) {
    throw refusal(text, "it is neither HOST:PORT nor unix:PATH");
  }
  return { hostname, port };
}

/** How NBD clients name an export at an address. */
export function nbdUri(address: string, exportName: string): string {
  if (!address.startsWith("unix:")) return `nbd://${address}/${exportName}`;
  return `nbd+unix:///${exportName}?socket=${address.slice("unix:".length)}`;
}

function refusal(text: string, why: string): UsageError {
  return new UsageError(`Cannot run serve with --listen ${text}: ${why}`);
}
