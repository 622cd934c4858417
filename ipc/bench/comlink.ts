/**
 * The peer comlink: `wrap(worker).add(a, b)`, as its documentation begins.
 *
 * @module
 */

import { wrap } from "comlink";
import type { Contestant } from "@hako/tools/bench";
import type { Adding } from "./comlink_worker.ts";

/** One call after the other. */
export async function callingComlink(): Promise<Contestant> {
  const module = new URL("./comlink_worker.ts", import.meta.url);
  const adding = wrap<Adding>(new Worker(module, { type: "module" }));
  await adding.add(1, 1); // It runs.
  return {
    async run(count) {
      for (let index = 0; index < count; index++) await adding.add(index, 1);
    },
  };
}
