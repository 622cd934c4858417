/**
 * A transfer of the layer that is under way on its legs.
 *
 * @module
 */

import type { Done } from "../device.ts";
import { SKIPPED } from "./legs.ts";

/** One begun transfer. It is used again and again, so that none is allocated per request. */
export class Transfer {
  /** Whether it writes. */
  isWrite = false;
  /** Its first block. */
  first = 0;
  /** How many blocks. */
  count = 0;
  /** The client's bytes. */
  view: Uint8Array = NOTHING;
  /** Hears how it ended. */
  done: Done = ignore;
  /** How it ended: 0 or an errno. */
  errno = 0;
  /** How it ended on each leg. */
  readonly errnos: number[] = [SKIPPED, SKIPPED];
  /** Told by each leg that it has ended there. */
  readonly endedOn: readonly [Done, Done];
  #pending = 0;

  /** @param ended Told when it has ended on all legs that it was begun on. */
  constructor(ended: (transfer: Transfer) => void) {
    const endOn = (leg: number, errno: number): void => {
      this.errnos[leg] = errno;
      if (--this.#pending === 0) ended(this);
    };
    this.endedOn = [(errno) => endOn(0, errno), (errno) => endOn(1, errno)];
  }

  /** Starts over, to be begun on `legs` legs. Hot path. */
  start(legs: number): void {
    this.#pending = legs;
    this.errno = 0;
    this.errnos[0] = SKIPPED;
    this.errnos[1] = SKIPPED;
  }

  /** Lets go of what belongs to the client. */
  clear(): void {
    this.view = NOTHING;
    this.done = ignore;
  }
}

const NOTHING = new Uint8Array(0);

function ignore(): void {}
