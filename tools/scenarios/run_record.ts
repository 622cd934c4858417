/**
 * What is kept of a run of scenarios: what `--json` writes, and `--html` draws.
 *
 * @module
 */

import type { SystemRecord } from "../record/record.ts";
import type { Check, Figure } from "./scenario.ts";

/** What became of one scenario. */
export interface Result {
  /** The scenario. */
  readonly name: string;
  /** What happens in it, in a line. */
  readonly story: string;
  /** Whether no check failed; `"skipped"` if it can't be played here. */
  readonly outcome: "passed" | "failed" | "skipped";
  /** How long it took, its own process and its checks included. */
  readonly tookMs: number;
  /** The fault plan, as `--fault` would say it. */
  readonly faults: readonly string[];
  /** The command that plays it again. */
  readonly replay: string;
  /** What was checked. */
  readonly checks: readonly Check[];
  /** What was measured. */
  readonly figures: readonly Figure[];
  /** What was recorded; left out if its system never booted. */
  readonly record?: SystemRecord;
}

/** The machine that a run was on. */
export interface MachineRecord {
  /** The processor's name, if known. */
  readonly processor: string;
  /** Its cores, as Deno counts them. */
  readonly cores: number;
  /** Bytes of memory. */
  readonly memoryBytes: number;
  /** The operating system and its version. */
  readonly system: string;
  /** Versions of Hako, Deno and V8. */
  readonly versions: Readonly<Record<"hako" | "deno" | "v8", string>>;
}

/** A whole run. */
export interface Run {
  /** The format of this value. */
  readonly version: 2;
  /** When it began, as ISO 8601 has it. */
  readonly began: string;
  /** The seed of all choices. */
  readonly seed: number;
  /** What was copied. */
  readonly input: string;
  /** Where it ran. */
  readonly machine: MachineRecord;
  /** The scenarios that ran. */
  readonly results: readonly Result[];
}
