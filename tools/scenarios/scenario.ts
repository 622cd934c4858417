/**
 * What a scenario is: a script that boots a system, lets it work, injects faults, and checks the
 * result.
 *
 * @module
 */

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

/** What a scenario found. */
export interface Outcome {
  /** What was checked. */
  readonly checks: readonly Check[];
  /** What was measured. */
  readonly figures: readonly Figure[];
}

/** What a scenario is given. */
export interface ScenarioContext {
  /** Where all its choices come from: the same seed, the same faults. */
  readonly seed: number;
  /** The tree that it copies, an absolute path. */
  readonly input: string;
  /** Names in the tree's root that are left out. */
  readonly exclude: readonly string[];
  /** Where the disk image lies, an absolute path. */
  readonly image: string;
  /** A directory of its own for whatever else it writes; removed afterwards. */
  readonly temporaryDirectory: string;
  /** Aborted when the user wants to stop. */
  readonly signal: AbortSignal;
  /** Shows how far it is. */
  progress(label: string, done: number, total: number): void;
}

/** A scenario. */
export interface Scenario {
  /** The name on the command line. */
  readonly name: string;
  /** What happens, in a sentence. */
  readonly story: string;
  /** Plays it. An error that it throws is a failure of its own. */
  run(context: ScenarioContext): Promise<Outcome>;
}

/** A check that passed or failed. */
export function check(what: string, holds: boolean, detail: string): Check {
  return { what, outcome: holds ? "passed" : "failed", detail };
}

/** A check that could not be made. */
export function skipped(what: string, detail: string): Check {
  return { what, outcome: "skipped", detail };
}
