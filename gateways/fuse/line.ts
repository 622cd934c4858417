/**
 * The device, and what is owed to it: an answer for every request that was read.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import { LookingOut, type Waiting } from "./looking_out.ts";
import type { Unanswered } from "./unanswered.ts";
import type { Asked, FuseReply, FuseRequest } from "./wire/mod.ts";

/** What the gateway uses of a device. */
export interface FusePort {
  /** Reads a request: its bytes; 0 if the device is another's; or a negative errno. */
  read(target: Uint8Array): number;
  /** Sends an answer: its bytes, or a negative errno. */
  write(source: Uint8Array, byteLength: number): number;
  /** Waits until there is something to be read. */
  poll(timeoutMs: number): boolean;
}

/** Whether requests come: `taken` where a successor has the device. */
export type LineState = "open" | "unmounted" | "taken";

/** The device of a mount. */
export class Line {
  /** Whether requests come. */
  state: LineState = "open";
  readonly #port: FusePort;
  readonly #lookingOut: LookingOut;
  readonly #unanswered: Unanswered;

  /** Nothing is owed yet. */
  constructor(port: FusePort, unanswered: Unanswered, waiting: Waiting) {
    this.#port = port;
    this.#lookingOut = new LookingOut(port, waiting);
    this.#unanswered = unanswered;
  }

  /**
   * Reads a request. Hot path.
   *
   * @returns Its bytes; 0 if there is none now, or will be none any more.
   */
  read(request: FuseRequest): number {
    for (;;) {
      const byteLength = this.#port.read(request.target);
      if (byteLength > 0) return byteLength;
      if (byteLength === -ERRNO.EAGAIN) return 0;
      // Given up by whoever asked, before we had it.
      if (byteLength === -ERRNO.ENOENT || byteLength === -ERRNO.EINTR) continue;
      this.state = byteLength === 0 ? "taken" : "unmounted";
      return 0;
    }
  }

  /** A request that has been read is owed an answer. Hot path. */
  owe({ uniqueLow, uniqueHigh }: Asked): void {
    this.#unanswered.add(uniqueLow, uniqueHigh);
  }

  /**
   * Sends an answer. Hot path.
   *
   * @returns Whether Linux has taken it: if not, whoever asked has given up.
   */
  send(asked: Asked, reply: FuseReply, byteLength: number): boolean {
    let sent = this.#port.write(reply.source, byteLength);
    const isRefused = sent < 0 && sent !== -ERRNO.ENOENT && sent !== -ERRNO.ENODEV;
    // Nobody is to wait for ever, whatever Linux does not like about an answer.
    if (isRefused) sent = this.#port.write(reply.source, reply.error(ERRNO.EIO));
    this.#unanswered.remove(asked.uniqueLow, asked.uniqueHigh);
    return sent > 0 && !isRefused;
  }

  /** Tells Linux something unasked; answers whether it has taken it. */
  tell(source: Uint8Array, byteLength: number): boolean {
    return this.#port.write(source, byteLength) > 0;
  }

  /** Waits for a request. */
  wait(timeoutMs: number): void {
    this.#lookingOut.wait(timeoutMs);
  }
}
