/**
 * What the host is told, on its standard input: so it needs no permission to read the manifest, and
 * runs what was checked, whatever becomes of the file meanwhile.
 *
 * @module
 */

import type { SystemManifest } from "@hako/kernel";

/** The forms of log lines. */
export const LOG_FORMATS = ["text", "json"] as const;

/** A form of log lines. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** What to host, and how. */
export interface HostOrder {
  /** A resolved manifest. */
  readonly manifest: SystemManifest;
  /** The form of the log lines. */
  readonly log: LogFormat;
  /** Whether only what goes wrong is logged. */
  readonly isQuiet: boolean;
  /** After how long the system halts; when its apps have finished if undefined. */
  readonly durationMs: number | undefined;
  /** Whether the host sends its system's status to its parent, which exports it. */
  readonly isExported: boolean;
}
