/**
 * Runs cases on the host's file system, by `host.py`: as root, since each has a root directory of
 * its own and users of its own.
 *
 * @module
 */

import type { Step } from "./steps.ts";

/** Whether the host can be asked: it is Linux, we are root, Python is there. */
export function canAskHost(): boolean {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  try {
    return new Deno.Command("python3", { args: ["-c", ""] }).outputSync().success;
  } catch {
    return false;
  }
}

/** What the host answers to the steps of all cases. */
export async function answersOfHost(cases: readonly (readonly Step[])[]): Promise<string[][]> {
  const directory = await Deno.makeTempDir();
  try {
    const child = new Deno.Command("python3", {
      args: [new URL("host.py", import.meta.url).pathname],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const task = { directory, cases: cases.map((steps) => steps.map(({ words }) => words)) };
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(task)));
    await writer.close();
    const { stdout } = await child.output();
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
