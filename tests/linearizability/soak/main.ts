/**
 * The program of `deno task soak`: rounds of real workers under chaos, each judged, until enough
 * operations have been. A failure prints the command that plays its round again.
 *
 * @module
 */

import type { Invocation } from "../../../tools/command_line/command.ts";
import { runTask } from "../../../tools/command_line/run_main.ts";
import { renderDuration, terminalProgress } from "../../../tools/terminal/progress.ts";
import { soakCommand } from "./command.ts";
import { playRound, ROUND_OPERATIONS } from "./round.ts";

/** The exit code after Ctrl-C, as sh has it. */
const EXIT_INTERRUPTED = 130;

const OPERATIONS_DEFAULT = 1_000_000;
const MINUTES_DEFAULT = 15;

await runTask(soakCommand, main);

async function main({ flags }: Invocation<typeof soakCommand.flags>): Promise<number> {
  const first = flags.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
  const wanted = flags.operations ?? OPERATIONS_DEFAULT;
  const endMs = performance.now() + 60_000 * (flags.minutes ?? MINUTES_DEFAULT);
  const roundCount = Math.max(1, Math.ceil(wanted / ROUND_OPERATIONS));
  const { signal } = interruptedBySignals();
  using progress = terminalProgress({ quiet: flags.quiet });
  const startMs = performance.now();
  console.log(`seed ${first}, ${roundCount} rounds of ${ROUND_OPERATIONS} operations`);
  let judged = 0;
  for (let round = 0; round < roundCount && performance.now() < endMs; round++) {
    const seed = first + round;
    const onProgress = (drawn: number, total: number) => {
      const done = round + Math.min(1, drawn / total);
      progress.update(`round ${round + 1}`, Math.floor(1_000 * done), 1_000 * roundCount);
    };
    const roundMs = performance.now();
    const result = await playRound(seed, onProgress, signal).catch(failure);
    progress.erase();
    if (signal.aborted) {
      console.error("interrupted; every worker was ended");
      return EXIT_INTERRUPTED;
    }
    if (result.refusal !== undefined) {
      console.error(`round ${round + 1}, ${result.what}:\n${result.refusal}`);
      const command = `deno task soak --seed ${seed} --operations ${ROUND_OPERATIONS}`;
      console.error(`\nplay it again with:\n  ${command}`);
      return 1;
    }
    judged += result.operationCount;
    const { what, operationCount, unheardCount, possibilitiesMax } = result;
    const took = renderDuration(performance.now() - roundMs);
    console.log(
      `seed ${seed}: ${operationCount} operations linearizable in ${took}; ${what}; ` +
        `${unheardCount} unheard, at most ${possibilitiesMax} possibilities`,
    );
  }
  const took = renderDuration(performance.now() - startMs);
  console.log(`${judged} operations judged in ${took}: all linearizable`);
  return 0;
}

/** A round that did not come to a verdict. */
function failure(error: unknown) {
  const refusal = error instanceof Error ? error.stack ?? error.message : String(error);
  return {
    what: "which did not come to its end",
    operationCount: 0,
    unheardCount: 0,
    possibilitiesMax: 0,
    refusal,
  };
}

function interruptedBySignals(): AbortController {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => controller.abort());
  }
  return controller;
}
