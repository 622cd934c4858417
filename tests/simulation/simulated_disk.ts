/**
 * A simulated disk and its driver: transfers take effect, and are answered, at instants that the
 * scheduler chooses; those that overlap, in the order in which they were begun.
 *
 * ```text
 *   begun --effect--> done on the medium --answer--> told by poll() or wait()
 *     ^---------------- the driver has died: all that is not answered is done again
 * ```
 *
 * A server that dies leaves its transfers behind. They may still take effect until its successor has
 * connected, since only then has the driver closed its channel.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import { type DiskFaultPlan, tear } from "../../drivers/block/faulty/fault_plan.ts";
import { BLOCK_BYTES } from "../../storage-server/protocol.ts";
import type { Chance } from "./chance.ts";
import { DiskPort } from "./disk_port.ts";
import { Medium } from "./medium.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Transfer, TransferOwner, TransferRequest, TransferTaker } from "./transfer.ts";

/** What a simulated disk is made of. */
export interface DiskOptions {
  /** For people. */
  readonly name: string;
  /** Blocks. */
  readonly blockCount: number;
  /** Transfers that one client may have under way. */
  readonly roomMax: number;
  /** Whether zeroing is fast. */
  readonly fastZero: boolean;
  /** What goes wrong; nothing if left out. */
  readonly faults?: DiskFaultPlan | undefined;
  /** Hears that a flush has begun. */
  readonly hearFlush?: () => void;
  /** Hears that a server was told of a flush that failed. */
  readonly hearFailedFlush?: () => void;
}

/** A disk, its driver, and the transfers that are under way. */
export class SimulatedDisk implements TransferTaker {
  /** Its make. */
  readonly options: DiskOptions;
  /** The medium. */
  readonly medium: Medium;
  /** Whether its faults happen now. */
  isFaulty: () => boolean = () => false;
  /** Transfers that suffered a fault. */
  faultCount = 0;
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  #queue: Transfer[] = []; // Not answered yet, in the order in which they were begun.
  #number = 0;
  #life = 0; // Steps of the driver's former lives do nothing.
  #isUp = true;
  #isGone = false;

  /** A blank disk. */
  constructor(scheduler: Scheduler, chance: Chance, options: DiskOptions) {
    this.#scheduler = scheduler;
    this.#chance = chance;
    this.options = options;
    this.medium = new Medium(options.blockCount * BLOCK_BYTES);
  }

