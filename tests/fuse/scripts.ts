/**
 * Runs scripts beside the servers of the mount on which they work: never with a call that waits in
 * this process, since that is where their requests are answered.
 *
 * @module
 */

/** How a script ended. */
export interface Ended {
  /** Its exit code. */
  readonly code: number;
  /** What it said. */
  readonly stdout: string;
  /** What it complained of. */
  readonly stderr: string;
}

/** Runs one of the scripts in `works/`, in a directory that is not on a mount. */
export async function runScript(script: string, args: readonly string[]): Promise<Ended> {
  const path = new URL(`./works/${script}.sh`, import.meta.url).pathname;
  const child = new Deno.Command("sh", {
    args: [path, ...args],
    cwd: "/",
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs a script that must succeed; answers what it said. */
export async function succeed(script: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runScript(script, args);
  if (code !== 0) throw new Error(`${script}.sh ended with ${code}\n${stdout}\n${stderr}`);
  return stdout;
}
