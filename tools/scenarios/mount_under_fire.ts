/**
 * `mount-under-fire`: a file system of Hako as a directory of the host, used by ordinary programs while
 * the driver, the storage server, the file server and the gateway die. Programs know nothing of it.
 *
 * The mount is in a namespace of this process: nobody else sees it, and nothing of it is left.
 *
 * @module
 */

import { findLibc } from "@hako/gateways/fuse";
import { OsError } from "@hako/ipc";
import { defineSystem, type System, type SystemManifest } from "@hako/kernel";
import { checkHost, LOOKED_AT, MissingRequirement, thisHost } from "../mount/host_checks.ts";
import { mountedImage } from "../systems/mounted_image.ts";
import { extract, MISSING_DEBUGFS } from "./foreign/extracted.ts";
import { KEEPING_LANE, KEPT_TREE, type Lane, LANES } from "./foreign/mount_lanes.ts";
import { enterPrivateMounts } from "./foreign/private_mounts.ts";
import { complaint, ForeignClients, missingPrograms, runProgram } from "./foreign/programs.ts";
import { underFire } from "./foreign/under_fire.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import {
  type Check,
  check,
  type Figure,
  type Played,
  type Scenario,
  type ScenarioContext,
  skipped,
  type Stage,
  type UnstagedContext,
} from "./scenario.ts";

const MiB = 1024 * 1024;
const IMAGE_BYTES = 128 * MiB;

/** Rounds of each lane, and as many more as it takes until the last planned death. */
const ROUNDS = 2;

/** More than this nobody waits for the last planned death. */
const ROUNDS_MAX = 12;

/** A mount that is not there by then will not come. */
const MOUNTED_MS_MAX = 20_000;

/** What is copied: real source, some of it. */
const TREE = new URL("../../ipc", import.meta.url).pathname;

/** Programs that are needed beside those of the lanes. */
const TOOLS = ["mountpoint", "test"];

/** What came of a lane. */
interface LaneResult {
  readonly name: string;
  /** Rounds that ended well. */
  readonly rounds: number;
  /** What went wrong; empty if nothing did. */
  readonly failure: string;
  /** Why it could not be, or not go on, if something else is to blame for that. */
  readonly hindrance: string;
}

/** What came of the work. */
interface Worked {
  readonly lanes: readonly LaneResult[];
  /** Programs that were run. */
  readonly programs: number;
}

/** A mount under fire. */
export const mountUnderFire: Scenario<Worked> = {
  name: "mount-under-fire",
  story: "cp, tar, git, sqlite3 and fio use a mount while all behind it die",
  durationMs: 0,
  faults: ["*:terminate@times=24", "mount:terminate@times=8"],
  permissions: () => ({
    read: LOOKED_AT,
    run: [...TOOLS, ...new Set(Object.values(LANES).flatMap(({ programs }) => programs))],
    ffi: libcPlaces(),
    sys: ["uid"],
  }),
  impediment,
  manifest,
  workload: work,
  checks,
  figures: ({ work }): Figure[] => [{ name: "programs run", value: work.programs, unit: "" }],
};

/** Wherever the C library may be: who grants the permission may not look. */
function libcPlaces(): string[] {
  const places: string[] = [];
  const { os, arch } = Deno.build;
  const exists = (path: string) => (places.push(path), false);
  try {
    findLibc({ os, arch, exists });
  } catch (error) {
    if (!(error instanceof OsError)) throw error; // It is in none of them, as we said.
  }
  return places;
}

/** What hinders a mount here; where nothing does, this process has mounts of its own from now on. */
function impediment(): string | undefined {
  const [missing] = missingPrograms(["mountpoint"]);
  if (missing !== undefined) return `${missing} is not installed (package util-linux)`;
  try {
    enterPrivateMounts(checkHost(thisHost(), { allowOther: false, libc: undefined }));
    return undefined;
  } catch (error) {
    if (error instanceof MissingRequirement) return error.message;
    if (!(error instanceof OsError)) throw error;
    return "only root may make a mount that nobody else sees";
  }
}

function directoryOf({ temporaryDirectory }: UnstagedContext): string {
  return `${temporaryDirectory}/mount`;
}

function manifest(context: ScenarioContext): SystemManifest {
  const directory = directoryOf(context);
  Deno.mkdirSync(directory, { recursive: true });
  const { image: path } = context;
  const appearance = { directory, libc: findLibc() };
  const domains = mountedImage({ path, createBytes: IMAGE_BYTES, ...appearance });
  return defineSystem({ base: import.meta.url, domains: underFire(domains) });
}

