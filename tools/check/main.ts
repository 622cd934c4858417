/**
 * `deno task check`: every rule that a program can check, one step after the other.
 *
 * @module
 */

import { join } from "node:path";
import { runTask } from "../command_line/run_main.ts";
import { renderDuration } from "../terminal/progress.ts";
import { makeStyle, wantsColour } from "../terminal/style.ts";
import { checkCommand, STEP_NAMES, type StepName } from "./command.ts";
import { readSourceTree } from "./source_tree.ts";
import { type Source, STEPS } from "./steps.ts";

const ROOT = join(import.meta.dirname ?? ".", "../..");

const style = makeStyle({ coloured: wantsColour(Deno.stdout) });

await runTask(checkCommand, async ({ arguments: wanted }) => {
  const names = STEP_NAMES.filter((name) => wanted.length === 0 || wanted.includes(name));
  const source = { root: ROOT, texts: await readSourceTree(ROOT) };
  const failed: StepName[] = [];
  for (const name of names) if (!await runStep(name, source)) failed.push(name);
  const summary = failed.length === 0
    ? style("green", `${names.length} of ${names.length} steps passed`)
    : style("red", `${failed.length} of ${names.length} steps failed: ${failed.join(", ")}`);
  console.log(`check: ${summary}`);
  return failed.length === 0 ? 0 : 1;
});

async function runStep(name: StepName, source: Source): Promise<boolean> {
  const startMs = performance.now();
  const { passed, report } = await STEPS[name](source);
  const took = renderDuration(performance.now() - startMs);
  const word = passed ? style("green", "ok") : style("red", "FAILED");
  console.log(`check: ${name} ... ${word} ${style("dim", `(${took})`)}`);
  if (!passed) console.log(report.trimEnd());
  return passed;
}
