/**
 * A program with a SQLite of its own, which makes transfers until the round is over.
 *
 * @module
 */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { enter } from "@hako/kernel/domain";
import { randomFrom } from "../../../tools/scenarios/random.ts";
import { Board } from "../../kills/board.ts";
import { BANK_PATH, nextNumber, prepare, transfer } from "../bank.ts";
import { startSqlite } from "../sqlite_module.ts";

const domain = await enter();
const { board: buffer, seed, journalMode, transfers } = domain.options as {
  board: SharedArrayBuffer;
  seed: number;
  journalMode: string;
  transfers: number;
};
const board = new Board(buffer);
const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
const idle = new Int32Array(new SharedArrayBuffer(4));
let number = 0;
let failure = "";
try {
  const sqlite3 = await startSqlite(fs, {
    // The full time, even when the round is over: SQLite counts what it has asked for.
    sleepMs: (ms) => void Atomics.wait(idle, 0, 0, ms),
  });
  const database = new sqlite3.oo1.DB(BANK_PATH, "w");
  prepare(database, journalMode);
  number = nextNumber(database, domain.name); // An earlier life may have begun.
  const random = randomFrom(seed);
  // One at least, however busy the machine: the other may have had the lock all the time.
  while ((!board.isOver || number === 0) && number < transfers) {
    transfer(database, domain.name, { number, random });
    number++;
    board.count("files", 1);
  }
  database.close();
} catch (error) {
  // The end of a life is no failure: the next one goes on.
  if (error instanceof Error && error.name === "Fenced") throw error;
  failure = error instanceof Error ? error.stack ?? error.message : String(error);
  board.end();
}
domain.finish({ number, failure });
