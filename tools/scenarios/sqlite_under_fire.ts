/**
 * `sqlite-under-fire`: SQLite, as its authors compile it to wasm, keeps the books of a bank in Hako's
 * files while the servers below it die. The host's own `sqlite3` reads them afterwards.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { defineSystem, type DomainManifest, type System } from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { BankOptions, BankResult } from "./domains/sqlite_bank.ts";
import {
  BANK_PATH,
  type Books,
  expectedBooks,
  MONEY,
  QUESTIONS,
  wrongAnswer,
} from "./foreign/bank.ts";
import { extract, MISSING_DEBUGFS } from "./foreign/extracted.ts";
import { complaint, missingPrograms, runProgram } from "./foreign/programs.ts";
import { underFire } from "./foreign/under_fire.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import {
  type Check,
  check,
  type Played,
  type Scenario,
  type ScenarioContext,
  skipped,
  type Stage,
} from "./scenario.ts";

const MiB = 1024 * 1024;
const IMAGE_BYTES = 64 * MiB;

const TELLERS = ["teller-1", "teller-2"];

/** Transfers of each, and as many more as it takes until the last planned death. */
const TRANSFERS = 120;
const ALL = TELLERS.length * TRANSFERS;

/** A teller that dies has lost what it remembers, by which the books are checked. */
const ONCE = { limit: 0, windowMs: 1_000 };

/** What came of the work. */
interface Kept {
  readonly tellers: readonly (BankResult & { readonly name: string })[];
  readonly founder: BankResult;
  readonly reader: BankResult;
}

/** SQLite under fire. */
export const sqliteUnderFire: Scenario<Kept> = {
  name: "sqlite-under-fire",
  story: "two SQLites move money in one database while all below them die",
  durationMs: 0,
  faults: ["*:terminate@times=40"],
  permissions: () => ({ read: [sqliteCodePath()], run: ["sqlite3"] }),
  manifest,
  workload: work,
  checks,
};

/** The code of SQLite: an app may not read it, so the scenario does. */
function sqliteCodePath(): string {
  return fileURLToPath(import.meta.resolve("@sqlite.org/sqlite-wasm/sqlite3.wasm"));
}

function manifest({ image: path, seed, stop }: ScenarioContext) {
  const bytes = Deno.readFileSync(sqliteCodePath());
  const code = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(code).set(bytes);
  const app = (role: BankOptions["role"], index = 0): DomainManifest => ({
    kind: "app",
    module: "./domains/sqlite_bank.ts",
    uses: ["files"],
    windows: { buffers: MiB },
    options: {
      role,
      code,
      seed: seed + index,
      transferCount: TRANSFERS,
      stop,
    } satisfies BankOptions,
    restart: ONCE,
    start: "request",
  });
  const stack = filesOnImage({ path, createBytes: IMAGE_BYTES });
  return defineSystem({
    base: import.meta.url,
    domains: {
      ...underFire(stack),
      ...{ founder: app("found"), reader: app("read") },
      ...Object.fromEntries(TELLERS.map((name, index) => [name, app("transfer", index)])),
    },
  });
}

async function work(system: System, stage: Stage): Promise<Kept> {
  const run = async (name: string): Promise<BankResult> => {
    await system.start(name);
    return await stage.finished<BankResult>(system, name);
  };
  const founder = await run("founder");
  const doneBy = new Map<string, number>();
  for (const name of TELLERS) {
    stage.watch(name, (done) => {
      const sum = [...doneBy.set(name, done).values()].reduce((all, each) => all + each, 0);
      stage.progress("transfers", Math.min(sum, ALL), ALL);
    });
  }
  void stage.settled().then(() => stage.end());
  const tellers = TELLERS.map(async (name) => ({ name, ...await run(name) }));
  return { founder, tellers: await Promise.all(tellers), reader: await run("reader") };
}

async function checks({ context, work }: Played<Kept>): Promise<Check[]> {
  const { founder, tellers, reader } = work;
  const failures = [founder, ...tellers, reader].map(({ failure }) => failure).filter((text) =>
    text !== ""
  );
  const made = tellers.map((teller) => teller.made);
  const count = made.reduce((sum, number) => sum + number, 0);
  const wrong = reader.books === undefined
    ? "nobody could read them"
    : wrongAnswer(reader.books, expectedBooks(tellers));
  return [
    check(
      "every transfer was answered without an error",
      failures.length === 0 && count >= ALL,
      failures.join("; ") || `${made.join(" + ")} transfers`,
    ),
    check(
      "every transfer that was answered is in the books, once",
      wrong === undefined,
      wrong ?? `${count} transfers, every account as the tellers remember, ${MONEY} in all`,
    ),
    await checkedByE2fsck(context.image),
    await readByHost(context, expectedBooks(tellers)),
  ];
}

/** The host's own SQLite on the database as debugfs takes it out of the image. */
async function readByHost(
  { image, temporaryDirectory }: ScenarioContext,
  expected: Books,
): Promise<Check> {
  const what = "the host's sqlite3 reads the same from the image, and integrity_check says ok";
  if (missingPrograms(["sqlite3"]).length > 0) return skipped(what, "sqlite3 is not installed");
  const target = `${temporaryDirectory}/bank.db`;
  const failure = await extract(image, `dump ${BANK_PATH} ${target}`);
  if (failure === MISSING_DEBUGFS) return skipped(what, failure);
  if (failure !== undefined) return check(what, false, failure);
  const names = Object.keys(QUESTIONS) as (keyof Books)[];
  const sql = names.map((name) => `${QUESTIONS[name]};`);
  const call = { program: "sqlite3", args: ["-batch", "-readonly", target, ...sql] };
  const ended = await runProgram(call);
  const answers = ended.stdout.trim().split("\n");
  const books = Object.fromEntries(names.map((name, index) => [name, answers[index] ?? ""]));
  const wrong = complaint(call, ended) ?? wrongAnswer(books as unknown as Books, expected);
  return check(what, wrong === undefined, wrong ?? expected.counts);
}
