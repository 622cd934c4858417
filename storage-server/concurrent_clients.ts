/**
 * Clients of a simulated volume that have several requests under way, and a server that dies.
 *
 * Chance says who posts, which client's next request the server takes, when transfers go on, and at
 * which death point an incarnation ends. What was not answered by then is given to the successor, in
 * each client's order. What had been taken comes before all else: a write that was done already, and
 * read by somebody, must not be done again after another write of the same block.
 *
 * @module
 */

import { BLOCK_BYTES } from "./protocol.ts";
import { type Access, judgeRegister } from "./register_history.ts";
import type { Given, SimulatedVolume } from "./simulated_volume.ts";
import { sectorStamps } from "./volume_model.ts";
import {
  BLOCK_SECTORS,
  effectsOf,
  type Operation,
  type SectorRun,
  sectorsOf,
  wholeBlocks,
} from "./workload.ts";
import { Death } from "./simulated_outcome.ts";

/** Most blocks of one request. */
const REQUEST_BLOCKS = 4;

/** Requests that a client has under way at most. */
const IN_FLIGHT_MAX = 4;

/** A request, from when it is posted to when it is answered. */
export interface Request {
  /** What is asked for. */
  readonly operation: Operation;
  /** When it was posted. */
  readonly start: number;
  /** How many events the device had seen then. */
  readonly startEvents: number;
  /** When it was answered. */
  end: number;
  /** How many events the device had seen then. */
  endEvents: number;
  /** What a read has found in each sector. */
  found: Uint32Array | undefined;
  readonly sequence: number;
  readonly window: Uint8Array;
  given: Given | undefined;
  /** Whether an incarnation died over it: it may have been done, though nobody was told. */
  wasTaken: boolean;
}

interface Client {
  readonly badge: number;
  readonly windows: Uint8Array[]; // Free ones.
  unanswered: Request[]; // In the order of posting.
  lastSequence: number;
}

/** What clients do, how often the server dies. */
export interface ConcurrencyOptions {
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  /** How many clients there are. */
  readonly clients: number;
  /** Blocks are chosen below this. */
  readonly blockCount: number;
  /** Blocks from this one on are also written in parts. */
  readonly partsFrom: number;
  /** The chance of a death at each death point. */
  readonly deaths: number;
}

/** Clients, what they have asked for, and what they were told. */
export class ConcurrentClients {
  /** Every request so far. */
  readonly requests: Request[] = [];
  /** How many incarnations have died. */
  deaths = 0;
  readonly #simulated: SimulatedVolume;
  readonly #options: ConcurrencyOptions;
  readonly #clients: Client[];
  #now = 0;
  #stamp = 0;

