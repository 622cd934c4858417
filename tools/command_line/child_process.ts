/**
 * A child on the user's terminal: signals go on to it, and its end is the exit code.
 *
 * @module
 */

/** The exit code of a process that a signal ended is this plus the signal's number (as in sh). */
const EXIT_SIGNALLED = 128;

/** The numbers of the signals that end processes here (`signal(7)`). */
const SIGNAL_NUMBERS: Readonly<Partial<Record<Deno.Signal, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGTERM: 15,
};

/**
 * Waits for a child and answers its exit code. SIGTERM, SIGHUP and SIGINT are passed on; on a
 * terminal the user's Ctrl-C has reached the child already, which must not count it twice.
 */
export async function exitCodeOf(child: Deno.ChildProcess): Promise<number> {
  using _forwarding = forwardSignals(child);
  const { code, signal } = await child.status;
  return signal === null ? code : EXIT_SIGNALLED + (SIGNAL_NUMBERS[signal] ?? 0);
}

function forwardSignals(child: Deno.ChildProcess): Disposable {
  const onTerminal = Deno.stdin.isTerminal();
  const listeners: (readonly [Deno.Signal, () => void])[] = [
    ["SIGINT", () => onTerminal || pass(child, "SIGINT")],
  ];
  if (Deno.build.os !== "windows") {
    listeners.push(["SIGTERM", () => pass(child, "SIGTERM")]);
    listeners.push(["SIGHUP", () => pass(child, "SIGHUP")]);
  }
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return {
    [Symbol.dispose]: () => {
      for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}

function pass(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch (error) {
    // It ended between the signal and now: there is nobody left to tell.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Tells a child a JSON value on its standard input, and ends that. One that has ended is told nothing. */
export async function tellChild(child: Deno.ChildProcess, value: unknown): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(JSON.stringify(value)));
    await writer.close();
  } catch (error) {
    // It ended before it had heard all: its exit code tells more than this.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
