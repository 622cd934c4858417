/**
 * `@hako/ipc` between the worker threads of Node: the same sources and the same core, types dropped.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { SCENARIOS } from "./program/scenarios.ts";
import { layOutForNode } from "./transpile.ts";

/** The oldest Node that is asked: it has `AbortSignal.any` and `Atomics.waitAsync`. */
const NODE_MIN = 20;

/** A scenario takes a second, and far longer only if it hangs. */
const RUN_MS_MAX = 30_000;

const PROGRAM = join(import.meta.dirname ?? ".", "program");

const isNodeThere = nodeVersion() >= NODE_MIN;
const skipped = isNodeThere ? "" : ` (skipped: there is no Node ${NODE_MIN} or later)`;

let directory: string | undefined;

Deno.test.beforeAll(async () => {
  if (!isNodeThere) return;
  directory = await Deno.makeTempDir({ prefix: "hako-node-" });
  await layOutForNode(PROGRAM, directory);
});

Deno.test.afterAll(async () => {
  if (directory !== undefined) await Deno.remove(directory, { recursive: true });
});

for (const name of Object.keys(SCENARIOS)) {
  Deno.test(`on Node, ${name}${skipped}`, { ignore: !isNodeThere }, async () => {
    const { code, stdout, stderr } = await node(["main.js", name], directory);
    assertEquals(stderr, "");
    assertEquals(stdout, "done\n");
    assertEquals(code, 0);
  });
}

Deno.test("the package that Node gets is all that its face imports, and nothing but that", {
  ignore: !isNodeThere,
}, () => {
  const names = [...Deno.readDirSync(join(directory!, "node_modules/@hako/ipc"))]
    .map(({ name }) => name);
  assert(names.includes("mod.js") && names.includes("core"));
  assertEquals(names.filter((name) => /_(?:test|bench)\./.test(name)), []);
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node, and kills it if it hangs. */
async function node(args: string[], cwd: string | undefined): Promise<Ended> {
  const hangs = new AbortController();
  const timer = setTimeout(() => hangs.abort(), RUN_MS_MAX);
  const options = { args, ...(cwd === undefined ? {} : { cwd }), stdin: "null" } as const;
  const command = new Deno.Command("node", { ...options, signal: hangs.signal });
  const { code, stdout, stderr } = await command.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The major version of Node, or 0 if there is none, or none that may be started. */
function nodeVersion(): number {
  try {
    const { stdout } = new Deno.Command("node", { args: ["--version"] }).outputSync();
    return Number(/^v(\d+)\./.exec(new TextDecoder().decode(stdout))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
