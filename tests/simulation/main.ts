/**
 * The program of `deno task simulate`: worlds, one seed after the other. A failure is made smaller,
 * told with its last events, and with the command that plays it again.
 *
 * @module
 */

import { type Invocation, UsageError } from "../../tools/command_line/command.ts";
import { runTask } from "../../tools/command_line/run_main.ts";
import { renderDuration, terminalProgress } from "../../tools/terminal/progress.ts";
import { simulateCommand } from "./command.ts";
import { type Part, PARTS } from "./plan.ts";
import { describeFailure, type Failure, optionsOf, playSeed, shrink } from "./report.ts";
import { SHIPPED } from "./storage_code.ts";

/** The exit code after Ctrl-C, as sh has it. */
const EXIT_INTERRUPTED = 130;

const MS_PER_HOUR = 3_600_000;
const MS_DEFAULT = 60_000;

/** Worlds between two looks at the terminal, and at signals. */
const STRETCH_WORLDS = 20;

await runTask(simulateCommand, main);

async function main({ flags }: Invocation<typeof simulateCommand.flags>): Promise<number> {
  const first = flags.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
  const isOne = flags.seed !== undefined && flags.runs === undefined && flags.hours === undefined;
  const runs = isOne ? 1 : flags.runs ?? Infinity;
  const spanMs = flags.hours === undefined
    ? (flags.runs === undefined ? MS_DEFAULT : Infinity)
    : hoursOf(flags.hours) * MS_PER_HOUR;
  const without = partsOf(flags.without);
  const stopped = stoppedBySignals();
  using progress = terminalProgress({ quiet: flags.quiet });
  const startMs = performance.now();
  const total = { worlds: 0, steps: 0, answers: 0, deaths: 0, faults: 0, hours: 0 };
  while (total.worlds < runs && performance.now() - startMs < spanMs) {
    const verdict = playSeed(first + total.worlds, SHIPPED, without);
    total.worlds++;
    total.steps += verdict.steps;
    total.answers += verdict.answers;
    total.deaths += verdict.deaths;
    total.faults += verdict.faults;
    total.hours += verdict.nowUs / 1_000 / MS_PER_HOUR;
    if (isOne) console.log(`digest ${verdict.digest}`);
    if (verdict.failure !== undefined) {
      progress.erase();
      return tellFailure(verdict.failure, flags.history);
    }
    if (total.worlds % STRETCH_WORLDS !== 0) continue;
    progress.update("worlds", total.worlds, runs === Infinity ? 0 : runs);
    await new Promise((resolve) => setTimeout(resolve, 0)); // Signals are heard here.
    if (stopped.aborted) break;
  }
  progress.erase();
  const took = renderDuration(performance.now() - startMs);
  const { worlds, steps, answers, deaths, faults, hours } = total;
  console.log(
    `${worlds} worlds from seed ${first} in ${took}: all as promised\n  ${steps} steps, ` +
      `${answers} answers, ${deaths} deaths, ${faults} faults, ${hours.toFixed(2)} simulated hours`,
  );
  return stopped.aborted ? EXIT_INTERRUPTED : 0;
}

function tellFailure(found: Failure, linesMax: number | undefined): number {
  const smallest = shrink(found, SHIPPED);
  console.error(describeFailure(smallest, SHIPPED, linesMax));
  console.error(`\nplay it again with:\n  deno task simulate ${optionsOf(smallest)}`);
  if (smallest !== found) {
    console.error(`as it was found:\n  deno task simulate ${optionsOf(found)}`);
  }
  return 1;
}

function hoursOf(text: string): number {
  const hours = Number(text);
  if (hours > 0 && hours < Infinity) return hours;
  throw new UsageError(`Cannot simulate for ${text} hours: a number above 0`);
}

function partsOf(text: string | undefined): Set<Part> {
  const names = text === undefined ? [] : text.split(",");
  for (const name of names) {
    if ((PARTS as readonly string[]).includes(name)) continue;
    throw new UsageError(`Cannot leave out ${name}: it is none of ${PARTS.join(", ")}`);
  }
  return new Set(names as Part[]);
}

function stoppedBySignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => controller.abort());
  }
  return controller.signal;
}
