/**
 * Opens keeps: memories with a schema, which change by transactions.
 *
 * @module
 */

import { assert, crc32c, type Fields, OsError } from "@hako/ipc";
import { KeptLog } from "./kept_log.ts";
import { KeptRecord, KeptTable } from "./kept_table.ts";
import { KEEP, KEEP_MAGIC } from "./layouts.ts";
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

const HEAD_WORDS = KEEP.byteLength >> 2;
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

/** A part, and what its words are before anything was put. */
interface OpenPart {
  readonly part: KeptRecord<Fields> | KeptTable<Fields> | KeptLog;
  /** Runs of words, from the first of the part on. */
  readonly blanks: () => Iterable<Uint32Array>;
}

/**
 * Opens a keep. A zeroed one is given its head, and every row a checksum, by a transaction of its
 * own: so nothing may be staged.
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
    opened.map(({ part }, index) => [parts[index]!.name, part]),
  ) as unknown as Keep<S>;
}

function openPart(region: Region, { name, shape, at }: PlacedShape, keep: string): OpenPart {
  const what = `${keep}: ${name}`;
  if (shape.kind === "log") {
    const part = new KeptLog({ region, at, words: (shape.byteLength + 3) >> 2, what });
    return { part, blanks: () => [part.blank()] };
  }
  const length = shape.kind === "table" ? shape.length : 1;
  const present = shape.kind === "table" ? 0 : 1;
  const rows = new Rows({ region, at, length, what }, shape.fields);
  const part = shape.kind === "table" ? new KeptTable(rows, length) : new KeptRecord(rows);
  const blanks = function* (): Generator<Uint32Array> {
    for (let index = 0; index < length; index++) yield rows.blank(index, present);
  };
  return { part, blanks };
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
  readonly opened: readonly OpenPart[];
  readonly what: string;
}

/** Gives each row its checksum, in place: nobody believes them before the head is committed. */
function initialise(region: Region, { head, parts, opened, what }: Beginning): void {
  const { transactions, memory } = region;
  assert(transactions.isEmpty, "a keep is opened for the first time while nothing is staged");
  opened.forEach(({ blanks }, index) => {
    let { at } = parts[index]!;
    for (const blank of blanks()) {
      refuseUsed(region, at, blank, what);
      memory.store(at, blank, 0, blank.length);
      at += blank.length;
    }
  });
  region.stage(0, head, HEAD_WORDS);
  transactions.commit();
}

/** A keep whose head alone is zero was in use: its head was scribbled over. */
function refuseUsed(region: Region, at: number, blank: Uint32Array, what: string): void {
  const found = new Uint32Array(blank.length);
  region.load(at, found, blank.length);
  if (found.every((word, index) => word === 0 || word === blank[index])) return;
  throw new OsError("EUCLEAN", `open ${what}: its head was zeroed`);
}

function hex(fingerprint: number): string {
  return fingerprint.toString(16).padStart(8, "0");
}
