import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { resolve } from "node:path";
import { BLOCK_BYTES } from "../../storage-server/protocol.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import { programArguments } from "../command_line/launch.ts";
import { parseCommand } from "../command_line/parse.ts";
import { journalCommand } from "./command.ts";
import type { JournalReport } from "./report.ts";

const ROOT = resolve(import.meta.dirname!, "../..");

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

Deno.test("hako journal judges the image of a system that was killed", async (t) => {
  const directory = Deno.makeTempDirSync();
  try {
    await killedSystem(`${directory}/disk.img`);
    const before = Deno.readFileSync(`${directory}/disk.img`);
    const whole = await reportOf(directory, 0);
    assertEquals([whole.recovery.state, whole.verified], ["replay", true]);
    const last = whole.records.at(-1)!;
    assert(last.blocks.length > 0 && last.tags.length > 0);
    assertEquals(last.badBlocks, []);

    await t.step("as a page, which changes nothing", async () => {
      const { code, stdout, stderr } = await journal(directory, "disk.img", "--records");
      assertEquals([code, stderr], [0, ""]);
      assertStringIncludes(stdout, "--verify tells");
      assertStringIncludes(stdout, `record ${last.sequence}: blocks `);
      for (const line of stdout.split("\n")) assert(line.length <= 80, line);
      assertEquals(Deno.readFileSync(`${directory}/disk.img`), before);
    });

    const headerAt = (whole.ring.first + last.position) * BLOCK_BYTES;
    await t.step("with a flipped bit in an image", async () => {
      const faulty = before.slice();
      faulty[headerAt + last.headerBlocks * BLOCK_BYTES + 77]! ^= 16;
      Deno.writeFileSync(`${directory}/disk.img`, faulty);
      const { records, recovery } = await reportOf(directory, 1);
      assertEquals(records.at(-1)!.badBlocks, last.blocks.slice(0, 1));
      assertStringIncludes(recovery.damage!, `record ${last.sequence} at position`);
      const { code, stdout } = await journal(directory, "disk.img", "--verify");
      assertEquals(code, 1);
      assertStringIncludes(stdout, "Damaged: the image of block");
    });

    await t.step("with the last header torn at a sector", async () => {
      const torn = before.slice();
      torn.fill(0, headerAt + 512, headerAt + last.headerBlocks * BLOCK_BYTES);
      torn[headerAt + 64]! ^= 1;
      Deno.writeFileSync(`${directory}/disk.img`, torn);
      const { records, recovery } = await reportOf(directory, 0);
      assertEquals(records.length, whole.records.length - 1);
      assertEquals(recovery.tornTail, true);
      assertEquals(recovery.next, { sequence: last.sequence, position: last.position });
    });

    await t.step("cut short", async () => {
      Deno.writeFileSync(`${directory}/disk.img`, before.subarray(0, -BLOCK_BYTES));
      const { code, stdout, stderr } = await journal(directory, "disk.img");
      assertEquals([code, stdout], [2, ""]);
      assertStringIncludes(stderr, "its last two blocks are no valid superblocks");
    });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("hako journal says in one line what is no image", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.writeFileSync(`${directory}/noise`, crypto.getRandomValues(new Uint8Array(65_536)));
    Deno.writeTextFileSync(`${directory}/text`, "hello");
    Deno.mkdirSync(`${directory}/directory`);
    for (
      const [name, why] of [
        ["noise", "its last two blocks are no valid superblocks"],
        ["text", "it has 0 blocks of 4 KiB, which is too short"],
        ["directory", "it is a directory"],
        ["nothing", "there is no such file"],
      ] as const
    ) {
      const { code, stdout, stderr } = await journal(directory, name);
      assertEquals([code, stdout], [2, ""], stderr);
      assert(
        stderr.startsWith("hako journal: Cannot read ") && stderr.endsWith(`${why}\n`),
        stderr,
      );
      assertEquals(stderr.trim().split("\n").length, 1);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

async function reportOf(directory: string, code: number): Promise<JournalReport> {
  const ran = await journal(directory, "disk.img", "--verify", "--json");
  assertEquals([ran.code, ran.stderr], [code, ""], ran.stdout);
  return JSON.parse(ran.stdout);
}

/** Runs the command with its permissions alone. */
async function journal(directory: string, ...args: string[]): Promise<Ran> {
  const place = { sourceRoot: ROOT, directory, temporaryDirectory: "/tmp" };
  const invocation = parseCommand(journalCommand, args);
  const { code, stdout, stderr } = await new Deno.Command(denoProgram(), {
    args: programArguments(journalCommand, invocation, place, args),
    env: { NO_COLOR: "1", INIT_CWD: directory },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Makes an image, by a system that is killed when all it wrote is flushed. */
async function killedSystem(path: string): Promise<void> {
  const child = new Deno.Command(denoProgram(), {
    args: [
      ...["run", "--quiet", "--frozen", "--no-prompt", `--config=${ROOT}/deno.json`],
      ...["--unstable-worker-options", `--allow-read=${ROOT},${path}`, `--allow-write=${path}`],
      `${import.meta.dirname}/test_dying_program.ts`,
      path,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  child.kill("SIGKILL");
  for (let last = await reader.read(); !last.done; last = await reader.read());
  await child.status;
  assertEquals(new TextDecoder().decode(value), "written\n");
}
