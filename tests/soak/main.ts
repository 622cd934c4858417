/**
 * The program of `deno task soak`: the parts that were asked for, one after the other. A failure
 * prints the command that plays its round again.
 *
 * @module
 */

import type { Invocation } from "../../tools/command_line/command.ts";
import { runTask } from "../../tools/command_line/run_main.ts";
import { terminalProgress } from "../../tools/terminal/progress.ts";
import { type Part, PARTS, soakCommand } from "./command.ts";
import { soakExactlyOnce } from "./exactly_once.ts";
import { soakFiles } from "./files.ts";
import { soakHistories } from "./histories.ts";
import { soakKills } from "./kills.ts";
import { soakMount } from "./mount.ts";
import { soakMutants } from "./mutants.ts";
import { soakPowerCuts } from "./power_cuts.ts";
import type { Soaking } from "./soak_part.ts";

const MINUTES_DEFAULT = 15;

const SOAKS: Readonly<Record<Part, (soaking: Soaking) => Promise<number>>> = {
  histories: soakHistories,
  kills: soakKills,
  "exactly-once": soakExactlyOnce,
  "power-cuts": soakPowerCuts,
  files: soakFiles,
  mutants: soakMutants,
  mount: soakMount,
};

await runTask(soakCommand, main);

async function main(
  { arguments: chosen, flags }: Invocation<typeof soakCommand.flags>,
): Promise<number> {
  const seed = flags.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
  const { signal } = interruptedBySignals();
  using progress = terminalProgress({ quiet: flags.quiet });
  for (const part of PARTS) {
    if (chosen.length > 0 && !chosen.includes(part)) continue;
    const endMs = performance.now() + 60_000 * (flags.minutes ?? MINUTES_DEFAULT);
    const code = await SOAKS[part]({ seed, flags, endMs, progress, signal });
    if (code !== 0) return code;
  }
  return 0;
}

function interruptedBySignals(): AbortController {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => controller.abort());
  }
  return controller;
}
