/**
 * The command that plays a scenario again.
 *
 * @module
 */

import type { Scenario } from "./scenario.ts";

/** What a user chose. */
export interface Choice {
  /** The seed of all chance. */
  readonly seed: number;
  /** The fault plan, if it is not the scenario's own. */
  readonly faults: readonly string[] | undefined;
  /** How long, if it is not as the scenario says. */
  readonly durationMs: number | undefined;
  /** What is copied, if that was said. */
  readonly input: string | undefined;
}

/** A line for a POSIX shell. */
export function replayCommand({ name }: Pick<Scenario, "name">, choice: Choice): string {
  const { seed, faults, durationMs, input } = choice;
  return [
    "deno task scenarios",
    name,
    `--seed ${seed}`,
    ...(faults?.length === 0 ? ["--fault none"] : []),
    ...(faults ?? []).map((fault) => `--fault ${quoted(fault)}`),
    ...(durationMs === undefined ? [] : [`--duration ${durationMs}ms`]),
    ...(input === undefined ? [] : [`--input ${quoted(input)}`]),
  ].join(" ");
}

/** As sh takes it for one word. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
