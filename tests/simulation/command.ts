/**
 * The command line of `deno task simulate`.
 *
 * @module
 */

import type { Flags, Syntax } from "../../tools/command_line/command.ts";
import { PARTS } from "./plan.ts";

/** Exported only so that the type of `simulateCommand` is public. @internal */
export const simulateFlags = {
  seed: {
    value: "N",
    kind: "count",
    summary: "the seed of the first world; of chance if left out",
  },
  hours: { value: "H", summary: "begin no world after so long, such as 0.5; 1 minute if left out" },
  runs: {
    value: "N",
    kind: "count",
    summary: "worlds in all; no limit but time if left out, and one if only a seed is given",
  },
  without: {
    value: "PARTS",
    summary: `leave out of each world: ${PARTS.join(", ")}; several with commas`,
  },
  history: { value: "N", kind: "count", summary: "events that a failure shows; 40 if left out" },
  quiet: { letter: "q", summary: "show results only, no progress" },
} as const satisfies Flags;

/** `deno task simulate`. */
export const simulateCommand: Syntax<typeof simulateFlags> = {
  name: "simulate",
  summary: "play the storage server in simulated worlds, and judge every answer",
  flags: simulateFlags,
  examples: [
    { line: "", what: "worlds of chance for a minute" },
    { line: "--hours 8", what: "a night's worth" },
    { line: "--seed 7", what: "the world of one seed, exactly as it was before" },
    { line: "--seed 7 --runs 10000", what: "ten thousand worlds, from seed 7 on" },
  ],
};
