/**
 * Judges that nobody here wrote: `e2fsck` and `debugfs` of e2fsprogs.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Check, check, skipped } from "./scenario.ts";
import type { SeenEntry } from "./tree.ts";

/** What a program said, or `undefined` if it is not installed. */
interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whether the file system on an image is sound, as `e2fsck -fn` sees it. */
export async function checkedByE2fsck(image: string): Promise<Check> {
  const what = "e2fsck -fn finds nothing to mend";
  const answer = await ask("e2fsck", ["-fn", image]);
  if (answer === undefined) return skipped(what, "e2fsck is not installed (package e2fsprogs)");
  const lines = answer.stdout.trim().split("\n");
  // Its last line counts files and blocks, after the path; the whole of it tells what is wrong.
  const counts = lines.at(-1)!.slice(image.length + 2);
  return check(what, answer.code === 0, answer.code === 0 ? counts : lines.join(" | "));
}

/** Whether `debugfs` reads the same bytes from a file as were written to it. */
export async function extractedByDebugfs(
  image: string,
  expected: SeenEntry | undefined,
  temporaryDirectory: string,
): Promise<Check> {
  const what = "debugfs extracts a file unchanged";
  if (expected === undefined) return skipped(what, "the tree has no file");
  const target = `${temporaryDirectory}/extracted`;
  const { path } = expected;
  const quoted = `"${path.replaceAll('"', '""')}"`;
  const answer = await ask("debugfs", ["-R", `dump ${quoted} ${target}`, image]);
  if (answer === undefined) return skipped(what, "debugfs is not installed (package e2fsprogs)");
  try {
    const bytes = await Deno.readFile(target);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return check(what, sha256 === expected.sha256, `${path}, ${bytes.byteLength} bytes`);
  } catch {
    return check(what, false, answer.stderr.trim());
  }
}

async function ask(program: string, args: string[]): Promise<Answer | undefined> {
  // The tools live in sbin, which is not on everybody's PATH.
  for (const path of [program, `/usr/sbin/${program}`, `/sbin/${program}`]) {
    try {
      const command = new Deno.Command(path, {
        args,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
      const { code, stdout, stderr } = await command.output();
      const decoder = new TextDecoder();
      return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
        continue;
      }
      throw error;
    }
  }
  return undefined;
}
