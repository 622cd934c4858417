/**
 * Starts a command's program in a process of its own, with exactly its permissions.
 *
 * A process that hosts domains is never given more than the union of what its domains may do: a
 * worker without permissions can still load what its *process* may read.
 *
 * @module
 */

import { join, resolve } from "node:path";
import {
  type Command,
  type Flags,
  type Invocation,
  type Permissions,
  type Place,
  UsageError,
} from "./command.ts";
import { PLACE_VARIABLES } from "./program.ts";

/** The exit code of a process that a signal ended is this plus the signal's number (as in sh). */
const EXIT_SIGNALLED = 128;

/** The numbers of the signals that are passed on (`signal(7)`). */
const SIGNAL_NUMBERS: Readonly<Partial<Record<Deno.Signal, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGTERM: 15,
};

/**
 * The arguments with which `deno` starts a command's program.
 *
 * @param args What the user wrote after the command's name; the program reads it again.
 */
export function programArguments<F extends Flags>(
  command: Command<F>,
  invocation: Invocation<F>,
  place: Place,
  args: readonly string[],
): string[] {
  const permissions = command.permissions(invocation, place);
  const env = [...PLACE_VARIABLES, ...permissions.env ?? []];
  return [
    "run",
    "--quiet",
    "--frozen",
    "--no-prompt",
    `--config=${join(place.sourceRoot, "deno.json")}`,
    "--unstable-worker-options",
    ...permissionFlags({ ...permissions, env }, place.directory),
    join(place.sourceRoot, command.module),
    ...args,
  ];
}

/**
 * The flags of `deno` that grant `permissions`; relative paths are made absolute.
 *
 * @throws {UsageError} A path has a comma in it.
 */
export function permissionFlags(permissions: Permissions, directory: string): string[] {
  const { read = [], write = [], run = [], env = [], net = [], sys = [] } = permissions;
  const lists: readonly (readonly [name: string, values: readonly string[]])[] = [
    ["read", read.map((path) => resolve(directory, path))],
    ["write", write.map((path) => resolve(directory, path))],
    ["run", run],
    ["env", env],
    ["net", net],
    ["sys", sys],
  ];
  return lists.flatMap(([name, values]) => {
    const distinct = [...new Set(values)];
    // An empty list would grant everything: `--allow-read=` is `--allow-read`.
    return distinct.length === 0 ? [] : [`--allow-${name}=${distinct.map(withoutComma).join(",")}`];
  });
}

/**
 * Runs `deno` with `args` on the user's terminal and answers its exit code. SIGTERM, SIGHUP and
 * SIGINT are passed on; on a terminal the user's Ctrl-C has reached the child already.
 */
export async function launch(
  args: readonly string[],
  { directory, temporaryDirectory }: Pick<Place, "directory" | "temporaryDirectory">,
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: directory,
    env: { TMPDIR: temporaryDirectory },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  using _forwarding = forwardSignals(child);
  const status = await child.status;
  if (status.signal === null) return status.code;
  return EXIT_SIGNALLED + (SIGNAL_NUMBERS[status.signal] ?? 0);
}

function forwardSignals(child: Deno.ChildProcess): Disposable {
  const onTerminal = Deno.stdin.isTerminal();
  const listeners: (readonly [Deno.Signal, () => void])[] = [
    ["SIGINT", () => onTerminal || signal(child, "SIGINT")],
  ];
  if (Deno.build.os !== "windows") {
    listeners.push(["SIGTERM", () => signal(child, "SIGTERM")]);
    listeners.push(["SIGHUP", () => signal(child, "SIGHUP")]);
  }
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return {
    [Symbol.dispose]: () => {
      for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}

function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch (error) {
    // It ended between the signal and now: there is nobody left to tell.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** `deno` splits the values of a permission flag at commas, and knows no way to quote one. */
function withoutComma(value: string): string {
  if (!value.includes(",")) return value;
  throw new UsageError(`Cannot grant "${value}": deno takes a comma for the end of a path`);
}