  /** Whether it answers nothing but errors. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Connects a server, once the driver has closed the channel of its predecessor. */
  connect(): DiskPort {
    let isConnected = false;
    this.#scheduler.after(this.#latencyUs(), () => isConnected = true);
    this.#scheduler.runUntil(() => isConnected && this.#isUp);
    for (const transfer of this.#queue) transfer.state = "dropped";
    this.#queue = [];
    return new DiskPort(this, this.options, this.#scheduler, this.#chance);
  }

  /** Takes a transfer; its port hears of its end. */
  begin(owner: TransferOwner, request: TransferRequest): Transfer {
    const mark = this.medium.mark;
    const number = this.#number++;
    const fault = undefined;
    const transfer: Transfer = { ...request, number, owner, mark, errno: 0, state: "begun", fault };
    this.#queue.push(transfer);
    this.#note(number, () => `${request.kind} ${request.first}+${request.count} begun`);
    if (request.kind === "flush") this.options.hearFlush?.();
    if (this.#isUp) this.#arrange(transfer);
    return transfer;
  }

  /** The driver dies; what it has not answered it does again when it is back. */
  killDriver(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    const life = ++this.#life;
    this.#note(life, () => "the driver dies");
    this.#scheduler.after(this.#chance.between(50, 3_000), () => {
      if (life !== this.#life) return;
      this.#isUp = true;
      this.#note(life, () => "the driver is back");
      for (const transfer of this.#queue) {
        transfer.state = "begun";
        this.#arrange(transfer);
      }
    });
  }

  /** The disk is torn out, with what it holds. */
  leave(): void {
    this.#isGone = true;
    this.#note(1, () => "the disk is gone");
  }

  /** It is put back as it was. */
  comeBack(): void {
    this.#isGone = false;
    this.#note(2, () => "the disk is back");
  }

  /** The power fails: transfers are cut short, and of what no flush covered something survives. */
  cutPower(tearOf: (offset: number) => number, survives: "by chance" | "nothing"): void {
    const chance = survives === "by chance" ? this.#chance : undefined;
    for (const transfer of this.#queue) {
      const { kind, first, view, state } = transfer;
      if (kind === "write" && state === "begun" && chance?.happens(0.5)) {
        this.medium.write(first * BLOCK_BYTES, view!);
      }
      transfer.state = "dropped";
    }
    this.#queue = [];
    this.#life++;
    this.#isUp = true;
    this.medium.cut(chance, tearOf);
  }

  #arrange(transfer: Transfer): void {
    const { kind, first, count } = transfer;
    const { faults } = this.options;
    const fate = faults !== undefined && this.isFaulty()
      ? faults.next(kind, first, count)
      : undefined;
    transfer.fault = fate?.fault;
    if (fate !== undefined) this.faultCount++;
    const delayUs = this.#latencyUs() + (fate?.delayMs ?? 0) * 1_000;
    this.#step(transfer, delayUs, () => this.#effect(transfer));
  }

  #step(transfer: Transfer, delayUs: number, run: () => void): void {
    const life = this.#life;
    this.#scheduler.after(delayUs, () => {
      if (life === this.#life && transfer.state !== "dropped") run();
    });
  }

  #effect(transfer: Transfer): void {
    const before = this.#queue.find((other) => other === transfer || mustPrecede(other, transfer));
    if (before !== transfer) {
      return this.#step(transfer, this.#latencyUs(), () => this.#effect(transfer));
    }
    transfer.errno = this.#isGone ? ERRNO.EIO : this.#carryOut(transfer);
    transfer.state = "effected";
    this.#note(transfer.number, () => {
      const { kind, first, count, errno, fault } = transfer;
      const how = fault === undefined ? "" : ` with a fault: ${fault.kind}`;
      return `${kind} ${first}+${count} done${how}${errno === 0 ? "" : `, errno ${errno}`}`;
    });
    const delayUs = this.#chance.happens(0.8)
      ? this.#latencyUs() >> 2
      : this.#chance.below(this.#chance.pick([3_000, 20_000]));
    this.#step(transfer, delayUs, () => this.#answer(transfer));
  }

  #answer(transfer: Transfer): void {
    transfer.state = "answered";
    if (transfer.kind === "flush" && transfer.errno !== 0) this.options.hearFailedFlush?.();
    this.#queue.splice(this.#queue.indexOf(transfer), 1);
    transfer.owner.hear(transfer);
  }

  #carryOut(transfer: Transfer): number {
    if (transfer.kind === "flush") return this.#flush(transfer);
    if (transfer.kind === "read") return this.#read(transfer);
    if (transfer.kind !== "discard") return this.#write(transfer);
    const way = this.#chance.below(3);
    if (way > 0) {
      const bytes = new Uint8Array(transfer.count * BLOCK_BYTES).fill(way === 1 ? 0 : 0xd5);
      this.medium.write(transfer.first * BLOCK_BYTES, bytes);
    }
    return 0;
  }

  #flush({ mark, fault }: Transfer): number {
    if (fault === undefined) {
      this.medium.flush(mark);
      return 0;
    }
    this.medium.failFlush(mark);
    return ERRNO.EIO;
  }

  #read({ first, view, fault }: Transfer): number {
    const bytes = this.medium.bytes;
    const target = view!;
    let offset = first * BLOCK_BYTES;
    if (fault?.kind === "error") return fault.errno;
    if (fault?.kind === "misdirected") offset = fault.first * BLOCK_BYTES;
    if (fault?.kind === "rot") {
      const at = offset + fault.byte;
      this.medium.spoil(at, Uint8Array.of(bytes[at]! ^ (1 << fault.bit)));
    }
    const byteLength = fault?.kind === "short" ? fault.count * BLOCK_BYTES : target.byteLength;
    target.set(bytes.subarray(offset, offset + byteLength));
    return fault?.kind === "short" ? ERRNO.EIO : 0;
  }

  #write({ first, count, view, fault }: Transfer): number {
    const bytes = view ?? new Uint8Array(count * BLOCK_BYTES);
    const offset = first * BLOCK_BYTES;
    switch (fault?.kind) {
      case "error":
      case "full":
        return fault.errno;
      case "short":
        this.medium.write(offset, bytes.subarray(0, fault.count * BLOCK_BYTES));
        return ERRNO.EIO;
      case "torn": {
        const target = this.medium.bytes.slice(offset, offset + bytes.byteLength);
        tear(target, bytes, fault.kept);
        this.medium.write(offset, target);
        return fault.errno;
      }
      case "misdirected":
        this.medium.write(fault.first * BLOCK_BYTES, bytes);
        return 0;
      case "stale":
        return 0;
      default:
        this.medium.write(offset, bytes);
        return 0;
    }
  }

  #latencyUs(): number {
    return this.#chance.happens(0.05)
      ? this.#chance.between(500, 5_000)
      : this.#chance.between(5, 300);
  }

  #note(number: number, what: () => string): void {
    this.#scheduler.note(this.options.name, number, what);
  }
}

/** Whether what was begun before must have been answered before. */
function mustPrecede(earlier: Transfer, later: Transfer): boolean {
  if (earlier.kind === "flush" || later.kind === "flush") return false;
  if (earlier.kind === "read" && later.kind === "read") return false;
  return earlier.first < later.first + later.count && later.first < earlier.first + earlier.count;
}
