/**
 * The program of `deno task scenarios`: runs them one after the other, each in a system of its own.
 *
 * @module
 */

import { resolve } from "node:path";
import { OsError } from "@hako/ipc";
import { UsageError } from "../command_line/command.ts";
import { noSuch } from "../command_line/nearest.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { terminalProgress } from "../terminal/progress.ts";
import { makeStyle, wantsColour } from "../terminal/style.ts";
import { renderTable } from "../terminal/table.ts";
import { scenariosCommand } from "./command.ts";
import { SCENARIOS } from "./library.ts";
import { check, type Scenario, type ScenarioContext } from "./scenario.ts";
import { renderResult, renderRun, type Result, type Run } from "./summary.ts";

/** Names in the root of Hako's own checkout that are no part of it. */
const NOT_SOURCE = [".git", "node_modules", ".hako-tmp"];

/** The exit code after Ctrl-C, as sh has it. */
const EXIT_INTERRUPTED = 130;

await runMain("hako scenarios", main);

async function main(): Promise<number> {
  const { arguments: names, flags } = parseCommand(scenariosCommand, Deno.args);
  if (flags.list) {
    console.log(renderTable({ rows: SCENARIOS.map(({ name, story }) => [name, story]) }));
    return 0;
  }
  const chosen = names.length === 0 ? SCENARIOS : names.map(find);
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const seed = flags.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  const ownSource = flags.input === undefined;
  const interruption = interruptedBySignals();
  const work = place.temporaryDirectory; // Of our own: the launcher names a new one each time.
  Deno.mkdirSync(work);
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(work, { recursive: true }) };
  using progress = terminalProgress({ quiet: flags.quiet });
  const context = {
    seed,
    input: resolve(place.directory, flags.input ?? place.sourceRoot),
    exclude: ownSource ? NOT_SOURCE : [],
    signal: interruption.signal,
    progress: (label: string, done: number, total: number) => progress.update(label, done, total),
  };
  const style = makeStyle({ coloured: wantsColour(Deno.stdout) });
  const count = `${chosen.length} scenario${chosen.length === 1 ? "" : "s"}`;
  console.log(`${count}, seed ${seed}, input ${context.input}\n`);
  const results: Result[] = [];
  for (const scenario of chosen) {
    const temporaryDirectory = `${work}/${scenario.name}`;
    Deno.mkdirSync(temporaryDirectory);
    const image = flags.image === undefined
      ? `${temporaryDirectory}/disk.img`
      : imageFor(resolve(place.directory, flags.image), scenario, chosen);
    const result = await play(scenario, { ...context, image, temporaryDirectory });
    progress.erase();
    if (interruption.signal.aborted) {
      console.error("interrupted; the system was halted and its devices flushed");
      return EXIT_INTERRUPTED;
    }
    results.push(result);
    console.log(renderResult(result, style) + "\n");
    Deno.removeSync(temporaryDirectory, { recursive: true });
  }
  const run: Run = { version: 1, seed, input: context.input, results };
  console.log(renderRun(run, style));
  if (flags.json !== undefined) {
    const json = JSON.stringify(run, null, 2) + "\n";
    Deno.writeTextFileSync(resolve(place.directory, flags.json), json);
  }
  return results.every(({ passed }) => passed) ? 0 : 1;
}

/** Plays one scenario. An error is told as a failed check: the others still have their turn. */
async function play(scenario: Scenario, context: ScenarioContext): Promise<Result> {
  const startMs = performance.now();
  const { name } = scenario;
  try {
    const { checks, figures } = await scenario.run(context);
    const passed = checks.every(({ outcome }) => outcome !== "failed");
    return { name, passed, tookMs: performance.now() - startMs, checks, figures };
  } catch (error) {
    // An OsError speaks for itself; anything else is a fault of ours and shows where.
    const detail = error instanceof OsError
      ? error.message
      : error instanceof Error
      ? error.stack ?? error.message
      : String(error);
    const checks = [check("the scenario plays to its end", false, detail)];
    return { name, passed: false, tookMs: performance.now() - startMs, checks, figures: [] };
  }
}

function find(name: string): Scenario {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario !== undefined) return scenario;
  const reason = noSuch("scenario", name, SCENARIOS.map((candidate) => candidate.name));
  throw new UsageError(`Cannot run ${name}: ${reason}`);
}

/** With several scenarios each has an image of its own: `disk.img` becomes `disk.copy-tree.img`. */
function imageFor(path: string, { name }: Scenario, chosen: readonly Scenario[]): string {
  if (chosen.length === 1) return path;
  const dot = path.lastIndexOf(".");
  const end = dot > path.lastIndexOf("/") ? dot : path.length;
  return `${path.slice(0, end)}.${name}${path.slice(end)}`;
}

function interruptedBySignals(): AbortController {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => controller.abort(new OsError("EINTR", `wait: ${signal}`)));
  }
  return controller;
}
