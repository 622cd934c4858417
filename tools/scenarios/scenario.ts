/**
 * What a scenario is: a script that boots a system, lets it work, injects faults, and checks the
 * result.
 *
 * @module
 */

import type { System, SystemManifest, SystemStatus } from "@hako/kernel";
import type { Permissions } from "../command_line/command.ts";
import type { SystemRecord } from "../record/record.ts";

/** One thing that must hold after a scenario, and whether it did. */
export interface Check {
  /** The rule, stated positively. */
  readonly what: string;
  /** Whether it holds; `"skipped"` where what would tell is missing. */
  readonly outcome: "passed" | "failed" | "skipped";
  /** What was seen. */
  readonly detail: string;
}

/** One measured number. */
export interface Figure {
  /** What was measured. */
  readonly name: string;
  /** The number. */
  readonly value: number;
  /** Its unit, as `"ms"`. */
  readonly unit: string;
}

/** What a scenario is given. */
export interface ScenarioContext {
  /** Where all its choices come from: the same seed, the same faults. */
  readonly seed: number;
  /** How long its work goes on, if that goes by the clock. */
  readonly durationMs: number;
  /** The tree that it copies, an absolute path. */
  readonly input: string;
  /** Names in the tree's root that are left out. */
  readonly exclude: readonly string[];
  /** Where the disk image lies, an absolute path. */
  readonly image: string;
  /** A directory of its own for whatever else it writes; removed afterwards. */
  readonly temporaryDirectory: string;
  /** A word that is not 0 any more when the work has gone on for long enough: for clients to look at. */
  readonly stop: SharedArrayBuffer;
}

/** What can be said to a scenario's process: all but the memory that it makes. */
export type UnstagedContext = Omit<ScenarioContext, "stop">;

/** What the work of a scenario is done on, beside its system. */
export interface Stage {
  /** What the scenario was given. */
  readonly context: ScenarioContext;
  /** Aborted when the work has gone on for long enough, or the user wants to stop. */
  readonly over: AbortSignal;
  /** The work is over, before its time. */
  end(): void;
  /** Shows how far the work is. Faults that are due by the share of the work come by this, too. */
  progress(label: string, done: number, total: number): void;
  /** Hears how far an app is, as its `Pulse` tells. */
  watch(app: string, onDone: (done: number) => void): void;
  /** Notes an operation of a client that is no domain: how long it took, and its error if it failed. */
  note(tookUs: number, error?: string): void;
  /** Notes a fault that the work itself injects, such as an upgrade. */
  strike(domain: string, kind: string): void;
  /**
   * Waits for what an app finishes with.
   *
   * @throws {OsError} `EINTR` if the user wants to stop; `ESHUTDOWN` if the app was given up.
   */
  finished<T>(system: System, app: string): Promise<T>;
  /** Resolves when every fault of the plan has happened, or the user wants to stop. */
  settled(): Promise<void>;
}

/** A scenario that has been played, and is to be judged. Its system has halted. */
export interface Played<W> {
  /** What it was given. */
  readonly context: ScenarioContext;
  /** What its work came to. */
  readonly work: W;
  /** The system's status when the work was done and nothing was under way any more. */
  readonly status: SystemStatus;
  /** What was recorded. */
  readonly record: SystemRecord;
  /** Errors that clients saw, at most a hundred of them. */
  readonly errors: readonly string[];
}

/** A scenario. */
export interface Scenario<W = unknown> {
  /** The name on the command line. */
  readonly name: string;
  /** What happens, in a line. */
  readonly story: string;
  /** How long its work goes on unless the user says otherwise; 0 if that does not go by the clock. */
  readonly durationMs: number;
  /** Its fault plan, as `--fault` would say it; `parseFault` reads it. */
  readonly faults: readonly string[];
  /** What its process may do, besides reading the source and writing its image and directory. */
  permissions?(context: UnstagedContext): Permissions;
  /** Why it can't be played here, in a few words, if so. Asked in its own process. */
  impediment?(context: ScenarioContext): string | undefined;
  /** The system. */
  manifest(context: ScenarioContext): SystemManifest;
  /** The work: resolves when it is done. An error that it throws is a failed check. */
  workload(system: System, stage: Stage): Promise<W>;
  /** What must hold afterwards. Whoever plays it adds what must hold after every scenario. */
  checks(played: Played<W>): readonly Check[] | Promise<readonly Check[]>;
  /** What was measured, besides what is measured of every scenario. */
  figures?(played: Played<W>): readonly Figure[] | Promise<readonly Figure[]>;
  /**
   * Errors that a client may see under the faults of the plan, by their codes: `["EIO"]` where the
   * disk itself fails. None if left out.
   */
  readonly mayFailWith?: readonly string[];
}

/** A check that passed or failed. */
export function check(what: string, holds: boolean, detail: string): Check {
  return { what, outcome: holds ? "passed" : "failed", detail };
}

/** A check that could not be made. */
export function skipped(what: string, detail: string): Check {
  return { what, outcome: "skipped", detail };
}
