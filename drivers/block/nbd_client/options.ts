/**
 * The options of the driver of a remote export, checked.
 *
 * @module
 */

import { NBD_PORT } from "../../nbd/wire.ts";
import type { LinkLimits } from "./export_link.ts";
import type { RemoteDiskOptions } from "./remote_disk.ts";

/** Where a server listens. */
export type ServerAddress = { readonly host: string; readonly port: number } | {
  readonly path: string;
};

/** What a manifest says of a remote export. */
export interface NbdClientOptions extends RemoteDiskOptions {
  /** Where its server listens. */
  readonly address: ServerAddress;
  /** Its name; "" is the server's default export. */
  readonly exportName: string;
  /** Whether what the server has acknowledged survives its death. */
  readonly trustReconnect: boolean;
  /** How long things may take. */
  readonly limits: LinkLimits;
}

/** No wait is longer: an hour. */
const MS_MAX = 3_600_000;

const NAMES: ReadonlySet<string> = new Set([
  "host",
  "port",
  "path",
  "export",
  "readOnly",
  "fua",
  "trustReconnect",
  "connectMs",
  "silenceMs",
  "giveUpMs",
]);

/**
 * Reads the options of a manifest.
 *
 * @throws {TypeError} If one is of no use; a manifest is written by a person, who is told.
 */
export function readNbdClientOptions(
  options: Readonly<Record<string, unknown>>,
): NbdClientOptions {
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name)) refuse(name, options[name], `none of ${[...NAMES].join(", ")}`);
  }
  const { export: exportName = "" } = options;
  if (typeof exportName !== "string") refuse("export", exportName, "no name");
  return {
    address: readAddress(options),
    exportName,
    readOnly: readSwitch(options, "readOnly"),
    fua: readSwitch(options, "fua"),
    trustReconnect: readSwitch(options, "trustReconnect"),
    limits: {
      connectMs: readMs(options, "connectMs", 5_000),
      silenceMs: readMs(options, "silenceMs", 15_000),
      giveUpMs: readMs(options, "giveUpMs", 60_000),
    },
  };
}

function readAddress(options: Readonly<Record<string, unknown>>): ServerAddress {
  const { host, port = NBD_PORT, path } = options;
  if (path !== undefined) {
    if (typeof path !== "string" || path === "") refuse("path", path, "no file name");
    if (host !== undefined) refuse("host", host, "one too many beside path");
    return { path };
  }
  if (typeof host !== "string" || host === "") refuse("host", host, "no name of a host");
  if (!(Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    refuse("port", port, "no number of a port");
  }
  return { host, port: port as number };
}

function readSwitch(options: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = options[name] ?? false;
  if (typeof value !== "boolean") refuse(name, value, "no boolean");
  return value;
}

function readMs(options: Readonly<Record<string, unknown>>, name: string, usual: number): number {
  const value = options[name] ?? usual;
  if (!(Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MS_MAX)) {
    refuse(name, value, `no time from 1 to ${MS_MAX} ms`);
  }
  return value as number;
}

function refuse(name: string, value: unknown, why: string): never {
  const shown = JSON.stringify(value) ?? String(value);
  throw new TypeError(`Cannot start the NBD client: ${name} is ${shown}, ${why}`);
}
