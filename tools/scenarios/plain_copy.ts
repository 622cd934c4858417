/**
 * The yardstick of the copy scenarios: what anybody would write without Hako.
 *
 * @module
 */

import type { HostTree } from "./tree.ts";

/** Copies a tree with `Deno.copyFileSync`, and tells how long it took in milliseconds. */
export function plainCopyMs(root: string, tree: HostTree, target: string): number {
  const startMs = performance.now();
  Deno.mkdirSync(target);
  for (const { path, kind, mode } of tree.entries) {
    if (kind === "directory") Deno.mkdirSync(`${target}/${path}`);
    else if (kind === "file") Deno.copyFileSync(`${root}/${path}`, `${target}/${path}`);
    if (kind !== "symlink") Deno.chmodSync(`${target}/${path}`, mode | 0o700);
  }
  const tookMs = performance.now() - startMs;
  Deno.removeSync(target, { recursive: true });
  return tookMs;
}
