/**
 * A host tells its parent how its system is.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { Inspected } from "./inspected.ts";
import { statusLine } from "./status_line.ts";

/** How often the parent hears of the system: often enough for whoever looks at a chart. */
const STATUS_EVERY_MS = 1_000;

/**
 * Observes a system and writes its status to the error stream, until disposed of: before the system
 * halts, for its status is told once more then, so that nothing is missed.
 *
 * @param write Takes the lines, if they go elsewhere.
 */
export function tellStatus(
  system: Pick<Inspected, "status" | "observe">,
  write: (line: string) => void = writeError,
): AsyncDisposable {
  system.observe(true);
  let telling = Promise.resolve();
  const tell = async () => {
    try {
      write(statusLine(await system.status()));
    } catch (error) {
      // A system that cannot say what it does has nothing to tell; who runs it hears why.
      if (!(error instanceof OsError)) throw error;
    }
  };
  const timer = setInterval(() => telling = telling.then(tell), STATUS_EVERY_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await telling.then(tell);
    },
  };
}

/** Whole lines: a pipe may take a part at a time. */
function writeError(line: string): void {
  const bytes = new TextEncoder().encode(line);
  for (let written = 0; written < bytes.byteLength;) {
    written += Deno.stderr.writeSync(bytes.subarray(written));
  }
}
