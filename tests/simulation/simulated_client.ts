/**
 * A client in a simulated world: it has several requests under way, writes each asked for in the ledger
 * before it is posted, and what it is told when it is answered.
 *
 * @module
 */

import { ERRNO, errnoName } from "@hako/ipc";
import {
  BLOCK_BYTES,
  SECTOR_BYTES,
  TRANSACTION_ENTRY_BYTES,
  VECTOR_ENTRY_BYTES,
  WRITE_FLAG,
} from "../../storage-server/protocol.ts";
import type { Chance } from "./chance.ts";
import { type Change, fillPiece, type Ledger, SECTORS, stampsOf, Violation } from "./ledger.ts";
import type { Mix } from "./mix.ts";
import { type Range, runsOf } from "./range.ts";
import type { OperationName, ReplyValues, Requests } from "./requests.ts";
import type { Scheduler } from "./scheduler.ts";

/** What a client is made of. */
export interface ClientParts {
  /** Its number. */
  readonly badge: number;
  /** What it does, and when. */
  readonly chance: Chance;
  /** Time. */
  readonly scheduler: Scheduler;
  /** Where it posts. */
  readonly requests: Requests;
  /** Where it writes down what it asks for and is told. */
  readonly ledger: Ledger;
  /** Its volume. */
  readonly volume: number;
  /** Blocks of its volume. */
  readonly blockCount: number;
  /** The number that block 0 of its volume has in the ledger. */
  readonly firstBlock: number;
  /** Blocks from the beginning on that it uses. */
  readonly span: number;
  /** What it asks for. */
  readonly mix: Mix;
  /** Requests under way at most. */
  readonly depthMax: number;
  /** Requests in all. */
  readonly requestCount: number;
  /** Longest pause. */
  readonly thinkUsMax: number;
  /** Hears of an error: what was refused, and when it was asked for. */
  readonly refused: (operation: OperationName, errno: number) => void;
  /** Hears of a write or flush that succeeded, and when it was asked for. */
  readonly succeeded: (operation: OperationName, startAt: number) => void;
}

/** Most blocks of one request. */
const BLOCKS_MAX = 8;

interface Windows {
  readonly data: Uint8Array;
  readonly table: Uint8Array;
}

/** A client. */
export class SimulatedClient {
  readonly #parts: ClientParts;
  readonly #channel: number;
  readonly #windows: Windows[] = [];
  readonly #owned: Windows[] = [];
  #sequence = 0;
  #left: number;
  #underWay = 0;
  #isOver = false;

