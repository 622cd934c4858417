/**
 * A remote disk on a fake server, and the hands on both, for the tests of the NBD client.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { BlockHandlers } from "../conformance.ts";
import { ExportLink, type LinkLimits } from "./export_link.ts";
import { type Asker, RemoteDisk, type RemoteDiskOptions } from "./remote_disk.ts";
import { FakeClock, FakeServer, type FakeServerOptions } from "./test_server.ts";
import { Unflushed } from "./unflushed.ts";

/** Bytes in a block. */
export const BLOCK = 4096;

/** How long things may take, by the fake clock. */
export const LIMITS: LinkLimits = { connectMs: 1_000, silenceMs: 2_000, giveUpMs: 10_000 };

/** What a rig is made of, where it is not as usual. */
export interface How extends Partial<RemoteDiskOptions> {
  /** The server; a new one if left out. */
  readonly server?: Pick<FakeServer, "connect">;
  /** What a predecessor has left in its keep. */
  readonly word?: Int32Array;
  /** Whether the server is trusted to keep what it has acknowledged. */
  readonly trusted?: boolean;
  /** Whether it begins without a connection. */
  readonly late?: boolean;
}

/** A disk on a fake server, and the hands on both. */
export interface Rig extends AsyncDisposable {
  /** The server that was made for it. */
  readonly server: FakeServer;
  /** Its time. */
  readonly clock: FakeClock;
  /** The keep's word. */
  readonly word: Int32Array;
  /** The disk. */
  readonly disk: RemoteDisk;
  /** Why each connection broke. */
  readonly losses: unknown[];
}

/** Makes one, connected. */
export async function rig(options: FakeServerOptions = {}, how: How = {}): Promise<Rig> {
  const server = new FakeServer(options);
  const connect = () => (how.server ?? server).connect();
  const clock = new FakeClock();
  const word = how.word ?? new Int32Array(1);
  const unflushed = new Unflushed(word, { trusted: how.trusted ?? false });
  const losses: unknown[] = [];
  const link = new ExportLink("", LIMITS, {
    connect,
    nowMs: clock.nowMs,
    after: clock.after,
    connected: (facts) => disk.check(facts),
    lost(reason) {
      losses.push(reason);
      unflushed.lose();
    },
  });
  const disk = new RemoteDisk(link, unflushed, { readOnly: false, fua: false, ...how });
  if (!how.late) await link.open();
  const running = link.run();
  return {
    server,
    clock,
    word,
    disk,
    losses,
    async [Symbol.asyncDispose]() {
      await link.close();
      await running;
      assertEquals(clock.alarms, 0, "no alarm is left");
    },
  };
}

/** A client. */
export function asker(badge = 1): Asker & { gone: boolean } {
  const asker = { badge, gone: false, isAbandoned: () => asker.gone };
  return asker;
}

/** Blocks full of a value. */
export function filled(blocks: number, value: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(blocks * BLOCK)).fill(value);
}

/** Who asks where it does not matter. */
export const ME: Asker = asker();

/** The handlers as the conformance suite asks them. */
export function handlersOf(disk: RemoteDisk): BlockHandlers {
  return {
    stat: () => disk.stat(),
    read: (request) => disk.read(request, ME),
    write: (request) => disk.write(request, ME),
    flush: () => disk.flush({}, ME),
    zero: (request) => disk.zero(request, ME),
    discard: (request) => disk.discard(request, ME),
  };
}
