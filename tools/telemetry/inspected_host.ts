/**
 * A system from boot to halt in a process of its own, with somebody who looks into it.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { boot, type System } from "@hako/kernel";
import { interruptedBySignals } from "../command_line/interruption.ts";
import type { InspectionOrder } from "./inspection.ts";
import { tellStatus } from "./tell_status.ts";

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
    await look(system, order, interruption);
  } catch (error) {
    if (!(error instanceof OsError)) throw error; // A fault of ours shows its stack.
    console.error(`${name}: ${error.message}`);
    Deno.exit(1);
  }
  Deno.exit(0);
}
