/**
 * Programs of the host that judge what Hako wrote.
 *
 * @module
 */

/** Where a program lies, or `undefined`: a test that needs it is then skipped by name. */
export function findTool(name: string): string | undefined {
  for (const directory of ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]) {
    try {
      Deno.statSync(`${directory}/${name}`);
      return name;
    } catch {
      continue; // Not there, or not to be looked at.
    }
  }
  return undefined;
}

/** Whether `e2fsck -fn` finds the image clean, and what it says. */
export function fsck(image: string): { readonly clean: boolean; readonly text: string } {
  const command = new Deno.Command("e2fsck", { args: ["-fn", image], stdout: "piped" });
  const { code, stdout } = command.outputSync();
  return { clean: code === 0, text: new TextDecoder().decode(stdout) };
}

/** Whether a program that may lie anywhere can be started. */
export function canStart(name: string): boolean {
  try {
    return new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
