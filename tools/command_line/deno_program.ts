/**
 * Which `deno` to start children with.
 *
 * @module
 */

/**
 * The path of the running `deno` if this process may start it, or else the name, which the
 * permission sets of deno.json grant: they cannot name the path. The two differ where `deno` on the
 * `PATH` is a script, as npm installs it.
 */
export function denoProgram(): string {
  const path = Deno.execPath();
  const { state } = Deno.permissions.querySync({ name: "run", command: path });
  return state === "granted" ? path : "deno";
}
