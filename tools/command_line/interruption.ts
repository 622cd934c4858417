/**
 * How a program that hosts a system is ended: in order, and at once by whoever asks twice.
 *
 * @module
 */

/** The exit codes after a second signal, as sh has them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * A signal that aborts at the first SIGINT, SIGTERM or SIGHUP; the second ends the process.
 *
 * @param name The tool's name, which begins the message.
 */
export function interruptedBySignals(name: string): AbortSignal {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      // Who asks twice does not want to wait for what may never halt.
      if (interruption.signal.aborted) Deno.exit(EXIT_CODES[signal]);
      console.error(`${name}: halting in order; once more ends it at once`);
      interruption.abort();
    });
  }
  return interruption.signal;
}
