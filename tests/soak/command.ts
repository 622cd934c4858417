/**
 * The command line of `deno task soak`.
 *
 * @module
 */

import type { Flags, Syntax } from "../../tools/command_line/command.ts";

/** The parts of a soak. */
export const PARTS = [
  "histories",
  "kills",
  "exactly-once",
  "power-cuts",
  "files",
  "mutants",
  "mount",
] as const;

/** One of {@linkcode PARTS}. */
export type Part = typeof PARTS[number];

/** Exported only so that the type of `soakCommand` is public. @internal */
export const soakFlags = {
  seed: {
    value: "N",
    kind: "count",
    summary: "the seed of the first round; of chance if left out",
  },
  operations: {
    value: "N",
    kind: "count",
    summary: "histories: operations in all; 1,000,000 if left out",
  },
  kills: { value: "N", kind: "count", summary: "kills: deaths in all; 10,000 if left out" },
  "spare-kernel": { summary: "kills: only servers die, never the kernel" },
  increments: {
    value: "N",
    kind: "count",
    summary: "exactly-once: increments in all, one death for each thousand; 1,000,000 if left out",
  },
  cuts: { value: "N", kind: "count", summary: "power-cuts: cuts in all; 1,000,000 if left out" },
  actions: { value: "N", kind: "count", summary: "files: actions in all; 10,000,000 if left out" },
  mutants: { value: "N", kind: "count", summary: "mutants: images in all; 10,000 if left out" },
  programs: { value: "N", kind: "count", summary: "mount: programs in all; 300 if left out" },
  minutes: {
    value: "N",
    kind: "count",
    summary: "begin no round of a part after this; 15 if left out",
  },
  quiet: { letter: "q", summary: "show results only, no progress" },
} as const satisfies Flags;

/** `deno task soak [PART...]`. */
export const soakCommand: Syntax<typeof soakFlags> = {
  name: "soak",
  summary: "let the servers of real systems die, and judge what their clients saw",
  flags: soakFlags,
  arguments: {
    placeholder: "PART",
    countMin: 0,
    countMax: PARTS.length,
    choices: PARTS,
    summary:
      "histories, judged for linearizability; kills of every server; increments that count " +
      "exactly-once; power-cuts of a simulated disk; random work on files; mutants: damaged images; " +
      "real programs on a mount; all if left out",
  },
  examples: [
    {
      line: "",
      what: "a million each of operations, increments and power cuts, and 10,000 deaths",
    },
    { line: "kills --kills 1000", what: "the deaths alone, and fewer of them" },
    { line: "histories --seed 7 --operations 100000", what: "one round, as a failure prints it" },
  ],
};
