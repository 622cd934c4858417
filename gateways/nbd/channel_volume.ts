/**
 * A volume behind a channel, with as many requests under way as that takes; others wait here in the
 * order of coming.
 *
 * While requests are under way this thread goes to and fro between sockets and answers. It waits for
 * an answer in place, which is the fastest way to hear of it, but for a moment only: if none comes it
 * goes back to its event loop, looks again from time to time, and waits in place only after it has
 * asked for something more. So a volume that is slow, or recovers, keeps no socket waiting.
 *
 * @module
 */

import { type Client, nextTurn, OsError } from "@hako/ipc";
import type { Volume } from "@hako/storage-server";
import type { Asker, VolumeExtent, VolumePort } from "./volume_port.ts";

/** For so long at most an answer is waited for in place. */
const IN_PLACE_MS = 1;

/** After so long answers are looked for while nothing else happens. */
const LOOK_MS = 1;

/** While answers do not come in time replies are sent at once, for so many turns at most. */
const SLOW_TURNS_MAX = 256;

/** Most bytes of a request that is worth waiting for others. */
const SMALL_BYTES_MAX = 32 * 1024;

/** A volume behind a channel that nobody else uses. */
export class ChannelVolume implements VolumePort {
  readonly #client: Client<Volume>;
  /** What is under way, oldest first, and for whom. */
  #tickets: number[] = [];
  #askers: Asker[] = [];
  /** What waits for room in the channel. */
  readonly #waiting: (() => void)[] = [];
  #isPumping = false;
  /** Whether something was asked or answered since an answer was waited for in vain. */
  #isBrisk = true;
  /** Why the channel was closed: the volume has been given up. */
  #failure = 0;
  /** Whether what was asked last moves few bytes. */
  #isSmall = true;
  /** For how many turns answers are taken to be slow; and for how many when they are so again. */
  #slowTurns = 0;
  #slowTurnsNext = 1;
  /** Ends a wait in the event loop. */
  #hurry: (() => void) | undefined;

  /** The volume at the other end of a channel. */
  constructor(client: Client<Volume>) {
    this.#client = client;
  }

  /** Reads into `target`, which lies in a window. Hot path. */
  read(asker: Asker, offset: number, target: Uint8Array): void {
    this.#isSmall = target.byteLength <= SMALL_BYTES_MAX;
    this.#ask(asker, () => this.#client.post("read", { offset, target }));
  }

  /** Writes `source`, which lies in a window. Hot path. */
  write(asker: Asker, offset: number, source: Uint8Array, flags: number): void {
    this.#isSmall = source.byteLength <= SMALL_BYTES_MAX;
    this.#ask(asker, () => this.#client.post("write", { offset, flags, source }));
  }

  /** Makes what was answered before stable. */
  flush(asker: Asker): void {
    this.#ask(asker, () => this.#client.post("flush", {}));
  }

  /** Makes a range read as zeroes. */
  zero(asker: Asker, offset: number, byteLength: number, flags: number): void {
    this.#ask(asker, () => this.#client.post("zero", { offset, byteLength, flags }));
  }

  /** Gives up what a range holds. */
  trim(asker: Asker, offset: number, byteLength: number, flags: number): void {
    this.#ask(asker, () => this.#client.post("trim", { offset, byteLength, flags }));
  }

  /** What a range begins with. @throws {OsError} What the volume answered. */
  async extent(offset: number, byteLength: number): Promise<VolumeExtent> {
    while (this.#client.room === 0 && this.#failure === 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await this.#client.call("extent", { offset, byteLength });
    } finally {
      this.#beginWaiting();
    }
  }

  /** Posts a request, or has it wait. Hot path. */
  #ask(asker: Asker, post: () => number): void {
    if (this.#failure !== 0) return queueMicrotask(() => asker.ended(-this.#failure));
    if (this.#client.room === 0) return void this.#waiting.push(() => this.#ask(asker, post));
    try {
      this.#tickets.push(post());
    } catch (error) {
      this.#failure = errnoOf(error);
      return this.#ask(asker, post);
    }
    this.#askers.push(asker);
    this.#isBrisk = true;
    this.#hurry?.();
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => this.#pump()); // After all that was read from the socket has been posted.
  }

  async #pump(): Promise<void> {
    while (this.#tickets.length > 0) {
      const count = this.#collect();
      if (count > 0) this.#gather(count);
      else if (this.#isBrisk) this.#isBrisk = this.#waitInPlace() > 0;
      else await this.#pause();
      await nextTurn(); // Replies go to the sockets, and requests come from them.
    }
    this.#isPumping = false;
  }

  /** Waits for an answer in place, and tells of what there is; answers how many. */
  #waitInPlace(): number {
    this.#awaitAnswer();
    const count = this.#collect();
    return count > 0 ? this.#gather(count) : 0;
  }

  /**
   * Waits for as many answers as there are questions left: so replies go out several at a time, and
   * the next requests come so, which costs all sides less than one at a time. Not while answers are
   * slow, nor when there is much to each. Answers how many there are.
   */
  #gather(answered: number): number {
    if (this.#slowTurns > 0) {
      this.#slowTurns--;
      return answered;
    }
    if (!this.#isSmall) return answered;
    let count = answered;
    while (this.#tickets.length > count) {
      this.#awaitAnswer();
      const more = this.#collect();
      if (more === 0) {
        this.#slowTurns = this.#slowTurnsNext;
        this.#slowTurnsNext = Math.min(SLOW_TURNS_MAX, 2 * this.#slowTurnsNext);
        return count;
      }
      count += more;
    }
    this.#slowTurnsNext = 1;
    return count;
  }

  /** Tells of all that has been answered; answers how many. Hot path. */
  #collect(): number {
    const [tickets, askers] = [this.#tickets, this.#askers];
    let left = 0;
    const posted = tickets.length;
    for (let index = 0; index < posted; index++) {
      const result = this.#resultOf(tickets[index]!);
      if (result === undefined) {
        tickets[left] = tickets[index]!;
        askers[left++] = askers[index]!;
      } else askers[index]!.ended(result);
    }
    // What the ends of others have asked for stands behind.
    tickets.splice(left, posted - left);
    askers.splice(left, posted - left);
    if (left === posted) return 0;
    this.#isBrisk = true;
    this.#beginWaiting();
    return posted - left;
  }

  #awaitAnswer(): void {
    try {
      this.#client.awaitAny(IN_PLACE_MS);
    } catch (error) {
      this.#failure = errnoOf(error);
    }
  }

  #resultOf(ticket: number): number | undefined {
    if (this.#failure !== 0) return -this.#failure;
    try {
      return this.#client.collect(ticket);
    } catch (error) {
      this.#failure = errnoOf(error);
      return -this.#failure;
    }
  }

  #beginWaiting(): void {
    while (this.#waiting.length > 0 && (this.#client.room > 0 || this.#failure !== 0)) {
      this.#waiting.shift()!();
    }
  }

  /** Waits in the event loop until something is asked, or for a moment. */
  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = undefined;
  }
}

/** The errno of a channel that was closed. Anything else is ours, or the end of this life. */
function errnoOf(error: unknown): number {
  if (!(error instanceof OsError)) throw error;
  return error.errno;
}
