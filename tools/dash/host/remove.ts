/**
 * Removes what a host left behind that did not live to do so: its directory, the one argument. The
 * program that serves the page may not write, and need not.
 *
 * @module
 */

try {
  Deno.removeSync(Deno.args[0]!, { recursive: true });
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
