import { assert, assertEquals } from "@std/assert";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { boot, defineSystem, type DomainManifest, type System } from "@hako/kernel";
import { filesOnImage } from "@hako/tools";
import { randomFrom } from "../../tools/scenarios/random.ts";
import { findTool, fsck } from "../host_tool.ts";
import { Board } from "../kills/board.ts";
import { killAtRandom } from "../node_fs/random_kills.ts";
import { balance, BANK_PATH, found, prepare } from "./bank.ts";
import { publishSqlite, sqliteCode, startSqlite } from "./sqlite_module.ts";
import { settledStatus } from "../../tools/systems/settled_status.ts";

const MiB = 1024 * 1024;
const TELLERS = ["teller-1", "teller-2"];

/** How a round is played. */
interface Round {
  readonly journalMode: string;
  /** Transfers of each teller, if nobody is killed. */
  readonly transfers: number;
  /** Deaths before the tellers are stopped. */
  readonly deaths: number;
  /** Who dies. */
  readonly victims?: readonly string[];
}

const SERVERS = ["fs", "storage", "disk"];

async function play(round: Round, t: Deno.TestContext): Promise<void> {
  const { journalMode, transfers, deaths, victims = SERVERS } = round;
  const directory = Deno.makeTempDirSync();
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
  const path = `${directory}/disk.img`;
  const board = new Board();
  const restart = { limit: 1_000_000, windowMs: 1000 };
  const domains: Record<string, DomainManifest> = {
    ...filesOnImage({ path, createBytes: 64 * MiB, restart }),
  };
  for (const domain of Object.values(domains)) Object.assign(domain, { poisonTries: 1000 });
  const first = await boot(defineSystem({ base: import.meta.url, domains }));
  {
    await using system = first;
    const fs = await clientOf(system);
    publishSqlite(fs, sqliteCode());
    const sqlite3 = await startSqlite(fs);
    const database = new sqlite3.oo1.DB(BANK_PATH, "c");
    prepare(database);
    found(database);
    database.close();
  }
  for (const [index, name] of TELLERS.entries()) {
    domains[name] = {
      kind: "app",
      module: "./domains/teller.ts",
      uses: ["files"],
      windows: { buffers: MiB },
      restart,
      options: {
        ...{ board: board.buffer, seed: 17 + index, journalMode },
        transfers: deaths > 0 ? 1_000_000 : transfers,
      },
    };
  }
  const random = randomFrom(5);
  const killing = killAtRandom({ board, deaths, random, victims });
  await using system = await boot(defineSystem({ base: import.meta.url, domains }), {
    onEvent: (event) => killing.hear(event),
  });
  if (deaths > 0) await killing.run(system);
  const results = await Promise.all(TELLERS.map((name) => system.finished(name)));
  const told = results as { number: number; failure: string }[];
  assertEquals(told.map(({ failure }) => failure), ["", ""]);

  const fs = await clientOf(system);
  const sqlite3 = await startSqlite(fs);
  const database = new sqlite3.oo1.DB(BANK_PATH, "w");
  const { sums, counts, integrity } = balance(database);
  database.close();
  assertEquals(integrity, "ok");
  assertEquals(sums, Array(4).fill(sums[0]));
  const expected = Object.fromEntries(TELLERS.map((name, index) => [name, told[index]!.number]));
  assertEquals(counts, expected, "each transfer that was answered is there, once");
  assert(told.every(({ number }) => number > 0), JSON.stringify(told));
  assertEquals((await settledStatus(system)).slotsInUse, 0);
  await system.halt();
  await t.step({
    name: "e2fsck finds the image clean",
    ignore: findTool("e2fsck") === undefined,
    fn: () => {
      const { clean, text } = fsck(path);
      assert(clean, text);
    },
  });
}

async function clientOf(system: System): Promise<FileSystemClient> {
  return new FileSystemClient(
    await system.connect(FileSystem, "files"),
    await system.window(4 * MiB),
  );
}

for (const journalMode of ["delete", "truncate", "persist"]) {
  Deno.test(`two programs share a database with journal_mode=${journalMode}, and no transfer is lost`, (t) => {
    return play({ journalMode, transfers: 40, deaths: 0 }, t);
  });
}

Deno.test("transfers of two programs go on while servers are killed, and each is done once", (t) => {
  return play({ journalMode: "delete", transfers: 0, deaths: 40 }, t);
});

Deno.test("a program that dies in a transfer leaves no lock, and what it had begun is undone", (t) => {
  return play({ journalMode: "delete", transfers: 0, deaths: 8, victims: TELLERS }, t);
});
