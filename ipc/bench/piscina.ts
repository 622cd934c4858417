/**
 * The peer piscina: a pool of one thread, its defaults otherwise; one task is one call. By default an
 * idle thread of it sleeps in `Atomics.wait`, its faster way.
 *
 * @module
 */

import { Piscina } from "piscina";
import type { Contestant } from "@hako/tools/bench";

/** One task after the other. */
export async function callingPiscina(): Promise<Contestant> {
  const pool = new Piscina({
    filename: new URL("./piscina_worker.ts", import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
  });
  await pool.run({ a: 1, b: 1 }); // It runs.
  return {
    async run(count) {
      for (let index = 0; index < count; index++) await pool.run({ a: index, b: 1 });
    },
  };
}
