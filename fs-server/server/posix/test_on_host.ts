/**
 * Runs cases on the host's file system, by `host.py`: as root, since each has a root directory of
 * its own and users of its own.
 *
 * @module
 */

import type { Step } from "./steps.ts";

/** Whether the host can be asked: a recent Linux, with ext4, on which we are root, and Python. */
export function canAskHost(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    const args = [new URL("host.py", import.meta.url).pathname, "--can-ask"];
    return new Deno.Command("python3", { args }).outputSync().success;
  } catch {
    return false;
  }
}

/** What the host answers to the steps of all cases. */
export async function answersOfHost(cases: readonly (readonly Step[])[]): Promise<string[][]> {
  const directory = Deno.makeTempDirSync();
  try {
    const steps = cases.map((one) => one.map(({ words }) => words));
    return await runPython("host.py", { directory, cases: steps }) as string[][];
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Gives a program of this folder a task as JSON; answers what it says, as JSON too. */
export async function runPython(name: string, task: unknown): Promise<unknown> {
  const args = [new URL(name, import.meta.url).pathname];
  const pipes = { stdin: "piped", stdout: "piped" } as const;
  const child = new Deno.Command("python3", { args, ...pipes }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(task)));
  await writer.close();
  const { stdout } = await child.output();
  return JSON.parse(new TextDecoder().decode(stdout));
}
