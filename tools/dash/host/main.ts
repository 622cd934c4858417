/**
 * The host of `hako dash`: the process in which the system lives that the page shows. It hears on its
 * standard input what to host, and then which buttons are pressed, and says on its standard output
 * how the system is. When its input ends, so does it.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { boot, type System, type SystemManifest } from "@hako/kernel";
import { nowUs } from "../../../kernel/trace/clock.ts";
import { interruptedBySignals } from "../../command_line/interruption.ts";
import type { FileWorkerResult } from "../../scenarios/domains/file_worker.ts";
import { isPress, linesOf, type PressLine } from "../lines.ts";
import type { DashOrder } from "../order.ts";
import { READY_MADE_APPS, readyMade } from "../ready_made.ts";
import { show, type ShownSum } from "./shown_system.ts";
import { Speech } from "./speech.ts";

/** The longest line that is heard: the first one holds a whole manifest. */
const LINE_CHARACTERS_MAX = 16 * 1024 * 1024;

const interruption = interruptedBySignals("hako dash");
const lines = linesOf(Deno.stdin.readable, LINE_CHARACTERS_MAX);
const first = await lines.next();
if (first.done) Deno.exit(1); // Whoever wanted a system is gone.
const order = JSON.parse(first.value) as DashOrder;
const speech = new Speech(order.mark);
try {
  const { sum, failures } = await host();
  await speech.end();
  tellSum(sum, failures);
  Deno.exit(sum.errors + sum.lost.length + failures.length > 0 ? 1 : 0);
} catch (error) {
  await speech.end();
  if (!(error instanceof OsError)) throw error; // A fault of ours shows its stack.
  console.error(`hako dash: ${error.message}`);
  Deno.exit(1);
}

async function host(): Promise<{ readonly sum: ShownSum; readonly failures: readonly string[] }> {
  const { manifest, directory, seed } = order;
  if (manifest !== undefined) {
    return { sum: await showOrdered(manifest, () => Promise.resolve()), failures: [] };
  }
  const stop = new SharedArrayBuffer(4);
  const failures: string[] = [];
  Deno.mkdirSync(directory, { mode: 0o700 });
  try {
    const finish = async (system: System): Promise<void> => {
      Atomics.store(new Int32Array(stop), 0, 1);
      for (const name of READY_MADE_APPS) {
        const failure = await failureOf(system, name);
        if (failure !== "") failures.push(`${name}: ${failure}`);
      }
    };
    return { sum: await showOrdered(readyMade({ directory, seed, stop }), finish), failures };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function showOrdered(manifest: SystemManifest, finish: (system: System) => Promise<void>) {
  return show(manifest, {
    ...{ boot, nowUs, interruption, finish, presses: presses() },
    tell: (line) => speech.say(line),
    durationMs: order.durationMs,
    chaosSeed: order.isChaos ? order.seed : undefined,
  });
}

/** What an app found wrong, at its last look at all its files too. */
async function failureOf(system: System, name: string): Promise<string> {
  try {
    return (await system.finished(name) as FileWorkerResult).failure;
  } catch (error) {
    if (error instanceof OsError) return error.message;
    throw error;
  }
}

async function* presses(): AsyncGenerator<PressLine> {
  for await (const line of lines) {
    const value: unknown = JSON.parse(line);
    if (isPress(value)) yield value as PressLine;
  }
}

function tellSum({ deaths, operations, errors, lost }: ShownSum, failures: readonly string[]) {
  const count = (number: number, what: string) =>
    `${number.toLocaleString("en-US")} ${what}${number === 1 ? "" : "s"}`;
  // Clients that do not report are not said to have seen no error.
  const seen = operations + errors === 0
    ? [count(deaths, "death")]
    : [count(operations, "operation"), count(deaths, "death"), count(errors, "error")];
  console.error(`hako dash: ${seen.join(", ")}`);
  for (const failure of failures) console.error(`hako dash: ${failure}`);
  for (const name of lost) console.error(`hako dash: ${name} was given up`);
  if (order.isChaos) {
    console.error(`hako dash: --chaos --seed ${order.seed} presses the same again`);
  }
}
