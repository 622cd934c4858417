/**
 * The books of a bank, and transfers between its accounts. Money is neither made nor lost: whatever is
 * missing, or done twice, or by half, the sums show. What the tellers remember tells the rest.
 *
 * @module
 */

import type { Database } from "@sqlite.org/sqlite-wasm";

/** Where the books are. */
export const BANK_PATH = "/bank.db";

/** Accounts, and what is in each at first. */
export const ACCOUNTS = 200;
const MONEY_AT_FIRST = 1_000;

/** What is in all of them, always. */
export const MONEY: number = ACCOUNTS * MONEY_AT_FIRST;

/** The most that is moved at once. */
const AMOUNT_MAX = 100;

/** The code of SQLite's error where somebody else holds a lock. */
const SQLITE_BUSY = 5;

/** How long a teller waits for another one, at most and at a time. */
const BUSY_MS_MAX = 30_000;
const PAUSE_MS_MAX = 6;

/** What books are asked, in any SQLite: one value each, as text. */
export const QUESTIONS = {
  integrity: "PRAGMA integrity_check",
  money: "SELECT sum(money) FROM accounts",
  /** Accounts whose money is not what the transfers in the books come to. */
  wrong: `SELECT count(*) FROM accounts AS a WHERE money != ${MONEY_AT_FIRST}
    + (SELECT coalesce(sum(amount), 0) FROM transfers WHERE target = a.id)
    - (SELECT coalesce(sum(amount), 0) FROM transfers WHERE source = a.id)`,
  /** `teller-1:57,teller-2:63`: how many transfers of each teller there are. */
  counts: `SELECT coalesce(group_concat(teller || ':' || number), '') FROM
    (SELECT teller, count(*) AS number FROM transfers GROUP BY teller ORDER BY teller)`,
  /** What is in each account, in the order of accounts. */
  balances: "SELECT group_concat(money) FROM (SELECT money FROM accounts ORDER BY id)",
} as const;

/** The answers. */
export type Books = Readonly<Record<keyof typeof QUESTIONS, string>>;

/** One transfer. Its number makes it an error to do it twice. */
export interface Transfer {
  /** Who makes it. */
  readonly teller: string;
  /** Which of that teller's it is, from 0. */
  readonly number: number;
  /** From which account. */
  readonly source: number;
  /** To which account. */
  readonly target: number;
  /** How much. */
  readonly amount: number;
}

/** Makes the books. */
export function found(database: Database): void {
  database.exec(`
    BEGIN;
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, money INTEGER NOT NULL);
    CREATE TABLE transfers (
      teller TEXT, number INTEGER, source INTEGER, target INTEGER, amount INTEGER,
      PRIMARY KEY (teller, number)
    );
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${ACCOUNTS - 1})
      INSERT INTO accounts SELECT i, ${MONEY_AT_FIRST} FROM n;
    COMMIT;
  `);
}

/** Draws a teller's next transfer. */
export function drawTransfer(teller: string, number: number, random: () => number): Transfer {
  const source = Math.floor(random() * ACCOUNTS);
  const target = (source + 1 + Math.floor(random() * (ACCOUNTS - 1))) % ACCOUNTS;
  const amount = 1 + Math.floor(random() * AMOUNT_MAX);
  return { teller, number, source, target, amount };
}

/** Makes a transfer: all of it, or nothing and an error. */
export async function transfer(database: Database, order: Transfer): Promise<void> {
  const { teller, number, source, target, amount } = order;
  const change = (id: number, by: number) => {
    const sql = "UPDATE accounts SET money = money + ? WHERE id = ?";
    database.exec({ sql, bind: [by, id] });
  };
  await patiently(() => database.exec("BEGIN IMMEDIATE"));
  try {
    change(source, -amount);
    change(target, amount);
    const sql = "INSERT INTO transfers VALUES (?, ?, ?, ?, ?)";
    database.exec({ sql, bind: [teller, number, source, target, amount] });
    await patiently(() => database.exec("COMMIT"));
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Does what a lock of somebody else may forbid for a while. `PRAGMA busy_timeout` would compute while it
 * waits, as SQLite's wasm does it: the cores are for whoever holds the lock.
 */
async function patiently(call: () => unknown): Promise<void> {
  const endMs = performance.now() + BUSY_MS_MAX;
  for (;;) {
    try {
      call();
      return;
    } catch (error) {
      const { resultCode = 0 } = error as { readonly resultCode?: number };
      if ((resultCode & 0xff) !== SQLITE_BUSY || performance.now() > endMs) throw error;
    }
    // By chance: who waits for the same time again and again may meet the same lock.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS_MAX));
  }
}

/** What the books say. */
export function askBooks(database: Database): Books {
  const answers = Object.entries(QUESTIONS).map(([name, sql]) => {
    return [name, String(database.selectValue(sql))] as const;
  });
  return Object.fromEntries(answers) as unknown as Books;
}

/** What the books must say after all that the tellers remember. */
export function expectedBooks(
  tellers: readonly { readonly name: string; readonly made: number; readonly nets: number[] }[],
): Books {
  const balances = Array.from({ length: ACCOUNTS }, (_, id) => {
    return tellers.reduce((money, { nets }) => money + nets[id]!, MONEY_AT_FIRST);
  });
  const counts = tellers.filter(({ made }) => made > 0).map(({ name, made }) => `${name}:${made}`);
  return {
    ...{ integrity: "ok", money: String(MONEY), wrong: "0" },
    ...{ counts: counts.join(), balances: balances.join() },
  };
}

/** The first answer that is not as expected; `undefined` if all are. */
export function wrongAnswer(found: Books, expected: Books): string | undefined {
  const names = Object.keys(QUESTIONS) as (keyof Books)[];
  const wrong = names.find((name) => found[name] !== expected[name]);
  if (wrong === undefined) return undefined;
  const [is, should] = [found[wrong], expected[wrong]].map((answer) => answer.split(","));
  const index = should!.findIndex((word, at) => word !== is![at]);
  return `${wrong}: ${is![index] ?? "nothing"}, not ${should![index]}, at place ${index}`;
}