  /** Clients of a volume that is open. */
  constructor(simulated: SimulatedVolume, options: ConcurrencyOptions) {
    this.#simulated = simulated;
    this.#options = options;
    simulated.device.chance = options.random;
    simulated.dies = () => options.random() < options.deaths;
    this.#clients = Array.from({ length: options.clients }, (_, index) => {
      const bytes = new SharedArrayBuffer(IN_FLIGHT_MAX * REQUEST_BLOCKS * BLOCK_BYTES);
      const windows = Array.from(
        { length: IN_FLIGHT_MAX },
        (_, at) => new Uint8Array(bytes).subarray(at * REQUEST_BLOCKS * BLOCK_BYTES),
      ).map((window) => window.subarray(0, REQUEST_BLOCKS * BLOCK_BYTES));
      simulated.lend(windows[0]!);
      return { badge: index + 1, windows, unanswered: [], lastSequence: 0 };
    });
  }

  /** Posts `count` requests in all, and goes on until every one is answered. */
  run(count: number): void {
    const { random } = this.#options;
    for (let posted = 0; posted < count || this.#hasUnanswered();) {
      this.#now++;
      const chance = random();
      if (chance < 0.4 && posted < count) {
        if (this.#post()) posted++;
      } else if (chance < 0.7) {
        this.#live(() => this.#take());
      } else if (chance < 0.9) {
        this.#live(() => void this.#simulated.volumes.turn());
      } else {
        this.#live(() => this.#simulated.volumes.wait(1));
      }
    }
  }

  /** What is wrong with what the clients have seen, or `undefined`. */
  judge(): string | undefined {
    const { blockCount } = this.#options;
    for (let sector = 0; sector < blockCount * BLOCK_SECTORS; sector++) {
      const wrong = judgeRegister(this.requests.flatMap((request) => accessesOf(request, sector)));
      if (wrong !== undefined) return `sector ${sector}: ${wrong}`;
    }
    for (const { found, operation } of this.requests) {
      if (found === undefined || operation.kind !== "read") continue;
      const wrong = this.#judgeWhole(found, operation.run.first);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  /**
   * What is wrong with a volume that was recovered after a power cut, or `undefined`.
   *
   * @param sectors The stamp of each sector.
   * @param events How many events the device had seen.
   */
  judgeCut(sectors: Uint32Array, events: number): string | undefined {
    const started = this.requests.filter(({ startEvents }) => startEvents <= events);
    const durable = started.filter((request) => this.#isDurable(request, started, events));
    for (let sector = 0; sector < this.#options.blockCount * BLOCK_SECTORS; sector++) {
      const value = sectors[sector]!;
      const newest = durable.filter((request) => writes(request, sector));
      const source = started.find((request) =>
        writes(request, sector) && stampOf(request) === value
      );
      if (source === undefined && value !== 0) return `sector ${sector}: ${value} is from nowhere`;
      const sourceEnd = source?.end ?? -1;
      const later = newest.find(({ start }) => start > sourceEnd);
      if (later !== undefined) {
        return `sector ${sector}: ${value}, but ${stampOf(later)} is durable`;
      }
    }
    return this.#judgeWhole(sectors, 0);
  }

  /** Whether all sectors of each block that is never written in parts are the same. */
  #judgeWhole(sectors: Uint32Array, first: number): string | undefined {
    for (let at = 0; at < sectors.length; at += BLOCK_SECTORS) {
      const block = (first + at) / BLOCK_SECTORS;
      if (block >= this.#options.partsFrom) return undefined;
      const whole = sectors.subarray(at, at + BLOCK_SECTORS);
      if (!whole.every((stamp) => stamp === whole[0])) return `block ${block} is a mixture`;
    }
    return undefined;
  }

  #isDurable(request: Request, started: readonly Request[], events: number): boolean {
    if (request.endEvents > events) return false;
    const { operation } = request;
    if ("fua" in operation && operation.fua === true) return true;
    return started.some((flush) =>
      flush.operation.kind === "flush" && flush.start > request.end && flush.endEvents <= events
    );
  }

  #hasUnanswered(): boolean {
    return this.#clients.some(({ unanswered }) => unanswered.length > 0);
  }

  #post(): boolean {
    const client = this.#pick(this.#clients)!;
    const window = client.windows.pop();
    if (window === undefined) return false;
    const request: Request = {
      operation: this.#draw(),
      start: this.#now,
      startEvents: this.#simulated.device.events.length,
      end: Infinity,
      endEvents: Infinity,
      found: undefined,
      sequence: ++client.lastSequence,
      window,
      given: undefined,
      wasTaken: false,
    };
    client.unanswered.push(request);
    this.requests.push(request);
    return true;
  }

  #draw(): Operation {
    const { random, blockCount, partsFrom } = this.#options;
    const below = (limit: number): number => Math.floor(random() * limit);
    const stamp = ++this.#stamp;
    const first = below(blockCount);
    const count = 1 + below(Math.min(REQUEST_BLOCKS, blockCount - first));
    const kind = random();
    if (kind < 0.34) return { kind: "read", run: wholeBlocks(first, count) };
    if (kind < 0.68) return { kind: "write", first, count, stamp, fua: random() < 0.05 };
    if (kind < 0.76 && partsFrom < blockCount) {
      const sector = partsFrom * BLOCK_SECTORS + below((blockCount - partsFrom) * BLOCK_SECTORS);
      const most = Math.min(12, blockCount * BLOCK_SECTORS - sector);
      const run: SectorRun = { first: sector, count: 1 + below(most) };
      return { kind: "scatter", runs: [run], stamp };
    }
    if (kind < 0.84) return { kind: "flush" };
    const blocks = new Set(Array.from({ length: 1 + below(3) }, () => below(blockCount)));
    return { kind: "transact", blocks: [...blocks], stamp };
  }

  /** Lets the server take the next request of some client: what may have been done comes first. */
  #take(): void {
    const untaken = this.#clients.flatMap((client) => {
      const next = client.unanswered.find(({ given }) => given === undefined);
      return next === undefined ? [] : [{ client, next }];
    });
    const again = untaken.filter(({ next }) => next.wasTaken);
    const picked = this.#pick(again.length > 0 ? again : untaken);
    if (picked === undefined) return;
    const { client: { badge }, next } = picked;
    const { operation, window, sequence } = next;
    const given = this.#simulated.give(operation, window, { sequence, badge }, (pending) => {
      next.given = pending;
    });
    next.given = given;
  }

  /** Lets the server do something, and its successor begin if it dies of it. */
  #live(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      this.#note();
      this.#succeed();
    }
    this.#note();
  }

  /** Notes what has been answered. */
  #note(): void {
    for (const client of this.#clients) {
      for (const request of client.unanswered) {
        const { given, operation, window } = request;
        if (given?.result === undefined) continue;
        if (given.result < 0) throw new Error(`${operation.kind} answered ${given.result}`);
        request.end = this.#now;
        request.endEvents = this.#simulated.device.events.length;
        if (operation.kind === "read") {
          request.found = sectorStamps(window.slice(0, given.result));
        }
        client.windows.push(window);
      }
      client.unanswered = client.unanswered.filter(({ end }) => end === Infinity);
    }
  }

  #succeed(): void {
    for (const { unanswered } of this.#clients) {
      for (const request of unanswered) {
        request.wasTaken ||= request.given !== undefined;
        request.given = undefined;
      }
    }
    for (;;) {
      this.deaths++;
      try {
        this.#simulated.open();
        return;
      } catch (error) {
        if (!(error instanceof Death)) throw error;
      }
    }
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#options.random() * list.length)];
  }
}

function writes({ operation }: Request, sector: number): boolean {
  return effectsOf(operation).some(({ sectors }) => sectors.includes(sector));
}

function stampOf({ operation }: Request): number {
  return effectsOf(operation)[0]!.stamp;
}

function accessesOf(request: Request, sector: number): Access[] {
  const { operation, start, end, found } = request;
  if (operation.kind === "read") {
    const index = sectorsOf(operation.run).indexOf(sector);
    return index < 0 ? [] : [{ value: found![index]!, isWrite: false, start, end }];
  }
  if (!writes(request, sector)) return [];
  return [{ value: stampOf(request), isWrite: true, start, end }];
}
