/**
 * The gateway's channel to the file server, and what makes a request done once whose asker dies.
 *
 * Linux gives the successor of a dead gateway all that was not answered. Much of it may be done twice;
 * what may not is made synchronously, one request at a time, and the keep says beforehand what that
 * request to the file server is called. The successor makes it again under that name, and the file
 * server does it once:
 *
 * ```
 * read ──▶ record {unique, name} ──▶ call ──▶ answer
 *      ^                         ^        ^
 *      nobody knows of it:       the server does it, or answers again
 *      it is given again         what it answered, by its name
 * ```
 *
 * @module
 */

import type { CallSyncOptions, Client } from "@hako/ipc";
import type { FileSystem } from "@hako/fs-server";
import type { MountKeep } from "./mount_keep.ts";
import type { DeathPoint } from "./death_points.ts";
import type { FuseRequest } from "./wire/mod.ts";

/** What the gateway uses of a client. */
export type FilesClient = Pick<
  Client<FileSystem>,
  "awaitAny" | "callSync" | "collect" | "nextName" | "post" | "room"
>;

/** The life that uses it. */
export interface GatewayLife {
  /** A named point at which a fault plan may let this life end. */
  point(name: DeathPoint): void;
  /** Throws if this life is over. */
  requireLife(): void;
}

/** The file server as the gateway's operations use it. */
export class Files {
  /** The channel. */
  readonly client: FilesClient;
  /** Whether anything was changed; whoever flushes it says that nothing is. */
  hasChanged = false;
  readonly #keep: MountKeep;
  readonly #life: GatewayLife;

  /** Uses a channel; what may not be done twice is recorded in the keep. */
  constructor(client: FilesClient, keep: MountKeep, life: GatewayLife) {
    this.client = client;
    this.#keep = keep;
    this.#life = life;
  }

  /** A named point at which a fault plan may let this life end. */
  point(name: DeathPoint): void {
    this.#life.point(name);
  }

  /**
   * Records that the next request to the file server is made for this request of Linux, and may not
   * be made twice. To be evaluated after all else of the call, which it gives its options. Hot path.
   *
   * @param step Which of several such requests it is, from 0.
   * @param held A handle that an earlier step has opened.
   */
  once(request: FuseRequest, step = 0, held = 0): CallSyncOptions | undefined {
    const { uniqueLow, uniqueHigh } = request;
    const keep = this.#keep;
    if (request.isResent && keep.isRecorded(uniqueLow, uniqueHigh) && keep.recordedStep === step) {
      return { formerly: keep.recordedName };
    }
    this.hasChanged = true;
    keep.record(uniqueLow, uniqueHigh, this.client.nextName, { step, held });
    this.#life.requireLife(); // The keep is a successor's, if there is one: then nothing is posted.
    this.#life.point("fuse.request.recorded");
    return undefined;
  }

  /** Which step of a request is to be made next: 0, or what a former life had come to. */
  stepOf({ isResent, uniqueLow, uniqueHigh }: FuseRequest): number {
    const isBegun = isResent && this.#keep.isRecorded(uniqueLow, uniqueHigh);
    return isBegun ? this.#keep.recordedStep : 0;
  }

  /** The handle that a former life's earlier step has opened for a request. */
  handleOf({ isResent, uniqueLow, uniqueHigh }: FuseRequest): number {
    const isBegun = isResent && this.#keep.isRecorded(uniqueLow, uniqueHigh);
    return isBegun ? this.#keep.recordedHandle : 0;
  }

  /** Posts a read. Hot path. */
  read(handle: number, offset: number, target: Uint8Array): number {
    return this.client.post("read", { handle, offset, target });
  }

  /**
   * Posts a write. Hot path.
   *
   * @param keepTimes Whether Linux tells times itself.
   */
  write(handle: number, offset: number, source: Uint8Array, keepTimes: boolean): number {
    this.hasChanged = true;
    return this.client.post("write", { handle, offset, source, append: false, keepTimes });
  }
}
