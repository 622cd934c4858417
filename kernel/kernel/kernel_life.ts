/**
 * One life of the kernel: the words that it shares with the machine, its clock, its end.
 *
 * @module
 */

import { Doorbell, SLEEP_MS_MAX } from "@hako/ipc";
import { FaultPoints } from "../faults/fault_points.ts";
import type { ArmedFault } from "../faults/point_fault.ts";
import { BOOT, EXIT, writeExit } from "../layouts/boot.ts";
import type { KernelBoot } from "../messages.ts";

const FENCE = BOOT.at.fence >> 2;
const HEARTBEAT = BOOT.at.heartbeat >> 2;

/** The machine's word to a kernel that its time is over. */
export class KernelFenced extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "KernelFenced";
}

/** What a worker's own closing did before the runtime put itself in front of it. */
const closeWorker: () => void = globalThis.close.bind(globalThis);

/** The life that this kernel leads. */
export class KernelLife {
  readonly #words: Int32Array;
  readonly #machineBell: Doorbell;
  readonly #visits: Int32Array;
  #failure: Error | undefined;

  /** Takes up the life that the machine gives. */
  constructor(boot: KernelBoot) {
    this.#words = new Int32Array(boot.boot);
    this.#machineBell = new Doorbell(boot.machineBell);
    this.#visits = new Int32Array(boot.faultVisits);
    globalThis.close = () => this.die(EXIT.CLOSED, "self.close()");
    Deno.exit = () => this.die(EXIT.CLOSED, "Deno.exit()");
  }

  /** A sign of life. */
  beat(): void {
    Atomics.add(this.#words, HEARTBEAT, 1);
  }

  /** @throws {KernelFenced} If the machine has given the tables to a successor. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isFenced) throw new KernelFenced("fenced");
  }

  /** Milliseconds since 1970 that do not go back, the same in every worker. */
  nowMs(): number {
    return performance.timeOrigin + performance.now();
  }

  /** Runs a step of the kernel; one that throws ends this life, and the machine is told why. */
  guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (error instanceof KernelFenced) closeWorker();
      else {this.die(
          EXIT.THROWN,
          error instanceof Error ? error.stack ?? error.message : `${error}`,
        );}
    }
  }

  /** Ends this life for a reason of its own. */
  die(exit: number, why: string): never {
    writeExit(this.#words, exit, why);
    this.#machineBell.ring();
    closeWorker();
    throw new KernelFenced(why);
  }

  /** The points at which a fault plan may let this life end. */
  points(faults: readonly ArmedFault[]): FaultPoints {
    return new FaultPoints(faults, this.#visits, {
      terminate: (point) => this.#awaitEnd(point),
      exit: () => this.die(EXIT.CLOSED, "self.close()"),
      reject: (error) => this.#failure = error,
      isFenced: () => this.#isFenced,
      holdings: () => ({ epoch: 0, bell: this.#machineBell.memory, served: [], replaced: [] }),
    });
  }

  get #isFenced(): boolean {
    return Atomics.load(this.#words, FENCE) !== 0;
  }

  /** Says where it is, and does nothing more until the machine has ended it. */
  #awaitEnd(point: string): never {
    writeExit(this.#words, EXIT.TERMINATED, `terminated at ${point}`);
    this.#machineBell.ring();
    const bell = Doorbell.create();
    while (!this.#isFenced) bell.wait(bell.announce(), SLEEP_MS_MAX);
    throw new KernelFenced("terminated");
  }
}
