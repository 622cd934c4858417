/**
 * Starts a command's program in a process of its own, with exactly its permissions.
 *
 * A process that hosts domains is never given more than the union of what its domains may do: a
 * worker without permissions can still load what its *process* may read.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { exitCodeOf } from "./child_process.ts";
import {
  type Command,
  type Flags,
  type Invocation,
  type Permissions,
  type Place,
  UsageError,
} from "./command.ts";
import { denoProgram } from "./deno_program.ts";
import { PLACE_VARIABLES } from "./program.ts";

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
  return [...denoArguments(command.module, { ...permissions, env }, place), ...args];
}

/**
 * The arguments with which `deno` runs a program of Hako with `permissions` and no others.
 *
 * @param module The program, below the root of the source.
 */
export function denoArguments(
  module: string,
  permissions: Permissions,
  { sourceRoot, directory }: Pick<Place, "sourceRoot" | "directory">,
): string[] {
  return [
    "run",
    "--quiet",
    "--frozen",
    "--no-prompt",
    `--config=${join(sourceRoot, "deno.json")}`,
    "--unstable-worker-options",
    ...permissionFlags(permissions, directory),
    join(sourceRoot, module),
  ];
}

/**
 * The flags of `deno` that grant `permissions`; relative paths are made absolute.
 *
 * @throws {UsageError} A path has a comma in it.
 */
export function permissionFlags(permissions: Permissions, directory: string): string[] {
  const { read = [], write = [], run = [], env = [], net = [], sys = [], ffi = [] } = permissions;
  const lists: readonly (readonly [name: string, values: readonly string[]])[] = [
    ["read", read.map((path) => resolve(directory, path))],
    ["write", write.map((path) => resolve(directory, path))],
    ["run", run],
    ["env", env],
    ["net", net],
    ["sys", sys],
    ["ffi", ffi.map((path) => resolve(directory, path))],
  ];
  return lists.flatMap(([name, values]) => {
    const distinct = [...new Set(values)];
    // An empty list would grant everything: `--allow-read=` is `--allow-read`.
    return distinct.length === 0 ? [] : [`--allow-${name}=${distinct.map(withoutComma).join(",")}`];
  });
}

/** Runs `deno` with `args` on the user's terminal and answers its exit code. */
export async function launch(
  args: readonly string[],
  { directory, temporaryDirectory }: Pick<Place, "directory" | "temporaryDirectory">,
): Promise<number> {
  const child = new Deno.Command(denoProgram(), {
    args: [...args],
    cwd: directory,
    // An installed launcher does not look at INIT_CWD, which then may be that of another `deno task`.
    env: {
      INIT_CWD: directory,
      TMPDIR: temporaryDirectory,
      ...(mayExport(args) ? {} : { OTEL_DENO: "false" }),
    },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  return await exitCodeOf(child);
}

/**
 * Whether a program may see that metrics are wanted. One that may not hosts workers itself: with
 * metrics on, Deno waits at its end for each of them to tell its share, and servers sleep in place.
 */
function mayExport(args: readonly string[]): boolean {
  return args.some((arg) => arg.startsWith("--allow-env=") && arg.includes("OTEL_DENO"));
}

/** `deno` splits the values of a permission flag at commas, and knows no way to quote one. */
function withoutComma(value: string): string {
  if (!value.includes(",")) return value;
  throw new UsageError(`Cannot grant "${value}": deno takes a comma for the end of a path`);
}
