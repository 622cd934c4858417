import { assert, assertEquals } from "@std/assert";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import {
  boot,
  defineSystem,
  faultPlan,
  type PointFault,
  type System,
  type SystemEvent,
} from "@hako/kernel";
import { filesOnImage } from "@hako/tools";
import { DEATH_POINTS as FS_POINTS } from "../../fs-server/server/death_points.ts";
import { DEATH_POINTS as STORAGE_POINTS } from "../../storage-server/death_points.ts";
import { type Random, randomFrom } from "../../tools/scenarios/random.ts";
import { findTool, fsck } from "../host_tool.ts";
import { exportTree, linkOnHost } from "./exported_tree.ts";
import { git, serveGit } from "./git_server.ts";
import { Serving } from "./random_kills.ts";
import { type GitFs, gitFs, GitWork, workOnClone } from "./git_work.ts";

const MiB = 1024 * 1024;
const hasGit = findTool("git") !== undefined;
const hasE2fsck = findTool("e2fsck") !== undefined;

/** Files, directories, links and two branches: what a clone must bring. */
function makeOrigin(directory: string): void {
  const work = `${directory}/origin`;
  Deno.mkdirSync(`${work}/source/deep`, { recursive: true });
  git(work, "init", "--quiet");
  for (let round = 0; round < 8; round++) {
    for (let index = 0; index < 12; index++) {
      const content = `${round} ${index}\n`.repeat(1 + index * 40);
      Deno.writeTextFileSync(`${work}/source/deep/file-${index}.ts`, content);
    }
    Deno.writeTextFileSync(`${work}/README.md`, `# ${round}\n`);
    if (round === 0) {
      Deno.writeTextFileSync(`${work}/run.sh`, "#!/bin/sh\n", { mode: 0o755 });
      linkOnHost("source/deep", `${work}/link`);
      Deno.writeFileSync(`${work}/data.bin`, Uint8Array.from({ length: 70_000 }, (_, i) => i * 7));
    }
    git(work, "add", "--all");
    git(work, "commit", "--quiet", "--message", `Round ${round}`);
  }
  git(work, "clone", "--quiet", "--bare", work, `${directory}/origin.git`);
}

interface Stage {
  readonly directory: string;
  readonly image: string;
  readonly system: System;
  readonly fs: FileSystemClient;
  readonly serving: Serving;
}

/** Boots a system on a new image, and gives it to `use`; the image is judged afterwards. */
async function onSystem(
  t: Deno.TestContext,
  faults: readonly PointFault[],
  use: (stage: Stage) => Promise<void>,
): Promise<void> {
  const directory = Deno.makeTempDirSync();
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
  const image = `${directory}/disk.img`;
  const restart = { limit: 1_000_000, windowMs: 1000 };
  const domains = filesOnImage({ path: image, createBytes: 96 * MiB, restart });
  for (const domain of Object.values(domains)) Object.assign(domain, { poisonTries: 1000 });
  const serving = new Serving();
  const onEvent = (event: SystemEvent) => serving.hear(event);
  const system = await boot(defineSystem({ base: import.meta.url, domains }), { faults, onEvent });
  try {
    const files = await system.connect(FileSystem, "files");
    const fs = new FileSystemClient(files, await system.window(4 * MiB));
    await use({ directory, image, system, fs, serving });
  } finally {
    await system.halt();
  }
  await t.step({
    name: "e2fsck finds the image clean",
    ignore: !hasE2fsck,
    fn: () => {
      const { clean, text } = fsck(image);
      assert(clean, text);
    },
  });
}

/** Works on a clone by an adapter, and lets git judge what came of it. */
async function workAndJudge({ directory, fs }: Stage, adapter: GitFs): Promise<void> {
  makeOrigin(directory);
  await using server = serveGit(directory);
  const work = new GitWork(adapter, "/clone");
  const made = await workOnClone(work, `${server.url}/origin.git`);

  assertEquals(await work.changes(), []);
  const log = await work.log();
  assert(made.every((oid) => log.includes(oid)), "all commits are in the history");

  const exported = `${directory}/exported`;
  exportTree(fs, "/clone", exported);
  git(exported, "fsck", "--strict", "--full");
  assertEquals(git(exported, "status", "--porcelain"), "");
  const told = git(exported, "log", "--format=%H").trim().split("\n");
  assertEquals(told.toSorted(), log.toSorted());
  assertEquals(git(`${directory}/origin.git`, "rev-parse", "main").trim(), log[0]);
  git(`${directory}/origin.git`, "fsck", "--strict", "--full");
  assertEquals(Deno.lstatSync(`${exported}/link`).isSymlink, true);
  assertEquals(Deno.statSync(`${exported}/run.sh`).mode! & 0o111, 0o111);
}

Deno.test({
  name: "isomorphic-git clones, commits, branches, merges and pushes, and git finds nothing wrong",
  ignore: !hasGit,
  fn: (t) => onSystem(t, [], (stage) => workAndJudge(stage, gitFs(stage.fs))),
});

/** Kinds of death at a point. */
const KINDS = ["terminate", "exit"] as const;

/** Points of a server's start: three deaths in a row before it serves are given up. */
const STARTING =
  /^(?:format|recover|take-over|halt|fs\.mount|fs\.halt|fs\.orphan|commit|apply|checkpoint)\b/;

function deathsAtPoints(seed: number): readonly PointFault[] {
  const passed = (points: readonly string[]) => points.filter((point) => !STARTING.test(point));
  return faultPlan({
    seed,
    count: 40,
    points: { fs: passed(FS_POINTS), storage: passed(STORAGE_POINTS) },
    kinds: KINDS,
    visitMax: 60,
  });
}

/** Kills a server before some of the calls. */
function killing(
  adapter: GitFs,
  { system, serving }: Stage,
  random: Random,
): GitFs & { deaths: () => number } {
  let deaths = 0;
  const { promises } = adapter as unknown as { promises: Record<string, CallableFunction> };
  const killers = Object.entries(promises).map(([name, call]) => {
    if (typeof call !== "function") return [name, call];
    return [name, (...values: unknown[]) => {
      if (random() < 0.02) {
        const victim = ["fs", "storage", "disk"][Math.floor(random() * 3)]!;
        if (serving.kill(system, victim)) deaths++;
      }
      return call(...values);
    }];
  });
  const killed = { ...adapter, promises: Object.fromEntries(killers) };
  return Object.assign(killed, { deaths: () => deaths }) as GitFs & { deaths: () => number };
}

Deno.test({
  name: "isomorphic-git sees no error while servers are killed, and git finds nothing wrong",
  ignore: !hasGit,
  fn: (t) =>
    onSystem(t, deathsAtPoints(7), async (stage) => {
      const adapter = killing(gitFs(stage.fs), stage, randomFrom(11));
      await workAndJudge(stage, adapter);
      assert(adapter.deaths() > 15, `${adapter.deaths()} deaths`);
    }),
});
