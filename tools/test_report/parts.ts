/**
 * The parts of a whole run. Most tests bear neighbours, since they wait for states and not for
 * clocks, and run side by side. Those run one after the other, and after the rest, that let a server
 * hang for the moment in which it is found out, or keep a core busy on purpose: what their
 * neighbours took from them would look like a server that hangs. So do those that look at locks of
 * files: a child that a neighbour starts at that moment holds them until it runs its program.
 *
 * @module
 */

/** Where tests are that bear no neighbours. */
const ALONE = [
  "drivers/block/host_file",
  "tests/exactly_once",
  "tests/faults",
  "tests/zombies",
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
  return [["--parallel", `--ignore=${[...excluded, ...ALONE].join(",")}`], [...ALONE]];
}
