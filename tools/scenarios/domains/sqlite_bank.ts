/**
 * A program with a SQLite of its own, compiled to wasm by its authors: it makes the books of a bank,
 * makes transfers, or reads the books, as its options say.
 *
 * It may touch nothing of the host: the code of SQLite comes with its options.
 *
 * @module
 */

import type { Database, Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { installHakoVfs, type Sqlite3 } from "@hako/fs-server/sqlite";
import { enter } from "@hako/kernel/domain";
import { Pulse } from "../../record/pulse.ts";
import {
  ACCOUNTS,
  askBooks,
  BANK_PATH,
  type Books,
  drawTransfer,
  found,
  transfer,
} from "../foreign/bank.ts";
import { compileSqlite } from "../foreign/sqlite_wasm.ts";
import { randomFrom } from "../random.ts";

/** What it is told. */
export interface BankOptions {
  /** What it does. */
  readonly role: "found" | "transfer" | "read";
  /** The code of SQLite. */
  readonly code: SharedArrayBuffer;
  /** Of the transfers. */
  readonly seed: number;
  /** How many it makes at least. */
  readonly transferCount: number;
  /** Not 0 when no more are needed. */
  readonly stop: SharedArrayBuffer;
}

/** What it finishes with. */
export interface BankResult {
  /** Transfers that were answered. */
  readonly made: number;
  /** What they change in each account. */
  readonly nets: number[];
  /** What the books say, if it was asked to read them. */
  readonly books?: Books;
  /** Why it stopped early; empty if it did not. */
  readonly failure: string;
}

/** How long it leaves the cores, and the books, to others after each transfer. */
const DOZE_MS = 1;

const domain = await enter();
const options = domain.options as unknown as BankOptions;
const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
const stop = new Int32Array(options.stop);
const pulse = new Pulse(domain);
const nets: number[] = Array(ACCOUNTS).fill(0);
let made = 0;
let books: Books | undefined;
let failure = "";
try {
  await work(await startSqlite(options.code));
} catch (error) {
  failure = error instanceof Error ? error.message : String(error);
}
pulse.flush();
domain.finish(
  { made, nets, failure, ...(books === undefined ? {} : { books }) } satisfies BankResult,
);

async function work(sqlite3: Sqlite3Static): Promise<void> {
  const database = pulse.time(() => new sqlite3.oo1.DB(BANK_PATH, "c"));
  if (options.role === "found") pulse.time(() => found(database));
  else if (options.role === "read") books = pulse.time(() => askBooks(database));
  else await makeTransfers(database);
  database.close();
}

async function makeTransfers(database: Database): Promise<void> {
  const random = randomFrom(options.seed);
  while (made < options.transferCount || Atomics.load(stop, 0) === 0) {
    const next = drawTransfer(domain.name, made, random);
    await pulse.timeAsync(() => transfer(database, next));
    nets[next.source]! -= next.amount;
    nets[next.target]! += next.amount;
    pulse.reach(++made);
    await new Promise((resolve) => setTimeout(resolve, DOZE_MS));
  }
}

/** SQLite with the files of the client, the default for its databases. */
async function startSqlite(code: SharedArrayBuffer): Promise<Sqlite3Static> {
  const sqlite3 = await compileSqlite(new Uint8Array(code).slice());
  // It warns of every lock that it meets: nothing is wrong with that.
  (sqlite3 as unknown as { config: { warn: () => void } }).config.warn = () => {};
  installHakoVfs(sqlite3 as unknown as Sqlite3, fs, { asDefault: true });
  return sqlite3;
}
