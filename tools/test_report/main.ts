/**
 * `deno task test`: runs every test and every example in documentation, then says how many passed.
 *
 * @module
 */

import { join } from "node:path";
import configuration from "../../deno.json" with { type: "json" };
import { denoProgram } from "../command_line/deno_program.ts";
import { runMain } from "../command_line/run_main.ts";
import { readJunit, type TestResult } from "./junit.ts";
import { partsOf } from "./parts.ts";
import { runnerArguments } from "./runner.ts";
import { type RunnerEnd, summarise } from "./summary.ts";

const ROOT = join(import.meta.dirname ?? ".", "../..");

const REPORT_DIRECTORY = join(ROOT, ".hako-tmp");

/** The whole run ends within this; what still runs then hangs, and the last line shows what it is. */
const RUN_MS_MAX = 15 * 60_000;

await runMain("test", async () => {
  await Deno.mkdir(REPORT_DIRECTORY, { recursive: true });
  const endMs = performance.now() + RUN_MS_MAX;
  const results: TestResult[] = [];
  let end: RunnerEnd = { code: 0 };
  let isTold = true;
  for (const args of partsOf(Deno.args, configuration.exclude)) {
    const reportPath = join(REPORT_DIRECTORY, `junit-${Deno.pid}.xml`);
    try {
      const ended = await runTests(reportPath, args, endMs - performance.now());
      if (end.code === 0) end = ended;
      const found = await readReport(reportPath);
      isTold &&= found !== undefined;
      results.push(...found ?? []);
    } finally {
      await Deno.remove(reportPath).catch(() => {}); // There is none if the runner wrote none.
    }
  }
  const { lines, code } = summarise(isTold ? results : undefined, end);
  console.log(lines.join("\n"));
  return code;
});

async function runTests(
  reportPath: string,
  args: readonly string[],
  limitMs: number,
): Promise<RunnerEnd> {
  const all = runnerArguments({
    permissions: configuration.permissions.tests,
    deno: Deno.execPath(),
    temporaryDirectory: Deno.env.get("TMPDIR"),
    reportPath,
    args,
  });
  const child = new Deno.Command(denoProgram(), { args: all, cwd: ROOT, stdin: "null" }).spawn();
  let stopped: string | undefined;
  const limit = setTimeout(() => {
    stopped = `it took longer than ${RUN_MS_MAX / 60_000} minutes`;
    child.kill("SIGKILL"); // A thread that spins listens to nothing else.
  }, Math.max(0, limitMs));
  const { code } = await child.status;
  clearTimeout(limit);
  return { code, stopped };
}

async function readReport(path: string): Promise<TestResult[] | undefined> {
  try {
    return readJunit(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
