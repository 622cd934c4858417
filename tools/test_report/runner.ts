/**
 * The command that runs the tests.
 *
 * @module
 */

/** What a permission set of deno.json lists. */
export interface PermissionSet {
  /** Paths that may be read. */
  readonly read: readonly string[];
  /** Paths that may be written. */
  readonly write: readonly string[];
  /** Programs that may be started. */
  readonly run: readonly string[];
}

/** What the command depends on. */
export interface RunnerOptions {
  /** The permission set of the tests, from deno.json. */
  readonly permissions: PermissionSet;
  /** The running `deno`: tests start children with it. */
  readonly deno: string;
  /** Where temporary files go, if the environment says so. */
  readonly temporaryDirectory: string | undefined;
  /** Where the report is written. */
  readonly reportPath: string;
  /** What the user wrote: flags and files of `deno test`. */
  readonly args: readonly string[];
}

/**
 * The arguments with which `deno` runs the tests and the examples in documentation.
 *
 * A flag replaces the list of the permission set, so each list is given whole. Types are not
 * checked again: `deno task check` does it, examples included, and a type check at the start of
 * each worker would look like a hang.
 */
export function runnerArguments(options: RunnerOptions): string[] {
  const { permissions, deno, temporaryDirectory, reportPath, args } = options;
  const temporary = temporaryDirectory === undefined ? [] : [temporaryDirectory];
  return [
    "test",
    "--quiet", // Silences the warning about permission sets, and passing tests' output.
    "--permission-set",
    "--no-prompt",
    "--frozen",
    "--no-check",
    "--doc",
    `--allow-read=${[...permissions.read, ...temporary].join(",")}`,
    `--allow-write=${[...permissions.write, ...temporary].join(",")}`,
    `--allow-run=${[...permissions.run, deno].join(",")}`,
    `--junit-path=${reportPath}`,
    ...args,
  ];
}
