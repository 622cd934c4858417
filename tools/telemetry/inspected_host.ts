/**
 * A system from boot to halt in a process of its own, with somebody who looks into it.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { boot, type System } from "@hako/kernel";
import type { InspectionOrder } from "./inspection.ts";
import { tellStatus } from "./tell_status.ts";

/** The exit codes after a second signal, as sh has them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Boots the system of the order on the standard input, lets `look` look into it until that is enough
 * or a signal says so, halts it in order and exits.
 *
 * @param name The tool's name, which begins its messages.
 */
export async function hostInspected<O extends InspectionOrder>(
  name: string,
  look: (system: System, order: O, signal: AbortSignal) => Promise<void>,
): Promise<never> {
  const interruption = interruptedBySignals(name);
  const order = JSON.parse(await new Response(Deno.stdin.readable).text()) as O;
  try {
    await using system = await boot(order.manifest);
    await using _telling = order.isExported ? tellStatus(system) : undefined;
    await look(system, order, interruption.signal);
  } catch (error) {
    if (!(error instanceof OsError)) throw error; // A fault of ours shows its stack.
    console.error(`${name}: ${error.message}`);
    Deno.exit(1);
  }
  Deno.exit(0);
}

function interruptedBySignals(name: string): AbortController {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      // Who asks twice does not want to wait for what may never halt.
      if (interruption.signal.aborted) Deno.exit(EXIT_CODES[signal]);
      console.error(`${name}: halting in order; once more ends it at once`);
      interruption.abort();
    });
  }
  return interruption;
}
