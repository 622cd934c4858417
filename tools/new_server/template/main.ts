/**
 * Boots the system and uses the server, which is killed meanwhile. Nobody here has to notice.
 *
 * @module
 */

import { boot, type SystemEvent } from "@hako/kernel";
import { Tally } from "./protocol.ts";
import manifest from "./system.ts";

await using system = await boot(manifest, { onEvent: tell });
const client = await system.connect(Tally, "tally");

for (let round = 1; round <= 5; round++) {
  system.terminate("tally");
  const { total } = await client.call("add", { amount: 10 });
  console.log(`round ${round}: the total is ${total}`);
}

function tell(event: SystemEvent): void {
  if (event.type === "died") console.log(`(life ${event.epoch} of ${event.domain} has ended)`);
}
