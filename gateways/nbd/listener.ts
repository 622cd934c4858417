/**
 * The one place where the gateway touches the host: a port, or a socket in the file system.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { ListenAddress } from "./options.ts";
import type { ByteStream } from "./peer.ts";

/** A predecessor's socket may live for a moment after its life. */
const RETRIES_MAX = 100;

/** Between two tries to listen, and after a connection could not be taken. */
const RETRY_MS = 20;

/** What connections come from. */
export interface Listener {
  /** Where it listens, as people write it. */
  readonly address: string;
  /** The next connection; `undefined` when it has been closed. */
  accept(): Promise<ByteStream | undefined>;
  /** Takes no more connections, and removes the socket in the file system. */
  close(): void;
}

/**
 * Listens.
 *
 * @param address Where.
 * @param epoch Which life of the gateway this is. What is left of earlier ones is removed, or waited
 * out.
 * @throws {OsError} `EBUSY` if somebody else listens there; `EACCES`; `ENOENT`; else `EIO`.
 */
export async function listen(address: ListenAddress, epoch: number): Promise<Listener> {
  const isSuccessor = epoch > 1;
  for (let tries = 1;; tries++) {
    try {
      if ("path" in address) await removeRemains(address.path, epoch);
      return listening(address);
    } catch (error) {
      const isInUse = error instanceof Deno.errors.AddrInUse;
      if (!isInUse || !isSuccessor || tries === RETRIES_MAX) throw listenError(address, error);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** How people write where a gateway listens. */
export function addressText(address: ListenAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function listening(address: ListenAddress): Listener {
  if ("path" in address) {
    const listener = Deno.listen({ transport: "unix", path: address.path });
    return accepting(listener, address, () => removeSocket(address.path));
  }
  const listener = Deno.listen({ ...address, transport: "tcp" });
  const { hostname, port } = listener.addr;
  return accepting(listener, { hostname, port }, () => {});
}

function accepting(
  listener: Deno.Listener,
  address: ListenAddress,
  onClosed: () => void,
): Listener {
  let isClosed = false;
  return {
    address: addressText(address),
    async accept() {
      while (!isClosed) {
        try {
          const connection = await listener.accept();
          if ("setNoDelay" in connection) (connection as Deno.TcpConn).setNoDelay(true);
          return connection;
        } catch (error) {
          if (isClosed || error instanceof Deno.errors.BadResource) break;
        }
        // The client has gone already, or the process has no descriptor left: it may have one soon.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
      return undefined;
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      listener.close();
      onClosed();
    },
  };
}

/** A socket that nobody listens on any more stays in the file system when its process was killed. */
async function removeRemains(path: string, epoch: number): Promise<void> {
  if (!isSocket(path)) return;
  if (epoch === 1 && await isListenedOn(path)) {
    throw new Deno.errors.AddrInUse("somebody listens there");
  }
  removeSocket(path);
}

async function isListenedOn(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

function isSocket(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSocket ?? false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function removeSocket(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function listenError(address: ListenAddress, error: unknown): unknown {
  const what = `listen on ${addressText(address)}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return new OsError("EBUSY", `${what}: another program does`, { cause: error });
  }
  if (error instanceof Deno.errors.AddrNotAvailable || error instanceof Deno.errors.NotFound) {
    return new OsError("ENOENT", `${what}: this host has no such address`, { cause: error });
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return new OsError("EACCES", what, { cause: error });
  }
  return error instanceof Error ? new OsError("EIO", `${what}: ${error.message}`) : error;
}
