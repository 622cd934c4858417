/**
 * What ordinary programs do with a directory, in lanes side by side: each program must succeed, and
 * finds what it, or another one, left there.
 *
 * @module
 */

import type { ForeignClients } from "./programs.ts";
import { runProgram } from "./programs.ts";

/** Where programs work. */
export interface Lanes {
  /** The directory that they use. */
  readonly place: string;
  /** What they copy: a directory elsewhere. */
  readonly tree: string;
  /** A directory for what is not to be there. */
  readonly scratch: string;
  /** Of `fio`. */
  readonly seed: number;
  /** Runs them. */
  readonly clients: ForeignClients;
}

/** One lane: what is done in each round. */
export interface Lane {
  /** Programs without which it can't be. */
  readonly programs: readonly string[];
  /** Runs of programs in a round. */
  readonly runs: number;
  /** Does it; an error tells what a program said. */
  round(lanes: Lanes, round: number): Promise<void>;
}

/** Where the last tree lies in the place. */
export const KEPT_TREE = "tree";

/** Money of each account, accounts, and transfers of each `sqlite3`. */
const MONEY = 1_000;
const ACCOUNTS = 50;
const TRANSFERS = 10;

/** How `sqlite3` may keep its journal. */
const JOURNAL_MODES = ["delete", "wal", "truncate", "persist"];

/** `cp -a` to the place and from there, judged by `diff -r`; the copy of the last round stays. */
const trees: Lane = {
  programs: ["cp", "diff", "rm", "sync", "find", "dd", "mv"],
  runs: 9,
  async round({ clients, place, tree }, round) {
    const [copy, again, moved] = [KEPT_TREE, "again", "moved"].map((name) => `${place}/${name}`);
    const run = (program: string, ...args: string[]) => clients.run({ program, args });
    await run("rm", "-rf", copy!);
    await run("cp", "-a", tree, copy!);
    await run("cp", "-a", copy!, again!);
    await run("mv", again!, `${moved}-${round}`);
    await run("sync", "-f", place);
    // Linux forgets the contents: it has to ask for them.
    const dd = ["dd", "if={}", "iflag=nocache", "count=0", "status=none"];
    await run("find", copy!, "-type", "f", "-exec", ...dd, ";");
    await run("diff", "-r", "--no-dereference", tree, copy!);
    await run("diff", "-r", "--no-dereference", tree, `${moved}-${round}`);
    await run("rm", "-r", `${moved}-${round}`);
  },
};

/** `tar` there and back. */
const archives: Lane = {
  programs: ["tar", "mkdir", "rm"],
  runs: 5,
  async round({ clients, place, tree }, round) {
    const [archive, out] = [`${place}/archive-${round}.tar`, `${place}/out-${round}`];
    const run = (program: string, ...args: string[]) => clients.run({ program, args });
    await run("tar", "-C", tree, "-cf", archive, ".");
    await run("mkdir", out);
    await run("tar", "-C", out, "-xpf", archive);
    await run("tar", "-C", out, "--compare", "-f", archive);
    await run("rm", "-r", archive, out);
  },
};

/** Two `sqlite3` move money at once; no transfer is lost, nor money. */
const databases: Lane = {
  programs: ["sqlite3"],
  runs: 4,
  async round({ clients, place }, round) {
    const base = `${place}/bank-${round}.db`;
    const ask = async (input: string) =>
      (await clients.run({ program: "sqlite3", args: ["-bail", "-batch", base], input })).trim();
    const mode = JOURNAL_MODES[round % JOURNAL_MODES.length]!;
    const told = await ask(`
      PRAGMA journal_mode=${mode};
      CREATE TABLE account (id INTEGER PRIMARY KEY, money INTEGER NOT NULL);
      CREATE TABLE entry (who INTEGER, number INTEGER, PRIMARY KEY (who, number));
      WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${ACCOUNTS - 1})
        INSERT INTO account SELECT i, ${MONEY} FROM n;`);
    expectSame(`${base}: its journal`, told, mode);
    await Promise.all([1, 2].map((who) => ask(transfersOf(who))));
    const sums = await ask(`PRAGMA integrity_check; SELECT sum(money) FROM account;
      SELECT count(*) FROM entry;`);
    expectSame(`${base}: its sums`, sums, `ok\n${ACCOUNTS * MONEY}\n${2 * TRANSFERS}`);
  },
};