  /** Connected, and silent until {@linkcode SimulatedClient.start}. */
  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#channel = parts.requests.open();
    this.#left = parts.requestCount;
    for (let index = 0; index < parts.depthMax; index++) this.#windows.push(this.#more());
  }

  /** Whether it has asked for everything and was told of it all. */
  get isDone(): boolean {
    return this.#left === 0 && this.#underWay === 0;
  }

  /** Begins. */
  start(): void {
    for (let slot = 0; slot < this.#parts.depthMax; slot++) this.#think();
  }

  /** It is gone, and the server with it. */
  vanish(): void {
    if (!this.#isOver) POOL.push(...this.#owned);
    this.#isOver = true;
  }

  /** Makes everything durable. */
  flush(): void {
    this.#underWay++;
    this.#flush(this.#windows.pop() ?? this.#more());
  }

  /** Reads all of its volume. */
  readAll(): void {
    for (let block = 0; block < this.#parts.blockCount; block += BLOCKS_MAX) {
      const count = Math.min(BLOCKS_MAX, this.#parts.blockCount - block);
      this.#underWay++;
      this.#read(this.#more(), [{ sector: block * SECTORS, count: count * SECTORS }]);
    }
  }

  #more(): Windows {
    const more = windows();
    this.#owned.push(more);
    return more;
  }

  #think(): void {
    const { scheduler, chance, thinkUsMax } = this.#parts;
    scheduler.after(chance.between(0, thinkUsMax), () => {
      if (this.#isOver || this.#left === 0) return;
      this.#left--;
      this.#underWay++;
      this.#ask(this.#windows.pop()!);
    });
  }

  #ask(windows: Windows): void {
    const operation = this.#drawOperation();
    switch (operation) {
      case "read":
        return this.#read(windows, [this.#range()]);
      case "readVector":
        return this.#read(windows, this.#ranges());
      case "write":
        return this.#write(windows, [this.#range()]);
      case "writeVector":
        return this.#write(windows, this.#ranges());
      case "transact":
        return this.#transact(windows);
      case "flush":
        return this.#flush(windows);
      case "extent":
        return this.#extent(windows);
      case "lastTag":
        return this.#lastTag(windows);
      default:
        return this.#wipe(windows, operation);
    }
  }

  #drawOperation(): OperationName {
    const { chance, mix } = this.#parts;
    let at = chance.below(mix.reduce((sum, [, weight]) => sum + weight, 0));
    return mix.find(([, weight]) => (at -= weight) < 0)![0];
  }

  #read(windows: Windows, ranges: readonly Range[]): void {
    const target = windows.data.subarray(0, bytesOf(ranges)).fill(0xee);
    const startAt = this.#parts.ledger.tick();
    const isVector = ranges.length > 1;
    const values = isVector
      ? { count: ranges.length, table: vectorTable(windows, ranges), target }
      : { offset: ranges[0]!.sector * SECTOR_BYTES, target };
    this.#post(windows, isVector ? "readVector" : "read", values, (answer) => {
      if (answer !== target.byteLength) throw new Violation(`a read answers ${answer}`);
      this.#see(ranges, stampsOf(target), startAt);
    });
  }

  #see(ranges: readonly Range[], stamps: readonly number[], startAt: number): void {
    const { ledger, badge, firstBlock } = this.#parts;
    const endAt = ledger.tick();
    let at = 0;
    for (const range of ranges) {
      for (const { block, mask } of runsOf([range])) {
        const seen = Array<number>(SECTORS).fill(0);
        for (let sector = 0; sector < SECTORS; sector++) {
          if ((mask >> sector) & 1) seen[sector] = stamps[at++]!;
        }
        ledger.sights.push({
          client: badge,
          block: firstBlock + block,
          mask,
          stamps: seen,
          startAt,
          endAt,
        });
      }
    }
  }

  #write(windows: Windows, ranges: readonly Range[]): void {
    const isForced = this.#parts.chance.happens(0.12);
    const change = this.#change("write", isForced, runsOf(ranges));
    const source = windows.data.subarray(0, bytesOf(ranges));
    let at = 0;
    for (const range of ranges) {
      for (const { block, mask } of runsOf([range])) {
        const { stamp } = this.#piece(change, block);
        const byteLength = bitsOf(mask) * SECTOR_BYTES;
        fillPiece(source.subarray(at, at + byteLength), stamp);
        at += byteLength;
      }
    }
    const flags = isForced ? WRITE_FLAG.FUA : 0;
    const isVector = ranges.length > 1;
    const values = isVector
      ? { count: ranges.length, flags, table: vectorTable(windows, ranges), source }
      : { offset: ranges[0]!.sector * SECTOR_BYTES, flags, source };
    const operation = isVector ? "writeVector" : "write";
    this.#postChange(windows, operation, values, { change, wanted: source.byteLength });
  }

  #wipe(windows: Windows, operation: "zero" | "trim"): void {
    const { chance } = this.#parts;
    const range = this.#range();
    const isForced = chance.happens(0.2);
    const isFast = operation === "zero" && chance.happens(0.2);
    const change = this.#change(operation, isForced, runsOf([range]));
    const flags = (isForced ? WRITE_FLAG.FUA : 0) | (isFast ? WRITE_FLAG.FAST : 0);
    const values = {
      offset: range.sector * SECTOR_BYTES,
      byteLength: range.count * SECTOR_BYTES,
      flags,
    };
    const refusal = isFast ? ERRNO.EOPNOTSUPP : undefined;
    this.#postChange(windows, operation, values, { change, wanted: 0, refusal });
  }

  #transact(windows: Windows): void {
    const { chance, span, badge } = this.#parts;
    const blocks = [
      ...new Set(Array.from({ length: chance.between(1, 4) }, () => chance.below(span))),
    ];
    const change = this.#change("transact", false, blocks.map((block) => ({ block, mask: 0xff })));
    const table = windows.table.subarray(0, blocks.length * TRANSACTION_ENTRY_BYTES);
    blocks.forEach((block, index) => {
      const offset = (blocks.length - 1 - index) * BLOCK_BYTES;
      fillPiece(
        windows.data.subarray(offset, offset + BLOCK_BYTES),
        this.#piece(change, block).stamp,
      );
      writeEntry(table, index, block, offset);
    });
    const images = windows.data.subarray(0, blocks.length * BLOCK_BYTES);
    const tag = { tagBadge: 100 + badge, tagSequence: change.number, result: -change.number };
    const values = { count: blocks.length, ...tag, table, images };
    this.#postChange(windows, "transact", values, { change, wanted: blocks.length });
  }

  #flush(windows: Windows): void {
    const { ledger, succeeded } = this.#parts;
    const startAt = ledger.tick();
    this.#post(windows, "flush", {}, (answer) => {
      if (answer !== 0) throw new Violation(`a flush answers ${answer}`);
      ledger.flushed(startAt);
      succeeded("flush", startAt);
    });
  }

  #extent(windows: Windows): void {
    const range = this.#range();
    const { sector, count } = range;
    const startAt = this.#parts.ledger.tick();
    const values = { offset: sector * SECTOR_BYTES, byteLength: count * SECTOR_BYTES };
    this.#post(windows, "extent", values, (answer) => {
      const { byteLength = -1, isZero } = answer as ReplyValues;
      if (byteLength <= 0 || byteLength > values.byteLength) {
        throw new Violation(`an extent of ${byteLength} bytes, asked for ${values.byteLength}`);
      }
      const told = { sector, count: byteLength / SECTOR_BYTES };
      if (isZero === 1) this.#see([told], Array<number>(told.count).fill(0), startAt);
    });
  }

  #lastTag(windows: Windows): void {
    const { ledger, badge } = this.#parts;
    const startAt = ledger.tick();
    this.#post(windows, "lastTag", {}, (answer) => {
      const { known, tagBadge, tagSequence = 0, result } = answer as ReplyValues;
      const isRight = known === 0 || (tagBadge === 100 + badge && result === -tagSequence);
      if (!isRight) {
        throw new Violation(`client ${badge} is told the tag ${tagBadge}.${tagSequence}`);
      }
      const change = known === 1 ? tagSequence : -1;
      ledger.tagSights.push({ client: badge, change, startAt, endAt: ledger.tick() });
    });
  }

  #postChange(
    windows: Windows,
    operation: OperationName,
    values: Readonly<Record<string, unknown>>,
    { change, wanted, refusal }: {
      readonly change: Change;
      readonly wanted: number;
      readonly refusal?: number | undefined;
    },
  ): void {
    const { ledger, succeeded } = this.#parts;
    const hear = (answer: number | ReplyValues): void => {
      if (answer !== wanted) throw new Violation(`${operation} answers ${answer}, not ${wanted}`);
      ledger.end(change, "done");
      succeeded(operation, change.startAt);
    };
    this.#post(windows, operation, values, hear, { refusal, change });
  }

  #post(
    windows: Windows,
    operation: OperationName,
    values: Readonly<Record<string, unknown>>,
    hear: (answer: number | ReplyValues) => void,
    { refusal, change }: {
      readonly refusal?: number | undefined;
      readonly change?: Change | undefined;
    } = {},
  ): void {
    const { requests, scheduler, badge, volume, ledger, refused } = this.#parts;
    const sequence = this.#sequence++;
    const request = {
      badge,
      sequence,
      volume,
      operation,
      values,
      state: "posted",
      wasTaken: false,
      takenAt: 0,
    } as const;
    scheduler.note(`client ${badge}`, sequence, () => {
      const asked = change === undefined ? JSON.stringify(values, plain) : describePieces(change);
      return `asks ${badge}.${sequence} ${operation} ${asked}`;
    });
    requests.post(this.#channel, {
      ...request,
      hear: (answer) => {
        this.#underWay--;
        this.#windows.push(windows);
        const number = typeof answer === "number" ? answer : 0;
        scheduler.note(
          `client ${badge}`,
          number,
          () => `is answered ${badge}.${sequence}: ${told(answer)}`,
        );
        if (number >= 0) hear(answer);
        else {
          if (change !== undefined) ledger.end(change, "failed");
          if (-number !== refusal) refused(operation, -number);
        }
        this.#think();
      },
    });
  }

  #change(
    kind: Change["kind"],
    isForced: boolean,
    runs: readonly { readonly block: number; readonly mask: number }[],
  ): Change {
    const { ledger, badge, firstBlock } = this.#parts;
    const placed = runs.map(({ block, mask }) => ({ block: firstBlock + block, mask }));
    return ledger.start({ kind, client: badge, isForced }, placed);
  }

  #piece(change: Change, block: number): Change["pieces"][number] {
    return change.pieces.find((piece) => piece.block === this.#parts.firstBlock + block)!;
  }

  /** Whole blocks as a rule, sectors sometimes. */
  #range(): Range {
    const { chance, span } = this.#parts;
    const block = chance.below(span);
    const blocks = chance.between(1, Math.min(chance.pick([1, 2, BLOCKS_MAX]), span - block));
    if (chance.happens(0.7)) return { sector: block * SECTORS, count: blocks * SECTORS };
    const within = chance.below(SECTORS);
    return {
      sector: block * SECTORS + within,
      count: chance.between(1, blocks * SECTORS - within),
    };
  }

  /** Ranges that do not share a block. */
  #ranges(): Range[] {
    const { chance, span } = this.#parts;
    const ranges: Range[] = [];
    for (let block = chance.below(3); block < span && ranges.length < 4;) {
      const within = chance.happens(0.3) ? chance.below(SECTORS) : 0;
      const sectors = chance.happens(0.3) ? chance.between(1, SECTORS - within) : SECTORS - within;
      ranges.push({ sector: block * SECTORS + within, count: sectors });
      block += chance.between(1, 5);
    }
    if (ranges.length < 2) return [this.#range()];
    return chance.happens(0.5) ? ranges : ranges.reverse();
  }
}

