/**
 * How a manifest that is a module gets out of the process that ran it.
 *
 * @module
 */

import type { SystemManifest } from "@hako/kernel";
import { checkManifest } from "../../kernel/manifest_check.ts";
import { resolvedManifest } from "./resolved_manifest.ts";

/** What the process says: a manifest, or why there is none. */
export type Printed =
  | { readonly manifest: SystemManifest }
  | { readonly fault: string };

/** Says it on a line of its own, the last one: the module may have said something too. */
export function printManifest(module: { readonly default?: unknown }): void {
  console.log(`\n${JSON.stringify(judge(module.default))}`);
}

/** Reads what {@linkcode printManifest} said; `undefined` if it said nothing. */
export function readPrinted(output: string): Printed | undefined {
  const line = output.trimEnd().split("\n").at(-1);
  try {
    return JSON.parse(line ?? "") as Printed;
  } catch {
    return undefined;
  }
}

function judge(manifest: unknown): Printed {
  if (manifest === undefined) return { fault: "it has no default export" };
  try {
    checkManifest(manifest as SystemManifest);
    return { manifest: resolvedManifest(manifest as SystemManifest) };
  } catch (error) {
    if (error instanceof TypeError) return { fault: error.message };
    throw error;
  }
}
