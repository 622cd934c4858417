/**
 * Lets the hostile domain of the scenarios try to escape from a limited worker, and prints what became
 * of it. The argument is the path of the secret.
 *
 * @module
 */

import { boot, defineSystem } from "@hako/kernel";
import { LIMIT_MB } from "./hoarding_system.ts";

await using system = await boot(defineSystem({
  base: import.meta.resolve("../../tools/scenarios/"),
  domains: {
    hostile: {
      kind: "app",
      module: "./domains/hostile.ts",
      options: { secret: Deno.args[0], url: "http://127.0.0.1:59999" },
      memoryLimitMb: LIMIT_MB,
    },
  },
}));
console.log(JSON.stringify(await system.finished("hostile")));
