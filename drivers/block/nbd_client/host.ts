/**
 * How the driver reaches its server: the only code here that touches the host.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { ByteStream } from "./byte_stream.ts";
import type { ServerAddress } from "./options.ts";

/**
 * Connects to a server.
 *
 * @throws {OsError} `EACCES` if that is not allowed, else `ENODEV`.
 */
export async function connectTo(address: ServerAddress): Promise<ByteStream> {
  const where = addressText(address);
  try {
    if ("path" in address) {
      return await Deno.connect({ transport: "unix", path: address.path });
    }
    const connection = await Deno.connect({ hostname: address.host, port: address.port });
    connection.setNoDelay(true);
    connection.setKeepAlive(true); // A peer that vanished is found out even while nothing is asked.
    return connection;
  } catch (error) {
    const isDenied = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.PermissionDenied;
    throw new OsError(isDenied ? "EACCES" : "ENODEV", `connect to ${where}`, { cause: error });
  }
}

/** An address as people write it. */
export function addressText(address: ServerAddress): string {
  return "path" in address ? address.path : `${address.host}:${address.port}`;
}

/** Calls back after so many milliseconds; what it answers takes that back. */
export function after(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}