async function work(_system: System, stage: Stage): Promise<Worked> {
  const { context } = stage;
  const place = directoryOf(context);
  await mounted(place, stage);
  const scratch = `${context.temporaryDirectory}/scratch`;
  Deno.mkdirSync(scratch);
  let isSettled = false;
  void stage.settled().then(() => isSettled = true);
  const runs = Object.values(LANES).reduce((sum, lane) => sum + ROUNDS * lane.runs, 0);
  const clients = new ForeignClients(stage, (count) => {
    stage.progress("programs", Math.min(count, runs), runs);
  });
  const lanes = Object.entries(LANES).map(([name, lane]) => {
    const tools = { place, tree: TREE, scratch, seed: context.seed, clients };
    return runLane(name, lane, {
      stage,
      wantsMore: (round) => round < ROUNDS || (!isSettled && round < ROUNDS_MAX),
      round: (round) => lane.round(tools, round),
    });
  });
  return { lanes: await Promise.all(lanes), programs: clients.count };
}

/** Until the mount is there, programs would use what is below it. */
async function mounted(place: string, { over }: Stage): Promise<void> {
  const endMs = performance.now() + MOUNTED_MS_MAX;
  for (;;) {
    const { code } = await runProgram({ program: "mountpoint", args: ["-q", place] }, over);
    if (code === 0) return;
    if (performance.now() > endMs) throw new Error(`Cannot use ${place}: nothing is mounted there`);
  }
}

interface Rounds {
  readonly stage: Stage;
  wantsMore(round: number): boolean;
  round(round: number): Promise<void>;
}

async function runLane(name: string, lane: Lane, rounds: Rounds): Promise<LaneResult> {
  const missing = missingPrograms(lane.programs);
  const result = { name, rounds: 0, failure: "", hindrance: "" };
  if (missing.length > 0) return { ...result, hindrance: `missing: ${missing.join(", ")}` };
  const { over } = rounds.stage;
  try {
    while (rounds.wantsMore(result.rounds)) {
      await rounds.round(result.rounds);
      result.rounds++;
    }
    return result;
  } catch (error) {
    if (over.aborted) return { ...result, hindrance: "ended, since something else went wrong" };
    rounds.stage.end(); // A system with something wrong is to be looked at as it is now.
    return { ...result, failure: error instanceof Error ? error.message : String(error) };
  }
}

async function checks({ context, work }: Played<Worked>): Promise<Check[]> {
  return [
    ...work.lanes.map(({ name, rounds, failure, hindrance }) => {
      const what = `${name} on the mount: no error, and everything as it was left`;
      if (hindrance !== "") return skipped(what, hindrance);
      return check(what, failure === "" && rounds >= ROUNDS, failure || `${rounds} rounds`);
    }),
    await unmounted(context),
    await checkedByE2fsck(context.image),
    await extractedTree(context, work),
  ];
}

async function unmounted(context: ScenarioContext): Promise<Check> {
  const call = { program: "mountpoint", args: ["-q", directoryOf(context)] };
  const { code } = await runProgram(call);
  return check(
    "the halt has unmounted it",
    code !== 0,
    code === 0 ? "it is still there" : "it has",
  );
}

/** What programs copied to the mount is in the image, by programs that know nothing of the mount. */
async function extractedTree(
  { image, temporaryDirectory }: ScenarioContext,
  { lanes }: Worked,
): Promise<Check> {
  const what = "debugfs takes the tree out of the image as cp -a copied it there";
  const copying = lanes.find(({ name }) => LANES[name] === KEEPING_LANE)!;
  if (copying.failure !== "" || copying.hindrance !== "") return skipped(what, "it was not copied");
  const target = `${temporaryDirectory}/extracted`;
  Deno.mkdirSync(target);
  const failure = await extract(image, `rdump /${KEPT_TREE} ${target}`);
  if (failure === MISSING_DEBUGFS) return skipped(what, failure);
  if (failure !== undefined) return check(what, false, failure);
  const args = ["-r", "--no-dereference", TREE, `${target}/${KEPT_TREE}`];
  const call = { program: "diff", args };
  const wrong = complaint(call, await runProgram(call));
  return check(what, wrong === undefined, wrong ?? "diff -r finds no difference");
}
