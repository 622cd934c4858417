/**
 * Transfers as TPC-B has them: each changes an account, its teller and its branch by the same amount
 * and writes that down. Whatever is lost, or done twice, or half, the sums show.
 *
 * @module
 */

import type { Database } from "@sqlite.org/sqlite-wasm";

/** Where the bank's books are. */
export const BANK_PATH = "/bank.db";

/** Branches, tellers for each, and accounts for each. */
const BRANCHES = 2;
const TELLERS = 10;
const ACCOUNTS = 100;

/** How long a teller waits for another one. */
const BUSY_MS = 30_000;

/** What the books say in the end. */
export interface Balance {
  /** The sums of accounts, tellers, branches and of what was written down: all the same. */
  readonly sums: readonly number[];
  /** Transfers written down, by teller program. */
  readonly counts: Readonly<Record<string, number>>;
  /** What `PRAGMA integrity_check` says: `"ok"`. */
  readonly integrity: string;
}

/** Opens books. */
export function prepare(database: Database, journalMode = "delete"): void {
  database.exec(`PRAGMA busy_timeout=${BUSY_MS}; PRAGMA journal_mode=${journalMode}`);
  database.exec("PRAGMA synchronous=FULL");
}

/** Makes empty books. */
export function found(database: Database): void {
  database.exec(`
    CREATE TABLE branches (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE tellers (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE history (
      program TEXT, number INTEGER, account INTEGER, delta INTEGER, filler TEXT,
      PRIMARY KEY (program, number)
    );
  `);
  database.transaction(() => {
    const fill = (table: string, count: number) => {
      for (let id = 0; id < count; id++) database.exec(`INSERT INTO ${table}(id) VALUES (${id})`);
    };
    fill("branches", BRANCHES);
    fill("tellers", BRANCHES * TELLERS);
    fill("accounts", BRANCHES * ACCOUNTS);
  });
}

/** One transfer; its number makes it an error to do it twice. */
export function transfer(
  database: Database,
  program: string,
  draw: { readonly number: number; readonly random: () => number },
): void {
  const { number, random } = draw;
  const account = Math.floor(random() * BRANCHES * ACCOUNTS);
  const branch = Math.floor(account / ACCOUNTS);
  const teller = branch * TELLERS + Math.floor(random() * TELLERS);
  const delta = Math.floor(random() * 2000) - 1000;
  const change = (table: string, id: number) => {
    const sql = `UPDATE ${table} SET balance = balance + ? WHERE id = ?`;
    database.exec({ sql, bind: [delta, id] });
  };
  database.exec("BEGIN IMMEDIATE");
  try {
    change("accounts", account);
    change("tellers", teller);
    change("branches", branch);
    const sql = "INSERT INTO history VALUES (?, ?, ?, ?, ?)";
    database.exec({ sql, bind: [program, number, account, delta, "x".repeat(22)] });
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

/** The number of a program's next transfer. */
export function nextNumber(database: Database, program: string): number {
  const sql = "SELECT coalesce(max(number) + 1, 0) FROM history WHERE program = ?";
  return Number(database.selectValue(sql, [program]));
}

/** What the books say. */
export function balance(database: Database): Balance {
  const tables = ["accounts", "tellers", "branches"];
  const sums = tables.map((table) => {
    return Number(database.selectValue(`SELECT sum(balance) FROM ${table}`));
  });
  sums.push(Number(database.selectValue("SELECT coalesce(sum(delta), 0) FROM history")));
  const rows = database.selectArrays("SELECT program, count(*) FROM history GROUP BY program");
  const counts = Object.fromEntries(rows.map(([program, count]) => [program, Number(count)]));
  return { sums, counts, integrity: String(database.selectValue("PRAGMA integrity_check")) };
}
