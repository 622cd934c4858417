/**
 * Hosts the system that it is told of, and has its app do its errand.
 *
 * @module
 */

import { hostInspected } from "./inspected_host.ts";

await hostInspected("test", async (system) => {
  console.error("the host speaks to people");
  await system.start("caller");
  await system.finished("caller");
});
