/**
 * A driver domain that may read one file and tries another.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";

const domain = await enter();
domain.finish(["allowed", "denied"].map((name) => {
  try {
    return Deno.readTextFileSync(domain.options[name] as string);
  } catch (error) {
    return (error as Error).name;
  }
}));
