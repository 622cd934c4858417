/**
 * The parts of a whole run. Tests of one thread each, which only compute, run side by side; those that
 * boot systems run one after the other, since their servers need the cores and are judged by clocks.
 *
 * @module
 */

/** Where tests are that only compute. */
const COMPUTING = [
  "fs-server",
  "storage-server",
  "tests/differential/differential_test.ts",
  "tests/files/mutants_test.ts",
  "tests/model",
  "tests/simulation",
];

/**
 * The arguments of `deno test` for each part.
 *
 * @param args What the user wrote. Who names files or flags wants one run of just these.
 * @param excluded What the configuration leaves out: Deno forgets that where a flag leaves out more.
 */
export function partsOf(
  args: readonly string[],
  excluded: readonly string[],
): readonly (readonly string[])[] {
  if (args.length > 0) return [args];
  return [["--parallel", ...COMPUTING], [`--ignore=${[...excluded, ...COMPUTING].join(",")}`]];
}
