import { assertEquals } from "@std/assert";
import { nodeFs } from "@hako/fs-server/node";
import { randomFrom } from "../../tools/scenarios/random.ts";
import { canStart } from "../host_tool.ts";
import {
  drawSteps,
  NAMES_AND_SLASH,
  play,
  PLAY_TEXT,
  type Played,
  type Step,
} from "./differential_steps.ts";
import { leasedRig } from "./leased_rig.ts";

/** Operations of one run. */
const STEPS = 4000;

/** Where is played: no link of a step leads to what is above all this. */
const BELOW = "/p/q/r";

/** Plays on Hako, in memory. */
function onHako(steps: readonly Step[], umask = 0o022): Played {
  const { client } = leasedRig();
  const fs = nodeFs(client, { umask });
  fs.mkdirSync(BELOW, { recursive: true });
  return play(fs, BELOW, steps);
}

/** Plays in another process, whose program reads the steps and writes what came of them. */
async function playElsewhere(
  command: string,
  args: readonly string[],
  steps: readonly Step[],
): Promise<Played> {
  const child = new Deno.Command(command, {
    args: [...args],
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(steps)));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout);
  if (said === "") throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(said);
}

/** Plays in Node, on the file system of the host. */
async function onNode(steps: readonly Step[]): Promise<Played> {
  const directory = Deno.makeTempDirSync();
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
  const root = directory + BELOW;
  Deno.mkdirSync(root, { recursive: true });
  const program = `
    process.umask(0o022);
    let text = "";
    process.stdin.on("data", (piece) => text += piece);
    process.stdin.on("end", () => {
      ${PLAY_TEXT}
      console.log(JSON.stringify(play(require("fs"), ${JSON.stringify(root)}, JSON.parse(text))));
    });
  `;
  return await playElsewhere("node", ["--no-warnings", "--eval", program], steps);
}

/** Plays on memfs, by a process that may ask who it is. */
function onMemfs(steps: readonly Step[]): Promise<Played> {
  const root = JSON.stringify(BELOW);
  const program = `
    const { memfs } = await import("memfs");
    ${PLAY_TEXT}
    const steps = await new Response(Deno.stdin.readable).json();
    console.log(JSON.stringify(play(memfs({ [${root}]: null }).fs, ${root}, steps)));
  `;
  return playElsewhere(Deno.execPath(), ["eval", program], steps);
}

/** Functions whose errors differ from version to version of Node, but for their code. */
const VAGUE: readonly string[] = ["cp", "opendir", "realpath", "rm"];

function assertSame(found: Played, expected: Played, steps: readonly Step[]): void {
  const ours = JSON.parse(JSON.stringify(found)) as Played;
  for (const [index, outcome] of expected.outcomes.entries()) {
    const before = steps.slice(Math.max(0, index - 6), index + 1).map(({ kind, first, second }) => {
      return `${kind} ${first} ${second}`;
    });
    const { recursive, number, flags } = steps[index]!;
    const how = JSON.stringify({ recursive, number, flags });
    const isVague = VAGUE.includes(steps[index]!.kind);
    const [told, wanted] = [ours.outcomes[index], outcome].map((value) => {
      return isVague ? codeOf(value) : value;
    });
    assertEquals(told, wanted, `step ${index}: ${before.join("; ")} ${how}`);
  }
  assertEquals(ours.tree, expected.tree);
}

for (const seed of [1, 2, 3]) {
  Deno.test({
    name: `the adapter answers as Node does on a file system of Linux, errors included: ${seed}`,
    ignore: !canStart("node"),
    fn: async () => {
      const flags = ["r", "r+", "w", "w+", "wx", "a", "a+", "ax+"];
      const random = randomFrom(seed);
      const steps = drawSteps({ random, count: STEPS, flags, names: NAMES_AND_SLASH });
      assertSame(onHako(steps), await onNode(steps), steps);
    },
  });
}

/** The name of an error alone. */
function codeOf(outcome: unknown): unknown {
  const isError = typeof outcome === "object" && outcome !== null && "code" in outcome;
  return isError ? outcome.code : outcome;
}

/** Names of errors alone: memfs has words of its own. */
function codesOnly({ outcomes, tree }: Played): Played {
  return { outcomes: outcomes.map(codeOf), tree };
}

/** What memfs does as Linux does; not so links, `rename` and permissions. */
const LIKE_MEMFS: readonly string[] = [
  ...["writeFile", "appendFile", "readFile", "mkdir", "mkdir", "rmdir", "stat", "lstat"],
  ...["readdir", "truncate", "exists", "utimes", "open", "close", "write", "writev"],
  ...["read", "readv", "fstat", "ftruncate"],
];

Deno.test("the adapter answers as memfs does", async () => {
  const flags = ["r+", "w+"];
  const drawn = drawSteps({ random: randomFrom(4), count: STEPS, flags, kinds: LIKE_MEMFS });
  // It names another directory as the first that was made.
  const steps = drawn.map((step) => step.kind === "mkdir" ? { ...step, recursive: false } : step);
  assertSame(codesOnly(onHako(steps, 0)), codesOnly(await onMemfs(steps)), steps);
});