/** Windows of clients that are gone: whoever has them fills what is used. */
const POOL: Windows[] = [];

function windows(): Windows {
  return POOL.pop() ?? {
    data: new Uint8Array(new SharedArrayBuffer(BLOCKS_MAX * BLOCK_BYTES)),
    table: new Uint8Array(new SharedArrayBuffer(BLOCKS_MAX * VECTOR_ENTRY_BYTES)),
  };
}

function vectorTable({ table }: Windows, ranges: readonly Range[]): Uint8Array {
  ranges.forEach(({ sector, count }, index) => {
    writeEntry(table, index, sector * SECTOR_BYTES, count * SECTOR_BYTES);
  });
  return table.subarray(0, ranges.length * VECTOR_ENTRY_BYTES);
}

function writeEntry(table: Uint8Array, index: number, first: number, second: number): void {
  const words = new Uint32Array(table.buffer, table.byteOffset + index * 16, 4);
  words[0] = first;
  words[1] = 0;
  words[2] = second;
  words[3] = 0;
}

function bytesOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { count }) => sum + count, 0) * SECTOR_BYTES;
}

function bitsOf(mask: number): number {
  let bits = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}

function describePieces({ number, pieces }: Change): string {
  return `#${number} of ${pieces.map(({ block, stamp }) => `${block}=${stamp}`).join(", ")}`;
}

function told(answer: number | ReplyValues): string {
  if (typeof answer !== "number") return JSON.stringify(answer);
  return answer >= 0 ? String(answer) : errnoName(-answer) ?? String(answer);
}

function plain(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? `${value.byteLength} bytes` : value;
}