function transfersOf(who: number): string {
  const transfers = Array.from({ length: TRANSFERS }, (_, number) => {
    const [from, to] = [(number * 7 + who) % ACCOUNTS, (number * 11 + who + 1) % ACCOUNTS];
    return `BEGIN IMMEDIATE;
      UPDATE account SET money = money - ${number} WHERE id = ${from};
      UPDATE account SET money = money + ${number} WHERE id = ${to};
      INSERT INTO entry VALUES (${who}, ${number}); COMMIT;`;
  });
  return `.timeout 30000\nPRAGMA synchronous=FULL;\n${transfers.join("\n")}\n`;
}

/** `git clone`, a commit, a merge; `git fsck` finds nothing wrong. */
const repositories: Lane = {
  programs: ["git", "cp", "rm", "touch"],
  runs: 9,
  async round(lanes, round) {
    const { clients, place, scratch } = lanes;
    const [origin, clone] = [`${scratch}/origin`, `${place}/clone-${round}`];
    if (round === 0) await makeOrigin(lanes, origin);
    const git = (...args: string[]) => clients.run(gitCall(scratch, args));
    await git("clone", "--quiet", "--no-local", origin, clone);
    await git("-C", clone, "checkout", "--quiet", "-b", "topic");
    await clients.run({ program: "touch", args: [`${clone}/new`] });
    await git("-C", clone, "add", "new");
    await git("-C", clone, "commit", "--quiet", "--message", `Round ${round}`);
    await git("-C", clone, "gc", "--quiet");
    await git("-C", clone, "fsck", "--strict", "--no-progress");
    const status = await git("-C", clone, "status", "--porcelain");
    expectSame(`${clone}: git status`, status, "");
    await clients.run({ program: "rm", args: ["-rf", clone] });
  },
};

async function makeOrigin({ tree, scratch }: Lanes, origin: string): Promise<void> {
  const calls = [
    { program: "cp", args: ["-r", tree, origin] },
    gitCall(scratch, ["init", "--quiet", origin]),
    gitCall(scratch, ["-C", origin, "add", "."]),
    gitCall(scratch, ["-C", origin, "commit", "--quiet", "--message", "First"]),
  ];
  for (const call of calls) {
    const { code, stderr } = await runProgram(call);
    if (code !== 0) throw new Error(`Cannot make ${origin}: ${stderr.trim()}`);
  }
}

/** git, which looks at nobody's settings. */
function gitCall(home: string, args: readonly string[]) {
  const settings = ["user.name=Grace", "user.email=grace@example.org", "gc.autoDetach=false"];
  return {
    program: "git",
    args: [...settings.flatMap((setting) => ["-c", setting]), ...args],
    env: { HOME: home, GIT_CONFIG_NOSYSTEM: "1" },
  };
}

/** `fio` finds each block as it wrote it: through Linux's cache, past it, and by `mmap`. */
const blocks: Lane = {
  programs: ["fio"],
  runs: 3,
  async round({ clients, place, scratch, seed }, round) {
    const fio = async (name: string, ...args: string[]) => {
      const how = ["--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0"];
      const what = [
        `--name=${name}-${round}`,
        `--directory=${place}`,
        `--randseed=${seed + round}`,
      ];
      const unlinked = ["--unlink=1", "--allrandrepeat=1"];
      const call = { program: "fio", args: [...what, ...how, ...unlinked, ...args], cwd: scratch };
      await clients.run(call);
    };
    const random = ["--rw=randwrite", "--ioengine=psync", "--size=2M"];
    await fio("plain", ...random, "--bsrange=512-64k", "--blockalign=512", "--fsync=64");
    await fio("direct", ...random, "--bsrange=4k-32k", "--direct=1");
    await fio("mapped", "--rw=randwrite", "--ioengine=mmap", "--bs=4k", "--size=1M", "--fsync=128");
  },
};

/** All lanes, by what people call them. */
export const LANES: Readonly<Record<string, Lane>> = {
  "cp -a and diff -r": trees,
  "tar": archives,
  "sqlite3": databases,
  "git": repositories,
  "fio": blocks,
};

/** The lane that leaves its last tree in the place. */
export const KEEPING_LANE: Lane = trees;

function expectSame(what: string, found: string, expected: string): void {
  if (found !== expected) {
    throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  }
}
