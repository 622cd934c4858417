/**
 * Turns the standard streams of this process to a file, by `dup2(2)`: what Deno itself says when a
 * domain throws, and what programs say that domains start, would be lost otherwise.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

const O_WRONLY = 1;
const O_APPEND = 0o2000;
const O_CLOEXEC = 0o2000000;

/** A standard stream's descriptor. */
export const STANDARD = { output: 1, error: 2 } as const;

/**
 * Turns descriptors to a file that exists.
 *
 * @param libc The C library's path; this process must be allowed to call it.
 * @param path The file; it is appended to.
 * @throws {OsError} `EACCES` if it cannot be opened.
 */
export function turnStreams(libc: string, path: string, descriptors: readonly number[]): void {
  const library = Deno.dlopen(libc, {
    open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
    dup2: { parameters: ["i32", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const { open, dup2, close } = library.symbols;
  const file = open(new TextEncoder().encode(`${path}\0`), O_WRONLY | O_APPEND | O_CLOEXEC, 0);
  for (const descriptor of file < 0 ? [] : descriptors) dup2(file, descriptor);
  if (file >= 0) close(file);
  library.close();
  if (file < 0) throw new OsError("EACCES", `write the log ${path}`);
}
