/**
 * The names by which Hako's packages are imported, for programs that its own `deno.json` does not
 * speak to: an installed launcher, and the projects of users.
 *
 * @module
 */

import { join } from "node:path";

/** The packages that a user's server may import: their directories. */
export const USABLE_PACKAGES = [
  "ipc",
  "kernel",
  "drivers",
  "storage-server",
  "fs-server",
  "gateways",
  "tools",
  "std/assert",
] as const;

/** Those that the launcher imports. */
export const LAUNCHER_PACKAGES = [...USABLE_PACKAGES.slice(0, -1), "std/cli"] as const;

/** What a package's `deno.json` says of its faces. */
interface PackageFaces {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>> | string;
}

/**
 * The faces of packages by name, and the files that they are.
 *
 * @param start What the files' paths begin with: Hako's own source, or the way there.
 * @param packages Directories of packages.
 * @param sourceRoot Where Hako's own source is, if `start` does not say so.
 */
export function hakoImports(
  start: string,
  packages: readonly string[],
  sourceRoot: string = start,
): Record<string, string> {
  const imports: Record<string, string> = {};
  for (const directory of packages) {
    const text = Deno.readTextFileSync(join(sourceRoot, directory, "deno.json"));
    const { name, exports } = JSON.parse(text) as PackageFaces;
    const faces = typeof exports === "string" ? { ".": exports } : exports;
    for (const [face, path] of Object.entries(faces)) {
      imports[`${name}${face.slice(1)}`] = join(start, directory, path);
    }
  }
  return imports;
}
