/**
 * The system: which domains there are, and what each may do. What is not listed is denied.
 *
 * @module
 */

import { defineSystem, type SystemManifest } from "@hako/kernel";
import { Tally } from "./protocol.ts";

/** One server without any permission. `hako check system.ts` shows it. */
const manifest: SystemManifest = defineSystem({
  base: import.meta.url,
  domains: {
    tally: {
      kind: "server",
      module: "./server.ts",
      serves: { tally: Tally },
      keeps: { state: 4096 }, // Bytes of memory that outlive the worker.
      spare: true, // A successor is kept warm: a death costs milliseconds.
      restart: { limit: 100, windowMs: 10_000 }, // More deaths than that are no accident.
    },
  },
});

export default manifest;
