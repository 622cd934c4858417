/**
 * Runs `hako`, for tests of the whole program.
 *
 * @module
 */

import { join } from "node:path";
import { denoProgram } from "./deno_program.ts";

/** Where Hako's own source is. */
export const SOURCE_ROOT: string = join(import.meta.dirname!, "../..");

/** How a program ended. */
export interface Ended {
  /** Its exit code. */
  readonly code: number;
  /** What it said. */
  readonly stdout: string;
  /** What it complained of. */
  readonly stderr: string;
}

/** How a program is started. */
export interface Start {
  /** Where. */
  readonly directory: string;
  /** More variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `hako` as its task does. */
export async function runHako(args: readonly string[], start: Start): Promise<Ended> {
  const deno = denoProgram();
  return await runProgram(deno, [
    "run",
    "--quiet",
    "--frozen",
    "--no-prompt",
    "--allow-env=INIT_CWD,TMPDIR,NO_COLOR",
    `--allow-run=${deno}`,
    join(SOURCE_ROOT, "tools/hako.ts"),
    ...args,
  ], { ...start, env: { INIT_CWD: start.directory, ...start.env } });
}

/** Runs a program to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { directory, env }: Start,
): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: directory,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Whether a test may start a program, and it is there. */
export function canRun(program: string): boolean {
  if (Deno.permissions.querySync({ name: "run", command: program }).state !== "granted") {
    return false;
  }
  try {
    return new Deno.Command(program, { args: ["--version"], stdin: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
