/**
 * Compiles the list, runs it on the host's ext4 and on Hako, and compares what they say.
 *
 * @module
 */

import { denoArguments } from "../../tools/command_line/launch.ts";
import { denoProgram } from "../../tools/command_line/deno_program.ts";
import { findTool } from "../host_tool.ts";
import { LIBC } from "../fuse/mounted_system.ts";
import type { Differing } from "./differences.ts";
import type { ListOrder } from "./host.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const LIST = new URL("./list", import.meta.url).pathname;
const SCRIPT = new URL("./compare.sh", import.meta.url).pathname;

/** Programs that the comparison asks. */
const TOOLS = ["gcc", "mke2fs", "e2fsck", "mount", "umount", "unshare", "timeout", "fusermount3"];

/** Seconds after which nothing of it may live. */
const TIME_MAX = "60";

/** Warnings are errors, but those that warn of what the list does on purpose. */
const FLAGS = [
  ...["-std=gnu11", "-Wall", "-Wextra", "-Werror"],
  ...["-Wno-stringop-overflow", "-Wno-stringop-overread", "-Wno-nonnull"],
  "-fno-toplevel-reorder", // The cases run in the order in which they are written.
];

/** What a case said. */
export interface CaseResult {
  readonly name: string;
  /** The page of POSIX or Linux that it was written from. */
  readonly page: string;
  /** The rule. */
  readonly what: string;
  readonly says: readonly string[];
}

/** What both said. */
export interface Comparison {
  readonly ext4: readonly CaseResult[];
  readonly hako: readonly CaseResult[];
}

/** What is missing here; nothing if the list can be run. */
export function missingForList(): string[] {
  return [
    ...TOOLS.filter((name) => findTool(name) === undefined),
    ...(canMount() ? [] : ["right to mount"]),
  ];
}

/** Whether a loop device and FUSE can be mounted in a namespace of one's own, by who can be any user. */
function canMount(): boolean {
  if (Deno.uid() !== 0) return false;
  try {
    const script = ": <>/dev/fuse && : <>/dev/loop-control";
    const args = ["-m", "-p", "-f", "--mount-proc", "--propagation", "private", "sh", "-c", script];
    return new Deno.Command("unshare", { args, stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Runs the list on both, while servers die every so often if that is not 0, in an order by seed. */
export async function runList(killEveryMs: number, seed = 1): Promise<Comparison> {
  const directory = Deno.makeTempDirSync({ prefix: "hako-posix-" });
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
  const runner = `${directory}/runner`;
  Deno.writeFileSync(runner, await (compiled ??= compile()), { mode: 0o755 });
  const order: ListOrder = { directory, runner, killEveryMs, seed };
  const host = [denoProgram(), ...hostArguments(order), JSON.stringify(order)];
  const unshare = ["unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc"];
  const args = [...unshare, "--propagation", "private", "sh", SCRIPT, directory, runner, ...host];
  const ran = await run("timeout", ["-k", "5", TIME_MAX, ...args]);
  if (ran !== "") throw new Error(ran);
  return { ext4: resultsIn(`${directory}/ext4.json`), hako: resultsIn(`${directory}/hako.json`) };
}

/** The program that runs the list: compiled once. */
let compiled: Promise<Uint8Array> | undefined;

async function compile(): Promise<Uint8Array> {
  const runner = Deno.makeTempFileSync({ prefix: "hako-posix-" });
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(runner) };
  const sources = [...Deno.readDirSync(LIST)].map(({ name }) => `${LIST}/${name}`)
    .filter((path) => path.endsWith(".c")).sort();
  const said = await run("gcc", [...FLAGS, "-o", runner, ...sources]);
  if (said !== "") throw new Error(said);
  return Deno.readFileSync(runner);
}

/** Nothing if the program succeeded, else what it said. */
async function run(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    stdin: "null",
  }).output();
  if (code === 0) return "";
  const decoder = new TextDecoder();
  return `${program} ended with ${code}: ${decoder.decode(stdout)}${decoder.decode(stderr)}`;
}

function hostArguments({ directory, runner }: ListOrder): string[] {
  const permissions = { read: [ROOT, directory], write: [directory], run: [runner], ffi: [LIBC] };
  return denoArguments("tests/posix/host.ts", permissions, { sourceRoot: ROOT, directory });
}

function resultsIn(path: string): CaseResult[] {
  return Deno.readTextFileSync(path).trimEnd().split("\n").map((line) =>
    JSON.parse(line) as CaseResult
  );
}

/** Every line that one of them said and the other did not, in its place. */
export function differencesOf({ ext4, hako }: Comparison): Differing[] {
  const said = new Map(hako.map(({ name, says }) => [name, says]));
  return ext4.flatMap(({ name, says }) => {
    const others = said.get(name) ?? ["(was not run)"];
    const count = Math.max(says.length, others.length);
    return Array.from({ length: count }, (_, at) => [says[at] ?? "", others[at] ?? ""] as const)
      .filter(([one, other]) => one !== other)
      .map(([linux, here]) => [name, linux, here] as const);
  });
}
