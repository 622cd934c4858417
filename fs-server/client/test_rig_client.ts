/**
 * For tests: clients without a channel, which call the handlers of a rig directly.
 *
 * @module
 */

import { type Client, errnoName, OsError } from "@hako/ipc";
import type { FileSystem } from "../protocol.ts";
import type { Rig } from "../server/test_rig.ts";

/** A client whose requests are done at once. */
export function clientOfRig(rig: Rig, badge = 1): Client<FileSystem> {
  const request = (operation: string, values: unknown) => {
    rig.badge = badge;
    return rig.request(operation as "close", values as { handle: number });
  };
  const callSync = (operation: string, values: unknown) => {
    const reply = request(operation, values);
    if (typeof reply === "number" && reply < 0) {
      throw new OsError(errnoName(-reply) ?? "EIO", operation);
    }
    return typeof reply === "object" ? ownCopy(reply) : reply;
  };
  const posted: number[] = [];
  const client = {
    callSync,
    call: (operation: string, values: unknown) =>
      Promise.resolve().then(() => callSync(operation, values)),
    post: (operation: string, values: unknown) => posted.push(request(operation, values)) - 1,
    collect: (ticket: number) => posted[ticket],
    awaitAny() {},
  };
  return client as unknown as Client<FileSystem>;
}

/** An answer as a channel gives it: no memory of the server's. */
function ownCopy(reply: object): object {
  return Object.fromEntries(
    Object.entries(reply).map(([name, value]) => {
      return [name, value instanceof Uint8Array ? value.slice() : value];
    }),
  );
}
