/**
 * The program of `deno task scenarios`: plays them one after the other, each in a process of its own.
 *
 * @module
 */

import { resolve } from "node:path";
import { type Place, UsageError } from "../command_line/command.ts";
import { noSuch } from "../command_line/nearest.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { makeStyle, wantsColour } from "../terminal/style.ts";
import { scenariosCommand } from "./command.ts";
import { parseFault } from "./faults/fault_text.ts";
import { playInProcess } from "./in_process.ts";
import { FAULT_SCENARIO, SCENARIOS } from "./library.ts";
import { renderJunit } from "./junit_report.ts";
import { counted } from "./live_line.ts";
import { LiveView } from "./live_view.ts";
import { machineRecord } from "./machine_record.ts";
import { type Choice, replayCommand } from "./replay.ts";
import type { Result, Run } from "./run_record.ts";
import type { Scenario, UnstagedContext } from "./scenario.ts";
import { renderList, renderResult, renderRun, renderShort } from "./summary.ts";

/** Names in the root of Hako's own checkout that are no part of it. */
const NOT_SOURCE = [".git", "node_modules", ".hako-tmp"];

/** The exit codes after signals, as sh has them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** What `--fault` says for no faults at all. */
const NO_FAULTS = "none";

await runMain("hako scenarios", main);

async function main(): Promise<number> {
  const { arguments: names, flags } = parseCommand(scenariosCommand, Deno.args);
  const style = makeStyle({ coloured: wantsColour(Deno.stdout) });
  if (flags.list) {
    console.log(renderList(SCENARIOS, style));
    return 0;
  }
  const faults = flags.fault.length === 0 ? undefined : faultsOf(flags.fault);
  const chosen = chosenBy(names, faults);
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const seed = flags.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  const choice: Choice = { seed, faults, durationMs: flags.duration, input: flags.input };
  const interruption = interruptedBySignals();
  const work = place.temporaryDirectory; // Of our own: the launcher names a new one each time.
  Deno.mkdirSync(work);
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(work, { recursive: true }) };
  const input = resolve(place.directory, flags.input ?? place.sourceRoot);
  const run = { version: 2, began: new Date().toISOString(), seed, input } as const;
  console.log(`${counted(chosen.length, "scenario")}, seed ${seed}\n`);
  const startMs = performance.now();
  const results: Result[] = [];
  for (const [index, scenario] of chosen.entries()) {
    const temporaryDirectory = `${work}/${scenario.name}`;
    Deno.mkdirSync(temporaryDirectory);
    const image = flags.image === undefined
      ? `${temporaryDirectory}/disk.img`
      : imageFor(resolve(place.directory, flags.image), scenario, chosen);
    const durationMs = scenario.durationMs === 0 ? 0 : flags.duration ?? scenario.durationMs;
    const exclude = flags.input === undefined ? NOT_SOURCE : [];
    const context = { seed, durationMs, input, exclude, image, temporaryDirectory };
    const view = new LiveView(scenario.name, index + 1, chosen.length, flags.quiet);
    const result = await play(scenario, context, choice, place, view);
    if (result === undefined || interruption.aborted) {
      console.error("interrupted; the system was halted and its devices flushed");
      return interruption.reason ?? EXIT_CODES.SIGINT;
    }
    results.push(result);
    const isWhole = flags.verbose || chosen.length === 1;
    console.log((isWhole ? renderResult : renderShort)(result, style) + "\n");
    Deno.removeSync(temporaryDirectory, { recursive: true });
  }
  const whole: Run = { ...run, machine: machineRecord(), results };
  console.log(renderRun(whole, performance.now() - startMs, style));
  await writeReports(whole, flags, place);
  return results.some(({ outcome }) => outcome === "failed") ? 1 : 0;
}

async function play(
  scenario: Scenario,
  context: UnstagedContext,
  choice: Choice,
  place: Place,
  live: LiveView,
): Promise<Result | undefined> {
  const { name, story } = scenario;
  const faults = choice.faults ?? scenario.faults;
  using view = live;
  const startMs = performance.now();
  const out = await playInProcess(scenario, { scenario: name, context, faults }, place, view);
  if (out === undefined) return undefined;
  const tookMs = performance.now() - startMs;
  const outcome = outcomeOf(out.checks.map((check) => check.outcome));
  const replay = replayCommand(scenario, choice);
  return { name, story, outcome, tookMs, faults, replay, ...out };
}

/** Writes what the user wants to keep, and says where. */
async function writeReports(
  run: Run,
  { html, json, junit }: Readonly<Partial<Record<"html" | "json" | "junit", string | undefined>>>,
  { directory }: Place,
): Promise<void> {
  const write = (path: string, content: string) => {
    Deno.writeTextFileSync(resolve(directory, path), content);
    console.log(`written: ${path}`);
  };
  if (json !== undefined) write(json, JSON.stringify(run, null, 2) + "\n");
  if (junit !== undefined) write(junit, renderJunit(run));
  if (html === undefined) return;
  // Only who wants a report loads the library that draws its charts.
  const { renderHtmlReport } = await import("./report/html_report.ts");
  write(html, renderHtmlReport(run));
}

function outcomeOf(outcomes: readonly Result["outcome"][]): Result["outcome"] {
  if (outcomes.includes("failed")) return "failed";
  return outcomes.includes("passed") ? "passed" : "skipped";
}

function faultsOf(texts: readonly string[]): readonly string[] {
  if (texts.length === 1 && texts[0] === NO_FAULTS) return [];
  for (const text of texts) parseFault(text);
  return texts;
}

/** Who names faults and no scenario wants to see files at work under them. */
function chosenBy(names: readonly string[], faults: readonly string[] | undefined) {
  if (names.length > 0) return names.map(find);
  return faults === undefined ? SCENARIOS : [find(FAULT_SCENARIO)];
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

/** The scenario's process hears of it as well; we stay until that has ended. */
function interruptedBySignals(): AbortSignal {
  const controller = new AbortController();
  for (const [signal, exitCode] of Object.entries(EXIT_CODES)) {
    Deno.addSignalListener(signal as Deno.Signal, () => controller.abort(exitCode));
  }
  return controller.signal;
}
