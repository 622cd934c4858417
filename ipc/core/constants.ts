/**
 * The constants of the wasm core, generated from the layout declarations, so that no offset is
 * written twice.
 *
 * @module
 */

import { assert } from "../assert.ts";
import {
  AGAIN,
  ASLEEP,
  CHANNEL,
  DOORBELL,
  PHASE,
  PHASE_MASK,
  SLOT,
  SLOTS_AT,
} from "../layouts/channel.ts";
import { SLOT_COUNT } from "../limits.ts";

/** The text of `assembly/constants.ts`. */
export function assemblyConstants(): string {
  const lines = [
    "// Generated from ipc/layouts by `deno task build`. Do not edit.",
    ...constants().map(([name, value]) => `export const ${name}: u32 = ${value};`),
  ];
  return lines.join("\n") + "\n";
}

function constants(): [string, number][] {
  assert(CHANNEL.at.bell === DOORBELL.at.bell, "both memories begin with a bell");
  return [
    ["SLOT_COUNT", SLOT_COUNT],
    ["SLOTS_AT", SLOTS_AT],
    ["SLOT_BYTES", SLOT.byteLength],
    ["BELL_AT", DOORBELL.at.bell],
    ["USES_READY_AT", DOORBELL.at.usesReady],
    ["READY_AT", DOORBELL.at.ready],
    ["ASLEEP", ASLEEP],
    ["AGAIN", AGAIN],
    ["PHASE_MASK", PHASE_MASK],
    ...Object.entries(PHASE),
  ];
}
