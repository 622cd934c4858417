/**
 * The constants of the queue's wasm core, generated from the layout declarations, so that no offset
 * is written twice.
 *
 * @module
 */

import { ASLEEP } from "../layouts/channel.ts";
import { ITEM, ITEMS_AT, PHASE, QUEUE, RING, RINGS, SWEPT } from "./layouts.ts";

/** The text of `assembly/constants.ts`. */
export function queueConstants(): string {
  const lines = [
    "// Generated from ipc/queue/layouts.ts by `deno task build`. Do not edit.",
    ...constants().map(([name, value]) => `export const ${name}: u32 = ${value};`),
  ];
  return lines.join("\n") + "\n";
}

function constants(): [string, number][] {
  return [
    ["ASLEEP", ASLEEP],
    ["BELL_AT", QUEUE.at.bell],
    ["RINGS_AT", QUEUE.at.free],
    ["SWEEPS_AT", QUEUE.at.sweeps],
    ["RING_BYTES", RING.byteLength],
    ["HEAD_AT", RING.at.head],
    ["TAIL_AT", RING.at.tail],
    ["THRESHOLD_AT", RING.at.threshold],
    ["ITEMS_AT", ITEMS_AT],
    ["ITEM_BYTES", ITEM.byteLength],
    ["MARK_AT", ITEM.at.mark],
    ...Object.entries(PHASE),
    ...Object.entries(RINGS),
    ...Object.entries(SWEPT),
  ];
}
