/**
 * The gateway's options, checked.
 *
 * @module
 */

/** Where a gateway listens: a port of the host, or a path. */
export type ListenAddress =
  | { readonly hostname: string; readonly port: number }
  | { readonly path: string };

/** What a manifest may say to the gateway. */
export interface NbdOptions {
  /** Where it listens. */
  readonly listen: ListenAddress;
  /** The endpoints of its volumes, which are the names of its exports. The first is the default. */
  readonly exports: readonly string[];
  /** Whether nobody may write, whatever the volumes allow. */
  readonly readOnly: boolean;
}

/**
 * Reads the options of a manifest.
 *
 * @throws {TypeError} If one is of no use; a manifest is written by a person, who is told.
 */
export function readOptions(options: Readonly<Record<string, unknown>>): NbdOptions {
  const { listen, exports = ["volume"], readOnly = false } = options;
  const isList = Array.isArray(exports) && exports.length > 0 &&
    exports.every((name) => typeof name === "string");
  if (!isList) throw refusal(`exports is ${show(exports)}, no list of endpoints`);
  if (typeof readOnly !== "boolean") throw refusal(`readOnly is ${show(readOnly)}, no boolean`);
  return { listen: readAddress(listen), exports, readOnly };
}

function readAddress(listen: unknown): ListenAddress {
  const { hostname, port, path } = Object(listen) as Readonly<Record<string, unknown>>;
  if (typeof path === "string" && path.startsWith("/")) return { path };
  if (typeof hostname === "string" && isPort(port)) return { hostname, port };
  throw refusal(`listen is ${show(listen)}, neither hostname and port nor an absolute path`);
}

function isPort(port: unknown): port is number {
  return Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65535;
}

function refusal(why: string): TypeError {
  return new TypeError(`Cannot start the NBD gateway: ${why}`);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
