/**
 * Opens keeps: memories with a schema, which change by transactions.
 *
 * @module
 */

import { assert, crc32c, type Fields, OsError } from "@hako/ipc";
import { KeptLog } from "./kept_log.ts";
import { KeptRecord, KeptTable } from "./kept_table.ts";
import { KEEP, KEEP_MAGIC, TABLE } from "./layouts.ts";
import { Rows } from "./rows.ts";
import {
  fingerprintOf,
  keepBytes,
  type KeepSchema,
  type LogShape,
  type PlacedShape,
  placeShapes,
  type RecordShape,
  type TableShape,
} from "./schema.ts";
import type { Region } from "./transactions.ts";
import { UsedRows } from "./used_rows.ts";

const HEAD_WORDS = KEEP.byteLength >> 2;
const TABLE_HEAD_WORDS = TABLE.byteLength >> 2;
const MAGIC = KEEP.at.magic >> 2;
const FINGERPRINT = KEEP.at.fingerprint >> 2;
const WORDS = KEEP.at.words >> 2;
const CHECKSUM = KEEP.at.checksum >> 2;

/** The parts of a keep, by name. */
export type Keep<S extends KeepSchema> = {
  readonly [K in keyof S]: S[K] extends TableShape<infer F extends Fields> ? KeptTable<F>
    : S[K] extends RecordShape<infer F extends Fields> ? KeptRecord<F>
    : S[K] extends LogShape ? KeptLog
    : never;
};

type Part = KeptRecord<Fields> | KeptTable<Fields> | KeptLog;

/**
 * Opens a keep. A zeroed one is given its head, and each part a few words, by a transaction of its
 * own: so nothing may be staged. How many rows its tables have room for costs nothing.
 *
 * @param what What it is called in errors; the region's number if nothing better is known.
 * @throws {OsError} `EPROTO` if it was opened with another schema; `EUCLEAN` if it is damaged.
 * @throws {RangeError} If the region is smaller than {@linkcode keepBytes} says.
 */
export function openKeep<S extends KeepSchema>(
  region: Region,
  schema: S,
  what: string = `keep ${region.id}`,
): Keep<S> {
  if (region.byteLength < keepBytes(schema)) {
    const { byteLength } = region;
    throw new RangeError(`Cannot open ${what}: ${byteLength} bytes, not ${keepBytes(schema)}`);
  }
  assert(region.transactions.isOpen, "a log is recovered before a keep is opened");
  const { parts, words } = placeShapes(schema);
  const opened = parts.map((placed) => openPart(region, placed, what));
  const head = headOf(fingerprintOf(schema), words);
  if (isFresh(region, head, what)) initialise(region, { head, parts, opened, what });
  return Object.fromEntries(
    opened.map((part, index) => [parts[index]!.name, part]),
  ) as unknown as Keep<S>;
}

function openPart(region: Region, { name, shape, at }: PlacedShape, keep: string): Part {
  const what = `${keep}: ${name}`;
  switch (shape.kind) {
    case "log":
      return new KeptLog({ region, at, words: (shape.byteLength + 3) >> 2, what });
    case "record":
      return new KeptRecord(new Rows({ region, at, length: 1, what }, shape.fields));
    case "table": {
      const { length, fields } = shape;
      const rows = new Rows({ region, at: at + TABLE_HEAD_WORDS, length, what }, fields);
      return new KeptTable(rows, new UsedRows({ region, at, length }), length);
    }
  }
}

function headOf(fingerprint: number, words: number): Uint32Array {
  const head = Uint32Array.of(KEEP_MAGIC, fingerprint, words, 0);
  head[CHECKSUM] = crc32c(head, 0, CHECKSUM, 0);
  return head;
}

/** Whether a keep was never opened; throws if it is none of this schema. */
function isFresh(region: Region, head: Uint32Array, what: string): boolean {
  const found = new Uint32Array(HEAD_WORDS);
  region.load(0, found, HEAD_WORDS);
  if (found.every((word) => word === 0)) return true;
  if (found[MAGIC] !== KEEP_MAGIC || found[CHECKSUM] !== crc32c(found, 0, CHECKSUM, 0)) {
    throw new OsError("EUCLEAN", `open ${what}: its head is damaged`);
  }
  if (found[FINGERPRINT] === head[FINGERPRINT] && found[WORDS] === head[WORDS]) return false;
  const [theirs, ours] = [hex(found[FINGERPRINT]!), hex(head[FINGERPRINT]!)];
  throw new OsError("EPROTO", `open ${what}: it holds schema ${theirs}, and this is ${ours}`);
}

interface Beginning {
  readonly head: Uint32Array;
  readonly parts: readonly PlacedShape[];
  readonly opened: readonly Part[];
  readonly what: string;
}

/** Gives each part its first words, in place: nobody believes them before the head is committed. */
function initialise(region: Region, { head, parts, opened, what }: Beginning): void {
  const { transactions, memory } = region;
  assert(transactions.isEmpty, "a keep is opened for the first time while nothing is staged");
  opened.forEach((part, index) => {
    const { at } = parts[index]!;
    const blank = part.blank();
    refuseUsed(region, at, blank, what);
    memory.store(at, blank, 0, blank.length);
  });
  region.stage(0, head, HEAD_WORDS);
  transactions.commit();
}

/**
 * A keep whose head alone is zero was in use: its head was scribbled over. The first words of a part
 * tell whether anything was ever put there; only of a log that was cleared they do not, and it has
 * nothing to lose.
 */
function refuseUsed(region: Region, at: number, blank: Uint32Array, what: string): void {
  const found = new Uint32Array(blank.length);
  region.load(at, found, blank.length);
  if (found.every((word, index) => word === 0 || word === blank[index])) return;
  throw new OsError("EUCLEAN", `open ${what}: its head was zeroed`);
}

function hex(fingerprint: number): string {
  return fingerprint.toString(16).padStart(8, "0");
}
