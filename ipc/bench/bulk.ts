/**
 * Our side of the transfers: a server in a worker that looks at bytes in its client's window.
 *
 * @module
 */

import type { Contestant } from "@hako/tools/bench";
import type { Client } from "../client.ts";
import { window } from "../field.ts";
import { defineProtocol, type Operations, type Protocol } from "../protocol.ts";
import { type ChannelMemory, connect, createChannel } from "../standalone.ts";
import { startWorker } from "./worker.ts";

/** Exported only so that the type of `Bulk` is public. @internal */
export const operations = {
  copy: { code: 1, request: { source: window("read") }, errors: [], idempotent: true },
  look: { code: 2, request: { source: window("read") }, errors: [], idempotent: true },
} as const satisfies Operations;

/**
 * What the server promises. `copy` takes the bytes into memory of the server's own, `look` works on
 * them where they are; both answer the first of them.
 */
export const Bulk: Protocol<typeof operations> = defineProtocol("bulk", 1, operations);

/** Sends bytes that lie in a window; the server copies them once, and the client touches one. */
export function sendingCopied(byteLength: number): Promise<Contestant> {
  return sending("copy", byteLength);
}

/** Hands bytes over and has them back; nobody copies any, and the server finds what was written. */
export function handingOver(byteLength: number): Promise<Contestant> {
  return sending("look", byteLength);
}

async function sending(operation: "copy" | "look", byteLength: number): Promise<Contestant> {
  const source = new Uint8Array(new SharedArrayBuffer(byteLength)).fill(7);
  const bulk = await startBulk(source.buffer);
  return {
    run(count) {
      for (let index = 0; index < count; index++) {
        source[0] = index;
        const first = bulk.callSync(operation, { source });
        if (first !== (index & 0xff)) throw new Error("Cannot go on: other bytes arrived");
      }
    },
  };
}

async function startBulk(window: SharedArrayBuffer): Promise<Client<typeof Bulk>> {
  const channel: ChannelMemory = createChannel({ windows: [window] });
  await startWorker(new URL("./bulk_worker.ts", import.meta.url), channel);
  return await connect(Bulk, channel);
}
