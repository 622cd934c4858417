/**
 * What the process that serves a mount is told on its standard input, and what it answers to whoever
 * started it in the background.
 *
 * @module
 */

import type { SystemManifest } from "@hako/kernel";

/** What to serve, and how. */
export interface HostOrder {
  /** The manifest, resolved. */
  readonly manifest: SystemManifest;
  /** Where the files appear. */
  readonly directory: string;
  /** The image. */
  readonly image: string;
  /** Whether only that is told which goes wrong. */
  readonly isQuiet: boolean;
  /** What makes it a process in the background; none for one in the foreground. */
  readonly background?: Background;
}

/** How a process lives on behind a command that ends. */
export interface Background {
  /** Where its log goes: an absolute path. Whatever is there is replaced. */
  readonly log: string;
  /** A directory that is made for it, if it is missing. */
  readonly logs?: string;
  /** The C library, by which its standard streams are turned there. */
  readonly libc: string;
}

/** What a process in the background says, once, as a line of JSON. */
export type HostLine = { readonly mounted: string } | { readonly failed: string };

/** Reads such a line; `undefined` if it is none. */
export function readHostLine(line: string): HostLine | undefined {
  try {
    const value = JSON.parse(line) as Partial<{ mounted: unknown; failed: unknown }> | null;
    if (typeof value?.mounted === "string") return { mounted: value.mounted };
    if (typeof value?.failed === "string") return { failed: value.failed };
  } catch {
    // What else is said there is not for us.
  }
  return undefined;
}
