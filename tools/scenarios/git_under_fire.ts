/**
 * `git-under-fire`: isomorphic-git works on a repository in Hako's files while the servers below it
 * die. The host's own `git` judges what is left.
 *
 * @module
 */

import { defineSystem, type SystemManifest } from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { GitResult } from "./domains/git_worker.ts";
import { extract, MISSING_DEBUGFS } from "./foreign/extracted.ts";
import {
  type ExpectedRepository,
  STEPS_OF_A_TOPIC,
  STEPS_TO_BEGIN,
} from "./foreign/repository_plan.ts";
import { type Call, complaint, missingPrograms, runProgram } from "./foreign/programs.ts";
import { underFire } from "./foreign/under_fire.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import {
  type Check,
  check,
  type Played,
  type Scenario,
  type ScenarioContext,
  skipped,
} from "./scenario.ts";

const MiB = 1024 * 1024;
const IMAGE_BYTES = 96 * MiB;

/** The one who works, and where. */
const WORKER = "programmer";
const ROOT = "/work";

/**
 * Repositories, one after the other, and branches that are made, worked on and merged in each. To find
 * what two branches have in common, isomorphic-git walks every way back through the merges: few of them
 * take no time, many would take for ever.
 */
const DIRECTORIES = ["one", "two", "three", "four"].map((name) => `${ROOT}/${name}`);
const TOPICS = 5;
const STEPS = DIRECTORIES.length * (STEPS_TO_BEGIN + TOPICS * STEPS_OF_A_TOPIC);

/** The worker's model is in its memory. */
const ONCE = { limit: 0, windowMs: 1_000 };

/** git under fire. */
export const gitUnderFire: Scenario<GitResult> = {
  name: "git-under-fire",
  story: "git commits, branches and merges while all below it die",
  durationMs: 0,
  faults: ["*:terminate@times=40"],
  permissions: () => ({ run: ["git"] }),
  manifest,
  async workload(system, stage) {
    stage.watch(WORKER, (done) => stage.progress("git", Math.min(done, STEPS), STEPS));
    // Until the last planned death, it looks again at what it has done.
    void stage.settled().then(() => stage.end());
    return await stage.finished<GitResult>(system, WORKER);
  },
  checks,
};

function manifest({ image: path, seed, stop }: ScenarioContext): SystemManifest {
  const stack = filesOnImage({ path, createBytes: IMAGE_BYTES });
  return defineSystem({
    base: import.meta.url,
    domains: {
      ...underFire(stack),
      [WORKER]: {
        kind: "app",
        module: "./domains/git_worker.ts",
        uses: ["files"],
        windows: { buffers: MiB },
        options: { stop, seed, directories: DIRECTORIES, topicCount: TOPICS },
        restart: ONCE,
      },
    },
  });
}

async function checks({ context, work }: Played<GitResult>): Promise<Check[]> {
  const { expected, failure } = work;
  const repositories = Object.values(expected);
  const commits = repositories.flatMap((repository) => repository.commits);
  return [
    check(
      "isomorphic-git finds its commits and files as it left them",
      failure === "" && repositories.length === DIRECTORIES.length,
      failure || `${repositories.length} repositories, ${commits.length} commits`,
    ),
    await checkedByE2fsck(context.image),
    ...await judgedByGit(context, expected),
  ];
}

/** The host's own git on the repositories as debugfs takes them out of the image. */
async function judgedByGit(
  { image, temporaryDirectory }: ScenarioContext,
  expected: GitResult["expected"],
): Promise<Check[]> {
  const sound = "the host's git fsck --strict finds nothing wrong";
  const same = "the host's git finds the same commits, branches and files";
  if (missingPrograms(["git"]).length > 0) return [skipped(sound, "git is not installed")];
  const failure = await extract(image, `rdump ${ROOT} ${temporaryDirectory}`);
  if (failure === MISSING_DEBUGFS) return [skipped(sound, failure)];
  if (failure !== undefined) return [check(sound, false, failure)];
  const faults: string[] = [];
  const differences: string[] = [];
  for (const [path, repository] of Object.entries(expected)) {
    const git = (...args: string[]) => ask(`${temporaryDirectory}${path}`, args);
    const fsck = await git("fsck", "--strict", "--full", "--no-dangling", "--no-progress");
    if (fsck.failure !== undefined || fsck.said !== "") faults.push(fsck.failure ?? fsck.said);
    const wrong = await difference(git, repository);
    if (wrong !== undefined) differences.push(`${path}: ${wrong}`);
  }
  const counts = Object.values(expected).map(({ commits }) => commits.length).join(" + ");
  return [
    check(sound, faults.length === 0, faults.join("; ") || "it says nothing"),
    check(same, differences.length === 0, differences.join("; ") || `${counts} commits`),
  ];
}

interface Answer {
  readonly said: string;
  readonly failure: string | undefined;
}

/** Asks git, which looks at nobody's settings. */
async function ask(directory: string, args: readonly string[]): Promise<Answer> {
  const call: Call = {
    program: "git",
    // Who is not root may not own what was taken out of the image.
    args: ["-c", "safe.directory=*", "-C", directory, ...args],
    env: { HOME: directory, GIT_CONFIG_NOSYSTEM: "1" },
  };
  const ended = await runProgram(call);
  return { said: ended.stdout.trim(), failure: complaint(call, ended) };
}

/** What git finds that is not expected; `undefined` if nothing is. */
async function difference(
  git: (...args: string[]) => Promise<Answer>,
  { commits, branches, files }: ExpectedRepository,
): Promise<string | undefined> {
  const log = await git("log", "--all", "--format=%H");
  const found = log.said.split("\n").sort().join();
  if (found !== commits.toSorted().join()) return log.failure ?? "git log shows other commits";
  for (const [branch, oid] of Object.entries(branches)) {
    const { said, failure } = await git("rev-parse", branch);
    if (said !== oid) return failure ?? `${branch} is ${said}, not ${oid}`;
  }
  const status = await git("status", "--porcelain");
  if (status.said !== "") return `git status: ${status.said.split("\n")[0]}`;
  const listed = (await git("ls-tree", "-r", "--name-only", "HEAD")).said.split("\n").sort();
  const paths = Object.keys(files).sort();
  if (listed.join() !== paths.join()) return `HEAD holds ${listed.length} files`;
  for (const path of paths) {
    const { said, failure } = await git("show", `HEAD:${path}`);
    if (said !== files[path]!.trim()) return failure ?? `${path} has another content`;
  }
  return undefined;
}
