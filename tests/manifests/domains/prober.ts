/**
 * A domain that finishes with what it may do of what its options name.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";

const domain = await enter();
const { paths } = domain.options as { readonly paths: readonly string[] };
const seen = paths.map((path) => {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    return (error as Error).name;
  }
});
domain.finish(seen);
