/**
 * The parts of a whole run. Tests that compute, or ask systems for what no clock judges, run side by
 * side; the others run one after the other, since their servers need the cores.
 *
 * @module
 */

/** Where tests are that bear neighbours. */
const SIDE_BY_SIDE = [
  "fs-server",
  "storage-server",
  "tests/differential",
  "tests/files",
  "tests/files_test.ts",
  "tests/fuse",
  "tests/model",
  "tests/mount_command",
  "tests/node_fs",
  "tests/posix",
  "tests/queue/mutation_test.ts",
  "tests/simulation",
  "tests/sqlite",
  "tests/storage_test.ts",
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
  return [["--parallel", ...SIDE_BY_SIDE], [
    `--ignore=${[...excluded, ...SIDE_BY_SIDE].join(",")}`,
  ]];
}
